//! The client that somebody asked about, and what the server lost of its defaults.

use super::*;
use crate::{Certainty, Severity, Verdict};

fn asked(scene: Scene, client: &str) -> Evidence {
    Evidence { client: Some(client.to_owned()), ..scene.evidence() }
}

/// Verdict and root cause for the client that is asked about.
fn answer(scene: Scene, client: &str) -> (Verdict, Option<&'static str>) {
    let diagnosis = judge(&asked(scene, client));
    (diagnosis.verdict, diagnosis.root().map(|finding| finding.cause.id))
}

fn demands_nla() -> Scene {
    let code = FailureCode::HYBRID_REQUIRED_BY_SERVER;
    host()
        .client(picks(V::TLS12, 0xc030))
        .asks(Protocols::SSL, move |a| a.fails(code))
        .asks(Protocols::RDP, move |a| a.fails(code))
}

#[test]
fn network_level_authentication_blocks_the_client_that_cannot() {
    for client in ["windows-xp-sp3", "rdesktop"] {
        assert_eq!(answer(demands_nla(), client), (Verdict::Broken, Some("nla-required")));
        let report = build(asked(demands_nla(), client), 1.0);
        assert_eq!(report.findings[0].severity, Severity::Blocks);
        let row = report.asked_client.unwrap();
        assert_eq!((row.outcome, row.stage), (Fails, Some(Stage::Negotiate)));
        assert_eq!(row.settings.len(), 1);
    }
    assert_eq!(answer(demands_nla(), "windows-11-24h2"), (Verdict::Healthy, None));
}

#[test]
fn the_answer_follows_the_client_that_was_asked_about() {
    let old = || host().client(picks(V::TLS10, 0xc014));
    assert_eq!(answer(old(), "freerdp-3"), (Verdict::Broken, Some("tls-version-mismatch")));
    assert_eq!(answer(old(), "freerdp-2"), (Verdict::Warning, Some("tls-version-mismatch")));
    let settings = row(&rows(old()), "freerdp-3").settings;
    assert_eq!(settings[0].setting, "xfreerdp /tls:seclevel:0");
    let rc4 = || host().client(picks(V::TLS12, 0x0005)).tries(hello("windows-11-24h2"), alert);
    assert_eq!(answer(rc4(), "windows-10-1607").0, Verdict::Healthy);
    let short = || host().client(|a| picks(V::TLS12, 0xc030)(a).serves(&[CertificateMaker::windows("TS01").rsa(512)]));
    assert_eq!(answer(short(), "freerdp-3").0, Verdict::Warning);
    assert_eq!(answer(short(), "windows-11-24h2"), (Verdict::Broken, Some("certificate-weak")));
    assert_eq!(answer(host().client(|a| a.ends(Ending::Refused)), "freerdp-3").0, Verdict::Unreachable);
}

#[test]
fn a_client_that_nobody_knows_enough_of_is_inconclusive_and_says_so() {
    let report = build(asked(demands_nla(), "android-windows-app"), 1.0);
    assert_eq!(report.verdict, Verdict::Inconclusive);
    assert_eq!(report.missing.len(), 1);
    assert_eq!(report.asked_client.unwrap().reason, UNOBSERVED);
}

#[test]
fn the_client_that_was_asked_about_gets_its_own_hello_sent() {
    let budget = crate::Budget { client: Some("windows-8-1"), ..crate::Budget::default() };
    let want = crate::Want::attempt(([10, 0, 0, 5], 3389).into(), hello("windows-8-1"));
    assert_eq!(crate::next(&demands_nla().evidence(), &budget), [want]);
    let sent = |answer: fn(Script) -> Script| demands_nla().tries(hello("windows-8-1"), answer);
    let taken = |a: Script| a.selects(Protocols::HYBRID_EX).answers_hello(V::TLS12, CipherSuite(0xc028));
    assert_eq!(crate::next(&sent(taken).evidence(), &budget), []);
    assert_eq!(answer(sent(taken), "windows-8-1"), (Verdict::Healthy, None));
    assert_eq!(answer(sent(alert), "windows-8-1"), (Verdict::Broken, Some("cipher-suite-mismatch")));
}

fn deviation(pick: impl Fn(Script) -> Script) -> Vec<(Certainty, String)> {
    let scene = host().client(|a| pick(a).challenged_by("TS01", "ts01"));
    let report = build(scene.evidence(), 1.0);
    report.deviation.into_iter().map(|item| (item.certainty, item.text)).collect()
}

#[test]
fn what_is_off_by_someones_will_is_named() {
    assert_eq!(deviation(picks(V::TLS13, 0x1302)), []);
    let narrowed = deviation(picks(V::TLS12, 0x009d));
    let (certainties, texts): (Vec<_>, Vec<_>) = narrowed.into_iter().unzip();
    assert_eq!(certainties, [Certainty::Possible, Certainty::Likely, Certainty::Possible]);
    assert_eq!(texts[0], "TLS 1.3 is on in Windows Server 2022; it was offered, and the server picked TLS 1.2");
    assert!(texts[1].starts_with("Windows Server 2022 prefers TLS_ECDHE_ECDSA"), "{}", texts[1]);
    assert!(texts[1].contains("the server picked TLS_RSA_WITH_AES_256_GCM_SHA384"), "{}", texts[1]);
    assert!(texts[2].starts_with("a policy"), "{}", texts[2]);
    let odd = deviation(picks(V::TLS12, 0x0084));
    assert!(odd[1].1.contains("is off in Windows Server 2022; the server picked it"), "{odd:?}");
}

#[test]
fn nothing_deviates_where_the_release_is_not_known() {
    let freerdp = |a: Script| picks(V::TLS12, 0x0084)(a).challenged_by("TS01", "ts01").windows_version(6, 1, 7601);
    assert_eq!(build(host().client(freerdp).evidence(), 1.0).deviation, []);
}

#[test]
fn a_client_without_the_versions_of_the_server_is_too_old() {
    let client = "windows-7-sp1-rdc-7-1";
    let scene = host().client(picks(V::TLS13, 0x1302)).tries(hello(client), alert);
    assert_eq!(answer(scene, client), (Verdict::Broken, Some("client-tls-too-old")));
}
