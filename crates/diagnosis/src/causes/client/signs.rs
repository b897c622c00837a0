//! What the machine that connects shows of itself.

use rdpdoctor_protocol::tls::ProtocolVersion;

use crate::Detection;
use crate::catalogue::{Profile, VersionRange, profiles, setting};
use crate::evidence::snapshot::{Authority, InForce, Reading, RegistryKey, RegistryValue, ValueSeen};
use crate::evidence::{Evidence, Snapshot};
use crate::view::origin_fact;

const PROTOCOLS: &str = r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols";
const VERSIONS: [(ProtocolVersion, &str); 4] = [
    (ProtocolVersion::TLS10, "TLS 1.0"),
    (ProtocolVersion::TLS11, "TLS 1.1"),
    (ProtocolVersion::TLS12, "TLS 1.2"),
    (ProtocolVersion::TLS13, "TLS 1.3"),
];

/// Whether our own connections get out says nothing of another program or machine: only what it shows itself counts.
pub(super) fn by_origin(evidence: &Evidence, look: impl FnOnce(&Snapshot) -> Detection) -> Detection {
    evidence.origin.as_deref().map_or_else(|| Detection::Unknown(Vec::new()), look)
}

/// A setting of `data/settings.csv` as it is in force, with the pointer to where it is, or would be.
pub(super) fn setting_of<'a>(origin: &'a Snapshot, id: &str) -> (InForce<'a>, String) {
    let Some(setting) = setting(id) else {
        return (InForce { seen: ValueSeen::Unread, by: Authority::Default, default: None }, String::new());
    };
    let in_force = origin.in_force(setting);
    let policy = setting.policy_path.filter(|_| in_force.by == Authority::Policy);
    (in_force, origin_fact(&["registry", policy.unwrap_or(setting.path)]))
}

/// A key that nobody read.
pub(super) struct Unread;

/// A key of a tree that is read whole; none where it is not there.
pub(super) fn key<'a>(machine: &'a Snapshot, path: &str) -> Result<Option<&'a RegistryKey>, Unread> {
    match machine.registry.get(path) {
        Some(Reading::Observed(key)) => Ok(key.as_ref()),
        Some(Reading::NotObtained(_) | Reading::NotTried) => Err(Unread),
        None => {
            let (parent, name) = path.rsplit_once('\\').ok_or(Unread)?;
            let listed = |parent: &RegistryKey| parent.keys.iter().any(|known| known.eq_ignore_ascii_case(name));
            if key(machine, parent)?.is_some_and(listed) { Err(Unread) } else { Ok(None) }
        }
    }
}

/// The side of Schannel that a machine is on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Client,
    Server,
}

/// The TLS versions that a machine speaks, the oldest first.
pub(super) struct Spoken {
    pub(super) profile: &'static Profile,
    pub(super) versions: Vec<ProtocolVersion>,
    /// Keys that switch off what its release has.
    pub(super) off: Vec<String>,
}

/// None where its build or Schannel's keys are not known.
pub(super) fn spoken(machine: &Snapshot, role: Role) -> Option<Spoken> {
    let number = machine.build.observed()?.number;
    let range = |profile: &Profile| match role {
        Role::Client => profile.client,
        Role::Server => profile.server,
    };
    let of_build = profiles().iter().filter(|profile| profile.builds.contains(&number));
    let profile =
        of_build.filter(|profile| range(profile).is_some()).max_by_key(|profile| range(profile).map(|it| it.to))?;
    let (range, side) = (range(profile)?, if role == Role::Client { "Client" } else { "Server" });
    let (mut versions, mut off) = (Vec::new(), Vec::new());
    for (version, name) in VERSIONS {
        let path = format!(r"{PROTOCOLS}\{name}\{side}");
        if is_on(key(machine, &path).ok()?, version, range) {
            versions.push(version);
        } else if range.contains(version) {
            off.push(path);
        }
    }
    Some(Spoken { profile, versions, off })
}

fn is_on(key: Option<&RegistryKey>, version: ProtocolVersion, range: VersionRange) -> bool {
    let number = |name: &str| key.and_then(|key| key.value(name)).and_then(RegistryValue::number);
    match (number("Enabled"), number("DisabledByDefault")) {
        (Some(0), _) => false,
        (_, Some(off)) if off != 0 => false,
        // No switch gives a release a version that it has not learnt.
        (Some(_), _) => version <= range.to,
        (None, _) => range.contains(version),
    }
}

/// `TLS 1.0, TLS 1.1`.
pub(super) fn names(versions: &[ProtocolVersion]) -> String {
    versions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
