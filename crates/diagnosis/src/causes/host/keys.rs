//! The private key of the listener's certificate, by what the machine shows of its files.

use super::in_use::{InUse, Listener, in_use};
use crate::evidence::Snapshot;
use crate::evidence::snapshot::{KeyFile, KeyFolder, KeyStore, Reading};
use crate::view::host_fact;

/// The hash that begins the name of the file of `TSSecKeySet1`, the container that Windows uses.
pub(super) const OWN_HASH: &str = "f686aace6942fb7f7ceb231212eef4a4";
/// Characters of a security descriptor that a proof quotes.
const QUOTED: usize = 120;

const PROV_RSA_FULL: u32 = 1;
const PROV_RSA_SCHANNEL: u32 = 12;
const PROV_RSA_AES: u32 = 24;

/// What is known of the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key<'a> {
    /// Not enough was read, or its file cannot be named (CNG).
    Unknown,
    /// There is no certificate that needs one.
    NotNeeded,
    /// NETWORK SERVICE may read it.
    Readable,
    /// It is there, and NETWORK SERVICE may not read it.
    Unreadable(Found<'a>),
    /// It is there, and has no content.
    Empty(Found<'a>),
    /// It is not there.
    Missing {
        /// Its name.
        file: String,
        /// The JSON pointer of the files of its folder.
        folder: String,
        /// Files of the same container that belong to another machine.
        of_others: Vec<Found<'a>>,
    },
}

/// A key file with its JSON pointer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found<'a> {
    pub(super) file: &'a KeyFile,
    pub(super) fact: String,
}

impl Found<'_> {
    /// Its security descriptor, short enough for a sentence.
    pub(super) fn permissions(&self) -> String {
        let Some(sddl) = self.file.descriptor.observed() else { return "which were not noted".to_owned() };
        let short: String = sddl.chars().take(QUOTED).collect();
        if short.len() < sddl.len() { format!("{short}…") } else { short }
    }
}

/// The certificate in use with its key.
pub(super) fn key_in_use(host: &Snapshot) -> (Option<Box<InUse<'_>>>, Key<'_>) {
    match in_use(host) {
        Listener::Unknown => (None, Key::Unknown),
        Listener::Nothing => (None, Key::NotNeeded),
        Listener::Uses(used) => {
            let key = key_of(host, &used);
            (Some(used), key)
        }
    }
}

/// The key of one certificate.
pub(super) fn key_of<'a>(host: &'a Snapshot, used: &InUse<'a>) -> Key<'a> {
    let Some(name) = file_name(used) else { return Key::Unknown };
    let Some((index, folder)) = machine_keys(host) else { return Key::Unknown };
    let pointer = files_fact(index);
    let Some(files) = folder.files.observed() else { return Key::Unknown };
    let found: Vec<Found<'a>> = numbered(&pointer, files.as_deref().unwrap_or_default()).collect();
    match found.iter().find(|one| one.file.name.eq_ignore_ascii_case(name)) {
        Some(one) if one.file.size == 0 => Key::Empty(one.clone()),
        Some(one) => match one.file.network_service_reads {
            Reading::Observed(true) => Key::Readable,
            Reading::Observed(false) => Key::Unreadable(one.clone()),
            Reading::NotObtained(_) | Reading::NotTried => Key::Unknown,
        },
        None => {
            let hash = hash_of(name);
            let of_others = found.into_iter().filter(|one| hash_of(&one.file.name).eq_ignore_ascii_case(hash));
            Key::Missing { file: name.to_owned(), folder: pointer, of_others: of_others.collect() }
        }
    }
}

/// RSA keys of Microsoft's own providers lie in MachineKeys; those of smart cards and other makers need not.
fn file_name<'a>(used: &InUse<'a>) -> Option<&'a str> {
    let key = used.stored.key.as_ref()?;
    let is_software = key.provider.starts_with("Microsoft") && !key.provider.contains("Smart Card");
    let is_rsa = [PROV_RSA_FULL, PROV_RSA_SCHANNEL, PROV_RSA_AES].contains(&key.provider_type);
    key.file.as_deref().filter(|_| is_software && is_rsa)
}

/// The files of the container that Windows uses for its own certificate; none where the folder was not read.
pub(super) fn own_files(host: &Snapshot) -> Option<Vec<Found<'_>>> {
    let (index, folder) = machine_keys(host)?;
    let files = folder.files.observed()?.as_deref().unwrap_or_default();
    let pointer = files_fact(index);
    let ours = numbered(&pointer, files).filter(|one| hash_of(&one.file.name).eq_ignore_ascii_case(OWN_HASH));
    Some(ours.collect())
}

fn machine_keys(host: &Snapshot) -> Option<(usize, &KeyFolder)> {
    host.key_folders.iter().enumerate().find(|(_, folder)| folder.store == KeyStore::Capi)
}

fn files_fact(index: usize) -> String {
    host_fact(&["key_folders", &index.to_string(), "files", "observed"])
}

fn numbered<'a>(pointer: &str, files: &'a [KeyFile]) -> impl Iterator<Item = Found<'a>> {
    files.iter().enumerate().map(move |(index, file)| Found { file, fact: format!("{pointer}/{index}") })
}

/// The part of a key file's name that its container decides.
fn hash_of(name: &str) -> &str {
    name.split_once('_').map_or(name, |(hash, _)| hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{KEY_FILE, Machine};

    const OTHER: &str = "f686aace6942fb7f7ceb231212eef4a4_11111111-2222-3333-4444-555555555555";

    fn key(machine: Machine) -> String {
        let host = machine.snapshot();
        let (_, key) = key_in_use(&host);
        format!("{key:?}").split([' ', '(']).next().unwrap_or_default().to_owned()
    }

    #[test]
    fn what_the_files_say_of_the_key() {
        let bare = || Machine::healthy().no_key_files();
        assert_eq!(key(Machine::healthy()), "Readable");
        assert_eq!(key(bare().key_file(KEY_FILE, false)), "Unreadable");
        assert_eq!(key(bare().key_file(&KEY_FILE.to_uppercase(), true)), "Readable");
        assert_eq!(key(bare()), "Missing");
        assert_eq!(key(bare().with(|host| host.key_folders[0].files = Reading::Observed(None))), "Missing");
        assert_eq!(key(Machine::healthy().empty_store("Remote Desktop")), "NotNeeded");
        assert_eq!(key(bare().with(|host| host.key_folders[0].files = Reading::NotTried)), "Unknown");
        assert_eq!(key(Machine::unread()), "Unknown");
    }

    #[test]
    fn files_of_the_container_that_belong_to_others_are_told_apart() {
        let host = Machine::healthy().no_key_files().key_file(OTHER, true).snapshot();
        let (_, Key::Missing { of_others, .. }) = key_in_use(&host) else { panic!("our file is not there") };
        assert_eq!(of_others[0].file.name, OTHER);
        assert_eq!(of_others[0].fact, "/evidence/host/key_folders/0/files/observed/0");
        assert_eq!(own_files(&host).unwrap().len(), 1);
    }

    #[test]
    fn the_file_of_a_smart_card_or_of_a_newer_provider_cannot_be_named() {
        let with = |name: &str, kind: u32| {
            Machine::healthy().no_key_files().with(|host| {
                let Some(Reading::Observed(store)) = host.certificates.get_mut("Remote Desktop") else { panic!() };
                let key = store[0].key.as_mut().unwrap();
                (key.provider, key.provider_type) = (name.to_owned(), kind);
            })
        };
        assert_eq!(key(with("Microsoft Base Smart Card Crypto Provider", 1)), "Unknown");
        assert_eq!(key(with("Microsoft Software Key Storage Provider", 0)), "Unknown");
        assert_eq!(key(with("Microsoft RSA SChannel Cryptographic Provider", 12)), "Missing");
    }

    #[test]
    fn a_long_descriptor_is_cut() {
        let long = Machine::healthy().no_key_files().key_file(KEY_FILE, false).with(|host| {
            let Reading::Observed(Some(files)) = &mut host.key_folders[0].files else { panic!("files") };
            files[0].descriptor = Reading::Observed("(A;;FA;;;SY)".repeat(100));
        });
        let host = long.snapshot();
        assert!(own_files(&host).unwrap()[0].permissions().ends_with('…'));
    }
}
