//! The machines that were looked at, as a row each.

use std::collections::BTreeMap;

use super::row;
use crate::evidence::snapshot::{Build, ReadBy, Reading};
use crate::evidence::{Evidence, Snapshot};
use crate::report::{Outcome, StageRow};
use crate::{Stage, Verdict};

/// Reasons that are listed; further ones are counted.
const MOST_REASONS: usize = 6;
/// Things that are named one by one where they are not more.
const MOST_NAMED: usize = 3;
/// Where the settings of Remote Desktop, its services and Schannel stand.
const SETTINGS: &str = r"HKLM\SYSTEM";

/// Whether there is a machine that was looked at, and nobody was to be probed.
pub(super) fn only(evidence: &Evidence) -> bool {
    evidence.target.is_unnamed() && (evidence.host.is_some() || evidence.origin.is_some())
}

pub(super) fn rows(evidence: &Evidence) -> Vec<StageRow> {
    let machines = [(Stage::Host, &evidence.host), (Stage::Client, &evidence.origin)];
    let rows = machines.into_iter().filter_map(|(stage, machine)| {
        let machine = machine.as_deref()?;
        Some(row(stage, None, Outcome::Passed, None, summary(machine)))
    });
    rows.collect()
}

/// Whether the machine of this row shows too little to say that it has passed.
pub(super) fn is_open(row: &StageRow, evidence: &Evidence, verdict: Verdict) -> bool {
    let machine = match row.stage {
        Stage::Host => evidence.host.as_deref(),
        Stage::Client => evidence.origin.as_deref(),
        _ => None,
    };
    machine.is_some_and(|machine| is_unread(machine) || (only(evidence) && verdict == Verdict::Inconclusive))
}

/// Whether its settings were asked for, and neither one of them nor a log could be read.
fn is_unread(machine: &Snapshot) -> bool {
    let settings = || machine.registry.iter().filter(|(path, _)| path.starts_with(SETTINGS));
    let is_asked = settings().next().is_some();
    let shows_settings = settings().any(|(_, key)| key.observed().is_some());
    is_asked && !shows_settings && machine.channels.values().all(|log| log.observed().is_none())
}

/// What would have to be read to settle the question; none where no machine was looked at.
pub(in crate::report) fn unread(evidence: &Evidence) -> Option<Vec<String>> {
    let machine = evidence.host.as_deref().or(evidence.origin.as_deref()).filter(|_| only(evidence))?;
    let mut reasons: Vec<(String, Vec<String>)> = by_reason(machine).into_iter().collect();
    reasons.sort_by_key(|(_, things)| std::cmp::Reverse(things.len()));
    let line = |(why, things): &(String, Vec<String>)| match things.as_slice() {
        [one] => format!("{one}: {why}"),
        [first, rest @ ..] => format!("{first} and {} more: {why}", rest.len()),
        [] => why.clone(),
    };
    let more = reasons.len().saturating_sub(MOST_REASONS);
    let mut lines: Vec<String> = reasons.iter().take(MOST_REASONS).map(line).collect();
    if more > 0 {
        lines.push(format!("and for {more} more reasons; --format json has them all"));
    }
    Some(lines)
}

fn summary(machine: &Snapshot) -> String {
    let windows = machine.build.observed().map_or("Windows of an unknown build".to_owned(), described);
    let read = match machine.way {
        ReadBy::Running => "read on the running system",
        ReadBy::Disk => "read from its disk",
        ReadBy::Collector => "read from what was collected there",
    };
    let missing: Vec<String> = by_reason(machine).into_values().flatten().collect();
    let unread = match missing.len() {
        0 => None,
        1..=MOST_NAMED => Some(format!("not read: {}", missing.join(", "))),
        many => Some(format!("{many} things could not be read")),
    };
    let parts = [format!("{windows}, {read}")].into_iter().chain(machine.notes.iter().cloned()).chain(unread);
    parts.collect::<Vec<_>>().join("; ")
}

/// Windows 11 calls itself Windows 10 in `ProductName`; the build tells them apart.
fn described(build: &Build) -> String {
    let product = build.product.as_deref().unwrap_or("Windows");
    let product = if build.number >= 22000 { product.replace("Windows 10", "Windows 11") } else { product.to_owned() };
    let revision = build.revision.map_or(String::new(), |revision| format!(".{revision}"));
    format!("{product}, build {}{revision}", build.number)
}

/// What could not be read, by the reason.
fn by_reason(machine: &Snapshot) -> BTreeMap<String, Vec<String>> {
    let mut reasons: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut note = |what: &str, why: Option<&str>| {
        if let Some(why) = why {
            reasons.entry(why.to_owned()).or_default().push(what.to_owned());
        }
    };
    machine.registry.iter().for_each(|(path, key)| note(path, key.why_not()));
    machine.services.iter().for_each(|(name, service)| note(&format!("the service {name}"), service.why_not()));
    machine.certificates.iter().for_each(|(name, store)| note(&format!("the certificates in {name}"), store.why_not()));
    machine.key_folders.iter().for_each(|folder| note(&folder.path, folder.files.why_not()));
    machine.channels.iter().for_each(|(name, log)| note(&format!("the log {name}"), log.why_not()));
    note("the build", machine.build.why_not());
    note("the firewall", machine.firewall.why_not());
    note("who listens on TCP ports", machine.listeners.why_not());
    note("who may log on", machine.rights.why_not());
    note("memory and disk", machine.resources.why_not());
    let mut states = machine.services.values().filter_map(Reading::observed).flatten();
    let state = states.find_map(|service| service.state.why_not());
    note("what the services do now", state);
    reasons
}
