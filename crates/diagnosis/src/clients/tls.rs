//! Whether a client and the server agree in TLS, as far as the server's answers to other offers tell.

use rdpdoctor_protocol::tls::{CipherSuite, HelloSpec, NamedGroup, ProtocolVersion, SignatureScheme};

use super::Fate;
use super::known::{Offered, Pick, Refusal, TlsKnown, is_rare_group, is_usable};
use crate::Stage;
use crate::catalogue::{Profile, Trouble};
use crate::evidence::{Ending, Offer, TlsOffer};

/// The hello of a client as the table knows it, asked for with mstsc's protocols so that only the hello differs.
pub(super) fn hello_of(client: &Profile) -> Option<Offer> {
    let own = own(client)?;
    let mut spec = HelloSpec::new(&own.versions, &own.suites);
    spec.groups = own.groups;
    spec.schemes = own.schemes;
    Some(Offer { tls: Some(TlsOffer::Hello(spec)), ..Offer::mstsc() })
}

/// What becomes of the client in TLS.
pub(super) fn judge(client: &Profile, known: &TlsKnown<'_>) -> Fate {
    let Some(own) = own(client) else { return Fate::unknown("nobody has observed yet what it offers") };
    let pair = Pair { client, known, own: &own };
    if let Some(fate) = pair.measured().or_else(|| pair.refused_whole()) {
        return fate;
    }
    pair.by_version()
}

fn own(client: &Profile) -> Option<Offered> {
    use ProtocolVersion as V;
    let range = client.client?;
    let versions = [V::TLS13, V::TLS12, V::TLS11, V::TLS10].into_iter().filter(|version| range.contains(*version));
    Some(Offered {
        versions: versions.collect(),
        suites: client.suites.clone(),
        groups: client.groups.clone(),
        schemes: client.schemes.clone(),
        wide: false,
    })
}

/// One version, between this client and the server.
enum At<'a> {
    /// The server has it not.
    Absent,
    /// They agree.
    Agreed(&'a Pick<'a>),
    /// The server refused everything that this client has for it.
    Refused(Vec<&'a Refusal<'a>>),
    /// Not seen.
    Open,
}

#[derive(Clone, Copy)]
struct Pair<'a> {
    client: &'a Profile,
    known: &'a TlsKnown<'a>,
    own: &'a Offered,
}

impl<'a> Pair<'a> {
    /// The client's own hello was sent: no need to infer.
    fn measured(self) -> Option<Fate> {
        let same = |offered: &Offered| offered.holds(self.own) && self.own.holds(offered) && !offered.wide;
        if let Some(pick) = self.known.picks.iter().find(|pick| same(&pick.offered)) {
            return Some(self.short_prime(pick).unwrap_or_else(|| connects(pick, "")));
        }
        let refusal = self.known.refusals.iter().find(|refusal| same(&refusal.offered))?;
        let reason = format!("the server refuses what it offers ({})", ending(refusal));
        Some(Fate::fails(Stage::Tls, reason).with_facts([refusal.fact()]))
    }

    /// An offer with everything that the client has, and no newer, was refused.
    fn refused_whole(self) -> Option<Fate> {
        if self.known.is_contradictory() {
            return None;
        }
        let refusal = self.known.refusals.iter().find(|refusal| refusal.offered.holds(self.own))?;
        let newest = self.own.newest().map_or_else(String::new, |version| version.to_string());
        let reason =
            format!("the server refuses offers up to {newest} that hold all of this client's ({})", ending(refusal));
        Some(Fate::fails(Stage::Tls, reason).with_facts([refusal.fact()]))
    }

    /// The newest version of both decides; what a newer one left open, an older one cannot settle.
    fn by_version(self) -> Fate {
        let mut refused: Vec<&Refusal<'_>> = Vec::new();
        let mut at = None;
        for version in &self.own.versions {
            match self.at(*version) {
                At::Absent => {}
                At::Agreed(pick) if refused.is_empty() => return self.agreed(pick),
                At::Refused(refusals) => {
                    refused.extend(refusals);
                    at = at.or(Some(*version));
                    if self.is_spoken(*version) {
                        break;
                    }
                }
                At::Agreed(pick) => return only_without_newer(pick, &refused),
                At::Open => return self.open(*version),
            }
        }
        match (at, refused.as_slice()) {
            (Some(version), [first, ..]) => {
                let reason = format!("the server refuses every suite that it has for {version} ({})", ending(first));
                Fate::fails(Stage::Tls, reason).with_facts(refused.iter().map(|refusal| refusal.fact()))
            }
            _ => self.too_old(),
        }
    }

    fn at(self, version: ProtocolVersion) -> At<'a> {
        if self.known.is_passed_over(version) {
            return At::Absent;
        }
        let here = || self.known.picks.iter().filter(|pick| pick.version == version);
        if let Some(pick) = here().find(|pick| self.takes(pick)) {
            return At::Agreed(pick);
        }
        let refusals = self.refusals_at(version);
        if refusals.is_empty() || self.known.is_contradictory() { At::Open } else { At::Refused(refusals) }
    }

    fn is_spoken(self, version: ProtocolVersion) -> bool {
        self.known.picks.iter().any(|pick| pick.version == version)
    }

    /// Whether the client could have been the one that the server answered so.
    fn takes(self, pick: &Pick<'_>) -> bool {
        let suite = pick.suite.is_none_or(|suite| self.own.suites.contains(&suite));
        let group = pick.exchange.group.is_none_or(|group| self.takes_group(group));
        let scheme = pick.exchange.scheme.filter(|_| pick.version >= ProtocolVersion::TLS12);
        suite && group && scheme.is_none_or(|scheme| self.takes_scheme(scheme)) && self.short_prime(pick).is_none()
    }

    /// Who picks x25519 because it stood first has P-256 too: RFC 8446 section 9.1 and RFC 8422 want it.
    fn takes_group(self, group: NamedGroup) -> bool {
        let stands_in = group == NamedGroup::X25519 && self.own.groups.contains(&NamedGroup::SECP256R1);
        self.own.groups.is_empty() || self.own.groups.contains(&group) || stands_in
    }

    /// Who signs with PSS or a longer hash because it stood first can sign with PKCS #1 and SHA-256.
    fn takes_scheme(self, scheme: SignatureScheme) -> bool {
        use SignatureScheme as S;
        let rsa = [
            S::RSA_PSS_RSAE_SHA256,
            S::RSA_PSS_RSAE_SHA384,
            S::RSA_PSS_RSAE_SHA512,
            S::RSA_PKCS1_SHA384,
            S::RSA_PKCS1_SHA512,
        ];
        let stands_in = rsa.contains(&scheme) && self.own.schemes.contains(&S::RSA_PKCS1_SHA256);
        let unsaid = self.own.schemes.is_empty() && scheme == S::RSA_PKCS1_SHA1;
        self.own.schemes.contains(&scheme) || stands_in || unsaid
    }

    /// The refusals that together cover all that the client has for this version; empty where they do not.
    fn refusals_at(self, version: ProtocolVersion) -> Vec<&'a Refusal<'a>> {
        let decides = |refusal: &&Refusal<'_>| {
            let newer = refusal.offered.versions.iter().filter(|other| **other > version);
            refusal.offered.versions.contains(&version)
                && newer.into_iter().all(|other| self.known.is_passed_over(*other))
                && refusal.offered.holds_parameters(self.own)
                && !self.needs_rare_group()
        };
        let refusals: Vec<&Refusal<'_>> = self.known.refusals.iter().filter(decides).collect();
        let covered = |suite: &CipherSuite| refusals.iter().any(|refusal| refusal.offered.suites.contains(suite));
        let mut usable = self.own.suites.iter().filter(|suite| is_usable(**suite, version, self.known.key)).peekable();
        if usable.peek().is_none() || usable.all(covered) { refusals } else { Vec::new() }
    }

    /// Whether the server was seen to want a group that our offers leave out, and the client has it.
    fn needs_rare_group(self) -> bool {
        let seen = |group: &NamedGroup| self.known.picks.iter().any(|pick| pick.exchange.group == Some(*group));
        self.own.groups.iter().any(|group| is_rare_group(*group) && seen(group))
    }

    fn short_prime(self, pick: &Pick<'_>) -> Option<Fate> {
        let bits = u32::from(pick.exchange.prime_bits?);
        let minimum = self.client.min_dh_bits?;
        let reason = format!("the server sends a Diffie-Hellman prime of {bits} bits; it takes {minimum} and more");
        let fate = Fate::fails(Stage::Tls, reason).at(pick.version, pick.suite).with_facts([pick.fact()]);
        (bits < minimum).then_some(fate)
    }

    fn agreed(self, pick: &Pick<'_>) -> Fate {
        let group = pick.exchange.group.filter(|group| !self.own.groups.contains(group));
        let scheme = pick
            .exchange
            .scheme
            .filter(|scheme| pick.version >= ProtocolVersion::TLS12 && !self.own.schemes.contains(scheme));
        let taken_for_granted = match (group, scheme) {
            (None, None) => "",
            (Some(_), None) => "; that it also takes secp256r1 is taken for granted",
            (None, Some(_)) => "; that it also signs with PKCS #1 is taken for granted",
            (Some(_), Some(_)) => "; that it also takes secp256r1 and signs with PKCS #1 is taken for granted",
        };
        connects(pick, taken_for_granted)
    }

    /// All of the client's versions are newer than what the server picks.
    fn too_old(self) -> Fate {
        let oldest = self.known.picks.iter().min_by_key(|pick| pick.version);
        let Some(pick) = oldest else { return Fate::unknown("no TLS handshake was seen") };
        let reason = format!("the newest version of the server is {}, which it does not speak", pick.version);
        let fate = Fate::fails(Stage::Tls, reason).at(pick.version, pick.suite).with_facts([pick.fact()]);
        fate.against(Trouble::OldTls)
    }

    fn open(self, version: ProtocolVersion) -> Fate {
        let Some(pick) = self.known.picks.first() else {
            return Fate::unknown(
                "no offer was seen to be taken, and none that holds all of this client's was refused",
            );
        };
        if pick.version > version {
            let reason = format!("the server picked {}; older versions were not measured", pick.version);
            return Fate::unknown(reason).with_facts([pick.fact()]);
        }
        let offer = if pick.offered.wide { "OpenSSL's wider offer" } else { "another offer" };
        let what = pick.suite.map_or_else(String::new, |suite| format!(" with {suite}"));
        let picked = format!("the server picked {}{what} from {offer}", pick.version);
        Fate::unknown(format!("{picked}; what it takes of this client's was not measured")).with_facts([pick.fact()])
    }
}

/// An offer that held what the server takes elsewhere, and a newer version, was refused: the newer version breaks it.
fn only_without_newer(pick: &Pick<'_>, refused: &[&Refusal<'_>]) -> Fate {
    let held = |refusal: &&&Refusal<'_>| {
        let versions = refusal.offered.versions.contains(&pick.version);
        versions && pick.suite.is_some_and(|suite| refusal.offered.suites.contains(&suite))
    };
    if let Some(refusal) = refused.iter().find(held) {
        let newest = refusal.offered.newest().map_or_else(String::new, |version| version.to_string());
        let reason = format!("the server refuses offers with {newest} ({}), and takes them without", ending(refusal));
        return Fate::fails(Stage::Tls, reason).with_facts([refusal.fact(), pick.fact()]);
    }
    let reason = format!("the server takes {} where nothing newer is on offer; more was not measured", pick.version);
    Fate::unknown(reason).with_facts([pick.fact()])
}

fn connects(pick: &Pick<'_>, more: &str) -> Fate {
    let offer = if pick.offered.wide { "from OpenSSL's wider offer" } else { "from a hello like its own" };
    let what = pick.suite.map_or_else(String::new, |suite| format!(" with {suite}"));
    let fate = Fate::new(super::End::Connects, format!("the server picked {}{what} {offer}{more}", pick.version));
    fate.at(pick.version, pick.suite).with_facts([pick.fact()])
}

/// How the offer was refused.
fn ending(refusal: &Refusal<'_>) -> String {
    match &refusal.attempt.ending {
        Ending::Alert { description, .. } => format!("alert {description}"),
        Ending::Fin => "FIN".to_owned(),
        _ => "RST".to_owned(),
    }
}
