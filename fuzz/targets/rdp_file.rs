//! Connection files: bounded, without secrets, and what was read is read again from its text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rdpdoctor_protocol::rdp_file::{MAX_LINES, RdpFile, RdpSetting, RdpValue};

fuzz_target!(|bytes: &[u8]| {
    let file = RdpFile::parse(bytes);
    assert!(file.settings.len() + file.damage.len() <= MAX_LINES);
    assert!(file.overridden().count() < file.settings.len().max(1));
    let plain = |file: &RdpFile| -> Vec<(String, RdpValue)> {
        let shown = |setting: &&RdpSetting| !matches!(setting.value, RdpValue::Secret { .. });
        file.settings.iter().filter(shown).map(|setting| (setting.name.clone(), setting.value.clone())).collect()
    };
    let again = RdpFile::parse(file.to_text().as_bytes());
    assert!(again.damage.is_empty());
    assert_eq!(plain(&again), plain(&file));
    assert!(!file.to_text().to_lowercase().lines().any(|line| line.starts_with("password")));
});
