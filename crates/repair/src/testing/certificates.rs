//! Certificates and key files of a machine in memory, and what Windows does with them.

use rdpdoctor_diagnosis::testing::CertificateMaker;
use rdpdoctor_machine::change::Change;
use rdpdoctor_machine::key::{KeyProvider, Property, StoreEntry, file_name};
use rdpdoctor_machine::memory::{Collected, CollectedFile, CollectedKey};
use rdpdoctor_machine::registry::Data;
use rdpdoctor_machine::{Machine, hex};
use rdpdoctor_sources::host::snapshot;
use sha1::{Digest, Sha1};

use super::{KEY_FILE, KEY_FOLDER, STORE, World};
use crate::action::{Ground, Options};
use crate::step::Step;

/// Where Windows notes which certificate it made last.
const STATIONS: &str = r"HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations";
/// As Windows Server 2019 gives them to the key that it makes.
const RIGHTS: &str = "O:SYG:SYD:PAI(A;;FA;;;SY)(A;;FR;;;NS)\
    (A;;FA;;;S-1-5-80-4022436659-1090538466-1613889075-870485073-3428993833)";

/// The store of certificates that people install.
const PERSONAL: &str = r"HKLM\SOFTWARE\Microsoft\SystemCertificates\My\Certificates";
const LISTENER: &str = r"HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp";

/// The SHA-1 of a certificate.
pub(crate) fn thumbprint_of(maker: &CertificateMaker) -> Vec<u8> {
    Sha1::digest(maker.der().0).to_vec()
}

/// The same as a value of the registry.
fn data_of(maker: &CertificateMaker) -> Data {
    Data::of_bytes(thumbprint_of(maker))
}

/// The key of a certificate in the store of Windows' own.
pub(crate) fn entry_of(maker: &CertificateMaker) -> String {
    format!(r"{STORE}\{}", name_of(maker))
}

/// The file of a container of [`World::server`].
pub(crate) fn key_file_of(container: &str) -> String {
    format!(r"{KEY_FOLDER}\{}", file_name(container, "0b1c2d3e-4f50-4162-8374-95a6b7c8d9e0"))
}

fn name_of(maker: &CertificateMaker) -> String {
    hex::of(&thumbprint_of(maker)).to_uppercase()
}

/// What an action would do on a machine.
pub(crate) fn on(world: &World, steps: fn(&Ground<'_>) -> Result<Vec<Step>, String>) -> Result<Vec<Step>, String> {
    let host = snapshot(world, jiff::Timestamp::UNIX_EPOCH);
    steps(&Ground { machine: world, host: &host, options: &Options::default(), planned: &[] })
}

impl World {
    /// With this certificate in the store of Windows' own, too.
    pub(crate) fn stores(self, maker: &CertificateMaker) -> Self {
        self.install(&entry_of(maker), maker, "TSSecKeySet1");
        self
    }

    /// With this certificate in the store of Windows' own, and no other.
    pub(crate) fn holds(self, maker: &CertificateMaker) -> Self {
        let below = format!("{STORE}\\");
        self.collection.borrow_mut().registry.retain(|path, _| !path.starts_with(&below));
        self.stores(maker)
    }

    /// With this certificate in the store of those that people install, with its key in a container.
    pub(crate) fn personal(self, maker: &CertificateMaker, container: &str) -> Self {
        self.install(&format!(r"{PERSONAL}\{}", name_of(maker)), maker, container);
        self
    }

    /// With this certificate chosen for the listener.
    pub(crate) fn pins(self, maker: &CertificateMaker) -> Self {
        self.set_value(LISTENER, "SSLCertificateSHA1Hash", &data_of(maker)).unwrap();
        self
    }

    fn install(&self, key: &str, maker: &CertificateMaker, container: &str) {
        let provider = KeyProvider {
            container: container.to_owned(),
            provider: "Microsoft Enhanced Cryptographic Provider v1.0".to_owned(),
            provider_type: 1,
            flags: 0x20,
            key_spec: 1,
        };
        let certificate = Property { id: 32, encoding: 1, data: maker.der().0 };
        let blob = StoreEntry::of(vec![provider.to_property(), certificate]).to_bytes();
        self.collection.borrow_mut().registry.insert(key.to_owned(), Collected::Found(Some(CollectedKey::default())));
        self.set_value(key, "Blob", &Data::of_bytes(blob)).unwrap();
    }

    /// With a key file of so many bytes, as Windows makes it.
    pub(crate) fn file(self, path: &str, size: u64) -> Self {
        self.make_file(path, size);
        self
    }

    fn make_file(&self, path: &str, size: u64) {
        let file = CollectedFile { size, sddl: Some(RIGHTS.to_owned()), ..CollectedFile::default() };
        self.collection.borrow_mut().files.insert(path.to_owned(), Collected::Found(Some(file)));
    }

    /// Without a file.
    pub(crate) fn without_file(self, path: &str) -> Self {
        self.collection.borrow_mut().files.remove(path).unwrap();
        self
    }

    /// Where SessionEnv finds no certificate when it starts, it makes one.
    pub(crate) fn renewing(self) -> Self {
        Self { renews: true, ..self }
    }

    /// What SessionEnv does where it finds no certificate: a key, an entry of the store, and a note of its thumbprint.
    pub(crate) fn renew(&self) {
        if self.key(STORE).unwrap().is_some_and(|store| !store.keys.is_empty()) {
            return;
        }
        let maker = CertificateMaker::windows("TS01").valid(0, 183).key_number(7);
        self.install(&entry_of(&maker), &maker, "TSSecKeySet1");
        self.make_file(KEY_FILE, 2303);
        let thumbprint = data_of(&maker);
        self.set_value(STATIONS, "SelfSignedCertificate", &thumbprint).unwrap();
    }
}
