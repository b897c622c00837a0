use crate::{Place, Remedy, Safety};

/// What the server wrote about its sessions: the reason stands in 40, and 41 without 21 is a session that never began.
pub(super) fn read_session_events() -> Remedy {
    Remedy {
        title: "Read what the server wrote at that minute: reasons of disconnections (40), sessions asked for (41) and begun (21), refusals (1070, 1071)".into(),
        place: Place::Server,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: vec![
            "Get-WinEvent -LogName 'Microsoft-Windows-TerminalServices-LocalSessionManager/Operational' -MaxEvents 30 | Format-List TimeCreated, Id, Message".into(),
            "Get-WinEvent -FilterHashtable @{LogName='System'; ProviderName='Microsoft-Windows-TerminalServices-RemoteConnectionManager'} -MaxEvents 20 | Format-List TimeCreated, Id, Message".into(),
        ],
        cmd: vec![
            "wevtutil qe Microsoft-Windows-TerminalServices-LocalSessionManager/Operational /c:30 /rd:true /f:text".into(),
            r#"wevtutil qe System /q:"*[System[Provider[@Name='Microsoft-Windows-TerminalServices-RemoteConnectionManager']]]" /c:20 /rd:true /f:text"#.into(),
        ],
        undo: "nothing is changed".into(),
    }
}

/// Who is there, and in which state.
pub(super) fn list_sessions() -> Remedy {
    Remedy {
        title: "List the sessions: how many there are, whose, and in which state".into(),
        place: Place::Server,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: vec!["qwinsta".into()],
        cmd: Vec::new(),
        undo: "nothing is changed".into(),
    }
}

/// Administrators need neither a licence nor a place on a session host.
pub(super) fn connect_as_administrator() -> Remedy {
    Remedy {
        title: "Get in all the same as an administrator: the administrative session needs no licence and ignores drain mode".into(),
        place: Place::Client,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: vec!["mstsc /v:HOST /admin".into()],
        cmd: Vec::new(),
        undo: "nothing is changed".into(),
    }
}

/// What the broker wrote, and what the session host wrote about the broker.
pub(super) fn read_broker_events() -> Remedy {
    Remedy {
        title: "Read both sides: the broker's own log, and what the session host wrote about the broker (1296 and its neighbours)".into(),
        place: Place::Broker,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: vec![
            "Get-WinEvent -LogName 'Microsoft-Windows-TerminalServices-SessionBroker/Operational' -MaxEvents 30 | Format-List TimeCreated, Id, Message".into(),
            "Get-WinEvent -ComputerName SESSIONHOST -LogName 'Microsoft-Windows-TerminalServices-SessionBroker-Client/Operational' -MaxEvents 30 | Format-List TimeCreated, Id, Message".into(),
        ],
        cmd: vec!["wevtutil qe Microsoft-Windows-TerminalServices-SessionBroker/Operational /c:30 /rd:true /f:text".into()],
        undo: "nothing is changed".into(),
    }
}
