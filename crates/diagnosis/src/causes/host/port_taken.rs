use super::ahead::{Owner, by_host_ahead, may_be_remote_desktop, sockets};
use super::signs::{setting_of, unless_rdp_answers};
use crate::causes::logged::{MANAGER, lately, short};
use crate::causes::step::{READ, Step, remedies};
use crate::evidence::Snapshot;
use crate::evidence::snapshot::Listener;
use crate::{Cause, Detection, Proof, Safety, Severity, Stage};

/// Another program holds the port of the listener.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "port-taken",
    stage: Stage::Host,
    severity: Severity::Blocks,
    title: "Another program holds the Remote Desktop port",
    prior: -6,
    explains: &["not-rdp", "port-closed"],
    page: include_str!("port-taken.md"),
    detect: |evidence| by_host_ahead(evidence, unless_rdp_answers(evidence), |host| look(host, evidence.target.port)),
    remedies: |_| remedies(&[&READ_OWNER, &FREE]),
};

fn look(host: &Snapshot, asked: u16) -> Detection {
    let (Some(sockets), Some(port)) = (sockets(host), setting_of(host, "port").0.number()) else {
        return Detection::Unknown(Vec::new());
    };
    let is_set = |listener: &Listener| u64::from(listener.address.port()) == port;
    let at_port = || sockets.iter().filter(|(listener, _, _)| is_set(listener));
    let Some((other, fact, _)) = at_port().find(|(_, _, owner)| *owner == Owner::Other) else {
        let any = at_port().any(|(_, _, owner)| *owner == Owner::Unknown);
        return if any { Detection::Unknown(Vec::new()) } else { Detection::RuledOut };
    };
    let proof = Proof::of(format!("{} listens at {}", program(other), other.address), [fact.clone()], 30);
    let beside =
        |(listener, _, owner): &&(&Listener, String, Owner)| *owner == Owner::RemoteDesktop && is_set(listener);
    if sockets.iter().any(|socket| beside(&socket)) {
        let text = "the Remote Desktop service listens at the same port on its other addresses";
        return Detection::Confirmed(proof.and(text, [], 0).severity(Severity::Degrades));
    }
    let elsewhere = if u64::from(asked) == port { None } else { elsewhere(&sockets, &proof) };
    elsewhere.unwrap_or_else(|| Detection::Confirmed(not_started(host, proof)))
}

/// A service that has not taken up its new port serves those who ask at the old one, until it starts anew.
fn elsewhere(sockets: &[(&Listener, String, Owner)], proof: &Proof) -> Option<Detection> {
    let later = proof.clone().severity(Severity::Degrades);
    let own = sockets.iter().find(|(_, _, owner)| *owner == Owner::RemoteDesktop);
    if let Some((listener, fact, _)) = own {
        let text = format!("until it is restarted, the service listens at port {}", listener.address.port());
        return Some(Detection::Confirmed(later.and(text, [fact.clone()], 0)));
    }
    let (listener, ..) = sockets.iter().find(|(listener, _, owner)| may_be_remote_desktop(listener, *owner))?;
    let port = listener.address.port();
    Some(Detection::Likely(
        later.missing(format!("whose the socket at port {port} is: the service may still listen there")),
    ))
}

/// The event that says so, where there is one.
fn not_started(host: &Snapshot, proof: Proof) -> Proof {
    match lately(host, MANAGER, &[1036], 24 * 30).pop() {
        Some(last) => {
            proof.and(format!("event 1036 at {}: the listener could not be started", last.when()), [last.fact], 3)
        }
        None => proof,
    }
}

/// Who it is, as far as the system says.
fn program(listener: &Listener) -> String {
    let services = listener.services.join(", ");
    let process = listener.process.map(|process| format!(" (process {process})")).unwrap_or_default();
    match listener.program.as_deref() {
        _ if services.eq_ignore_ascii_case("iphlpsvc") => format!("a port proxy of Windows (iphlpsvc){process}"),
        Some(program) if services.is_empty() => format!("{}{process}", short(program)),
        _ if !services.is_empty() => format!("the service {}{process}", short(&services)),
        _ => format!("another program{process}"),
    }
}

const READ_OWNER: Step = Step {
    title: "See which program listens on the port; TermService listens in an svchost.exe, and event 1036 says that its listener did not start",
    commands: &[
        r"$port = (Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp').PortNumber; Get-NetTCPConnection -State Listen -LocalPort $port | ForEach-Object { Get-Process -Id $_.OwningProcess } | Format-Table Id, ProcessName, Path",
        "Get-WinEvent -FilterHashtable @{LogName='System','Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational'; ProviderName='Microsoft-Windows-TerminalServices-RemoteConnectionManager'; Id=258,259,1036} -MaxEvents 10 | Format-List TimeCreated, Id, Message",
    ],
    cmd: &["netstat -ano -p tcp | findstr LISTENING", r#"tasklist /svc /fi "PID eq NUMBER""#],
    ..READ
};

const FREE: Step = Step {
    title: "Move the other program to another port or stop it, and restart the service so that it takes its port",
    safety: Safety::Disruptive,
    interrupts: "whoever uses the other program loses it; restarting TermService cuts off sessions that came in by another listener",
    commands: &["Restart-Service TermService -Force"],
    cmd: &["net stop TermService /y", "net start TermService", "net start UmRdpService"],
    undo: "give the other program its port back, and restart it",
    ..READ
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Machine;
    use crate::{Certainty, Verdict, judge};

    #[test]
    fn fires_on_another_service_at_the_port() {
        let machine = Machine::healthy().no_listeners().listens(3389, "iphlpsvc");
        let diagnosis = judge(&machine.evidence());
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("port-taken", Certainty::Confirmed));
        assert_eq!(diagnosis.verdict, Verdict::Broken);
        assert!(root.proof.items[0].text.starts_with("a port proxy of Windows (iphlpsvc)"));
    }

    #[test]
    fn one_beside_the_service_takes_some_clients_only() {
        let diagnosis = judge(&Machine::healthy().listens(3389, "W3SVC").evidence());
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.severity), ("port-taken", Severity::Degrades));
        assert_eq!(diagnosis.verdict, Verdict::Warning);
    }

    #[test]
    fn at_a_port_that_is_not_taken_up_yet_it_blocks_only_who_asks_there() {
        let set = || Machine::healthy().dword("port", 3390).listens(3390, "W3SVC");
        let severity = |machine: Machine, asked| match look(&machine.snapshot(), asked) {
            Detection::Confirmed(proof) => (true, proof.severity),
            Detection::Likely(proof) => (false, proof.severity),
            other => panic!("{other:?}"),
        };
        assert_eq!(severity(set(), 3389), (true, Some(Severity::Degrades)));
        assert_eq!(severity(set(), 3390), (true, None));
        let unnamed = || set().no_listeners().listens(3390, "W3SVC").listens_unnamed(3389);
        assert_eq!(severity(unnamed(), 3389), (false, Some(Severity::Degrades)));
        assert_eq!(severity(unnamed(), 3390), (true, None));
        let nowhere = set().no_listeners().listens(3390, "W3SVC").listens_unnamed(135);
        assert_eq!(severity(nowhere, 3389), (true, None));
        assert_eq!(judge(&set().evidence()).verdict, Verdict::Warning);
    }

    #[test]
    fn near_miss_the_usual_port_where_another_is_set() {
        let machine = || Machine::healthy().dword("port", 3390).no_listeners();
        let foreign = machine().listens(3389, "W3SVC");
        assert_eq!(look(&foreign.snapshot(), 3389), Detection::RuledOut);
        assert_eq!(look(&machine().listens_unnamed(3389).snapshot(), 3389), Detection::RuledOut);
        assert_eq!(look(&machine().listens_unnamed(3390).snapshot(), 3389), Detection::Unknown(Vec::new()));
    }

    #[test]
    fn near_miss_another_port_and_one_that_only_the_machine_itself_reaches() {
        let machine = Machine::healthy().listens(443, "W3SVC").listens(3389, "sshd").with(|host| {
            let crate::evidence::snapshot::Reading::Observed(all) = &mut host.listeners else { return };
            all.last_mut().unwrap().address = ([127, 0, 0, 1], 3389).into();
        });
        assert_eq!(look(&machine.snapshot(), 3389), Detection::RuledOut);
    }

    #[test]
    fn unknown_where_nobody_says_who_listens() {
        assert_eq!(look(&Machine::unread().snapshot(), 3389), Detection::Unknown(Vec::new()));
        assert_eq!(look(&Machine::healthy().on_disk().snapshot(), 3389), Detection::Unknown(Vec::new()));
    }
}
