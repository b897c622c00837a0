//! Banners and texts of strangers: what is shown is short and harmless.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rdpdoctor_protocol::stranger::identify;
use rdpdoctor_protocol::text::safe_text;

fuzz_target!(|bytes: &[u8]| {
    let sighting = identify(bytes);
    assert!(sighting.banner.len() <= 80);
    assert!(sighting.banner.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()));
    for shown in sighting.http.iter().flat_map(|http| &http.proxy_markers) {
        assert!(shown.chars().count() <= 120 && !shown.chars().any(char::is_control));
    }
    let Some((&limit, text)) = bytes.split_first() else { return };
    let safe = safe_text(text, limit.into());
    assert!(safe.chars().count() <= limit.into() && !safe.chars().any(char::is_control));
    assert_eq!(safe_text(&safe, limit.into()), safe);
});
