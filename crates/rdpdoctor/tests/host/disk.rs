//! A real NTFS volume with hives of an independent writer and key files with their access lists.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use rdpdoctor_machine::key::file_name;
use rdpdoctor_machine::security::Descriptor;
use rdpdoctor_testbed::NtfsImage;

use super::fix::host;
use super::hive::filled;
use super::program::{answer, check, run};
use super::server::{self, GUID, KEYS, SECURITY, SOFTWARE, SYSTEM};

const OFF: (&str, &str) = (r#"fDenyTSConnections"=dword:00000000"#, r#"fDenyTSConnections"=dword:00000001"#);
const READABLE: &str =
    "O:SYG:SYD:PAI(A;;FA;;;SY)(A;;FR;;;NS)(A;;FA;;;S-1-5-80-4022436659-1090538466-1613889075-870485073-3428993833)";
const UNREADABLE: &str = "O:SYG:SYD:PAI(A;;FA;;;SY)(A;;FR;;;BA)";

/// A disk of a healthy server, of which single lines and the key file's access list may differ.
struct Server {
    system: String,
    software: String,
    key_file: Option<&'static str>,
    key_name: String,
}

impl Server {
    fn healthy() -> Self {
        Self {
            system: SYSTEM.to_owned(),
            software: SOFTWARE.to_owned(),
            key_file: Some(READABLE),
            key_name: file_name("TSSecKeySet1", GUID),
        }
    }

    fn with(self, from: &str, to: &str) -> Self {
        assert!(self.system.contains(from), "{from}");
        Self { system: self.system.replace(from, to), ..self }
    }

    fn and_system(mut self, lines: &str) -> Self {
        write!(self.system, "\n{lines}\n").unwrap();
        self
    }

    fn and_software(mut self, lines: &str) -> Self {
        write!(self.software, "\n{lines}\n").unwrap();
        self
    }

    /// What `host check` says of it; none where the tools are absent.
    fn answer(self) -> Option<(String, String, i32)> {
        let image = self.image()?;
        Some(answer(&["--offline", image.path().to_str()?]))
    }

    fn image(self) -> Option<NtfsImage> {
        let image = match NtfsImage::make() {
            Ok(image) => image,
            Err(why) => {
                println!("skipped: no NTFS volume here: {why}");
                return None;
            }
        };
        let folder = tempfile::tempdir().unwrap();
        let own = server::OWN.lines().unwrap();
        let software = format!("{}\n{own}", self.software);
        for (name, lines) in [("SYSTEM", &*self.system), ("SOFTWARE", &software), ("SECURITY", SECURITY)] {
            let hive = filled(folder.path(), lines)?;
            image.write(&format!("Windows/System32/config/{name}"), &hive).unwrap();
        }
        image.write("Windows/System32/ntdll.dll", b"MZ").unwrap();
        image.write("Windows/System32/termsrv.dll", b"MZ").unwrap();
        image.write(&format!("{KEYS}/desktop.ini"), b"").unwrap();
        if let Some(sddl) = self.key_file {
            let name = format!("{KEYS}/{}", self.key_name);
            image.write(&name, &[0; 2303]).unwrap();
            let descriptor: Descriptor = sddl.parse().unwrap();
            image.set_descriptor(&name, &descriptor.to_bytes().unwrap()).unwrap();
        }
        Some(image)
    }
}

#[test]
fn a_healthy_disk_is_not_blamed() {
    let Some((verdict, root, _)) = Server::healthy().answer() else { return };
    assert!(["healthy", "inconclusive"].contains(&verdict.as_str()), "{verdict}");
    assert_eq!(root, "-");
}

#[test]
fn an_unreadable_key_is_named_from_the_disk() {
    let server = Server { key_file: Some(UNREADABLE), ..Server::healthy() };
    let Some(image) = server.image() else { return };
    let (report, code) = check(&["--offline", image.path().to_str().unwrap()]);
    assert_eq!((report["root_cause"].as_str(), code), (Some("machine-keys-permissions"), 1));
    assert_eq!(report["findings"][0]["certainty"], "confirmed");
    let proof = report["findings"][0]["proof"].to_string();
    assert!(proof.contains("f686aace6942fb7f7ceb231212eef4a4"), "{proof}");
}

#[test]
fn a_missing_key_and_that_of_another_machine_are_told_apart() {
    let missing = Server { key_file: None, ..Server::healthy() };
    let Some((verdict, root, _)) = missing.answer() else { return };
    assert_eq!((verdict.as_str(), root.as_str()), ("broken", "machine-keys-missing"));
    let other = file_name("TSSecKeySet1", "11111111-2222-4333-8444-555555555555");
    let cloned = Server { key_name: other, ..Server::healthy() };
    let Some((verdict, root, _)) = cloned.answer() else { return };
    assert_eq!((verdict.as_str(), root.as_str()), ("broken", "cloned-machine-keys"));
}

#[test]
fn each_fault_of_the_settings_is_named() {
    let faults = [
        (Server::healthy().with(OFF.0, OFF.1), "rdp-disabled"),
        (
            Server::healthy().and_software(
                "[\\Policies\\Microsoft\\Windows NT\\Terminal Services]\n\"fDenyTSConnections\"=dword:00000001",
            ),
            "rdp-disabled",
        ),
        (Server::healthy().with(r#"fEnableWinStation"=dword:00000001"#, r#"fEnableWinStation"=dword:00000000"#), "listener-disabled"),
        (Server::healthy().with("|Active=TRUE|", "|Active=FALSE|"), "firewall-rule-disabled"),
        (
            Server::healthy().with("[\\ControlSet002\\Services\\TermService]\n\"Start\"=dword:00000003", "[\\ControlSet002\\Services\\TermService]\n\"Start\"=dword:00000004"),
            "service-stopped",
        ),
        (
            Server::healthy().and_system(
                "[\\ControlSet002\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.0\\Server]\n\"Enabled\"=dword:00000000\n\n\
                 [\\ControlSet002\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.1\\Server]\n\"Enabled\"=dword:00000000\n\n\
                 [\\ControlSet002\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\Server]\n\"Enabled\"=dword:00000000",
            ),
            "schannel-protocol-disabled",
        ),
    ];
    for (server, cause) in faults {
        let Some((_, root, code)) = server.answer() else { return };
        assert_eq!((root.as_str(), code), (cause, 1));
    }
}

#[test]
fn nothing_on_the_disk_is_touched() {
    let Some(image) = Server::healthy().image() else { return };
    let before = contents(&image.path());
    for command in ["check", "snapshot"] {
        let output = run(["host", command, "--offline", image.path().to_str().unwrap()]);
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(contents(&image.path()), before);
}

#[test]
fn what_nobody_can_write_to_is_read_alike() {
    let Some(mut image) = Server { key_file: Some(UNREADABLE), ..Server::healthy() }.image() else { return };
    let path = image.path();
    let before = said(&path);
    if let Err(why) = image.remount_read_only() {
        println!("skipped: no volume can be mounted read-only here: {why}");
        return;
    }
    assert!(fs::write(path.join("new"), b"").is_err(), "it is mounted read-only");
    let volume = fs::read(image.image()).unwrap();
    assert_eq!(said(&path), before);
    assert!(before.0.contains("machine-keys-permissions") && before.1 == Some(1), "{before:?}");
    assert!(run(["host", "snapshot", "--offline", path.to_str().unwrap()]).status.success());
    assert!(fs::read(image.image()).unwrap() == volume, "not a byte of the volume changes");
}

/// The findings, without times, and the exit code.
fn said(folder: &Path) -> (String, Option<i32>) {
    let output = run(["host", "check", "--format", "json", "--offline", folder.to_str().unwrap()]);
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    (report["findings"].to_string(), output.status.code())
}

#[test]
fn a_volume_that_was_not_closed_says_so_in_one_line() {
    let Some(mut image) = Server::healthy().with(OFF.0, OFF.1).image() else { return };
    image.mark_dirty().unwrap();
    let output = run(["host", "check", "--offline", image.path().to_str().unwrap()]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert_eq!(text.matches("marked for a").count(), 1, "{text}");
}

/// Every file with its time and its bytes. The time of the last access is the mount's own business.
fn contents(folder: &Path) -> Vec<(PathBuf, SystemTime, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = path.metadata().unwrap();
        let bytes = if metadata.is_dir() { Vec::new() } else { fs::read(&path).unwrap() };
        if metadata.is_dir() {
            all.extend(contents(&path));
        }
        all.push((path, metadata.modified().unwrap(), bytes));
    }
    all.sort();
    all
}

#[test]
fn the_permissions_of_a_key_are_mended_and_taken_back_on_ntfs() {
    let server = Server { key_file: Some(UNREADABLE), ..Server::healthy() };
    let Some(image) = server.image() else { return };
    let folder = image.path();
    let root = || check(&["--offline", folder.to_str().unwrap()]).0["root_cause"].as_str().map(str::to_owned);
    let (said, error, code) = host(&folder, &["fix", "machine-keys-permissions", "--apply", "--yes"]);
    assert_eq!((code, error.contains("administrators alone")), (0, false), "{said}{error}");
    assert_eq!(root(), None, "it is mended");
    let journals = acl(&folder.join("ProgramData/rdpdoctor"));
    assert!(journals.starts_with("O:BAG:SYD:P"), "the journals are for administrators alone: {journals}");
    let (said, error, code) = host(&folder, &["undo", "--yes"]);
    assert_eq!(code, 0, "{said}{error}");
    assert_eq!(root().as_deref(), Some("machine-keys-permissions"), "it is as it was");
    let key = folder.join(KEYS).join(file_name("TSSecKeySet1", GUID));
    assert_eq!(acl(&key), UNREADABLE);
}

/// The descriptor of a file, as ntfs-3g shows it.
fn acl(path: &Path) -> String {
    let shown = Command::new("getfattr").args(["--only-values", "-n", "system.ntfs_acl"]).arg(path).output().unwrap();
    Descriptor::read(&shown.stdout).unwrap().to_string()
}
