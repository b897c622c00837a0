use super::signs::{Seen, look_on_server, telling};
use super::web_proxy_blocks::is_web_proxy;
use crate::evidence::{Attempt, Ending, Evidence, StrangerSeen};
use crate::view::{AddressView, attempt_fact, client_first};
use crate::{Cause, Detection, Place, Proof, Remedy, Safety, Severity, Stage};

/// Another protocol lives on the port.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "not-rdp",
    stage: Stage::Connect,
    severity: Severity::Blocks,
    title: "Another protocol answers on the Remote Desktop port",
    prior: 0,
    explains: &[],
    page: include_str!("not-rdp.md"),
    detect,
    remedies,
};

fn detect(evidence: &Evidence) -> Detection {
    client_first(evidence, at)
}

fn at(address: AddressView<'_>) -> Detection {
    let seen = telling(address);
    if seen.is_empty() {
        return Detection::Unknown(Vec::new());
    }
    let Some((index, attempt, stranger)) = seen.into_iter().find_map(stranger) else { return Detection::RuledOut };
    if is_web_proxy(stranger) {
        return Detection::RuledOut;
    }
    let fact = [attempt_fact(index)];
    if attempt.negotiated.is_some() {
        let text = format!("the server confirmed in RDP, and answered the TLS ClientHello with {}", words(stranger));
        return Detection::Likely(Proof::of(text, fact, 12));
    }
    if address.speaks_rdp() {
        let text = format!("one connection was answered with {}, another in RDP", words(stranger));
        return Detection::Likely(Proof::of(text, fact, 12));
    }
    let when =
        if stranger.spoke_first { "spoke before we had sent anything" } else { "answered our Connection Request" };
    Detection::Confirmed(Proof::of(format!("{} {when}: {}", address.endpoint, words(stranger)), fact, 30))
}

fn stranger((index, attempt): Seen<'_>) -> Option<(usize, &Attempt, &StrangerSeen)> {
    match &attempt.ending {
        Ending::Stranger(stranger) => Some((index, attempt, stranger)),
        _ => None,
    }
}

fn words(stranger: &StrangerSeen) -> String {
    match stranger.banner.as_str() {
        "" => stranger.protocol.to_string(),
        banner => format!("{} (\"{banner}\")", stranger.protocol),
    }
}

fn remedies(evidence: &Evidence) -> Vec<Remedy> {
    let port = evidence.target.port;
    let target = Remedy {
        title: "Check that name, address and port are those of the Remote Desktop server".into(),
        place: Place::Client,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: vec![format!("nslookup {}", evidence.target.host)],
        cmd: Vec::new(),
        undo: "nothing is changed".into(),
    };
    let owner = look_on_server(
        format!("See which program owns port {port}, and on which port Remote Desktop listens"),
        vec![
            format!("Get-Process -Id (Get-NetTCPConnection -State Listen -LocalPort {port}).OwningProcess"),
            r"(Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp').PortNumber".into(),
        ],
        vec![
            format!("netstat -ano -p tcp | findstr :{port}"),
            "tasklist /svc".into(),
            r#"reg query "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp" /v PortNumber"#.into(),
        ],
    );
    let free = Remedy {
        title: format!("Move that program to another port, then restart Remote Desktop so that it can take {port}"),
        place: Place::Server,
        safety: Safety::Manual,
        interrupts: "users of that program, and every Remote Desktop session on the server".into(),
        commands: vec!["Restart-Service TermService -Force".into()],
        cmd: vec!["net stop TermService /y".into(), "net start TermService".into()],
        undo: "give that program its former port again and restart both".into(),
    };
    vec![target, owner, free]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Scene;
    use crate::{Certainty, Verdict, judge};
    use rdpdoctor_protocol::negotiation::Protocols;
    use rdpdoctor_protocol::stranger::Stranger;

    #[test]
    fn fires_and_names_who_speaks() {
        let scene = Scene::at("10.0.0.5").client(|a| a.meets(Stranger::Ssh, "SSH-2.0-OpenSSH_9.2", &[]));
        let diagnosis = judge(&scene.evidence());
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("not-rdp", Certainty::Confirmed));
        assert_eq!(diagnosis.verdict, Verdict::Broken);
        assert!(root.proof.items[0].text.contains("SSH (\"SSH-2.0-OpenSSH_9.2\")"));
    }

    #[test]
    fn near_miss_a_web_proxy_and_a_server_that_speaks_rdp() {
        let proxy = |a: crate::testing::Script| a.meets(Stranger::Http, "HTTP/1.1 400 Bad Request", &["Via: 1.1 gate"]);
        assert_eq!(detect(&Scene::at("10.0.0.5").client(proxy).evidence()), Detection::RuledOut);
        let evidence = Scene::at("10.0.0.5").client(|a| a.selects(Protocols::SSL).completes_tls()).evidence();
        assert_eq!(detect(&evidence), Detection::RuledOut);
    }

    #[test]
    fn a_stranger_beside_rdp_is_no_proof() {
        let scene = Scene::at("10.0.0.5").client(|a| a.meets(Stranger::Http, "HTTP/1.1 400 Bad Request", &[]));
        let evidence = scene.client(|a| a.selects(Protocols::SSL).completes_tls()).evidence();
        assert!(matches!(detect(&evidence), Detection::Likely(_)));
    }

    #[test]
    fn unknown_before_anything_was_tried() {
        assert_eq!(detect(&Scene::at("10.0.0.5").evidence()), Detection::Unknown(Vec::new()));
    }
}
