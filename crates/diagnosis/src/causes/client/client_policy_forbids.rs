use super::delegation;
use super::effect::Effect;
use super::signs::{by_origin, setting_of};
use crate::causes::certificate::{certificate_expired, certificate_name_mismatch, certificate_untrusted};
use crate::causes::policy::{Side, naming, with_author};
use crate::causes::step::{READ, Step, remedies};
use crate::evidence::{Evidence, Snapshot};
use crate::server::challenge;
use crate::{Cause, Detection, Place, Proof, Safety, Severity, Stage};

/// A policy of the client that does not let it connect like this.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "client-policy-forbids",
    stage: Stage::Client,
    severity: Severity::Blocks,
    title: "A policy on the client forbids the connection",
    prior: -6,
    explains: &[],
    page: include_str!("client-policy-forbids.md"),
    detect: |evidence| by_origin(evidence, |origin| look(origin, evidence)),
    remedies: |evidence| {
        let change = naming(remedies(&[&CHANGE]), evidence.origin.as_deref(), |origin| look(origin, evidence));
        [remedies(&[&SEE]), change].concat()
    },
};

fn look(origin: &Snapshot, evidence: &Evidence) -> Detection {
    let effects = [ntlm(origin, evidence), identity(origin, evidence), delegation::effect(origin, evidence)];
    let mut open = false;
    let (mut proven, mut likely) = (None, None);
    for effect in effects {
        match effect {
            Effect::None => {}
            Effect::Open => open = true,
            Effect::Forbids(proof) => proven = proven.or(Some(proof)),
            Effect::MayForbid(proof) => likely = likely.or(Some(proof)),
        }
    }
    match (proven, likely) {
        (Some(proof), _) => Detection::Confirmed(proof),
        (None, Some(proof)) => Detection::Likely(proof),
        (None, None) if open => Detection::Unknown(Vec::new()),
        (None, None) => Detection::RuledOut,
    }
}

/// Outgoing NTLM is refused, and nothing but NTLM could be used.
fn ntlm(origin: &Snapshot, evidence: &Evidence) -> Effect {
    const DENY: u64 = 2;
    let (restricted, fact) = setting_of(origin, "restrict-ntlm-out");
    let excepted = setting_of(origin, "ntlm-out-exceptions").0;
    match restricted.number() {
        Some(DENY) => {}
        Some(_) => return Effect::None,
        None => return Effect::Open,
    }
    let Some(why) = needs_ntlm(evidence) else { return Effect::Open };
    if !excepted.seen.is_read() || excepted.seen.value().is_some() {
        return Effect::Open;
    }
    let text = format!("RestrictSendingNTLMTraffic is 2 (deny all), and {why}: Kerberos cannot be used");
    Effect::Forbids(Proof::of(text, [fact], 35))
}

/// Kerberos knows names of a domain.
fn needs_ntlm(evidence: &Evidence) -> Option<&'static str> {
    if evidence.target.is_unnamed() {
        return None;
    }
    if evidence.target.literal().is_some() {
        return Some("the server is asked for by its address");
    }
    let (_, challenge) = challenge(evidence)?;
    let (domain, computer) = (challenge.domain.as_deref()?, challenge.computer.as_deref()?);
    domain.eq_ignore_ascii_case(computer).then_some("the server belongs to no domain")
}

/// "Configure server authentication for client" says "do not connect".
fn identity(origin: &Snapshot, evidence: &Evidence) -> Effect {
    const REFUSE: u64 = 1;
    let both = ["client-authentication-policy", "client-authentication-level"].map(|id| (id, setting_of(origin, id)));
    let Some((id, (_, fact))) = both.iter().find(|(_, (level, _))| level.number() == Some(REFUSE)) else {
        return if both.iter().all(|(_, (level, _))| level.seen.is_read()) { Effect::None } else { Effect::Open };
    };
    let fires = |cause: &Cause| matches!((cause.detect)(evidence), Detection::Confirmed(_) | Detection::Likely(_));
    let wrong = [
        (&certificate_expired::CAUSE, "has expired"),
        (&certificate_untrusted::CAUSE, "is not trusted"),
        (&certificate_name_mismatch::CAUSE, "is for another name"),
    ];
    let Some((_, wrong)) = wrong.into_iter().find(|(cause, _)| fires(cause)) else { return Effect::Open };
    let text = format!("AuthenticationLevel is 1 (do not connect), and the server's certificate {wrong}");
    let proof = with_author(Proof::of(text, [fact.clone()], 20), origin, Side::Client, id);
    // Kerberos proves the server without its certificate.
    if needs_ntlm(evidence).is_some() {
        return Effect::Forbids(proof);
    }
    Effect::MayForbid(proof.missing("whether Kerberos proves the server instead of the certificate"))
}

const SEE: Step = Step {
    title: "See which delegation, authentication and NTLM policies are set on the client",
    place: Place::Client,
    commands: &[
        r"Get-ItemProperty 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\CredentialsDelegation' -ErrorAction SilentlyContinue",
        r"Get-ItemProperty 'HKLM:\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services' -ErrorAction SilentlyContinue | Select-Object AuthenticationLevel, fDisablePasswordSaving",
        r"Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Lsa\MSV1_0' -ErrorAction SilentlyContinue | Select-Object RestrictSendingNTLMTraffic",
    ],
    cmd: &[
        r"reg query HKLM\SOFTWARE\Policies\Microsoft\Windows\CredentialsDelegation /s",
        r#"reg query "HKLM\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services""#,
        r"reg query HKLM\SYSTEM\CurrentControlSet\Control\Lsa\MSV1_0 /v RestrictSendingNTLMTraffic",
    ],
    ..READ
};

const CHANGE: Step = Step {
    title: "Have the policy allow this server by its name (TERMSRV/HOST), and give the server a certificate or Kerberos name that satisfies it",
    place: Place::Client,
    safety: Safety::Manual,
    interrupts: "what else the policy covers",
    commands: &[r"gpresult /h C:\policies.html /f"],
    cmd: &["gpresult /r /scope computer"],
    undo: "set the policy back",
};

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::negotiation::Protocols;

    use super::*;
    use crate::evidence::snapshot::RegistryValue;
    use crate::testing::{CertificateMaker, Machine, Scene};
    use crate::{Verdict, judge};

    fn client() -> Machine {
        Machine::healthy().build(22631, "Client")
    }

    fn from(machine: Machine, scene: Scene) -> Evidence {
        Evidence { origin: machine.as_origin().origin, ..scene.evidence() }
    }

    fn detect(machine: Machine, scene: Scene) -> Detection {
        (CAUSE.detect)(&from(machine, scene))
    }

    fn serving(scene: Scene) -> Scene {
        let leaf = CertificateMaker::windows("TS01");
        scene.client(|a| a.selects(Protocols::HYBRID_EX).serves(&[leaf]).untrusted())
    }

    #[test]
    fn fires_on_refused_ntlm_towards_an_address_or_a_workgroup() {
        let denied = || client().dword("restrict-ntlm-out", 2);
        let diagnosis = judge(&from(denied(), Scene::at("10.0.0.5")));
        assert_eq!((diagnosis.root().unwrap().cause.id, diagnosis.verdict), ("client-policy-forbids", Verdict::Broken));
        let by_name = || Scene::named("ts01", &["10.0.0.5"]);
        assert_eq!(detect(denied(), by_name()), Detection::Unknown(Vec::new()));
        let path = crate::catalogue::setting("ntlm-out-exceptions").unwrap().path;
        let list = RegistryValue::MultiSz(vec!["10.0.0.5".to_owned()]);
        let excepted = denied().value(path, "ClientAllowedNTLMServers", list);
        assert_eq!(detect(excepted, Scene::at("10.0.0.5")), Detection::Unknown(Vec::new()));
    }

    #[test]
    fn fires_on_a_refusal_of_unproven_servers() {
        let strict = || client().dword("client-authentication-policy", 1);
        assert!(matches!(detect(strict(), serving(Scene::at("10.0.0.5"))), Detection::Confirmed(_)));
        let named = serving(Scene::named("ts01", &["10.0.0.5"]));
        assert!(matches!(detect(strict(), named), Detection::Likely(_)), "Kerberos may prove it");
    }

    #[test]
    fn near_miss_policies_that_ask_or_audit() {
        let lax = client().dword("client-authentication-policy", 2).dword("restrict-ntlm-out", 1);
        assert_eq!(detect(lax, serving(Scene::at("10.0.0.5"))), Detection::RuledOut);
        assert_eq!(detect(client(), Scene::unresolved("HOST")), Detection::RuledOut);
    }

    #[test]
    fn unknown_where_a_policy_needs_a_server_or_was_not_read() {
        let denied = client().dword("restrict-ntlm-out", 2).as_origin();
        assert_eq!((CAUSE.detect)(&denied), Detection::Unknown(Vec::new()));
        assert_eq!((CAUSE.detect)(&Machine::unread().as_origin()), Detection::Unknown(Vec::new()));
    }
}
