//! Hives of real machines, beside what another reader says of them. Skipped where samples or tools are absent.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "tests may stop, and say what they skip")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rdpdoctor_machine::regf::{Hive, HiveKey, HiveState};

const RDP_TCP: &str = r"ControlSet001\Control\Terminal Server\WinStations\RDP-Tcp";

/// An unpacked sample, or none where it is absent.
fn sample(name: &str) -> Option<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples/hive").join(name);
    let unpacked = path.is_file().then(|| Command::new("xz").arg("-dc").arg(&path).output().ok()).flatten();
    if unpacked.is_none() {
        println!("skipped: there is no sample {name}, or no xz");
    }
    Some(unpacked?.stdout)
}

fn windows_7() -> Option<Hive> {
    Some(Hive::open(sample("regipy-win7-SYSTEM.xz")?, &[]).unwrap())
}

fn windows_10() -> Option<Hive> {
    let logs = [sample("regipy-win10-1709-SYSTEM.LOG1.xz")?, sample("regipy-win10-1709-SYSTEM.LOG2.xz")?];
    Some(Hive::open(sample("regipy-win10-1709-SYSTEM.xz")?, &logs).unwrap())
}

fn count(key: HiveKey<'_>) -> (usize, usize) {
    let below = key.subkeys().unwrap().into_iter().map(count);
    below.fold((1, key.values().unwrap().len()), |sum, more| (sum.0 + more.0, sum.1 + more.1))
}

/// Keys and values as hivexml counts them; none where it is not installed.
fn counted_by_hivex(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let run = Command::new("hivexml").arg(file.path()).stderr(Stdio::null()).output();
    let Ok(output) = run else {
        println!("skipped: hivexml (libhivex-bin) is not installed");
        return None;
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Some((text.matches("<node ").count(), text.matches("<value ").count()))
}

fn dword(hive: &Hive, path: &str, name: &str) -> Option<u32> {
    hive.key(path).unwrap()?.value(name).unwrap()?.data.dword()
}

#[test]
fn a_clean_hive_says_what_its_machine_was_set_to() {
    let Some(hive) = windows_7() else { return };
    assert_eq!((hive.state(), hive.current_control_set()), (&HiveState::Clean, Ok(Some(1))));
    assert_eq!(dword(&hive, r"controlset001\control\terminal server", "fdenytsconnections"), Some(0));
    let values = ["PortNumber", "SecurityLayer", "UserAuthentication", "MinEncryptionLevel", "MaxInstanceCount"];
    let read = values.map(|name| dword(&hive, RDP_TCP, name).unwrap());
    assert_eq!(read, [3389, 1, 0, 2, u32::MAX]);
    assert_eq!(dword(&hive, RDP_TCP, "SSLCertificateSHA1Hash"), None);
    assert!(hive.key(r"ControlSet001\Control\Nothing").unwrap().is_none());
    let security = hive.key(RDP_TCP).unwrap().unwrap().security().unwrap();
    assert!(rdpdoctor_machine::security::Descriptor::read(security).unwrap().owner.is_some());
}

#[test]
fn the_whole_hive_is_read_as_hivex_reads_it() {
    let Some(hive) = windows_7() else { return };
    let Some(counted) = counted_by_hivex(hive.bytes()) else { return };
    assert_eq!((count(hive.root().unwrap()), hive.damaged()), (counted, 0));
}

#[test]
fn a_hive_that_was_not_closed_is_completed_from_its_logs() {
    let Some(hive) = windows_10() else { return };
    assert_eq!(hive.state(), &HiveState::Replayed { entries: 24 });
    assert_eq!(dword(&hive, r"ControlSet001\Control\Terminal Server", "fDenyTSConnections"), Some(1));
    let Some(counted) = counted_by_hivex(hive.bytes()) else { return };
    assert_eq!((count(hive.root().unwrap()), hive.damaged()), (counted, 0));
}

#[test]
fn without_its_logs_it_says_so_and_is_read_as_it_is() {
    let Some(bytes) = sample("regipy-win10-1709-SYSTEM.xz") else { return };
    let hive = Hive::open(bytes, &[]).unwrap();
    assert!(matches!(hive.state(), HiveState::Dirty { .. }));
    assert_eq!(dword(&hive, RDP_TCP, "PortNumber"), Some(3389));
}

#[test]
fn the_logs_of_another_machine_are_not_taken() {
    let (Some(bytes), Some(log)) = (sample("regipy-win10-1709-SYSTEM.xz"), sample("regipy-win10-1709-SYSTEM.LOG1.xz"))
    else {
        return;
    };
    let mut damaged = log;
    // One byte of the first page: the hash of the entry no longer fits.
    damaged[0x300] ^= 1;
    let hive = Hive::open(bytes, &[damaged, b"regf".repeat(1000)]).unwrap();
    assert!(matches!(hive.state(), HiveState::Dirty { .. }), "{:?}", hive.state());
}

#[test]
fn a_hive_cut_anywhere_gives_what_it_has() {
    let Some(bytes) = sample("regipy-win7-SYSTEM.xz") else { return };
    for share in 1..12 {
        let cut = bytes[..bytes.len() * share / 12].to_vec();
        let Ok(hive) = Hive::open(cut, &[]) else { continue };
        let _ = walk(&hive.root().unwrap());
        assert!(hive.damaged() > 0 || walk(&hive.root().unwrap()).is_err(), "{share} of 12");
    }
}

fn walk(key: &HiveKey<'_>) -> Result<usize, rdpdoctor_machine::regf::Damage> {
    let mut seen = key.values()?.len();
    for below in key.subkeys()? {
        seen += walk(&below)?;
    }
    Ok(seen)
}

#[test]
fn what_is_no_hive_is_named() {
    let refused = |bytes: &[u8]| Hive::open(bytes.to_vec(), &[]).unwrap_err().to_string();
    assert_eq!(refused(b""), "a registry hive that ends within its first block");
    assert_eq!(refused(b"MZ\x90\0"), "no registry hive");
    assert_eq!(refused(b"regf"), "a registry hive that ends within its first block");
    let mut old = vec![0; 8192];
    old[..4].copy_from_slice(b"regf");
    old[20] = 1;
    assert!(refused(&old).contains("version 1.0"));
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "Cargo.toml"].iter().collect();
    assert_eq!(refused(&fs::read(path).unwrap()), "no registry hive");
}
