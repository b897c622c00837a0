use super::signs::{facts, once_more, telling};
use crate::evidence::{Ending, Evidence};
use crate::view::{AddressView, per_address};
use crate::{Cause, Detection, Place, Proof, Remedy, Safety, Severity, Stage};

/// The host answers, and nothing listens on the port.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "port-closed",
    stage: Stage::Connect,
    severity: Severity::Blocks,
    title: "Nothing listens on the Remote Desktop port",
    prior: 0,
    explains: &[],
    page: include_str!("port-closed.md"),
    detect,
    remedies,
};

fn detect(evidence: &Evidence) -> Detection {
    per_address(evidence, at)
}

fn at(address: AddressView<'_>) -> Detection {
    let seen = telling(address);
    if seen.is_empty() {
        return Detection::Unknown(Vec::new());
    }
    let refused: Vec<_> = seen.into_iter().filter(|(_, attempt)| attempt.ending == Ending::Refused).collect();
    if address.connects() || refused.is_empty() {
        return Detection::RuledOut;
    }
    let mut proof = Proof::of(format!("{} answered our SYN with RST", address.endpoint), facts(&refused), 20);
    if refused.len() > 1 {
        return Detection::Confirmed(proof.and(format!("it did so {} times", refused.len()), Vec::new(), 10));
    }
    proof.wants.extend(once_more(address));
    Detection::Likely(proof)
}

fn remedies(evidence: &Evidence) -> Vec<Remedy> {
    let port = evidence.target.port;
    vec![
        Remedy {
            title: "See whether the service runs, whether Remote Desktop is on, and which port it listens on".into(),
            place: Place::Server,
            safety: Safety::Safe,
            interrupts: String::new(),
            commands: vec![
                "Get-Service TermService, UmRdpService".into(),
                r"Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server' fDenyTSConnections".into(),
                r"Get-ItemProperty 'HKLM:\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services' fDenyTSConnections -ErrorAction SilentlyContinue".into(),
                r"Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp' PortNumber, fEnableWinStation".into(),
                format!("Get-NetTCPConnection -State Listen -LocalPort {port}"),
            ],
            cmd: vec![
                "sc query TermService".into(),
                r#"reg query "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server" /v fDenyTSConnections"#.into(),
                r#"reg query "HKLM\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services" /v fDenyTSConnections"#.into(),
                r#"reg query "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp" /v PortNumber"#.into(),
                format!("netstat -ano | findstr :{port}"),
            ],
            undo: "nothing is changed".into(),
        },
        Remedy {
            title: "Switch Remote Desktop on and start its service".into(),
            place: Place::Server,
            safety: Safety::Safe,
            interrupts: "nothing: nobody is connected through a closed port".into(),
            commands: vec![
                r"Set-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server' fDenyTSConnections 0".into(),
                "Set-Service TermService -StartupType Manual; Start-Service TermService".into(),
            ],
            cmd: vec![
                r#"reg add "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server" /v fDenyTSConnections /t REG_DWORD /d 0 /f"#.into(),
                "sc config TermService start= demand".into(),
                "net start TermService".into(),
            ],
            undo: "set fDenyTSConnections back to 1".into(),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Offer;
    use crate::testing::{Scene, Script};
    use crate::{Verdict, Want, judge};

    #[test]
    fn fires_when_the_port_refuses_twice() {
        let scene = Scene::at("10.0.0.5").client(|a| a.ends(Ending::Refused)).client(|a| a.ends(Ending::Refused));
        let diagnosis = judge(&scene.evidence());
        assert_eq!(diagnosis.root().unwrap().cause.id, "port-closed");
        assert_eq!(diagnosis.verdict, Verdict::Unreachable);
    }

    #[test]
    fn near_miss_a_port_that_takes_the_second_connection_is_not_closed() {
        let scene = Scene::at("10.0.0.5").client(|a| a.ends(Ending::Refused)).client(Script::connects);
        assert_eq!(detect(&scene.evidence()), Detection::RuledOut);
    }

    #[test]
    fn a_silent_try_before_does_not_hide_it() {
        let scene = Scene::at("10.0.0.5").client(|a| a.ends(Ending::Silent)).client(|a| a.ends(Ending::Refused));
        assert_eq!(judge(&scene.evidence()).root().unwrap().cause.id, "port-closed");
    }

    #[test]
    fn asks_for_a_second_try_after_the_first() {
        let evidence = Scene::at("10.0.0.5").client(|a| a.ends(Ending::Refused)).evidence();
        let Detection::Likely(proof) = detect(&evidence) else { panic!("one refusal is not proof") };
        assert_eq!(proof.wants, [Want::repeat(evidence.endpoints()[0], Offer::mstsc())]);
    }

    #[test]
    fn unknown_before_anything_was_tried() {
        assert!(matches!(detect(&Scene::at("10.0.0.5").evidence()), Detection::Unknown(_)));
    }
}
