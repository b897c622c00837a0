//! What several causes of this stage look for.

use rdpdoctor_protocol::tls::{KeyExchange, ProtocolVersion};

use super::offers;
use crate::evidence::{Attempt, Ending, Offer, ServerHelloSeen, TlsOffer};
use crate::view::{AddressView, attempt_fact};
use crate::{Detection, Proof, Want};

/// An attempt with its place in the evidence.
pub(super) type Seen<'a> = (usize, &'a Attempt);

/// How often an offer is made again when its try told nothing.
const SPARE_TRIES: usize = 1;

/// Attempts that came as far as TLS.
pub(super) fn in_tls(address: AddressView<'_>) -> Vec<Seen<'_>> {
    address.attempts().filter(|(_, attempt)| attempt.tls.is_some()).collect()
}

/// The server took the offer: it completed the handshake, or answered our hello with its own.
pub(super) fn served(attempt: &Attempt) -> bool {
    let Some(tls) = &attempt.tls else { return false };
    match attempt.offer.tls {
        Some(TlsOffer::Hello(_)) => tls.server_hello.is_some() || tls.hello_retry.is_some(),
        _ => tls.completed.is_some(),
    }
}

/// The other side ended TLS; silence is something else.
pub(super) fn cut(attempt: &Attempt) -> bool {
    let ended = matches!(
        attempt.ending,
        Ending::Fin | Ending::Reset | Ending::Alert { .. } | Ending::Malformed { .. } | Ending::Disconnect { .. }
    );
    attempt.tls.is_some() && !served(attempt) && ended
}

/// It was hung up on before a single TLS record came: closed, reset or disconnected, without an alert or garbage.
pub(super) fn cut_mute(attempt: &Attempt) -> bool {
    let mute = attempt.tls.as_ref().is_some_and(|tls| tls.records == 0 && tls.server_hello.is_none());
    mute && cut(attempt) && !matches!(attempt.ending, Ending::Alert { .. } | Ending::Malformed { .. })
}

/// Attempts with this offer that were cut off.
pub(super) fn cuts<'a>(address: AddressView<'a>, offer: &Offer) -> Vec<Seen<'a>> {
    address.attempts().filter(|(_, attempt)| attempt.offer == *offer && cut(attempt)).collect()
}

/// The first attempt with this offer that was served.
pub(super) fn serving<'a>(address: AddressView<'a>, offer: &Offer) -> Option<Seen<'a>> {
    address.attempts().find(|(_, attempt)| attempt.offer == *offer && served(attempt))
}

/// The handshake that OpenSSL completed with everything that it has, and what the server chose in it.
pub(super) fn completed(address: AddressView<'_>) -> Option<(Seen<'_>, &ServerHelloSeen)> {
    let seen = serving(address, &Offer::mstsc())?;
    Some((seen, seen.1.tls.as_ref()?.server_hello.as_ref()?))
}

/// Whether the offer with everything was cut off and never completed.
pub(super) fn is_broken(address: AddressView<'_>) -> bool {
    !cuts(address, &Offer::mstsc()).is_empty() && serving(address, &Offer::mstsc()).is_none()
}

/// Whether what the server chose is something that a current mstsc offers.
pub(super) fn mstsc_offers(attempt: &Attempt, chosen: &ServerHelloSeen) -> bool {
    let spec = offers::mstsc_spec();
    let exchange = attempt.tls.as_ref().and_then(|tls| tls.key_exchange).unwrap_or_default();
    // A scheme below TLS 1.2 is not negotiated.
    let scheme = exchange.scheme.filter(|_| chosen.version >= ProtocolVersion::TLS12);
    mstsc_speaks(chosen.version)
        && spec.suites.contains(&chosen.suite)
        && exchange.group.is_none_or(|group| spec.groups.contains(&group))
        && scheme.is_none_or(|scheme| spec.schemes.contains(&scheme))
}

/// Whether a current mstsc has this version.
pub(super) fn mstsc_speaks(version: ProtocolVersion) -> bool {
    version >= ProtocolVersion::TLS10
}

/// What becomes of the hello of a current mstsc where the handshake with everything was completed.
pub(super) enum MstscFate<'a> {
    /// It is taken, or what the server chose leaves no doubt that it would be.
    Taken,
    /// It is cut off, every time.
    Refused(Vec<Seen<'a>>),
    /// Not known yet.
    Untried(Vec<Want>),
}

/// Asks as mstsc where the server chose something that mstsc does not offer.
pub(super) fn mstsc_fate(address: AddressView<'_>) -> MstscFate<'_> {
    let Some(((_, attempt), chosen)) = completed(address) else { return MstscFate::Untried(Vec::new()) };
    let hello = offers::mstsc_hello();
    if mstsc_offers(attempt, chosen) || serving(address, &hello).is_some() {
        return MstscFate::Taken;
    }
    let refused = cuts(address, &hello);
    if refused.is_empty() {
        return MstscFate::Untried(ask(address, hello, 1).into_iter().collect());
    }
    MstscFate::Refused(refused)
}

/// The offer, until it was answered or cut off so many times; a try that told nothing is made up for once.
pub(super) fn ask(address: AddressView<'_>, offer: Offer, times: usize) -> Option<Want> {
    let tries: Vec<&Attempt> = address.tries(&offer).map(|(_, attempt)| attempt).collect();
    let telling = tries.iter().filter(|attempt| served(attempt) || cut(attempt)).count();
    let more = telling < times && tries.len() < times + SPARE_TRIES;
    more.then(|| Want::Attempt { endpoint: address.endpoint, times: tries.len() + 1, offer })
}

/// Whether a signature showed that the server's private key does not fit its certificate (`false`) or does (`true`).
pub(super) fn key_verdicts(address: AddressView<'_>) -> impl Iterator<Item = (usize, bool)> {
    address.attempts().filter_map(|(index, attempt)| {
        let fits = attempt.tls.as_ref()?.key_exchange?.verified?;
        Some((index, fits))
    })
}

/// The shortest Diffie-Hellman prime that the server used, in bits, with its attempt.
pub(super) fn shortest_prime(address: AddressView<'_>) -> Option<(usize, u16)> {
    let primes = address.attempts().filter_map(|(index, attempt)| {
        let bits = attempt.tls.as_ref()?.key_exchange?.prime_bits?;
        Some((index, bits))
    });
    primes.min_by_key(|(_, bits)| *bits)
}

/// Whether the server's certificate key is the key exchange too.
pub(super) fn is_static_rsa(chosen: &ServerHelloSeen) -> bool {
    let exchange = chosen.suite.parameters().map(|parts| parts.key_exchange);
    matches!(exchange, Some(KeyExchange::Rsa | KeyExchange::RsaExport))
}

/// Whether an offer had both fates.
pub(super) fn is_unstable(address: AddressView<'_>) -> bool {
    in_tls(address).iter().any(|(_, attempt)| cut(attempt) && serving(address, &attempt.offer).is_some())
}

/// JSON pointers to these attempts.
pub(super) fn facts(attempts: &[Seen<'_>]) -> Vec<String> {
    attempts.iter().map(|(index, _)| attempt_fact(*index)).collect()
}

/// "TLS 1.2 with TLS_RSA_WITH_AES_256_CBC_SHA".
pub(super) fn choice(chosen: &ServerHelloSeen) -> String {
    format!("{} with {}", chosen.version, chosen.suite)
}

/// How and where the other side cut TLS off, for a sentence.
pub(super) fn ending(attempt: &Attempt) -> String {
    let how = match &attempt.ending {
        Ending::Fin => "the connection was closed (FIN)".to_owned(),
        Ending::Reset => "the connection was reset (RST)".to_owned(),
        Ending::Alert { description, .. } => format!("the server sent the alert {description}"),
        Ending::Malformed { what } => format!("a malformed answer came ({what})"),
        Ending::Disconnect { reason } => format!("the server disconnected ({reason})"),
        _ => "no answer came".to_owned(),
    };
    let tls = attempt.tls.as_ref();
    let place = match tls.and_then(|tls| tls.server_hello.as_ref()) {
        Some(hello) => format!("after its ServerHello ({}, {})", hello.version, hello.suite),
        None if tls.is_some_and(|tls| tls.records > 0) => "after our ClientHello, before its ServerHello".to_owned(),
        None => "after our ClientHello, before any TLS record came back".to_owned(),
    };
    format!("{how} {place}")
}

/// Adds what became of the hello of a current mstsc.
pub(super) fn refusal(proof: Proof, text: &str, cut_off: &[Seen<'_>]) -> Proof {
    let Some((_, first)) = cut_off.first() else { return proof };
    let how = ending(first);
    proof.and(format!("what a current mstsc offers is {text}: {how}"), facts(cut_off), 8)
}

/// Proven once the offer was refused with an alert, or cut off twice: a stray RST is no refusal.
pub(super) fn refused_for_good(address: AddressView<'_>, offer: &Offer, proof: Proof) -> Detection {
    let cut_off = cuts(address, offer);
    let by_alert = cut_off.iter().any(|(_, attempt)| matches!(attempt.ending, Ending::Alert { .. }));
    if by_alert || cut_off.len() > 1 {
        return Detection::Confirmed(proof);
    }
    let wants = ask(address, offer.clone(), 2).into_iter().collect();
    Detection::Likely(Proof { wants, ..proof })
}
