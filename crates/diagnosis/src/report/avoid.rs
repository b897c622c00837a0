use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::catalogue::codes::{Code, EVENT, codes, readings};
use crate::catalogue::remedies::{JudgedRemedy, Worth, temptations};
use crate::evidence::{Evidence, ToldCode};
use crate::judge::Diagnosis;

/// The numbering that the web quotes beside its remedies.
const QUOTED: &str = "client-disconnect";
const MOST: usize = 4;
/// Of a code that nobody named, only the causes that it fits best count.
const FOREMOST: usize = 7;

/// A remedy that people in this place are told to try, and that would do harm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Avoid {
    /// Its id: `rdpdoctor explain remedy:<id>` tells more.
    pub remedy: String,
    /// What it does, in the imperative.
    pub title: String,
    /// What it may cost.
    pub risks: String,
}

/// What the codes that somebody named tempt to, or else those that clients show for the root cause.
pub(super) fn of(evidence: &Evidence, diagnosis: &Diagnosis) -> Vec<Avoid> {
    let Some(root) = diagnosis.root().map(|root| root.cause.id) else { return Vec::new() };
    let mut quoted: Vec<String> = evidence.told.codes.iter().flat_map(keys).collect();
    if quoted.is_empty() {
        let shown = |code: &&Code| code.family.id == QUOTED && code.causes.iter().take(FOREMOST).any(|id| *id == root);
        quoted = codes().iter().filter(shown).map(key).collect();
    }
    let mut avoid: Vec<&JudgedRemedy> = Vec::new();
    for remedy in quoted.iter().flat_map(|code| temptations(code)) {
        let mends = remedy.causes.iter().any(|cause| cause == root);
        if remedy.verdict == Worth::Risky && !mends && !avoid.iter().any(|known| known.id == remedy.id) {
            avoid.push(remedy);
        }
    }
    let row = |remedy: &JudgedRemedy| Avoid {
        remedy: remedy.id.clone(),
        title: remedy.title.clone(),
        risks: remedy.risks.clone(),
    };
    avoid.into_iter().take(MOST).map(row).collect()
}

/// As `data/remedies.toml` names a code.
fn key(code: &Code) -> String {
    format!("{}/{}", code.family.id, code.number())
}

fn keys(told: &ToldCode) -> Vec<String> {
    if told.family.as_deref() == Some(EVENT) {
        return vec![format!("{EVENT}/{}", told.value)];
    }
    readings(told).into_iter().map(key).collect()
}

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::negotiation::Protocols;

    use super::*;
    use crate::evidence::Ending;
    use crate::judge;
    use crate::testing::{Scene, Script};

    fn avoided(scene: &Scene) -> Vec<String> {
        let evidence = scene.clone().evidence();
        of(&evidence, &judge(&evidence)).into_iter().map(|avoid| avoid.remedy).collect()
    }

    #[test]
    fn a_handshake_that_is_cut_off_tempts_to_much_that_harms() {
        let cut = |a: Script| a.selects(Protocols::HYBRID).starts_tls().ends(Ending::Reset);
        let avoided = avoided(&Scene::at("10.0.0.5").client(cut).client(cut));
        assert!(avoided.contains(&"disable-nla".to_owned()), "{avoided:?}");
        assert!(avoided.len() <= MOST);
    }

    #[test]
    fn a_healthy_server_needs_no_warning() {
        let healthy = Scene::at("10.0.0.5").client(|a| a.selects(Protocols::SSL).completes_tls());
        assert!(avoided(&healthy).is_empty());
    }
}
