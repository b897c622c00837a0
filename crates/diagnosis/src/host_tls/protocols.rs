use rdpdoctor_protocol::tls::ProtocolVersion;

use super::{defaults, schannel};
use crate::evidence::Snapshot;
use crate::evidence::snapshot::{RegistryValue, ValueSeen};

/// Versions with the names of their keys, the highest first.
const VERSIONS: [(ProtocolVersion, &str); 5] = [
    (ProtocolVersion::TLS13, "TLS 1.3"),
    (ProtocolVersion::TLS12, "TLS 1.2"),
    (ProtocolVersion::TLS11, "TLS 1.1"),
    (ProtocolVersion::TLS10, "TLS 1.0"),
    (ProtocolVersion::SSL3, "SSL 3.0"),
];

/// A protocol version as the machine is set for servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Protocol {
    pub(crate) version: ProtocolVersion,
    /// Whether the build has it on as it comes.
    pub(crate) by_default: bool,
    pub(crate) state: State,
    /// Where it is set, for a reader.
    pub(crate) place: String,
    /// The JSON pointer of that.
    pub(crate) fact: String,
}

/// What is left of a protocol version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    On,
    /// `Enabled` is 0, or the build does not have it.
    Off,
    /// `DisabledByDefault` is 1: only programs that ask for it get it. Whether the listener does, a probe tells.
    OnRequest,
    /// It is switched on, and the build cannot do it.
    Unsupported,
    Unread,
}

/// Each version, the highest first; none where the build is not known.
pub(crate) fn protocols(host: &Snapshot) -> Option<Vec<Protocol>> {
    let range = defaults(host)?.server?;
    let one = |(version, name): (ProtocolVersion, &str)| {
        let parts = ["Protocols", name, "Server"];
        let by_default = range.contains(version);
        let state = state(host, &parts, by_default, version <= range.to);
        Protocol { version, by_default, state, place: schannel::short(&parts), fact: schannel::fact(&parts) }
    };
    Some(VERSIONS.into_iter().map(one).collect())
}

fn state(host: &Snapshot, parts: &[&str], by_default: bool, supported: bool) -> State {
    let (enabled, aside) = (schannel::value(host, parts, "Enabled"), schannel::value(host, parts, "DisabledByDefault"));
    if !enabled.is_read() || !aside.is_read() {
        return State::Unread;
    }
    let number = |seen: ValueSeen<'_>| seen.value().and_then(RegistryValue::number);
    match (number(enabled), number(aside)) {
        (Some(0), _) => State::Off,
        (Some(_), _) if !supported => State::Unsupported,
        (_, Some(1..)) if supported => State::OnRequest,
        (Some(_), _) => State::On,
        (None, _) if by_default => State::On,
        (None, _) => State::Off,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Machine;

    const TLS12: &str = r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Server";

    fn states(machine: Machine) -> Vec<State> {
        protocols(&machine.snapshot()).unwrap().into_iter().map(|protocol| protocol.state).collect()
    }

    #[test]
    fn as_it_comes() {
        use State::{Off, On};
        assert_eq!(states(Machine::healthy()), [Off, On, On, On, Off]);
        assert_eq!(states(Machine::healthy().build(20348, "Server")), [On, On, On, On, Off]);
        assert_eq!(states(Machine::healthy().build(99_999, "Client")), [On, On, On, On, Off]);
        assert_eq!(protocols(&Machine::healthy().build(3790, "Server").snapshot()), None);
    }

    #[test]
    fn values_change_it() {
        let set = |name: &str, number| Machine::healthy().value(TLS12, name, RegistryValue::Dword(number));
        for (machine, state) in [
            (set("Enabled", 0), State::Off),
            (set("Enabled", 0xffff_ffff), State::On),
            (set("DisabledByDefault", 1), State::OnRequest),
            (set("DisabledByDefault", 0), State::On),
            (Machine::healthy().unreadable(TLS12), State::Unread),
        ] {
            assert_eq!(states(machine)[1], state);
        }
        let newer = Machine::healthy().value(&TLS12.replace("1.2", "1.3"), "Enabled", RegistryValue::Dword(1));
        assert_eq!(states(newer)[0], State::Unsupported);
    }
}
