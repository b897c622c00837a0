//! What the name servers said, and how to ask again.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::cached::is_cached;
use crate::evidence::{Evidence, LookupOutcome, NameServerAnswer, Seen};
use crate::{Place, Remedy, Safety};

/// The JSON pointer of the system's answer in the report.
pub(super) const SYSTEM_FACT: &str = "/evidence/resolution/system";

/// The name servers' answers: none where nobody asked, nothing where nobody could be asked.
pub(super) fn answers(evidence: &Evidence) -> Option<&[NameServerAnswer]> {
    match &evidence.resolution.name_servers {
        Seen::Observed { value, .. } => Some(value),
        Seen::NotObtained { .. } => Some(&[]),
        Seen::NotTried => None,
    }
}

/// The JSON pointers of these answers.
pub(super) fn facts(answers: &[NameServerAnswer], which: fn(&LookupOutcome) -> bool) -> Vec<String> {
    let chosen = answers.iter().enumerate().filter(|(_, answer)| which(&answer.outcome));
    chosen.map(|(index, _)| format!("/evidence/resolution/name_servers/value/{index}")).collect()
}

/// Whether any answer is like that.
pub(super) fn any(answers: &[NameServerAnswer], which: fn(&LookupOutcome) -> bool) -> bool {
    answers.iter().any(|answer| which(&answer.outcome))
}

/// The name does not exist, or has no such record.
pub(super) fn denies(outcome: &LookupOutcome) -> bool {
    matches!(outcome, LookupOutcome::NxDomain | LookupOutcome::NoData)
}

/// The name has an address.
pub(super) fn knows(outcome: &LookupOutcome) -> bool {
    matches!(outcome, LookupOutcome::Addresses { .. })
}

/// Nothing that would settle whether the name exists.
pub(super) fn fails(outcome: &LookupOutcome) -> bool {
    !denies(outcome) && !knows(outcome)
}

/// "192.0.2.1 (NXDOMAIN for ts01.example.net)", each server and name once.
pub(super) fn in_words(answers: &[NameServerAnswer], which: fn(&LookupOutcome) -> bool) -> String {
    let mut words: Vec<String> = Vec::new();
    for answer in answers.iter().filter(|answer| which(&answer.outcome)) {
        let text = format!("{} ({} for {})", answer.server.ip(), outcome(&answer.outcome), answer.name);
        if !words.contains(&text) {
            words.push(text);
        }
    }
    words.join(", ")
}

fn outcome(outcome: &LookupOutcome) -> String {
    match outcome {
        LookupOutcome::Addresses { addresses } => {
            addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
        }
        LookupOutcome::NxDomain => "NXDOMAIN".to_owned(),
        LookupOutcome::NoData => "no address".to_owned(),
        LookupOutcome::Refused => "REFUSED".to_owned(),
        LookupOutcome::Failed { code } => code.clone(),
        LookupOutcome::Silent => "no answer".to_owned(),
        LookupOutcome::NotObtained { why } => format!("not asked: {why}"),
    }
}

/// All addresses that name servers gave.
pub(super) fn named(answers: &[NameServerAnswer]) -> BTreeSet<IpAddr> {
    answers.iter().flat_map(|answer| addresses_of(&answer.outcome)).copied().collect()
}

fn addresses_of(outcome: &LookupOutcome) -> &[IpAddr] {
    match outcome {
        LookupOutcome::Addresses { addresses } => addresses,
        _ => &[],
    }
}

/// Whether the two have no address in common, among the families that both know: none where there is no such family.
pub(super) fn contradict(system: &[IpAddr], named: &BTreeSet<IpAddr>) -> Option<bool> {
    let shared = |address: &&IpAddr| named.iter().any(|other| other.is_ipv4() == address.is_ipv4());
    let comparable: Vec<&IpAddr> = system.iter().filter(shared).collect();
    (!comparable.is_empty()).then(|| comparable.iter().all(|address| !named.contains(address)))
}

/// "10.0.0.5 and 10.0.0.6".
pub(super) fn listed(addresses: &[IpAddr]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
}

/// Looks the name up by hand: `nslookup` goes past the cache and the hosts file, the other does not.
pub(super) fn look_up(evidence: &Evidence) -> Remedy {
    let host = &evidence.target.host;
    Remedy {
        title: "Look the name up by hand: in the name servers, and as this machine sees it".into(),
        place: Place::Client,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: vec![
            format!("nslookup {host}"),
            format!("Resolve-DnsName {host}"),
            r"Get-Content $env:SystemRoot\System32\drivers\etc\hosts".into(),
        ],
        cmd: vec![
            format!("nslookup {host}"),
            format!("ping -n 1 {host}"),
            r"type %SystemRoot%\System32\drivers\etc\hosts".into(),
        ],
        undo: "nothing is changed".into(),
    }
}

/// Empties the resolver's cache on this machine.
pub(super) fn flush_cache(evidence: &Evidence) -> Remedy {
    let title = if is_cached(evidence) {
        "Empty the DNS cache of the machine that connects, which keeps an old answer"
    } else {
        "Empty the resolver's cache on this machine, in case it keeps an old answer"
    };
    Remedy {
        title: title.into(),
        place: Place::Client,
        safety: Safety::Safe,
        interrupts: "nothing: the next look-ups take a little longer".into(),
        commands: vec!["Clear-DnsClientCache".into()],
        cmd: vec!["ipconfig /flushdns".into()],
        undo: "nothing to take back: the cache fills by itself".into(),
    }
}

/// The same where systemd-resolved keeps the cache.
pub(super) fn flush_cache_on_linux() -> Remedy {
    Remedy {
        title: "The same on Linux with systemd-resolved".into(),
        place: Place::Client,
        safety: Safety::Safe,
        interrupts: "nothing: the next look-ups take a little longer".into(),
        commands: vec!["resolvectl flush-caches".into()],
        cmd: Vec::new(),
        undo: "nothing to take back: the cache fills by itself".into(),
    }
}
