//! Steps in the registry that several actions take.

use rdpdoctor_diagnosis::catalogue::{HostSetting, setting};
use rdpdoctor_machine::Machine;
use rdpdoctor_machine::registry::Data;

use super::Ground;
use crate::step::Step;

/// Gives a setting this number where it is decided: in the place of the policy where that has a value, as the local one
/// would not count, and in the local place otherwise.
pub(super) fn set_number(ground: &Ground<'_>, id: &str, number: u32) -> Result<Vec<Step>, String> {
    let setting = known(id)?;
    let mut steps = set(ground.machine, setting.path, setting.value, Data::of_dword(number));
    if let Some(policy) = policy_of(ground.machine, setting) {
        steps.extend(set(ground.machine, policy, setting.value, Data::of_dword(number)));
    }
    Ok(steps)
}

/// Gives a setting this number where another is in force; nothing where it is so already.
pub(super) fn correct(ground: &Ground<'_>, id: &str, number: u32) -> Result<Vec<Step>, String> {
    let holds = ground.host.in_force(known(id)?).number();
    if holds == Some(number.into()) { Ok(Vec::new()) } else { set_number(ground, id, number) }
}

/// The number of a setting that is in force.
pub(super) fn in_force(ground: &Ground<'_>, id: &str) -> Option<u64> {
    ground.host.in_force(setting(id)?).number()
}

/// Removes a setting's own value and that of a policy, so that Windows does what it does by itself.
pub(super) fn reset(ground: &Ground<'_>, id: &str) -> Result<Vec<Step>, String> {
    let setting = known(id)?;
    let places = [Some(setting.path), policy_of(ground.machine, setting)];
    Ok(places.into_iter().flatten().map(|key| delete(key, setting.value)).collect())
}

/// Writes a value, and makes the keys above it that are missing.
pub(super) fn set(machine: &dyn Machine, key: &str, name: &str, data: Data) -> Vec<Step> {
    let mut steps = missing_keys(machine, key);
    steps.push(Step::SetValue { key: key.to_owned(), name: name.to_owned(), data });
    steps
}

pub(super) fn delete(key: &str, name: &str) -> Step {
    Step::DeleteValue { key: key.to_owned(), name: name.to_owned() }
}

/// The key where a policy sets it now.
pub(super) fn policy_of(machine: &dyn Machine, setting: &HostSetting) -> Option<&'static str> {
    let path = setting.policy_path?;
    let key = machine.key(path).ok()??;
    key.value(setting.value).map(|_| path)
}

/// From the highest to the lowest. Nothing is looked at above the lowest that is there.
fn missing_keys(machine: &dyn Machine, key: &str) -> Vec<Step> {
    let above = key.match_indices('\\').skip(1).map(|(end, _)| end).filter_map(|end| key.get(..end));
    let keys: Vec<&str> = above.chain([key]).collect();
    let is_missing = |key: &&&str| matches!(machine.key(key), Ok(None));
    let missing: Vec<&&str> = keys.iter().rev().take_while(is_missing).collect();
    missing.into_iter().rev().map(|key| Step::CreateKey { key: (*key).to_owned() }).collect()
}

pub(super) fn known(id: &str) -> Result<&'static HostSetting, String> {
    setting(id).ok_or_else(|| format!("the setting {id} is not in the catalogue"))
}
