use super::failed::by_log;
use super::remedies::READ_CHANNEL;
use super::signs::in_a_domain;
use crate::causes::logged::{NETLOGON, lately};
use crate::causes::step::{READ, Step, remedies};
use crate::evidence::Evidence;
use crate::{Cause, Detection, Place, Proof, Safety, Severity, Stage};

/// Nobody of the domain can be let in, since nobody can be asked.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "domain-unreachable",
    stage: Stage::Authenticate,
    severity: Severity::Blocks,
    title: "The server cannot reach a domain controller",
    prior: -3,
    explains: &["kerberos-unavailable", "logon-refused"],
    page: include_str!("domain-unreachable.md"),
    detect: |evidence| look(evidence, by_log(evidence, in_a_domain(evidence), CAUSE.id)),
    remedies: |_| remedies(&[&READ_CHANNEL, &READ_PORTS, &START, &CORRECT]),
};

/// A 5719 alone, as Netlogon starts, is harmless, and a machine that starts often writes several: it takes somebody who
/// met it to make more of them.
fn look(evidence: &Evidence, found: Detection) -> Detection {
    let host = evidence.host.as_deref().filter(|_| found != Detection::RuledOut);
    let mut logged = host.map(|host| lately(host, NETLOGON, &[5719], 24)).unwrap_or_default();
    let (times, Some(last)) = (logged.len(), logged.pop()) else { return found };
    let text = format!("event 5719, {times} in a day, last at {}: no domain controller answered", last.when());
    Detection::Likely(match found {
        Detection::Likely(proof) => proof.and(text, [last.fact], 5),
        open if times < 2 => return open,
        _ => Proof::of(text, [last.fact], 15).severity(Severity::Informs),
    })
}

const READ_PORTS: Step = Step {
    title: "On the server: see which name servers it asks, which must be those of the domain, and whether a domain controller's ports open",
    commands: &[
        "Get-DnsClientServerAddress",
        "88, 389, 445, 135 | ForEach-Object { Test-NetConnection DC -Port $_ | Select-Object RemotePort, TcpTestSucceeded }",
        "Get-Service Netlogon",
    ],
    cmd: &["ipconfig /all", "sc query Netlogon", "nltest /sc_query:DOMAIN"],
    ..READ
};

const START: Step = Step {
    title: "If Netlogon has stopped: start it; in a domain it starts by itself",
    safety: Safety::Manual,
    interrupts: "nothing",
    commands: &["Set-Service Netlogon -StartupType Automatic", "Start-Service Netlogon"],
    cmd: &["sc config Netlogon start= auto", "net start Netlogon"],
    undo: "Stop-Service Netlogon, and Set-Service Netlogon with the start type that it had",
    ..READ
};

const CORRECT: Step = Step {
    title: "Correct the path: name servers of the domain on the server's interface, routes or VPN to the domain controller, rules for TCP and UDP 53, 88, 389, TCP 135, 445 and its RPC ports",
    place: Place::Network,
    safety: Safety::Manual,
    interrupts: "nothing that works",
    commands: &["Set-DnsClientServerAddress -InterfaceIndex INDEX -ServerAddresses ADDRESS"],
    cmd: &["netsh interface ipv4 set dnsservers name=\"INTERFACE\" static ADDRESS"],
    undo: "set the addresses that were read before in the same way",
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge;
    use crate::testing::Machine;

    #[test]
    fn fires_on_5719_that_comes_again() {
        let once = Machine::healthy().event("System", NETLOGON, 5719, 60, &[]);
        assert_eq!((CAUSE.detect)(&once.clone().evidence()), Detection::Unknown(Vec::new()));
        let diagnosis = judge(&once.event("System", NETLOGON, 5719, 30, &[]).evidence());
        let root = diagnosis.findings.first().unwrap();
        assert_eq!((root.cause.id, root.severity), ("domain-unreachable", Severity::Informs));
    }
}
