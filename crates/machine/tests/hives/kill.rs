//! A program that is killed while it writes a hive.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rdpdoctor_machine::change::Change as _;
use rdpdoctor_machine::hive::Hive;
use rdpdoctor_machine::offline::recover;
use rdpdoctor_machine::registry::Data;

use crate::disk::{SERVER, made, writer};

const FOLDER: &str = "RDPDOCTOR_TEST_FOLDER";
const ROUNDS: u64 = 25;

/// Bytes that say which write they are of, in as many as make cells move and the hive grow.
fn content(number: u32) -> Vec<u8> {
    let length = 1 + number as usize * 997 % 9000;
    number.to_le_bytes().into_iter().cycle().take(4 * length).collect()
}

/// Writes one value after the other until it is killed, and says in a file which one is done.
#[test]
#[ignore = "is started and killed by another test"]
fn child() {
    let folder = std::env::var_os(FOLDER).unwrap();
    let folder = Path::new(&folder);
    let disk = writer(&folder.join("disk"), &folder.join("kept"));
    for number in said(folder) + 1.. {
        disk.set_value(SERVER, "Counter", &Data::of_bytes(content(number))).unwrap();
        fs::write(folder.join("new"), number.to_string()).unwrap();
        fs::rename(folder.join("new"), folder.join("said")).unwrap();
    }
}

fn said(folder: &Path) -> u32 {
    fs::read_to_string(folder.join("said")).map_or(0, |text| text.parse().unwrap())
}

/// Which write the hive is of.
fn found(folder: &Path) -> u32 {
    let hive = Hive::open(fs::read(folder.join("disk/SYSTEM")).unwrap(), Vec::new()).unwrap();
    let hive = hive.edit().unwrap().hive().clone();
    let server = hive.key(r"ControlSet002\Control\Terminal Server").unwrap().unwrap();
    let Some(value) = server.value("Counter").unwrap() else { return 0 };
    let number = u32::from_le_bytes(value.data.bytes[..4].try_into().unwrap());
    assert!(value.data.bytes == content(number), "the whole value is of one write");
    number
}

#[test]
fn a_program_that_is_killed_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["disk", "kept"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    fs::write(folder.path().join("disk/SYSTEM"), made()).unwrap();
    let mut put_back = 0;
    for round in 0..ROUNDS {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "kill::child", "--ignored"]).env(FOLDER, folder.path());
        let mut child = command.stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(20 + round * 13 % 50));
        child.kill().unwrap();
        child.wait().unwrap();
        let before = said(folder.path());
        put_back += recover(&folder.path().join("disk"), &folder.path().join("kept")).unwrap().len();
        let now = found(folder.path());
        assert!((before..=before + 1).contains(&now), "{now} was found and {before} said to be done");
    }
    println!("{} writes, {put_back} of {ROUNDS} put back", said(folder.path()));
    assert!(said(folder.path()) > 0, "something was written");
}
