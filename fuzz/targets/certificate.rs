//! Certificates as a server may send them, and names of targets as somebody may type them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rdpdoctor_diagnosis::certificate::Certificate;
use rdpdoctor_diagnosis::evidence::{Der, Target};

fuzz_target!(|bytes: &[u8]| {
    if let Some(certificate) = Certificate::parse(&Der(bytes.to_vec())) {
        assert_eq!(certificate.sha1.len(), 40);
        let _ = (certificate.names(), certificate.is_windows_self_signed(), certificate.may_serve());
    }
    let Ok(typed) = std::str::from_utf8(bytes) else { return };
    if let Ok(target) = typed.parse::<Target>() {
        assert!(target.host.is_ascii() && target.port != 0);
        assert_eq!(target.to_string().parse::<Target>().map(|again| again.host), Ok(target.host));
    }
});
