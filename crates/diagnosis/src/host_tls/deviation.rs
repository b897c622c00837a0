use rdpdoctor_protocol::tls::{CipherSuite, KeyExchange};

use super::{Protocol, State, SuiteList, curves, defaults, protocols, switched_off};
use crate::Certainty;
use crate::catalogue::Profile;
use crate::evidence::Snapshot;
use crate::report::Deviation;

/// Names that are written out; the rest is counted.
const NAMED: usize = 4;

/// How the machine's protocols, cipher suites and their order differ from what its build comes with; empty where nothing
/// differs, and where the build or the settings are not known.
pub fn deviations(host: &Snapshot) -> Vec<Deviation> {
    let Some(own) = defaults(host) else { return Vec::new() };
    let mut found: Vec<Deviation> =
        protocols(host).unwrap_or_default().iter().filter_map(|one| version(own, one)).collect();
    if let Some(list) = SuiteList::of(host) {
        found.extend(listed(own, &list));
        found.extend(switches(host, own));
    }
    found.extend(groups(host, own));
    found
}

fn version(own: &Profile, one: &Protocol) -> Option<Deviation> {
    let (version, name, place) = (one.version, &own.name, &one.place);
    let text = match (one.by_default, one.state) {
        (true, State::Off) => format!("{version} is on in {name}; {place} switches it off"),
        (true, State::OnRequest) => format!("{version} is on in {name}; {place} keeps it for programs that ask for it"),
        (false, State::On | State::OnRequest) => format!("{version} is off in {name}; {place} switches it on"),
        (_, State::Unsupported) => format!("{version} is not in {name}; {place} switches it on all the same"),
        (_, State::On | State::Off | State::Unread) => return None,
    };
    Some(sure(text, one.fact.clone()))
}

fn listed(own: &Profile, list: &SuiteList) -> Vec<Deviation> {
    let Some(by) = list.by else { return Vec::new() };
    let all: Vec<CipherSuite> = list.suites.iter().chain(&list.doubtful).copied().collect();
    let gone: Vec<String> = names(own.suites.iter().filter(|suite| !all.contains(suite)));
    let added = names(all.iter().filter(|suite| !own.suites.contains(suite) && is_for_everybody(**suite)));
    let shared: Vec<&CipherSuite> = all.iter().filter(|suite| own.suites.contains(suite)).collect();
    let order: Vec<&CipherSuite> = own.suites.iter().filter(|suite| all.contains(suite)).collect();
    let moved = shared.iter().zip(&order).find(|(now, before)| now != before);
    let name = &own.name;
    [
        (!gone.is_empty()).then(|| format!("{by} leaves out what {name} has: {}", some(&gone))),
        (!added.is_empty()).then(|| format!("{by} adds what {name} does not use: {}", some(&added))),
        moved.map(|(now, before)| format!("{by} has another order than {name}: {now} stands where {before} would")),
        (!list.unknown.is_empty()).then(|| format!("{by} names what is no suite: {}", some(&list.unknown))),
    ]
    .into_iter()
    .flatten()
    .map(|text| sure(text, list.fact.clone()))
    .collect()
}

/// Windows lists suites without encryption, and with a shared secret, for programs that ask for them.
fn is_for_everybody(suite: CipherSuite) -> bool {
    let shared_secret = suite.parameters().is_some_and(|parts| parts.key_exchange == KeyExchange::Psk);
    !shared_secret && suite.name().is_some_and(|name| !name.contains("_NULL_"))
}

/// Each switch once.
fn switches(host: &Snapshot, own: &Profile) -> Vec<Deviation> {
    let mut found: Vec<Deviation> = Vec::new();
    for (place, fact) in own.suites.iter().filter_map(|suite| switched_off(host, *suite)).flatten() {
        if !found.iter().any(|known| known.facts.contains(&fact)) {
            found.push(sure(format!("{place} is switched off, and suites of {} with it", own.name), fact));
        }
    }
    found
}

fn groups(host: &Snapshot, own: &Profile) -> Option<Deviation> {
    let (set, fact) = curves(host)?;
    let gone: Vec<String> = own.groups.iter().filter(|group| !set.contains(group)).map(ToString::to_string).collect();
    let text = format!("the list of curves leaves out what {} has: {}", own.name, some(&gone));
    (!gone.is_empty()).then(|| sure(text, fact))
}

fn names<'a>(suites: impl Iterator<Item = &'a CipherSuite>) -> Vec<String> {
    suites.map(ToString::to_string).collect()
}

fn some(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
    let more = names.len().saturating_sub(NAMED);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

fn sure(text: String, fact: String) -> Deviation {
    Deviation { text, certainty: Certainty::Confirmed, facts: vec![fact] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::snapshot::RegistryValue;
    use crate::testing::Machine;

    fn texts(machine: Machine) -> Vec<String> {
        deviations(&machine.snapshot()).into_iter().map(|one| one.text).collect()
    }

    fn list(suites: &[&str]) -> Machine {
        Machine::healthy().text("suite-policy", &suites.join(","))
    }

    fn default_names() -> Vec<&'static str> {
        defaults(&Machine::healthy().snapshot()).unwrap().suites.iter().filter_map(|suite| suite.name()).collect()
    }

    #[test]
    fn none_as_it_comes_and_with_its_own_list_spelt_out() {
        assert_eq!(texts(Machine::healthy()), Vec::<String>::new());
        let mut all = default_names();
        all.push("TLS_RSA_WITH_NULL_SHA256");
        assert_eq!(texts(list(&all)), Vec::<String>::new());
    }

    #[test]
    fn versions_suites_order_and_switches() {
        let root = r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL";
        let off = |below: &str| {
            let path = format!("{root}\\{below}");
            texts(Machine::healthy().value(&path, "Enabled", RegistryValue::Dword(0)))
        };
        assert!(off(r"Protocols\TLS 1.0\Server")[0].contains("TLS 1.0 is on in"));
        assert_eq!(off(r"Ciphers\AES 128/128").len(), 1);
        let mut swapped = default_names();
        swapped.swap(0, 1);
        assert!(texts(list(&swapped))[0].contains("another order"));
        let short = texts(list(&["TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_RC4_128_MD5", "TLS_NONSENSE"]));
        assert!(short[0].contains("leaves out") && short[0].contains(" more"), "{short:?}");
        assert!(short.iter().any(|text| text.contains("TLS_NONSENSE")), "{short:?}");
    }

    #[test]
    fn none_where_nothing_was_read() {
        assert_eq!(texts(Machine::unread()), Vec::<String>::new());
    }
}
