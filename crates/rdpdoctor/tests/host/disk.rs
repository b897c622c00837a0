//! A real NTFS volume with hives of an independent writer and key files with their access lists.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rdpdoctor_machine::key::{KeyProvider, Property, StoreEntry, file_name};
use rdpdoctor_machine::security::Descriptor;
use rdpdoctor_testbed::NtfsImage;

use super::hive::filled;
use super::program::{answer, check, run};

const GUID: &str = "0b1c2d3e-4f50-4162-8374-95a6b7c8d9e0";
const KEYS: &str = "ProgramData/Microsoft/Crypto/RSA/MachineKeys";
const READABLE: &str =
    "O:SYG:SYD:PAI(A;;FA;;;SY)(A;;FR;;;NS)(A;;FA;;;S-1-5-80-4022436659-1090538466-1613889075-870485073-3428993833)";
const UNREADABLE: &str = "O:SYG:SYD:PAI(A;;FA;;;SY)(A;;FR;;;BA)";

const SYSTEM: &str = r#"[\Select]
"Current"=dword:00000002

[\ControlSet002\Control\Terminal Server]
"fDenyTSConnections"=dword:00000000

[\ControlSet002\Control\Terminal Server\WinStations]
"SelfSignedCertStore"="Remote Desktop"

[\ControlSet002\Control\Terminal Server\WinStations\RDP-Tcp]
"PortNumber"=dword:00000d3d
"fEnableWinStation"=dword:00000001
"SecurityLayer"=dword:00000002
"UserAuthentication"=dword:00000001
"MinEncryptionLevel"=dword:00000002
"WdName"="Microsoft RDP 8.0"
"LoadableProtocol_Object"="{5828227c-20cf-4408-b73f-73ab70b8849f}"

[\ControlSet002\Control\ComputerName\ComputerName]
"ComputerName"="TS01"

[\ControlSet002\Services\TermService]
"Start"=dword:00000003
"ObjectName"="NT Authority\\NetworkService"

[\ControlSet002\Services\TermService\Parameters]
"ServiceDll"="%SystemRoot%\\System32\\termsrv.dll"

[\ControlSet002\Services\SessionEnv]
"Start"=dword:00000003

[\ControlSet002\Services\UmRdpService]
"Start"=dword:00000003

[\ControlSet002\Services\MpsSvc]
"Start"=dword:00000002

[\ControlSet002\Services\BFE]
"Start"=dword:00000002

[\ControlSet002\Services\RpcSs]
"Start"=dword:00000002

[\ControlSet002\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules]
"RemoteDesktop-UserMode-In-TCP"="v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=3389|App=%SystemRoot%\\system32\\svchost.exe|Svc=termservice|Name=@FirewallAPI.dll,-28775|"
"#;

const SOFTWARE: &str = r#"[\Microsoft\Windows NT\CurrentVersion]
"CurrentBuildNumber"="17763"
"ProductName"="Windows Server 2019 Standard"
"InstallationType"="Server"

[\Microsoft\Windows NT\CurrentVersion\ProfileList]
"ProgramData"="%SystemDrive%\\ProgramData"

[\Microsoft\Cryptography]
"MachineGuid"="0b1c2d3e-4f50-4162-8374-95a6b7c8d9e0"
"#;

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
        let software = format!("{}\n{}", self.software, certificate(folder.path()));
        for (name, lines) in [("SYSTEM", &self.system), ("SOFTWARE", &software)] {
            let hive = filled(folder.path(), lines)?;
            image.write(&format!("Windows/System32/config/{name}"), &hive).unwrap();
        }
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

/// The lines of the store `Remote Desktop` with a certificate that openssl makes, in the container TSSecKeySet1.
fn certificate(folder: &Path) -> String {
    let der = folder.join("certificate.der");
    let request =
        ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=TS01", "-days", "180", "-outform", "DER"];
    let key = folder.join("key.pem");
    let made =
        std::process::Command::new("openssl").args(request).arg("-keyout").arg(&key).arg("-out").arg(&der).output();
    assert!(made.unwrap().status.success());
    let der = fs::read(der).unwrap();
    let own = KeyProvider {
        container: "TSSecKeySet1".to_owned(),
        provider: "Microsoft Enhanced Cryptographic Provider v1.0".to_owned(),
        provider_type: 1,
        flags: 0x20,
        key_spec: 1,
    };
    let certificate = Property { id: 32, encoding: 1, data: der };
    let blob: Vec<String> = StoreEntry::of(vec![own.to_property(), certificate])
        .to_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let path = r"\Microsoft\SystemCertificates\Remote Desktop\Certificates\0000000000000000000000000000000000000001";
    format!("[{path}]\n\"Blob\"=hex:{}\n", blob.join(","))
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
        (Server::healthy().with(r#"fDenyTSConnections"=dword:00000000"#, r#"fDenyTSConnections"=dword:00000001"#), "rdp-disabled"),
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
