use rdpdoctor_protocol::negotiation::{FailureCode, Protocols};

use super::signs::{set_by, setting_of, where_open};
use crate::causes::negotiate::settings;
use crate::causes::policy::{Side, naming, with_author};
use crate::evidence::{Evidence, Offer, Snapshot};
use crate::server::shows_windows;
use crate::view::{AddressView, attempt_fact, client_address};
use crate::{Cause, Detection, Proof, Remedy, Severity, Stage, Want};

/// The server has TLS, and takes clients without it.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "security-layer-weak",
    stage: Stage::Host,
    severity: Severity::Degrades,
    title: "The server takes Standard RDP Security beside TLS",
    prior: 0,
    explains: &[],
    page: include_str!("security-layer-weak.md"),
    detect: |evidence| where_open(evidence, on_the_wire(evidence), look),
    remedies,
};

fn look(host: &Snapshot) -> Detection {
    let ((layer, fact), (nla, nla_fact)) = (setting_of(host, "security-layer"), setting_of(host, "nla"));
    let by = set_by(layer);
    match (layer.number(), nla.number()) {
        (Some(0), demanded) => {
            let text = format!("SecurityLayer is 0 ({by}): the listener speaks Standard RDP Security alone");
            let proof = with_author(Proof::of(text, [fact], 32), host, Side::Server, "security-layer");
            Detection::Confirmed(if demanded == Some(1) {
                proof.missing("whether anybody gets in: UserAuthentication 1 demands what SecurityLayer 0 excludes; a probe tells")
            } else {
                proof
            })
        }
        (Some(1), Some(0)) => {
            let text = format!("SecurityLayer is 1 ({by}) and UserAuthentication 0: clients are taken without TLS too");
            let proof = with_author(Proof::of(text, [fact, nla_fact], 32), host, Side::Server, "security-layer");
            Detection::Confirmed(with_author(proof, host, Side::Server, "nla"))
        }
        (Some(1), Some(_)) | (Some(2), _) => Detection::RuledOut,
        (Some(other @ 3..), _) => {
            let text = format!("SecurityLayer is {other} ({by}), which means nothing: 0, 1 and 2 do; nobody gets in");
            let proof = with_author(Proof::of(text, [fact], 32), host, Side::Server, "security-layer");
            Detection::Confirmed(proof.severity(Severity::Blocks))
        }
        (Some(1), None) | (None, _) => Detection::Unknown(Vec::new()),
    }
}

fn on_the_wire(evidence: &Evidence) -> Detection {
    let Some(address) = client_address(evidence) else { return Detection::Unknown(Vec::new()) };
    let Some(selected) = address.selected() else { return Detection::Unknown(Vec::new()) };
    if selected.is_empty() {
        return Detection::RuledOut;
    }
    let windows = shows_windows(evidence);
    let alone = Offer::negotiate(Protocols::RDP);
    let Some((index, attempt)) = address.tries(&alone).next() else {
        let asks = windows.is_some() && takes_tls_alone(address, selected);
        return Detection::Unknown(asks.then(|| Want::attempt(address.endpoint, alone)).into_iter().collect());
    };
    if !attempt.selected().is_some_and(Protocols::is_empty) {
        return Detection::RuledOut;
    }
    let text = format!("asked as mstsc asks, it chose {selected}; asked for Standard RDP Security alone, it confirmed");
    let proof = Proof::of(text, [attempt_fact(index)], 32);
    Detection::Confirmed(match windows {
        Some((text, fact)) => proof.and(text, [fact], 0),
        // xrdp ships so, and its users know no better setting by another name.
        None => proof.severity(Severity::Informs),
    })
}

/// A server that insists on CredSSP takes nothing less; where that is not known yet, another cause asks.
fn takes_tls_alone(address: AddressView<'_>, selected: Protocols) -> bool {
    let refuses = |code| code == Some(FailureCode::HYBRID_REQUIRED_BY_SERVER);
    let less = Offer::negotiate(Protocols::SSL);
    selected == Protocols::SSL
        || address.tries(&less).next().is_some_and(|(_, attempt)| !refuses(attempt.failure_code()))
}

fn remedies(evidence: &Evidence) -> Vec<Remedy> {
    let allow = naming(vec![settings::allow_tls()], evidence.host.as_deref(), look);
    [vec![settings::read()], allow, vec![settings::demand_tls_on_xrdp()]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{CertificateMaker, Machine, Scene};
    use crate::{Verdict, judge};

    fn served_by(maker: CertificateMaker) -> Scene {
        Scene::named("ts01", &["10.0.0.5"]).client(|a| a.selects(Protocols::SSL).serves(&[maker]))
    }

    fn windows() -> Scene {
        served_by(CertificateMaker::windows("TS01"))
    }

    #[test]
    fn fires_on_a_windows_that_takes_both() {
        let diagnosis = judge(&windows().asks(Protocols::RDP, |a| a.selects(Protocols::RDP)).evidence());
        assert_eq!(diagnosis.root().unwrap().cause.id, "security-layer-weak");
        assert_eq!(diagnosis.verdict, Verdict::Warning);
    }

    #[test]
    fn only_informs_where_nothing_shows_a_windows() {
        let xrdp = served_by(CertificateMaker::self_signed("ts01")).asks(Protocols::RDP, |a| a.selects(Protocols::RDP));
        let evidence = xrdp.evidence();
        assert!(matches!(on_the_wire(&evidence), Detection::Confirmed(_)));
        assert_eq!(judge(&evidence).verdict, Verdict::Healthy);
    }

    #[test]
    fn fires_on_the_settings_of_a_machine_that_nobody_probed() {
        let machine = Machine::healthy;
        let weak = |host: Machine| host.dword("nla", 0).policy("nla", 1).policy("security-layer", 0);
        for (host, verdict) in [
            (machine().dword("security-layer", 0), Verdict::Warning),
            (weak(machine()), Verdict::Warning),
            (machine().dword("security-layer", 3), Verdict::Broken),
        ] {
            let diagnosis = judge(&host.evidence());
            assert_eq!(diagnosis.root().unwrap().cause.id, "security-layer-weak");
            assert_eq!(diagnosis.verdict, verdict);
        }
        let both = machine().dword("security-layer", 1).dword("nla", 0);
        assert!(matches!(look(&both.snapshot()), Detection::Confirmed(_)));
    }

    #[test]
    fn near_misses_of_the_settings() {
        assert_eq!(look(&Machine::healthy().snapshot()), Detection::RuledOut);
        assert_eq!(look(&Machine::healthy().dword("security-layer", 1).snapshot()), Detection::RuledOut);
        assert_eq!(look(&Machine::healthy().without("security-layer").snapshot()), Detection::Unknown(Vec::new()));
        assert_eq!(look(&Machine::unread().snapshot()), Detection::Unknown(Vec::new()));
    }

    #[test]
    fn near_misses() {
        let refuses = windows().asks(Protocols::RDP, |a| a.fails(FailureCode::SSL_REQUIRED_BY_SERVER));
        assert_eq!(on_the_wire(&refuses.evidence()), Detection::RuledOut);
        let nothing_else = Scene::at("10.0.0.5").client(|a| a.selects(Protocols::RDP));
        assert_eq!(on_the_wire(&nothing_else.evidence()), Detection::RuledOut);
    }

    #[test]
    fn a_server_that_requires_credssp_is_not_asked() {
        let served = [CertificateMaker::windows("TS01")];
        let scene = Scene::named("ts01", &["10.0.0.5"])
            .client(|a| a.selects(Protocols::HYBRID_EX).serves(&served))
            .asks(Protocols::SSL, |a| a.fails(FailureCode::HYBRID_REQUIRED_BY_SERVER));
        assert_eq!(on_the_wire(&scene.evidence()), Detection::Unknown(Vec::new()));
    }

    #[test]
    fn unknown_until_it_was_asked_for_alone() {
        let evidence = windows().evidence();
        let want = Want::attempt(evidence.endpoints()[0], Offer::negotiate(Protocols::RDP));
        assert_eq!(on_the_wire(&evidence), Detection::Unknown(vec![want]));
        let bare = Scene::at("10.0.0.5").client(|a| a.selects(Protocols::SSL).completes_tls()).evidence();
        assert_eq!(on_the_wire(&bare), Detection::Unknown(Vec::new()));
    }
}
