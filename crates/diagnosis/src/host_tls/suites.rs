use std::collections::BTreeSet;

use rdpdoctor_protocol::tls::{CipherSuite, KeyExchange, NamedGroup};

use super::{defaults, schannel};
use crate::catalogue::setting;
use crate::evidence::Snapshot;
use crate::evidence::snapshot::{RegistryValue, ValueSeen};
use crate::view::host_fact;

/// The first build whose names of suites bear no curve.
const WITHOUT_CURVES: u32 = 10240;
/// Entries of a list that are read; Windows itself takes no longer one.
const MOST: usize = 256;

/// Cipher suites in the order in which the machine uses them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SuiteList {
    pub(crate) suites: Vec<CipherSuite>,
    /// Those that an older Windows may not take under the names that they have there.
    pub(crate) doubtful: Vec<CipherSuite>,
    /// Names that are no suite.
    pub(crate) unknown: Vec<String>,
    /// Who set it, for a reader; none where the build's own list holds.
    pub(crate) by: Option<&'static str>,
    /// The JSON pointer of that.
    pub(crate) fact: String,
}

impl SuiteList {
    /// Policy before the local list before the build's own; none where that is not known.
    pub(crate) fn of(host: &Snapshot) -> Option<Self> {
        let own = defaults(host)?;
        let set = configured(host, &["suite-policy", "suite-local"]).ok()?;
        let Some((id, names, fact)) = set else {
            let (doubtful, unknown, fact) = (Vec::new(), Vec::new(), host_fact(&["build"]));
            return Some(Self { suites: own.suites.clone(), doubtful, unknown, by: None, fact });
        };
        let old = host.build.observed().is_some_and(|build| build.number < WITHOUT_CURVES);
        let by = if id == "suite-policy" { "a policy (SSL Cipher Suite Order)" } else { "the local list" };
        Some(Self::read(&names, old, by, fact))
    }

    fn read(names: &[&str], old: bool, by: &'static str, fact: String) -> Self {
        let mut list = Self { suites: Vec::new(), doubtful: Vec::new(), unknown: Vec::new(), by: Some(by), fact };
        for name in names.iter().take(MOST) {
            let bare = without_curve(name);
            match CipherSuite::from_name(bare).filter(|suite| suite.name().is_some()) {
                Some(suite) if old && bare.len() == name.len() && bare.contains("_ECDHE_") => list.doubtful.push(suite),
                Some(suite) if !list.suites.contains(&suite) => list.suites.push(suite),
                Some(_) => {}
                None => list.unknown.push((*name).to_owned()),
            }
        }
        list
    }
}

/// Switches of Schannel that hold this suite back, as (where, JSON pointer); none where they were not read.
pub(crate) fn switched_off(host: &Snapshot, suite: CipherSuite) -> Option<Vec<(String, String)>> {
    let mut found = Vec::new();
    for (kind, name) in algorithms(suite) {
        match schannel::value(host, &[kind, name], "Enabled") {
            ValueSeen::Unread => return None,
            ValueSeen::Value(value) if value.number() == Some(0) => {
                found.push((schannel::short(&[kind, name]), schannel::fact(&[kind, name])));
            }
            ValueSeen::Value(_) | ValueSeen::Absent => {}
        }
    }
    Some(found)
}

/// The suites that no switch holds back; none where the switches were not read.
pub(crate) fn left(host: &Snapshot, suites: &[CipherSuite]) -> Option<Vec<CipherSuite>> {
    let judged: Option<Vec<(CipherSuite, bool)>> =
        suites.iter().map(|suite| Some((*suite, switched_off(host, *suite)?.is_empty()))).collect();
    Some(judged?.into_iter().filter(|(_, left)| *left).map(|(suite, _)| suite).collect())
}

/// The groups of the key exchange that somebody set, with the pointer to where; none where nobody did, where they were
/// not read, and where one of them is not known.
pub(crate) fn curves(host: &Snapshot) -> Option<(BTreeSet<NamedGroup>, String)> {
    let (_, names, fact) = configured(host, &["curve-policy", "curve-local"]).ok()??;
    let known =
        |name: &&str| CURVES.iter().find(|(spelt, _)| spelt.eq_ignore_ascii_case(name)).map(|(_, group)| *group);
    let groups: Option<BTreeSet<NamedGroup>> = names.iter().map(known).collect();
    groups.map(|groups| (groups, fact))
}

const CURVES: [(&str, NamedGroup); 4] = [
    ("curve25519", NamedGroup::X25519),
    ("NistP256", NamedGroup::SECP256R1),
    ("NistP384", NamedGroup::SECP384R1),
    ("NistP521", NamedGroup::SECP521R1),
];

/// A setting with its list and the pointer to it.
type Configured<'a> = (&'static str, Vec<&'a str>, String);

struct NotRead;

/// The first of these settings that holds a list that is not empty, unless one before it was not read.
fn configured<'a>(host: &'a Snapshot, ids: &[&'static str]) -> Result<Option<Configured<'a>>, NotRead> {
    for id in ids {
        let setting = setting(id).ok_or(NotRead)?;
        let value = match host.value(setting.path, setting.value) {
            ValueSeen::Unread => return Err(NotRead),
            ValueSeen::Absent => continue,
            ValueSeen::Value(value) => value,
        };
        let names = RegistryValue::list(value).unwrap_or_default();
        let names: Vec<&str> = names.into_iter().map(str::trim).filter(|name| !name.is_empty()).collect();
        if !names.is_empty() {
            return Ok(Some((id, names, host_fact(&["registry", setting.path]))));
        }
    }
    Ok(None)
}

/// Older builds list a suite once for each curve.
fn without_curve(name: &str) -> &str {
    ["_P256", "_P384", "_P521"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name)
}

/// The keys of Schannel that a suite depends on. What holds for the key exchange of TLS 1.3 is not documented.
fn algorithms(suite: CipherSuite) -> Vec<(&'static str, &'static str)> {
    let name = suite.name().unwrap_or_default();
    let ciphers = CIPHERS.iter().filter(|(part, _)| name.contains(part)).map(|(_, key)| ("Ciphers", *key));
    let hash = HASHES.iter().filter(|(end, _)| name.ends_with(end)).map(|(_, key)| ("Hashes", *key));
    let exchange = match suite.parameters().map(|parts| parts.key_exchange) {
        Some(KeyExchange::Rsa) => Some("PKCS"),
        Some(KeyExchange::DheRsa | KeyExchange::DheDss) => Some("Diffie-Hellman"),
        Some(KeyExchange::EcdheRsa | KeyExchange::EcdheEcdsa) => Some("ECDH"),
        _ => None,
    };
    ciphers.chain(hash).chain(exchange.map(|key| ("KeyExchangeAlgorithms", key))).collect()
}

const CIPHERS: [(&str, &str); 5] = [
    ("AES_128", "AES 128/128"),
    ("AES_256", "AES 256/256"),
    ("3DES", "Triple DES 168"),
    ("RC4_128", "RC4 128/128"),
    ("_NULL_", "NULL"),
];
const HASHES: [(&str, &str); 4] = [("_SHA", "SHA"), ("_SHA256", "SHA256"), ("_SHA384", "SHA384"), ("_MD5", "MD5")];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Machine;

    const GCM: CipherSuite = CipherSuite(0xc030);

    #[test]
    fn policy_before_the_local_list_before_the_build_s_own() {
        let machine = || Machine::healthy().text("suite-local", "TLS_RSA_WITH_AES_128_CBC_SHA");
        let list = |machine: Machine| SuiteList::of(&machine.snapshot()).unwrap();
        assert_eq!(list(Machine::healthy()).by, None);
        assert!(list(Machine::healthy()).suites.contains(&GCM));
        assert_eq!(list(machine()).suites, [CipherSuite(0x2f)]);
        let policy = list(machine().text("suite-policy", " TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 , TLS_NONSENSE,"));
        assert_eq!((policy.suites, policy.unknown), (vec![GCM], vec!["TLS_NONSENSE".to_owned()]));
        assert_eq!(list(machine().text("suite-policy", "")).suites, [CipherSuite(0x2f)]);
        assert_eq!(SuiteList::of(&Machine::unread().build(17763, "Server").snapshot()), None);
    }

    #[test]
    fn older_builds_name_the_curve() {
        let list = |name: &str| {
            let machine = Machine::healthy().build(9600, "Server").text("suite-policy", name);
            SuiteList::of(&machine.snapshot()).unwrap()
        };
        assert_eq!(list("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256_P256").suites, [CipherSuite(0xc02b)]);
        assert_eq!(list("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384").doubtful, [GCM]);
    }

    #[test]
    fn switches_hold_suites_back() {
        let aes = r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Ciphers\AES 256/256";
        let host = Machine::healthy().value(aes, "Enabled", RegistryValue::Dword(0)).snapshot();
        assert_eq!(left(&host, &[GCM, CipherSuite(0xc02f)]).unwrap(), [CipherSuite(0xc02f)]);
        assert_eq!(switched_off(&host, GCM).unwrap()[0].0, r"SCHANNEL\Ciphers\AES 256/256");
        assert_eq!(left(&Machine::unread().snapshot(), &[GCM]), None);
    }

    #[test]
    fn curves_that_are_known() {
        let set = |text| curves(&Machine::healthy().text("curve-policy", text).snapshot()).map(|(groups, _)| groups);
        assert_eq!(set("NistP521"), Some(BTreeSet::from([NamedGroup::SECP521R1])));
        assert_eq!(set("NistP521,brainpoolP256r1"), None);
        assert_eq!(curves(&Machine::healthy().snapshot()), None);
    }
}
