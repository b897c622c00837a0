use std::fmt;

use super::files::Volume;
use crate::hive::{self, Damage, Hive, State};
use crate::registry::Key;
use crate::security::Sid;
use crate::{Answer, LogonRight, RightHolder, Unreadable};

/// Where the hives of the machine are.
pub(super) const CONFIG: &str = r"Windows\System32\config";
/// Bytes of a hive or a log that are read; those of systems have some hundred million at most.
const MOST_BYTES: usize = 1 << 30;
/// Accounts whose rights are read.
const MOST_ACCOUNTS: usize = 10_000;

/// The hives of the machine.
pub(super) struct Hives {
    system: Result<Opened, Unreadable>,
    software: Result<Opened, Unreadable>,
    security: Result<Opened, Unreadable>,
}

/// A hive; and of SYSTEM the name of the control set in use.
struct Opened {
    hive: Hive,
    control_set: Option<String>,
}

impl fmt::Debug for Hives {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hives").finish_non_exhaustive()
    }
}

impl Hives {
    pub(super) fn open(volume: &Volume, config: &str) -> Self {
        let system = open(volume, config, "SYSTEM").and_then(|mut opened| {
            let in_use = hive::current_control_set(&opened.hive);
            opened.control_set = Some(in_use.map_err(|error| Unreadable::Damaged(format!("SYSTEM: {error}")))?);
            Ok(opened)
        });
        Self { system, software: open(volume, config, "SOFTWARE"), security: open(volume, config, "SECURITY") }
    }

    /// What to know of hives that were not closed.
    pub(super) fn notes(&self) -> Vec<String> {
        let hives = [("SYSTEM", &self.system), ("SOFTWARE", &self.software), ("SECURITY", &self.security)];
        let note = |(name, opened): (&str, &Result<Opened, Unreadable>)| match opened.as_ref().ok()?.hive.state() {
            State::Clean => None,
            State::Replayed { entries } => Some(format!(
                "the hive {name} was not closed; {entries} transactions were taken from its logs, in memory"
            )),
            State::Dirty { why } => Some(format!("the newest values of the hive {name} may be missing: {why}")),
        };
        hives.into_iter().filter_map(note).collect()
    }

    pub(super) fn key(&self, path: &str) -> Answer<Key> {
        let (opened, below) = self.place(path)?;
        let found = opened.hive.key(&below).map_err(|damage| damaged(&damage))?;
        found.map(|key| key.contents()).transpose().map_err(|damage| damaged(&damage))
    }

    /// Rights as LSA keeps them: `Policy\Accounts\<SID>\ActSysAc`, a mask of logon rights (ntsecapi.h).
    pub(super) fn rights(&self) -> Answer<Vec<RightHolder>> {
        let opened = self.security.as_ref().map_err(Clone::clone)?;
        rights(&opened.hive).map_err(|damage| damaged(&damage))
    }

    fn place(&self, path: &str) -> Result<(&Opened, String), Unreadable> {
        let not_here = || Unreadable::System("it is in none of the machine's own hives".to_owned());
        let below = strip(path, "HKLM\\").ok_or_else(not_here)?;
        let (root, rest) = below.split_once('\\').unwrap_or((below, ""));
        let opened = match root.to_uppercase().as_str() {
            "SYSTEM" => &self.system,
            "SOFTWARE" => &self.software,
            "SECURITY" => &self.security,
            _ => return Err(not_here()),
        };
        let opened = opened.as_ref().map_err(Clone::clone)?;
        let resolved = strip(rest, "CurrentControlSet").zip(opened.control_set.as_ref());
        Ok((opened, resolved.map_or_else(|| rest.to_owned(), |(rest, set)| format!("{set}{rest}"))))
    }
}

fn strip<'a>(path: &'a str, head: &str) -> Option<&'a str> {
    let (start, rest) = path.split_at_checked(head.len())?;
    start.eq_ignore_ascii_case(head).then_some(rest)
}

fn open(volume: &Volume, config: &str, name: &str) -> Result<Opened, Unreadable> {
    let file = |ending: &str| volume.read(&joined(config, &format!("{name}{ending}")), MOST_BYTES);
    let absent = || Unreadable::System(format!("there is no hive {name}"));
    let bytes = file("")?.ok_or_else(absent)?;
    let logs: Vec<Vec<u8>> =
        [".LOG", ".LOG1", ".LOG2"].iter().filter_map(|ending| file(ending).ok().flatten()).collect();
    let hive = Hive::open(bytes, logs).map_err(|error| Unreadable::Damaged(format!("{name}: {error}")))?;
    Ok(Opened { hive, control_set: None })
}

fn joined(folder: &str, name: &str) -> String {
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

fn damaged(damage: &Damage) -> Unreadable {
    Unreadable::Damaged(damage.to_string())
}
