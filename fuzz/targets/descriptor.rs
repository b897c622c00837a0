//! Security descriptors as a disk may hold them, and as somebody may write them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rdpdoctor_machine::security::{Descriptor, GenericMapping, network_service_token};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(read) = Descriptor::read(bytes) {
        assert_eq!(read.to_bytes().as_deref(), Ok(bytes), "unchanged, it is written as it was read");
        same_as_text(&read);
        let access = read.access(&network_service_token());
        assert_eq!(access.granted & access.denied, 0);
        assert_eq!(access.undecided & (access.granted | access.denied), 0);
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(read) = text.parse::<Descriptor>() {
        same_as_text(&read);
        let _ = read.access_to(&network_service_token(), &GenericMapping::KEY);
        // An entry in numbers may say what is not so; no descriptor says it twice.
        if let Ok(again) = read.to_bytes().and_then(|bytes| Descriptor::read(&bytes)) {
            assert_eq!(again.to_bytes(), read.to_bytes());
        }
    }
});

/// Its text names the same lists, whatever other flags are lost.
fn same_as_text(read: &Descriptor) {
    let again: Descriptor = read.to_string().parse().expect("what is written can be read");
    assert_eq!((again.owner, again.group), (read.owner, read.group));
    let aces = |of: &Descriptor| [&of.dacl, &of.sacl].map(|acl| acl.as_ref().map(|acl| acl.aces.clone()));
    assert_eq!(aces(&again), aces(read));
}
