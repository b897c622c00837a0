//! Which offers to make next where the first one was cut off: in each round those that split the remaining rivals best.

use rdpdoctor_protocol::tls::ProtocolVersion;

use super::offers;
use super::signs::{
    Seen, ask, choice, cut, facts, in_tls, is_broken, is_unstable, key_verdicts, mstsc_offers, served, serving,
};
use crate::evidence::Offer;
use crate::view::AddressView;
use crate::{Detection, Proof, Want};

/// An offer and how many answers to it are wanted.
type Ask = (Offer, usize);

/// What to offer next; empty once it is settled on what the outcome depends, or where nothing was cut off.
pub(super) fn next_offers(address: AddressView<'_>) -> Vec<Want> {
    if !is_broken(address) || key_verdicts(address).any(|(_, fits)| !fits) {
        return Vec::new();
    }
    let first = vec![(Offer::mstsc(), 2), (offers::mstsc_hello(), 1), (offers::below_tls13(), 1)];
    let rounds = [vec![first], second(address)].concat();
    let wants = |round: Vec<Ask>| round.into_iter().filter_map(|(offer, times)| ask(address, offer, times)).collect();
    rounds.into_iter().map(wants).find(|wants: &Vec<Want>| !wants.is_empty()).unwrap_or_default()
}

fn second(address: AddressView<'_>) -> Vec<Vec<Ask>> {
    let takes = |offer: &Offer| serving(address, offer).is_some();
    match (takes(&offers::below_tls13()), takes(&offers::mstsc_hello())) {
        (true, false) => vec![vec![(offers::without_tls13(), 1)]],
        (true, true) => vec![vec![(offers::mstsc_hello(), 2), (offers::only(ProtocolVersion::TLS13), 1)]],
        (false, true) => vec![vec![(offers::mstsc_hello(), 2), (offers::small(), 1)], vec![(offers::padded(), 1)]],
        (false, false) => everything_apart(address),
    }
}

/// Suites apart, then versions and size apart, each only while nothing was taken; what was taken is repeated.
fn everything_apart(address: AddressView<'_>) -> Vec<Vec<Ask>> {
    let mut rounds = Vec::new();
    for offers in apart() {
        rounds.push(offers.iter().map(|offer| (offer.clone(), 1)).collect());
        let taken = |offer: &Offer| serving(address, offer).is_some();
        if let Some(offer) = offers.into_iter().find(taken) {
            let padded = (offer == offers::small()).then(|| (offers::padded(), 1));
            rounds.push([(offer, 2)].into_iter().chain(padded).collect());
            return rounds;
        }
    }
    rounds.push(vec![(offers::modern(), 2)]);
    rounds
}

fn apart() -> [Vec<Offer>; 3] {
    [
        vec![offers::modern(), offers::old(), offers::legacy(), offers::only(ProtocolVersion::TLS13)],
        vec![offers::only(ProtocolVersion::TLS10), offers::only(ProtocolVersion::SSL3), offers::small()],
        vec![offers::only(ProtocolVersion::TLS11)],
    ]
}

/// On what the outcome depends, where the offer with everything was cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pattern {
    /// Only hellos with TLS 1.3 are cut off.
    Tls13,
    /// On the version: what is taken is older than what mstsc offers, or nothing newer may be on offer.
    Version,
    /// On the suite, group or scheme: what is taken is not what mstsc offers.
    Suite,
    /// On the size of the hello.
    Size,
}

/// None where nothing was taken, or what was taken makes no sense.
pub(super) fn pattern(address: AddressView<'_>) -> Option<Pattern> {
    if serving(address, &Offer::mstsc()).is_some() {
        return None;
    }
    let taken: Vec<_> = in_tls(address).into_iter().filter(|(_, attempt)| served(attempt)).collect();
    let taken_newest = taken.iter().filter_map(|(_, attempt)| offers::newest(&attempt.offer)).max()?;
    if taken_newest < ProtocolVersion::TLS13 && only_with_tls13(address) {
        return Some(Pattern::Tls13);
    }
    if serving(address, &offers::mstsc_hello()).is_some() || serving(address, &offers::below_tls13()).is_some() {
        return None;
    }
    if serving(address, &offers::small()).is_some() {
        return serving(address, &offers::padded()).is_none().then_some(Pattern::Size);
    }
    let chosen = taken.iter().filter_map(|(_, a)| Some((*a, a.tls.as_ref()?.server_hello.as_ref()?)));
    let chosen: Vec<_> = chosen.collect();
    if chosen.iter().all(|(_, hello)| !super::signs::mstsc_speaks(hello.version)) {
        return Some(Pattern::Version);
    }
    if chosen.iter().all(|(attempt, hello)| !mstsc_offers(attempt, hello)) {
        return Some(Pattern::Suite);
    }
    let newer = |hello: ProtocolVersion| {
        let cut_off = in_tls(address).into_iter().filter(|(_, attempt)| cut(attempt));
        let mut relevant = cut_off.filter(|(_, attempt)| offers::offers(&attempt.offer, hello));
        relevant.all(|(_, attempt)| offers::newest(&attempt.offer) > Some(taken_newest))
    };
    chosen.iter().all(|(_, hello)| newer(hello.version)).then_some(Pattern::Version)
}

/// Whether every hello with TLS 1.3 failed and none without it did.
fn only_with_tls13(address: AddressView<'_>) -> bool {
    let failed: Vec<_> = in_tls(address).into_iter().filter(|(_, attempt)| !served(attempt)).collect();
    let with_tls13 = |offer: &Offer| offers::offers(offer, ProtocolVersion::TLS13);
    !failed.is_empty() && failed.iter().all(|(_, attempt)| with_tls13(&attempt.offer))
}

/// Adds what the server does take, which is what makes it a mismatch: proven when it was cut off twice and taken twice.
pub(super) fn taken_instead(address: AddressView<'_>, proof: Proof) -> Detection {
    let seen = in_tls(address);
    let taken: Vec<Seen<'_>> = seen.iter().copied().filter(|(_, attempt)| served(attempt)).collect();
    let refused = seen.iter().filter(|(_, attempt)| cut(attempt)).count();
    let chosen = taken.iter().find_map(|(_, attempt)| Some((*attempt, attempt.tls.as_ref()?.server_hello.as_ref()?)));
    let mut proof = proof;
    if let Some((attempt, chosen)) = chosen {
        let text = format!("offered {}, the server chose {}", offers::name(&attempt.offer), choice(chosen));
        proof = proof.and(text, facts(&taken), 12);
    }
    proof.wants = next_offers(address);
    let settled = taken.len() > 1 && refused > 1 && !is_unstable(address);
    if settled { Detection::Confirmed(proof) } else { Detection::Likely(proof) }
}
