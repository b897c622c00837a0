//! The services of Windows' own firewall: whether they run, and whether they can start again.

use super::ahead::{service_fact, state_of};
use super::signs::setting_of;
use crate::causes::logged::{is_late, moment};
use crate::causes::logons::{client_fact, people};
use crate::evidence::Snapshot;
use crate::evidence::snapshot::{LoggedClient, RegistryValue, ServiceState, StartType};
use crate::{Detection, Proof, Severity};

/// Without its service the firewall lets nothing in at all.
pub(super) fn ended(host: &Snapshot) -> Option<Detection> {
    const SERVICES: [&str; 2] = ["MpsSvc", "BFE"];
    let runs = |name: &str| state_of(host, name) == Some(ServiceState::Running);
    let all_run = SERVICES.iter().all(|name| runs(name));
    let stopped = SERVICES.iter().find(|name| state_of(host, name) == Some(ServiceState::Stopped));
    let start = |name: &str| host.service(name).flatten().and_then(|service| service.start);
    let disabled = SERVICES.iter().find(|name| start(name) == Some(StartType::Disabled));
    let (text, fact) = match (disabled, stopped) {
        (Some(name), _) => {
            (format!("the service {name} is disabled: without it nothing comes in, at any port"), service_fact(name))
        }
        (None, Some(name)) => {
            (format!("the service {name} does not run: without it nothing comes in, at any port"), service_fact(name))
        }
        (None, None) => broken_exemptions(host)?,
    };
    let proof = Proof::of(text, [fact], 25);
    if all_run {
        let later = proof.and("it runs as yet, and fails at its next start", [], 0);
        return Some(Detection::Confirmed(later.severity(Severity::Degrades)));
    }
    Some(match guest(host) {
        Some((text, fact)) => Detection::Likely(proof.and(text, [fact], -10).severity(Severity::Degrades)),
        None => Detection::Confirmed(proof),
    })
}

/// Somebody else had a session of late: then it does not keep out everybody.
fn guest(host: &Snapshot) -> Option<(String, String)> {
    let from_afar = |client: &LoggedClient| client.sessions > 0 && !client.address.is_loopback();
    let (index, client) = people(host).find(|(_, client)| from_afar(client) && is_late(host, client.last, 24))?;
    let text = format!("yet {} has had a session, last seen at {}", client.address, moment(client.last));
    Some((text, client_fact(index)))
}

/// A list of loopback exemptions of another type than REG_SZ ends the firewall's service as it starts.
fn broken_exemptions(host: &Snapshot) -> Option<(String, String)> {
    let (value, fact) = setting_of(host, "loopback-apps");
    let other = value.seen.value().filter(|value| !matches!(value, RegistryValue::Sz(_)));
    other.map(|_| ("DebugedLoopbackApps is no REG_SZ: the firewall's service cannot start with it".to_owned(), fact))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Machine, logged_client};

    #[test]
    fn a_list_of_another_type_ends_the_service_at_its_next_start() {
        let path = crate::catalogue::setting("loopback-apps").unwrap().path;
        let list = |value| ended(&Machine::healthy().value(path, "DebugedLoopbackApps", value).snapshot());
        let found = list(RegistryValue::MultiSz(Vec::new()));
        assert!(matches!(found, Some(Detection::Confirmed(proof)) if proof.severity == Some(Severity::Degrades)));
        assert_eq!(list(RegistryValue::Sz(String::new())), None);
    }

    #[test]
    fn near_miss_somebody_got_in_though_the_service_is_off() {
        let client = LoggedClient { sessions: 2, ..logged_client("10.0.0.7", 60) };
        let machine = Machine::healthy().service("MpsSvc", StartType::Disabled, false).client(client);
        let found = ended(&machine.snapshot());
        assert!(matches!(found, Some(Detection::Likely(proof)) if proof.severity == Some(Severity::Degrades)));
    }
}
