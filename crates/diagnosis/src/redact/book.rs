use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rdpdoctor_protocol::text::safe_text;

use super::patterns::{is_account_sid, is_common, is_fingerprint, is_guid, is_word};

/// As long as the longest text of ours in which a name can stand.
const LONGEST: usize = 4000;
/// Part of a fingerprint by which people recognise it.
const SHORTEST_START: usize = 8;

/// Which original has which pseudonym. Originals are kept in lower case.
#[derive(Default)]
pub(super) struct Book {
    hosts: Numbers,
    /// By the whole DNS name.
    domains: Numbers,
    users: Numbers,
    /// Names with blanks and the like, which are searched for as they stand.
    phrases: BTreeMap<String, String>,
    organisations: Numbers,
    fingerprints: Numbers,
    guids: Numbers,
    sids: Numbers,
    addresses: BTreeMap<IpAddr, IpAddr>,
    /// Whether strings without a blank are taken for values of ours, in which no name stands.
    pub(super) spares_values: bool,
}

/// Numbers in the order of arrival.
#[derive(Default)]
struct Numbers(BTreeMap<String, usize>);

impl Numbers {
    fn of(&mut self, original: &str) -> usize {
        let next = self.0.len() + 1;
        *self.0.entry(original.to_lowercase()).or_insert(next)
    }

    fn known(&self, original: &str) -> Option<usize> {
        self.0.get(&original.to_lowercase()).copied()
    }
}

impl Book {
    pub(super) fn learn_domain(&mut self, domain: &str) {
        if !domain.is_empty() {
            self.domains.of(domain.trim_end_matches('.'));
        }
    }

    pub(super) fn learn(&mut self, name: &str) {
        let pseudonym = self.name(name);
        self.remember(name, pseudonym);
    }

    /// Another way to write a name.
    pub(super) fn learn_as(&mut self, alias: &str, name: &str) {
        let pseudonym = self.name(name);
        if alias.to_lowercase() != name.to_lowercase() {
            self.remember(alias, pseudonym);
        }
    }

    /// The pseudonym of a machine or a domain, in whatever form it is named.
    pub(super) fn name(&mut self, name: &str) -> String {
        if let Some(address) = address(name) {
            return self.address(address).to_string();
        }
        if let Some(pseudonym) = self.phrases.get(&name.to_lowercase()) {
            return pseudonym.clone();
        }
        if let Some(rest) = name.strip_prefix("*.") {
            return format!("*.{}", self.domain(rest));
        }
        match name.strip_suffix('.') {
            _ if name.is_empty() => String::new(),
            _ if !name.chars().all(is_word) => format!("name-{}", self.organisations.of(name)),
            Some(name) if !name.is_empty() => format!("{}.", self.dns_name(name)),
            _ => self.dns_name(name),
        }
    }

    pub(super) fn user(&mut self, user: &str) -> String {
        match (user.split_once('\\'), user.split_once('@')) {
            _ if user.is_empty() => String::new(),
            (Some((domain, user)), _) => format!("{}\\{}", self.name(domain), self.user(user)),
            (None, Some((user, domain))) => format!("{}@{}", self.user(user), self.domain(domain)),
            (None, None) => {
                let pseudonym = format!("user-{}", self.users.of(user));
                self.remember(user, pseudonym.clone());
                pseudonym
            }
        }
    }

    /// Each value by itself: `CN=host-1, O=name-1`.
    pub(super) fn distinguished_name(&mut self, name: &str) -> String {
        let parts = name.split(", ").map(|part| match part.split_once('=') {
            Some((kind, value)) if !kind.contains(' ') => {
                self.learn(value);
                format!("{kind}={}", self.name(value))
            }
            _ => {
                self.learn(part);
                self.name(part)
            }
        });
        parts.collect::<Vec<String>>().join(", ")
    }

    /// The pseudonym of a hash or a serial number, with or without separators between its digits.
    pub(super) fn fingerprint(&mut self, digits: &str) -> String {
        let digits: String = digits.chars().filter(char::is_ascii_alphanumeric).collect();
        if digits.is_empty() { digits } else { format!("fingerprint-{}", self.fingerprints.of(&digits)) }
    }

    /// What stands for this address: the same family, free for documentation.
    pub(super) fn address(&mut self, address: IpAddr) -> IpAddr {
        if address.is_loopback() || address.is_unspecified() {
            return address;
        }
        let next = self.addresses.keys().filter(|known| known.is_ipv4() == address.is_ipv4()).count() + 1;
        let pseudonym = || if address.is_ipv4() { example_v4(next).into() } else { example_v6(next).into() };
        *self.addresses.entry(address).or_insert_with(pseudonym)
    }

    /// Names that are no single word.
    pub(super) fn phrases(&self) -> impl Iterator<Item = (&str, &str)> {
        let names = self.phrases.iter().filter(|(original, _)| !original.chars().all(is_word));
        names.map(|(original, pseudonym)| (original.as_str(), pseudonym.as_str()))
    }

    /// What stands for a word of a sentence: none where it is nobody's name.
    pub(super) fn word(&mut self, word: &str) -> Option<String> {
        let lower = word.to_lowercase();
        match () {
            () if is_guid(word) => Some(format!("guid-{}", self.guids.of(word))),
            () if key_file(word).is_some() => {
                key_file(word).map(|(hash, guid)| format!("{hash}_guid-{}", self.guids.of(guid)))
            }
            () if is_account_sid(word) => Some(format!("sid-{}", self.sids.of(word))),
            () if self.is_digits_of_known(&lower) => Some(self.start_of(&lower)),
            () if is_common(word) => None,
            () if self.phrases.contains_key(&lower) => self.phrases.get(&lower).cloned(),
            () if word.contains('.') => self.dotted(word),
            () => self.single(word).or_else(|| self.pieces(word)),
        }
    }

    fn remember(&mut self, name: &str, pseudonym: String) {
        let is_plain = name.chars().all(is_word) && !name.contains('.') && self.hosts.known(name).is_some();
        if name.is_empty() || is_plain || address(name).is_some() {
            return;
        }
        self.phrases.entry(safe_text(name, LONGEST).to_lowercase()).or_insert_with(|| pseudonym.clone());
        self.phrases.entry(name.to_lowercase()).or_insert(pseudonym);
    }

    fn dns_name(&mut self, name: &str) -> String {
        if self.domains.known(name).is_some() {
            return self.domain(name);
        }
        let Some((label, rest)) = name.split_once('.') else { return self.label(name) };
        let is_host = rest.contains('.') || self.domains.known(rest).is_some() || self.hosts.known(label).is_some();
        if is_host && !label.is_empty() && !rest.is_empty() {
            format!("{}.{}", self.label(label), self.dns_rest(rest))
        } else {
            self.domain(name)
        }
    }

    /// What follows the host's own label; further hosts of a known domain may stand in it.
    fn dns_rest(&mut self, rest: &str) -> String {
        let known = rest.match_indices('.').any(|(at, _)| {
            rest.get(at + 1..).is_some_and(|suffix| suffix.contains('.') && self.domains.known(suffix).is_some())
        });
        if known && self.domains.known(rest).is_none() { self.dns_name(rest) } else { self.domain(rest) }
    }

    fn domain(&mut self, domain: &str) -> String {
        format!("domain-{}.example", self.domains.of(domain))
    }

    /// A NetBIOS domain goes by the first label of its DNS name.
    fn label(&mut self, label: &str) -> String {
        match self.single(label) {
            Some(pseudonym) => pseudonym,
            None => format!("host-{}", self.hosts.of(label)),
        }
    }

    fn single(&self, word: &str) -> Option<String> {
        let host = self.hosts.known(word).map(|number| format!("host-{number}"));
        let start = format!("{}.", word.to_lowercase());
        let domain = || {
            let named = self.domains.0.iter().find(|(domain, _)| domain.starts_with(&start));
            named.map(|(_, number)| format!("domain-{number}"))
        };
        let user = || self.users.known(word).map(|number| format!("user-{number}"));
        host.or_else(domain).or_else(user)
    }

    /// A name below a known domain, or one in which a known label stands.
    fn dotted(&mut self, word: &str) -> Option<String> {
        let below = word.match_indices('.').filter_map(|(at, _)| word.get(at + 1..));
        let known = |domain: &str| domain.contains('.') && self.domains.known(domain).is_some();
        if known(word) || below.clone().any(known) {
            return Some(self.dns_name(word));
        }
        let labels: Vec<&str> = word.split('.').collect();
        let hides = |label: &&str| !is_common(label) && self.single(label).is_some();
        if !labels.iter().any(hides) {
            return None;
        }
        let replaced = labels.iter().map(|label| match self.single(label) {
            Some(pseudonym) if !is_common(label) => pseudonym,
            _ => (*label).to_owned(),
        });
        Some(replaced.collect::<Vec<String>>().join("."))
    }

    /// `ts01-old`, `TS01_backup`.
    fn pieces(&self, word: &str) -> Option<String> {
        let separator = |character: char| matches!(character, '-' | '_');
        let hidden = |piece: &str| if is_common(piece) { None } else { self.single(piece) };
        if !word.split(separator).any(|piece| hidden(piece).is_some()) {
            return None;
        }
        let pieces = word.split_inclusive(separator).map(|piece| {
            let name = piece.trim_end_matches(separator);
            let rest = piece.get(name.len()..).unwrap_or_default();
            format!("{}{rest}", hidden(name).unwrap_or_else(|| name.to_owned()))
        });
        Some(pieces.collect())
    }

    fn is_digits_of_known(&self, word: &str) -> bool {
        word.bytes().all(|byte| byte.is_ascii_hexdigit())
            && (is_fingerprint(word)
                || word.len() >= SHORTEST_START && self.fingerprints.0.keys().any(|known| known.starts_with(word)))
    }

    /// The pseudonym of the fingerprint that begins so, or of these digits alone.
    fn start_of(&mut self, digits: &str) -> String {
        let whole = self.fingerprints.0.iter().find(|(known, _)| known.starts_with(digits)).map(|(_, number)| *number);
        format!("fingerprint-{}", whole.unwrap_or_else(|| self.fingerprints.of(digits)))
    }
}

/// The name of a machine key's file: the hash of its container, and the MachineGuid.
fn key_file(word: &str) -> Option<(&str, &str)> {
    word.split_once('_').filter(|(hash, guid)| hash.len() == 32 && is_guid(guid))
}

/// An address, perhaps with a zone or in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.split_once('%').map_or(bare, |(address, _)| address).parse().ok()
}

/// RFC 5737, then the network for benchmarks (RFC 2544).
fn example_v4(number: usize) -> Ipv4Addr {
    let networks = [[192, 0, 2], [198, 51, 100], [203, 0, 113]];
    let (network, host) = ((number - 1) / 254, (number - 1) % 254 + 1);
    let host = u8::try_from(host).unwrap_or(u8::MAX);
    if let Some([a, b, c]) = networks.get(network).copied() {
        return Ipv4Addr::new(a, b, c, host);
    }
    let further = u32::try_from(number).unwrap_or(u32::MAX) & 0x1_ffff;
    Ipv4Addr::from(u32::from(Ipv4Addr::new(198, 18, 0, 0)) | further)
}

/// RFC 3849.
fn example_v6(number: usize) -> Ipv6Addr {
    let number = u128::try_from(number).unwrap_or(u128::MAX) & u128::from(u64::MAX);
    Ipv6Addr::from(u128::from(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0)) | number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_machine_share_its_number() {
        let mut book = Book::default();
        book.learn_domain("corp.example");
        for name in ["ts01", "TS01", "ts01.corp.example", "ts01.corp.example."] {
            book.learn(name);
        }
        assert_eq!(book.name("ts01.corp.example"), "host-1.domain-1.example");
        assert_eq!(book.name("TS01.CORP.EXAMPLE."), "host-1.domain-1.example.");
        assert_eq!((book.name("CORP"), book.name("TS02")), ("domain-1".into(), "host-2".into()));
        assert_eq!(book.name("*.corp.example"), "*.domain-1.example");
        assert_eq!(book.user("CORP\\jane"), "domain-1\\user-1");
        assert_eq!(book.user("jane@corp.example"), "user-1@domain-1.example");
    }

    #[test]
    fn addresses_stay_addresses_of_their_family() {
        let mut book = Book::default();
        let mut stands_for = |address: &str| book.address(address.parse().unwrap()).to_string();
        assert_eq!((stands_for("10.0.0.5"), stands_for("10.0.0.6")), ("192.0.2.1".into(), "192.0.2.2".into()));
        assert_eq!((stands_for("fd00::5"), stands_for("10.0.0.5")), ("2001:db8::1".into(), "192.0.2.1".into()));
        assert_eq!((stands_for("127.0.0.1"), stands_for("::")), ("127.0.0.1".into(), "::".into()));
        let many: std::collections::BTreeSet<Ipv4Addr> = (1..=2000).map(example_v4).collect();
        assert_eq!(many.len(), 2000);
    }

    #[test]
    fn distinguished_names_keep_their_form() {
        let mut book = Book::default();
        assert_eq!(
            book.distinguished_name("CN=ts01, O=Contoso GmbH, C=Contoso, Inc"),
            "CN=host-1, O=name-1, C=host-2, host-3"
        );
        assert_eq!(book.fingerprint("AB:CD"), book.fingerprint("abcd"));
    }
}
