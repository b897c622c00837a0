use rdpdoctor_diagnosis::evidence::{Ending, Evidence};
use rdpdoctor_diagnosis::report::{Report, build};
use rdpdoctor_diagnosis::testing::{CertificateMaker, Scene, Script};
use rdpdoctor_protocol::negotiation::{FailureCode, Protocols};

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
    report.root_cause = Some(blank.cause.clone());
    report.missing.push(HOSTILE.into());
    HOSTILE.clone_into(&mut report.stages[0].summary);
    HOSTILE.clone_into(&mut report.evidence.target.host);
    report.evidence.attempts[0].ending = Ending::Disconnect { reason: HOSTILE.into() };
    report.findings.insert(0, blank);
    report
}
