//! The journal of a repair, cut off anywhere.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rdpdoctor_repair::journal::Record;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(record) = Record::read(&text) {
        let _ = record.standing();
        assert!(record.entries.iter().all(|entry| !entry.step.to_string().is_empty()));
    }
});
