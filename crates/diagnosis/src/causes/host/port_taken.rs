use super::ahead::{Owner, by_host_ahead, sockets};
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
    detect: |evidence| by_host_ahead(evidence, unless_rdp_answers(evidence), look),
    remedies: |_| remedies(&[&READ_OWNER, &FREE]),
};

fn look(host: &Snapshot) -> Detection {
    let (Some(sockets), Some(port)) = (sockets(host), setting_of(host, "port").0.number()) else {
        return Detection::Unknown(Vec::new());
    };
    let at_port = || sockets.iter().filter(|(listener, _, _)| u64::from(listener.address.port()) == port);
    let any = |wanted: Owner| at_port().any(|(_, _, owner)| *owner == wanted);
    let Some((other, fact, _)) = at_port().find(|(_, _, owner)| *owner == Owner::Other) else {
        return if any(Owner::Unknown) { Detection::Unknown(Vec::new()) } else { Detection::RuledOut };
    };
    let proof = Proof::of(format!("{} listens at {}", program(other), other.address), [fact.clone()], 30);
    if any(Owner::RemoteDesktop) {
        let text = "the Remote Desktop service listens at the same port on its other addresses";
        return Detection::Confirmed(proof.and(text, [], 0).severity(Severity::Degrades));
    }
    Detection::Confirmed(match lately(host, MANAGER, &[1036], 24 * 30).pop() {
        Some(last) => {
            proof.and(format!("event 1036 at {}: the listener could not be started", last.when()), [last.fact], 3)
        }
        None => proof,
    })
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
    }

    #[test]
    fn near_miss_another_port_and_one_that_only_the_machine_itself_reaches() {
        let machine = Machine::healthy().listens(443, "W3SVC").listens(3389, "sshd").with(|host| {
            let crate::evidence::snapshot::Reading::Observed(all) = &mut host.listeners else { return };
            all.last_mut().unwrap().address = ([127, 0, 0, 1], 3389).into();
        });
        assert_eq!(look(&machine.snapshot()), Detection::RuledOut);
    }

    #[test]
    fn unknown_where_nobody_says_who_listens() {
        assert_eq!(look(&Machine::unread().snapshot()), Detection::Unknown(Vec::new()));
        assert_eq!(look(&Machine::healthy().on_disk().snapshot()), Detection::Unknown(Vec::new()));
    }
}
