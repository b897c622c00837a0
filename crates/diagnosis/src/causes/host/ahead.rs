//! Faults that the wire does not show yet, and the services and port of the machine that they are about.

use crate::evidence::snapshot::{Listener, Service, ServiceState};
use crate::evidence::{Evidence, Snapshot};
use crate::view::host_fact;
use crate::{Detection, Severity};

pub(super) const TERM_SERVICE: &str = "TermService";

/// Like `by_host`, except that the wire refutes only that nobody gets in: what is wrong from the next start on, or for
/// some clients, stays.
pub(super) fn by_host_ahead(
    evidence: &Evidence,
    wire: Detection,
    look: impl FnOnce(&Snapshot) -> Detection,
) -> Detection {
    let Some(host) = evidence.host.as_deref() else { return wire };
    match look(host) {
        Detection::Unknown(_) => wire,
        found if wire == Detection::RuledOut && !is_mild(&found) => wire,
        found => found,
    }
}

/// Whether something was found that does not close the server.
fn is_mild(found: &Detection) -> bool {
    match found {
        Detection::Confirmed(proof) | Detection::Likely(proof) => {
            proof.severity.is_some_and(|how| how < Severity::Blocks)
        }
        Detection::RuledOut | Detection::Unknown(_) => false,
    }
}

/// What a service does now, where that is known.
pub(super) fn state_of(host: &Snapshot, name: &str) -> Option<ServiceState> {
    host.service(name)??.state.observed().copied()
}

/// The pointer to a service.
pub(super) fn service_fact(name: &str) -> String {
    host_fact(&["services", name])
}

/// Whose a listening socket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    RemoteDesktop,
    Other,
    Unknown,
}

/// Whether a socket belongs to the Remote Desktop service: by the services of its process, its number, its program.
pub(super) fn owner(listener: &Listener, service: Option<&Service>) -> Owner {
    let is_ours = |name: &String| name.eq_ignore_ascii_case(TERM_SERVICE);
    if !listener.services.is_empty() {
        return if listener.services.iter().any(is_ours) { Owner::RemoteDesktop } else { Owner::Other };
    }
    if let (Some(process), Some(known)) = (listener.process, service.and_then(|service| service.process)) {
        return if process == known { Owner::RemoteDesktop } else { Owner::Other };
    }
    match listener.program.as_deref() {
        Some(program) if !program.to_ascii_lowercase().ends_with("svchost.exe") => Owner::Other,
        _ => Owner::Unknown,
    }
}

/// Sockets that other machines can reach, each with its pointer and owner; none where they were not read.
pub(super) fn sockets(host: &Snapshot) -> Option<Vec<(&Listener, String, Owner)>> {
    let service = host.service(TERM_SERVICE).flatten();
    let numbered = host.listeners.observed()?.iter().enumerate();
    let reachable = numbered.filter(|(_, listener)| !listener.address.ip().is_loopback());
    let fact = |index: usize| host_fact(&["listeners", "observed", &index.to_string()]);
    Some(reachable.map(|(index, listener)| (listener, fact(index), owner(listener, service))).collect())
}

/// Where the service listens now, with pointers; nowhere where that is not known.
pub(super) fn heard_at(host: &Snapshot) -> Vec<(u16, String)> {
    let ours = sockets(host).unwrap_or_default().into_iter().filter(|(_, _, owner)| *owner == Owner::RemoteDesktop);
    ours.map(|(listener, fact, _)| (listener.address.port(), fact)).collect()
}

/// Whether a socket may be that of Remote Desktop, though the machine does not say whose it is: at any port that the
/// service could have been set to when it started. Those below and above are Windows' own services and dynamic ports.
pub(super) fn may_be_remote_desktop(listener: &Listener, owner: Owner) -> bool {
    owner == Owner::Unknown && (1024..49152).contains(&listener.address.port())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::{CAUSES, find};
    use crate::testing::Machine;
    use crate::{Cause, Stage, Verdict, judge};

    /// Each blocking cause of this stage, and whether a disk can clear it.
    const BLOCKING: [(&str, bool); 15] = [
        ("certificate-not-renewed", true),
        ("cloned-machine-keys", true),
        ("firewall-rule-disabled", true),
        ("listener-disabled", true),
        ("machine-keys-missing", true),
        ("machine-keys-permissions", true),
        ("port-changed", true),
        ("port-taken", false),
        ("rdp-disabled", true),
        ("resource-exhausted", false),
        ("schannel-ciphers-restricted", true),
        ("schannel-protocol-disabled", true),
        ("service-stopped", false),
        ("stale-key-container", true),
        ("termsrv-patched", true),
    ];

    #[test]
    fn no_blocking_cause_is_left_out() {
        let blocks = |cause: &&&Cause| cause.stage == Stage::Host && cause.severity == Severity::Blocks;
        let ids: Vec<&str> = CAUSES.iter().filter(blocks).map(|cause| cause.id).collect();
        assert_eq!(ids, BLOCKING.map(|(id, _)| id));
    }

    #[test]
    fn a_healthy_machine_is_cleared_and_a_disk_of_all_that_it_shows() {
        let (running, disk) = (Machine::healthy().evidence(), Machine::healthy().on_disk().evidence());
        for (id, on_disk) in BLOCKING {
            let detect = find(id).unwrap().detect;
            assert_eq!(detect(&running), Detection::RuledOut, "{id}");
            let cleared = if on_disk { Detection::RuledOut } else { Detection::Unknown(Vec::new()) };
            assert_eq!(detect(&disk), cleared, "{id}");
        }
        let diagnosis = judge(&running);
        assert_eq!(diagnosis.verdict, Verdict::Healthy);
        let found = diagnosis.findings;
        assert!(found.iter().all(|finding| finding.severity == Severity::Informs), "{found:?}");
    }

    fn listener(process: Option<u32>, program: Option<&str>, services: &[&str]) -> Listener {
        Listener {
            address: ([0, 0, 0, 0], 3389).into(),
            process,
            program: program.map(str::to_owned),
            services: services.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    #[test]
    fn services_decide_before_the_process_and_that_before_the_program() {
        let machine = Machine::healthy().snapshot();
        let service = machine.service(TERM_SERVICE).flatten();
        let of = |listener: Listener| owner(&listener, service);
        assert_eq!(of(listener(Some(1200), None, &["iphlpsvc"])), Owner::Other);
        assert_eq!(of(listener(Some(7), None, &["UmRdpService", "termservice"])), Owner::RemoteDesktop);
        assert_eq!(of(listener(Some(1200), Some("svchost.exe"), &[])), Owner::RemoteDesktop);
        assert_eq!(of(listener(Some(7), Some("svchost.exe"), &[])), Owner::Other);
        assert_eq!(of(listener(None, Some("nginx.exe"), &[])), Owner::Other);
        assert_eq!(of(listener(None, Some("svchost.exe"), &[])), Owner::Unknown);
        assert_eq!(of(listener(None, None, &[])), Owner::Unknown);
    }
}
