//! Journals of every version that was released can be read, and so can those that a crash cut off.

use rdpdoctor_repair::State;
use rdpdoctor_repair::journal::{Record, RecordError, Standing};
use rdpdoctor_repair::step::Step;

/// Every kind of line and step, as version 1 writes them.
const FIRST: &str = include_str!("journals/1.jsonl");

#[test]
fn the_first_version_is_read() {
    let record = Record::read(FIRST).unwrap();
    assert_eq!((record.header.journal, record.header.id.as_str()), (1, "20261121-120000"));
    assert_eq!(record.header.causes, ["rdp-disabled", "certificate-not-renewed"]);
    assert_eq!(record.entries.len(), 12);
    assert!(record.entries.iter().take(11).all(|entry| entry.done && !entry.undone));
    assert!(matches!(&record.entries[1].step, Step::SetValue { name, data, .. }
        if name == "fDenyTSConnections" && data.dword() == Some(0)));
    assert!(matches!(&record.entries[1].before, State::Value(Some(data)) if data.dword() == Some(1)));
    assert_eq!(record.entries[11].failed.as_deref(), Some("the service is disabled"));
    assert!(record.entries[11].undone && record.confirmed && !record.finished);
    assert_eq!(record.standing(), Standing::UndoCutShort);
}

/// Two kinds of step that came later, in the same version.
const KEYS: &str = include_str!("journals/1-keys.jsonl");

#[test]
fn permissions_of_keys_and_accounts_are_read() {
    let record = Record::read(KEYS).unwrap();
    let [key, account] = &record.entries[..] else { panic!("{:?}", record.entries) };
    assert!(matches!((&key.step, &key.before), (Step::SetKeyDescriptor { key, descriptor }, State::Descriptor(before))
        if key.ends_with("Remote Desktop") && descriptor == &[1, 0] && before == &[2, 0]));
    assert!(matches!((&account.step, &account.before), (Step::SetAccount { service, account }, State::Account(before))
        if service == "TermService" && account.ends_with("NetworkService") && before == "LocalSystem"));
    assert!(record.finished && record.entries.iter().all(|entry| entry.done));
}

#[test]
fn a_rule_that_was_switched_is_read() {
    let header = FIRST.lines().next().unwrap();
    let doing = |before: &str| {
        format!(
            r#"{{"line":"doing","number":0,"step":{{"do":"switch-rule","name":"A","rule":"v2|Action=Allow|","on":true}},"before":{{"rule":{before}}}}}"#
        )
    };
    for (text, before) in [("false", Some(false)), ("null", None)] {
        let record = Record::read(&format!("{header}\n{}\n", doing(text))).unwrap();
        assert_eq!(record.entries[0].before, State::Rule(before));
        assert!(matches!(&record.entries[0].step, Step::SwitchRule { name, on: true, .. } if name == "A"));
    }
}

#[test]
fn a_last_line_that_was_cut_off_is_left_out() {
    let whole = Record::read(FIRST).unwrap();
    for cut in 1..FIRST.lines().last().unwrap().len() {
        let record = Record::read(FIRST.get(..FIRST.len() - cut).unwrap()).unwrap();
        assert_eq!(record.entries.len(), whole.entries.len());
        assert!(!record.entries[11].undone, "{cut} bytes short");
    }
    assert_eq!(Record::read(""), Err(RecordError::Empty));
    assert_eq!(Record::read("{\"line\":\"begun\""), Err(RecordError::Empty));
}

#[test]
fn damage_in_the_midst_names_its_line() {
    let lines: Vec<&str> = FIRST.lines().collect();
    let with = |at: usize, text: &str| {
        let changed: Vec<&str> =
            lines.iter().enumerate().map(|(index, line)| if index == at { text } else { line }).collect();
        Record::read(&(changed.join("\n") + "\n"))
    };
    for text in ["", "\0\0\0", "{}", r#"{"line":"done","number":99}"#, r#"{"line":"later"}"#] {
        let fault = with(4, text).unwrap_err();
        assert!(matches!(fault, RecordError::Damaged { number: 5, .. }), "{text}: {fault}");
    }
    assert!(matches!(with(0, lines[1]), Err(RecordError::Damaged { number: 1, .. })));
    assert_eq!(with(0, r#"{"journal":2}"#), Err(RecordError::Newer(2)));
}
