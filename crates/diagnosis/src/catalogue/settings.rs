//! What in the registry decides Remote Desktop (`data/settings.csv`).

use std::sync::LazyLock;

use super::table;

/// Columns: id, path, value, policy_path, default, meaning, restart, confidence, source.
const TABLE: &str = include_str!("../../../../data/settings.csv");

static SETTINGS: LazyLock<Vec<HostSetting>> =
    LazyLock::new(|| table::borrowed(TABLE).filter_map(|row| setting_of(&row)).collect());

/// A value of the registry that decides something. A policy of the same name wins over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostSetting {
    /// In kebab-case.
    pub id: &'static str,
    /// The key; `CurrentControlSet` is the one in use.
    pub path: &'static str,
    /// The name of the value.
    pub value: &'static str,
    /// The key where policy writes the value of the same name, if it does.
    pub policy_path: Option<&'static str>,
    /// What Windows does where nothing is set, where that is known and a number.
    pub default: Option<u64>,
    /// What its data mean, in a few words.
    pub meaning: &'static str,
    /// What a change needs.
    pub restart: &'static str,
}

/// All of them, in the order of the table.
pub fn settings() -> &'static [HostSetting] {
    &SETTINGS
}

/// The one of this id.
pub fn setting(id: &str) -> Option<&'static HostSetting> {
    SETTINGS.iter().find(|setting| setting.id == id)
}

fn setting_of(row: &[&'static str]) -> Option<HostSetting> {
    let [id, path, value, policy, default, meaning, restart, ..] = *row else { return None };
    Some(HostSetting {
        id,
        path,
        value,
        policy_path: Some(policy).filter(|path| !path.is_empty()),
        default: default.parse().ok(),
        meaning,
        restart,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_row_is_whole_and_sourced() {
        let rows: Vec<_> = table::rows(TABLE).collect();
        assert_eq!(rows.len(), SETTINGS.len());
        for row in &rows {
            assert_eq!(row.len(), 9, "{row:?}");
            let [id, path, value, _, default, meaning, _, confidence, source] = &row[..] else { panic!("{row:?}") };
            assert!([id, value, meaning, source].iter().all(|cell| !cell.is_empty()), "{row:?}");
            assert!(path.starts_with(r"HKLM\") || path.starts_with(r"HKCU\"), "{row:?}");
            assert!(default.is_empty() || default.parse::<u64>().is_ok(), "{row:?}");
            assert!(["high", "medium"].contains(&confidence.as_str()), "{row:?}");
        }
        assert_eq!(SETTINGS.iter().map(|row| row.id).collect::<BTreeSet<_>>().len(), SETTINGS.len(), "ids are unique");
    }
}
