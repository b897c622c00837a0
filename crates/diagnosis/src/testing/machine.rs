use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::CertificateMaker;
use crate::catalogue::setting;
use crate::evidence::snapshot::{
    Build, Channel, Disk, Firewall, FirewallProfile, FirewallRule, HostEvent, KeyFile, KeyFolder, KeyReference,
    KeyStore, Listener, LoggedClient, LoggedLogon, Outbound, ProfileKind, ReadBy, Reading, RegistryKey, RegistryValue,
    Resources, Rights, RuleAction, SavedConnection, Service, ServiceState, Snapshot, StartType, StoredCertificate,
};
use crate::evidence::{Evidence, Target};

/// The MachineGuid of [`Machine::healthy`].
pub const MACHINE_GUID: &str = "0b1c2d3e-4f50-4162-8374-95a6b7c8d9e0";
/// The name of the key file that belongs to TSSecKeySet1 on [`Machine::healthy`].
pub const KEY_FILE: &str = "f686aace6942fb7f7ceb231212eef4a4_0b1c2d3e-4f50-4162-8374-95a6b7c8d9e0";

/// A Windows machine in a few readable lines: a healthy server of which everything was read, and what differs.
#[derive(Debug, Clone)]
pub struct Machine {
    snapshot: Snapshot,
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

    /// A certificate in a store, with its CryptoAPI container.
    #[must_use]
    pub fn certificate(mut self, store: &str, maker: &CertificateMaker, container: &str) -> Self {
        let der = maker.der();
        let thumbprint = crate::certificate::Certificate::parse(&der).expect("a certificate").sha1.to_lowercase();
        let file = (container == "TSSecKeySet1").then(|| KEY_FILE.to_owned());
        let key = KeyReference {
            container: container.to_owned(),
            provider: "Microsoft Enhanced Cryptographic Provider v1.0".to_owned(),
            provider_type: 1,
            file,
        };
        let stored = StoredCertificate { thumbprint, der: Some(der), key: Some(key), written: None, damage: None };
        let store = self.snapshot.certificates.entry(store.to_owned()).or_insert(Reading::NotTried);
        match store {
            Reading::Observed(all) => all.push(stored),
            _ => *store = Reading::Observed(vec![stored]),
        }
        self
    }

    /// Somebody chose this certificate for the listener (`SSLCertificateSHA1Hash`).
    #[must_use]
    pub fn pins(self, maker: &CertificateMaker) -> Self {
        self.thumbprint("cert-pin", maker)
    }

    /// Windows noted this certificate as the last one that it made (`SelfSignedCertificate`).
    #[must_use]
    pub fn notes(self, maker: &CertificateMaker) -> Self {
        self.thumbprint("selfsigned-hash", maker)
    }

    fn thumbprint(self, id: &str, maker: &CertificateMaker) -> Self {
        let setting = setting(id).expect("a known setting");
        let sha1 = crate::certificate::Certificate::parse(&maker.der()).expect("a certificate").sha1;
        self.value(setting.path, setting.value, RegistryValue::Binary(sha1))
    }

    /// A store without certificates.
    #[must_use]
    pub fn empty_store(mut self, store: &str) -> Self {
        self.snapshot.certificates.insert(store.to_owned(), Reading::Observed(Vec::new()));
        self
    }

    /// A key file in MachineKeys, and whether NETWORK SERVICE may read it.
    #[must_use]
    pub fn key_file(mut self, name: &str, readable: bool) -> Self {
        let file = KeyFile {
            name: name.to_owned(),
            size: 2303,
            modified: Some(now()),
            descriptor: Reading::Observed(if readable { READABLE } else { UNREADABLE }.to_owned()),
            network_service_reads: Reading::Observed(readable),
            system_controls: Reading::Observed(true),
        };
        self.machine_keys().push(file);
        self
    }

    /// No key files at all.
    #[must_use]
    pub fn no_key_files(mut self) -> Self {
        self.machine_keys().clear();
        self
    }

    /// Somebody listens on a TCP port.
    #[must_use]
    pub fn listens(mut self, port: u16, service: &str) -> Self {
        let listener = Listener {
            address: ([0, 0, 0, 0], port).into(),
            process: Some(1200),
            program: Some("svchost.exe".to_owned()),
            services: vec![service.to_owned()],
        };
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

    /// A channel in which nothing of interest is, over the last thirty days.
    #[must_use]
    pub fn quiet(mut self, channel: &str) -> Self {
        let oldest = now().checked_sub(SignedDuration::from_hours(30 * 24)).ok();
        let quiet = Channel { oldest, newest: Some(now()), records: 5000, ..Channel::default() };
        self.snapshot.channels.insert(channel.to_owned(), Reading::Observed(Some(quiet)));
        self
    }

    /// An event this many minutes ago, with its data as (name, value).
    #[must_use]
    pub fn event(mut self, channel: &str, provider: &str, id: u32, minutes_ago: i64, data: &[(&str, &str)]) -> Self {
        let time = now().checked_sub(SignedDuration::from_mins(minutes_ago)).expect("a time");
        let data = data.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let event = HostEvent { time, provider: provider.to_owned(), id, record: 1, data };
        let entry = self.snapshot.channels.entry(channel.to_owned()).or_insert(Reading::NotTried);
        if !matches!(entry, Reading::Observed(Some(_))) {
            *entry = Reading::Observed(Some(Channel::default()));
        }
        if let Reading::Observed(Some(log)) = entry {
            match log.counts.iter_mut().find(|(known, number, _)| known == provider && *number == id) {
                Some((_, _, times)) => *times += 1,
                None => log.counts.push((provider.to_owned(), id, 1)),
            }
            log.events.push(event);
        }
        self
    }

    /// A client that the log shows.
    #[must_use]
    pub fn client(mut self, client: LoggedClient) -> Self {
        self.snapshot.clients.push(client);
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

    fn machine_keys(&mut self) -> &mut Vec<KeyFile> {
        if self.snapshot.key_folders.is_empty() {
            self.snapshot.key_folders.push(KeyFolder {
                store: KeyStore::Capi,
                path: r"ProgramData\Microsoft\Crypto\RSA\MachineKeys".to_owned(),
                descriptor: Reading::Observed(Some("O:SYG:SYD:PAI(A;;0x12019f;;;WD)(A;;FA;;;BA)".to_owned())),
                files: Reading::Observed(Some(Vec::new())),
            });
        }
        let Reading::Observed(Some(files)) = &mut self.snapshot.key_folders[0].files else { unreachable!() };
        files
    }
}

/// A client that the log shows from so many minutes ago until now, and nothing that it did.
pub fn logged_client(address: &str, minutes: i64) -> LoggedClient {
    LoggedClient {
        address: address.parse().expect("an address"),
        first: now().checked_sub(SignedDuration::from_mins(minutes)).expect("a time"),
        last: now(),
        connections: 0,
        established: 0,
        broken: 0,
        authenticated: 0,
        sessions: 0,
        failed: Vec::new(),
        ours: false,
    }
}

impl LoggedClient {
    /// Its logons failed so often with this status, by so many users.
    #[must_use]
    pub fn fails(mut self, status: u32, times: u64, users: u64) -> Self {
        self.failed.push(LoggedLogon { status, times, users });
        self
    }
}

const READABLE: &str = "O:SYG:SYD:PAI(A;;FA;;;SY)(A;;FR;;;NS)\
    (A;;FA;;;S-1-5-80-4022436659-1090538466-1613889075-870485073-3428993833)";
const UNREADABLE: &str = "O:SYG:SYD:PAI(A;;FA;;;SY)(A;;FR;;;BA)";

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

fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH
}
