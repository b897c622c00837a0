//! A Windows machine by its own account: everything that decides Remote Desktop, as one snapshot.

mod cache;
mod certificates;
mod collector;
mod connections;
mod correlate;
mod events;
mod firewall;
mod keys;
mod policies;
mod registry;
mod remembered;
mod services;
mod system;

pub use collector::script as collector_script;
pub use connections::LARGEST_RDP_FILE;

use jiff::Timestamp;
use rdpdoctor_diagnosis::evidence::snapshot::{ReadBy, Reading};
use rdpdoctor_diagnosis::evidence::{Snapshot, Target};
use rdpdoctor_machine::{Answer, Machine, Way};

/// How far back the event log is worth reading.
const LOOK_BACK_DAYS: i64 = 30;

/// What a machine is looked at as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role<'a> {
    /// The one that one connects to.
    Server,
    /// The one that one connects from, perhaps to this server.
    Client(Option<&'a Target>),
}

/// Reads everything that decides whether Remote Desktop works. Whatever cannot be read is in it with the reason.
pub fn snapshot(machine: &dyn Machine, now: Timestamp) -> Snapshot {
    let mut snapshot = Snapshot::new(way(machine), now);
    snapshot.notes = machine.notes();
    registry::read(machine, &mut snapshot);
    snapshot.policies = policies::read(machine);
    snapshot.computer = system::computer(machine);
    snapshot.build = system::build(machine);
    snapshot.updates = system::updates(machine);
    snapshot.resources = system::resources(machine);
    snapshot.rights = system::rights(machine);
    snapshot.tasks = system::tasks(machine);
    snapshot.services = services::read(machine);
    snapshot.files = system::files(machine, &snapshot.services);
    snapshot.certificates = certificates::read(machine);
    snapshot.store_keys = certificates::keys(machine);
    snapshot.key_folders = keys::folders(machine, &snapshot.certificates);
    snapshot.listeners = services::listeners(machine, &snapshot.services);
    snapshot.firewall = firewall::read(machine, &ports(&snapshot));
    let logged = events::read(machine, now);
    snapshot.channels = logged.channels;
    snapshot.clients = logged.clients;
    snapshot
}

/// The same of a machine that somebody connects from, perhaps to this server, with what its users keep for that.
pub fn origin(machine: &dyn Machine, now: Timestamp, server: Option<&Target>) -> Snapshot {
    let mut snapshot = snapshot(machine, now);
    snapshot.connections = connections::connections(machine);
    snapshot.credentials = connections::credentials(machine);
    remembered::read(machine, &mut snapshot);
    snapshot.hosts_file = connections::hosts(machine);
    snapshot.resolver_cache = cache::of_servers(machine, &snapshot, server);
    snapshot
}

fn way(machine: &dyn Machine) -> ReadBy {
    match machine.way() {
        Way::Running => ReadBy::Running,
        Way::Disk => ReadBy::Disk,
        Way::Collected => ReadBy::Collector,
    }
}

/// The port that is set, the usual one, and those at which the service listens until it takes up the one that is set.
fn ports(snapshot: &Snapshot) -> Vec<u16> {
    const USUAL: u16 = 3389;
    let set = rdpdoctor_diagnosis::catalogue::setting("port").and_then(|port| snapshot.in_force(port).number());
    let set = set.and_then(|port| u16::try_from(port).ok()).unwrap_or(USUAL);
    let is_ours = |name: &String| name.eq_ignore_ascii_case("TermService");
    let own = snapshot.listeners.observed().into_iter().flatten().filter(|socket| socket.services.iter().any(is_ours));
    [set, USUAL].into_iter().chain(own.map(|socket| socket.address.port())).collect()
}

/// What must be there: its absence is not obtained.
fn needed<T>(answer: Answer<T>, what: &str) -> Reading<T> {
    match answer {
        Ok(Some(value)) => Reading::Observed(value),
        Ok(None) => Reading::NotObtained(format!("there is no {what}")),
        Err(why) => Reading::NotObtained(why.to_string()),
    }
}
