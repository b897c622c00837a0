//! A `ClientHello`: what is read is written alike, and padding reaches its length.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rdpdoctor_protocol::tls::{ClientHello, ExtensionType};

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut hello) = ClientHello::decode(bytes) else { return };
    let written = hello.encode().unwrap();
    // An empty extension block is the one thing that may get lost.
    assert!(written == bytes || (hello.extensions.is_empty() && written.len() + 2 == bytes.len()));
    let padded = hello.extension(ExtensionType::PADDING).is_some();
    if hello.pad_to(2000).is_ok() && !padded && written.len() < 1990 {
        assert_eq!(hello.encode().unwrap().len(), 2000);
    }
});
