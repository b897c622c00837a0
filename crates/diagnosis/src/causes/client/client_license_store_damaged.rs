use super::signs::by_origin;
use crate::catalogue::setting;
use crate::causes::step::{READ, Step, remedies};
use crate::evidence::Snapshot;
use crate::evidence::snapshot::Reading;
use crate::view::origin_fact;
use crate::{Cause, Detection, Place, Proof, Safety, Severity, Stage};

/// A client that cannot read or write its stored Remote Desktop licence.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "client-license-store-damaged",
    stage: Stage::Client,
    severity: Severity::Blocks,
    title: "The client's stored Remote Desktop licence is damaged",
    prior: -6,
    explains: &[],
    page: include_str!("client-license-store-damaged.md"),
    detect: |evidence| by_origin(evidence, look),
    remedies: |_| remedies(&[&SEE, &RENEW]),
};

/// A stored licence names whose it is; one that does not was never written to its end.
fn look(origin: &Snapshot) -> Detection {
    let Some(scope) = setting("client-license-scope") else { return Detection::Unknown(Vec::new()) };
    let Some(Reading::Observed(stored)) = origin.registry.get(scope.path) else {
        return Detection::Unknown(Vec::new());
    };
    let damaged = stored
        .as_ref()
        .is_some_and(|key| key.value(scope.value).is_none_or(|value| value.text().is_none_or(str::is_empty)));
    if !damaged {
        return Detection::RuledOut;
    }
    let text =
        "a stored licence does not say whose it is (LicenseScope): session hosts that license devices may refuse it";
    let proof = Proof::of(text, [origin_fact(&["registry", scope.path])], 18).severity(Severity::Degrades);
    Detection::Likely(proof.missing("whether another client connects to the same session host"))
}

const SEE: Step = Step {
    title: "See whether the stored licence is there, and who may write it",
    place: Place::Client,
    commands: &[
        r"Get-ChildItem HKLM:\SOFTWARE\Microsoft\MSLicensing -Recurse -ErrorAction SilentlyContinue",
        r"(Get-Acl HKLM:\SOFTWARE\Microsoft\MSLicensing).AccessToString",
    ],
    cmd: &[r"reg query HKLM\SOFTWARE\Microsoft\MSLicensing /s"],
    ..READ
};

const RENEW: Step = Step {
    title: "Keep a copy of the stored licence, remove it, and connect once as an administrator (run mstsc elevated), so that the client can write a new one",
    place: Place::Client,
    safety: Safety::Manual,
    interrupts: "nothing; the server counts a new licence for this device",
    commands: &[
        r"reg export HKLM\SOFTWARE\Microsoft\MSLicensing C:\mslicensing-before.reg /y",
        r"Remove-Item HKLM:\SOFTWARE\Microsoft\MSLicensing -Recurse",
        "Start-Process mstsc -ArgumentList '/v:HOST' -Verb RunAs",
    ],
    cmd: &[
        r"reg export HKLM\SOFTWARE\Microsoft\MSLicensing C:\mslicensing-before.reg /y",
        r"reg delete HKLM\SOFTWARE\Microsoft\MSLicensing /f",
    ],
    undo: r"reg import C:\mslicensing-before.reg",
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::snapshot::{RegistryKey, RegistryValue};
    use crate::testing::Machine;
    use crate::{Verdict, judge};

    fn stored(change: impl FnOnce(&mut RegistryKey)) -> Machine {
        let mut key = RegistryKey::default();
        change(&mut key);
        let path = setting("client-license-scope").unwrap().path.to_owned();
        Machine::healthy()
            .build(22631, "Client")
            .with(|it| drop(it.registry.insert(path, Reading::Observed(Some(key)))))
    }

    #[test]
    fn fires_on_a_licence_that_is_nobodys() {
        let diagnosis = judge(&stored(|_| ()).as_origin());
        assert_eq!(diagnosis.root().unwrap().cause.id, "client-license-store-damaged");
        assert_eq!(diagnosis.verdict, Verdict::Warning, "only servers that license devices mind");
    }

    #[test]
    fn near_miss_a_whole_licence_and_none_at_all() {
        let whole = |key: &mut RegistryKey| {
            key.values.insert("LicenseScope".into(), RegistryValue::Sz("microsoft.com".into()));
        };
        assert_eq!(look(&stored(whole).snapshot()), Detection::RuledOut);
        assert_eq!(look(&Machine::healthy().snapshot()), Detection::RuledOut);
    }

    #[test]
    fn unknown_where_it_was_not_read() {
        assert_eq!(look(&Machine::unread().snapshot()), Detection::Unknown(Vec::new()));
    }
}
