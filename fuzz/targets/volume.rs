//! The first sectors of a volume, as a disk may hold them.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use rdpdoctor_machine::offline::{VolumeKind, is_dirty, kind};

fuzz_target!(|bytes: &[u8]| {
    let kind = kind(&mut Cursor::new(bytes));
    if is_dirty(&mut Cursor::new(bytes)).is_ok() {
        assert_eq!(kind, Ok(VolumeKind::Ntfs));
    }
});
