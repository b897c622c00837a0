use std::collections::BTreeMap;

use jiff::Timestamp;

use super::CertificateMaker;
use super::keys::{KEY_FILE, MACHINE_GUID};
use crate::catalogue::setting;
use crate::evidence::snapshot::{
    Build, CachedAddress, CachedLookup, Disk, Firewall, FirewallProfile, FirewallRule, HostsEntry, Listener, Outbound,
    ProfileKind, ReadBy, Reading, RegistryKey, RegistryValue, Resources, Rights, RuleAction, SavedConnection, Service,
    ServiceState, Snapshot, StartType,
};
use crate::evidence::{Evidence, Target};

/// A Windows machine in a few readable lines: a healthy server of which everything was read, and what differs.
#[derive(Debug, Clone)]
pub struct Machine {
    pub(super) snapshot: Snapshot,
}

impl Machine {
    /// A machine of which nothing was read.
    pub fn unread() -> Self {
        Self { snapshot: Snapshot::new(ReadBy::Running, now()) }
    }

    /// A running Windows Server 2019 with Remote Desktop on, NLA demanded and the certificate that Windows makes.
    pub fn healthy() -> Self {
        let services = [
            ("TermService", StartType::Manual, true),
            ("SessionEnv", StartType::Manual, true),
            ("UmRdpService", StartType::Manual, true),
            ("CertPropSvc", StartType::Manual, true),
            ("CryptSvc", StartType::Automatic, true),
            ("KeyIso", StartType::Manual, true),
            ("MpsSvc", StartType::Automatic, true),
            ("BFE", StartType::Automatic, true),
            ("RpcSs", StartType::Automatic, true),
            ("Netlogon", StartType::Manual, false),
        ];
        let mut machine = Self::unread().build(17763, "Server");
        for (name, start, running) in services {
            machine = machine.service(name, start, running);
        }
        machine.snapshot.computer = Reading::Observed(Some("TS01".to_owned()));
        machine.snapshot.firewall = Reading::Observed(open_firewall());
        machine.snapshot.rights = Reading::Observed(Rights {
            remote_logon: vec!["S-1-5-32-544".to_owned(), "S-1-5-32-555".to_owned()],
            network_logon: vec!["S-1-1-0".to_owned(), "S-1-5-32-544".to_owned()],
            ..Rights::default()
        });
        machine.snapshot.updates = Reading::Observed(Vec::new());
        machine.snapshot.policies = Reading::Observed(Vec::new());
        machine.snapshot.resources = Reading::Observed(Resources {
            memory_free: Some(6 << 30),
            commit_free: Some(8 << 30),
            system_disk: Some(Disk { free: 60 << 30, total: 127 << 30 }),
            handles: Some(40_000),
        });
        machine
            .all_settings_absent()
            .dword("deny-connections", 0)
            .dword("port", 3389)
            .dword("enable-winstation", 1)
            .dword("security-layer", 2)
            .dword("nla", 1)
            .dword("min-encryption", 2)
            .text("listener-class", "{5828227c-20cf-4408-b73f-73ab70b8849f}")
            .text("listener-driver", "Microsoft RDP 8.0")
            .text("selfsigned-store", "Remote Desktop")
            .text("security-providers", "credssp.dll")
            .text("machine-guid", MACHINE_GUID)
            .text("programdata", r"%SystemDrive%\ProgramData")
            .certificate("Remote Desktop", &CertificateMaker::windows("TS01"), "TSSecKeySet1")
            .empty_store("My")
            .store_key(true)
            .key_file(KEY_FILE, true)
            .listens(3389, "TermService")
            .quiet("System")
            .quiet("Microsoft-Windows-RemoteDesktopServices-RdpCoreTS/Operational")
            .quiet("Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational")
            .quiet("Microsoft-Windows-TerminalServices-LocalSessionManager/Operational")
    }

    /// The same as a disk that is not running: what only a running system tells is not obtained.
    #[must_use]
    pub fn on_disk(mut self) -> Self {
        self.snapshot.way = ReadBy::Disk;
        let why = || Reading::NotObtained("not knowable on a disk that is not running".to_owned());
        self.snapshot.listeners = Reading::NotObtained("not knowable on a disk that is not running".to_owned());
        self.snapshot.resources = Reading::NotObtained("not knowable on a disk that is not running".to_owned());
        for service in self.snapshot.services.values_mut() {
            if let Reading::Observed(Some(service)) = service {
                service.state = why();
            }
        }
        self
    }

    /// Its build and kind (`Client`, `Server`).
    #[must_use]
    pub fn build(mut self, number: u32, installation: &str) -> Self {
        let (revision, product, installation) = (Some(1), None, Some(installation.to_owned()));
        self.snapshot.build = Reading::Observed(Build { number, revision, product, installation });
        self
    }

    /// A number at the local place of a setting (`data/settings.csv`).
    #[must_use]
    pub fn dword(self, id: &str, number: u32) -> Self {
        let setting = setting(id).expect("a known setting");
        self.value(setting.path, setting.value, RegistryValue::Dword(number))
    }

    /// A number where policy writes the setting.
    #[must_use]
    pub fn policy(self, id: &str, number: u32) -> Self {
        let setting = setting(id).expect("a known setting");
        let path = setting.policy_path.expect("a setting that policy writes");
        self.value(path, setting.value, RegistryValue::Dword(number))
    }

    /// A text at the local place of a setting.
    #[must_use]
    pub fn text(self, id: &str, text: &str) -> Self {
        let setting = setting(id).expect("a known setting");
        self.value(setting.path, setting.value, RegistryValue::Sz(text.to_owned()))
    }

    /// Any value of the registry.
    #[must_use]
    pub fn value(mut self, path: &str, name: &str, value: RegistryValue) -> Self {
        let key = self.snapshot.registry.entry(path.to_owned()).or_insert(Reading::NotTried);
        if !matches!(key, Reading::Observed(Some(_))) {
            *key = Reading::Observed(Some(RegistryKey::default()));
        }
        if let Reading::Observed(Some(key)) = key {
            key.values.insert(name.to_owned(), value);
        }
        self
    }

    /// A setting is not there.
    #[must_use]
    pub fn without(mut self, id: &str) -> Self {
        let setting = setting(id).expect("a known setting");
        if let Some(Reading::Observed(Some(key))) = self.snapshot.registry.get_mut(setting.path) {
            key.values.remove(setting.value);
        }
        self
    }

    /// A whole key is not there.
    #[must_use]
    pub fn without_key(mut self, path: &str) -> Self {
        self.snapshot.registry.insert(path.to_owned(), Reading::Observed(None));
        self
    }

    /// A key could not be read.
    #[must_use]
    pub fn unreadable(mut self, path: &str) -> Self {
        self.snapshot.registry.insert(path.to_owned(), Reading::NotObtained("access is denied".to_owned()));
        self
    }

    /// A service.
    #[must_use]
    pub fn service(mut self, name: &str, start: StartType, running: bool) -> Self {
        let state = if running { ServiceState::Running } else { ServiceState::Stopped };
        let service = Service {
            start: Some(start),
            account: None,
            image: None,
            library: (name == "TermService").then(|| r"%SystemRoot%\System32\termsrv.dll".to_owned()),
            depends_on: Vec::new(),
            state: Reading::Observed(state),
            process: running.then_some(1200),
        };
        self.snapshot.services.insert(name.to_owned(), Reading::Observed(Some(service)));
        self
    }

    /// Somebody listens on a TCP port.
    #[must_use]
    pub fn listens(self, port: u16, service: &str) -> Self {
        self.listener(Listener { process: Some(1200), services: vec![service.to_owned()], ..unnamed(port) })
    }

    /// Some svchost.exe listens on a TCP port, and the machine does not say which.
    #[must_use]
    pub fn listens_unnamed(self, port: u16) -> Self {
        self.listener(unnamed(port))
    }

    fn listener(mut self, listener: Listener) -> Self {
        match &mut self.snapshot.listeners {
            Reading::Observed(all) => all.push(listener),
            other => *other = Reading::Observed(vec![listener]),
        }
        self
    }

    /// Nobody listens on any port.
    #[must_use]
    pub fn no_listeners(mut self) -> Self {
        self.snapshot.listeners = Reading::Observed(Vec::new());
        self
    }

    /// A connection file with this text.
    #[must_use]
    pub fn saves(mut self, place: &str, text: &str) -> Self {
        let saved = SavedConnection::read(place, text.as_bytes());
        match &mut self.snapshot.connections {
            Reading::Observed(all) => all.push(saved),
            other => *other = Reading::Observed(vec![saved]),
        }
        self
    }

    /// A line of the hosts file.
    #[must_use]
    pub fn hosts_line(mut self, name: &str, address: &str) -> Self {
        let mut entries = self.snapshot.hosts_file.observed().cloned().unwrap_or_default();
        let (hostname, address) = (name.to_owned(), address.to_owned());
        entries.push(HostsEntry { line: entries.len() + 1, hostname, address });
        self.snapshot.hosts_file = Reading::Observed(entries);
        self
    }

    /// The resolver's cache has these addresses of a name, for a minute more; without any, that there is no such name.
    #[must_use]
    pub fn caches(mut self, name: &str, addresses: &[&str]) -> Self {
        let mut entries = self.snapshot.resolver_cache.observed().cloned().unwrap_or_default();
        let address = |text: &&str| CachedAddress { address: text.parse().expect("an address"), seconds: 60 };
        entries.push(CachedLookup { hostname: name.to_owned(), addresses: addresses.iter().map(address).collect() });
        self.snapshot.resolver_cache = Reading::Observed(entries);
        self
    }

    /// Anything else.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Snapshot)) -> Self {
        change(&mut self.snapshot);
        self
    }

    /// The snapshot.
    pub fn snapshot(self) -> Snapshot {
        self.snapshot
    }

    /// Evidence of the server that nobody probed.
    pub fn evidence(self) -> Evidence {
        Evidence { host: Some(Box::new(self.snapshot)), ..Evidence::new(Target::unnamed(), now()) }
    }

    /// Evidence of the machine that somebody connects from.
    pub fn as_origin(self) -> Evidence {
        Evidence { origin: Some(Box::new(self.snapshot)), ..Evidence::new(Target::unnamed(), now()) }
    }

    fn all_settings_absent(mut self) -> Self {
        let paths = crate::catalogue::settings().iter().flat_map(|row| [Some(row.path), row.policy_path]).flatten();
        let absent = paths.map(|path| (path.to_owned(), Reading::Observed(None)));
        self.snapshot.registry = absent.collect::<BTreeMap<_, _>>();
        self
    }
}

fn unnamed(port: u16) -> Listener {
    let program = Some("svchost.exe".to_owned());
    Listener { address: ([0, 0, 0, 0], port).into(), process: None, program, services: Vec::new() }
}

fn open_firewall() -> Firewall {
    let profile =
        FirewallProfile { enabled: true, blocks_by_default: true, blocks_all: false, local_rules_count: true };
    let rule = FirewallRule {
        id: "RemoteDesktop-UserMode-In-TCP".to_owned(),
        name: "@FirewallAPI.dll,-28775".to_owned(),
        active: true,
        action: RuleAction::Allow,
        profiles: Vec::new(),
        ports: vec!["3389".to_owned()],
        remote: Vec::new(),
        service: Some("termservice".to_owned()),
        by_policy: false,
    };
    let kinds = [ProfileKind::Domain, ProfileKind::Private, ProfileKind::Public];
    let outbound = Reading::Observed(Outbound::default());
    let profiles = kinds.map(|kind| (kind, profile)).into();
    Firewall { profiles, rules: vec![rule], outbound, ..Firewall::default() }
}

pub(super) fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH
}
