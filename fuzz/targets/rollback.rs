//! What a write to a hive replaces, as it lies beside the journal.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rdpdoctor_machine::offline::Rollback;

fuzz_target!(|bytes: &[u8]| {
    // Only the checksum would keep most inputs from being looked at.
    let sealed = [bytes, &crc32fast::hash(bytes).to_le_bytes()].concat();
    if let Ok(rollback) = Rollback::read(&sealed) {
        assert_eq!(rollback.to_bytes(), sealed);
    }
    let _ = Rollback::read(bytes);
});
