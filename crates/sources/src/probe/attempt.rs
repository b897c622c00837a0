//! One TCP connection, as far as its offer says or the other side lets us.

use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use rdpdoctor_diagnosis::evidence::{Attempt, Connected, Ending, NegotiateAnswer, Offer, Source, TlsOffer, TlsSeen};
use rdpdoctor_protocol::negotiation::Protocols;
use tokio::time::Instant;

use super::clock::millis;
use super::negotiate::negotiate;
use super::tcp;
use super::tls::{self, Newest};
use super::wire::Wire;
use super::{credssp, trust};

/// Makes one offer at one endpoint, until `halt` completes: then what was seen so far is what was seen. `via` is the endpoint with its scope, where it needs one. The connection comes
/// back hung up; [`Wire::drain`] lets it go in good order.
///
/// `started_ms` is zero: only the caller knows when the evidence began.
pub(crate) async fn attempt(
    endpoint: SocketAddr,
    via: SocketAddr,
    offer: Offer,
    wait: Duration,
    halt: impl Future<Output = ()>,
) -> (Attempt, Option<Wire>) {
    let begun = Instant::now();
    let mut halt = pin!(halt);
    let mut attempt = unopened(endpoint, offer);
    let connection = tokio::select! {
        connection = tcp::connect(via, attempt.offer.max_segment, wait) => connection,
        () = &mut halt => Err(Ending::Ours),
    };
    let (stream, after) = match connection {
        Ok(connection) => connection,
        Err(ending) => {
            // A SYN is refused; only a connection can be reset. It was closed before we were told that it is open.
            attempt.connected = (ending == Ending::Reset).then(|| Connected { after_ms: millis(begun.elapsed()) });
            return (ended(attempt, ending, begun), None);
        }
    };
    let mut wire = Wire::new(stream, begun + wait * 2);
    attempt.connected = Some(Connected { after_ms: millis(after) });
    attempt.local = wire.local();
    let outcome = tokio::select! {
        outcome = converse(&mut wire, &mut attempt, wait) => outcome,
        () = halt => Ok(()),
    };
    let ending = outcome.err().unwrap_or(Ending::Ours);
    attempt.received = wire.received();
    attempt = ended(attempt, ending, begun);
    wire.hang_up().await;
    if let Some(tls) = &mut attempt.tls {
        tls.trust = trust::of(&tls.chain).await;
    }
    (attempt, Some(wire))
}

/// Whether a server that chose one of these goes on with TLS.
fn begins_with_tls(protocols: Protocols) -> bool {
    let tls = Protocols::SSL | Protocols::HYBRID | Protocols::HYBRID_EX | Protocols::RDSTLS | Protocols::RDSAAD;
    protocols.intersects(tls)
}

async fn converse(wire: &mut Wire, attempt: &mut Attempt, wait: Duration) -> Result<(), Ending> {
    let Some(offer) = &attempt.offer.negotiate else { return Ok(()) };
    let mut rest = Vec::new();
    wire.allow(wait);
    let negotiated = attempt.negotiated.insert(negotiate(wire, offer, &mut rest).await?);
    let NegotiateAnswer::Selected { protocols, .. } = negotiated.answer else { return Ok(()) };
    let Some(offer) = attempt.offer.tls.as_ref().filter(|_| begins_with_tls(protocols)) else { return Ok(()) };
    wire.allow(wait);
    let seen = attempt.tls.insert(TlsSeen::default());
    let mut session = match offer {
        TlsOffer::Hello(spec) => return tls::hello(wire, spec, rest, seen).await,
        TlsOffer::Complete => tls::complete(wire, Newest::Tls13, rest, seen).await?,
        TlsOffer::CompleteBelowTls13 => tls::complete(wire, Newest::Tls12, rest, seen).await?,
    };
    let patience = wait.min(credssp::LONGEST_WAIT);
    // Silence means something only if it could be waited for.
    if protocols.intersects(Protocols::HYBRID | Protocols::HYBRID_EX) && wire.has_time_for(patience) {
        wire.allow(patience);
        let (seen, outcome) = credssp::exchange(wire, &mut session).await;
        attempt.credssp = Some(seen);
        outcome?;
    }
    session.farewell(wire).await;
    Ok(())
}

fn unopened(endpoint: SocketAddr, offer: Offer) -> Attempt {
    Attempt {
        source: Source::Probe,
        endpoint,
        local: None,
        offer,
        started_ms: 0.0,
        connected: None,
        negotiated: None,
        tls: None,
        credssp: None,
        received: 0,
        ending: Ending::Ours,
        ended_ms: 0.0,
    }
}

fn ended(mut attempt: Attempt, ending: Ending, begun: Instant) -> Attempt {
    attempt.ending = ending;
    attempt.ended_ms = millis(begun.elapsed());
    attempt
}
