use rdpdoctor_protocol::negotiation::FailureCode;

use super::{rdp_alone, refused_with, settings};
use crate::evidence::{Ending, Evidence};
use crate::view::{AddressView, attempt_fact, client_first};
use crate::{Cause, Detection, Proof, Remedy, Severity, Stage, Want};

/// The server refuses TLS, and Standard RDP Security with it: there is nothing left to agree on.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "tls-not-allowed",
    stage: Stage::Negotiate,
    severity: Severity::Blocks,
    title: "The server refuses TLS, and Standard RDP Security too",
    prior: 0,
    explains: &[],
    page: include_str!("tls-not-allowed.md"),
    detect,
    remedies,
};

fn detect(evidence: &Evidence) -> Detection {
    client_first(evidence, detect_at)
}

fn detect_at(address: AddressView<'_>) -> Detection {
    let Some((_, client)) = super::as_client(address) else { return Detection::Unknown(Vec::new()) };
    let Some((refused, _)) = refused_with(address, FailureCode::SSL_NOT_ALLOWED_BY_SERVER) else {
        return Detection::RuledOut;
    };
    let refusal = format!("asked for {}, the server answered SSL_NOT_ALLOWED_BY_SERVER", offered(client));
    let proof = Proof::of(refusal, [attempt_fact(refused)], 10);
    let Some((alone, attempt)) = address.tries(&rdp_alone()).next() else {
        return Detection::Unknown(vec![Want::attempt(address.endpoint, rdp_alone())]);
    };
    if attempt.selected().is_some() {
        return Detection::RuledOut;
    }
    if let Some(code) = attempt.failure_code() {
        let text = format!("asked for Standard RDP Security alone, it answered {code}");
        return Detection::Confirmed(proof.and(text, [attempt_fact(alone)], 20));
    }
    if matches!(attempt.ending, Ending::OurSystem { .. }) {
        return Detection::Unknown(vec![Want::repeat(address.endpoint, rdp_alone())]);
    }
    let cut_off = "asked for Standard RDP Security alone, it gave no answer in RDP";
    Detection::Likely(proof.and(cut_off, [attempt_fact(alone)], 5).missing(
        "whether Standard RDP Security is refused or the request was cut off on its way: read SecurityLayer on the server",
    ))
}

fn offered(attempt: &crate::evidence::Attempt) -> String {
    attempt.offer.protocols().unwrap_or_default().to_string()
}

fn remedies(_: &Evidence) -> Vec<Remedy> {
    vec![settings::read(), settings::allow_tls(), settings::allow_tls_on_xrdp()]
}

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::negotiation::Protocols;

    use super::*;
    use crate::testing::Scene;
    use crate::{Certainty, Verdict, judge};

    fn refuses() -> Scene {
        Scene::at("10.0.0.5").client(|a| a.fails(FailureCode::SSL_NOT_ALLOWED_BY_SERVER))
    }

    #[test]
    fn fires_when_both_are_refused() {
        let refused = FailureCode::HYBRID_REQUIRED_BY_SERVER;
        let diagnosis = judge(&refuses().asks(Protocols::RDP, |a| a.fails(refused)).evidence());
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("tls-not-allowed", Certainty::Confirmed));
        assert_eq!(diagnosis.verdict, Verdict::Broken);
    }

    #[test]
    fn near_miss_a_server_that_takes_standard_security_lets_mstsc_in() {
        let evidence = refuses().asks(Protocols::RDP, |a| a.selects(Protocols::RDP)).evidence();
        assert_eq!(detect(&evidence), Detection::RuledOut);
    }

    #[test]
    fn a_request_that_is_cut_off_is_no_proof() {
        let evidence = refuses().asks(Protocols::RDP, |a| a.connects().ends(Ending::Reset)).evidence();
        assert!(matches!(detect(&evidence), Detection::Likely(_)));
        assert_eq!(judge(&evidence).verdict, Verdict::Broken);
    }

    #[test]
    fn on_an_address_that_clients_do_not_take_it_only_degrades() {
        let refused = FailureCode::SSL_NOT_ALLOWED_BY_SERVER;
        let second = |a: crate::testing::Script| a.to("10.0.0.6:3389");
        let scene = Scene::named("ts01", &["10.0.0.5", "10.0.0.6"])
            .client(|a| a.selects(Protocols::SSL).completes_tls())
            .client(|a| second(a).fails(refused))
            .asks(Protocols::RDP, |a| second(a).fails(refused));
        assert_eq!(judge(&scene.evidence()).verdict, Verdict::Warning);
    }

    #[test]
    fn unknown_until_standard_security_alone_was_asked_for() {
        let evidence = refuses().evidence();
        let want = Want::attempt(evidence.endpoints()[0], rdp_alone());
        assert_eq!(detect(&evidence), Detection::Unknown(vec![want]));
    }
}
