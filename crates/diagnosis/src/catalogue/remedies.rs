//! What people do about failed connections, judged.

use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const TABLE: &str = include_str!("../../../../data/remedies.toml");

static REMEDIES: LazyLock<Vec<JudgedRemedy>> =
    LazyLock::new(|| toml::from_str(TABLE).map(|table: Table| table.remedy).unwrap_or_default());

#[derive(Deserialize)]
struct Table {
    remedy: Vec<JudgedRemedy>,
}

/// A remedy that people use or are told to use.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JudgedRemedy {
    /// In kebab-case.
    pub id: String,
    /// What it does, in the imperative.
    pub title: String,
    /// What else people call it, in kebab-case.
    pub aliases: Vec<String>,
    /// The judgement in a word.
    pub verdict: Worth,
    /// What it really does.
    pub does: String,
    /// When it helps.
    pub helps: String,
    /// When it is useless.
    pub useless: String,
    /// What it may cost; empty where nothing.
    pub risks: String,
    /// What to do instead, or first; empty where it is the better way itself.
    pub better: String,
    /// Ids of the causes that it mends.
    pub causes: Vec<String>,
    /// Codes whose owners are told to do it, as `family/number`.
    #[serde(default)]
    pub tempts: Vec<String>,
    /// What the judgement rests on.
    pub source: String,
}

/// What a remedy is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Worth {
    /// Right for its causes.
    Sound,
    /// Right, with something to watch.
    SoundWithCare,
    /// Right in a few cases only.
    Narrow,
    /// Does nothing for connections that fail before a logon.
    UselessHere,
    /// Harms more than it helps.
    Risky,
}

impl Worth {
    /// The judgement in short.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sound => "sound",
            Self::SoundWithCare => "sound, with care",
            Self::Narrow => "seldom right",
            Self::UselessHere => "useless here",
            Self::Risky => "risky",
        }
    }

    /// The judgement as a phrase.
    pub fn phrase(self) -> &'static str {
        match self {
            Self::Sound => "sound",
            Self::SoundWithCare => "sound, with care",
            Self::Narrow => "right in a few cases only",
            Self::UselessHere => "useless for a connection that fails before the logon",
            Self::Risky => "risky",
        }
    }
}

/// Every remedy, in the order of the table.
pub fn remedies() -> &'static [JudgedRemedy] {
    &REMEDIES
}

/// The remedy that people call so; case, spaces and underscores do not matter.
pub fn remedy(name: &str) -> Option<&'static JudgedRemedy> {
    let name = name.trim().to_lowercase().replace(['_', ' '], "-");
    REMEDIES.iter().find(|remedy| remedy.id == name || remedy.aliases.contains(&name))
}

/// What the owners of this code are told to do and should not.
pub fn temptations(code: &str) -> impl Iterator<Item = &'static JudgedRemedy> {
    REMEDIES.iter().filter(move |remedy| remedy.tempts.iter().any(|tempted| tempted.eq_ignore_ascii_case(code)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::codes::known_causes;

    #[test]
    fn every_remedy_is_judged_in_full() {
        let table: Table = toml::from_str(TABLE).unwrap();
        assert_eq!(table.remedy.len(), TABLE.matches("[[remedy]]").count());
        for remedy in &table.remedy {
            let needed = [&remedy.id, &remedy.title, &remedy.does, &remedy.helps, &remedy.useless, &remedy.source];
            assert!(needed.iter().all(|text| !text.is_empty()), "{}", remedy.id);
            assert!(remedy.verdict == Worth::Sound || !remedy.risks.is_empty(), "{}: what does it risk?", remedy.id);
            assert!(remedy.causes.iter().all(|id| known_causes().any(|known| known == id)), "{}", remedy.id);
        }
    }

    #[test]
    fn ids_and_aliases_name_one_remedy() {
        let mut names: Vec<&String> =
            remedies().iter().flat_map(|remedy| remedy.aliases.iter().chain([&remedy.id])).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "a name stands twice");
        assert_eq!(remedy("Disable NLA").unwrap().id, "disable-nla");
        assert_eq!(remedy("MaxOutstandingConnections").unwrap().id, "max-outstanding-connections");
        assert!(remedy("nothing").is_none());
    }

    #[test]
    fn what_tempts_is_never_plainly_sound() {
        for remedy in remedies().iter().filter(|remedy| !remedy.tempts.is_empty()) {
            let warned = remedy.verdict != Worth::Sound || !remedy.risks.is_empty();
            assert!(warned, "{}", remedy.id);
        }
        assert!(temptations("client-disconnect/0x904").count() > 5);
    }
}
