//! What is said of codes and is not so; what the well-known pairs mean; who reported what of them.

use std::sync::LazyLock;

use serde::Deserialize;

use super::table;

const TABLE: &str = include_str!("../../../../data/folklore.toml");
/// Columns: source, about, codes, causes, finding, status, weight, remark.
const REPORTS: &str = include_str!("../../../../data/evidence_0x904.csv");

static FOLKLORE: LazyLock<Folklore> = LazyLock::new(|| toml::from_str(TABLE).unwrap_or_default());

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Folklore {
    claim: Vec<Claim>,
    pair: Vec<Pair>,
}

/// Something that is said of a code and is not so.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The codes, as `family/number`.
    pub about: Vec<String>,
    /// What people say.
    pub says: String,
    /// What is so.
    pub truth: String,
    /// What that rests on.
    pub source: String,
}

/// A client code with its extended code.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// The client code.
    pub first: u32,
    /// The extended code.
    pub second: u32,
    /// What documents say.
    pub documented: Vec<String>,
    /// What follows from them and is written nowhere.
    pub inferred: Vec<String>,
    /// Where from.
    pub source: String,
}

/// A public report of 0x904 or of the mechanism behind it.
#[derive(Debug)]
pub struct FieldReport {
    /// Who reported it.
    pub source: &'static str,
    /// `pair`, `late` (extended code 0x0), `mechanism`, `other` (not this code) or `rejected`.
    pub about: &'static str,
    /// Ids of the causes that it supports.
    pub causes: Vec<&'static str>,
    /// What was found.
    pub finding: &'static str,
    /// How it was settled.
    pub status: &'static str,
    /// `strong`, `medium`, `weak` or `reject`.
    pub weight: &'static str,
}

/// What is said of this code, as `family/number`, and is not so.
pub fn claims(code: &str) -> impl Iterator<Item = &'static Claim> {
    FOLKLORE.claim.iter().filter(move |claim| claim.about.iter().any(|about| about.eq_ignore_ascii_case(code)))
}

/// What is known of a client code with this extended code.
pub fn pair(first: u32, second: u32) -> Option<&'static Pair> {
    FOLKLORE.pair.iter().find(|pair| pair.first == first && pair.second == second)
}

/// The reports of 0x904, in the order of the table.
pub fn reports() -> Vec<FieldReport> {
    table::borrowed(REPORTS).filter_map(|row| report(&row)).collect()
}

fn report(row: &[&'static str]) -> Option<FieldReport> {
    let [source, about, _, causes, finding, status, weight, _] = <[&str; 8]>::try_from(row).ok()?;
    let causes = causes.split(';').filter(|id| !id.is_empty()).collect();
    Some(FieldReport { source, about, causes, finding, status, weight })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::codes::{codes, events, known_causes};

    fn exists(about: &str) -> bool {
        let (family, number) = about.split_once('/').unwrap();
        let value =
            number.strip_prefix("0x").map_or_else(|| number.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok());
        let value = value.unwrap();
        if family == "event" {
            return events().iter().any(|event| event.id == value);
        }
        let written = codes().iter().filter(|code| code.family.id == family && code.value == value);
        written.map(|code| format!("{family}/{}", code.number())).any(|key| key == about)
    }

    #[test]
    fn every_claim_is_about_a_code_that_exists_and_has_a_source() {
        let folklore: Folklore = toml::from_str(TABLE).unwrap();
        for claim in &folklore.claim {
            assert!(!claim.says.is_empty() && !claim.truth.is_empty() && !claim.source.is_empty(), "{claim:?}");
            assert!(claim.about.iter().all(|about| exists(about)), "{:?}", claim.about);
        }
        let tempts = crate::catalogue::remedies::remedies().iter().flat_map(|remedy| &remedy.tempts);
        let unknown: Vec<_> = tempts.filter(|about| !exists(about)).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }

    #[test]
    fn the_pair_is_told_apart_from_the_late_one() {
        assert!(!pair(0x904, 7).unwrap().inferred.is_empty());
        assert!(pair(0x904, 0).is_some());
        assert!(pair(0x904, 3).is_none());
        assert_eq!(claims("client-extended/0x7").count(), 2);
    }

    #[test]
    fn every_report_is_whole() {
        let reports = reports();
        assert_eq!(reports.len(), REPORTS.lines().count() - 1);
        for report in &reports {
            assert!(["pair", "late", "mechanism", "other", "rejected"].contains(&report.about), "{report:?}");
            assert!(["strong", "medium", "weak", "reject"].contains(&report.weight), "{report:?}");
            assert!(report.causes.iter().all(|id| known_causes().any(|known| known == *id)), "{report:?}");
        }
    }
}
