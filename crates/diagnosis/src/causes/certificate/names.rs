//! Which names a certificate is for (RFC 9525 section 6, RFC 6125 section 6.4).

use std::net::IpAddr;

use crate::certificate::Certificate;
use crate::evidence::Target;

/// Whether the certificate is for what was asked.
pub(in crate::causes) fn is_for(certificate: &Certificate, target: &Target) -> bool {
    match target.literal() {
        Some(address) => is_for_address(certificate, address),
        None => certificate.names().iter().any(|name| matches(name, &target.host)),
    }
}

/// Clients that know no addresses in certificates compare with the common name.
fn is_for_address(certificate: &Certificate, address: IpAddr) -> bool {
    let names_it = |name: &str| name.parse() == Ok(address);
    certificate.addresses.contains(&address) || certificate.names().into_iter().any(names_it)
}

/// Whether one name of a certificate, wildcards counted, is the host asked for.
pub(in crate::causes) fn matches(presented: &str, host: &str) -> bool {
    let (presented, host) = (canonical(presented), canonical(host));
    if presented == host {
        return !host.is_empty();
    }
    // The asterisk stands for the whole leftmost label, and never for a name right below the root.
    let Some(parent) = presented.strip_prefix("*.") else { return false };
    parent.contains('.') && host.split_once('.').is_some_and(|(label, rest)| !label.is_empty() && rest == parent)
}

/// Whether two names begin with the same label, of which NetBIOS keeps 15 characters.
pub(in crate::causes) fn same_machine(one: &str, other: &str) -> bool {
    let label = |name: &str| canonical(name).split('.').next().unwrap_or_default().to_owned();
    let (one, other) = (label(one), label(other));
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    !short.is_empty() && (short == long || short.len() == NETBIOS && long.starts_with(&short))
}

/// Characters in a NetBIOS computer name.
const NETBIOS: usize = 15;

/// Lower case, A-labels (RFC 5890), no dot at the end.
fn canonical(name: &str) -> String {
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    idna::domain_to_ascii(name).unwrap_or_else(|_| name.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::CertificateMaker;

    #[test]
    fn names_match_by_labels() {
        for (presented, host) in [
            ("TS01.corp.example", "ts01.CORP.example"),
            ("ts01.corp.example.", "ts01.corp.example"),
            ("*.corp.example", "ts01.corp.example"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("*.corp.example", "xn--bcher-kva.corp.example"),
        ] {
            assert!(matches(presented, host), "{presented} {host}");
        }
    }

    #[test]
    fn near_misses_do_not_match() {
        for (presented, host) in [
            ("ts01.corp.example", "ts01"),
            ("*.corp.example", "a.b.corp.example"),
            ("*.corp.example", "corp.example"),
            ("t*.corp.example", "ts01.corp.example"),
            ("ts01.*.example", "ts01.corp.example"),
            ("*.example", "ts01.example"),
            ("*", "ts01"),
            ("", ""),
        ] {
            assert!(!matches(presented, host), "{presented} {host}");
        }
    }

    #[test]
    fn addresses_match_addresses_only() {
        let target = |host: &str| host.parse::<Target>().unwrap();
        let read = |maker: CertificateMaker| Certificate::parse(&maker.der()).unwrap();
        let with_address = read(CertificateMaker::self_signed("TS01").address("10.0.0.5").address("2001:db8::5"));
        assert!(is_for(&with_address, &target("10.0.0.5")) && is_for(&with_address, &target("2001:db8:0::5")));
        assert!(!is_for(&with_address, &target("10.0.0.6")));
        assert!(is_for(&read(CertificateMaker::self_signed("10.0.0.5")), &target("10.0.0.5")));
        let wildcard = read(CertificateMaker::self_signed("a").dns(&["*.0.0.5"]));
        assert!(!is_for(&wildcard, &target("10.0.0.5")));
    }

    #[test]
    fn netbios_keeps_fifteen_characters() {
        assert!(same_machine("terminalserver01.corp.example", "TERMINALSERVER0"));
        assert!(same_machine("ts01.corp.example", "TS01.other.example"));
        assert!(!same_machine("ts01", "ts011"));
        assert!(!same_machine("", ""));
    }
}
