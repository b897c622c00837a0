//! What whole runs come to: servers that cut TLS off for one known reason, and healthy ones.

use rdpdoctor_protocol::negotiation::Protocols;
use rdpdoctor_protocol::tls::{AlertDescription, AlertLevel, CipherSuite, HelloSpec, ProtocolVersion};

use super::offers;
use crate::evidence::{Ending, KeyExchangeSeen, Offer, TlsOffer};
use crate::testing::{Scene, Script};
use crate::{Budget, Certainty, Verdict, Want, judge, next};

type Outcome = (&'static str, Certainty, Verdict);

const CONFIRMED: Certainty = Certainty::Confirmed;
const LIKELY: Certainty = Certainty::Likely;

const SSL3: ProtocolVersion = ProtocolVersion::SSL3;
const TLS10: ProtocolVersion = ProtocolVersion::TLS10;
const TLS11: ProtocolVersion = ProtocolVersion::TLS11;
const TLS12: ProtocolVersion = ProtocolVersion::TLS12;
const TLS13: ProtocolVersion = ProtocolVersion::TLS13;

/// Measures whatever is wanted until nothing is: root, certainty, verdict and the connections that it took. `tls`
/// plays the server's part from the ClientHello on; before that it is healthy. The number counts equal attempts.
fn run(tls: impl Fn(&Offer, usize, Script) -> Script) -> (Outcome, usize) {
    let mut scene = Scene::at("10.0.0.5");
    for _ in 0..20 {
        let evidence = scene.clone().evidence();
        let wants = next(&evidence, &Budget::default());
        if wants.is_empty() {
            let diagnosis = judge(&evidence);
            let root = diagnosis.root().map_or(("nothing", CONFIRMED), |root| (root.cause.id, root.certainty));
            return ((root.0, root.1, diagnosis.verdict), evidence.connections());
        }
        for want in wants {
            let Want::Attempt { offer, .. } = want else { continue };
            let before = scene.clone().evidence().attempts.iter().filter(|attempt| attempt.offer == offer).count();
            let begins = offer.tls.is_some();
            scene = scene.tries(offer.clone(), |a| {
                let a = a.selects(Protocols::HYBRID_EX);
                if begins { tls(&offer, before, a) } else { a }
            });
        }
    }
    panic!("it never ends")
}

fn alert() -> Ending {
    Ending::Alert { level: AlertLevel::FATAL, description: AlertDescription::HANDSHAKE_FAILURE }
}

fn disconnect() -> Ending {
    Ending::Disconnect { reason: "MCS Disconnect Provider Ultimatum, rn-user-requested".into() }
}

fn cut(attempt: Script, ending: &Ending) -> Script {
    attempt.starts_tls().ends(ending.clone())
}

/// A server with these suites, each from its own version on to the newest given, that ends everything else so.
fn has(suites: &[(ProtocolVersion, u16)], ending: &Ending, offer: &Offer, attempt: Script) -> Script {
    let versions = |version| offers::offers(offer, version);
    let chosen = suites.iter().find(|(version, suite)| versions(*version) && offers_suite(offer, *suite));
    match (chosen, &offer.tls) {
        (Some((version, suite)), Some(TlsOffer::Hello(_))) => attempt.answers_hello(*version, CipherSuite(*suite)),
        (Some((version, suite)), _) => attempt.completes(*version, CipherSuite(*suite)),
        (None, _) => cut(attempt, ending),
    }
}

fn offers_suite(offer: &Offer, suite: u16) -> bool {
    match &offer.tls {
        Some(TlsOffer::Hello(HelloSpec { suites, .. })) => suites.contains(&CipherSuite(suite)),
        _ => true,
    }
}

fn broken(id: &'static str, certainty: Certainty) -> Outcome {
    (id, certainty, Verdict::Broken)
}

fn healthy() -> Outcome {
    ("nothing", CONFIRMED, Verdict::Healthy)
}

fn warned(id: &'static str) -> Outcome {
    (id, CONFIRMED, Verdict::Warning)
}

#[test]
fn a_hang_up_after_every_hello_is_the_key_by_fin_rst_or_disconnect() {
    for ending in [Ending::Fin, Ending::Reset, disconnect()] {
        let (outcome, connections) = run(|_, _, a| cut(a, &ending));
        assert_eq!(outcome, broken("private-key-unusable", LIKELY), "{ending:?}");
        assert!((12..=17).contains(&connections), "{connections}");
    }
}

#[test]
fn an_alert_after_every_hello_is_a_refusal_that_nothing_explains() {
    let (outcome, connections) = run(|_, _, a| cut(a, &alert()));
    assert_eq!(outcome, broken("handshake-reset", LIKELY));
    assert!(connections <= 17, "{connections}");
}

#[test]
fn garbage_after_every_hello_is_no_key() {
    let garbage = Ending::Malformed { what: "TLS record type 72".into() };
    let (outcome, connections) = run(|_, _, a| cut(a, &garbage));
    assert_eq!(outcome, broken("handshake-reset", LIKELY));
    assert!(connections <= 17, "{connections}");
}

#[test]
fn one_old_version_is_a_wall_or_a_warning_however_the_rest_is_refused() {
    for ending in [alert(), Ending::Fin, Ending::Reset] {
        let only = |version, suite| run(|offer, _, a| has(&[(version, suite)], &ending, offer, a));
        let once_or_twice = if ending == alert() { 4 } else { 5 };
        assert_eq!(only(SSL3, 0x000a), (broken("tls-version-mismatch", CONFIRMED), once_or_twice));
        assert_eq!(only(TLS10, 0xc014), (warned("tls-version-mismatch"), 3));
        assert_eq!(only(TLS11, 0xc014), (warned("tls-version-mismatch"), 3));
    }
}

#[test]
fn a_server_that_hangs_up_on_newer_versions_is_asked_for_older_ones() {
    let old_only = |offer: &Offer, _: usize, a: Script| {
        if offers::newest(offer) == Some(TLS10) {
            a.answers_hello(TLS10, CipherSuite(0xc014))
        } else {
            cut(a, &Ending::Fin)
        }
    };
    let (outcome, connections) = run(old_only);
    assert_eq!(outcome, broken("tls-version-mismatch", CONFIRMED));
    assert!(connections <= 17, "{connections}");
}

#[test]
fn one_odd_suite_is_a_mismatch_however_the_rest_is_refused() {
    for ending in [alert(), Ending::Fin, Ending::Reset] {
        let once_or_twice = if ending == alert() { 4 } else { 5 };
        for suite in [0x0084, 0xc061, 0x0005] {
            let outcome = run(|offer, _, a| has(&[(TLS12, suite)], &ending, offer, a));
            assert_eq!(outcome, (broken("cipher-suite-mismatch", CONFIRMED), once_or_twice), "{suite:#x} {ending:?}");
        }
    }
}

#[test]
fn a_suite_that_openssl_lacks_is_found_among_the_legacy_ones() {
    let export = |offer: &Offer, _: usize, a: Script| match offer.tls {
        Some(TlsOffer::Hello(_)) => has(&[(TLS12, 0x0006)], &Ending::Reset, offer, a),
        _ => cut(a, &Ending::Reset),
    };
    let (outcome, connections) = run(export);
    assert_eq!(outcome, broken("cipher-suite-mismatch", CONFIRMED));
    assert!(connections <= 12, "{connections}");
}

#[test]
fn static_rsa_alone_warns_and_by_preference_is_healthy() {
    for ending in [alert(), Ending::Fin, Ending::Reset] {
        let alone = run(|offer, _, a| has(&[(TLS12, 0x009d)], &ending, offer, a));
        assert_eq!(alone, (warned("weak-key-exchange"), if ending == alert() { 4 } else { 5 }));
        let preferred = run(|offer, _, a| has(&[(TLS12, 0x009d), (TLS12, 0xc030)], &ending, offer, a));
        assert_eq!(preferred, (healthy(), 4));
    }
}

#[test]
fn a_diffie_hellman_prime_of_512_bits_is_a_wall() {
    let exchange = KeyExchangeSeen { prime_bits: Some(512), verified: Some(true), ..KeyExchangeSeen::default() };
    let short = |offer: &Offer, _: usize, a: Script| {
        if offers_suite(offer, 0x009e) {
            a.completes(TLS12, CipherSuite(0x009e)).exchanges(exchange)
        } else {
            cut(a, &alert())
        }
    };
    assert_eq!(run(short), (broken("weak-key-exchange", CONFIRMED), 4));
    // The library may refuse the prime itself; then our own hello sees it.
    let refused = |offer: &Offer, _: usize, a: Script| match offer.tls {
        Some(TlsOffer::Hello(_)) if offers_suite(offer, 0x009e) => {
            a.answers_hello(TLS12, CipherSuite(0x009e)).exchanges(exchange)
        }
        Some(TlsOffer::Hello(_)) => cut(a, &alert()),
        _ => cut(a, &Ending::Malformed { what: "dh key too small".into() }),
    };
    assert_eq!(run(refused).0, broken("weak-key-exchange", LIKELY));
}

#[test]
fn tls_1_3_that_breaks_the_server_is_told_by_leaving_it_out() {
    for ending in [alert(), Ending::Fin, Ending::Reset] {
        let intolerant = |offer: &Offer, _: usize, a: Script| {
            if offers::offers(offer, TLS13) { cut(a, &ending) } else { has(&[(TLS12, 0xc030)], &ending, offer, a) }
        };
        assert_eq!(run(intolerant), (broken("tls13-breaks-server", CONFIRMED), 7));
    }
}

#[test]
fn tls_1_3_that_makes_the_server_fall_silent_is_told_too() {
    let intolerant = |offer: &Offer, _: usize, a: Script| {
        if offers::offers(offer, TLS13) {
            cut(a, &Ending::Silent)
        } else {
            has(&[(TLS12, 0xc030)], &Ending::Silent, offer, a)
        }
    };
    let (outcome, connections) = run(intolerant);
    assert_eq!(outcome, broken("tls13-breaks-server", CONFIRMED));
    assert!(connections <= 12, "{connections}");
}

#[test]
fn healthy_servers_stay_healthy_within_four_connections() {
    for ending in [alert(), Ending::Fin, Ending::Reset] {
        let gcm_only = run(|offer, _, a| has(&[(TLS12, 0xc030)], &ending, offer, a));
        let tls13_only = run(|offer, _, a| has(&[(TLS13, 0x1302)], &ending, offer, a));
        let elliptic = run(|offer, _, a| has(&[(TLS13, 0x1301), (TLS12, 0xc02c)], &ending, offer, a));
        for (outcome, connections) in [gcm_only, tls13_only, elliptic] {
            assert_eq!(outcome, healthy());
            assert!(connections <= 4, "{connections}");
        }
    }
}

#[test]
fn a_server_that_answers_only_some_of_the_time_is_unstable() {
    let now_and_then = |_: &Offer, before: usize, a: Script| {
        if before == 0 { cut(a, &Ending::Reset) } else { a.completes(TLS12, CipherSuite(0xc030)) }
    };
    let ((id, certainty, verdict), connections) = run(now_and_then);
    assert_eq!((id, certainty, verdict), ("unstable-path", LIKELY, Verdict::Warning));
    assert!(connections <= 8, "{connections}");
}

#[test]
fn a_key_that_does_not_fit_shows_in_its_signature() {
    let exchange = KeyExchangeSeen { verified: Some(false), ..KeyExchangeSeen::default() };
    let misfit = |_: &Offer, _: usize, a: Script| {
        let a = a.answers_hello(TLS12, CipherSuite(0xc030)).exchanges(exchange);
        a.ends(Ending::Malformed { what: "bad signature".into() })
    };
    let (outcome, connections) = run(misfit);
    assert_eq!(outcome, broken("private-key-unusable", LIKELY));
    assert!(connections <= 6, "{connections}");
}

#[test]
fn a_hello_that_must_be_short_is_a_device_on_the_way() {
    let short = |offer: &Offer, _: usize, a: Script| {
        if *offer == offers::small() { a.answers_hello(TLS12, CipherSuite(0xc030)) } else { cut(a, &Ending::Reset) }
    };
    let evidence = run(short);
    assert_eq!(evidence.0, broken("handshake-reset", LIKELY));
    assert!(evidence.1 <= 18, "{}", evidence.1);
}
