//! Changed hives.

use jiff::Timestamp;
use rdpdoctor_machine::hive::{Hive, HiveWriter, State, current_control_set};
use rdpdoctor_machine::registry::{Data, Value};
use rdpdoctor_machine::security::Descriptor;

use crate::compare::{counted_by_python, dump, permissions_by_reglookup, readers, sample};

/// A root key with a security descriptor, as Windows lays out a hive; version 1.5.
pub(crate) fn bare() -> Vec<u8> {
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
    let (none, time) = (u32::MAX, 0x01D6_8E35_u32);
    // Signature, sequence numbers, time, version, type, format, root, size of the bins, clustering.
    let mut file = [b"regf".to_vec(), words(&[1, 1, 0, time, 1, 5, 0, 1, 32, 4096, 1])].concat();
    file.resize(508, 0);
    let sum = file.chunks_exact(4).fold(0, |sum, word| sum ^ u32::from_le_bytes(word.try_into().unwrap()));
    file.extend(words(&[sum]));
    file.resize(4096, 0);
    file.extend([b"hbin".to_vec(), words(&[0, 4096, 0, 0, 0, time, 0])].concat());
    // The root (KEY_HIVE_ENTRY, KEY_NO_DELETE, KEY_COMP_NAME) with its name of four letters.
    file.extend(
        [words(&[88_u32.wrapping_neg()]), b"nk\x2C\0".to_vec(), words(&[0, time, 0, 0, 0, 0, none, none])].concat(),
    );
    file.extend(words(&[0, none, 120, none, 0, 0, 0, 0, 0, 4]));
    file.extend([b"ROOT".to_vec(), words(&[0])].concat());
    // The security descriptor: next, previous, keys, length, an empty one.
    file.extend([words(&[48_u32.wrapping_neg()]), b"sk\0\0".to_vec(), words(&[120, 120, 1, 20])].concat());
    file.extend([words(&[0x8000_0001, 0, 0, 0, 0]), words(&[0])].concat());
    file.extend(words(&[4096 - 168]));
    file.resize(8192, 0);
    file
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn value(name: &str, data: Data) -> Value {
    Value { name: name.to_owned(), data }
}

type Edit = Box<dyn Fn(&mut HiveWriter)>;

/// Every kind of change, on a key that is created first.
fn edits(below: &str) -> Vec<Edit> {
    let key = format!(r"{below}\Policies").trim_start_matches('\\').to_owned();
    let set = |name: &str, data: Data| -> Edit {
        let (key, value) = (key.clone(), value(name, data));
        Box::new(move |writer| writer.set_value(&key, &value, at(2)).unwrap())
    };
    let delete = |name: &'static str| -> Edit {
        let key = key.clone();
        Box::new(move |writer| writer.delete_value(&key, name, at(3)).unwrap())
    };
    let create = |name: &str, descriptor: Option<Vec<u8>>| -> Edit {
        let path = format!(r"{key}\{name}").trim_end_matches('\\').to_owned();
        Box::new(move |writer| writer.create_key(&path, descriptor.as_deref(), at(1)).unwrap())
    };
    let remove = |name: &str| -> Edit {
        let path = format!(r"{key}\{name}").trim_end_matches('\\').to_owned();
        Box::new(move |writer| writer.delete_key(&path, at(4)).unwrap())
    };
    let descriptor = Some([&[1, 0, 0, 0x80][..], &[0; 16]].concat());
    vec![
        create("", None),
        set("fDenyTSConnections", Data::of_dword(1)),
        set("fDenyTSConnections", Data::of_dword(0)),
        set("", Data::of_text("unnamed")),
        set("Größe", Data::of_text("ein längerer Text")),
        set("größe", Data::of_text("kurz")),
        set("€", Data::of_bytes(vec![7; 300])),
        set("long", Data::of_bytes(vec![8; 16_344])),
        set("long", Data::of_bytes(vec![9; 40_000])),
        set("long", Data::of_bytes(vec![10; 40_000])),
        set("long", Data::of_bytes(Vec::new())),
        create("b", None),
        create("B2", descriptor.clone()),
        create("A", descriptor),
        create(r"b\deep", None),
        delete(""),
        set("list", Data::of_list(["a", "b"])),
        delete("GRÖßE"),
        remove(r"b\deep"),
        remove("B2"),
        delete("long"),
    ]
}

#[test]
fn other_readers_see_every_edit() {
    let mut writer = Hive::open(bare(), Vec::new()).unwrap().edit().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    let mut dumps = vec![];
    for (number, edit) in edits("").into_iter().enumerate() {
        edit(&mut writer);
        files.push(folder.path().join(number.to_string()));
        std::fs::write(&files[number], writer.clone().finish(at(9))).unwrap();
        dumps.push(dump(writer.hive()));
    }
    for (reader, theirs) in readers(&files) {
        assert_eq!(theirs.len(), dumps.len());
        for (number, (mine, theirs)) in dumps.iter().zip(&theirs).enumerate() {
            mine.assert_same(theirs, &format!("{reader} after edit {number}"));
        }
    }
}

#[test]
fn a_long_list_of_subkeys_is_read_by_others() {
    let mut writer = Hive::open(bare(), Vec::new()).unwrap().edit().unwrap();
    for number in 0..1100 {
        writer.create_key(&format!("Key{}", number * 7919 % 1100), None, at(number)).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hive");
    std::fs::write(&file, writer.clone().finish(at(9))).unwrap();
    for (reader, theirs) in readers(&[file]) {
        dump(writer.hive()).assert_same(&theirs[0], reader);
    }
}

/// Edits a sample and compares all of it, with what other readers find and with what was there before.
fn edit_sample(hive: Hive) {
    let set = current_control_set(&hive).unwrap();
    let below = format!(r"{set}\Control\Terminal Server");
    let before = dump(&hive);
    let mut writer = hive.edit().unwrap();
    for edit in edits(&below) {
        edit(&mut writer);
    }
    let listener = format!(r"{below}\WinStations\RDP-Tcp");
    writer.set_value(&listener, &value("PortNumber", Data::of_dword(3390)), at(5)).unwrap();
    let bytes = writer.finish(at(6));
    let hive = Hive::open(bytes.clone(), Vec::new()).unwrap();
    assert_eq!(hive.state(), State::Clean);
    let listener = hive.key(&listener).unwrap().unwrap();
    assert_eq!(listener.value("PortNumber").unwrap().unwrap().data.dword(), Some(3390));

    let after = dump(&hive);
    assert!(after.damage.is_empty());
    let gone: Vec<&String> = before.lines.difference(&after.lines).collect();
    // The port, and when its key and the one above the new key were written.
    assert_eq!(gone.len(), 3, "{gone:#?}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hive");
    std::fs::write(&file, bytes).unwrap();
    for (reader, theirs) in readers(&[file]) {
        after.assert_same(&theirs[0], reader);
    }
}

#[test]
fn a_clean_hive_of_windows_7_is_edited() {
    if let Some(bytes) = sample("regipy-win7-SYSTEM") {
        edit_sample(Hive::open(bytes, Vec::new()).unwrap());
    }
}

#[test]
fn a_replayed_hive_of_windows_10_is_edited() {
    let names = ["", ".LOG1", ".LOG2"].map(|suffix| format!("regipy-win10-1709-SYSTEM{suffix}"));
    let [Some(primary), Some(first), Some(second)] = names.map(|name| sample(&name)) else { return };
    edit_sample(Hive::open(primary, vec![first, second]).unwrap());
}

/// The permissions of one key, and no other's, are what was written and then what they were; so say others who read it.
fn secure_sample(hive: Hive) {
    let set = current_control_set(&hive).unwrap();
    let key = format!(r"{set}\Control\Terminal Server");
    let folder = tempfile::tempdir().unwrap();
    let seen = |hive: &Hive, name: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, hive.clone().edit().unwrap().finish(at(9))).unwrap();
        (permissions_by_reglookup(&path), counted_by_python(&path))
    };
    let (before, counted) = seen(&hive, "before");
    let old = hive.key(&key).unwrap().unwrap().security().unwrap().to_vec();
    let mut writer = hive.edit().unwrap();
    let denied: Descriptor = "O:BAG:SYD:AI(D;CI;KW;;;SY)(A;CIID;KA;;;BA)(A;CI;KA;;;SY)".parse().unwrap();
    writer.set_security(&key, &denied.to_bytes().unwrap(), at(1)).unwrap();
    let (after, _) = seen(writer.hive(), "after");
    if let (Some(before), Some(after)) = (&before, after) {
        let new: Vec<&String> = after.difference(before).collect();
        assert!(new.len() == 1 && before.difference(&after).count() == 1, "{new:#?}");
        let all = "QRY_VAL SET_VAL CREATE_KEY ENUM_KEYS NOTIFY CREATE_LNK DELETE R_CONT W_DAC W_OWNER";
        let wanted = format!(
            "/{set}/Control/Terminal Server S-1-5-32-544 S-1-5-18  S-1-5-18:DENY:SET_VAL CREATE_KEY R_CONT:CI|S-1-5-32-544:ALLOW:{all}:CI IA|S-1-5-18:ALLOW:{all}:CI"
        );
        assert_eq!(new[0].trim_end(), wanted);
    }
    writer.set_security(&key, &old, at(2)).unwrap();
    assert_eq!(seen(writer.hive(), "undone"), (before, counted));
}

#[test]
fn permissions_of_a_key_of_windows_7_are_set_and_set_back() {
    if let Some(bytes) = sample("regipy-win7-SYSTEM") {
        secure_sample(Hive::open(bytes, Vec::new()).unwrap());
    }
}

#[test]
fn permissions_of_a_key_of_windows_10_are_set_and_set_back() {
    let names = ["", ".LOG1", ".LOG2"].map(|suffix| format!("regipy-win10-1709-SYSTEM{suffix}"));
    let [Some(primary), Some(first), Some(second)] = names.map(|name| sample(&name)) else { return };
    secure_sample(Hive::open(primary, vec![first, second]).unwrap());
}
