use super::stored;
use crate::causes::step::{READ, Step, remedies};

/// From this weight on a contradiction is proof.
const PROOF: i16 = 30;

/// What fits refutes nothing: the password of a stored credential may be the stale one.
fn look(evidence: &Evidence) -> Detection {
    let mut found = contradictions(evidence);
    found.extend(stored::contradictions(evidence));
    let Some(severity) = found.iter().map(|found| found.severity).max() else {
        return Detection::Unknown(Vec::new());
    };
    let proven = found.iter().any(|found| found.decibans >= PROOF);
    let proof = found.into_iter().fold(Proof::default().severity(severity), |proof, found| {
        let text = found.line.map_or_else(|| found.text.clone(), |line| format!("line {line}: {}", found.text));
        proof.and(text, found.facts, found.decibans)
    });
    if proven { Detection::Confirmed(proof) } else { Detection::Likely(proof) }
}
use crate::evidence::Evidence;
use crate::rdp_file::contradictions;
use crate::{Cause, Detection, Place, Proof, Safety, Severity, Stage};

/// A saved setting, credential or requested mode that contradicts the server.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "client-profile-stale",
    stage: Stage::Client,
    severity: Severity::Degrades,
    title: "A saved setting or credential of the client does not fit the server",
    prior: 0,
    explains: &[],
    page: include_str!("client-profile-stale.md"),
    detect: look,
    remedies: |_| remedies(&[&LOOK, &WITHOUT, &FORGET]),
};

const LOOK: Step = Step {
    title: "See what is saved: the .rdp file in use, the last server, and the names of stored credentials",
    place: Place::Client,
    commands: &[
        r"Get-Content $env:USERPROFILE\Documents\Default.rdp",
        r"Get-ChildItem 'HKCU:\Software\Microsoft\Terminal Server Client\Servers' -ErrorAction SilentlyContinue",
        "cmdkey /list:TERMSRV/*",
    ],
    cmd: &[
        r"type %USERPROFILE%\Documents\Default.rdp",
        r#"reg query "HKCU\Software\Microsoft\Terminal Server Client\Servers" /s"#,
        "cmdkey /list",
    ],
    ..READ
};

const WITHOUT: Step = Step {
    title: "Connect once without anything saved: a new connection, the full name, the credentials typed",
    place: Place::Client,
    commands: &["mstsc /v:HOST /prompt"],
    ..READ
};

const FORGET: Step = Step {
    title: "Remove the stored credential for this server alone, and correct the line of the .rdp file that does not fit",
    place: Place::Client,
    safety: Safety::Manual,
    interrupts: "nothing; the password has to be typed at the next connection",
    commands: &["cmdkey /delete:TERMSRV/HOST"],
    cmd: &["cmdkey /delete:TERMSRV/HOST"],
    undo: "cmdkey /generic:TERMSRV/HOST /user:USER /pass, which asks for the password",
};

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::negotiation::{FailureCode, Protocols};

    use super::*;
    use crate::testing::{Machine, Scene};
    use crate::{Certainty, Verdict, judge};

    fn against_nla(text: &str) -> Evidence {
        let origin = Machine::healthy().saves("C:\\a.rdp", text).as_origin().origin;
        let scene = Scene::at("10.0.0.5")
            .client(|a| a.selects(Protocols::HYBRID_EX).completes_tls())
            .asks(Protocols::SSL, |a| a.fails(FailureCode::HYBRID_REQUIRED_BY_SERVER));
        Evidence { origin, ..scene.evidence() }
    }

    #[test]
    fn fires_on_a_file_that_the_server_refuses() {
        let diagnosis = judge(&against_nla("full address:s:10.0.0.5\nenablecredsspsupport:i:0"));
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("client-profile-stale", Certainty::Confirmed));
        assert_eq!((root.severity, diagnosis.verdict), (Severity::Blocks, Verdict::Broken));
        assert!(root.proof.items[0].text.starts_with("line 2: "), "{:?}", root.proof.items);
    }

    #[test]
    fn near_miss_the_file_of_another_server() {
        let other = against_nla("full address:s:10.0.0.6\nenablecredsspsupport:i:0");
        assert_eq!(look(&other), Detection::Unknown(Vec::new()));
        assert_eq!(judge(&other).verdict, Verdict::Healthy);
    }

    #[test]
    fn unknown_without_files_or_without_a_server() {
        assert_eq!(look(&Machine::unread().as_origin()), Detection::Unknown(Vec::new()));
        let alone = Machine::healthy().saves("C:\\a.rdp", "enablecredsspsupport:i:0").as_origin();
        assert_eq!(look(&alone), Detection::Unknown(Vec::new()));
    }
}
