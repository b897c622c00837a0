//! Whole servers, and what every kind of client meets at them.

mod asked;

use rdpdoctor_protocol::negotiation::{FailureCode, Protocols};
use rdpdoctor_protocol::tls::{AlertDescription, AlertLevel, CipherSuite, NamedGroup, ProtocolVersion as V};

use super::tls::hello_of;
use crate::catalogue::profile;
use crate::evidence::{Ending, Evidence, KeyExchangeSeen, Offer, TlsOffer};
use crate::report::{ClientOutcome, ClientRow, build};
use crate::testing::{CertificateMaker, Scene, Script};
use crate::{Stage, causes, judge};

use ClientOutcome::{Connects, Fails, Unknown, Warns};

fn rows(scene: Scene) -> Vec<ClientRow> {
    build(scene.evidence(), 1.0).clients
}

fn row(rows: &[ClientRow], client: &str) -> ClientRow {
    rows.iter().find(|row| row.client == client).unwrap().clone()
}

/// Outcome, stage and reason of one client.
fn met(rows: &[ClientRow], client: &str) -> (ClientOutcome, Option<Stage>, String) {
    let row = row(rows, client);
    (row.outcome, row.stage, row.reason)
}

fn outcomes(rows: &[ClientRow], clients: &[&str]) -> Vec<ClientOutcome> {
    clients.iter().map(|client| row(rows, client).outcome).collect()
}

fn host() -> Scene {
    Scene::at("10.0.0.5")
}

fn picks(version: V, suite: u16) -> impl Fn(Script) -> Script {
    move |a| a.selects(Protocols::HYBRID_EX).completes(version, CipherSuite(suite))
}

fn alert(attempt: Script) -> Script {
    let (level, description) = (AlertLevel::FATAL, AlertDescription::HANDSHAKE_FAILURE);
    attempt.selects(Protocols::HYBRID_EX).starts_tls().ends(Ending::Alert { level, description })
}

fn hello(client: &str) -> Offer {
    hello_of(profile(client).unwrap()).unwrap()
}

#[test]
fn every_client_has_its_row_and_every_row_says_why() {
    let rows = rows(host().client(picks(V::TLS12, 0xc030)));
    assert_eq!(rows.len(), 40);
    assert!(rows.iter().all(|row| !row.reason.is_empty() && !row.title.is_empty()));
    assert!(rows.iter().all(|row| !row.client.contains("2008-r2")), "2008 R2 is listed as a server only");
}

#[test]
fn a_tls12_server_takes_all_with_the_suite_that_it_picked() {
    let rows = rows(host().client(picks(V::TLS12, 0xc030)));
    let clients = ["windows-10-1607", "windows-11-24h2", "freerdp-2", "freerdp-3-27", "ironrdp"];
    assert_eq!(outcomes(&rows, &clients), [Connects; 5]);
    let row = row(&rows, "windows-11-24h2");
    assert_eq!((row.version, row.suite), (Some(V::TLS12), Some(CipherSuite(0xc030))));
    assert_eq!(row.facts, ["/evidence/attempts/0"]);
    let (outcome, stage, reason) = met(&rows, "windows-8-1");
    assert_eq!((outcome, stage), (Unknown, None));
    assert!(reason.contains("what it takes of this client's was not measured"), "{reason}");
    let (outcome, stage, reason) = met(&rows, "windows-7-sp1-rdc-7-1");
    assert_eq!((outcome, stage), (Unknown, None));
    assert!(reason.contains("older versions were not measured"), "{reason}");
    assert_eq!(met(&rows, "android-windows-app").0, Unknown);
}

#[test]
fn a_tls13_server_leaves_older_clients_open_unless_its_build_tells() {
    let rows = rows(host().client(picks(V::TLS13, 0x1302)));
    assert_eq!(outcomes(&rows, &["windows-11-24h2", "freerdp-3", "ironrdp"]), [Connects; 3]);
    let (outcome, _, reason) = met(&rows, "windows-10-22h2");
    assert_eq!(outcome, Unknown);
    assert!(!reason.contains("build"), "{reason}");
    let named = rows_of_build();
    let (outcome, _, reason) = met(&named, "windows-10-22h2");
    assert_eq!(outcome, Unknown);
    assert!(reason.ends_with("as the server's build comes, it connects"), "{reason}");
}

fn rows_of_build() -> Vec<ClientRow> {
    rows(host().client(|a| picks(V::TLS13, 0x1302)(a).challenged_by("TS01", "ts01")))
}

#[test]
fn tls_1_0_alone_shuts_out_who_has_given_it_up() {
    let rows = rows(host().client(picks(V::TLS10, 0xc014)));
    assert_eq!(outcomes(&rows, &["windows-7-sp1-rdc-7-1", "windows-11-25h2", "freerdp-2"]), [Connects; 3]);
    for client in ["freerdp-3", "freerdp-3-27", "ironrdp"] {
        let (outcome, stage, reason) = met(&rows, client);
        assert_eq!((outcome, stage), (Fails, Some(Stage::Tls)), "{client}");
        assert_eq!(reason, "the newest version of the server is TLS 1.0, which it does not speak");
    }
}

#[test]
fn an_odd_suite_is_unknown_until_an_offer_that_holds_the_clients_own_is_refused() {
    const CAMELLIA: u16 = 0x0084;
    let wide = host().client(picks(V::TLS12, CAMELLIA));
    assert_eq!(met(&rows(wide.clone()), "windows-11-24h2").0, Unknown);
    let asked = rows(wide.tries(hello("windows-11-24h2"), alert));
    let (outcome, stage, reason) = met(&asked, "windows-11-24h2");
    assert_eq!((outcome, stage), (Fails, Some(Stage::Tls)));
    assert_eq!(reason, "the server refuses what it offers (alert handshake_failure)");
    // What Windows 11 offers up to TLS 1.2 is all that Windows 10 22H2 has, and TLS 1.3 was passed over.
    let (outcome, _, reason) = met(&asked, "windows-10-22h2");
    assert_eq!(outcome, Fails);
    assert_eq!(reason, "the server refuses every suite that it has for TLS 1.2 (alert handshake_failure)");
    // Windows 10 21H2 has 3DES besides, FreeRDP has DHE.
    assert_eq!(outcomes(&asked, &["windows-10-21h2", "freerdp-3"]), [Unknown; 2]);
}

#[test]
fn one_reset_is_no_refusal() {
    let reset = |a: Script| a.selects(Protocols::HYBRID_EX).starts_tls().ends(Ending::Reset);
    let once = host().client(picks(V::TLS12, 0x0084)).tries(hello("windows-11-24h2"), reset);
    assert_eq!(met(&rows(once.clone()), "windows-11-24h2").0, Unknown);
    assert_eq!(met(&rows(once.tries(hello("windows-11-24h2"), reset)), "windows-11-24h2").0, Fails);
}

#[test]
fn a_clients_own_hello_settles_it() {
    let rows =
        rows(host().client(picks(V::TLS13, 0x1302)).tries(hello("windows-8-1"), |a| {
            a.selects(Protocols::HYBRID_EX).answers_hello(V::TLS12, CipherSuite(0xc028))
        }));
    assert_eq!(outcomes(&rows, &["windows-8-1", "windows-server-2012-r2", "windows-8"]), [Connects; 3]);
}

#[test]
fn who_offers_tls13_to_a_server_that_it_breaks_is_out() {
    let older = Offer { tls: Some(TlsOffer::CompleteBelowTls13), ..Offer::mstsc() };
    let scene = host().client(alert).client(alert).tries(older, picks(V::TLS12, 0xc030));
    let rows = rows(scene.tries(hello("windows-11-24h2"), alert));
    assert_eq!(outcomes(&rows, &["windows-11-24h2", "windows-server-2022"]), [Fails, Fails]);
    assert_eq!(outcomes(&rows, &["windows-10-22h2", "windows-server-2019"]), [Connects; 2]);
}

#[test]
fn a_narrow_offer_taken_and_a_wide_one_refused_proves_nothing() {
    let taken = |a: Script| a.selects(Protocols::HYBRID_EX).answers_hello(V::TLS12, CipherSuite(0xc030));
    let scene = host()
        .client(alert)
        .client(alert)
        .tries(hello("ironrdp"), |a| a.selects(Protocols::HYBRID_EX).answers_hello(V::TLS13, CipherSuite(0x1302)));
    let rows = rows(scene.tries(hello("windows-10-22h2"), taken));
    assert_eq!(outcomes(&rows, &["ironrdp", "windows-10-22h2"]), [Connects; 2]);
    assert_eq!(row(&rows, "freerdp-3").outcome, Connects);
}

#[test]
fn network_level_authentication_shuts_out_nobody_who_has_it() {
    let scene = host()
        .client(picks(V::TLS12, 0xc030))
        .asks(Protocols::SSL, |a| a.fails(FailureCode::HYBRID_REQUIRED_BY_SERVER));
    let rows = rows(scene);
    assert_eq!(outcomes(&rows, &["windows-11-24h2", "freerdp-3", "ironrdp"]), [Connects; 3]);
    let (outcome, _, reason) = met(&rows, "macos-remote-desktop-10");
    assert_eq!(outcome, Unknown);
    assert!(reason.contains("whether it has CredSSP is not known"), "{reason}");
}

#[test]
fn standard_security_alone_warns_and_shuts_out_who_has_tls_only() {
    let rows = rows(host().client(|a| a.selects(Protocols::RDP)));
    assert_eq!(outcomes(&rows, &["windows-11-24h2", "freerdp-3", "ironrdp"]), [Warns, Warns, Fails]);
    assert_eq!(row(&rows, "ironrdp").stage, Some(Stage::Negotiate));
}

#[test]
fn a_server_without_tls_is_met_again_without_it() {
    let refused = host().client(|a| a.fails(FailureCode::SSL_NOT_ALLOWED_BY_SERVER));
    assert_eq!(outcomes(&rows(refused.clone()), &["windows-11-24h2", "ironrdp"]), [Unknown, Fails]);
    let again = refused.asks(Protocols::RDP, |a| a.selects(Protocols::RDP));
    assert_eq!(outcomes(&rows(again), &["windows-11-24h2", "ironrdp"]), [Warns, Fails]);
}

#[test]
fn a_server_without_certificate_refuses_all() {
    let rows = rows(host().client(|a| a.fails(FailureCode::SSL_CERT_NOT_ON_SERVER)));
    let (outcome, stage, reason) = met(&rows, "windows-11-24h2");
    assert_eq!((outcome, stage), (Fails, Some(Stage::Negotiate)));
    assert_eq!(reason, "the server answers SSL_CERT_NOT_ON_SERVER to the best that it can ask for");
}

#[test]
fn a_short_key_is_refused_by_who_looks_at_it() {
    let rows =
        rows(host().client(|a| picks(V::TLS12, 0xc030)(a).serves(&[CertificateMaker::windows("TS01").rsa(512)])));
    let (outcome, stage, reason) = met(&rows, "windows-11-24h2");
    assert_eq!((outcome, stage), (Fails, Some(Stage::Certificate)));
    assert_eq!(reason, "the certificate has an RSA key of 512 bits; it takes 1024 and more");
    assert_eq!(outcomes(&rows, &["freerdp-3", "ironrdp", "macos-remote-desktop-10"]), [Connects, Connects, Unknown]);
}

#[test]
fn old_credssp_is_refused_by_windows_from_1809_on() {
    let rows = rows(host().client(|a| {
        let mut seen = crate::testing::challenge_by("TS01", "ts01");
        seen.version = Some(4);
        picks(V::TLS12, 0xc030)(a).credssp(seen)
    }));
    assert_eq!(outcomes(&rows, &["windows-11-24h2", "windows-10-1607", "freerdp-3"]), [Fails, Warns, Connects]);
    assert_eq!(row(&rows, "windows-11-24h2").stage, Some(Stage::Authenticate));
}

#[test]
fn a_short_prime_is_refused_only_where_it_was_met() {
    let short = |a: Script| {
        let exchange = KeyExchangeSeen { prime_bits: Some(512), ..KeyExchangeSeen::default() };
        a.selects(Protocols::HYBRID_EX).answers_hello(V::TLS12, CipherSuite(0x009f)).exchanges(exchange)
    };
    let wide = host().client(picks(V::TLS12, 0xc030));
    let rows = rows(wide.tries(hello("freerdp-3"), short));
    assert_eq!(
        met(&rows, "freerdp-3"),
        (
            Fails,
            Some(Stage::Tls),
            "the server sends a Diffie-Hellman prime of 512 bits; it takes 1024 and more".to_owned(),
        )
    );
    assert_eq!(row(&rows, "windows-11-24h2").outcome, Connects);
}

#[test]
fn a_rare_group_lets_in_who_has_it() {
    let exchange = |group| KeyExchangeSeen { group: Some(group), ..KeyExchangeSeen::default() };
    let with = move |a: Script| picks(V::TLS13, 0x1302)(a).exchanges(exchange(NamedGroup::X448));
    let rows = rows(host().client(with).tries(hello("windows-11-24h2"), alert));
    assert_eq!(outcomes(&rows, &["windows-11-24h2", "freerdp-3"]), [Fails, Connects]);
}

#[test]
fn what_stops_everybody_stops_each() {
    let closed = rows(host().client(|a| a.ends(Ending::Refused)));
    assert!(closed.iter().filter(|row| row.reason != UNOBSERVED).all(|row| row.outcome == Fails));
    assert_eq!(met(&closed, "freerdp-3"), (Fails, Some(Stage::Connect), "nobody gets through: port-closed".to_owned()));
    assert!(causes::find("port-closed").is_some());
    let unasked = rows(host());
    assert!(unasked.iter().all(|row| row.outcome == Unknown));
}

const UNOBSERVED: &str = "nobody has observed yet what it offers";

#[test]
fn an_unusable_key_stops_everybody_who_begins_tls() {
    let cut = |a: Script| a.selects(Protocols::HYBRID_EX).starts_tls().ends(Ending::Fin);
    let scene = driven(host().client(cut).client(cut), cut);
    assert_eq!(judge(&scene).root().unwrap().cause.id, "private-key-unusable");
    let rows = build(scene, 1.0).clients;
    assert_eq!(outcomes(&rows, &["windows-7-sp1", "freerdp-3", "ironrdp"]), [Fails; 3]);
}

/// Gives every attempt that is asked for the same ending.
fn driven(scene: Scene, script: impl Fn(Script) -> Script) -> Evidence {
    let mut scene = scene;
    for _ in 0..20 {
        let evidence = scene.clone().evidence();
        let wants = crate::next(&evidence, &crate::Budget::default());
        let offers = wants.into_iter().filter_map(|want| match want {
            crate::Want::Attempt { offer, .. } => Some(offer),
            _ => None,
        });
        let offers: Vec<Offer> = offers.collect();
        if offers.is_empty() {
            return evidence;
        }
        for offer in offers {
            scene = scene.tries(offer, &script);
        }
    }
    scene.evidence()
}

#[test]
fn a_deep_look_asks_for_each_client_until_none_is_open() {
    let deep = crate::Budget { depth: crate::Depth::Deep, ..crate::Budget::default() };
    let mut scene = host().client(picks(V::TLS13, 0x1302));
    for _ in 0..20 {
        let evidence = scene.clone().evidence();
        let wants = crate::next(&evidence, &deep);
        let offers = wants.into_iter().filter_map(|want| match want {
            crate::Want::Attempt { offer, .. } => Some(offer),
            _ => None,
        });
        for offer in offers {
            let hello = offer.tls.is_some();
            scene = scene.tries(offer, |a| if hello { takes_tls12(a) } else { a.selects(Protocols::SSL) });
        }
    }
    let rows = rows(scene.clone());
    assert!(rows.iter().filter(|row| row.reason != UNOBSERVED).all(|row| row.outcome != Unknown), "{rows:#?}");
    assert!(scene.evidence().connections() <= 20);
}

/// Picks what every client with TLS 1.2 has, or refuses.
fn takes_tls12(attempt: Script) -> Script {
    attempt.selects(Protocols::HYBRID_EX).answers_hello(V::TLS12, CipherSuite(0x009c))
}
