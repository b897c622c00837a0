//! Real logs: what is known of each, and the same fields as another reader gives.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rdpdoctor_machine::event::Event;
use rdpdoctor_machine::evtx::{self, Filter, Summary};

const CLIENT: &str = "Microsoft-Windows-TerminalServices-ClientActiveXCore";
const CORE: &str = "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS";
const GATEWAY: &str = "Microsoft-Windows-TerminalServices-Gateway";
const MANAGER: &str = "Microsoft-Windows-TerminalServices-RemoteConnectionManager";
const SECURITY: &str = "Microsoft-Windows-Security-Auditing";
const SESSIONS: &str = "Microsoft-Windows-TerminalServices-LocalSessionManager";

/// A log, how many records it has if that is known, and how many of them have an id.
type Known = (&'static str, Option<u64>, &'static str, &'static [(u16, usize)]);

const KNOWN: [Known; 17] = [
    ("szechuan-2012r2-System.evtx.xz", Some(60_189), "Schannel", &[(36874, 29_205), (36888, 29_205)]),
    ("szechuan-2012r2-System.evtx.xz", Some(60_189), MANAGER, &[(1056, 3)]),
    (
        "szechuan-2012r2-RDPClient-Operational.evtx",
        None,
        CLIENT,
        &[(1024, 1), (1028, 1), (1029, 1), (1102, 1), (1103, 1), (1025, 1), (226, 1), (1105, 1), (1026, 1)],
    ),
    ("belkasoft-w10-Security.evtx.xz", Some(5881), SECURITY, &[]),
    (
        "belkasoft-w10-RdpCoreTS-Operational.evtx",
        Some(1590),
        CORE,
        &[(65, 9), (141, 9), (102, 10), (145, 10), (103, 10), (148, 225), (228, 11), (227, 218), (229, 488), (131, 0)],
    ),
    (
        "belkasoft-w10-RemoteConnectionManager-Operational.evtx",
        Some(252),
        MANAGER,
        &[(20523, 197), (258, 22), (1136, 22), (261, 11), (1149, 0)],
    ),
    ("belkasoft-w10-RemoteConnectionManager-Admin.evtx", Some(15), MANAGER, &[(1158, 11), (20521, 4)]),
    (
        "belkasoft-w10-LocalSessionManager-Operational.evtx",
        Some(204),
        SESSIONS,
        &[(21, 18), (22, 18), (23, 16), (24, 9), (25, 3), (39, 7), (40, 25), (32, 22), (34, 25), (41, 21), (54, 19)],
    ),
    ("belkasoft-w10-System.evtx", Some(1766), MANAGER, &[(1056, 9), (1067, 11), (1012, 3)]),
    ("rathbun-w11-LocalSessionManager-Operational.evtx", Some(54), SESSIONS, &[(21, 5), (23, 4), (34, 19), (40, 1)]),
    (
        "omer-vss0-RdpCoreTS-Operational.evtx",
        None,
        CORE,
        &[(140, 126), (131, 126), (226, 118), (227, 15), (103, 129), (148, 398)],
    ),
    ("omer-vss0-RemoteConnectionManager-Operational.evtx", None, MANAGER, &[(261, 1790), (1149, 5)]),
    ("omer-Security-4625-type10.evtx", Some(7), SECURITY, &[(4625, 1)]),
    (
        "sbousseaden-RdpCoreTS-rdpscan.evtx",
        Some(733),
        CORE,
        &[(131, 16), (65, 12), (226, 12), (142, 11), (101, 10), (72, 147), (143, 27), (148, 169), (132, 122)],
    ),
    (
        "sbousseaden-RemoteConnectionManager-tunnel.evtx",
        Some(228),
        MANAGER,
        &[(1155, 64), (258, 64), (1136, 64), (261, 25), (1149, 11)],
    ),
    ("yamato-RDGateway-Operational.evtx", Some(16), GATEWAY, &[(312, 8), (200, 2), (300, 2), (302, 2), (303, 2)]),
    ("plaso-System.evtx", Some(5009), MANAGER, &[(1056, 1)]),
];

#[test]
fn counts_are_those_of_the_samples() {
    for (name, records, provider, counts) in KNOWN {
        let Some(file) = sample(name) else { continue };
        let (summary, all) = events(&file, &Filter::everything());
        let (narrow, few) = events(&file, &counts.iter().map(|&(id, _)| (provider, id)).collect());
        for &(id, count) in counts {
            let is = |event: &&Event| event.id == id && event.provider == provider;
            let found = [&all, &few].map(|events| events.iter().filter(is).count());
            assert_eq!(found, [count; 2], "{name}: {id}");
        }
        if let Some(records) = records {
            assert_eq!((summary.records_seen, summary.matched), (records, records), "{name}");
        }
        assert_eq!((narrow.records_seen, narrow.matched), (summary.records_seen, few.len() as u64), "{name}");
    }
}

#[test]
fn both_readers_agree_on_every_record() {
    for path in samples() {
        let file = unpacked(&path);
        let (_, events) = events(&file, &Filter::everything());
        // A log carved from a shadow copy can hold a record twice.
        let mut ours: BTreeMap<u64, Vec<Event>> = BTreeMap::new();
        for event in events {
            ours.entry(event.record).or_default().push(event);
        }
        for record in ::evtx::EvtxParser::from_buffer(file).unwrap().records().flatten() {
            let expected = evtx::from_xml(&record.data).unwrap();
            let same = ours.get(&expected.record).is_some_and(|events| events.contains(&expected));
            assert!(same, "{}: {:#?}\n{}", path.display(), ours.get(&expected.record), record.data);
        }
    }
}

#[test]
fn summaries_tell_of_damage_age_and_history() {
    let told = |name: &str| sample(name).map(|file| events(&file, &Filter::default()).0);
    if let Some(carved) = told("omer-vss0-RdpCoreTS-Operational.evtx") {
        let places: Vec<u64> = carved.damaged.iter().map(|damage| damage.offset).collect();
        assert_eq!((places, carved.records_seen, carved.matched), (vec![4608, 53200, 856_576, 905_112], 1910, 0));
        assert!(carved.dirty && carved.wrapped && !carved.cleared);
    }
    if let Some(export) = told("sbousseaden-RdpCoreTS-rdpscan.evtx") {
        assert!(export.damaged.is_empty() && !export.dirty && !export.wrapped);
        // The times of an export's records mean nothing, only those of the events.
        assert_eq!(export.oldest, "2019-08-27T17:16:28.5438777Z".parse().ok());
    }
    if let Some(gateway) = told("yamato-RDGateway-Operational.evtx") {
        assert_eq!((gateway.first_record, gateway.last_record), (Some(74), Some(89)));
        assert!(gateway.cleared && !gateway.wrapped);
    }
}

#[test]
fn only_the_time_asked_for_is_read() {
    for name in ["belkasoft-w10-RdpCoreTS-Operational.evtx", "sbousseaden-RdpCoreTS-rdpscan.evtx"] {
        let Some(file) = sample(name) else { continue };
        let (_, all) = events(&file, &Filter::everything());
        let mut times: Vec<_> = all.iter().map(|event| event.time).collect();
        times.sort();
        let (from, until) = (times[times.len() / 3], times[times.len() / 2]);
        let (summary, some) = events(&file, &Filter::everything().since(from).until(until));
        let expected: Vec<Event> = all.into_iter().filter(|event| (from..=until).contains(&event.time)).collect();
        assert!(some == expected, "{name}: {} instead of {}", some.len(), expected.len());
        assert_eq!((summary.oldest, summary.newest), (times.first().copied(), times.last().copied()));
    }
}

fn events(file: &[u8], wanted: &Filter) -> (Summary, Vec<Event>) {
    let mut events = Vec::new();
    let summary = evtx::read(file, wanted, 2, &mut |event| events.push(event)).unwrap();
    (summary, events)
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples/evtx")
}

fn samples() -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder()) else {
        println!("skipped: no samples");
        return Vec::new();
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension != "7z")).collect()
}

fn sample(name: &str) -> Option<Vec<u8>> {
    let path = folder().join(name);
    if !path.exists() {
        println!("skipped: no sample {name}");
        return None;
    }
    Some(unpacked(&path))
}

fn unpacked(path: &Path) -> Vec<u8> {
    if path.extension().is_some_and(|extension| extension == "xz") {
        let output = Command::new("xz").args(["--decompress", "--stdout"]).arg(path).output().unwrap();
        assert!(output.status.success());
        return output.stdout;
    }
    fs::read(path).unwrap()
}
