//! Which Group Policy object decides, from the hives and policy files of a disk.

use serde_json::Value;
use tempfile::TempDir;

use super::base::{Change, disk, put};
use super::fix::host;
use super::program::{check, told};

const POLICY: &str = r"SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services";
const OFF: &str = r#""fDenyTSConnections"=dword:00000001"#;
const DOMAIN: &str =
    r"SOFTWARE\Microsoft\Windows\CurrentVersion\Group Policy\History\{35378EAC-683F-11D2-A89A-00C04FBBCFA2}\0";
const HARDENING: &str =
    r"SOFTWARE\Microsoft\Windows\CurrentVersion\Group Policy\History\{35378EAC-683F-11D2-A89A-00C04FBBCFA2}\1";
const DOMAIN_VALUES: &str = "\"DisplayName\"=\"Default Domain Policy\"\n\
    \"GPOName\"=\"{31B2F340-016D-11D2-945F-00C04FB984F9}\"\n\
    \"FileSysPath\"=\"\\\\\\\\olymp.test\\\\sysvol\\\\olymp.test\\\\Policies\\\\{31B2F340-016D-11D2-945F-00C04FB984F9}\\\\Machine\"\n\
    \"GPOLink\"=dword:00000003";
const HARDENING_VALUES: &str = "\"DisplayName\"=\"Zeus hardening\"\n\
    \"GPOName\"=\"{11111111-2222-4333-8444-555555555555}\"\n\
    \"FileSysPath\"=\"C:\\\\Windows\\\\system32\\\\GroupPolicy\\\\DataStore\\\\0\\\\SysVol\\\\olymp.test\\\\Policies\\\\{11111111-2222-4333-8444-555555555555}\\\\Machine\"\n\
    \"GPOLink\"=dword:00000004";
const CLOSED: &[Change] = &[(POLICY, OFF), (DOMAIN, DOMAIN_VALUES), (HARDENING, HARDENING_VALUES)];

const LOCAL: &str = "Windows/System32/GroupPolicy/Machine/Registry.pol";
const NAMED: &str = "the policy \"Zeus hardening\" ({11111111-2222-4333-8444-555555555555}, domain olymp.test)";

/// Where the copy of an object lies; folders on a disk may be spelt in another way than in the list.
fn copy_of(id: &str) -> String {
    format!("Windows/System32/GroupPolicy/DataStore/0/sysvol/olymp.test/Policies/{id}/Machine/Registry.pol")
}

/// A Registry.pol of one REG_DWORD, byte for byte after the specification ([MS-GPREG] 2.2.1).
fn policy_file(number: u8) -> Vec<u8> {
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let key = wide("Software\\Policies\\Microsoft\\Windows NT\\Terminal Services\0");
    let (open, name, separator, close) = (wide("["), wide("fDenyTSConnections\0"), wide(";"), wide("]"));
    let (kind, size, data) = ([4, 0, 0, 0], [4, 0, 0, 0], [number, 0, 0, 0]);
    let parts: [&[u8]; 12] = [
        b"PReg\x01\0\0\0",
        &open,
        &key,
        &separator,
        &name,
        &separator,
        &kind,
        &separator,
        &size,
        &separator,
        &data,
        &close,
    ];
    parts.concat()
}

/// A disk on which a policy refuses every connection, with these policy files.
fn closed(changes: &[Change], files: &[(&str, &[u8])]) -> Option<TempDir> {
    let folder = disk(changes)?;
    for (path, bytes) in files {
        put(folder.path(), path, bytes);
    }
    Some(folder)
}

/// The proof of the root, its open questions, and the titles of its remedies.
fn root(folder: &TempDir) -> (String, String, String) {
    let (report, code) = check(&["--offline", folder.path().to_str().unwrap()]);
    assert_eq!((report["root_cause"].as_str(), code), (Some("rdp-disabled"), 1));
    let finding = &report["findings"][0];
    let texts = |list: &str, field: &str| {
        let all = finding[list].as_array().unwrap().iter();
        all.map(|one| one[field].as_str().or(one.as_str()).unwrap()).collect::<Vec<_>>().join("\n")
    };
    (texts("proof", "text"), texts("missing", "text"), texts("remedies", "title"))
}

#[test]
fn the_object_is_named_in_proof_remedy_and_plan() {
    let copy = copy_of("{11111111-2222-4333-8444-555555555555}");
    let (one, none) = (policy_file(1), b"PReg\x01\0\0\0");
    let other = copy_of("{31B2F340-016D-11D2-945F-00C04FB984F9}");
    let Some(folder) = closed(CLOSED, &[(&copy, &one), (&other, none)]) else { return };
    let (proof, missing, remedies) = root(&folder);
    assert!(proof.contains(&format!("fDenyTSConnections is set by {NAMED}")), "{proof}");
    assert!(!missing.contains("policy") && remedies.contains(&format!("here it is {NAMED}")), "{missing}\n{remedies}");
    let (plan, ..) = host(folder.path(), &["fix", "rdp-disabled"]);
    assert!(plan.contains(&format!("note: fDenyTSConnections is set by {NAMED}; it may be written again")), "{plan}");
    let (json, ..) = host(folder.path(), &["fix", "rdp-disabled", "--format", "json"]);
    assert!(serde_json::from_str::<Value>(&json).unwrap().to_string().contains("change it in that policy for good"));
}

#[test]
fn names_of_policies_are_redacted() {
    let copy = copy_of("{11111111-2222-4333-8444-555555555555}");
    let Some(folder) = closed(CLOSED, &[(&copy, &policy_file(1))]) else { return };
    let (report, ..) = told(&["host", "check", "--offline", folder.path().to_str().unwrap(), "--redact"]);
    let text = report.to_string().to_lowercase();
    for hidden in ["zeus", "olymp", "11111111-2222"] {
        assert!(!text.contains(hidden), "{hidden} in {text}");
    }
    assert!(text.contains("fdenytsconnections is set by the policy"));
}

#[test]
fn the_local_policy_and_one_that_sets_something_else_are_told_apart() {
    let Some(local) = closed(&[(POLICY, OFF)], &[(LOCAL, &policy_file(1))]) else { return };
    let (proof, ..) = root(&local);
    assert!(proof.contains("the local policy (gpedit.msc) sets fDenyTSConnections to the same"), "{proof}");
    let copy = copy_of("{11111111-2222-4333-8444-555555555555}");
    let Some(stale) = closed(CLOSED, &[(LOCAL, &policy_file(1)), (&copy, &policy_file(0))]) else { return };
    let (proof, ..) = root(&stale);
    assert!(
        proof.contains(&format!("{NAMED} sets fDenyTSConnections to 0: what stands there was written since")),
        "{proof}"
    );
}

#[test]
fn what_no_file_says_is_nobodys_and_what_cannot_be_read_is_open() {
    let Some(by_hand) = closed(&[(POLICY, OFF)], &[]) else { return };
    assert!(root(&by_hand).0.contains("no policy file that was read sets fDenyTSConnections: written by hand"));
    let copy = copy_of("{11111111-2222-4333-8444-555555555555}");
    let Some(damaged) = closed(CLOSED, &[(&copy, b"PReg\x01\0\0\0[")]) else { return };
    let (proof, ..) = root(&damaged);
    assert!(proof.contains("not all could be read") && proof.contains("damaged: "), "{proof}");
    assert!(proof.contains("Default Domain Policy") && proof.contains("this machine keeps no copy of it"), "{proof}");
    assert!(!proof.contains("by hand"), "{proof}");
}
