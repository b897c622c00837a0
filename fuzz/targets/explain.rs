//! Codes in what people paste: bounded, and safe to print.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rdpdoctor_diagnosis::catalogue::codes;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let reading = codes::read(&text);
    assert!(reading.codes.len() <= 16 && reading.unread.len() <= 8);
    let shown = reading.codes.iter().map(|code| &code.text).chain(&reading.unread);
    for text in shown {
        assert!(text.chars().count() <= 200 && !text.chars().any(char::is_control), "{text:?}");
    }
    for code in &reading.codes {
        codes::readings(code);
        codes::events_told(code);
        assert!(codes::structure(code.value).len() <= 4);
    }
});
