//! How causes look at evidence: one address at a time, through few questions.

use std::net::SocketAddr;

use rdpdoctor_protocol::negotiation::{FailureCode, Protocols};

use crate::evidence::{Attempt, Evidence, Offer};
use crate::{Detection, Proof, Severity};

/// The attempts at one of the target's addresses.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AddressView<'a> {
    pub(crate) evidence: &'a Evidence,
    pub(crate) endpoint: SocketAddr,
}

impl<'a> AddressView<'a> {
    /// Every attempt, with its place in the evidence.
    pub(crate) fn attempts(self) -> impl DoubleEndedIterator<Item = (usize, &'a Attempt)> {
        self.evidence.attempts_at(self.endpoint)
    }

    /// The first attempt: what a client would meet.
    pub(crate) fn first(self) -> Option<(usize, &'a Attempt)> {
        self.attempts().next()
    }

    /// Attempts with exactly this offer.
    pub(crate) fn tries(self, offer: &Offer) -> impl Iterator<Item = (usize, &'a Attempt)> {
        self.attempts().filter(move |(_, attempt)| attempt.offer == *offer)
    }

    /// Whether any attempt got a TCP connection.
    pub(crate) fn connects(self) -> bool {
        self.attempts().any(|(_, attempt)| attempt.connected.is_some())
    }

    /// What the server chose when asked as mstsc asks.
    pub(crate) fn selected(self) -> Option<Protocols> {
        let asked = Offer::mstsc().protocols();
        self.attempts()
            .filter(|(_, attempt)| attempt.offer.protocols() == asked)
            .find_map(|(_, attempt)| attempt.selected())
    }

    /// Whether any attempt was answered in RDP.
    pub(crate) fn speaks_rdp(self) -> bool {
        self.attempts().any(|(_, attempt)| attempt.spoke_rdp())
    }
}

/// The address that a client would end up at.
pub(crate) fn client_address(evidence: &Evidence) -> Option<AddressView<'_>> {
    evidence.client_endpoint().map(|endpoint| AddressView { evidence, endpoint })
}

/// Every address of the target.
pub(crate) fn addresses(evidence: &Evidence) -> impl Iterator<Item = AddressView<'_>> {
    evidence.endpoints().into_iter().map(move |endpoint| AddressView { evidence, endpoint })
}

/// Judges each address for itself. What holds for some while another answers in RDP degrades instead of blocking:
/// clients go on to the next address.
pub(crate) fn per_address(evidence: &Evidence, detect: impl Fn(AddressView<'_>) -> Detection) -> Detection {
    let mut fired: Vec<(bool, Proof)> = Vec::new();
    let mut elsewhere = false;
    let mut wants = Vec::new();
    let mut unknown = evidence.endpoints().is_empty();
    for address in addresses(evidence) {
        match detect(address) {
            Detection::Confirmed(proof) => fired.push((true, proof)),
            Detection::Likely(proof) => fired.push((false, proof)),
            Detection::Unknown(more) => {
                unknown = true;
                wants.extend(more);
            }
            Detection::RuledOut => elsewhere |= address.speaks_rdp(),
        }
    }
    if fired.is_empty() {
        return if unknown { Detection::Unknown(wants) } else { Detection::RuledOut };
    }
    let confirmed = fired.iter().any(|(confirmed, _)| *confirmed);
    let proof = fired.into_iter().filter(|(sure, _)| *sure == confirmed).map(|(_, proof)| proof).reduce(join);
    let Some(mut proof) = proof else { return Detection::RuledOut };
    if elsewhere {
        proof.severity = proof.severity.or(Some(Severity::Degrades));
    }
    proof.wants.extend(wants);
    if confirmed { Detection::Confirmed(proof) } else { Detection::Likely(proof) }
}

/// Judges the address that a client ends up at: once TCP is established, no client goes on to the next address. What
/// holds for another address only degrades, and is worth no connection of its own.
pub(crate) fn client_first(evidence: &Evidence, detect: impl Fn(AddressView<'_>) -> Detection) -> Detection {
    let Some(client) = client_address(evidence) else { return Detection::Unknown(Vec::new()) };
    let here = detect(client);
    if matches!(here, Detection::Confirmed(_) | Detection::Likely(_)) {
        return here;
    }
    let elsewhere = |proof: Proof| Proof { severity: Some(Severity::Degrades), wants: Vec::new(), ..proof };
    let others = addresses(evidence).filter(|address| address.endpoint != client.endpoint);
    let fired = others.map(detect).find_map(|detection| match detection {
        Detection::Confirmed(proof) => Some(Detection::Confirmed(elsewhere(proof))),
        Detection::Likely(proof) => Some(Detection::Likely(elsewhere(proof))),
        Detection::RuledOut | Detection::Unknown(_) => None,
    });
    fired.unwrap_or(here)
}

/// Addresses that show the same do not make it more likely, so only the first one's weights count.
fn join(mut first: Proof, mut second: Proof) -> Proof {
    for item in &mut second.items {
        item.decibans = 0;
    }
    first.items.extend(second.items);
    first.wants.extend(second.wants);
    for text in second.missing {
        if !first.missing.contains(&text) {
            first.missing.push(text);
        }
    }
    first
}

/// Whether what a current mstsc offers was carried to the end of TLS, or to Standard RDP Security.
pub(crate) fn client_gets_through(evidence: &Evidence) -> bool {
    let Some(endpoint) = evidence.client_endpoint() else { return false };
    let direct = evidence
        .tries(endpoint, &Offer::mstsc())
        .any(|(_, attempt)| attempt.completed_tls() || attempt.selected().is_some_and(Protocols::is_empty));
    direct || falls_back(evidence, endpoint)
}

/// A client that is told SSL_NOT_ALLOWED_BY_SERVER connects once more and asks for Standard RDP Security alone.
fn falls_back(evidence: &Evidence, endpoint: SocketAddr) -> bool {
    let asks = |attempt: &Attempt, protocols| attempt.offer.protocols() == protocols;
    let attempts = || evidence.attempts_at(endpoint).map(|(_, attempt)| attempt);
    let told = attempts()
        .filter(|attempt| attempt.failure_code() == Some(FailureCode::SSL_NOT_ALLOWED_BY_SERVER))
        .any(|attempt| asks(attempt, Offer::mstsc().protocols()));
    told && attempts()
        .filter(|attempt| attempt.selected().is_some_and(Protocols::is_empty))
        .any(|attempt| asks(attempt, Some(Protocols::RDP)))
}

/// The JSON pointer of an attempt in the report.
pub(crate) fn attempt_fact(index: usize) -> String {
    format!("/evidence/attempts/{index}")
}

/// The JSON pointer of something in the host's snapshot, such as `["services", "TermService"]`.
pub(crate) fn host_fact(parts: &[&str]) -> String {
    pointer("/evidence/host", parts)
}

/// The same of the machine that connects.
pub(crate) fn origin_fact(parts: &[&str]) -> String {
    pointer("/evidence/origin", parts)
}

/// RFC 6901.
fn pointer(root: &str, parts: &[&str]) -> String {
    parts.iter().fold(root.to_owned(), |path, part| path + "/" + &part.replace('~', "~0").replace('/', "~1"))
}
