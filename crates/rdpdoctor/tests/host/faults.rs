//! Each fault that the hives of a disk can carry, named from that disk; and what comes close to it, which is not.
//!
//! What hives alone cannot prove, and where it is tested instead:
//!
//! - `port-taken`, `resource-exhausted`: who listens and what is left is known of a running machine only (under Wine).
//! - `brute-force-attack`, `stale-key-container`, `license-unavailable`, `account-locked`, `domain-trust-broken`,
//!   `domain-unreachable`: they stand in the event logs, and are told from logs of real machines (`samples`) and from
//!   machines described in memory.
//! - `machine-keys-permissions`: the access list belongs to the file, so that it takes a real NTFS volume (`disk`).

use super::base::{Change, disk};
use super::fix::mended_and_taken_back;
use super::program::check;

mod firewall;
mod listener;
mod rest;
mod schannel;

/// A fault, and what of it a report must name.
struct Fault {
    root: &'static str,
    severity: &'static str,
    changes: &'static [Change],
}

/// A fault that stops everybody, at least by default.
const fn blocks(root: &'static str, changes: &'static [Change]) -> Fault {
    Fault { root, severity: "blocks", changes }
}

/// One that weakens the server or stops some.
const fn degrades(root: &'static str, changes: &'static [Change]) -> Fault {
    Fault { root, severity: "degrades", changes }
}

/// What is worth knowing, and no fault.
const fn informs(root: &'static str, changes: &'static [Change]) -> Fault {
    Fault { root, severity: "informs", changes }
}

/// The severity of each cause that was found, in the order of the report; the exit code.
fn findings(changes: &[Change]) -> Option<(Vec<(String, String)>, i32)> {
    let folder = disk(changes)?;
    let (report, code) = check(&["--offline", folder.path().to_str()?]);
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let found = report["findings"].as_array()?.iter().map(|one| (text(&one["cause"]), text(&one["severity"])));
    Some((found.collect(), code))
}

/// Whether each is the first finding, of its severity, and has its exit code; and whether what can be mended is.
fn are_named(faults: &[Fault]) {
    let mut wrong = Vec::new();
    for fault in faults {
        let Some((found, code)) = findings(fault.changes) else { return };
        let first = found.first().map(|(cause, severity)| (cause.as_str(), severity.as_str()));
        let stops = fault.severity == "blocks";
        if first != Some((fault.root, fault.severity)) || stops != (code == 1) {
            wrong.push(format!("{} {}: {code} {found:?} of {:?}", fault.severity, fault.root, fault.changes));
        }
        if let Some(Err(why)) = mended_and_taken_back(fault.root, fault.changes) {
            wrong.push(format!("{}: {why} of {:?}", fault.root, fault.changes));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Whether none of them is among the findings of what comes close to it.
fn are_not_named(near: &[(&str, &[Change])]) {
    let mut wrong = Vec::new();
    for (cause, changes) in near {
        let Some((found, code)) = findings(changes) else { return };
        if code == 1 || found.iter().any(|(named, _)| named == cause) {
            wrong.push(format!("{cause}: {code} {found:?} of {changes:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_healthy_disk_has_no_finding_at_all() {
    let Some((found, code)) = findings(&[]) else { return };
    assert!(found.is_empty() && code != 1, "{code} {found:?}");
}
