use rdpdoctor_protocol::negotiation::Protocols;

use super::signs::{set_by, setting_of, where_open};
use crate::causes::negotiate::settings;
use crate::causes::policy::{Side, naming, with_author};
use crate::evidence::{Evidence, Offer, Snapshot};
use crate::server::shows_windows;
use crate::view::{attempt_fact, client_address};
use crate::{Cause, Detection, Place, Proof, Remedy, Safety, Severity, Stage, Want};

/// A Windows lets clients in to its logon screen before they have authenticated.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "nla-disabled",
    stage: Stage::Host,
    severity: Severity::Degrades,
    title: "Network Level Authentication is switched off on this Windows",
    prior: 0,
    explains: &[],
    page: include_str!("nla-disabled.md"),
    detect: |evidence| where_open(evidence, on_the_wire(evidence), look),
    remedies,
};

fn look(host: &Snapshot) -> Detection {
    let (setting, fact) = setting_of(host, "nla");
    match setting.number() {
        Some(0) => {
            let text = format!(
                "UserAuthentication is 0 ({}): clients come in before they have authenticated",
                set_by(setting)
            );
            Detection::Confirmed(with_author(Proof::of(text, [fact], 30), host, Side::Server, "nla"))
        }
        Some(1) => Detection::RuledOut,
        _ => Detection::Unknown(Vec::new()),
    }
}

fn on_the_wire(evidence: &Evidence) -> Detection {
    let Some(address) = client_address(evidence) else { return Detection::Unknown(Vec::new()) };
    let Some(selected) = address.selected() else { return Detection::Unknown(Vec::new()) };
    // Other servers have no such setting, or mean it so.
    let Some((text, fact)) = shows_windows(evidence) else { return Detection::Unknown(Vec::new()) };
    let windows = |proof: Proof| proof.and(text, [fact], 0);
    if selected == Protocols::SSL {
        let chose = address.attempts().find(|(_, attempt)| attempt.selected() == Some(selected));
        let facts = chose.map(|(index, _)| attempt_fact(index));
        return Detection::Confirmed(windows(Proof::of("offered CredSSP, the server chose TLS alone", facts, 30)));
    }
    if !selected.intersects(Protocols::HYBRID | Protocols::HYBRID_EX) {
        return Detection::RuledOut;
    }
    let less = Offer::negotiate(Protocols::SSL);
    let Some((index, attempt)) = address.tries(&less).next() else {
        return Detection::Unknown(vec![Want::attempt(address.endpoint, less)]);
    };
    if attempt.selected() != Some(Protocols::SSL) {
        return Detection::RuledOut;
    }
    let text = "asked for TLS alone, the server confirmed: it takes clients without CredSSP";
    Detection::Confirmed(windows(Proof::of(text, [attempt_fact(index)], 30)))
}

fn remedies(evidence: &Evidence) -> Vec<Remedy> {
    [vec![settings::read()], naming(vec![require()], evidence.host.as_deref(), look)].concat()
}

fn require() -> Remedy {
    Remedy {
        title: "Require Network Level Authentication, once every client is known to have CredSSP and the server reaches its domain controller; change a policy where one sets it".into(),
        place: Place::Server,
        safety: Safety::Manual,
        interrupts: "running sessions go on; clients without CredSSP, and users whose password has to be changed first, no longer get in".into(),
        commands: vec![
            r"Set-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp' UserAuthentication 1 -Type DWord".into(),
        ],
        cmd: vec![
            r#"reg add "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp" /v UserAuthentication /t REG_DWORD /d 1 /f"#.into(),
        ],
        undo: "set UserAuthentication back to the value read before".into(),
    }
}

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::negotiation::FailureCode;

    use super::*;
    use crate::testing::{CertificateMaker, Machine, Scene, Script};
    use crate::{Verdict, judge};

    fn windows(chosen: Protocols) -> Scene {
        Scene::named("ts01", &["10.0.0.5"]).client(|a| a.selects(chosen).serves(&[CertificateMaker::windows("TS01")]))
    }

    #[test]
    fn fires_on_a_windows_that_chooses_tls_or_takes_it_alone() {
        let takes = windows(Protocols::HYBRID_EX).asks(Protocols::SSL, |a| a.selects(Protocols::SSL));
        for scene in [windows(Protocols::SSL), takes] {
            let diagnosis = judge(&scene.evidence());
            assert_eq!(diagnosis.root().unwrap().cause.id, "nla-disabled");
            assert_eq!(diagnosis.verdict, Verdict::Warning);
        }
    }

    #[test]
    fn fires_on_the_setting_of_a_machine_that_nobody_probed() {
        let machine = Machine::healthy;
        for off in [machine().dword("nla", 0), machine().policy("nla", 0), machine().dword("nla", 0).on_disk()] {
            let diagnosis = judge(&off.evidence());
            assert_eq!(diagnosis.root().unwrap().cause.id, "nla-disabled");
            assert_eq!(diagnosis.verdict, Verdict::Warning);
        }
        assert_eq!(look(&machine().dword("nla", 0).policy("nla", 1).snapshot()), Detection::RuledOut);
        assert_eq!(look(&machine().without("nla").snapshot()), Detection::Unknown(Vec::new()));
        assert_eq!(look(&Machine::unread().snapshot()), Detection::Unknown(Vec::new()));
    }

    #[test]
    fn what_the_wire_shows_stands_before_the_setting() {
        let requires =
            windows(Protocols::HYBRID_EX).asks(Protocols::SSL, |a| a.fails(FailureCode::HYBRID_REQUIRED_BY_SERVER));
        let evidence = Evidence { host: Machine::healthy().dword("nla", 0).evidence().host, ..requires.evidence() };
        assert_eq!((CAUSE.detect)(&evidence), Detection::RuledOut);
    }

    #[test]
    fn near_miss_a_windows_that_requires_it() {
        let scene =
            windows(Protocols::HYBRID_EX).asks(Protocols::SSL, |a| a.fails(FailureCode::HYBRID_REQUIRED_BY_SERVER));
        assert_eq!(on_the_wire(&scene.evidence()), Detection::RuledOut);
    }

    #[test]
    fn near_miss_servers_that_are_no_windows_stay_healthy() {
        let xrdp = |a: Script| a.selects(Protocols::SSL).serves(&[CertificateMaker::self_signed("ts01")]);
        let freerdp = |a: Script| {
            a.selects(Protocols::HYBRID).completes_tls().challenged_by("TS01", "ts01").windows_version(6, 1, 7601)
        };
        let freerdp = Scene::named("ts01", &["10.0.0.5"]).client(freerdp);
        for scene in [
            Scene::named("ts01", &["10.0.0.5"]).client(xrdp),
            freerdp.asks(Protocols::SSL, |a| a.selects(Protocols::SSL)),
        ] {
            let evidence = scene.evidence();
            assert_eq!(on_the_wire(&evidence), Detection::Unknown(Vec::new()));
            assert_eq!(judge(&evidence).verdict, Verdict::Healthy);
        }
    }

    #[test]
    fn unknown_until_tls_alone_was_asked_for() {
        let evidence = windows(Protocols::HYBRID).evidence();
        let want = Want::attempt(evidence.endpoints()[0], Offer::negotiate(Protocols::SSL));
        assert_eq!(on_the_wire(&evidence), Detection::Unknown(vec![want]));
    }
}
