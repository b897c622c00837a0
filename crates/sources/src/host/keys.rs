use std::collections::{BTreeMap, BTreeSet};

use rdpdoctor_diagnosis::evidence::snapshot::{KeyFile, KeyFolder, KeyStore, Reading, StoredCertificate};
use rdpdoctor_machine::security::{
    Access, Descriptor, FILE_ALL_ACCESS, FILE_GENERIC_READ, network_service_token, system_token,
};
use rdpdoctor_machine::{FileInfo, Machine, Unreadable, key};

type Stores = BTreeMap<String, Reading<Vec<StoredCertificate>>>;

/// The container of the key that Windows makes for Remote Desktop.
const OWN_CONTAINER: &str = "TSSecKeySet1";

/// Where keys of the machine lie, below ProgramData.
pub(super) const FOLDERS: [(KeyStore, &str); 2] = [(KeyStore::Capi, key::MACHINE_KEYS), (KeyStore::Cng, key::CNG_KEYS)];

/// The folders of machine keys with the files that belong to certificates of the stores, or would on another machine.
/// Other programs' keys are none of our business.
pub(super) fn folders(machine: &dyn Machine, stores: &Stores) -> Vec<KeyFolder> {
    let hashes = hashes(stores);
    FOLDERS.map(|(store, below)| folder(machine, store, &format!("ProgramData\\{below}"), &hashes)).into()
}

fn folder(machine: &dyn Machine, store: KeyStore, path: &str, hashes: &BTreeSet<String>) -> KeyFolder {
    let descriptor = match machine.file(path) {
        Ok(Some(info)) => sddl(&info).map(Some).into(),
        Ok(None) => Reading::Observed(None),
        Err(why) => Reading::NotObtained(why.to_string()),
    };
    let ours = |info: &FileInfo| key::parse_file_name(&info.name).is_some_and(|(hash, _)| hashes.contains(&hash));
    let files = machine.folder(path).map(|files| {
        files.map(|files| files.iter().filter(|info| !info.is_folder && ours(info)).map(key_file).collect())
    });
    KeyFolder { store, path: path.to_owned(), descriptor, files: files.into() }
}

fn hashes(stores: &Stores) -> BTreeSet<String> {
    let certificates = stores.values().filter_map(Reading::observed).flatten();
    let containers = certificates.filter_map(|stored| stored.key.as_ref()).map(|key| key.container.as_str());
    let names = containers.chain([OWN_CONTAINER]).map(|container| key::file_name(container, ""));
    names.filter_map(|name| Some(name.split_once('_')?.0.to_owned())).collect()
}

fn key_file(info: &FileInfo) -> KeyFile {
    let reads = |access: Access| access.granted & FILE_GENERIC_READ == FILE_GENERIC_READ;
    let controls = |access: Access| access.granted & FILE_ALL_ACCESS == FILE_ALL_ACCESS;
    KeyFile {
        name: info.name.clone(),
        size: info.size,
        modified: info.modified,
        descriptor: sddl(info).into(),
        network_service_reads: descriptor(info).map(|read| reads(read.access(&network_service_token()))).into(),
        system_controls: descriptor(info).map(|read| controls(read.access(&system_token()))).into(),
    }
}

fn descriptor(info: &FileInfo) -> Result<Descriptor, Unreadable> {
    let bytes = info.descriptor.as_ref().map_err(Clone::clone)?;
    Descriptor::read(bytes).map_err(|error| Unreadable::Damaged(error.to_string()))
}

fn sddl(info: &FileInfo) -> Result<String, Unreadable> {
    descriptor(info).map(|read| read.to_string())
}
