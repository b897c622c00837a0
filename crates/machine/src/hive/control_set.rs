use thiserror::Error;

use super::{Damage, Hive};

/// Why it is not known which control set is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ControlSetError {
    /// There is no `Select\Current`: it is not a SYSTEM hive.
    #[error("no control set is selected")]
    Absent,
    /// `Select\Current` is no number from 1 to 999.
    #[error("no control set has the number that is selected")]
    Senseless,
    /// `Select\Current` cannot be read.
    #[error(transparent)]
    Damaged(#[from] Damage),
}

/// What `CurrentControlSet` stands for in a SYSTEM hive, such as `ControlSet001`.
pub fn current_control_set(system: &Hive) -> Result<String, ControlSetError> {
    let select = system.key("Select")?.ok_or(ControlSetError::Absent)?;
    let current = select.value("Current")?.ok_or(ControlSetError::Absent)?;
    match current.data.dword() {
        Some(number @ 1..=999) => Ok(format!("ControlSet{number:03}")),
        _ => Err(ControlSetError::Senseless),
    }
}
