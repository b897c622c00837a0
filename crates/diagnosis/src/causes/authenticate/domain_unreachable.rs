use super::remedies::READ_CHANNEL;
use super::signs::in_a_domain;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Place, Safety, Severity, Stage};

/// Nobody of the domain can be let in, since nobody can be asked.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "domain-unreachable",
    stage: Stage::Authenticate,
    severity: Severity::Blocks,
    title: "The server cannot reach a domain controller",
    prior: -3,
    explains: &["kerberos-unavailable", "logon-refused"],
    page: include_str!("domain-unreachable.md"),
    detect: in_a_domain,
    remedies: |_| remedies(&[&READ_CHANNEL, &READ_PORTS, &START, &CORRECT]),
};

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
