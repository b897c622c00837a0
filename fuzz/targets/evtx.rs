//! Event logs: a file as it is, the records of a chunk made around the input, and the XML of an event.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rdpdoctor_machine::evtx::{self, DAMAGE_LISTED, Filter};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(xml) = std::str::from_utf8(bytes) {
        let _ = evtx::from_xml(xml);
    }
    read(bytes);
    let mut file = vec![0; 4096];
    file[..8].copy_from_slice(b"ElfFile\0");
    file.extend_from_slice(b"ElfChnk\0");
    // Ids from 0 on, no usable end of the records, no checksums.
    file.resize(4096 + 32, 0);
    file.resize(4096 + 512, 0xFF);
    file.extend_from_slice(bytes);
    file.resize(4096 + 65536, 0);
    read(&file);
});

fn read(file: &[u8]) {
    let some = Filter::default().with("Schannel", 36874).with("TermDD", 56);
    for wanted in [Filter::everything(), some] {
        let mut events = 0;
        let Ok(summary) = evtx::read(file, &wanted, 1, &mut |_| events += 1) else { continue };
        assert_eq!(summary.matched, events);
        assert!(events <= summary.records_seen && summary.damaged.len() <= DAMAGE_LISTED);
    }
}
