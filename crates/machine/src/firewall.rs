//! By what a rule of the firewall is known again: the registry writes it as a text, the running firewall shows it in the
//! language of Windows.

/// NET_FW_IP_PROTOCOL_ANY.
const ANY_PROTOCOL: i32 = 256;
/// Domain, private and public.
const ALL_PROFILES: u32 = 7;

/// A rule as its owner knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its name, or where that stands: `@FirewallAPI.dll,-28775`.
    pub name: String,
    /// Its group, or where that stands.
    pub group: String,
    /// What it does, which is the same in every language.
    pub traits: Traits,
}

/// What a rule does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traits {
    inward: bool,
    allows: bool,
    protocol: i32,
    ports: Vec<String>,
    service: String,
    profiles: u32,
}

impl Traits {
    /// What the running firewall says: the ports with commas, the profiles as bits. No port, `*`, and no profile are all of
    /// them.
    pub fn new(inward: bool, allows: bool, protocol: i32, ports: &str, service: &str, profiles: u32) -> Self {
        let mut ports: Vec<String> = ports
            .split(',')
            .map(|port| port.trim().to_lowercase())
            .filter(|port| !matches!(&port[..], "" | "*"))
            .collect();
        ports.sort();
        let profiles = match profiles & ALL_PROFILES {
            0 => ALL_PROFILES,
            some => some,
        };
        Self { inward, allows, protocol, ports, service: service.to_lowercase(), profiles }
    }
}

impl Rule {
    /// A rule as the registry has it ([MS-GPFAS] 2.2.2): `v2.28|Action=Allow|Active=FALSE|Dir=In|Protocol=6|LPort=3389|…`.
    pub fn read(text: &str) -> Option<Self> {
        let all = |name: &'static str| {
            let fields = text.split('|').filter_map(|field| field.split_once('='));
            fields.filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        };
        let one = |name: &'static str| all(name).next();
        let is = |name: &'static str, wanted: &str| one(name).map(|value| value.eq_ignore_ascii_case(wanted));
        let ports: Vec<&str> = all("LPort").chain(all("LPort2_10")).collect();
        let protocol = one("Protocol").map_or(Some(ANY_PROTOCOL), |number| number.parse().ok())?;
        let service = one("Svc").unwrap_or_default();
        let profiles = all("Profile").map(bit).fold(0, |bits, bit| bits | bit);
        let (inward, allows) = (is("Dir", "In")?, is("Action", "Allow")?);
        Some(Self {
            name: one("Name").unwrap_or_default().to_owned(),
            group: one("EmbedCtxt").unwrap_or_default().to_owned(),
            traits: Traits::new(inward, allows, protocol, &ports.join(","), service, profiles),
        })
    }

    /// Which of the rules it is; none where that is not certain. `shown` says what stands where a text names a place.
    pub fn only<T>(
        &self,
        rules: impl IntoIterator<Item = (Self, T)>,
        shown: impl Fn(&str) -> Option<String>,
    ) -> Option<T> {
        let is = |own: &str, other: &str| own.eq_ignore_ascii_case(other) || shown(own).is_some_and(|own| own == other);
        let alike = |other: &Self| self.traits == other.traits && is(&self.group, &other.group);
        let mut alike: Vec<(Self, T)> = rules.into_iter().filter(|(other, _)| alike(other)).collect();
        if alike.len() > 1 {
            alike.retain(|(other, _)| is(&self.name, &other.name));
        }
        let found = alike.pop();
        if alike.is_empty() { found.map(|(_, rule)| rule) } else { None }
    }
}

fn bit(profile: &str) -> u32 {
    match profile.to_ascii_lowercase().as_str() {
        "domain" => 1,
        "private" => 2,
        "public" => 4,
        _ => ALL_PROFILES,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TCP: &str = r"v2.28|Action=Allow|Active=FALSE|Dir=In|Protocol=6|LPort=3389|App=%SystemRoot%\system32\svchost.exe|Svc=termservice|Name=@FirewallAPI.dll,-28775|EmbedCtxt=@FirewallAPI.dll,-28752|";

    fn german(place: &str) -> Option<String> {
        let places = [
            ("@FirewallAPI.dll,-28775", "Remotedesktop - Benutzermodus (TCP eingehend)"),
            ("@FirewallAPI.dll,-28752", "Remotedesktop"),
        ];
        places.into_iter().find(|(known, _)| *known == place).map(|(_, text)| text.to_owned())
    }

    fn running(name: &str, group: &str, protocol: i32, ports: &str) -> Rule {
        let traits = Traits::new(true, true, protocol, ports, "TermService", 0x7FFF_FFFF);
        Rule { name: name.to_owned(), group: group.to_owned(), traits }
    }

    fn found(rules: &[Rule]) -> Option<usize> {
        Rule::read(TCP).unwrap().only(rules.iter().cloned().zip(0..), german)
    }

    #[test]
    fn a_rule_is_known_again_in_any_language() {
        let others = [running("", "Remotedesktop", 17, "3389"), running("", "Remotedesktop", 6, "3390")];
        for group in ["@firewallapi.dll,-28752", "Remotedesktop"] {
            let mut rules = others.to_vec();
            rules.push(running("Remotedesktop - Benutzermodus (TCP eingehend)", group, 6, "3389"));
            assert_eq!(found(&rules), Some(2), "{group}");
        }
        assert_eq!(found(&others), None);
        assert_eq!(found(&[running("", "Remotedesktop - RemoteFX", 6, "3389")]), None);
    }

    #[test]
    fn of_two_that_do_the_same_the_name_tells_or_nothing() {
        let group = "@FirewallAPI.dll,-28752";
        let [own, other] =
            ["Remotedesktop - Benutzermodus (TCP eingehend)", "Meine"].map(|name| running(name, group, 6, "3389"));
        assert_eq!(found(&[other.clone(), own.clone()]), Some(1));
        assert_eq!(found(&[own.clone(), own]), None);
        assert_eq!(found(&[other.clone(), other]), None);
    }

    #[test]
    fn ports_and_profiles_have_no_order_and_all_is_all() {
        let traits = |text: &str| Rule::read(&format!("v2.10|Action=Allow|Dir=In|{text}|")).unwrap().traits;
        let both = Traits::new(true, true, 6, "3380-3390, 3389", "", 3);
        assert_eq!(traits("Protocol=6|LPort=3389|LPort2_10=3380-3390|Profile=Private|Profile=Domain"), both);
        assert_eq!(traits("Profile=All"), Traits::new(true, true, 256, "*", "", 0x7FFF_FFFF));
        assert_ne!(traits("Svc=termservice"), traits("Svc=other"));
        for wrong in ["", "v2.10|Dir=In|", "v2.10|Action=Allow|Dir=In|Protocol=tcp|"] {
            assert_eq!(Rule::read(wrong), None, "{wrong}");
        }
    }
}
