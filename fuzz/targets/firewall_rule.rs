//! A rule of the firewall as the registry has it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rdpdoctor_machine::firewall::Rule;

fuzz_target!(|bytes: &[u8]| {
    if let Some(rule) = Rule::read(&String::from_utf8_lossy(bytes)) {
        let found = rule.only([(rule.clone(), ())], |_| None);
        assert!(found.is_some(), "a rule is known again");
    }
});
