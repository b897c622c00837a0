use super::ahead::{Owner, TERM_SERVICE, by_host_ahead, may_be_remote_desktop, service_fact, sockets, state_of};
use super::remedies::READ_LISTENER;
use super::signs::{setting_of, unless_rdp_answers};
use crate::causes::logged::{MANAGER, logged};
use crate::causes::step::{READ, Step, remedies};
use crate::evidence::Snapshot;
use crate::evidence::snapshot::{ReadBy, Reading, ServiceState, ValueSeen};
use crate::view::host_fact;
use crate::{Cause, Detection, Proof, Safety, Severity, Stage};

/// The listener RDP-Tcp is switched off, incomplete, or bound to an adapter that is gone.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "listener-disabled",
    stage: Stage::Host,
    severity: Severity::Blocks,
    title: "The service runs, and its Remote Desktop listener does not",
    prior: -6,
    explains: &["port-closed", "port-filtered"],
    page: include_str!("listener-disabled.md"),
    detect: |evidence| by_host_ahead(evidence, unless_rdp_answers(evidence), look),
    remedies: |_| remedies(&[&READ_LISTENER, &ENABLE, &REPLACE]),
};

const LISTENER: &str = r"HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp";

/// Whether the service listens now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Listens {
    Yes,
    /// The service runs, Remote Desktop is on, and no socket is the service's.
    No,
    /// Nobody knows, or it is not meant to.
    Unknown,
}

fn look(host: &Snapshot) -> Detection {
    let listens = listens(host);
    match (configured_off(host), listens) {
        (Some(found), Listens::Yes) => ahead(found),
        (Some(Detection::Likely(proof) | Detection::Confirmed(proof)), Listens::No) => {
            Detection::Confirmed(silent(host, proof))
        }
        (Some(found), _) => found,
        (None, Listens::No) => Detection::Confirmed(silent(host, Proof::default())),
        (None, Listens::Unknown) if !is_read(host) => Detection::Unknown(Vec::new()),
        (None, Listens::Yes) => Detection::RuledOut,
        (None, Listens::Unknown) if host.way == ReadBy::Disk || is_not_due(host) => Detection::RuledOut,
        (None, Listens::Unknown) => Detection::Unknown(Vec::new()),
    }
}

/// What the listener's key says against listening.
fn configured_off(host: &Snapshot) -> Option<Detection> {
    let key = host.registry.get(LISTENER).and_then(Reading::observed)?;
    let at = |name: &str| [host_fact(&["registry", name])];
    if key.is_none() {
        let text = "the key WinStations\\RDP-Tcp is missing: there is no listener to start";
        return Some(Detection::Confirmed(Proof::of(text, at(LISTENER), 30)));
    }
    let (enabled, fact) = setting_of(host, "enable-winstation");
    if enabled.number() == Some(0) {
        let text = "fEnableWinStation is 0: the listener RDP-Tcp is switched off";
        return Some(Detection::Confirmed(Proof::of(text, [fact], 30)));
    }
    let (class, fact) = setting_of(host, "listener-class");
    if class.seen == ValueSeen::Absent && !is_of_old(host) {
        let text = "LoadableProtocol_Object is missing from the listener's key: the service does not know what to load";
        return Some(Detection::Likely(Proof::of(text, [fact], 22)));
    }
    let (adapter, fact) = setting_of(host, "lan-adapter");
    let number = adapter.number().filter(|number| *number != 0)?;
    let text = format!("LanAdapter is {number}: the listener is bound to that one network adapter, where there is one");
    let missing = "whether that adapter still exists: 0 listens on all of them";
    Some(Detection::Likely(Proof::of(text, [fact], 12).missing(missing).severity(Severity::Degrades)))
}

/// Before Windows 7 listeners had no class.
fn is_of_old(host: &Snapshot) -> bool {
    host.build.observed().is_some_and(|build| build.number < 7600)
}

/// It listens still: what is set counts from the next start on, and a single adapter counts now.
fn ahead(found: Detection) -> Detection {
    let later = |proof: Proof| proof.severity(Severity::Degrades);
    match found {
        Detection::Confirmed(proof) => Detection::Confirmed(later(proof)),
        Detection::Likely(proof) => Detection::Likely(later(proof)),
        open => open,
    }
}

fn silent(host: &Snapshot, proof: Proof) -> Proof {
    let text = "the service runs, Remote Desktop is on, and none of its sockets listens";
    let facts = [host_fact(&["listeners"]), service_fact(TERM_SERVICE)];
    let proof = Proof { severity: None, ..proof }.and(text, facts, 25);
    let last = logged(host, MANAGER, &[258, 259, 262]).pop();
    match last.filter(|last| last.event.id != 258) {
        Some(stop) => {
            let text =
                format!("event {} at {}: the listener stopped, and none started since", stop.event.id, stop.when());
            proof.and(text, [stop.fact], 3)
        }
        None => proof,
    }
}

fn listens(host: &Snapshot) -> Listens {
    let Some(sockets) = sockets(host) else { return Listens::Unknown };
    if sockets.iter().any(|(_, _, owner)| *owner == Owner::RemoteDesktop) {
        return Listens::Yes;
    }
    let due = state_of(host, TERM_SERVICE) == Some(ServiceState::Running)
        && setting_of(host, "deny-connections").0.number() == Some(0);
    let perhaps = sockets.iter().any(|(listener, _, owner)| may_be_remote_desktop(listener, *owner));
    if due && !perhaps { Listens::No } else { Listens::Unknown }
}

fn is_read(host: &Snapshot) -> bool {
    host.registry.get(LISTENER).is_some_and(|key| key.observed().is_some())
}

/// Nothing is to listen where the service does not run or Remote Desktop is off: that is the fault, and this is none.
fn is_not_due(host: &Snapshot) -> bool {
    let off = setting_of(host, "deny-connections").0.number().is_some_and(|number| number != 0);
    off || state_of(host, TERM_SERVICE).is_some_and(|state| state != ServiceState::Running)
}

const ENABLE: Step = Step {
    title: "Where fEnableWinStation is 0, or LanAdapter names an adapter that is gone: set both to their defaults (1; 0, which means all adapters), and restart the service",
    safety: Safety::Disruptive,
    interrupts: "sessions that still run are cut off; LanAdapter 0 listens on every network of the machine",
    commands: &[
        r"$listener = 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp'",
        r"reg export 'HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp' C:\rdp-tcp-before.reg",
        "Set-ItemProperty $listener fEnableWinStation 1 -Type DWord",
        "Set-ItemProperty $listener LanAdapter 0 -Type DWord",
        "Restart-Service TermService -Force",
    ],
    cmd: &[
        r#"reg export "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp" C:\rdp-tcp-before.reg"#,
        r#"reg add "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp" /v fEnableWinStation /t REG_DWORD /d 1 /f"#,
        r#"reg add "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp" /v LanAdapter /t REG_DWORD /d 0 /f"#,
        "net stop TermService /y & net start TermService & net start UmRdpService",
    ],
    undo: r"reg import C:\rdp-tcp-before.reg, and restart the service",
    ..READ
};

const REPLACE: Step = Step {
    title: "Where the key itself is damaged: save it, import RDP-Tcp from a healthy machine of the same build, and take the foreign SSLCertificateSHA1Hash out of it",
    safety: Safety::Manual,
    interrupts: "sessions that still run are cut off; the other machine's port and permissions come along: compare them",
    commands: &[
        r"reg export 'HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp' C:\rdp-tcp-before.reg",
        r"reg import C:\rdp-tcp-of-the-same-build.reg",
        r"Remove-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp' SSLCertificateSHA1Hash -ErrorAction SilentlyContinue",
        "Restart-Service TermService -Force",
    ],
    cmd: &[
        r#"reg export "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp" C:\rdp-tcp-before.reg"#,
        r"reg import C:\rdp-tcp-of-the-same-build.reg",
        r#"reg delete "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp" /v SSLCertificateSHA1Hash /f"#,
        "net stop TermService /y & net start TermService & net start UmRdpService",
    ],
    undo: r"delete the imported key, reg import C:\rdp-tcp-before.reg, and restart the service",
    ..READ
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Machine;
    use crate::{Certainty, Verdict, judge};

    #[test]
    fn fires_on_a_switch_a_key_that_is_gone_and_a_port_that_nobody_holds() {
        let off = Machine::healthy().dword("enable-winstation", 0);
        let machines = [
            off.clone().no_listeners(),
            off.on_disk(),
            Machine::healthy().without_key(LISTENER).no_listeners(),
            Machine::healthy().no_listeners(),
            Machine::healthy().without("listener-class").no_listeners(),
            Machine::healthy().dword("lan-adapter", 3).no_listeners(),
        ];
        for machine in machines {
            let diagnosis = judge(&machine.evidence());
            let root = diagnosis.root().unwrap();
            assert_eq!((root.cause.id, root.certainty), ("listener-disabled", Certainty::Confirmed));
            assert_eq!(diagnosis.verdict, Verdict::Broken);
        }
    }

    #[test]
    fn a_class_that_is_missing_on_a_disk_is_likely() {
        let diagnosis = judge(&Machine::healthy().without("listener-class").on_disk().evidence());
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("listener-disabled", Certainty::Likely));
    }

    #[test]
    fn near_miss_a_listener_on_one_adapter_serves_whom_it_reaches() {
        let diagnosis = judge(&Machine::healthy().dword("lan-adapter", 3).evidence());
        assert_eq!(diagnosis.verdict, Verdict::Healthy, "whether it is so is only possible");
        let later = judge(&Machine::healthy().dword("enable-winstation", 0).evidence());
        assert_eq!((later.root().unwrap().severity, later.verdict), (Severity::Degrades, Verdict::Warning));
    }

    #[test]
    fn near_miss_a_class_that_the_release_does_not_have() {
        let old = Machine::healthy().without("listener-class").build(6002, "Server");
        assert_eq!(look(&old.snapshot()), Detection::RuledOut);
    }

    #[test]
    fn near_miss_nobody_listens_where_nobody_is_to() {
        let off = Machine::healthy().dword("deny-connections", 1).no_listeners();
        assert_eq!(look(&off.snapshot()), Detection::RuledOut);
        let other_port = Machine::healthy().no_listeners().listens(3390, TERM_SERVICE);
        assert_eq!(look(&other_port.snapshot()), Detection::RuledOut);
    }

    #[test]
    fn a_port_that_is_set_and_not_taken_up_leaves_a_socket_that_may_be_the_service_s() {
        for (set, held) in [(3390, 3389), (3389, 3390), (3390, 3390)] {
            let machine = Machine::healthy().dword("port", set).no_listeners().listens_unnamed(held);
            assert_eq!(look(&machine.snapshot()), Detection::Unknown(Vec::new()), "{set} {held}");
        }
        let foreign = Machine::healthy().dword("port", 3390).no_listeners().listens(3389, "W3SVC");
        assert!(matches!(look(&foreign.snapshot()), Detection::Confirmed(_)));
        let of_windows = Machine::healthy().no_listeners().listens_unnamed(135).listens_unnamed(49664);
        assert!(matches!(look(&of_windows.snapshot()), Detection::Confirmed(_)));
    }

    #[test]
    fn unknown_where_the_key_was_not_read() {
        assert_eq!(look(&Machine::unread().snapshot()), Detection::Unknown(Vec::new()));
        let unread = Machine::healthy().unreadable(LISTENER).on_disk();
        assert_eq!(look(&unread.snapshot()), Detection::Unknown(Vec::new()));
    }

    #[test]
    fn an_event_that_says_it_stopped_is_named() {
        let channel = "Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational";
        let stopped = Machine::healthy().no_listeners().event(channel, MANAGER, 258, 90, &[]).event(
            channel,
            MANAGER,
            259,
            60,
            &[],
        );
        let Detection::Confirmed(proof) = look(&stopped.snapshot()) else { panic!() };
        assert!(proof.items.iter().any(|item| item.text.starts_with("event 259 at 1969-12-31 23:00 UTC")));
    }
}
