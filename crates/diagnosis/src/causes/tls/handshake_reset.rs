use crate::evidence::{Attempt, Ending, Evidence, Offer};
use crate::view::{AddressView, attempt_fact, client_first};
use crate::{Cause, Detection, Place, Proof, Remedy, Safety, Severity, Stage, Want};

/// TLS is begun and cut off; why, the evidence does not settle.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "handshake-reset",
    stage: Stage::Tls,
    severity: Severity::Blocks,
    title: "The server side ends the connection during the TLS handshake",
    prior: 0,
    explains: &[],
    page: include_str!("handshake-reset.md"),
    detect,
    remedies,
};

fn detect(evidence: &Evidence) -> Detection {
    client_first(evidence, detect_at)
}

fn detect_at(address: AddressView<'_>) -> Detection {
    let offer = Offer::mstsc();
    let tries: Vec<(usize, &Attempt)> = address.tries(&offer).filter(|(_, attempt)| attempt.tls.is_some()).collect();
    let Some((_, attempt)) = tries.first() else {
        let is_over = address.tries(&offer).any(|(_, attempt)| !matches!(attempt.ending, Ending::OurSystem { .. }));
        return if is_over { Detection::RuledOut } else { Detection::Unknown(Vec::new()) };
    };
    let cuts: Vec<(usize, String)> =
        tries.iter().filter_map(|(index, attempt)| cut_off(attempt).map(|text| (*index, text))).collect();
    let completes = tries.iter().any(|(_, attempt)| attempt.completed_tls());
    let Some((index, text)) = cuts.first().filter(|_| !completes) else { return Detection::RuledOut };
    let chosen = attempt.selected().map_or_else(String::new, |selected| format!("the server chose {selected}; "));
    let proof = Proof::of(format!("{chosen}{text}"), [attempt_fact(*index)], 12)
        .missing(
            "which offers the server would take: TLS versions and cipher suites were not tried one by one, so a \
             mismatch, an unusable private key and a device on the way still look the same",
        )
        .missing(
            "the server's own reason: System events 36870, 36871, 36874 and 36888 of Schannel, 1057 and 1058 of \
             TerminalServices-RemoteConnectionManager, read with the commands below",
        );
    Detection::Likely(match cuts.get(1) {
        Some((again, text)) => proof.and(format!("on another try {text}"), [attempt_fact(*again)], 6),
        None => proof.want(Want::repeat(address.endpoint, offer)),
    })
}

/// How and where the other side cut TLS off; silence is not cutting off.
fn cut_off(attempt: &Attempt) -> Option<String> {
    let tls = attempt.tls.as_ref().filter(|tls| tls.completed.is_none())?;
    let how = match &attempt.ending {
        Ending::Fin => "the connection was closed (FIN)".to_owned(),
        Ending::Reset => "the connection was reset (RST)".to_owned(),
        Ending::Alert { description, .. } => format!("the server sent the alert {description}"),
        Ending::Malformed { what } => format!("a malformed answer came ({what})"),
        Ending::Disconnect { reason } => format!("the server disconnected ({reason})"),
        _ => return None,
    };
    let place = match (&tls.server_hello, tls.records) {
        (Some(hello), _) => format!("after its ServerHello ({}, {})", hello.version, hello.suite),
        (None, 0) => "after our ClientHello, before any TLS record came back".to_owned(),
        (None, _) => "after our ClientHello, before its ServerHello".to_owned(),
    };
    Some(format!("{how} {place}"))
}

fn remedies(_: &Evidence) -> Vec<Remedy> {
    vec![
        Remedy {
            title: "Read the server's own reason; 36874 and 36888 may also stem from scanners and from this probe".into(),
            place: Place::Server,
            safety: Safety::Safe,
            interrupts: String::new(),
            commands: vec![
                "Get-WinEvent -FilterHashtable @{LogName='System'; ProviderName='Schannel'; Id=36870,36871,36874,36888} -MaxEvents 20 | Format-List TimeCreated, Id, Message".into(),
                "Get-WinEvent -FilterHashtable @{LogName='System'; ProviderName='Microsoft-Windows-TerminalServices-RemoteConnectionManager'; Id=1057,1058} -MaxEvents 20 | Format-List TimeCreated, Id, Message".into(),
            ],
            cmd: vec![
                r#"wevtutil qe System /q:"*[System[Provider[@Name='Schannel'] and (EventID=36870 or EventID=36871 or EventID=36874 or EventID=36888)]]" /c:20 /rd:true /f:text"#.into(),
                r#"wevtutil qe System /q:"*[System[Provider[@Name='Microsoft-Windows-TerminalServices-RemoteConnectionManager'] and (EventID=1057 or EventID=1058)]]" /c:20 /rd:true /f:text"#.into(),
            ],
            undo: "nothing is changed".into(),
        },
        Remedy {
            title: "On xrdp: read its log and which TLS versions and cipher suites it is set to".into(),
            place: Place::Server,
            safety: Safety::Safe,
            interrupts: String::new(),
            commands: vec![
                "sudo tail -n 50 /var/log/xrdp.log".into(),
                "grep -E '^ *(certificate|key_file|ssl_protocols|tls_ciphers) *=' /etc/xrdp/xrdp.ini".into(),
            ],
            cmd: Vec::new(),
            undo: "nothing is changed".into(),
        },
    ]
}

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::negotiation::Protocols;
    use rdpdoctor_protocol::tls::{AlertDescription, AlertLevel};

    use super::*;
    use crate::testing::{Scene, Script};
    use crate::{Certainty, Verdict, judge};

    fn ends_in_tls(ending: Ending) -> impl Fn(Script) -> Script {
        move |a| a.selects(Protocols::HYBRID_EX).starts_tls().ends(ending.clone())
    }

    fn twice(ending: &Ending) -> Scene {
        Scene::at("10.0.0.5").client(ends_in_tls(ending.clone())).client(ends_in_tls(ending.clone()))
    }

    #[test]
    fn fires_however_the_handshake_is_cut_off() {
        let alert = Ending::Alert { level: AlertLevel(2), description: AlertDescription(40) };
        let malformed = Ending::Malformed { what: "TLS record type 72".into() };
        for ending in [Ending::Fin, Ending::Reset, alert, malformed] {
            let diagnosis = judge(&twice(&ending).evidence());
            let root = diagnosis.root().unwrap();
            assert_eq!((root.cause.id, root.certainty), ("handshake-reset", Certainty::Likely), "{ending:?}");
            assert_eq!(diagnosis.verdict, Verdict::Broken);
        }
    }

    #[test]
    fn the_proof_says_how_and_where_and_what_is_missing() {
        let Detection::Likely(proof) = detect(&twice(&Ending::Reset).evidence()) else { panic!("never proof") };
        let first = &proof.items[0].text;
        assert!(first.contains("RST") && first.contains("ClientHello"), "{first}");
        assert!(proof.missing.iter().any(|text| text.contains("36870")));
        assert!(proof.wants.is_empty());
    }

    #[test]
    fn near_miss_silence_is_not_cutting_off() {
        assert_eq!(detect(&twice(&Ending::Silent).evidence()), Detection::RuledOut);
    }

    #[test]
    fn a_second_try_that_falls_silent_adds_nothing() {
        let scene = Scene::at("10.0.0.5").client(ends_in_tls(Ending::Silent)).client(ends_in_tls(Ending::Reset));
        let Detection::Likely(proof) = detect(&scene.evidence()) else { panic!("one of two was cut off") };
        assert_eq!((proof.items.len(), proof.items[0].facts[0].as_str()), (1, "/evidence/attempts/1"));
    }

    #[test]
    fn near_miss_a_second_try_that_completes() {
        let scene = Scene::at("10.0.0.5")
            .client(ends_in_tls(Ending::Reset))
            .client(|a| a.selects(Protocols::HYBRID_EX).completes_tls());
        assert_eq!(detect(&scene.evidence()), Detection::RuledOut);
    }

    #[test]
    fn near_miss_a_reset_before_the_confirm() {
        let scene = Scene::at("10.0.0.5").client(|a| a.connects().ends(Ending::Reset));
        assert_eq!(detect(&scene.evidence()), Detection::RuledOut);
    }

    #[test]
    fn asks_for_a_second_try_after_the_first() {
        let evidence = Scene::at("10.0.0.5").client(ends_in_tls(Ending::Fin)).evidence();
        let Detection::Likely(proof) = detect(&evidence) else { panic!("never proof") };
        assert_eq!(proof.wants, [Want::repeat(evidence.endpoints()[0], Offer::mstsc())]);
    }

    #[test]
    fn unknown_before_tls_was_tried() {
        assert!(matches!(detect(&Scene::at("10.0.0.5").evidence()), Detection::Unknown(_)));
    }
}
