//! What the collector script prints, and snapshots that travel.

use std::fs;

use serde_json::{Value, json};

use super::program::{answer, assert_valid, check, run};

const TERMINAL_SERVER: &str = r"HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server";
const POLICY: &str = r"HKLM\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services";

fn collection(deny: u32) -> Value {
    json!({
        "collection": 1,
        "taken": "2026-01-02T03:04:05Z",
        "registry": {
            TERMINAL_SERVER: { "@keys": ["WinStations"], "fDenyTSConnections": deny },
            POLICY: null,
        },
        "services": { "TermService": { "state": 4, "process": 1200 } },
        "channels": { "System": { "records": 3, "events": [] }, "Security": { "unreadable": "Zugriff verweigert" } },
        "listeners": { "unreadable": "no" },
    })
}

#[test]
fn a_collection_is_judged_and_becomes_a_snapshot_that_says_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (collected, snapshot) = (folder.path().join("collected.json"), folder.path().join("snapshot.json"));
    fs::write(&collected, collection(1).to_string()).unwrap();
    let said = answer(&[collected.to_str().unwrap()]);
    assert_eq!(said, ("broken".to_owned(), "rdp-disabled".to_owned(), 1));
    let output = run(["host", "snapshot", collected.to_str().unwrap(), "-o", snapshot.to_str().unwrap()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let written: Value = serde_json::from_str(&fs::read_to_string(&snapshot).unwrap()).unwrap();
    assert_valid(&written, "snapshot");
    assert_eq!(answer(&[snapshot.to_str().unwrap()]), said);
    let of_collection = format!("rdpdoctor host fix --collected {} --format cmd", collected.display());
    for (file, typed, place) in
        [(&collected, of_collection.as_str(), "here"), (&snapshot, "rdpdoctor host fix", "server")]
    {
        let (report, _) = check(&[file.to_str().unwrap()]);
        let first = &report["findings"][0]["remedies"][0];
        assert_eq!((first["commands"][0].as_str(), first["where"].as_str()), (Some(typed), Some(place)));
    }
}

/// The local policy's file as the script prints it: `[Software\Policies\…;fDenyTSConnections;4;4;1]` of [MS-GPREG] 2.2.1.
fn local_policy() -> String {
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let key = wide("[SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal Services\0;fDenyTSConnections\0;");
    let parts: [&[u8]; 6] =
        [b"PReg\x01\0\0\0", &key, &[4, 0, 0, 0, b';', 0], &[4, 0, 0, 0, b';', 0], &[1, 0, 0, 0], &wide("]")];
    rdpdoctor_machine::hex::of(&parts.concat())
}

#[test]
fn the_policy_that_decides_is_named_from_a_collection() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("collected.json");
    let mut all = collection(0);
    let history =
        r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Group Policy\History\{35378EAC-683F-11D2-A89A-00C04FBBCFA2}";
    all["registry"][POLICY] = json!({ "@keys": [], "fDenyTSConnections": 1 });
    all["registry"][history] = json!({ "@keys": ["0"] });
    let listed =
        json!({ "@keys": [], "DisplayName": "Local Group Policy", "GPOName": "Local Group Policy", "GPOLink": 1 });
    all["registry"][format!("{history}\\0")] = listed;
    let file = json!({ "size": 200, "hex": local_policy() });
    all["files"] = json!({ r"Windows\System32\GroupPolicy\Machine\Registry.pol": file });
    fs::write(&path, all.to_string()).unwrap();
    let (report, _) = check(&[path.to_str().unwrap()]);
    assert_eq!(report["root_cause"], "rdp-disabled");
    let proof = report["findings"][0]["proof"].to_string();
    assert!(proof.contains("fDenyTSConnections is set by the local policy (gpedit.msc)"), "{proof}");
}

#[test]
fn what_windows_powershell_redirects_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("collected.json");
    let units = collection(1).to_string();
    let utf16: Vec<u8> = [0xfeff_u16].into_iter().chain(units.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    fs::write(&path, utf16).unwrap();
    assert_eq!(answer(&[path.to_str().unwrap()]).1, "rdp-disabled");
}

#[test]
fn what_could_not_be_read_is_said_and_no_finding() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("collected.json");
    fs::write(&path, collection(0).to_string()).unwrap();
    let output = run(["host", "check", path.to_str().unwrap()]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(3), "{text}");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.starts_with("INCONCLUSIVE") && text.contains("it was not collected"), "{text}");
    assert!(text.contains("the log Security: Zugriff verweigert"), "{text}");
}

#[test]
fn the_script_is_printed_and_a_file_is_not_overwritten() {
    let script = String::from_utf8(run(["host", "snapshot", "--format", "powershell"]).stdout).unwrap();
    assert!(script.contains("Format-Json $Collected") && script.is_ascii());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("there");
    fs::write(&path, "mine").unwrap();
    let output = run(["host", "snapshot", "--format", "powershell", "-o", path.to_str().unwrap()]);
    assert_eq!((output.status.code(), fs::read_to_string(&path).unwrap().as_str()), (Some(3), "mine"));
}
