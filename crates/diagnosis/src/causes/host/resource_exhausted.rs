use super::ahead::by_host_ahead;
use super::signs::open_from_outside;
use crate::causes::logged::lately;
use crate::causes::step::{READ, Step, remedies};
use crate::evidence::Snapshot;
use crate::evidence::snapshot::Resources;
use crate::view::host_fact;
use crate::{Cause, Detection, Proof, ProofItem, Safety, Severity, Stage};

/// Disk, memory, ports or handles are used up.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "resource-exhausted",
    stage: Stage::Host,
    severity: Severity::Blocks,
    title: "The server has run out of something that a new session needs",
    prior: -6,
    explains: &["connection-closed-early", "server-denied", "server-unresponsive", "unstable-path"],
    page: include_str!("resource-exhausted.md"),
    detect: |evidence| by_host_ahead(evidence, open_from_outside(evidence), look),
    remedies: |_| remedies(&[&READ_RESOURCES, &RELIEVE]),
};

const MEBIBYTE: u64 = 1 << 20;
/// Below so much of the system's disk no profile is made and no key written; below the second nothing at all.
const DISK_SHORT: u64 = 200 * MEBIBYTE;
const DISK_FULL: u64 = 20 * MEBIBYTE;
/// Below so much memory that may be committed no session's processes start.
const COMMIT_SHORT: u64 = 256 * MEBIBYTE;
const COMMIT_FULL: u64 = 64 * MEBIBYTE;

/// Events of a shortage within these hours speak of the present one.
const HOURS: i64 = 24;

/// What ran out, as an event says it, and what that weighs.
const EVENTS: [(&str, u32, &str, i16); 5] = [
    ("Microsoft-Windows-Resource-Exhaustion-Detector", 2004, "Windows ran short of memory to commit", 14),
    ("Srv", 2019, "the non-paged pool was used up", 18),
    ("Srv", 2020, "the paged pool was used up", 18),
    ("Tcpip", 4227, "outgoing connections found their local port in use", 14),
    ("Tcpip", 4231, "all local ports of a kind were in use", 14),
];

fn look(host: &Snapshot) -> Detection {
    let (short, full) = host.resources.observed().map(counted).unwrap_or_default();
    let logged = told_by_events(host);
    if !full.is_empty() {
        return Detection::Confirmed(proof([full, short, logged].concat(), None));
    }
    if !short.is_empty() {
        return Detection::Confirmed(proof([short, logged].concat(), Some(Severity::Degrades)));
    }
    match (logged.is_empty(), host.resources.observed()) {
        (false, _) => {
            let missing = "whether it is short now: see what the first remedy lists while it fails";
            Detection::Likely(proof(logged, Some(Severity::Degrades)).missing(missing))
        }
        (true, Some(_)) => Detection::RuledOut,
        (true, None) => Detection::Unknown(Vec::new()),
    }
}

fn proof(items: Vec<ProofItem>, severity: Option<Severity>) -> Proof {
    Proof { items, severity, ..Proof::default() }
}

/// What is short, and what is used up.
fn counted(resources: &Resources) -> (Vec<ProofItem>, Vec<ProofItem>) {
    let disk = resources
        .system_disk
        .map(|disk| (disk.free, DISK_SHORT, DISK_FULL, "system_disk", "of the system's disk is free"));
    let commit = resources
        .commit_free
        .map(|free| (free, COMMIT_SHORT, COMMIT_FULL, "commit_free", "of memory may still be committed"));
    let below = |full: bool| {
        let all = [disk, commit].into_iter().flatten();
        let there = all
            .filter(move |(free, short, least, ..)| if full { free < least } else { (least..short).contains(&free) });
        there.map(|(free, _, _, name, what)| ProofItem {
            text: format!("only {} MB {what}", free / MEBIBYTE),
            facts: vec![host_fact(&["resources", "observed", name])],
            decibans: 20,
        })
    };
    (below(false).collect(), below(true).collect())
}

/// The newest event of each kind.
fn told_by_events(host: &Snapshot) -> Vec<ProofItem> {
    let newest = |(provider, id, text, decibans): (&str, u32, &str, i16)| {
        let last = lately(host, provider, &[id], HOURS).pop()?;
        let text = format!("event {id} of {provider} at {}: {text}", last.when());
        Some(ProofItem { text, facts: vec![last.fact], decibans })
    };
    EVENTS.into_iter().filter_map(newest).collect()
}

const READ_RESOURCES: Step = Step {
    title: "See what is short: disk space, committed memory, local ports, handles; 2004 of Resource-Exhaustion-Detector and 4227 or 4231 of Tcpip say it themselves",
    commands: &[
        "Get-Volume | Format-Table DriveLetter, SizeRemaining, Size",
        "Get-CimInstance Win32_OperatingSystem | Format-List FreePhysicalMemory, FreeVirtualMemory, TotalVirtualMemorySize",
        "Get-NetTCPConnection | Group-Object State | Format-Table Count, Name",
        "Get-Process | Sort-Object HandleCount -Descending | Select-Object -First 10 Name, Id, HandleCount, PM",
        "Get-WinEvent -FilterHashtable @{LogName='System'; ProviderName='Microsoft-Windows-Resource-Exhaustion-Detector','Tcpip'} -MaxEvents 20 -ErrorAction SilentlyContinue | Format-List TimeCreated, Id, Message",
    ],
    cmd: &["fsutil volume diskfree C:", "systeminfo", "netstat -ano", "tasklist"],
    ..READ
};

const RELIEVE: Step = Step {
    title: "Free what is short, and restart the program that uses it up rather than the whole machine; a restart hides who it was",
    safety: Safety::Manual,
    interrupts: "that program",
    commands: &["Restart-Service NAME"],
    cmd: &["net stop NAME", "net start NAME"],
    undo: "there is nothing to take back",
    ..READ
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::snapshot::{Disk, Reading};
    use crate::testing::Machine;
    use crate::{Certainty, Verdict, judge};

    fn with(free: u64, commit: u64) -> Machine {
        Machine::healthy().with(|host| {
            let Reading::Observed(resources) = &mut host.resources else { return };
            resources.system_disk = Some(Disk { free: free * MEBIBYTE, total: 127 << 30 });
            resources.commit_free = Some(commit * MEBIBYTE);
        })
    }

    #[test]
    fn fires_on_a_disk_or_memory_that_is_used_up() {
        for machine in [with(3, 4000), with(40_000, 10), with(3, 10)] {
            let diagnosis = judge(&machine.evidence());
            let root = diagnosis.root().unwrap();
            assert_eq!((root.cause.id, root.certainty), ("resource-exhausted", Certainty::Confirmed));
            assert_eq!(diagnosis.verdict, Verdict::Broken);
        }
    }

    #[test]
    fn what_is_short_endangers() {
        let diagnosis = judge(&with(150, 4000).evidence());
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.severity), ("resource-exhausted", Severity::Degrades));
        assert_eq!(diagnosis.verdict, Verdict::Warning);
        assert_eq!(root.proof.items[0].text, "only 150 MB of the system's disk is free");
    }

    #[test]
    fn an_event_of_today_speaks_for_it_and_one_of_last_week_does_not() {
        let event = |minutes| Machine::healthy().event("System", "Srv", 2019, minutes, &[]);
        assert!(matches!(look(&event(60).snapshot()), Detection::Likely(_)));
        assert_eq!(look(&event(60 * 24 * 7).snapshot()), Detection::RuledOut);
        let on_disk = event(60).on_disk();
        assert!(
            matches!(look(&on_disk.snapshot()), Detection::Likely(proof) if proof.severity == Some(Severity::Degrades))
        );
    }

    #[test]
    fn near_miss_a_disk_that_is_merely_small() {
        assert_eq!(look(&with(900, 4000).snapshot()), Detection::RuledOut);
    }

    #[test]
    fn unknown_where_nothing_was_counted() {
        assert_eq!(look(&Machine::unread().snapshot()), Detection::Unknown(Vec::new()));
        assert_eq!(look(&Machine::healthy().on_disk().snapshot()), Detection::Unknown(Vec::new()));
    }
}
