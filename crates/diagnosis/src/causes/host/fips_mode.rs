use super::signs::{by_host, open_from_outside, set_by, setting_of, unless_client_is_served};
use crate::causes::policy::{Side, with_author};
use crate::causes::step::{READ, Step, remedies};
use crate::evidence::{Evidence, Snapshot};
use crate::{Cause, Detection, Proof, Safety, Severity, Stage};

/// The machine may use FIPS 140 algorithms only.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "fips-mode",
    stage: Stage::Host,
    severity: Severity::Degrades,
    title: "FIPS mode narrows what the server may use",
    prior: -6,
    explains: &["cipher-suite-mismatch"],
    page: include_str!("fips-mode.md"),
    detect,
    remedies: |_| remedies(&[&READ_FIPS, &LEAVE_FIPS]),
};

fn detect(evidence: &Evidence) -> Detection {
    // Current clients connect in FIPS mode: it is held against the server only where one of them does not.
    let fails = !evidence.attempts.is_empty() && unless_client_is_served(evidence) != Detection::RuledOut;
    by_host(evidence, open_from_outside(evidence), |host| look(host, fails))
}

/// The level of `MinEncryptionLevel` that takes FIPS 140 algorithms only.
const FIPS_LEVEL: u64 = 4;

fn look(host: &Snapshot, fails: bool) -> Detection {
    let ((mode, mode_fact), (level, level_fact)) = (setting_of(host, "fips"), setting_of(host, "min-encryption"));
    let mut proof = Proof::default();
    if mode.number().is_some_and(|number| number != 0) {
        let text = "FipsAlgorithmPolicy\\Enabled is set: Windows uses FIPS 140 algorithms only";
        proof = proof.and(text, [mode_fact], 25);
    }
    let listener = level.number() == Some(FIPS_LEVEL);
    if listener {
        let text =
            format!("MinEncryptionLevel is 4 ({}): the listener refuses clients that cannot do FIPS", set_by(level));
        proof = with_author(proof.and(text, [level_fact], 25), host, Side::Server, "min-encryption");
    }
    match (proof.items.is_empty(), mode.seen.is_read() && level.seen.is_read()) {
        (true, true) => Detection::RuledOut,
        (true, false) => Detection::Unknown(Vec::new()),
        (false, _) if listener || fails => Detection::Confirmed(proof),
        (false, _) => Detection::Confirmed(proof.severity(Severity::Informs)),
    }
}

const READ_FIPS: Step = Step {
    title: "See whether FIPS mode is on and whether the listener asks for FIPS encryption (MinEncryptionLevel 4)",
    commands: &[
        r"Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Lsa\FipsAlgorithmPolicy' Enabled",
        r"Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp' MinEncryptionLevel",
    ],
    cmd: &[
        r"reg query HKLM\SYSTEM\CurrentControlSet\Control\Lsa\FipsAlgorithmPolicy /v Enabled",
        r#"reg query "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp" /v MinEncryptionLevel"#,
    ],
    ..READ
};

const LEAVE_FIPS: Step = Step {
    title: "Where no rule demands it, switch FIPS mode off in the policy that sets it, and restart; where one does, bring the clients to TLS 1.2 with ECDHE and AES-GCM",
    safety: Safety::Manual,
    interrupts: "the machine has to be restarted; other programs on it change their algorithms too",
    commands: &[
        r"Set-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Lsa\FipsAlgorithmPolicy' Enabled 0 -Type DWord",
    ],
    cmd: &[r"reg add HKLM\SYSTEM\CurrentControlSet\Control\Lsa\FipsAlgorithmPolicy /v Enabled /t REG_DWORD /d 0 /f"],
    undo: "set Enabled back to 1 and restart",
    ..READ
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Ending;
    use crate::testing::{Machine, Scene};
    use crate::{Verdict, judge};

    fn fips() -> Machine {
        Machine::healthy().dword("fips", 1)
    }

    #[test]
    fn the_mode_informs_and_the_listener_s_level_degrades() {
        let informed = judge(&fips().evidence());
        assert!(informed.findings.iter().any(|finding| finding.cause.id == "fips-mode"));
        assert_eq!(informed.verdict, Verdict::Healthy);
        for level in [Machine::healthy().dword("min-encryption", 4), Machine::healthy().policy("min-encryption", 4)] {
            let diagnosis = judge(&level.evidence());
            assert_eq!(diagnosis.root().unwrap().cause.id, "fips-mode");
            assert_eq!(diagnosis.verdict, Verdict::Warning);
        }
    }

    #[test]
    fn it_counts_where_a_current_client_fails() {
        let seen = Scene::at("10.0.0.5").client(|a| a.starts_tls().ends(Ending::Reset)).evidence();
        let Detection::Confirmed(proof) = detect(&Evidence { host: fips().evidence().host, ..seen }) else {
            panic!("it is set")
        };
        assert_eq!(proof.severity, None);
    }

    #[test]
    fn near_miss_and_unknown() {
        assert_eq!(look(&Machine::healthy().dword("fips", 0).snapshot(), false), Detection::RuledOut);
        assert_eq!(look(&Machine::unread().snapshot(), false), Detection::Unknown(Vec::new()));
    }
}
