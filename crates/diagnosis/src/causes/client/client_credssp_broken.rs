use super::signs::{by_origin, setting_of};
use crate::causes::authenticate::credssp_outdated;
use crate::causes::policy::{Side, with_author};
use crate::causes::step::{READ, Step, remedies};
use crate::evidence::snapshot::{Authority, Reading, RegistryValue, ValueSeen};
use crate::evidence::{Evidence, Snapshot};
use crate::view::origin_fact;
use crate::{Cause, Detection, Place, Proof, Safety, Severity, Stage};

/// A client whose CredSSP is missing or switched off.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "client-credssp-broken",
    stage: Stage::Client,
    severity: Severity::Blocks,
    title: "CredSSP is missing or switched off on the client",
    prior: -6,
    explains: &["nla-required"],
    page: include_str!("client-credssp-broken.md"),
    detect: |evidence| by_origin(evidence, |origin| look(origin, evidence)),
    remedies: |_| remedies(&[&SEE, &GIVE_BACK]),
};

/// The first build whose LSA loads its packages without a list.
const WITHOUT_LIST: u32 = 10240;

fn look(origin: &Snapshot, evidence: &Evidence) -> Detection {
    let found = [file_missing(origin), oracle(origin, evidence), provider_missing(origin), package_missing(origin)];
    if let Some(proof) = found.into_iter().flatten().next() {
        return Detection::Confirmed(proof);
    }
    match setting_of(origin, "security-providers").0.seen {
        ValueSeen::Value(_) => Detection::RuledOut,
        ValueSeen::Absent | ValueSeen::Unread => Detection::Unknown(Vec::new()),
    }
}

fn file_missing(origin: &Snapshot) -> Option<Proof> {
    let of_credssp = |path: &str| {
        let path = path.to_ascii_lowercase();
        path.ends_with(r"\credssp.dll") || path.ends_with(r"\tspkg.dll")
    };
    let gone = |(path, file): &(&String, &Reading<Option<_>>)| of_credssp(path) && **file == Reading::Observed(None);
    let (path, _) = origin.files.iter().find(gone)?;
    Some(Proof::of(format!("{path} is missing"), [origin_fact(&["files", path])], 40))
}

/// The client refuses servers that lack the revision against CVE-2018-0886, and this is one.
fn oracle(origin: &Snapshot, evidence: &Evidence) -> Option<Proof> {
    let (oracle, fact) = setting_of(origin, "credssp-oracle");
    let strict = oracle.number().filter(|level| *level < 2 && oracle.by != Authority::Default)?;
    let Detection::Confirmed(outdated) = (credssp_outdated::CAUSE.detect)(evidence) else { return None };
    let text = format!("AllowEncryptionOracle is {strict}: this client refuses a server without the revision of 2018");
    let proof = with_author(Proof::of(text, [fact], 30), origin, Side::Client, "credssp-oracle");
    Some(outdated.items.into_iter().fold(proof, |proof, item| proof.and(item.text, item.facts, 10)))
}

fn provider_missing(origin: &Snapshot) -> Option<Proof> {
    let (providers, fact) = setting_of(origin, "security-providers");
    let list = providers.seen.value()?.list()?;
    let there = list.iter().any(|name| name.eq_ignore_ascii_case("credssp.dll"));
    (!there).then(|| Proof::of("credssp.dll is not among the SecurityProviders", [fact], 40))
}

/// Windows 7 to 8.1 load the packages of a list; later ones need none.
fn package_missing(origin: &Snapshot) -> Option<Proof> {
    let (packages, fact) = setting_of(origin, "security-packages");
    let list = packages.seen.value().and_then(RegistryValue::list)?;
    let old = origin.build.observed()?.number < WITHOUT_LIST;
    let there = list.iter().any(|name| name.eq_ignore_ascii_case("tspkg"));
    (old && !there).then(|| Proof::of("tspkg is not among the Security Packages", [fact], 40))
}

const SEE: Step = Step {
    title: "See whether the CredSSP packages are registered and their files are there, and whether the .rdp file switches CredSSP off (enablecredsspsupport:i:0)",
    place: Place::Client,
    commands: &[
        r"(Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\SecurityProviders').SecurityProviders",
        r"(Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Lsa').'Security Packages'",
        r"Get-Item $env:SystemRoot\System32\credssp.dll, $env:SystemRoot\System32\tspkg.dll | Format-List Name, VersionInfo",
    ],
    cmd: &[
        r"reg query HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders /v SecurityProviders",
        r#"reg query HKLM\SYSTEM\CurrentControlSet\Control\Lsa /v "Security Packages""#,
    ],
    ..READ
};

const GIVE_BACK: Step = Step {
    title: "Give the entries back (credssp.dll, and tspkg among the packages), repair the files, and restart; remove enablecredsspsupport from the .rdp file",
    place: Place::Client,
    safety: Safety::Manual,
    interrupts: "the client has to be restarted",
    commands: &["sfc /scannow"],
    cmd: &["sfc /scannow"],
    undo: "set both values back to what they were before",
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Machine, Scene, challenge_by};
    use crate::{Verdict, judge};

    fn client(build: u32) -> Machine {
        Machine::healthy().build(build, "Client")
    }

    fn detect(machine: Machine) -> Detection {
        (CAUSE.detect)(&machine.as_origin())
    }

    #[test]
    fn fires_on_a_provider_a_package_or_a_file_that_is_gone() {
        let tspkg = r"HKLM\SYSTEM\CurrentControlSet\Control\Lsa";
        let list = RegistryValue::MultiSz(vec!["kerberos".to_owned()]);
        let broken = [
            client(22631).text("security-providers", "other.dll"),
            client(7601).value(tspkg, "Security Packages", list.clone()),
            client(22631)
                .with(|it| drop(it.files.insert(r"C:\Windows\System32\CredSSP.dll".into(), Reading::Observed(None)))),
        ];
        for machine in broken {
            let diagnosis = judge(&machine.as_origin());
            assert_eq!(
                (diagnosis.root().unwrap().cause.id, diagnosis.verdict),
                ("client-credssp-broken", Verdict::Broken)
            );
        }
        assert_eq!(
            detect(client(22631).value(tspkg, "Security Packages", list)),
            Detection::RuledOut,
            "no list is needed"
        );
    }

    fn against(version: u32, machine: Machine) -> Evidence {
        let mut seen = challenge_by("TS01", "ts01");
        seen.version = Some(version);
        let scene = Scene::at("10.0.0.5").client(|a| a.connects().completes_tls().credssp(seen));
        Evidence { origin: machine.as_origin().origin, ..scene.evidence() }
    }

    #[test]
    fn fires_on_a_strict_client_against_a_server_without_the_revision() {
        let strict = || client(22631).dword("credssp-oracle", 0);
        let diagnosis = judge(&against(4, strict()));
        assert_eq!((diagnosis.root().unwrap().cause.id, diagnosis.verdict), ("client-credssp-broken", Verdict::Broken));
        assert_eq!((CAUSE.detect)(&against(6, strict())), Detection::RuledOut);
        let lenient = client(22631).dword("credssp-oracle", 2);
        assert_eq!((CAUSE.detect)(&against(4, lenient)), Detection::RuledOut);
    }

    #[test]
    fn near_miss_and_unknown() {
        assert_eq!(detect(client(22631)), Detection::RuledOut);
        assert_eq!(detect(client(22631).without("security-providers")), Detection::Unknown(Vec::new()));
        assert_eq!(detect(Machine::unread()), Detection::Unknown(Vec::new()));
    }
}
