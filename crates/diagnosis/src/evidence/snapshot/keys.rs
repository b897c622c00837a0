use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Reading;
use crate::evidence::Der;

/// A certificate in a store of the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoredCertificate {
    /// SHA-1 of the certificate, under which it is stored, in lower-case hexadecimal.
    pub thumbprint: String,
    /// Its bytes; null where the entry holds none.
    pub der: Option<Der>,
    /// Where its private key is said to be; null where the entry names none.
    pub key: Option<KeyReference>,
    /// When the entry was last written.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub written: Option<Timestamp>,
    /// What could not be read of the entry.
    #[serde(default)]
    pub damage: Option<String>,
}

/// The key that a certificate names (CERT_KEY_PROV_INFO_PROP_ID).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeyReference {
    /// The container.
    pub container: String,
    /// The provider.
    pub provider: String,
    /// The provider's type; 0 is a key storage provider (CNG).
    pub provider_type: u32,
    /// The name of the key's file, where it follows from the container's name: not for CNG.
    #[serde(default)]
    pub file: Option<String>,
}

/// The registry key of a certificate store, or of its certificates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoreKey {
    /// Its security descriptor as SDDL.
    pub descriptor: String,
    /// Whether SYSTEM, as which certificates are made and renewed, may write there.
    pub system_writes: bool,
}

/// A folder of machine keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeyFolder {
    /// Which.
    pub store: KeyStore,
    /// Its path.
    pub path: String,
    /// Its security descriptor as SDDL; null where the folder is absent.
    #[serde(default)]
    pub descriptor: Reading<Option<String>>,
    /// Its files; null where the folder is absent.
    pub files: Reading<Option<Vec<KeyFile>>>,
}

/// Who keeps keys there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum KeyStore {
    /// CryptoAPI: `Microsoft\Crypto\RSA\MachineKeys`.
    Capi,
    /// CNG: `Microsoft\Crypto\Keys`.
    Cng,
}

/// The file of one key. What is in it is never read further than its head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeyFile {
    /// Its name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// When it was last written.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub modified: Option<Timestamp>,
    /// Its security descriptor as SDDL.
    #[serde(default)]
    pub descriptor: Reading<String>,
    /// Whether NETWORK SERVICE, as which Remote Desktop runs, may read it.
    #[serde(default)]
    pub network_service_reads: Reading<bool>,
    /// Whether SYSTEM, as which its renewal runs, may do everything with it.
    #[serde(default)]
    pub system_controls: Reading<bool>,
}
