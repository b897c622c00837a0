//! Reports as somebody may hand them to `rdpdoctor diff`: read, redacted, compared.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rdpdoctor_diagnosis::redact::redact;
use rdpdoctor_diagnosis::report::diff::{Comparison, diff};
use rdpdoctor_diagnosis::report::read;

fuzz_target!(|bytes: &[u8]| {
    let Ok(report) = read(bytes) else { return };
    let same = diff(&report, &report);
    assert!(same.outcome == Comparison::Same && same.changes.is_empty());
    if let Ok(redacted) = redact(std::slice::from_ref(&report)) {
        assert_eq!(redacted[0].verdict, report.verdict);
        assert_eq!(redacted[0].findings.len(), report.findings.len());
    }
});
