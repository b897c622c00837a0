//! A hive with a log: reading ends, stays within it, and finds again by name what it lists. What is changed is read
//! back, and nothing else has changed.
#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use rdpdoctor_machine::hive::{Hive, HiveWriter, Key, State, current_control_set};
use rdpdoctor_machine::registry::{Data, Value};

/// Bytes before the first bin.
const BASE_BLOCK: usize = 4096;
/// No key node is smaller.
const SMALLEST_KEY: usize = 80;

fuzz_target!(|bytes: &[u8]| {
    let Some((&[minor, log_type, b0, b1, r0, r1, r2, r3], rest)) = bytes.split_first_chunk() else { return };
    let Some((bins, log)) = rest.split_at_checked(usize::from(u16::from_le_bytes([b0, b1]))) else { return };
    let bins: Vec<u8> = bins.iter().copied().chain(std::iter::repeat(0)).take(BASE_BLOCK).collect();
    let root = u32::from_le_bytes([r0, r1, r2, r3]);
    let mut primary = base_block(minor, 0, root, [if log.is_empty() { 7 } else { 8 }, 7]);
    primary.resize(BASE_BLOCK, 0);
    primary.extend(bins);
    let logs = vec![whole_log(base_block(minor, log_type, root, [8, 8]), log)];
    let most = (primary.len() + logs.iter().map(Vec::len).sum::<usize>()) / SMALLEST_KEY;
    let Ok(hive) = Hive::open(primary, logs) else { return };
    let _ = current_control_set(&hive);
    let mut seen = 0;
    walk(&hive.root(), &mut seen);
    assert!(seen <= most);
    if let Ok(writer) = hive.edit() {
        change(writer);
    }
});

fn change(mut writer: HiveWriter) {
    let at = "1970-01-01T00:00:00Z".parse().unwrap();
    let before = everything(writer.hive());
    let value = Value { name: "fuzz".to_owned(), data: Data::of_bytes([7; 700]) };
    let is_new = writer.hive().root().value("fuzz") == Ok(None);
    if is_new && writer.set_value("", &value, at).is_ok() {
        let hive = Hive::open(writer.clone().finish(at), Vec::new()).unwrap();
        assert_eq!(hive.state(), State::Clean);
        assert_eq!(hive.root().value("fuzz"), Ok(Some(value)));
        writer.delete_value("", "fuzz", at).unwrap();
    }
    if writer.create_key("fuzz", Some(&[1; 20]), at).is_ok() {
        assert!(writer.hive().key("FUZZ").unwrap().is_some());
        writer.set_security("fuzz", &[2; 24], at).unwrap();
        assert_eq!(writer.hive().key("fuzz").unwrap().unwrap().security(), Ok(&[2; 24][..]));
        writer.delete_key("fuzz", at).unwrap();
    }
    let after = everything(writer.hive());
    assert!(before.is_subset(&after));
    writer.hive().clone().edit().unwrap();
}

/// Paths, names and data.
fn everything(hive: &Hive) -> BTreeSet<(String, String, Vec<u8>)> {
    let mut all = BTreeSet::new();
    collect(&hive.root(), "", &mut all);
    all
}

fn collect(key: &Key<'_>, path: &str, all: &mut BTreeSet<(String, String, Vec<u8>)>) {
    all.extend(key.values().flatten().map(|value| (path.to_owned(), value.name, value.data.bytes)));
    all.insert((path.to_owned(), String::new(), key.security().unwrap_or_default().to_vec()));
    for child in key.subkeys().flatten() {
        collect(&child, &format!("{path}\\{}", child.name()), all);
    }
}

fn walk(key: &Key<'_>, seen: &mut usize) {
    *seen += 1;
    let _ = key.security();
    for value in key.values().flatten() {
        assert!(value.name.contains('\u{FFFD}') || !matches!(key.value(&value.name), Ok(None)));
    }
    for child in key.subkeys().flatten() {
        let name = child.name();
        let plain = !name.is_empty() && !name.contains(['\\', '\u{FFFD}']);
        assert!(!plain || !matches!(key.subkey(&name), Ok(None)));
        walk(&child, seen);
    }
}

/// A sealed base block.
fn base_block(minor: u8, file_type: u8, root: u32, sequences: [u32; 2]) -> Vec<u8> {
    let [primary, secondary] = sequences;
    let mut block = b"regf".to_vec();
    for field in [primary, secondary, 0, 0, 1, minor.into(), file_type.into(), 1, root, 4096, 1] {
        block.extend(field.to_le_bytes());
    }
    block.resize(508, 0);
    let sum = block.chunks_exact(4).fold(0, |sum, word| sum ^ u32::from_le_bytes(word.try_into().unwrap()));
    block.extend(sum.to_le_bytes());
    block
}

/// A log whose entries have the right hashes, which nobody finds by chance.
fn whole_log(mut log: Vec<u8>, body: &[u8]) -> Vec<u8> {
    log.extend(body);
    let mut at = 512;
    while let Some(size) = log.get(at + 4..at + 8).map(|size| u32::from_le_bytes(size.try_into().unwrap())) {
        let Some(entry) = log.get_mut(at..at.saturating_add(size as usize)).filter(|entry| entry.len() >= 40) else {
            break;
        };
        let content = marvin(&entry[40..]);
        entry[24..32].copy_from_slice(&content);
        let header = marvin(&entry[..32]);
        entry[32..40].copy_from_slice(&header);
        at += entry.len();
    }
    log
}

fn marvin(bytes: &[u8]) -> [u8; 8] {
    let (mut low, mut high) = (0x7A4E_55C5_u32, 0x82EF_4D88_u32);
    let words = bytes.chunks_exact(4);
    let last = words.remainder().iter().rev().fold(0x80, |word, byte| word << 8 | u32::from(*byte));
    for word in words.map(|word| u32::from_le_bytes(word.try_into().unwrap())).chain([last, 0]) {
        low = low.wrapping_add(word);
        high ^= low;
        low = low.rotate_left(20).wrapping_add(high);
        high = high.rotate_left(9) ^ low;
        low = low.rotate_left(27).wrapping_add(high);
        high = high.rotate_left(19);
    }
    (u64::from(high) << 32 | u64::from(low)).to_le_bytes()
}
