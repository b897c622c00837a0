use std::collections::BTreeMap;

use rdpdoctor_diagnosis::certificate::Certificate;
use rdpdoctor_diagnosis::evidence::Der;
use rdpdoctor_diagnosis::evidence::snapshot::{KeyReference, Reading, StoreKey, StoredCertificate};
use rdpdoctor_machine::key::{self, StoreEntry};
use rdpdoctor_machine::registry::Key;
use rdpdoctor_machine::security::{Descriptor, GenericMapping, KEY_WRITE, system_token};
use rdpdoctor_machine::{Answer, Machine, Unreadable};

const STORES: &str = r"HKLM\SOFTWARE\Microsoft\SystemCertificates";
const CRYPTOGRAPHY: &str = r"HKLM\SOFTWARE\Microsoft\Cryptography";
/// The store of the certificate that Windows makes for Remote Desktop, and the one for all that people install.
pub(super) const NAMES: [&str; 2] = [OWN, "My"];
const OWN: &str = "Remote Desktop";
/// Certificates of one store that are read.
const MOST_CERTIFICATES: usize = 1000;

pub(super) fn read(machine: &dyn Machine) -> BTreeMap<String, Reading<Vec<StoredCertificate>>> {
    let guid = machine.key(CRYPTOGRAPHY).ok().flatten().and_then(|key| key.text("MachineGuid"));
    NAMES.iter().map(|name| ((*name).to_owned(), store(machine, name, guid.as_deref()).into())).collect()
}

/// The key of each store and the one of its certificates: whether SYSTEM, who makes and renews them, may write there.
pub(super) fn keys(machine: &dyn Machine) -> BTreeMap<String, Reading<Option<StoreKey>>> {
    let paths = [format!("{STORES}\\{OWN}"), format!("{STORES}\\{OWN}\\Certificates")];
    let key = |path: String| {
        let key = store_key(machine, &path).into();
        (path, key)
    };
    paths.map(key).into()
}

fn store_key(machine: &dyn Machine, path: &str) -> Answer<StoreKey> {
    let Some(bytes) = machine.key_descriptor(path)? else { return Ok(None) };
    let read = Descriptor::read(&bytes).map_err(|error| Unreadable::Damaged(error.to_string()))?;
    let access = read.access_to(&system_token(), &GenericMapping::KEY);
    Ok(Some(StoreKey { descriptor: read.to_string(), system_writes: access.granted & KEY_WRITE == KEY_WRITE }))
}

fn store(machine: &dyn Machine, name: &str, guid: Option<&str>) -> Result<Vec<StoredCertificate>, Unreadable> {
    let path = format!("{STORES}\\{name}\\Certificates");
    // Windows makes the key with the first certificate: without it the store is empty.
    let Some(key) = machine.key(&path)? else { return Ok(Vec::new()) };
    let entries = key.keys.iter().take(MOST_CERTIFICATES).map(|thumbprint| {
        let entry = machine.key(&format!("{path}\\{thumbprint}"))?;
        Ok(entry.map(|entry| stored(thumbprint, &entry, guid)))
    });
    entries.filter_map(Result::transpose).collect()
}

fn stored(thumbprint: &str, entry: &Key, guid: Option<&str>) -> StoredCertificate {
    let mut stored = StoredCertificate {
        thumbprint: thumbprint.to_lowercase(),
        der: None,
        key: None,
        written: entry.written,
        damage: None,
    };
    let Some(blob) = entry.value("Blob") else {
        stored.damage = Some("there is no value Blob".to_owned());
        return stored;
    };
    match StoreEntry::read(&blob.data.bytes) {
        Ok(read) => {
            stored.der = read.certificate_der().map(|der| Der(der.to_vec()));
            stored.key = read.key_provider().map(|provider| reference(&provider, guid));
            stored.damage = read.damage().map(|damage| damage.to_string());
        }
        Err(damage) => stored.damage = Some(damage.to_string()),
    }
    let read = stored.der.as_ref().map(|der| Certificate::parse(der).is_some());
    if read == Some(false) && stored.damage.is_none() {
        stored.damage = Some("its certificate cannot be read".to_owned());
    }
    stored
}

fn reference(provider: &key::KeyProvider, guid: Option<&str>) -> KeyReference {
    // Provider type 0 is a key storage provider, whose files are named otherwise.
    let file = guid.filter(|_| provider.provider_type != 0).map(|guid| key::file_name(&provider.container, guid));
    KeyReference {
        container: provider.container.clone(),
        provider: provider.provider.clone(),
        provider_type: provider.provider_type,
        file,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_write_to_the_store_is_read_of_its_keys() {
        const MACHINE: &str = r#"
            complete = true
            [registry.'HKLM\SOFTWARE\Microsoft\SystemCertificates\Remote Desktop']
            "@sddl" = "O:SYD:(D;;KW;;;SY)(A;;KA;;;SY)(A;;KA;;;BA)"
            [registry.'HKLM\SOFTWARE\Microsoft\SystemCertificates\Remote Desktop\Certificates']
            "@sddl" = "O:SYD:AI(A;ID;KA;;;SY)(A;ID;KR;;;BU)"
        "#;
        let machine: rdpdoctor_machine::memory::Collection = toml::from_str(MACHINE).unwrap();
        let writes: Vec<bool> =
            keys(&machine).values().map(|key| key.observed().unwrap().as_ref().unwrap().system_writes).collect();
        assert_eq!(writes, [false, true]);
        let empty = rdpdoctor_machine::memory::Collection { complete: true, ..Default::default() };
        assert!(keys(&empty).values().all(|key| *key == Reading::Observed(None)));
        let uncollected = rdpdoctor_machine::memory::Collection::default();
        assert!(keys(&uncollected).values().all(|key| key.observed().is_none()));
    }
}
