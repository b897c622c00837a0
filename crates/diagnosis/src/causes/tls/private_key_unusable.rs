use rdpdoctor_protocol::tls::ProtocolVersion;

use super::offers;
use super::remedies::{read_events, read_xrdp};
use super::rounds::next_offers;
use super::signs::{
    Seen, cut_mute, cuts, ending, facts, in_tls, is_broken, is_static_rsa, is_unstable, key_verdicts, served,
};
use crate::evidence::{Ending, Evidence, Offer};
use crate::view::{AddressView, attempt_fact, client_first};
use crate::{Cause, Detection, Place, Proof, Remedy, Safety, Severity, Stage};

/// The server has a certificate and cannot use its key.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "private-key-unusable",
    stage: Stage::Tls,
    severity: Severity::Blocks,
    title: "The server cannot use the private key of its certificate",
    prior: 3,
    explains: &["handshake-reset"],
    page: include_str!("private-key-unusable.md"),
    detect,
    remedies,
};

fn detect(evidence: &Evidence) -> Detection {
    client_first(evidence, detect_at)
}

fn detect_at(address: AddressView<'_>) -> Detection {
    let tried = in_tls(address);
    if tried.is_empty() {
        return Detection::Unknown(Vec::new());
    }
    // One good signature acquits the key.
    if key_verdicts(address).any(|(_, fits)| fits) || tried.iter().any(|(_, attempt)| attempt.completed_tls()) {
        return Detection::RuledOut;
    }
    if let Some((index, _)) = key_verdicts(address).find(|(_, fits)| !fits) {
        let text = "the server signed its key exchange, and the signature does not fit the key of its certificate";
        return Detection::Likely(Proof::of(text, [attempt_fact(index)], 25));
    }
    if !is_broken(address) {
        return Detection::RuledOut;
    }
    if let Some(detection) = after_server_hello(address) {
        return detection;
    }
    whatever_was_offered(address, &tried)
}

/// Nothing that we offered earned a single TLS record.
fn whatever_was_offered(address: AddressView<'_>, tried: &[Seen<'_>]) -> Detection {
    let contradicted = tried.iter().any(|(_, attempt)| served(attempt) || !is_mute(attempt));
    if contradicted || is_unstable(address) {
        return Detection::RuledOut;
    }
    let wants = next_offers(address);
    let apart = [offers::modern(), offers::old(), offers::legacy(), offers::only(ProtocolVersion::TLS13)];
    let all_cut = apart.iter().chain([&offers::below_tls13()]).all(|offer| !cuts(address, offer).is_empty());
    let repeated = cuts(address, &Offer::mstsc());
    if !all_cut || repeated.len() < 2 {
        return if wants.is_empty() { Detection::RuledOut } else { Detection::Unknown(wants) };
    }
    let mute: Vec<Seen<'_>> = tried.iter().copied().filter(|(_, attempt)| cut_mute(attempt)).collect();
    let how = mute.first().map_or_else(String::new, |(_, attempt)| ending(attempt));
    let text = "whatever was offered (modern, older and legacy cipher suites, with TLS 1.3, without it and alone), not \
                one TLS record came back";
    let mut proof = Proof::of(format!("{text}: {how}"), facts(&mute), 14).and(
        "the same offer repeated had the same fate",
        facts(&repeated),
        4,
    );
    if mute.iter().all(|(_, attempt)| matches!(attempt.ending, Ending::Disconnect { .. })) {
        let text = "the server ends it in RDP's own words, in the clear, where its ServerHello belongs: its software \
                    refuses, for a reason of its own";
        proof = proof.and(text, facts(&mute), 8);
    }
    proof.wants = wants;
    Detection::Likely(with_rivals(proof, address))
}

/// Silence says nothing either way; anything else must be a hang-up without a TLS record.
fn is_mute(attempt: &crate::evidence::Attempt) -> bool {
    cut_mute(attempt) || matches!(attempt.ending, Ending::Silent | Ending::OurSystem { .. })
}

/// With static RSA the key is first needed after the ServerHello.
fn after_server_hello(address: AddressView<'_>) -> Option<Detection> {
    let broken = cuts(address, &Offer::mstsc());
    let hello = |(_, attempt): &Seen<'_>| attempt.tls.as_ref().and_then(|tls| tls.server_hello.clone());
    let chosen = broken.iter().find_map(hello)?;
    let how = broken.first().map_or_else(String::new, |(_, attempt)| ending(attempt));
    let (why, decibans) = if is_static_rsa(&chosen) {
        ("with this suite the private key is first used there", 12)
    } else {
        ("nothing showed that the server can use its key", 6)
    };
    let mut proof = Proof::of(format!("{how}; {why}"), facts(&broken), decibans);
    proof.wants = next_offers(address);
    Some(Detection::Likely(with_rivals(proof, address)))
}

fn with_rivals(proof: Proof, address: AddressView<'_>) -> Proof {
    let target = &address.evidence.target;
    proof
        .missing(
            "what looks the same from outside: every TLS version switched off on the server \
             (schannel-protocol-disabled; its System event 36871 with error state 10013, where an unusable key leaves \
             36870, 1057 or 1058)",
        )
        .missing(format!(
            "whether a device on the way cuts TLS off (middlebox-reset): run `rdpdoctor diagnose {target}` on the \
             server's own network"
        ))
}

fn remedies(_: &Evidence) -> Vec<Remedy> {
    vec![read_events(), look_at_key(), let_service_read(), make_anew(), check_on_xrdp(), read_xrdp()]
}

fn look_at_key() -> Remedy {
    Remedy {
        title: "Look at the certificate, and at the key file that belongs to it: NETWORK SERVICE must be able to read it".into(),
        place: Place::Server,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: vec![
            r"Get-ChildItem 'Cert:\LocalMachine\Remote Desktop' | Format-List Subject, NotBefore, NotAfter, Thumbprint, HasPrivateKey".into(),
            "(Get-CimInstance -Namespace root/cimv2/TerminalServices -ClassName Win32_TSGeneralSetting).SSLCertificateSHA1Hash".into(),
            r"(Get-ItemProperty 'HKLM:\SOFTWARE\Microsoft\Cryptography').MachineGuid".into(),
            r#"Get-ChildItem "$env:ProgramData\Microsoft\Crypto\RSA\MachineKeys\f686aace6942fb7f7ceb231212eef4a4_*" -Force | Get-Acl | Format-List Path, Owner, AccessToString"#.into(),
        ],
        cmd: vec![
            r#"certutil -store "Remote Desktop""#.into(),
            r"reg query HKLM\SOFTWARE\Microsoft\Cryptography /v MachineGuid".into(),
            r"icacls %ProgramData%\Microsoft\Crypto\RSA\MachineKeys\f686aace6942fb7f7ceb231212eef4a4_*".into(),
        ],
        undo: "nothing is changed".into(),
    }
}

fn let_service_read() -> Remedy {
    Remedy {
        title: "Where the key file is there and NETWORK SERVICE may not read it: give that right back on this file alone, and restart the service".into(),
        place: Place::Server,
        safety: Safety::Disruptive,
        interrupts: "restarting TermService cuts off every Remote Desktop session: have another way in".into(),
        commands: vec![
            r"$key = Get-Item C:\ProgramData\Microsoft\Crypto\RSA\MachineKeys\f686aace6942fb7f7ceb231212eef4a4_* -Force".into(),
            r"icacls $key.FullName /save C:\rdp-key-before.acl".into(),
            "icacls $key.FullName /grant '*S-1-5-20:R'".into(),
            "Restart-Service TermService -Force".into(),
        ],
        cmd: vec![
            r"icacls C:\ProgramData\Microsoft\Crypto\RSA\MachineKeys\f686aace6942fb7f7ceb231212eef4a4_* /save C:\rdp-key-before.acl".into(),
            r"icacls C:\ProgramData\Microsoft\Crypto\RSA\MachineKeys\f686aace6942fb7f7ceb231212eef4a4_* /grant *S-1-5-20:R".into(),
            "net stop TermService /y".into(),
            "net start TermService".into(),
            "net start UmRdpService".into(),
        ],
        undo: r"icacls C:\ProgramData\Microsoft\Crypto\RSA\MachineKeys /restore C:\rdp-key-before.acl".into(),
    }
}

fn make_anew() -> Remedy {
    Remedy {
        title: "Where the key is broken or gone and no other certificate is configured: move it aside, and let Windows make key and certificate anew (event 1056 says that it did)".into(),
        place: Place::Server,
        safety: Safety::Disruptive,
        interrupts: "restarting TermService cuts off every Remote Desktop session; clients are asked once about the new certificate".into(),
        commands: vec![
            r"New-Item -ItemType Directory C:\rdp-key-before -Force; icacls C:\rdp-key-before /inheritance:r /grant:r '*S-1-5-32-544:(OI)(CI)F'".into(),
            r"reg export 'HKLM\SOFTWARE\Microsoft\SystemCertificates\Remote Desktop' C:\rdp-key-before\store.reg".into(),
            r"Move-Item C:\ProgramData\Microsoft\Crypto\RSA\MachineKeys\f686aace6942fb7f7ceb231212eef4a4_* C:\rdp-key-before -Force".into(),
            r"Get-ChildItem 'Cert:\LocalMachine\Remote Desktop' | Remove-Item".into(),
            "Restart-Service SessionEnv -Force; Restart-Service TermService -Force".into(),
        ],
        cmd: vec![
            r"md C:\rdp-key-before & icacls C:\rdp-key-before /inheritance:r /grant:r *S-1-5-32-544:(OI)(CI)F".into(),
            r#"reg export "HKLM\SOFTWARE\Microsoft\SystemCertificates\Remote Desktop" C:\rdp-key-before\store.reg"#.into(),
            r"move C:\ProgramData\Microsoft\Crypto\RSA\MachineKeys\f686aace6942fb7f7ceb231212eef4a4_* C:\rdp-key-before".into(),
            r#"reg delete "HKLM\SOFTWARE\Microsoft\SystemCertificates\Remote Desktop\Certificates" /f"#.into(),
            "net stop SessionEnv /y & net start SessionEnv".into(),
            "net stop TermService /y & net start TermService & net start UmRdpService".into(),
        ],
        undo: r"move the file back, reg import C:\rdp-key-before\store.reg, and restart both services again".into(),
    }
}

fn check_on_xrdp() -> Remedy {
    Remedy {
        title: "On xrdp: see whether the key is whole, readable for xrdp's account, and the certificate's own (both lines must be equal)".into(),
        place: Place::Server,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: vec![
            "ls -lL /etc/xrdp/cert.pem /etc/xrdp/key.pem".into(),
            "sudo openssl pkey -in /etc/xrdp/key.pem -pubout | sha256sum".into(),
            "sudo openssl x509 -in /etc/xrdp/cert.pem -noout -pubkey | sha256sum".into(),
        ],
        cmd: Vec::new(),
        undo: "nothing is changed".into(),
    }
}

#[cfg(test)]
pub(in crate::causes) mod tests {
    use rdpdoctor_protocol::negotiation::Protocols;
    use rdpdoctor_protocol::tls::{AlertDescription, AlertLevel, CipherSuite};

    use super::*;
    use crate::evidence::KeyExchangeSeen;
    use crate::testing::{Scene, Script};
    use crate::{Certainty, Verdict, judge};

    fn cut_off(ending: Ending) -> impl Fn(Script) -> Script {
        move |a| a.selects(Protocols::HYBRID_EX).starts_tls().ends(ending.clone())
    }

    /// Four disjoint offers and those around them, the first one twice.
    pub(in crate::causes) fn every_offer(ending: &Ending) -> Scene {
        let others = [offers::mstsc_hello(), offers::below_tls13(), offers::modern(), offers::old(), offers::legacy()];
        let first = Scene::at("10.0.0.5").client(cut_off(ending.clone())).client(cut_off(ending.clone()));
        let scene = others.into_iter().fold(first, |scene, offer| scene.tries(offer, cut_off(ending.clone())));
        scene.tries(offers::only(ProtocolVersion::TLS13), cut_off(ending.clone()))
    }

    #[test]
    fn fires_when_no_offer_earns_a_record_and_never_above_likely() {
        let disconnect = Ending::Disconnect { reason: "MCS Disconnect Provider Ultimatum".into() };
        for ending in [Ending::Fin, Ending::Reset, disconnect] {
            let diagnosis = judge(&every_offer(&ending).evidence());
            let root = diagnosis.root().unwrap();
            assert_eq!((root.cause.id, root.certainty), ("private-key-unusable", Certainty::Likely), "{ending:?}");
            assert_eq!(
                (root.explains.as_slice(), diagnosis.verdict),
                (["handshake-reset"].as_slice(), Verdict::Broken)
            );
            let missing = root.proof.missing.join(" ");
            assert!(missing.contains("schannel-protocol-disabled") && missing.contains("middlebox-reset"));
        }
    }

    #[test]
    fn fires_on_a_signature_that_does_not_fit() {
        let exchange = KeyExchangeSeen { verified: Some(false), ..KeyExchangeSeen::default() };
        let bad = |a: Script| {
            let a = a.selects(Protocols::HYBRID_EX).answers_hello(ProtocolVersion::TLS12, CipherSuite(0xc030));
            a.exchanges(exchange).ends(Ending::Malformed { what: "bad signature".into() })
        };
        let diagnosis = judge(&Scene::at("10.0.0.5").client(bad).evidence());
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("private-key-unusable", Certainty::Likely));
    }

    #[test]
    fn near_miss_an_alert_is_a_record() {
        let alert = Ending::Alert { level: AlertLevel::FATAL, description: AlertDescription::HANDSHAKE_FAILURE };
        assert_eq!(detect(&every_offer(&alert).evidence()), Detection::RuledOut);
    }

    #[test]
    fn near_miss_one_offer_that_is_taken() {
        let takes =
            |a: Script| a.selects(Protocols::HYBRID_EX).answers_hello(ProtocolVersion::TLS10, CipherSuite(0x2f));
        let scene = every_offer(&Ending::Reset).tries(offers::only(ProtocolVersion::TLS10), takes);
        assert_eq!(detect(&scene.evidence()), Detection::RuledOut);
    }

    #[test]
    fn unknown_before_disjoint_offers_were_made() {
        assert_eq!(detect(&Scene::at("10.0.0.5").evidence()), Detection::Unknown(Vec::new()));
        let evidence = Scene::at("10.0.0.5").client(cut_off(Ending::Reset)).evidence();
        assert!(matches!(detect(&evidence), Detection::Unknown(wants) if !wants.is_empty()));
    }
}
