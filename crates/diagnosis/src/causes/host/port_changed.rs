use super::ahead::{by_host_ahead, heard_at, may_be_remote_desktop, sockets};
use super::remedies::READ_LISTENER;
use super::signs::{setting_of, unless_rdp_answers};
use crate::causes::step::{READ, Step, remedies};
use crate::evidence::snapshot::Listener;
use crate::evidence::{Evidence, Snapshot};
use crate::{Cause, Detection, Place, Proof, Safety, Severity, Stage};

/// `PortNumber` is not the port that the client or the firewall knows.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "port-changed",
    stage: Stage::Host,
    severity: Severity::Blocks,
    title: "The server listens for Remote Desktop on another port",
    prior: -3,
    explains: &["port-closed", "port-filtered"],
    page: include_str!("port-changed.md"),
    detect: |evidence| by_host_ahead(evidence, unless_rdp_answers(evidence), |host| look(host, Asked::of(evidence))),
    remedies: |_| remedies(&[&READ_LISTENER, &ASK_THERE, &OPEN, &MOVE_BACK]),
};

/// The port of Windows as shipped.
const USUAL: u16 = 3389;

/// At which port somebody asked, or would ask.
#[derive(Debug, Clone, Copy)]
struct Asked {
    port: u16,
    by_somebody: bool,
}

impl Asked {
    fn of(evidence: &Evidence) -> Self {
        Self { port: evidence.target.port, by_somebody: !evidence.target.is_unnamed() }
    }
}

fn look(host: &Snapshot, asked: Asked) -> Detection {
    let (setting, fact) = setting_of(host, "port");
    let Some(set) = setting.number() else { return Detection::Unknown(Vec::new()) };
    let heard = heard_at(host);
    let is_set = set == u64::from(asked.port);
    let is_heard = heard.iter().any(|(port, _)| *port == asked.port);
    match heard.first() {
        _ if is_set && (is_heard || heard.is_empty()) => Detection::RuledOut,
        Some((port, socket)) if is_set => {
            let text =
                format!("the service still listens at port {port}, and takes up PortNumber {set} when it is restarted");
            Detection::Confirmed(Proof::of(text, [socket.clone(), fact], 25))
        }
        _ if is_heard => {
            let text = format!(
                "PortNumber is {set}: from its next start on the service listens there, and not at port {}",
                asked.port
            );
            Detection::Confirmed(Proof::of(text, [fact], 25).severity(Severity::Degrades))
        }
        _ if may_be_heard_at(host, asked.port) => not_settled(set, asked, fact),
        _ => moved(set, asked, fact),
    }
}

/// Somebody listens where clients ask, and the machine does not say who.
fn not_settled(set: u64, asked: Asked, fact: String) -> Detection {
    let text = format!("PortNumber is {set}, and clients ask at port {}", asked.port);
    let missing =
        format!("whose the socket at port {} is: the service may listen there until it is restarted", asked.port);
    Detection::Likely(Proof::of(text, [fact], 14).missing(missing).severity(Severity::Degrades))
}

/// A router on the way may lead any port here but, as a rule, not the usual one to another.
fn moved(set: u64, asked: Asked, fact: String) -> Detection {
    let text = format!("PortNumber is {set}: the server is set to listen there, and not at port {}", asked.port);
    match (asked.by_somebody, asked.port) {
        (false, _) => Detection::Confirmed(Proof::of(text, [fact], 25).severity(Severity::Degrades)),
        (true, USUAL) => Detection::Confirmed(Proof::of(text, [fact], 25)),
        (true, port) => {
            let missing = format!("whether a router on the way leads port {port} to {set}");
            Detection::Likely(Proof::of(text, [fact], 14).missing(missing))
        }
    }
}

fn may_be_heard_at(host: &Snapshot, port: u16) -> bool {
    let at = |listener: &Listener| listener.address.port() == port;
    let sockets = sockets(host).unwrap_or_default();
    sockets.iter().any(|(listener, _, owner)| at(listener) && may_be_remote_desktop(listener, *owner))
}

const ASK_THERE: Step = Step {
    title: "Connect to the port that the listener is set to: as HOST:PORT in the client",
    place: Place::Client,
    commands: &["mstsc /v:HOST:PORT", "rdpdoctor diagnose HOST:PORT"],
    ..READ
};

const OPEN: Step = Step {
    title: "Where the port was moved on purpose: let it through the firewall, for Windows' own rule knows 3389 only",
    safety: Safety::Manual,
    interrupts: "nothing; the port is open to the addresses that the rule names",
    commands: &[
        "New-NetFirewallRule -Name RDP-moved -DisplayName 'Remote Desktop on another port' -Direction Inbound -Protocol TCP -LocalPort PORT -Service TermService -RemoteAddress LocalSubnet -Action Allow",
    ],
    cmd: &[
        "netsh advfirewall firewall add rule name=RDP-moved dir=in protocol=tcp localport=PORT service=TermService remoteip=localsubnet action=allow",
    ],
    undo: "Remove-NetFirewallRule -Name RDP-moved, or netsh advfirewall firewall delete rule name=RDP-moved",
    ..READ
};

const MOVE_BACK: Step = Step {
    title: "Where nobody wanted it: see that nothing else uses 3389 (netstat -ano), set it back, and restart the service",
    safety: Safety::Disruptive,
    interrupts: "every Remote Desktop session is cut off; clients that were told of the other port no longer get in",
    commands: &[
        r"Set-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp' PortNumber 3389 -Type DWord",
        "Restart-Service TermService -Force",
    ],
    cmd: &[
        r#"reg add "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp" /v PortNumber /t REG_DWORD /d 3389 /f"#,
        "net stop TermService /y & net start TermService & net start UmRdpService",
    ],
    undo: "set PortNumber back to the value read before, and restart the service",
    ..READ
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Ending;
    use crate::testing::{Machine, Scene};
    use crate::{Certainty, Verdict, judge};

    fn moved() -> Machine {
        Machine::healthy().dword("port", 3390).no_listeners().listens(3390, "TermService").with(|host| {
            let crate::evidence::snapshot::Reading::Observed(firewall) = &mut host.firewall else { return };
            firewall.rules.iter_mut().for_each(|rule| rule.ports = vec!["3390".to_owned()]);
        })
    }

    fn asked(target: &str, machine: Machine) -> Evidence {
        let scene = Scene::at(target).client(|a| a.ends(Ending::Refused));
        Evidence { host: Some(Box::new(machine.snapshot())), ..scene.evidence() }
    }

    #[test]
    fn blocks_who_asks_at_the_usual_port() {
        let diagnosis = judge(&asked("10.0.0.5", moved()));
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("port-changed", Certainty::Confirmed));
        assert_eq!(root.severity, Severity::Blocks);
    }

    #[test]
    fn nobody_asked_is_worth_a_warning() {
        for machine in [moved(), moved().on_disk()] {
            let diagnosis = judge(&machine.evidence());
            let root = diagnosis.root().unwrap();
            assert_eq!((root.cause.id, root.severity), ("port-changed", Severity::Degrades));
            assert_eq!(diagnosis.verdict, Verdict::Warning);
        }
    }

    #[test]
    fn a_router_may_lead_another_port_here() {
        let evidence = asked("10.0.0.5:13389", Machine::healthy());
        let found = look(evidence.host.as_deref().unwrap(), Asked::of(&evidence));
        assert!(matches!(found, Detection::Likely(_)), "{found:?}");
    }

    #[test]
    fn what_is_set_and_not_yet_taken_up_is_told() {
        let usual = Asked { port: USUAL, by_somebody: true };
        let later = Machine::healthy().dword("port", 3390);
        let Detection::Confirmed(proof) = look(&later.snapshot(), usual) else { panic!() };
        assert_eq!(proof.severity, Some(Severity::Degrades));
        let not_yet = Machine::healthy().no_listeners().listens(3390, "TermService");
        let Detection::Confirmed(proof) = look(&not_yet.snapshot(), usual) else { panic!() };
        assert_eq!(proof.severity, None);
    }

    #[test]
    fn a_socket_of_nobody_at_the_port_that_is_asked_for_leaves_it_open() {
        let usual = Asked { port: USUAL, by_somebody: true };
        let set = || Machine::healthy().dword("port", 3390).no_listeners();
        let found = look(&set().listens_unnamed(3389).snapshot(), usual);
        assert!(matches!(&found, Detection::Likely(proof) if proof.severity == Some(Severity::Degrades)), "{found:?}");
        let foreign = look(&set().listens(3389, "W3SVC").snapshot(), usual);
        assert!(matches!(&foreign, Detection::Confirmed(proof) if proof.severity.is_none()), "{foreign:?}");
    }

    #[test]
    fn near_miss_the_port_that_was_asked_for() {
        let evidence = asked("10.0.0.5:3390", moved());
        assert_eq!(look(evidence.host.as_deref().unwrap(), Asked::of(&evidence)), Detection::RuledOut);
        let usual = Asked { port: USUAL, by_somebody: true };
        assert_eq!(look(&Machine::healthy().without("port").snapshot(), usual), Detection::RuledOut);
    }

    #[test]
    fn unknown_where_the_key_was_not_read() {
        let usual = Asked { port: USUAL, by_somebody: true };
        assert_eq!(look(&Machine::unread().snapshot(), usual), Detection::Unknown(Vec::new()));
    }
}
