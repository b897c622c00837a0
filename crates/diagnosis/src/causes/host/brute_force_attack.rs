use super::ahead::by_host_ahead;
use super::signs::open_from_outside;
use crate::causes::logged::{MANAGER, lately, moment};
use crate::causes::logons::attack;
use crate::causes::step::{READ, Step, remedies};
use crate::evidence::Snapshot;
use crate::{Cause, Detection, Proof, Safety, Severity, Stage};

/// Strangers guess passwords through the network.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "brute-force-attack",
    stage: Stage::Host,
    severity: Severity::Degrades,
    title: "Strangers try passwords on this server",
    prior: -3,
    explains: &["account-locked", "backlog-full", "connection-limit-low"],
    page: include_str!("brute-force-attack.md"),
    detect: |evidence| by_host_ahead(evidence, open_from_outside(evidence), look),
    remedies: |_| remedies(&[&READ_LOGONS, &SHUT_OUT]),
};

/// From so many tries in an hour on the server's places for unfinished connections, and accounts' lockouts, are at risk.
const HARD: u64 = 100;

/// The channels that show whether anybody tries.
const CHANNELS: [&str; 2] = ["Microsoft-Windows-RemoteDesktopServices-RdpCoreTS/Operational", "Security"];

fn look(host: &Snapshot) -> Detection {
    let read =
        |name: &&str| host.channels.get(*name).is_some_and(|channel| matches!(channel.observed(), Some(Some(_))));
    let Some(attack) = attack(host) else {
        let known = !host.clients.is_empty() || CHANNELS.iter().any(read);
        return if known { Detection::RuledOut } else { Detection::Unknown(Vec::new()) };
    };
    let (from, until) = (moment(attack.first), moment(attack.last));
    let who = if attack.addresses == 1 { "one address".to_owned() } else { format!("{} addresses", attack.addresses) };
    let names = if attack.names > 1 { format!(" under up to {} names", attack.names) } else { String::new() };
    let text = format!("{who} tried {} times{names} from {from} until {until}, and never had a session", attack.tries);
    let proof = Proof::of(text, attack.facts.clone(), 20);
    Detection::Confirmed(match lately(host, MANAGER, &[1006], 72).pop() {
        Some(last) => {
            let text = format!("event 1006 at {}: their unfinished connections took up all the places", last.when());
            proof.and(text, [last.fact], 5)
        }
        None if attack.per_hour() >= HARD => proof,
        None => proof.severity(Severity::Informs),
    })
}

const READ_LOGONS: Step = Step {
    title: "See who tries, from where and how often: failed logons of type 3, and connections that end at once",
    commands: &[
        "Get-WinEvent -FilterHashtable @{LogName='Security'; Id=4625} -MaxEvents 500 | ForEach-Object { $_.Properties[19].Value } | Group-Object | Sort-Object Count -Descending | Select-Object -First 20 Count, Name",
        "Get-WinEvent -FilterHashtable @{LogName='Microsoft-Windows-RemoteDesktopServices-RdpCoreTS/Operational'; Id=131,140} -MaxEvents 50 | Format-List TimeCreated, Id, Message",
    ],
    cmd: &["wevtutil qe Security /q:*[System[EventID=4625]] /c:50 /rd:true /f:text"],
    ..READ
};

const SHUT_OUT: Step = Step {
    title: "Take the port off the Internet: a VPN, an RD Gateway, or firewall rules that allow known addresses only; keep NLA on and lock accounts for a while after failures",
    safety: Safety::Manual,
    interrupts: "whoever comes from another address no longer gets in: put your own network for NETWORK, the one you come from included",
    commands: &[
        "Get-NetFirewallRule -Group '@FirewallAPI.dll,-28752' -Direction Inbound | Get-NetFirewallAddressFilter | Format-List InstanceID, RemoteAddress",
        "Get-NetFirewallRule -Group '@FirewallAPI.dll,-28752' -Direction Inbound | Set-NetFirewallRule -RemoteAddress NETWORK",
    ],
    cmd: &[r#"netsh advfirewall firewall set rule group="@FirewallAPI.dll,-28752" new remoteip=NETWORK"#],
    undo: "Get-NetFirewallRule -Group '@FirewallAPI.dll,-28752' -Direction Inbound | Set-NetFirewallRule -RemoteAddress Any, or the addresses that the first command showed",
    ..READ
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Machine, logged_client};
    use crate::{Verdict, judge};

    const ADMIN: &str = "Microsoft-Windows-TerminalServices-RemoteConnectionManager/Admin";

    fn attacked(times: u64) -> Machine {
        Machine::healthy().client(logged_client("203.0.113.7", 600).fails(0xC000_006A, times, 40))
    }

    #[test]
    fn hundreds_an_hour_endanger_and_dozens_inform() {
        let diagnosis = judge(&attacked(4000).evidence());
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.severity), ("brute-force-attack", Severity::Degrades));
        assert_eq!(diagnosis.verdict, Verdict::Warning);
        assert!(
            root.proof.items[0].text.starts_with("one address tried 4000 times under up to 40 names from 1969-12-31")
        );
        let Detection::Confirmed(proof) = look(&attacked(200).snapshot()) else { panic!() };
        assert_eq!(proof.severity, Some(Severity::Informs));
    }

    #[test]
    fn explains_that_the_places_for_connections_are_taken() {
        let diagnosis = judge(&attacked(200).event(ADMIN, MANAGER, 1006, 30, &[]).evidence());
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.explains.as_slice()), ("brute-force-attack", &["connection-limit-low"][..]));
    }

    #[test]
    fn near_miss_somebody_who_mistypes() {
        let machine = Machine::healthy().client(logged_client("203.0.113.7", 30).fails(0xC000_006A, 5, 1));
        assert_eq!(look(&machine.snapshot()), Detection::RuledOut);
        assert_eq!(look(&Machine::healthy().on_disk().snapshot()), Detection::RuledOut);
    }

    #[test]
    fn unknown_without_a_log() {
        assert_eq!(look(&Machine::unread().snapshot()), Detection::Unknown(Vec::new()));
    }
}
