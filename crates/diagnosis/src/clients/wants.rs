//! Which hello is worth sending next, so that a client's fate is known.

use rdpdoctor_protocol::negotiation::Protocols;

use super::tls::hello_of;
use super::{End, fate};
use crate::catalogue::{Profile, SecurityProtocol, profiles};
use crate::evidence::{Evidence, Offer};
use crate::view::client_address;
use crate::{Finding, Want};

/// The next measurement for any of all known clients: one at a time, as each may settle others.
pub(crate) fn for_all(evidence: &Evidence, findings: &[Finding]) -> Option<Want> {
    let mut clients = profiles().iter().filter(|profile| profile.is_client());
    clients.find_map(|client| for_one(client, evidence, findings))
}

/// The measurement that would settle one client: none where it is settled, or where its own hello told nothing.
pub(crate) fn for_one(client: &Profile, evidence: &Evidence, findings: &[Finding]) -> Option<Want> {
    let address = client_address(evidence)?;
    // Where the server begins no TLS for mstsc's offer, a hello cannot be asked for.
    let begins_tls = address.selected().is_some_and(|selected| !selected.is_empty());
    if fate(client, evidence, findings).end != End::Unknown || !begins_tls {
        return None;
    }
    let hello = Want::attempt(address.endpoint, hello_of(client)?);
    let again = Want::repeat(address.endpoint, hello_of(client)?);
    let lesser = Want::attempt(address.endpoint, Offer::negotiate(Protocols::SSL));
    let lesser = (client.can(SecurityProtocol::Hybrid) != Some(true)).then_some(lesser);
    lesser.into_iter().chain([hello, again]).find(|want| !want.is_met(evidence))
}
