use crate::evidence::Evidence;
use crate::server::credssp;
use crate::view::attempt_fact;
use crate::{Cause, Detection, Place, Proof, Remedy, Safety, Severity, Stage};

/// The server lacks the CredSSP revision that closed CVE-2018-0886.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "credssp-outdated",
    stage: Stage::Authenticate,
    severity: Severity::Degrades,
    title: "The server's CredSSP lacks the security revision of 2018",
    prior: -2,
    explains: &[],
    page: include_str!("credssp-outdated.md"),
    detect,
    remedies,
};

/// The version that brought the revision (MS-CSSP 3.1.5).
const REVISED: u32 = 5;

fn detect(evidence: &Evidence) -> Detection {
    let Some((index, version)) = credssp(evidence).and_then(|(index, seen)| Some((index, seen.version?))) else {
        return Detection::Unknown(Vec::new());
    };
    if version >= REVISED {
        return Detection::RuledOut;
    }
    let text = format!("its TSRequest has version {version}; the revision against CVE-2018-0886 is version 5");
    Detection::Confirmed(Proof::of(text, [format!("{}/credssp/version", attempt_fact(index))], 30))
}

fn remedies(_: &Evidence) -> Vec<Remedy> {
    vec![
        Remedy {
            title: "Bring the server up to date: the revision came with the updates of March to May 2018".into(),
            place: Place::Server,
            safety: Safety::Manual,
            interrupts: "a restart after the update: every session ends".into(),
            commands: vec![
                "Get-HotFix | Sort-Object InstalledOn -Descending | Select-Object -First 5".into(),
                r"(Get-Item $env:SystemRoot\System32\credssp.dll).VersionInfo.FileVersion".into(),
            ],
            cmd: vec!["systeminfo".into()],
            undo: "uninstall the update".into(),
        },
        Remedy {
            title: "Until then, reach the server by its console or through another path; AllowEncryptionOracle = 2 on the client opens that client to the attack wherever it connects, so set it only for as long as the update takes".into(),
            place: Place::Client,
            safety: Safety::Manual,
            interrupts: String::new(),
            commands: vec![
                r"Get-ItemProperty HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System\CredSSP\Parameters AllowEncryptionOracle -ErrorAction SilentlyContinue".into(),
            ],
            cmd: vec![
                r"reg query HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System\CredSSP\Parameters /v AllowEncryptionOracle".into(),
            ],
            undo: "nothing is changed by looking; take a value that was set away again".into(),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, Script, challenge_by};
    use crate::{Verdict, judge};

    fn version(version: Option<u32>) -> Evidence {
        let mut seen = challenge_by("TS01", "ts01");
        seen.version = version;
        Scene::at("10.0.0.5").client(|a| a.completes_tls().credssp(seen)).evidence()
    }

    #[test]
    fn fires_on_every_version_before_the_revision() {
        for old in [2, 3, 4] {
            let diagnosis = judge(&version(Some(old)));
            assert_eq!(diagnosis.root().unwrap().cause.id, "credssp-outdated");
            assert_eq!(diagnosis.verdict, Verdict::Warning);
        }
    }

    #[test]
    fn near_miss_five_and_six_are_both_fine() {
        assert_eq!(detect(&version(Some(5))), Detection::RuledOut);
        assert_eq!(detect(&version(Some(6))), Detection::RuledOut);
    }

    #[test]
    fn unknown_without_a_version() {
        assert_eq!(detect(&version(None)), Detection::Unknown(Vec::new()));
        let bare = Scene::at("10.0.0.5").client(Script::completes_tls).evidence();
        assert_eq!(detect(&bare), Detection::Unknown(Vec::new()));
    }
}
