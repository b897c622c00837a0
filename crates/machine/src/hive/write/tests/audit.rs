//! What Windows relies on and a reader does not look at.

use std::collections::HashSet;

use crate::hive::cell::NOWHERE;
use crate::hive::list::{ENTRIES, stride};
use crate::hive::name::{hash, upper};
use crate::hive::write::slots::{self, Slots};
use crate::hive::write::usage::Usage;
use crate::hive::{Hive, Key};
use crate::registry::Value;

/// Fails where a hive is not as Windows would have written it.
pub(super) fn audit(hive: &Hive) {
    slots::check(hive).unwrap();
    let usage = Usage::of(hive).unwrap();
    let slots: Vec<_> = Slots::new(hive.bins().bytes()).map(Result::unwrap).collect();
    let taken = slots.iter().filter(|slot| !slot.is_free).map(|slot| u32::try_from(slot.at).unwrap());
    let known: HashSet<u32> = usage.used.iter().chain(usage.descriptors.keys()).copied().collect();
    assert_eq!(taken.collect::<HashSet<_>>(), known, "cells that are lost, or used though deleted");
    for pair in slots.windows(2) {
        assert!(!(pair[0].is_free && pair[1].is_free && pair[0].bin == pair[1].bin), "free cells side by side");
    }
    let all: HashSet<u32> = usage.descriptors.keys().copied().collect();
    for (cell, keys) in usage.descriptors {
        assert_eq!(hive.bins().cell(cell).unwrap().u32(12), Ok(keys), "keys of a security descriptor");
        let next = hive.bins().cell(cell).unwrap().u32(4).unwrap();
        assert_eq!(hive.bins().cell(next).unwrap().u32(8), Ok(cell), "ring of security descriptors");
    }
    assert_eq!(ring(hive), all, "one ring has them all, and none that no key has");
    audit_key(hive, &hive.root());
}

/// The descriptors as Windows finds them when it loads a hive: one after the other, from that of the root.
fn ring(hive: &Hive) -> HashSet<u32> {
    let (mut seen, mut at) = (HashSet::new(), hive.root().node().security);
    while at != NOWHERE && seen.insert(at) {
        at = hive.bins().cell(at).unwrap().u32(4).unwrap();
    }
    seen
}

fn audit_key(hive: &Hive, key: &Key<'_>) {
    let cell = hive.bins().cell(key.node().offset).unwrap();
    let children: Vec<Key<'_>> = key.subkeys().map(Result::unwrap).collect();
    let names: Vec<Vec<u16>> = children.iter().map(|key| key.name().encode_utf16().map(upper).collect()).collect();
    assert!(names.is_sorted(), "{names:?}");
    let longest = children.iter().map(|key| 2 * key.name().len()).max().unwrap_or(0);
    assert!(usize::from(cell.u16(52).unwrap()) >= longest);
    let values: Vec<Value> = key.values().map(Result::unwrap).collect();
    let largest = values.iter().map(|value| value.data.bytes.len()).max().unwrap_or(0);
    assert!(usize::try_from(cell.u32(64).unwrap()).unwrap() >= largest);
    let longest = values.iter().map(|value| 2 * value.name.encode_utf16().count()).max().unwrap_or(0);
    assert!(usize::try_from(cell.u32(60).unwrap()).unwrap() >= longest);
    if values.is_empty() {
        assert_eq!([cell.u32(36), cell.u32(40), cell.u32(60), cell.u32(64)], [Ok(0), Ok(NOWHERE), Ok(0), Ok(0)]);
    }
    audit_hints(hive, key, &names);
    for child in &children {
        audit_key(hive, child);
    }
}

fn audit_hints(hive: &Hive, key: &Key<'_>, names: &[Vec<u16>]) {
    if names.is_empty() {
        assert_eq!(key.node().subkey_list, NOWHERE);
        return;
    }
    let list = hive.bins().cell(key.node().subkey_list).unwrap();
    let leaves = match list.signature() {
        b"ri" => {
            list.offsets(ENTRIES, 4, list.u16(2).unwrap().into()).map(|leaf| hive.bins().cell(leaf).unwrap()).collect()
        }
        _ => vec![list],
    };
    let mut names = names.iter();
    for leaf in leaves {
        let count = usize::from(leaf.u16(2).unwrap());
        assert!((1..=1012).contains(&count), "{count}");
        for entry in leaf.data[ENTRIES..].chunks_exact(stride(&leaf).unwrap()).take(count) {
            let name = names.next().unwrap();
            match leaf.signature() {
                b"lh" => assert_eq!(entry[4..], hash(name).to_le_bytes()),
                b"lf" => assert!(name.iter().zip(&entry[4..]).all(|(unit, byte)| *unit == upper((*byte).into()))),
                _ => {}
            }
        }
    }
}
