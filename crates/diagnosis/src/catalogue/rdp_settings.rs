//! Settings of connection files that decide something (`data/rdp_file.csv`).

use std::sync::LazyLock;

use super::table;

/// Columns: name, type, values, default, meaning, confidence, source.
const TABLE: &str = include_str!("../../../../data/rdp_file.csv");

static SETTINGS: LazyLock<Vec<RdpFileSetting>> =
    LazyLock::new(|| table::borrowed(TABLE).filter_map(|row| setting_of(&row)).collect());

/// A setting that clients know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RdpFileSetting {
    /// Its name in lower case.
    pub name: &'static str,
    /// Its type: `i` or `s`.
    pub kind: char,
    /// The numbers that it takes; empty for any.
    pub values: Vec<i64>,
    /// What clients do without it, where that is known.
    pub default: Option<&'static str>,
    /// What it decides, in a few words.
    pub meaning: &'static str,
}

/// All of them, in the order of the table.
pub fn rdp_file_settings() -> &'static [RdpFileSetting] {
    &SETTINGS
}

/// The one of this name, in whatever case.
pub fn rdp_file_setting(name: &str) -> Option<&'static RdpFileSetting> {
    SETTINGS.iter().find(|setting| setting.name.eq_ignore_ascii_case(name))
}

fn setting_of(row: &[&'static str]) -> Option<RdpFileSetting> {
    let [name, kind, values, default, meaning, ..] = *row else { return None };
    Some(RdpFileSetting {
        name,
        kind: kind.chars().next()?,
        values: values.split(';').filter_map(|value| value.parse().ok()).collect(),
        default: Some(default).filter(|default| !default.is_empty()),
        meaning,
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
            assert_eq!(row.len(), 7, "{row:?}");
            let [name, kind, values, default, meaning, confidence, source] = &row[..] else { panic!("{row:?}") };
            assert!([name, meaning, source].iter().all(|cell| !cell.is_empty()), "{row:?}");
            assert!(["i", "s"].contains(&kind.as_str()) && name.to_lowercase() == *name, "{row:?}");
            let numbers: Vec<&str> = values.split(';').filter(|value| !value.is_empty()).collect();
            assert!(numbers.iter().all(|value| value.parse::<i64>().is_ok()), "{row:?}");
            assert!(numbers.is_empty() || (kind == "i" && numbers.contains(&default.as_str())), "{row:?}");
            assert!(["high", "medium"].contains(&confidence.as_str()), "{row:?}");
        }
        assert_eq!(SETTINGS.iter().map(|row| row.name).collect::<BTreeSet<_>>().len(), SETTINGS.len());
    }
}
