use std::borrow::Cow;
use std::fmt;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use super::files::Volume;
use crate::hive::{self, Damage, Hive, State};
use crate::registry::Key;
use crate::security::Sid;
use crate::{Answer, LogonRight, RightHolder, Unreadable};

/// Where the hives of the machine are.
pub(super) const CONFIG: &str = r"Windows\System32\config";
/// Bytes of a hive or a log that are read; those of systems have some hundred million at most.
pub(super) const MOST_BYTES: usize = 1 << 30;
/// What the names of a hive's logs end in.
pub(super) const LOGS: [&str; 3] = [".LOG", ".LOG1", ".LOG2"];
/// Accounts whose rights are read.
const MOST_ACCOUNTS: usize = 10_000;

/// The hives of the machine.
pub(super) struct Hives {
    system: Slot,
    software: Slot,
    security: Slot,
}

/// A hive that is changed by those only who change the disk.
type Slot = RwLock<Result<Opened, Unreadable>>;

/// A hive that is read and changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HiveName {
    System,
    Software,
    Security,
}

/// A hive; and of SYSTEM the name of the control set in use.
pub(super) struct Opened {
    hive: Hive,
    control_set: Option<String>,
}

impl fmt::Debug for Hives {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hives").finish_non_exhaustive()
    }
}

impl HiveName {
    pub(super) const ALL: [Self; 3] = [Self::System, Self::Software, Self::Security];

    /// The name of its file.
    pub(super) fn file(self) -> &'static str {
        match self {
            Self::System => "SYSTEM",
            Self::Software => "SOFTWARE",
            Self::Security => "SECURITY",
        }
    }

    /// The hive that a key is in, and its path there.
    pub(super) fn of(path: &str) -> Result<(Self, &str), Unreadable> {
        let below = strip(path, "HKLM\\").unwrap_or_default();
        let (root, rest) = below.split_once('\\').unwrap_or((below, ""));
        let name = Self::ALL.into_iter().find(|name| name.file().eq_ignore_ascii_case(root));
        let found = name.map(|name| (name, rest));
        found.ok_or_else(|| Unreadable::System("it is in none of the machine's own hives".to_owned()))
    }
}

impl Opened {
    pub(super) fn new(name: HiveName, hive: Hive) -> Result<Self, Unreadable> {
        let control_set = (name == HiveName::System).then(|| control_set(&hive)).transpose()?;
        Ok(Self { hive, control_set })
    }

    /// A path below the hive, with the control set in use for CurrentControlSet.
    pub(super) fn below<'a>(&self, path: &'a str) -> Cow<'a, str> {
        let within = |rest: &&str| rest.is_empty() || rest.starts_with('\\');
        let resolved = strip(path, "CurrentControlSet").filter(within).zip(self.control_set.as_ref());
        resolved.map_or(path.into(), |(rest, set)| format!("{set}{rest}").into())
    }

    pub(super) fn into_hive(self) -> Hive {
        self.hive
    }
}

impl Hives {
    pub(super) fn open(volume: &Volume, config: &str) -> Self {
        let [system, software, security] = HiveName::ALL.map(|name| RwLock::new(open(volume, config, name)));
        Self { system, software, security }
    }

    /// What to know of hives that were not closed or cannot be read. Of a whole Windows none may be absent.
    pub(super) fn notes(&self, whole: bool) -> Vec<String> {
        let note = |hive: HiveName| match (hive.file(), &*self.slot(hive)) {
            (name, Ok(opened)) => not_closed(name, opened.hive.state()),
            (name, Err(why)) if *why == absent(name) => whole.then(|| why.to_string()),
            (_, Err(Unreadable::Damaged(what))) => Some(format!("damaged hive {what}")),
            (name, Err(why)) => Some(format!("the hive {name} cannot be read: {why}")),
        };
        HiveName::ALL.into_iter().filter_map(note).collect()
    }

    pub(super) fn key(&self, path: &str) -> Answer<Key> {
        let (name, rest) = HiveName::of(path)?;
        let slot = self.slot(name);
        let opened = slot.as_ref().map_err(Clone::clone)?;
        let found = opened.hive.key(&opened.below(rest)).map_err(|damage| damaged(&damage))?;
        found.map(|key| key.contents()).transpose().map_err(|damage| damaged(&damage))
    }

    pub(super) fn descriptor(&self, path: &str) -> Answer<Vec<u8>> {
        let (name, rest) = HiveName::of(path)?;
        let slot = self.slot(name);
        let opened = slot.as_ref().map_err(Clone::clone)?;
        let found = opened.hive.key(&opened.below(rest)).map_err(|damage| damaged(&damage))?;
        let read = found.map(|key| key.security().map(<[u8]>::to_vec)).transpose();
        read.map_err(|damage| damaged(&damage))
    }

    /// Rights as LSA keeps them: `Policy\Accounts\<SID>\ActSysAc`, a mask of logon rights (ntsecapi.h).
    pub(super) fn rights(&self) -> Answer<Vec<RightHolder>> {
        let slot = self.slot(HiveName::Security);
        let opened = slot.as_ref().map_err(Clone::clone)?;
        rights(&opened.hive).map_err(|damage| damaged(&damage))
    }

    /// What is on the disk now.
    pub(super) fn replace(&self, name: HiveName, opened: Result<Opened, Unreadable>) {
        *self.lock(name).write().unwrap_or_else(PoisonError::into_inner) = opened;
    }

    fn slot(&self, name: HiveName) -> RwLockReadGuard<'_, Result<Opened, Unreadable>> {
        self.lock(name).read().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self, name: HiveName) -> &Slot {
        match name {
            HiveName::System => &self.system,
            HiveName::Software => &self.software,
            HiveName::Security => &self.security,
        }
    }
}

pub(super) fn strip<'a>(path: &'a str, head: &str) -> Option<&'a str> {
    let (start, rest) = path.split_at_checked(head.len())?;
    start.eq_ignore_ascii_case(head).then_some(rest)
}

fn open(volume: &Volume, config: &str, hive: HiveName) -> Result<Opened, Unreadable> {
    let name = hive.file();
    let file = |ending: &str| volume.read(&joined(config, &format!("{name}{ending}")), MOST_BYTES);
    let bytes = file("")?.ok_or_else(|| absent(name))?;
    let logs: Vec<Vec<u8>> = LOGS.iter().filter_map(|ending| file(ending).ok().flatten()).collect();
    let opened = Hive::open(bytes, logs).map_err(|error| Unreadable::Damaged(format!("{name}: {error}")))?;
    Opened::new(hive, opened)
}

pub(super) fn absent(name: &str) -> Unreadable {
    Unreadable::System(format!("there is no hive {name}"))
}

fn not_closed(name: &str, state: State) -> Option<String> {
    match state {
        State::Clean => None,
        State::Replayed { entries } => {
            Some(format!("the hive {name} was not closed; {entries} transactions were taken from its logs, in memory"))
        }
        State::Dirty { why } => Some(format!("the newest values of the hive {name} may be missing: {why}")),
    }
}

/// The control set in use. Were it missing, every value would count as absent, which says something of the machine.
fn control_set(system: &Hive) -> Result<String, Unreadable> {
    let damaged = |what: &dyn fmt::Display| Unreadable::Damaged(format!("SYSTEM: {what}"));
    let name = hive::current_control_set(system).map_err(|error| damaged(&error))?;
    match system.key(&name) {
        Ok(Some(_)) => Ok(name),
        Ok(None) => Err(damaged(&format_args!("{name}, which is selected, is not there"))),
        Err(error) => Err(damaged(&error)),
    }
}

pub(super) fn joined(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}\\{name}") }
}

fn rights(hive: &Hive) -> Result<Option<Vec<RightHolder>>, Damage> {
    const MASKS: [(u32, LogonRight); 4] = [
        (0x0000_0002, LogonRight::Network),
        (0x0000_0080, LogonRight::DenyNetwork),
        (0x0000_0400, LogonRight::RemoteInteractive),
        (0x0000_0800, LogonRight::DenyRemoteInteractive),
    ];
    let Some(accounts) = hive.key(r"Policy\Accounts")? else { return Ok(None) };
    let mut holders = Vec::new();
    for account in accounts.subkeys().take(MOST_ACCOUNTS) {
        let account = account?;
        let name = account.name();
        // The default value of the key below holds the mask.
        let access = account.subkey("ActSysAc")?.map(|key| key.value("")).transpose()?.flatten();
        let mask = access.and_then(|value| Some(u32::from_le_bytes(value.data.bytes.try_into().ok()?)));
        let (Some(mask), Ok(sid)) = (mask, name.parse::<Sid>()) else { continue };
        let held = MASKS.iter().filter(|(bit, _)| mask & bit != 0);
        holders.extend(held.map(|(_, right)| RightHolder { right: *right, sid: sid.to_string() }));
    }
    Ok(Some(holders))
}

pub(super) fn damaged(damage: &Damage) -> Unreadable {
    Unreadable::Damaged(damage.to_string())
}
