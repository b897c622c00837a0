use rdpdoctor_protocol::negotiation::FailureCode;

use super::proven_by;
use crate::evidence::Evidence;
use crate::view::client_first;
use crate::{Cause, Detection, Place, Remedy, Safety, Severity, Stage};

/// The server says itself that it has no certificate that it could use.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "certificate-missing",
    stage: Stage::Negotiate,
    severity: Severity::Blocks,
    title: "The server has no certificate that it can use for TLS",
    prior: 0,
    explains: &[],
    page: include_str!("certificate-missing.md"),
    detect,
    remedies,
};

fn detect(evidence: &Evidence) -> Detection {
    client_first(evidence, |address| proven_by(address, FailureCode::SSL_CERT_NOT_ON_SERVER))
}

fn remedies(_: &Evidence) -> Vec<Remedy> {
    vec![read_why(), restart_services(), mend_xrdp()]
}

fn read_why() -> Remedy {
    Remedy {
        title: "See which certificate the server should use, and why it could make or find none".into(),
        place: Place::Server,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: vec![
            "Get-WinEvent -FilterHashtable @{LogName='System'; ProviderName='Microsoft-Windows-TerminalServices-RemoteConnectionManager'; Id=1051,1055,1056,1057,1058,1064} -MaxEvents 20 | Format-List TimeCreated, Id, Message".into(),
            r"Get-ChildItem 'Cert:\LocalMachine\Remote Desktop' | Format-List Subject, NotAfter, HasPrivateKey, Thumbprint".into(),
            r"Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp' SSLCertificateSHA1Hash -ErrorAction SilentlyContinue".into(),
        ],
        cmd: vec![
            r#"wevtutil qe System /q:"*[System[Provider[@Name='Microsoft-Windows-TerminalServices-RemoteConnectionManager'] and (EventID=1051 or EventID=1055 or EventID=1056 or EventID=1057 or EventID=1058 or EventID=1064)]]" /c:20 /rd:true /f:text"#.into(),
            r#"certutil -store "Remote Desktop""#.into(),
            r#"reg query "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp" /v SSLCertificateSHA1Hash"#.into(),
        ],
        undo: "nothing is changed".into(),
    }
}

fn restart_services() -> Remedy {
    Remedy {
        title: "Restart SessionEnv, which makes a new self-signed certificate, then TermService; event 1056 says that it worked".into(),
        place: Place::Server,
        safety: Safety::Disruptive,
        interrupts: "restarting TermService cuts off every Remote Desktop session: have another way in; clients warn once of the new certificate".into(),
        commands: vec!["Restart-Service SessionEnv -Force".into(), "Restart-Service TermService -Force".into()],
        cmd: vec![
            "net stop SessionEnv /y".into(),
            "net start SessionEnv".into(),
            "net stop TermService /y".into(),
            "net start TermService".into(),
            "net start UmRdpService".into(),
        ],
        undo: "nothing to take back: no certificate is removed and no setting is changed".into(),
    }
}

fn mend_xrdp() -> Remedy {
    Remedy {
        title: "On xrdp: make the certificate and key named in xrdp.ini readable for xrdp (on Debian: group ssl-cert)"
            .into(),
        place: Place::Server,
        safety: Safety::Disruptive,
        interrupts:
            "restarting xrdp cuts off its connections; the sessions behind them go on and can be taken up again".into(),
        commands: vec![
            "grep -E '^ *(security_layer|certificate|key_file) *=' /etc/xrdp/xrdp.ini".into(),
            "sudo -u xrdp test -r /etc/xrdp/key.pem && echo readable || echo not readable".into(),
            "sudo adduser xrdp ssl-cert".into(),
            "sudo systemctl restart xrdp".into(),
        ],
        cmd: Vec::new(),
        undo: "sudo deluser xrdp ssl-cert && sudo systemctl restart xrdp".into(),
    }
}

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::negotiation::Protocols;

    use super::*;
    use crate::testing::Scene;
    use crate::{Certainty, Verdict, judge};

    #[test]
    fn fires_on_the_servers_own_word() {
        let scene = Scene::at("10.0.0.5").client(|a| a.fails(FailureCode::SSL_CERT_NOT_ON_SERVER));
        let diagnosis = judge(&scene.evidence());
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("certificate-missing", Certainty::Confirmed));
        assert_eq!(diagnosis.verdict, Verdict::Broken);
    }

    #[test]
    fn near_miss_a_handshake_that_is_cut_off_says_nothing_of_a_certificate() {
        let scene = Scene::at("10.0.0.5")
            .client(|a| a.selects(Protocols::SSL).starts_tls().ends(crate::evidence::Ending::Reset));
        assert_eq!(detect(&scene.evidence()), Detection::RuledOut);
    }

    #[test]
    fn unknown_before_anything_was_tried() {
        assert!(matches!(detect(&Scene::at("10.0.0.5").evidence()), Detection::Unknown(_)));
    }
}
