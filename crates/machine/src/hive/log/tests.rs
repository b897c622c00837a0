use crate::hive::header::{BASE_BLOCK, SECTOR, field, put, put_u32, seal};
use crate::hive::testing::{entry, log_header, new_log, page, torn};
use crate::hive::{Hive, State, Unreplayed, current_control_set};

const TIME: u64 = 133_000_000_000_000_000;

fn outcome(primary: Vec<u8>, logs: &[Vec<u8>]) -> (State, String) {
    let hive = Hive::open(primary, logs.to_vec()).unwrap();
    (hive.state(), current_control_set(&hive).unwrap())
}

fn replayed(entries: usize, set: &str) -> (State, String) {
    (State::Replayed { entries }, set.to_owned())
}

fn dirty(why: Unreplayed) -> (State, String) {
    (State::Dirty { why }, "ControlSet001".to_owned())
}

#[test]
fn a_clean_hive_needs_no_log() {
    let mut clean = torn();
    put_u32(&mut clean, field::PRIMARY_SEQUENCE, 7);
    seal(&mut clean);
    assert_eq!(outcome(clean, &[new_log(&[8])]), (State::Clean, "ControlSet001".to_owned()));
}

#[test]
fn entries_are_applied_from_either_log() {
    let (first, second) = (new_log(&[7, 8, 9]), new_log(&[10, 11]));
    assert_eq!(outcome(torn(), &[first.clone(), second.clone()]), replayed(5, "ControlSet011"));
    assert_eq!(outcome(torn(), &[second.clone(), first.clone()]), replayed(5, "ControlSet011"));
    assert_eq!(outcome(torn(), std::slice::from_ref(&second)), replayed(2, "ControlSet011"));
    assert_eq!(outcome(torn(), &[Vec::new(), first]), replayed(3, "ControlSet009"));
}

#[test]
fn nothing_is_applied_behind_a_gap() {
    assert_eq!(outcome(torn(), &[new_log(&[8, 9, 11])]), replayed(2, "ControlSet009"));
    assert_eq!(outcome(torn(), &[new_log(&[8, 9]), new_log(&[11])]), replayed(2, "ControlSet009"));
    let mut broken = new_log(&[8, 9]);
    *broken.last_mut().unwrap() ^= 1;
    assert_eq!(outcome(torn(), &[broken]), replayed(1, "ControlSet008"));
}

#[test]
fn logs_that_cannot_be_trusted_are_left_alone() {
    assert_eq!(outcome(torn(), &[]), dirty(Unreplayed::NoLog));
    assert_eq!(outcome(torn(), &[vec![0; 4096]]), dirty(Unreplayed::NoLog));
    assert_eq!(outcome(torn(), &[new_log(&[6, 7, 8])]), dirty(Unreplayed::Foreign));
    let mut other_name = new_log(&[8]);
    put(&mut other_name, 48, b"S\0A\0M\0\0\0\0\0\0\0");
    seal(&mut other_name);
    assert_eq!(outcome(torn(), &[other_name]), dirty(Unreplayed::Foreign));
    let mut unsealed = new_log(&[8]);
    unsealed[100] ^= 1;
    assert_eq!(outcome(torn(), &[unsealed]), dirty(Unreplayed::Foreign));
    let mut broken = new_log(&[8]);
    broken[SECTOR + 40] ^= 1;
    assert_eq!(outcome(torn(), &[broken]), dirty(Unreplayed::Damaged));
    let mut moved = log_header(&torn(), 6, 8);
    moved.extend(entry(8, 8192, &[(4096, &page(9))]));
    assert_eq!(outcome(torn(), &[moved]), dirty(Unreplayed::Damaged));
}

#[test]
fn a_hive_grows_no_further_than_its_logs_are_long() {
    let mut log = log_header(&torn(), 6, 8);
    log.extend(entry(8, 8192, &[(0, &page(3)), (4096, &[0; 4096])]));
    assert_eq!(outcome(torn(), &[log]), replayed(1, "ControlSet003"));
    let mut log = log_header(&torn(), 6, 8);
    log.extend(entry(8, 0x7FFF_F000, &[(0, &page(3))]));
    assert_eq!(outcome(torn(), &[log]), dirty(Unreplayed::Damaged));
}

#[test]
fn a_broken_base_block_comes_from_the_newest_log() {
    let mut broken = torn();
    broken[40] ^= 0xFF;
    assert_eq!(outcome(broken.clone(), &[new_log(&[8, 9]), new_log(&[10])]), replayed(1, "ControlSet010"));
    assert_eq!(outcome(broken, &[]), dirty(Unreplayed::NoLog));
}

#[test]
fn sequence_numbers_begin_again() {
    let mut primary = torn();
    put_u32(&mut primary, field::PRIMARY_SEQUENCE, u32::MAX);
    put_u32(&mut primary, field::SECONDARY_SEQUENCE, u32::MAX - 1);
    seal(&mut primary);
    let mut first = log_header(&primary, 6, u32::MAX);
    first.extend(entry(u32::MAX, 4096, &[(0, &page(5))]));
    let mut second = log_header(&primary, 6, 0);
    second.extend(entry(0, 4096, &[(0, &page(6))]));
    assert_eq!(outcome(primary, &[second, first]), replayed(2, "ControlSet006"));
}

/// A log with a dirty vector: the pages of 512 bytes whose bits are set.
fn old_log(written: u64, bits: u8, pages: &[u8]) -> Vec<u8> {
    let mut log = log_header(&torn(), 1, 8);
    put(&mut log, field::WRITTEN, &written.to_le_bytes());
    seal(&mut log);
    log.extend(b"DIRT");
    log.push(bits);
    log.resize(2 * SECTOR, 0);
    log.extend(pages);
    log
}

#[test]
fn a_dirty_vector_says_which_pages_follow() {
    let changed = page(4);
    let at = changed.iter().zip(&page(1)).position(|(new, old)| new != old).unwrap();
    let number = at / SECTOR;
    let sector = &changed[number * SECTOR..][..SECTOR];
    assert_eq!(outcome(torn(), &[old_log(TIME, 1 << number, sector)]), replayed(1, "ControlSet004"));
    assert_eq!(outcome(torn(), &[old_log(TIME, 0xFF, &changed)]), replayed(1, "ControlSet004"));
    assert_eq!(
        outcome(torn(), &[old_log(TIME - 1, 0xFF, &page(5)), old_log(TIME, 0xFF, &changed)]),
        replayed(1, "ControlSet004")
    );
}

#[test]
fn an_old_log_must_fit() {
    assert_eq!(outcome(torn(), &[old_log(TIME + 1, 0xFF, &page(4))]), dirty(Unreplayed::Foreign));
    assert_eq!(outcome(torn(), &[old_log(TIME, 0xFF, &page(4)[..4000])]), dirty(Unreplayed::Damaged));
    let mut moved = page(4);
    moved[4] = 0x10;
    assert_eq!(outcome(torn(), &[old_log(TIME, 0xFF, &moved)]), dirty(Unreplayed::Damaged));
}

#[test]
fn an_old_log_restores_the_base_block() {
    let mut broken = torn();
    put(&mut broken, BASE_BLOCK + 20, &TIME.to_le_bytes());
    broken[36] ^= 0xFF;
    assert_eq!(outcome(broken, &[old_log(TIME, 0xFF, &page(4))]), replayed(1, "ControlSet004"));
}
