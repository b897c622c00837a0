//! Hives of real machines, and what is true of them. Skipped where they are absent.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::program::check;

/// A folder with these samples under other names; none where one is absent.
fn copied(samples: &[(&str, &str)]) -> Option<tempfile::TempDir> {
    let folder = tempfile::tempdir().unwrap();
    for (sample, name) in samples {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples").join(sample);
        if !path.is_file() {
            println!("skipped: there is no sample {sample}");
            return None;
        }
        let unpacked = match path.extension().and_then(|ending| ending.to_str()) {
            Some("xz") => Command::new("xz").arg("-dc").arg(&path).output().ok()?.stdout,
            _ => fs::read(&path).unwrap(),
        };
        fs::write(folder.path().join(name), unpacked).unwrap();
    }
    Some(folder)
}

fn causes(report: &serde_json::Value) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().map(|finding| finding["cause"].as_str().unwrap()).collect()
}

#[test]
fn windows_10_with_remote_desktop_off_is_named_from_its_hive_and_logs() {
    let files = [
        ("hive/regipy-win10-1709-SYSTEM.xz", "SYSTEM"),
        ("hive/regipy-win10-1709-SYSTEM.LOG1.xz", "SYSTEM.LOG1"),
        ("hive/regipy-win10-1709-SYSTEM.LOG2.xz", "SYSTEM.LOG2"),
    ];
    let Some(folder) = copied(&files) else { return };
    let (report, code) = check(&["--offline", folder.path().to_str().unwrap()]);
    assert_eq!((report["root_cause"].as_str(), code), (Some("rdp-disabled"), 1));
    assert_eq!(report["evidence"]["host"]["computer"]["observed"], "DESKTOP-PM6C56D");
}

#[test]
fn windows_7_has_no_blocking_finding() {
    let Some(folder) = copied(&[("hive/regipy-win7-SYSTEM.xz", "SYSTEM")]) else { return };
    let (report, _) = check(&["--offline", folder.path().to_str().unwrap()]);
    assert_ne!(report["verdict"], "broken", "{:?}", causes(&report));
}

#[test]
fn healthy_machines_are_not_blamed_for_the_noise_of_their_logs() {
    let files = [
        ("evtx/belkasoft-w10-System.evtx", "System.evtx"),
        (
            "evtx/belkasoft-w10-RdpCoreTS-Operational.evtx",
            "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS%4Operational.evtx",
        ),
        (
            "evtx/belkasoft-w10-RemoteConnectionManager-Operational.evtx",
            "Microsoft-Windows-TerminalServices-RemoteConnectionManager%4Operational.evtx",
        ),
        (
            "evtx/belkasoft-w10-LocalSessionManager-Operational.evtx",
            "Microsoft-Windows-TerminalServices-LocalSessionManager%4Operational.evtx",
        ),
    ];
    let Some(folder) = copied(&files) else { return };
    let (report, _) = check(&["--offline", folder.path().to_str().unwrap()]);
    assert_ne!(report["verdict"], "broken", "{:?}", causes(&report));
}

#[test]
fn guessing_from_the_internet_is_told_from_users_in_a_damaged_log() {
    let files = [
        (
            "evtx/omer-vss0-RdpCoreTS-Operational.evtx",
            "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS%4Operational.evtx",
        ),
        (
            "evtx/omer-vss0-RemoteConnectionManager-Operational.evtx",
            "Microsoft-Windows-TerminalServices-RemoteConnectionManager%4Operational.evtx",
        ),
    ];
    let Some(folder) = copied(&files) else { return };
    let (report, _) = check(&["--offline", folder.path().to_str().unwrap()]);
    assert_eq!(causes(&report), ["brute-force-attack"]);
    assert_ne!(report["verdict"], "broken");
}
