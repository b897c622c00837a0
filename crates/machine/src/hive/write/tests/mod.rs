mod audit;
mod model;

use std::path::Path;
use std::process::Command;

use super::*;
use crate::hive::cell::NOWHERE;
use crate::hive::header::{field, put_u32, seal};
use crate::hive::testing::Builder;
use crate::hive::{Defect, Unreplayed};
use crate::registry::Data;
use audit::audit;

const DESCRIPTOR: [u8; 5] = [1, 2, 3, 4, 5];

/// A root with a security descriptor and nothing else.
fn bare(minor: u32) -> Vec<u8> {
    let mut hive = Builder::new();
    hive.minor = minor;
    let root = hive.key(NOWHERE, "ROOT");
    let mut security = b"sk\0\0".to_vec();
    let own = hive.next();
    for field in [own, own, 1, 5] {
        security.extend(field.to_le_bytes());
    }
    security.extend(DESCRIPTOR);
    let security = hive.cell(&security);
    hive.patch(root, 4 + 44, &security.to_le_bytes());
    hive.file()
}

fn writer(minor: u32) -> HiveWriter {
    Hive::open(bare(minor), Vec::new()).unwrap().edit().unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn value(name: &str, length: usize, byte: u8) -> Value {
    Value { name: name.to_owned(), data: Data { kind: u32::from(byte), bytes: vec![byte; length] } }
}

fn reopened(writer: &HiveWriter) -> Hive {
    let hive = Hive::open(writer.clone().finish(at(0)), Vec::new()).unwrap();
    assert_eq!(hive.state(), State::Clean);
    hive
}

#[test]
fn values_are_created_overwritten_and_deleted() {
    let mut writer = writer(5);
    for (second, length) in (1..).zip([4, 0, 3, 5, 12, 5, 100, 20_000, 20_000, 33_000, 1]) {
        writer.set_value("", &value("Größe", length, 7), at(second)).unwrap();
        audit(writer.hive());
        let hive = reopened(&writer);
        assert_eq!(hive.root().value("GRÖSSE"), Ok(None));
        assert_eq!(hive.root().value("grÖße").unwrap(), Some(value("Größe", length, 7)));
        assert_eq!(hive.root().last_written(), Some(at(second)));
    }
    writer.delete_value("", "GRößE", at(99)).unwrap();
    audit(writer.hive());
    assert_eq!(reopened(&writer).root().values().count(), 0);
    assert_eq!(writer.hive().root().last_written(), Some(at(99)));
    assert_eq!(writer.delete_value("", "Größe", at(99)), Err(EditError::NoValue));
}

#[test]
fn data_of_the_same_size_stays_where_it_is() {
    for length in [4, 100, 40_000] {
        let mut writer = writer(5);
        writer.set_value("", &value("v", length, 1), at(0)).unwrap();
        let before = writer.hive().bytes.clone();
        writer.set_value("", &value("v", length, 2), at(0)).unwrap();
        let changed = before.iter().zip(&writer.hive().bytes).filter(|(old, new)| old != new).count();
        assert_eq!(changed, length + 1, "the data and its type");
        assert_eq!(writer.hive().root().value("v").unwrap(), Some(value("v", length, 2)));
    }
}

#[test]
fn old_versions_have_no_segments() {
    let mut writer = writer(3);
    writer.set_value("", &value("v", 40_000, 1), at(0)).unwrap();
    writer.set_value("", &value("v", 40_000, 2), at(0)).unwrap();
    writer.create_key("a", None, at(0)).unwrap();
    audit(writer.hive());
    assert_eq!(reopened(&writer).root().value("v").unwrap(), Some(value("v", 40_000, 2)));
    assert!(!writer.hive().bytes.windows(2).any(|bytes| matches!(bytes, b"db" | b"lh")));
}

#[test]
fn keys_are_created_and_deleted() {
    let mut writer = writer(5);
    writer.create_key("Policies", None, at(1)).unwrap();
    writer.create_key(r"\Policies\Terminal Services\", Some(&[9, 9]), at(2)).unwrap();
    writer.create_key(r"POLICIES\Other", Some(&[9, 9]), at(3)).unwrap();
    audit(writer.hive());
    let hive = reopened(&writer);
    let services = hive.key(r"policies\terminal services").unwrap().unwrap();
    assert_eq!((services.security(), services.last_written()), (Ok(&[9, 9][..]), Some(at(2))));
    let policies = hive.key("Policies").unwrap().unwrap();
    assert_eq!((policies.security(), policies.last_written()), (Ok(&DESCRIPTOR[..]), Some(at(3))));
    assert_eq!(writer.create_key("policies", None, at(4)), Err(EditError::Exists));
    assert_eq!(writer.create_key(r"Absent\Key", None, at(4)), Err(EditError::NoKey));
    assert_eq!(writer.delete_key("Policies", at(4)), Err(EditError::HasSubkeys));
    assert_eq!(writer.delete_key("", at(4)), Err(EditError::Protected));
    for name in ["", "é", &"x".repeat(256), r"\"] {
        assert!(writer.create_key(&format!(r"Policies\{name}\"), None, at(4)).is_err(), "{name}");
    }
    for path in [r"Policies\Other", r"Policies\Terminal Services", "Policies"] {
        writer.set_value(path, &value("v", 50, 1), at(5)).unwrap();
        writer.delete_key(path, at(6)).unwrap();
        audit(writer.hive());
    }
    assert_eq!(writer.hive().root().subkeys().count(), 0);
    assert_eq!(writer.hive().root().last_written(), Some(at(6)));
}

#[test]
fn a_descriptor_is_shared_where_another_key_has_it_and_goes_with_its_last_key() {
    let mut writer = writer(5);
    for key in ["A", "B", r"B\C"] {
        writer.create_key(key, None, at(1)).unwrap();
    }
    let before = writer.hive().clone();
    let set = |writer: &mut HiveWriter, key: &str, descriptor: &[u8]| {
        writer.set_security(key, descriptor, at(2)).unwrap();
        audit(writer.hive());
        let hive = reopened(writer);
        let key = hive.key(key).unwrap().unwrap();
        assert_eq!((key.security(), key.last_written()), (Ok(descriptor), Some(at(2))));
        slots::Slots::new(writer.hive().bins().bytes()).filter(|slot| slot.as_ref().is_ok_and(|it| !it.is_free)).count()
    };
    let cells = set(&mut writer, "A", &[9, 9]);
    assert_eq!(set(&mut writer, r"B\C", &[9, 9]), cells, "shared");
    assert_eq!(set(&mut writer, "A", &[9, 9]), cells, "unchanged");
    assert_eq!(writer.hive().key("B").unwrap().unwrap().security(), Ok(&DESCRIPTOR[..]), "and nothing else");
    assert_eq!(set(&mut writer, "A", &[8, 8, 8]), cells + 1);
    assert_eq!(set(&mut writer, "", &[7; 100]), cells + 2, "the root's too");
    assert_eq!(set(&mut writer, "", &DESCRIPTOR), cells + 1);
    set(&mut writer, "A", &DESCRIPTOR);
    assert_eq!(set(&mut writer, r"B\C", &DESCRIPTOR), cells - 1);
    for key in ["A", r"B\C", ""] {
        let written = before.key(key).unwrap().unwrap().last_written().unwrap();
        writer.set_last_written(key, written).unwrap();
    }
    assert_eq!(writer.set_security("Absent", &DESCRIPTOR, at(2)), Err(EditError::NoKey));
}

#[test]
fn long_lists_of_subkeys_are_divided() {
    for minor in [3, 5] {
        let mut writer = writer(minor);
        for number in 0..1100 {
            writer.create_key(&format!("Key{:04}", number * 7919 % 1100), None, at(0)).unwrap();
        }
        audit(writer.hive());
        assert_eq!(reopened(&writer).root().subkeys().flatten().count(), 1100);
        for number in 0..1100 {
            writer.delete_key(&format!("KEY{number:04}"), at(0)).unwrap();
        }
        audit(writer.hive());
    }
}

/// Windows' own hives pass, with no cell that is lost, and so do they when they have been changed.
#[test]
fn a_hive_of_windows_stays_as_windows_would_have_it() {
    for name in ["win7-SYSTEM", "win10-1709-SYSTEM"] {
        let [primary, first, second] = ["", ".LOG1", ".LOG2"].map(|log| sample(&format!("regipy-{name}{log}")));
        let Some(primary) = primary else { continue };
        let mut writer = Hive::open(primary, [first, second].into_iter().flatten().collect()).unwrap().edit().unwrap();
        audit(writer.hive());
        writer.create_key(r"ControlSet001\Services\Another", None, at(1)).unwrap();
        writer.set_value(r"ControlSet001\Services\Another", &value("v", 30_000, 1), at(1)).unwrap();
        writer.delete_value(r"ControlSet001\Services\TermService", "Start", at(1)).unwrap();
        audit(&reopened(&writer));
        writer.delete_key(r"ControlSet001\Services\Another", at(1)).unwrap();
        audit(&reopened(&writer));
    }
}

fn sample(name: &str) -> Option<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../../shared/samples/hive/{name}.xz"));
    let unpacked = path.exists().then(|| Command::new("xz").arg("-dc").arg(path).output().ok()).flatten();
    if unpacked.is_none() {
        println!("skipped: no sample {name}, or no xz");
    }
    unpacked.map(|output| output.stdout).filter(|bytes| !bytes.is_empty())
}

#[test]
fn a_written_hive_says_when() {
    let mut writer = writer(5);
    writer.set_value("", &value("v", 1, 1), at(1)).unwrap();
    let bytes = writer.finish(at(2));
    let hive = Hive::open(bytes, Vec::new()).unwrap();
    assert_eq!(hive.header.written, filetime(at(2)));
    assert_eq!((hive.header.primary_sequence, hive.header.secondary_sequence), (8, 8));
    assert_eq!(hive.bytes[4096 + 20..4096 + 28], filetime(at(2)).to_le_bytes());
    assert_eq!(hive.root().last_written(), Some(at(1)));
}

#[test]
fn a_key_can_say_again_when_it_was_written() {
    let mut writer = writer(5);
    let before = writer.hive().bytes.clone();
    let written = writer.hive().root().last_written().unwrap();
    writer.set_last_written("", at(1)).unwrap();
    assert_eq!(writer.hive().root().last_written(), Some(at(1)));
    writer.set_last_written("", written).unwrap();
    assert_eq!(writer.hive().bytes, before);
    assert_eq!(writer.set_last_written("Absent", at(1)), Err(EditError::NoKey));
}

#[test]
fn what_does_not_fit_changes_nothing() {
    let mut writer = writer(5);
    let before = writer.hive().bytes.clone();
    assert_eq!(writer.set_value("", &value("v", (1 << 20) + 1, 1), at(1)), Err(EditError::TooLarge));
    assert_eq!(writer.set_value("", &value(&"n".repeat(16_384), 1, 1), at(1)), Err(EditError::Name));
    assert_eq!(writer.set_value("Absent", &value("v", 1, 1), at(1)), Err(EditError::NoKey));
    assert_eq!(writer.hive().bytes, before);
}

#[test]
fn a_dirty_or_damaged_hive_is_left_alone() {
    let mut dirty = bare(5);
    put_u32(&mut dirty, field::PRIMARY_SEQUENCE, 9);
    seal(&mut dirty);
    let dirty = Hive::open(dirty, Vec::new()).unwrap();
    assert_eq!(dirty.state(), State::Dirty { why: Unreplayed::NoLog });
    assert_eq!(dirty.edit().unwrap_err(), EditError::Dirty);

    let damage = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = bare(5);
        change(&mut bytes);
        match Hive::open(bytes, Vec::new()).unwrap().edit() {
            Err(EditError::Damaged(damage)) => damage.what,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(damage(&|bytes| bytes[4096] = b'x'), Defect::Bin);
    assert_eq!(damage(&|bytes| bytes[4096 + 5] = 0x10), Defect::Bin);
    assert_eq!(damage(&|bytes| bytes.truncate(8000)), Defect::Bin);
    let security = 4096 + 32 + 88;
    assert_eq!(damage(&move |bytes| bytes[security + 8] = 32), Defect::Missing("sk"));
    let free = 4096 + 32 + 88 + 32;
    assert_eq!(damage(&move |bytes| bytes[free] += 8), Defect::CellSize);
    assert_eq!(damage(&move |bytes| bytes[free] -= 8), Defect::CellSize);
}

#[test]
fn a_ring_of_descriptors_that_does_not_lead_back_is_damage() {
    let mut writer = writer(5);
    writer.create_key("A", Some(&[9, 9]), at(1)).unwrap();
    let hive = writer.hive().clone();
    let second = usize::try_from(hive.key("A").unwrap().unwrap().node().security).unwrap();
    for link in [4, 8] {
        let mut broken = hive.clone();
        put_u32(&mut broken.bytes, 4096 + second + 4 + link, second.try_into().unwrap());
        let refused = broken.edit().unwrap_err();
        assert!(matches!(refused, EditError::Damaged(Damage { what: Defect::Misplaced, .. })), "{refused}");
    }
}

#[test]
fn a_cell_that_two_keys_use_is_damage() {
    let mut hive = Builder::new();
    let root = hive.key(NOWHERE, "ROOT");
    let child = hive.key(root, "A");
    let list = hive.list("lh", &[child]);
    hive.below(root, 1, list);
    let shared = hive.dword("v", 1);
    hive.values(root, &[shared]);
    hive.values(child, &[shared]);
    let refused = hive.open().unwrap().edit().unwrap_err();
    assert!(matches!(refused, EditError::Damaged(Damage { what: Defect::Misplaced, .. })));
}

#[test]
fn a_deleted_cell_that_is_still_used_is_damage() {
    let refused = |list: fn(&mut Builder, u32, u32)| {
        let mut hive = Builder::new();
        let root = hive.key(NOWHERE, "ROOT");
        let gone = hive.deleted(&[0; 40]);
        list(&mut hive, root, gone);
        hive.open().unwrap().edit().unwrap_err()
    };
    let expected = EditError::Damaged(Damage { offset: 4096 + 32 + 88, what: Defect::Outside });
    assert_eq!(refused(|hive, root, gone| hive.values(root, &[gone])), expected);
    let below = |hive: &mut Builder, root, gone| {
        let list = hive.list("lh", &[gone]);
        hive.below(root, 1, list);
    };
    assert_eq!(refused(below), expected);
}

#[test]
fn a_key_within_the_data_of_another_is_damage() {
    let mut hive = Builder::new();
    let root = hive.key(NOWHERE, "ROOT");
    let inner = hive.key(root, "A");
    let list = hive.list("lh", &[inner]);
    hive.below(root, 1, list);
    // Both cells become one, and the key a part of what it holds.
    hive.patch(root, 0, &(-176_i32).to_le_bytes());
    let hive = hive.open().unwrap();
    assert!(hive.key("A").unwrap().is_some());
    assert_eq!(
        hive.edit().unwrap_err(),
        EditError::Damaged(Damage { offset: 4096 + u64::from(inner), what: Defect::Outside })
    );
}
