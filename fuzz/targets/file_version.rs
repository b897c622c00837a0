//! Programs and libraries as a disk may hold them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rdpdoctor_machine::version::FileVersion;

fuzz_target!(|bytes: &[u8]| {
    if let Some(version) = FileVersion::of(bytes) {
        assert_eq!(version.to_string().parse(), Ok(version));
    }
});
