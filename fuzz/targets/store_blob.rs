//! Entries of certificate stores and files of private keys, as a registry or a disk may hold them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rdpdoctor_machine::key::{KeyFile, StoreEntry, parse_file_name};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(entry) = StoreEntry::read(bytes) {
        assert_eq!(entry.to_bytes(), bytes, "damage included");
        let _ = (entry.certificate_der(), entry.sha1(), entry.friendly_name(), entry.damage());
        if let Some(provider) = entry.key_provider() {
            assert!(provider.container.len() <= 3 * 1024);
        }
    }
    if let Ok(file) = KeyFile::read(bytes) {
        assert!(file.container.len() <= 3 * bytes.len(), "a strange byte becomes a letter of three");
        assert!([file.exchange, file.signature].into_iter().flatten().all(|key| key.modulus.len() <= bytes.len()));
    }
    if let Some((hash, guid)) = std::str::from_utf8(bytes).ok().and_then(parse_file_name) {
        assert_eq!((hash.len(), guid.len()), (32, 36));
    }
});
