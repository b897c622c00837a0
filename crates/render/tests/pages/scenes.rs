use rdpdoctor_diagnosis::Certainty;
use rdpdoctor_diagnosis::catalogue::{ClientSetting, Confidence};
use rdpdoctor_diagnosis::evidence::{Ending, Evidence};
use rdpdoctor_diagnosis::report::{Avoid, ClientOutcome, Deviation, Report, build};
use rdpdoctor_diagnosis::testing::{CertificateMaker, Scene, Script};
use rdpdoctor_protocol::negotiation::{FailureCode, Protocols};
use rdpdoctor_protocol::tls::{CipherSuite, ProtocolVersion};

/// What somebody wrote who wishes the reader ill.
pub(crate) const HOSTILE: &str = "</style><script>alert(1)</script><img src=x onerror=alert(1)>\"'`@all http://evil.example |\u{202e}\u{1b}[2J\u{200b}\n# x";

pub(crate) fn report(evidence: Evidence) -> Report {
    build(evidence, 184.2)
}

pub(crate) fn healthy() -> Report {
    let served = [CertificateMaker::windows("TS01")];
    let client = |a: Script| {
        a.selects(Protocols::HYBRID_EX).serves(&served).untrusted().challenged_by("TS01", "ts01.corp.example")
    };
    let required = FailureCode::HYBRID_REQUIRED_BY_SERVER;
    let scene = Scene::named("ts01", &["10.0.0.5"]).client(client);
    report(scene.asks(Protocols::SSL, |a| a.fails(required)).asks(Protocols::RDP, |a| a.fails(required)).evidence())
}

pub(crate) fn expired() -> Report {
    let served = [
        CertificateMaker::issued("ts01", "Corp CA").valid(-400, -35).rsa(1024),
        CertificateMaker::self_signed("Corp CA").valid(-900, 2000),
    ];
    let scene = Scene::named("ts01", &["10.0.0.5"]).client(|a| a.selects(Protocols::SSL).serves(&served));
    report(scene.asks(Protocols::RDP, |a| a.fails(FailureCode::SSL_REQUIRED_BY_SERVER)).evidence())
}

pub(crate) fn certificate_missing() -> Report {
    let scene =
        Scene::named("ts01", &["10.0.0.5"]).error("0x904/0x7").client(|a| a.fails(FailureCode::SSL_CERT_NOT_ON_SERVER));
    report(scene.asks(Protocols::RDP, |a| a.selects(Protocols::RDP)).evidence())
}

/// A server of 2019 that takes TLS 1.0 alone, asked about for FreeRDP 3, with the codes of mstsc.
pub(crate) fn asked() -> Report {
    let challenged = |a: Script| {
        let picked = a.selects(Protocols::SSL).completes(ProtocolVersion::TLS10, CipherSuite(0xc014));
        picked.challenged_by("TS01", "ts01.corp.example").windows_version(10, 0, 17763)
    };
    let scene = Scene::named("ts01", &["10.0.0.5"]).error("0x904/0x7").client(challenged);
    let scene = scene.asks(Protocols::RDP, |a| a.fails(FailureCode::SSL_REQUIRED_BY_SERVER));
    report(Evidence { client: Some("freerdp-3".to_owned()), ..scene.evidence() })
}

pub(crate) fn filtered() -> Report {
    let silent = |a: Script| a.ends(Ending::Silent);
    let scene = Scene::at("10.0.0.5").client(silent).client(silent).answers_echo();
    report(scene.knocks(445, Ending::Refused).knocks(135, Ending::Silent).evidence())
}

pub(crate) fn interrupted() -> Report {
    report(Scene::named("ts01", &["10.0.0.5"]).client(Script::connects).evidence())
}

/// Every text that can come from a stranger, or that is made of one, is hostile.
pub(crate) fn hostile() -> Report {
    let served = [CertificateMaker::issued(HOSTILE, HOSTILE).dns(&[HOSTILE])];
    let client = |a: Script| a.selects(Protocols::HYBRID_EX).serves(&served).challenged_by(HOSTILE, HOSTILE);
    let mut report = report(Scene::named("ts01", &["10.0.0.5"]).client(client).evidence());
    let mut blank = certificate_missing().findings.remove(0);
    HOSTILE.clone_into(&mut blank.title);
    HOSTILE.clone_into(&mut blank.cause);
    HOSTILE.clone_into(&mut blank.proof[0].text);
    blank.proof[0].facts = vec![HOSTILE.into(), format!("/evidence/attempts/{HOSTILE}")];
    blank.missing = vec![HOSTILE.into()];
    for remedy in &mut blank.remedies {
        for text in [&mut remedy.title, &mut remedy.undo, &mut remedy.interrupts] {
            HOSTILE.clone_into(text);
        }
        remedy.commands.push(HOSTILE.into());
        remedy.cmd.push(HOSTILE.into());
    }
    report.avoid.push(Avoid { remedy: HOSTILE.into(), title: HOSTILE.into(), risks: HOSTILE.into() });
    report.deviation.push(Deviation { text: HOSTILE.into(), certainty: Certainty::Likely, facts: Vec::new() });
    let setting = ClientSetting {
        setting: HOSTILE.into(),
        weakens: HOSTILE.into(),
        confidence: Confidence::High,
        sources: Vec::new(),
    };
    for row in &mut report.clients {
        HOSTILE.clone_into(&mut row.title);
        HOSTILE.clone_into(&mut row.reason);
        row.outcome = ClientOutcome::Fails;
        row.settings = vec![setting.clone()];
    }
    report.asked_client = report.clients.first().cloned();
    report.root_cause = Some(blank.cause.clone());
    report.missing.push(HOSTILE.into());
    HOSTILE.clone_into(&mut report.stages[0].summary);
    HOSTILE.clone_into(&mut report.evidence.target.host);
    report.evidence.attempts[0].ending = Ending::Disconnect { reason: HOSTILE.into() };
    report.findings.insert(0, blank);
    report
}
