//! What is seen on the wire proves none of the faults that only the server itself can show; it refutes some.

use crate::Detection;
use crate::catalogue::setting;
use crate::evidence::snapshot::{Authority, InForce, ValueSeen};
use crate::evidence::{Attempt, Evidence, Snapshot};
use crate::view::{AddressView, client_address, client_gets_through, host_fact};

/// Refuted by an answer in RDP: the service runs, is switched on, and listens at this port.
pub(super) fn unless_rdp_answers(evidence: &Evidence) -> Detection {
    unless(evidence, AddressView::speaks_rdp)
}

/// Refuted by TCP that connects: no filter drops it.
pub(super) fn unless_tcp_connects(evidence: &Evidence) -> Detection {
    unless(evidence, AddressView::connects)
}

/// Refuted by a completed handshake, or a signature that fits: the service can use the key of its certificate.
pub(super) fn unless_key_works(evidence: &Evidence) -> Detection {
    unless(evidence, key_works)
}

/// Refuted by a ServerHello: a TLS version is left.
pub(super) fn unless_tls_is_spoken(evidence: &Evidence) -> Detection {
    let answers = |attempt: &Attempt| attempt.tls.as_ref().is_some_and(|tls| tls.server_hello.is_some());
    unless(evidence, |address| address.attempts().any(|(_, attempt)| answers(attempt)))
}

/// Refuted where a current client gets through.
pub(super) fn unless_client_is_served(evidence: &Evidence) -> Detection {
    unless(evidence, |_| client_gets_through(evidence))
}

/// What the machine itself shows, where somebody looked; else, and where it leaves the question open, what the wire says.
/// What the wire refutes stays refuted.
pub(super) fn by_host(evidence: &Evidence, wire: Detection, look: impl FnOnce(&Snapshot) -> Detection) -> Detection {
    match evidence.host.as_deref() {
        Some(host) if wire != Detection::RuledOut => match look(host) {
            Detection::Unknown(_) => wire,
            settled => settled,
        },
        _ => wire,
    }
}

/// What the wire shows, and where it leaves the question open what the machine itself does.
pub(super) fn where_open(evidence: &Evidence, wire: Detection, look: impl FnOnce(&Snapshot) -> Detection) -> Detection {
    match wire {
        Detection::Unknown(_) => by_host(evidence, wire, look),
        settled => settled,
    }
}

/// Who set a setting, for a sentence.
pub(super) fn set_by(setting: InForce<'_>) -> &'static str {
    match setting.by {
        Authority::Policy => "by policy",
        Authority::Local => "a local value",
        Authority::Default => "nothing is set",
    }
}

/// A setting of `data/settings.csv` as it is in force, with the pointer to where it is, or would be.
pub(in crate::causes) fn setting_of<'a>(host: &'a Snapshot, id: &str) -> (InForce<'a>, String) {
    let Some(setting) = setting(id) else {
        return (InForce { seen: ValueSeen::Unread, by: Authority::Default, default: None }, String::new());
    };
    let in_force = host.in_force(setting);
    let policy = setting.policy_path.filter(|_| in_force.by == Authority::Policy);
    (in_force, host_fact(&["registry", policy.unwrap_or(setting.path)]))
}

/// Nothing that shows from outside speaks for or against it.
pub(super) fn open_from_outside(_: &Evidence) -> Detection {
    Detection::Unknown(Vec::new())
}

/// Refuted where `healthy` holds at the address that a client takes; open otherwise, and nothing outside settles it.
pub(super) fn unless<'a>(evidence: &'a Evidence, healthy: impl FnOnce(AddressView<'a>) -> bool) -> Detection {
    match client_address(evidence) {
        Some(address) if healthy(address) => Detection::RuledOut,
        _ => Detection::Unknown(Vec::new()),
    }
}

/// Whether the server has shown that it can use its private key.
pub(super) fn key_works(address: AddressView<'_>) -> bool {
    address.attempts().any(|(_, attempt)| attempt.completed_tls() || signed(attempt))
}

fn signed(attempt: &Attempt) -> bool {
    let exchange = attempt.tls.as_ref().and_then(|tls| tls.key_exchange.as_ref());
    exchange.and_then(|exchange| exchange.verified) == Some(true)
}

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::negotiation::Protocols;
    use rdpdoctor_protocol::tls::{CipherSuite, ProtocolVersion};

    use crate::causes::find;
    use crate::evidence::{Ending, Evidence};
    use crate::testing::{CertificateMaker, Scene, Script};
    use crate::{Detection, Verdict, judge};

    const NO_RDP: [&str; 5] = ["listener-disabled", "port-changed", "port-taken", "rdp-disabled", "service-stopped"];
    const NO_TCP: [&str; 1] = ["firewall-rule-disabled"];

    /// Of these nothing shows from outside.
    const OPEN: [&str; 7] = [
        "brute-force-attack",
        "connection-limit-low",
        "fips-mode",
        "policy-conflict",
        "resource-exhausted",
        "termsrv-patched",
        "update-regression",
    ];
    const NO_KEY: [&str; 6] = [
        "certificate-not-renewed",
        "cloned-machine-keys",
        "configured-certificate-missing",
        "machine-keys-missing",
        "machine-keys-permissions",
        "stale-key-container",
    ];

    fn scene(script: impl FnOnce(Script) -> Script) -> Evidence {
        Scene::at("10.0.0.5").client(script).evidence()
    }

    fn assert_open(ids: &[&str], evidence: &Evidence) {
        for id in ids {
            assert_eq!((find(id).unwrap().detect)(evidence), Detection::Unknown(Vec::new()), "{id}");
        }
    }

    fn assert_refuted(ids: &[&str], evidence: &Evidence) {
        for id in ids {
            assert_eq!((find(id).unwrap().detect)(evidence), Detection::RuledOut, "{id}");
        }
    }

    #[test]
    fn an_answer_in_rdp_refutes_that_nothing_listens() {
        assert_open(&NO_RDP, &Scene::unresolved("ts01").evidence());
        assert_open(&NO_RDP, &scene(|a| a.ends(Ending::Refused)));
        assert_open(&NO_RDP, &scene(|a| a.connects().ends(Ending::Fin)));
        assert_refuted(&NO_RDP, &scene(|a| a.selects(Protocols::SSL).ends(Ending::Reset)));
    }

    #[test]
    fn tcp_that_connects_refutes_a_firewall() {
        assert_open(&NO_TCP, &Scene::unresolved("ts01").evidence());
        assert_open(&NO_TCP, &scene(|a| a.ends(Ending::Silent)));
        assert_refuted(&NO_TCP, &scene(|a| a.connects().ends(Ending::Fin)));
    }

    #[test]
    fn a_server_hello_refutes_that_no_version_is_left_and_a_client_that_is_served_that_no_suite_is() {
        let (versions, suites) = (["schannel-protocol-disabled"], ["schannel-ciphers-restricted"]);
        let cut = scene(|a| a.selects(Protocols::SSL).starts_tls().ends(Ending::Reset));
        for evidence in [&Scene::unresolved("ts01").evidence(), &cut] {
            assert_open(&versions, evidence);
            assert_open(&suites, evidence);
        }
        let hello = |a: Script| a.answers_hello(ProtocolVersion::TLS12, CipherSuite(0x2f)).ends(Ending::Reset);
        let answered = scene(|a| hello(a.selects(Protocols::SSL)));
        assert_refuted(&versions, &answered);
        assert_open(&suites, &answered);
        assert_refuted(&suites, &scene(|a| a.selects(Protocols::SSL).completes_tls()));
    }

    #[test]
    fn what_nothing_shows_stays_open_on_a_healthy_server_too() {
        assert_open(&OPEN, &Scene::unresolved("ts01").evidence());
        assert_open(&OPEN, &scene(|a| a.selects(Protocols::SSL).completes_tls()));
    }

    fn served(maker: &CertificateMaker) -> Evidence {
        scene(|a| a.selects(Protocols::HYBRID_EX).serves(std::slice::from_ref(maker)))
    }

    #[test]
    fn a_key_that_works_refutes_every_reason_why_it_should_not() {
        assert_open(&NO_KEY, &Scene::unresolved("ts01").evidence());
        assert_open(&NO_KEY, &scene(|a| a.selects(Protocols::SSL).starts_tls().ends(Ending::Reset)));
        let unsigned = |a: Script| a.answers_hello(ProtocolVersion::TLS12, CipherSuite(0x2f)).ends(Ending::Reset);
        assert_open(&NO_KEY, &scene(|a| unsigned(a.selects(Protocols::SSL))));
        assert_refuted(&NO_KEY, &served(&CertificateMaker::issued("ts01", "An authority")));
        let signs = |a: Script| a.answers_hello(ProtocolVersion::TLS12, CipherSuite(0xc030)).ends(Ending::Reset);
        assert_refuted(&NO_KEY[3..], &scene(|a| signs(a.selects(Protocols::SSL))));
    }

    #[test]
    fn a_self_signed_certificate_leaves_open_whether_another_was_chosen() {
        let evidence = served(&CertificateMaker::windows("TS01"));
        assert_open(&NO_KEY[2..3], &evidence);
        assert_refuted(&NO_KEY[..1], &evidence);
    }

    #[test]
    fn an_expired_certificate_leaves_open_whether_its_renewal_failed() {
        let evidence = served(&CertificateMaker::windows("TS01").valid(-200, -17));
        assert_open(&NO_KEY[..1], &evidence);
        assert_refuted(&NO_KEY[3..], &evidence);
    }

    #[test]
    fn a_failed_renewal_that_somebody_tells_of_does_not_close_a_server_that_serves() {
        let expired = CertificateMaker::windows("TS01").valid(-200, -17);
        let scene = Scene::at("10.0.0.5").client(|a| a.selects(Protocols::HYBRID_EX).serves(&[expired]));
        assert_eq!(judge(&scene.told(&["event=1058"]).evidence()).verdict, Verdict::Warning);
    }
}
