//! TLS of RDP clients and servers as they come (`data/tls_profiles.toml`).

use std::sync::LazyLock;

use rdpdoctor_protocol::tls::{CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Every profile, in the order of the table.
pub fn profiles() -> &'static [Profile] {
    &PROFILES
}

/// The profile of a release, by its id (`windows-server-2019`).
pub fn profile(id: &str) -> Option<&'static Profile> {
    profiles().iter().find(|profile| profile.ids.iter().any(|known| known == id))
}

/// What one or several releases offer by default. Lists are in the order of preference.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The releases that this is about.
    pub ids: Vec<String>,
    /// Each of them for people.
    pub titles: Vec<String>,
    /// All of them in one line.
    pub name: String,
    /// Windows build numbers.
    #[serde(default)]
    pub builds: Vec<u32>,
    /// Versions as a client; `None` for what is no client, and for what nobody has observed.
    pub client: Option<VersionRange>,
    /// The security protocols that it can ask for as a client (MS-RDPBCGR 5.3 and 5.4), where known.
    pub security: Option<Vec<SecurityProtocol>>,
    /// What it makes as a client of a certificate that it does not trust, where known.
    pub certificate: Option<CertificateHabit>,
    /// Versions as a server; `None` for what is no server.
    pub server: Option<VersionRange>,
    /// Cipher suites.
    #[serde(default)]
    pub suites: Vec<CipherSuite>,
    /// Groups for the key exchange.
    #[serde(default)]
    pub groups: Vec<NamedGroup>,
    /// Signature schemes; none where no version has them.
    #[serde(default)]
    pub schemes: Vec<SignatureScheme>,
    /// The smallest RSA key that the client takes, in bits: 0 where none is enforced, `None` where nobody knows.
    pub min_rsa_bits: Option<u32>,
    /// The smallest Diffie-Hellman prime that the client takes, in bits, where one is enforced and known.
    pub min_dh_bits: Option<u32>,
    /// The RSA key that the server makes for itself, in bits.
    pub rsa_bits: Option<u32>,
    /// The Diffie-Hellman prime that the server sends, in bits.
    pub dh_bits: Option<u32>,
    /// How far the lists carry.
    pub confidence: Confidence,
    /// What the lists do not say.
    #[serde(default)]
    pub notes: String,
    /// Documents, captures and measurements.
    #[serde(default)]
    pub sources: Vec<String>,
}

/// All versions between two, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VersionRange {
    /// The lowest.
    pub from: ProtocolVersion,
    /// The highest.
    pub to: ProtocolVersion,
}

impl VersionRange {
    /// Whether the version lies within.
    pub fn contains(self, version: ProtocolVersion) -> bool {
        (self.from..=self.to).contains(&version)
    }
}

impl Profile {
    /// Whether it can ask for this security protocol; `None` where nobody knows.
    pub fn can(&self, protocol: SecurityProtocol) -> Option<bool> {
        self.security.as_ref().map(|known| known.contains(&protocol))
    }

    /// Whether it is a client, or may be one that nobody has observed.
    pub fn is_client(&self) -> bool {
        self.client.is_some() || self.confidence == Confidence::Unobserved
    }
}

/// A security protocol of RDP, as far as clients differ in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecurityProtocol {
    /// Standard RDP Security.
    Rdp,
    /// TLS without CredSSP.
    Ssl,
    /// CredSSP.
    Hybrid,
}

/// What a client makes of a certificate that is not trusted, has expired or bears another name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateHabit {
    /// It asks the user whether to go on.
    Asks,
    /// It does not look.
    Ignores,
}

/// How far a profile carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// Published or measured.
    High,
    /// Inferred in part.
    Medium,
    /// Nobody has seen its TLS: nothing is said about that.
    Unobserved,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    profile: Vec<Profile>,
}

const TEXT: &str = include_str!("../../../../data/tls_profiles.toml");

/// A table that cannot be read would be an empty one; a test reads it before anybody else does.
static PROFILES: LazyLock<Vec<Profile>> = LazyLock::new(|| read(TEXT).unwrap_or_default());

fn read(text: &str) -> Result<Vec<Profile>, toml::de::Error> {
    toml::from_str(text).map(|table: Table| table.profile)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_table_reads_and_every_id_stands_once() {
        let profiles = read(TEXT).unwrap();
        assert_eq!(profiles.len(), 33);
        let ids: Vec<&String> = profiles.iter().flat_map(|profile| &profile.ids).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
        assert!(profiles.iter().all(|profile| profile.titles.len() == profile.ids.len()));
        let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(ids.iter().all(|id| !id.is_empty() && id.chars().all(kebab)));
    }

    #[test]
    fn the_unobserved_say_nothing_and_the_others_say_where_from() {
        for profile in profiles() {
            let has_role = profile.client.is_some() || profile.server.is_some();
            let observed = profile.confidence != Confidence::Unobserved;
            assert_eq!(has_role, observed, "{}", profile.name);
            assert_eq!(profile.suites.is_empty(), !observed, "{}", profile.name);
            assert_eq!(profile.groups.is_empty(), !observed, "{}", profile.name);
            let says_something = observed || profile.security.is_some();
            assert_eq!(profile.sources.is_empty(), !says_something, "{}", profile.name);
        }
    }

    #[test]
    fn suites_have_names_and_stand_once() {
        for profile in profiles() {
            assert!(profile.suites.iter().all(|suite| suite.parameters().is_some()), "{}", profile.name);
            let distinct: BTreeSet<_> = profile.suites.iter().collect();
            assert_eq!(distinct.len(), profile.suites.len(), "{}", profile.name);
        }
    }

    #[test]
    fn unknown_keys_and_code_points_out_of_form_are_refused() {
        let entry = "[[profile]]\nids = ['a']\ntitles = ['A']\nname = 'A'\nconfidence = 'high'\n";
        assert!(read(entry).is_ok());
        assert!(read(&format!("{entry}colour = 'red'\n")).is_err());
        assert!(read(&format!("{entry}suites = ['c030']\n")).is_err());
    }
}
