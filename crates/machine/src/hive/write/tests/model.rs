//! Any sequence of edits against a model.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::audit::audit;
use super::{at, reopened, value, writer};
use crate::hive::{HiveWriter, Key};
use crate::registry::Value;

#[derive(Debug, Clone)]
enum Edit {
    Set { key: usize, name: usize, length: usize, byte: u8 },
    DeleteValue { key: usize, name: usize },
    Create { key: usize, descriptor: Option<u8> },
    Delete { key: usize },
    Secure { key: usize, descriptor: u8 },
}

const KEYS: [&str; 7] = ["", "A", r"A\Bc", r"A\bB", r"A\Bc\d", "Zz", "_"];
const NAMES: [&str; 4] = ["", "v", "Wert", "€"];
/// Values by their name in upper case.
type Model = BTreeMap<&'static str, BTreeMap<String, Value>>;

fn edit() -> impl Strategy<Value = Edit> {
    let (key, name) = (0..KEYS.len(), 0..NAMES.len());
    let length = prop_oneof![4 => 0..9_usize, 4 => 0..600_usize, 1 => 16_300..50_000_usize];
    prop_oneof![
        6 => (key.clone(), name.clone(), length, any::<u8>())
            .prop_map(|(key, name, length, byte)| Edit::Set { key, name, length, byte }),
        3 => (key.clone(), name).prop_map(|(key, name)| Edit::DeleteValue { key, name }),
        4 => (key.clone(), proptest::option::of(0..3_u8))
            .prop_map(|(key, descriptor)| Edit::Create { key, descriptor }),
        3 => key.clone().prop_map(|key| Edit::Delete { key }),
        3 => (key, 0..3_u8).prop_map(|(key, descriptor)| Edit::Secure { key, descriptor }),
    ]
}

/// Does the same to both, and says whether both could.
fn apply(writer: &mut HiveWriter, model: &mut Model, edit: &Edit) -> (bool, bool) {
    match *edit {
        Edit::Set { key, name, length, byte } => {
            let value = value(NAMES[name], length, byte);
            let done = writer.set_value(KEYS[key], &value, at(1)).is_ok();
            let key = model.get_mut(KEYS[key]);
            (done, key.map(|key| key.insert(value.name.to_uppercase(), value)).is_some())
        }
        Edit::DeleteValue { key, name } => {
            let done = writer.delete_value(KEYS[key], NAMES[name], at(1)).is_ok();
            let key = model.get_mut(KEYS[key]);
            (done, key.is_some_and(|key| key.remove(&NAMES[name].to_uppercase()).is_some()))
        }
        Edit::Create { key, descriptor } => {
            let descriptor = descriptor.map(|byte| vec![byte; 20]);
            let done = writer.create_key(KEYS[key], descriptor.as_deref(), at(1)).is_ok();
            let above = KEYS[key].rsplit_once('\\').map_or("", |(above, _)| above);
            let can = model.contains_key(above) && !model.contains_key(KEYS[key]);
            if can {
                model.insert(KEYS[key], BTreeMap::new());
            }
            (done, can)
        }
        Edit::Secure { key, descriptor } => {
            let bytes = [descriptor; 20];
            let done = writer.set_security(KEYS[key], &bytes, at(1)).is_ok();
            let found = writer.hive().key(KEYS[key]).unwrap();
            assert!(found.is_none_or(|key| key.security() == Ok(&bytes[..])));
            (done, model.contains_key(KEYS[key]))
        }
        Edit::Delete { key } => {
            let done = writer.delete_key(KEYS[key], at(1)).is_ok();
            let below = model.keys().any(|other| other.starts_with(&format!(r"{}\", KEYS[key])));
            let can = key > 0 && !below && model.remove(KEYS[key]).is_some();
            (done, can)
        }
    }
}

fn read(key: &Key<'_>, path: &str, into: &mut BTreeMap<String, BTreeMap<String, Value>>) {
    let values = key.values().map(|value| value.map(|value| (value.name.to_uppercase(), value)).unwrap());
    into.insert(path.to_owned(), values.collect());
    for child in key.subkeys() {
        let child = child.unwrap();
        read(&child, format!(r"{path}\{}", child.name()).trim_start_matches('\\'), into);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn any_edits_leave_what_a_model_has(minor in 3..7_u32, edits in prop::collection::vec(edit(), 1..60)) {
        let mut writer = writer(minor);
        let mut model = Model::from([("", BTreeMap::new())]);
        for edit in &edits {
            let (done, expected) = apply(&mut writer, &mut model, edit);
            prop_assert_eq!(done, expected, "{:?}", edit);
            audit(writer.hive());
            let mut found = BTreeMap::new();
            read(&reopened(&writer).root(), "", &mut found);
            let expected: BTreeMap<String, _> = model.iter().map(|(path, values)| ((*path).to_owned(), values.clone())).collect();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn what_was_deleted_comes_back_byte_for_byte(length in 0..40_000_usize, byte: u8, name in 0..NAMES.len()) {
        let mut writer = writer(5);
        let value = value(NAMES[name], length, byte);
        writer.set_value("", &value, at(1)).unwrap();
        writer.delete_value("", &value.name, at(2)).unwrap();
        writer.set_value("", &value, at(1)).unwrap();
        prop_assert_eq!(reopened(&writer).root().value(&value.name).unwrap(), Some(value));
    }
}
