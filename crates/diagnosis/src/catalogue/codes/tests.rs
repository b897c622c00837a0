use super::*;

/// All ids that are fixed for causes, whether they are built or not.
const CAUSES: &str = "\
name-not-found dns-unavailable wrong-host address-family-broken \
gateway-unreachable gateway-certificate gateway-policy gateway-target-unreachable gateway-service-failing \
port-filtered port-closed host-unreachable connection-closed-early server-unresponsive backlog-full not-rdp \
path-mtu-black-hole unstable-path middlebox-reset proxy-mangles-negotiation web-proxy-blocks \
nla-required tls-required tls-not-allowed certificate-missing standard-security-only user-auth-required \
negotiation-malformed \
tls-version-mismatch cipher-suite-mismatch private-key-unusable handshake-reset tls13-breaks-server tls-intercepted \
weak-key-exchange \
certificate-expired certificate-not-yet-valid certificate-name-mismatch certificate-untrusted certificate-weak \
certificate-expiring certificate-wrong-usage certificate-revoked certificate-shared \
clock-skew credssp-outdated ntlm-refused kerberos-unavailable domain-unreachable spn-mismatch logon-refused \
bad-credentials account-locked account-disabled account-restricted account-expired password-expired \
logon-right-missing domain-trust-broken smart-card-unusable entra-sign-in-required \
license-unavailable session-limit server-denied drain-mode redirected session-driver-crash udp-transport-broken \
broker-misconfigured broker-target-unavailable \
rdp-disabled service-stopped listener-disabled port-changed firewall-rule-disabled machine-keys-missing \
machine-keys-permissions stale-key-container cloned-machine-keys certificate-not-renewed \
configured-certificate-missing schannel-protocol-disabled schannel-ciphers-restricted nla-disabled \
security-layer-weak fips-mode policy-conflict connection-limit-low termsrv-patched update-regression port-taken \
resource-exhausted brute-force-attack \
client-tls-too-old client-profile-stale client-defect client-credssp-broken client-policy-forbids \
client-license-store-damaged client-firewall client-is-server";

pub(crate) fn known_causes() -> impl Iterator<Item = &'static str> {
    CAUSES.split_whitespace()
}

fn lines(table: &str) -> usize {
    table.lines().skip(1).count()
}

#[test]
fn every_line_is_a_code() {
    assert_eq!(codes().len(), TABLES.iter().map(|table| lines(table)).sum::<usize>());
    assert!(TABLES.iter().all(|table| !table.contains("\"\"")), "no quotes inside fields");
    let missing: Vec<_> = FAMILIES.iter().filter(|family| codes().iter().all(|code| code.family != *family)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_code_is_whole_and_stands_once() {
    let mut seen = std::collections::HashSet::new();
    for code in codes() {
        assert!(!code.source.is_empty() && !code.meaning.is_empty(), "{code:?}");
        assert!(
            code.meaning.starts_with(|first: char| !first.is_lowercase()
                || ["mstsc", "rdesktop"].iter().any(|name| code.meaning.starts_with(name))),
            "{code:?}"
        );
        assert!(!code.meaning.ends_with('.'), "{code:?}");
        assert!(seen.insert((code.family.id, code.value)), "twice: {code:?}");
    }
}

#[test]
fn every_cause_exists() {
    let known: Vec<&str> = known_causes().collect();
    let causes = codes().iter().flat_map(|code| &code.causes).chain(events().iter().flat_map(|event| &event.causes));
    let unknown: Vec<_> = causes.filter(|id| !known.contains(id)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    for code in codes() {
        let mut causes = code.causes.clone();
        causes.sort_unstable();
        causes.dedup();
        assert_eq!(causes.len(), code.causes.len(), "{code:?}");
    }
}

#[test]
fn every_code_is_found_by_its_number_and_its_name() {
    for code in codes() {
        let number = code.number();
        let same = |found: &&Code| found.family == code.family && found.value == code.value;
        if code.family.numbered {
            let read = read(&number);
            let [told] = read.codes.as_slice() else { panic!("{number}: {read:?}") };
            assert!(readings(told).iter().any(same), "{code:?}");
        }
        if !code.name.is_empty() {
            let read = read(code.name);
            let hit = read.codes.iter().any(|told| readings(told).iter().any(same));
            assert!(hit, "{}: {read:?}", code.name);
        }
    }
}

#[test]
fn every_event_is_found_by_its_id_and_its_provider() {
    assert_eq!(events().len(), lines(include_str!("../../../../../data/events.csv")));
    for event in events() {
        for text in [format!("event {}", event.id), format!("{}/{}", event.short_provider(), event.id)] {
            let read = read(&text);
            let [told] = read.codes.as_slice() else { panic!("{text}: {read:?}") };
            let hit = events_told(told).iter().any(|found| std::ptr::eq(*found, event));
            assert!(hit, "{text}: {told:?}");
        }
        assert!(!event.source.is_empty() && !event.meaning.is_empty() && !event.meaning.ends_with('.'), "{event:?}");
    }
}

#[test]
fn a_number_means_something_else_in_each_family() {
    let families = |value| lookup(value).iter().map(|code| code.family.id).collect::<Vec<_>>();
    assert_eq!(families(0x904), ["client-disconnect", "windows-app"]);
    assert_eq!(families(0x7).first(), Some(&"client-extended"));
    assert!(families(0x7).contains(&"error-info"));
    assert_eq!(families(0x0001_0007), ["freerdp-errinfo", "error-info"]);
    assert_eq!(families(0xD000_0184), ["ntstatus"]);
    assert_eq!(families(10054), ["hresult"]);
    assert_eq!(families(0x8007_59E6), ["gateway-proxy"]);
    assert!(families(0x0BAD_C0DE).is_empty());
}

#[test]
fn how_a_number_is_written_says_who_wrote_it() {
    let first = |text: &str| {
        let told = read(text).codes.remove(0);
        readings(&told).first().map(|code| code.family.id)
    };
    assert_eq!(first("40"), Some("tls-alert"));
    assert_eq!(first("0x7"), Some("client-extended"));
    assert_eq!(first("516"), Some("client-disconnect"));
}

#[test]
fn events_carry_qualifiers() {
    assert_eq!(events_with_id(3_221_226_529).first().map(|event| event.id), Some(1057));
    assert!(events_with_id(0x1_0421).is_empty());
}
