//! The certificates and key files of a [`Machine`].

use super::CertificateMaker;
use super::machine::{Machine, now};
use crate::catalogue::setting;
use crate::evidence::snapshot::{
    KeyFile, KeyFolder, KeyReference, KeyStore, Reading, RegistryValue, StoreKey, StoredCertificate,
};

/// The MachineGuid of [`Machine::healthy`].
pub const MACHINE_GUID: &str = "0b1c2d3e-4f50-4162-8374-95a6b7c8d9e0";
/// The name of the key file that belongs to TSSecKeySet1 on [`Machine::healthy`].
pub const KEY_FILE: &str = "f686aace6942fb7f7ceb231212eef4a4_0b1c2d3e-4f50-4162-8374-95a6b7c8d9e0";

const READABLE: &str = "O:SYG:SYD:PAI(A;;FA;;;SY)(A;;FR;;;NS)\
    (A;;FA;;;S-1-5-80-4022436659-1090538466-1613889075-870485073-3428993833)";
const UNREADABLE: &str = "O:SYG:SYD:PAI(A;;FA;;;SY)(A;;FR;;;BA)";

impl Machine {
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

    /// Whether SYSTEM may write to the store of Windows' own certificate.
    #[must_use]
    pub fn store_key(mut self, system_writes: bool) -> Self {
        let path = r"HKLM\SOFTWARE\Microsoft\SystemCertificates\Remote Desktop".to_owned();
        let descriptor = if system_writes { "O:SYD:(A;;KA;;;SY)" } else { "O:SYD:(D;;KA;;;SY)" }.to_owned();
        self.snapshot.store_keys.insert(path, Reading::Observed(Some(StoreKey { descriptor, system_writes })));
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
