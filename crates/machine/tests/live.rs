//! The running Windows, under Wine: `scripts/test-windows-machine` builds and runs this, in a prefix of its own.
//!
//! It writes to the registry and the services, so it does nothing where the script does not stand behind it.
#![cfg(windows)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper of tests may stop where an expectation fails")]
#![expect(clippy::print_stderr, reason = "a test that is skipped must say so")]

use std::env;
use std::fs;
use std::net::TcpListener;
use std::process::Command;
use std::time::Duration;

use rdpdoctor_machine::change::{Change as _, Start, Unchanged};
use rdpdoctor_machine::event::Wanted;
use rdpdoctor_machine::live::{self, Live};
use rdpdoctor_machine::registry::{Data, Key};
use rdpdoctor_machine::security::{Descriptor, Sid};
use rdpdoctor_machine::{Machine as _, ServiceStatus, Unreadable, Way};

const SERVER: &str = r"HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server";
const STOPPED: u32 = 1;
const RUNNING: u32 = 4;

/// The machine, where it is one that may be changed.
fn machine() -> Option<Live> {
    if env::var_os("RDPDOCTOR_THROWAWAY_WINDOWS").is_none() {
        eprintln!("skipped: only for a Windows that may be changed");
        return None;
    }
    let machine = Live::open().unwrap();
    assert_eq!(machine.way(), Way::Running);
    Some(machine)
}

/// Runs one of the system's own programs.
fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {output:?}");
}

fn add(key: &str, name: &str, kind: &str, data: &str) {
    run("reg", &["add", key, "/v", name, "/t", kind, "/d", data, "/f"]);
}

fn key(machine: &Live, path: &str) -> Key {
    machine.key(path).unwrap().unwrap_or_else(|| panic!("there is no {path}"))
}

#[test]
fn values_are_read_as_they_were_written() {
    let Some(machine) = machine() else { return };
    let path = format!(r"{SERVER}\WinStations\RDP-Tcp");
    add(&path, "PortNumber", "REG_DWORD", "3390");
    add(&path, "SSLCertificateSHA1Hash", "REG_BINARY", "00ff10");
    add(&path, "Comment", "REG_SZ", "Straße");
    add(&path, "LoadableProtocol_Object", "REG_EXPAND_SZ", "x%SystemDrive%");
    add(&path, "Many", "REG_MULTI_SZ", r"one\0two");
    add(&path, "Long", "REG_SZ", &"ab".repeat(3000));
    let read = key(&machine, &path.to_lowercase().replacen("hklm", "HKLM", 1));
    assert_eq!(read.dword("portnumber"), Some(3390));
    assert_eq!(read.value("SSLCertificateSHA1Hash").unwrap().data, Data::of_bytes([0, 0xFF, 0x10]));
    assert_eq!(read.text("Comment").as_deref(), Some("Straße"));
    assert_eq!(read.value("LoadableProtocol_Object").unwrap().data, Data::of_expandable("x%SystemDrive%"));
    assert_eq!(read.value("Many").unwrap().data.list(), Some(vec!["one".to_owned(), "two".to_owned()]));
    assert_eq!(read.text("Long").unwrap().len(), 6000);
    assert!(read.written.is_some_and(|time| time.to_string().as_str() > "2020"));
    assert!(key(&machine, &format!(r"{SERVER}\WinStations")).keys.contains(&"RDP-Tcp".to_owned()));
}

#[test]
fn a_key_that_is_not_there_is_absent_and_a_wrong_name_is_not() {
    let Some(machine) = machine() else { return };
    assert_eq!(machine.key(&format!(r"{SERVER}\NoSuchKey\AtAll")), Ok(None));
    assert!(matches!(machine.key(r"HKXX\SYSTEM"), Err(Unreadable::System(_))));
    assert!(matches!(machine.key("HKLM\\SYSTEM\0x"), Err(Unreadable::Damaged(_))));
    assert!(machine.key("HKLM").unwrap().unwrap().keys.iter().any(|name| name.eq_ignore_ascii_case("software")));
    assert!(machine.key(r"HKCU\Software").unwrap().is_some());
}

#[test]
fn a_certificate_of_the_store_is_read_by_its_thumbprint() {
    let Some(machine) = machine() else { return };
    let store = r"HKLM\SOFTWARE\Microsoft\SystemCertificates\Remote Desktop\Certificates";
    let thumbprint = "0123456789ABCDEF0123456789ABCDEF01234567";
    add(&format!(r"{store}\{thumbprint}"), "Blob", "REG_BINARY", &"20000000".repeat(700));
    assert_eq!(key(&machine, store).keys, [thumbprint]);
    let blob = key(&machine, &format!(r"{store}\{thumbprint}"));
    assert_eq!(blob.value("Blob").unwrap().data.bytes.len(), 2800);
}

#[test]
fn services_are_told_as_they_run() {
    let Some(machine) = machine() else { return };
    let stopped = Ok(Some(ServiceStatus { state: STOPPED, process: None }));
    assert_eq!(machine.service_status("NoSuchService"), Ok(None));
    run("sc", &["create", "RdpDoctorTest", "binPath=", r"C:\windows\system32\nothing.exe", "start=", "demand"]);
    assert_eq!(machine.service_status("rdpdoctortest"), stopped);
    let running = machine.service_status("EventLog").unwrap().unwrap();
    assert_eq!(running.state, RUNNING);
    assert!(running.process.is_some());
}

#[test]
fn files_are_below_the_system_drive_and_only_there() {
    let Some(machine) = machine() else { return };
    fs::create_dir_all(r"C:\ProgramData\RdpDoctorTest\below").unwrap();
    fs::write(r"C:\ProgramData\RdpDoctorTest\key", "0123456789").unwrap();
    let file = machine.file(r"ProgramData\RdpDoctorTest\key").unwrap().unwrap();
    assert_eq!((file.name.as_str(), file.is_folder, file.size), ("key", false, 10));
    assert!(file.modified.is_some());
    assert_eq!(file.descriptor.unwrap().first(), Some(&1));
    let mut found = machine.folder("ProgramData/RdpDoctorTest").unwrap().unwrap();
    found.sort_by(|one, other| one.name.cmp(&other.name));
    assert_eq!(
        found.iter().map(|it| (it.name.as_str(), it.is_folder)).collect::<Vec<_>>(),
        [("below", true), ("key", false)]
    );
    assert_eq!(machine.read(r"ProgramData\RdpDoctorTest\key", 10), Ok(Some(b"0123456789".to_vec())));
    assert_eq!(machine.read(r"ProgramData\RdpDoctorTest\key", 9), Err(Unreadable::TooLarge { limit: 9 }));
    assert_eq!(machine.read(r"ProgramData\RdpDoctorTest\none", 9), Ok(None));
    assert_eq!(machine.folder(r"ProgramData\RdpDoctorTest\none\of\it"), Ok(None));
    assert_eq!(machine.file(r"ProgramData\RdpDoctorTest\key\below"), Ok(None));
    assert_ne!(machine.read(r"ProgramData\RdpDoctorTest\below\..\key", 10), Ok(Some(b"0123456789".to_vec())));
}

#[test]
fn a_listener_is_seen_where_it_listens() {
    let Some(machine) = machine() else { return };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let found = machine.listeners().unwrap().unwrap();
    assert!(found.iter().any(|it| it.address == address), "{address} is not among {found:?}");
}

#[test]
fn what_is_left_is_plausible() {
    let Some(machine) = machine() else { return };
    let left = machine.resources().unwrap().unwrap();
    let (free, all) = left.system_disk.unwrap();
    assert!(free <= all && all > 1 << 20);
    assert!(left.memory_free.unwrap() > 1 << 20);
    assert!(live::is_elevated().unwrap());
    assert_eq!(machine.notes(), Vec::<String>::new());
    assert!(live::os_version().is_some_and(|version| version >= (6, 1, 7601)));
}

#[test]
fn nothing_is_stored_in_a_fresh_account() {
    let Some(machine) = machine() else { return };
    assert_eq!(machine.credentials(), Ok(Some(Vec::new())));
}

#[test]
fn what_wine_does_not_know_is_never_absent() {
    let Some(machine) = machine() else { return };
    assert_eq!(machine.active_profiles(), Err(Unreadable::NoAnswer));
    let rule = "v2.10|Action=Allow|Dir=In|Protocol=6|LPort=3389|EmbedCtxt=@FirewallAPI.dll,-28752|";
    assert_eq!(machine.rule_in_force(rule), Err(Unreadable::NoAnswer));
    assert_eq!(machine.switch_rule(rule, true), Err(Unreadable::NoAnswer.into()));
    assert_eq!(machine.rights(), Err(Unreadable::NoAnswer));
    for name in ["localhost", "ts01.example.com"] {
        assert_eq!(machine.cached_name(name), Err(Unreadable::NoAnswer), "no service keeps a cache");
    }
    let wanted = Wanted::of([("Schannel", 36870), ("TermService", 1058)]);
    assert_eq!(machine.events("System", &wanted, &mut |_| ()), Err(Unreadable::NoAnswer));
}

#[test]
fn values_and_keys_are_changed_one_by_one() {
    let Some(machine) = machine() else { return };
    let parent = r"HKLM\SOFTWARE\RdpDoctorTest";
    let path = format!(r"{parent}\below");
    assert_eq!(machine.create_key(&path), Err(Unchanged::Absent));
    assert_eq!(machine.set_value(&path, "Word", &Data::of_dword(1)), Err(Unchanged::Absent));
    assert_eq!((machine.create_key(parent), machine.create_key(&path)), (Ok(true), Ok(true)));
    assert_eq!(machine.create_key(&path), Ok(false));
    for data in
        [Data::of_dword(1), Data::of_text("Straße"), Data::of_list(["a", "b"]), Data { kind: 77, bytes: vec![] }]
    {
        machine.set_value(&path, "Word", &data).unwrap();
        assert_eq!(key(&machine, &path).value("word").unwrap().data, data);
    }
    assert_eq!((machine.delete_value(&path, "Word"), machine.delete_value(&path, "Word")), (Ok(true), Ok(false)));
    machine.set_value(&path, "", &Data::of_text("default")).unwrap();
    assert_eq!(key(&machine, &path).text("").as_deref(), Some("default"));
    assert_eq!(machine.delete_key(parent), Err(Unchanged::HasKeys));
    assert_eq!((machine.delete_key(&path), machine.delete_key(&path)), (Ok(true), Ok(false)));
    assert_eq!((machine.delete_key(parent), machine.key(parent)), (Ok(true), Ok(None)));
    assert!(machine.delete_key("HKLM").is_err());
}

/// Wine keeps those of keys as long as it runs.
#[test]
fn permissions_of_a_key_are_changed_and_changed_back() {
    let Some(machine) = machine() else { return };
    let path = r"HKLM\SOFTWARE\RdpDoctorPermissions";
    let below = format!(r"{path}\below");
    machine.create_key(path).unwrap();
    machine.create_key(&below).unwrap();
    let old = machine.key_descriptor(path).unwrap().unwrap();
    let under = machine.key_descriptor(&below);
    let denied: Descriptor = "O:BAG:SYD:(D;CI;KW;;;SY)(A;CI;KA;;;BA)(A;CI;KA;;;SY)".parse().unwrap();
    machine.set_key_descriptor(path, &denied.to_bytes().unwrap()).unwrap();
    let found = Descriptor::read(&machine.key_descriptor(path).unwrap().unwrap()).unwrap();
    assert_eq!((found.owner, found.dacl, machine.key_descriptor(&below)), (denied.owner, denied.dacl.clone(), under));
    machine.set_key_descriptor(path, &old).unwrap();
    let [found, old] = [&machine.key_descriptor(path).unwrap().unwrap(), &old].map(|it| Descriptor::read(it).unwrap());
    assert_eq!((found.owner, found.dacl), (old.owner, old.dacl));
    assert_eq!(
        machine.set_key_descriptor(r"HKLM\SOFTWARE\NoSuchKey", &denied.to_bytes().unwrap()),
        Err(Unchanged::Absent)
    );
    assert!(matches!(machine.set_key_descriptor(path, &[1, 0]), Err(Unchanged::Refused(Unreadable::Damaged(_)))));
    machine.delete_key(&below).unwrap();
    machine.delete_key(path).unwrap();
}

#[test]
fn a_service_gets_another_account() {
    let Some(machine) = machine() else { return };
    let account = || key(&machine, r"HKLM\SYSTEM\CurrentControlSet\Services\TermService").text("ObjectName").unwrap();
    let old = account();
    machine.set_account("TermService", r"NT AUTHORITY\NetworkService").unwrap();
    assert_eq!(account(), r"NT AUTHORITY\NetworkService");
    machine.set_account("TermService", &old).unwrap();
    assert_eq!((account(), machine.set_account("NoSuchService", &old)), (old.clone(), Err(Unchanged::Absent)));
}

#[test]
fn a_service_is_started_stopped_and_disabled() {
    let Some(machine) = machine() else { return };
    let (name, patience) = ("Spooler", Duration::from_secs(20));
    let state = || machine.service_status(name).unwrap().unwrap().state;
    assert_eq!(machine.start_service("NoSuchService", patience), Err(Unchanged::Absent));
    machine.start_service(name, patience).unwrap();
    machine.start_service(name, patience).unwrap();
    assert_eq!(state(), RUNNING);
    assert_eq!(machine.running_dependents(name), Ok(Vec::new()));
    machine.stop_service(name, patience).unwrap();
    machine.stop_service(name, patience).unwrap();
    assert_eq!(state(), STOPPED);
    machine.set_start(name, Start::Disabled).unwrap();
    assert_eq!(machine.start_service(name, patience), Err(Unchanged::Disabled));
    let settings = key(&machine, &format!(r"HKLM\SYSTEM\CurrentControlSet\Services\{name}"));
    assert_eq!(settings.dword("Start"), Some(Start::Disabled.number()));
    machine.set_start(name, Start::Demand).unwrap();
    machine.start_service(name, patience).unwrap();
    machine.stop_service(name, patience).unwrap();
}

#[test]
fn files_move_and_overwrite_nothing() {
    let Some(machine) = machine() else { return };
    let folder = r"ProgramData\RdpDoctorMoves";
    fs::create_dir_all(format!(r"C:\{folder}")).unwrap();
    let [one, two, none] = ["one", "two", "none"].map(|name| format!(r"{folder}\{name}"));
    fs::write(format!(r"C:\{one}"), "1").unwrap();
    fs::write(format!(r"C:\{two}"), "2").unwrap();
    assert_eq!(machine.move_file(&one, &two), Err(Unchanged::Exists));
    assert_eq!(machine.move_file(&none, &one), Err(Unchanged::Absent));
    fs::remove_file(format!(r"C:\{two}")).unwrap();
    machine.move_file(&one, &two).unwrap();
    assert_eq!((machine.file(&one), machine.read(&two, 9)), (Ok(None), Ok(Some(b"1".to_vec()))));
}

/// Wine keeps no descriptor of a file and says that it did.
#[test]
fn a_descriptor_that_is_not_kept_is_told() {
    let Some(machine) = machine() else { return };
    let path = r"ProgramData\RdpDoctorDescriptor";
    fs::write(format!(r"C:\{path}"), "key").unwrap();
    let wanted: Descriptor = "O:SYG:SYD:PAI(A;;FA;;;SY)(A;;FA;;;BA)(A;;FR;;;NS)".parse().unwrap();
    assert_eq!(wanted.owner, Some(Sid::SYSTEM));
    let wanted = wanted.to_bytes().unwrap();
    assert_eq!(machine.set_descriptor(path, &wanted), Err(Unchanged::NotKept));
    assert_eq!(machine.set_descriptor(r"ProgramData\none", &wanted), Err(Unchanged::Absent));
    assert!(matches!(machine.set_descriptor(path, &[1, 0]), Err(Unchanged::Refused(Unreadable::Damaged(_)))));
}
