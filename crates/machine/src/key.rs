//! Certificates in registry stores, and the files of their private keys.

mod file;

pub use file::{KeyFile, KeyFileError, PublicKey};

use md5::{Digest, Md5};
use thiserror::Error;

use crate::Machine;

/// CryptoAPI's keys of the machine, below ProgramData.
pub const MACHINE_KEYS: &str = r"Microsoft\Crypto\RSA\MachineKeys";
/// CryptoAPI's DSS keys of the machine, below ProgramData.
pub const DSS_MACHINE_KEYS: &str = r"Microsoft\Crypto\DSS\MachineKeys";
/// CNG's keys of the machine, below ProgramData.
pub const CNG_KEYS: &str = r"Microsoft\Crypto\Keys";
/// CNG's keys of LocalSystem, below ProgramData.
pub const CNG_SYSTEM_KEYS: &str = r"Microsoft\Crypto\SystemKeys";

/// CERT_KEY_PROV_INFO_PROP_ID.
const KEY_PROVIDER: u32 = 2;
/// CERT_SHA1_HASH_PROP_ID.
const SHA1: u32 = 3;
/// CERT_FRIENDLY_NAME_PROP_ID.
const FRIENDLY_NAME: u32 = 11;
/// The certificate itself.
const CERTIFICATE: u32 = 32;
/// A name in the provider info, in UTF-16 units.
const LONGEST_NAME: usize = 1024;

/// An entry of a certificate store in the registry (value `Blob`): records of u32 id, u32 encoding, u32 length, data.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoreEntry {
    properties: Vec<Property>,
    rest: Vec<u8>,
    damage: Option<BlobError>,
}

/// A property of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    /// Which (CERT_…_PROP_ID).
    pub id: u32,
    /// How it is encoded; 1 everywhere.
    pub encoding: u32,
    /// Its bytes.
    pub data: Vec<u8>,
}

/// Where a private key is said to be (CRYPT_KEY_PROV_INFO).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyProvider {
    /// The container.
    pub container: String,
    /// The provider.
    pub provider: String,
    /// The provider's type; 0 is a key storage provider (CNG).
    pub provider_type: u32,
    /// CRYPT_MACHINE_KEYSET (0x20) and others.
    pub flags: u32,
    /// AT_KEYEXCHANGE 1, AT_SIGNATURE 2.
    pub key_spec: u32,
}

/// Why an entry, or its end, could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BlobError {
    /// A record says that it is longer than what is left.
    #[error("a record at byte {at} that ends early")]
    Short {
        /// Where the record begins.
        at: usize,
    },
    /// There is nothing in it.
    #[error("an empty entry")]
    Empty,
}

impl StoreEntry {
    /// Reads an entry. What comes before a damaged record is kept, see [`StoreEntry::damage`].
    pub fn read(bytes: &[u8]) -> Result<Self, BlobError> {
        let mut entry = Self::default();
        let mut rest = bytes;
        while !rest.is_empty() {
            let Some((property, further)) = property(rest) else {
                entry.damage = Some(BlobError::Short { at: bytes.len() - rest.len() });
                entry.rest = rest.to_vec();
                break;
            };
            entry.properties.push(property);
            rest = further;
        }
        match (entry.properties.is_empty(), entry.damage) {
            (true, damage) => Err(damage.unwrap_or(BlobError::Empty)),
            (false, _) => Ok(entry),
        }
    }

    /// As it is stored, with what could not be read at the end.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for Property { id, encoding, data } in &self.properties {
            let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
            bytes.extend([*id, *encoding, length].into_iter().flat_map(u32::to_le_bytes));
            bytes.extend(data);
        }
        bytes.extend(&self.rest);
        bytes
    }

    /// An entry with these properties.
    pub fn of(properties: Vec<Property>) -> Self {
        Self { properties, ..Self::default() }
    }

    /// Its properties, in order.
    pub fn properties(&self) -> &[Property] {
        &self.properties
    }

    /// What could not be read at the end.
    pub fn damage(&self) -> Option<BlobError> {
        self.damage
    }

    /// The certificate in DER.
    pub fn certificate_der(&self) -> Option<&[u8]> {
        self.property(CERTIFICATE)
    }

    /// The SHA-1 that the entry claims.
    pub fn sha1(&self) -> Option<&[u8]> {
        self.property(SHA1)
    }

    /// Where the private key is said to be; none where the entry names none, or unreadably.
    pub fn key_provider(&self) -> Option<KeyProvider> {
        let info = self.property(KEY_PROVIDER)?;
        let [container, provider, provider_type, flags, _, _, key_spec] = words(info)?;
        Some(KeyProvider {
            container: name(info, container)?,
            provider: name(info, provider)?,
            provider_type,
            flags,
            key_spec,
        })
    }

    /// The name that people gave the certificate.
    pub fn friendly_name(&self) -> Option<String> {
        name(self.property(FRIENDLY_NAME)?, 0)
    }

    fn property(&self, id: u32) -> Option<&[u8]> {
        self.properties.iter().find(|property| property.id == id).map(|property| property.data.as_slice())
    }
}

impl KeyProvider {
    /// The property that says it.
    pub fn to_property(&self) -> Property {
        let utf16 = |text: &str| text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let (container, provider) = (utf16(&self.container), utf16(&self.provider));
        let second = u32::try_from(28 + container.len()).unwrap_or(u32::MAX);
        let head = [28, second, self.provider_type, self.flags, 0, 0, self.key_spec];
        let data = [head.into_iter().flat_map(u32::to_le_bytes).collect(), container, provider].concat();
        Property { id: KEY_PROVIDER, encoding: 1, data }
    }
}

/// The file of a CryptoAPI container: MD5 over the lower-cased name with its NUL, in four little-endian words, and the
/// MachineGuid behind it.
pub fn file_name(container: &str, machine_guid: &str) -> String {
    let mut name = container.to_lowercase().into_bytes();
    name.push(0);
    let digest = Md5::digest(&name);
    let [a, b, c, d] = words(&digest).unwrap_or_default();
    format!("{a:08x}{b:08x}{c:08x}{d:08x}_{}", machine_guid.to_lowercase())
}

/// The MachineGuid, by which Windows tells its own key files from those of another machine.
pub fn machine_guid(machine: &dyn Machine) -> Option<String> {
    machine.key(r"HKLM\SOFTWARE\Microsoft\Cryptography").ok()??.text("MachineGuid")
}

/// The hash of the container and the MachineGuid that a key file's name holds, both in lower case.
pub fn parse_file_name(name: &str) -> Option<(String, String)> {
    let (hash, guid) = name.split_once('_')?;
    let is_hash = hash.len() == 32 && hash.bytes().all(|digit| digit.is_ascii_hexdigit());
    let is_guid = guid.len() == 36 && guid.bytes().all(|digit| digit.is_ascii_hexdigit() || digit == b'-');
    (is_hash && is_guid).then(|| (hash.to_lowercase(), guid.to_lowercase()))
}

fn property(bytes: &[u8]) -> Option<(Property, &[u8])> {
    let [id, encoding, length] = words(bytes)?;
    let (data, further) = bytes.get(12..)?.split_at_checked(usize::try_from(length).ok()?)?;
    Some((Property { id, encoding, data: data.to_vec() }, further))
}

fn words<const N: usize>(bytes: &[u8]) -> Option<[u32; N]> {
    let words = bytes.chunks_exact(4).map(|word| word.iter().rev().fold(0, |sum, byte| (sum << 8) | u32::from(*byte)));
    words.take(N).collect::<Vec<u32>>().try_into().ok()
}

/// The name that begins at this offset, up to its NUL.
fn name(bytes: &[u8], offset: u32) -> Option<String> {
    let units = bytes.get(usize::try_from(offset).ok()?..)?.chunks_exact(2);
    let units = units.map(|pair| pair.iter().rev().fold(0, |unit, byte| (unit << 8) | u16::from(*byte)));
    let name: Vec<u16> = units.take(LONGEST_NAME).take_while(|unit| *unit != 0).collect();
    Some(String::from_utf16_lossy(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUID: &str = "0b1c2d3e-4f50-4162-8374-95a6b7c8d9e0";

    fn own() -> KeyProvider {
        KeyProvider {
            container: "TSSecKeySet1".to_owned(),
            provider: "Microsoft Enhanced Cryptographic Provider v1.0".to_owned(),
            provider_type: 1,
            flags: 0x20,
            key_spec: 1,
        }
    }

    #[test]
    fn known_containers_have_the_files_that_windows_gives_them() {
        for (container, hash) in [
            ("TSSecKeySet1", "f686aace6942fb7f7ceb231212eef4a4"),
            ("iisConfigurationKey", "6de9cb26d2b98c01ec4e9e8b34824aa2"),
            ("NetFrameworkConfigurationKey", "d6d986f09a1ee04e24c949879fdb506c"),
            ("iisWasKey", "76944fb33636aeddb9590521c2e8815a"),
            ("Microsoft Internet Information Server", "c2319c42033a5ca7f44e731bfd3fa2b5"),
            ("WMSvc Certificate Key Container", "bedbf0b4da5f8061b6444baedf4c00b1"),
            ("MS IIS DCOM Server", "7a436fe806e483969f48a894af2fe9a1"),
            ("3dd3e213-bce6-4acb-808c-a1b3227ecbde", "d1775a874937ca4b3cd9b8e334588333"),
            ("ffb75517-bc6c-4a40-8f8b-e2c555e30e34", "79e1ac78150e8bea8ad238e14d63145b"),
        ] {
            assert_eq!(file_name(container, GUID), format!("{hash}_{GUID}"), "{container}");
        }
    }

    #[test]
    fn a_file_name_is_taken_apart() {
        let name = file_name("TSSecKeySet1", &GUID.to_uppercase());
        let parts = ("f686aace6942fb7f7ceb231212eef4a4".to_owned(), GUID.to_owned());
        assert_eq!(parse_file_name(&name), Some(parts));
        for other in ["desktop.ini", "f686aace6942fb7f7ceb231212eef4a4", "x_y", ""] {
            assert_eq!(parse_file_name(other), None, "{other}");
        }
    }

    #[test]
    fn an_entry_goes_both_ways() {
        let certificate = Property { id: 32, encoding: 1, data: vec![0x30, 0] };
        let bytes = StoreEntry::of(vec![own().to_property(), certificate]).to_bytes();
        let read = StoreEntry::read(&bytes).unwrap();
        assert_eq!(read.key_provider(), Some(own()));
        assert_eq!(read.certificate_der(), Some(&[0x30, 0][..]));
        assert_eq!((read.to_bytes(), read.damage()), (bytes, None));
    }

    #[test]
    fn a_friendly_name_is_read() {
        let data = "RDP\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let entry = StoreEntry::of(vec![Property { id: 11, encoding: 1, data }]);
        assert_eq!(entry.friendly_name().as_deref(), Some("RDP"));
        assert_eq!(entry.properties().len(), 1);
        assert_eq!(StoreEntry::of(Vec::new()).friendly_name(), None);
    }

    #[test]
    fn what_comes_before_the_damage_is_kept() {
        let mut bytes = StoreEntry::of(vec![own().to_property()]).to_bytes();
        let whole = bytes.len();
        bytes.extend([32, 0, 0, 0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1]);
        let read = StoreEntry::read(&bytes).unwrap();
        assert_eq!(read.key_provider(), Some(own()));
        assert_eq!(read.damage(), Some(BlobError::Short { at: whole }));
        assert_eq!(read.to_bytes(), bytes);
        assert_eq!(StoreEntry::read(&[]), Err(BlobError::Empty));
        assert_eq!(StoreEntry::read(&[1, 2, 3]), Err(BlobError::Short { at: 0 }));
    }

    #[test]
    fn a_name_beyond_the_end_names_nothing() {
        let mut property = own().to_property();
        property.data.truncate(20);
        assert_eq!(StoreEntry::of(vec![property.clone()]).key_provider(), None);
        property.data = [0xffu8; 28].to_vec();
        assert_eq!(StoreEntry::of(vec![property]).key_provider(), None);
    }
}
