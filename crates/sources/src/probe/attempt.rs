//! One TCP connection, as far as its offer says or the other side lets us.

use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use rdpdoctor_diagnosis::evidence::{Attempt, Connected, Ending, NegotiateAnswer, Offer, Source, TlsOffer, TlsSeen};
use rdpdoctor_protocol::negotiation::Protocols;
use tokio::time::{Instant, sleep};

use super::clock::millis;
use super::negotiate::negotiate;
use super::tcp;
use super::tls::{self, Newest};
use super::wire::Wire;
use super::{credssp, trust};

/// A step that has taken less is not suspicious: lost packets come again after one second, and after two more.
const SOONEST_SUSPICION: Duration = Duration::from_secs(3);

/// Makes one offer at one endpoint, until `halt` completes: then what was seen so far is what was seen. `via` is the
/// endpoint with its scope, where it needs one. `overdue` hears when a step takes suspiciously long, with the attempt as
/// it would be if nothing more came. The connection comes back hung up; [`Wire::drain`] lets it go in good order.
///
/// `started_ms` is zero: only the caller knows when the evidence began.
pub(crate) async fn attempt(
    endpoint: SocketAddr,
    via: SocketAddr,
    offer: Offer,
    wait: Duration,
    halt: impl Future<Output = ()>,
    overdue: impl Fn(Attempt),
) -> (Attempt, Option<Wire>) {
    let begun = Instant::now();
    let mut halt = pin!(halt);
    let mut attempt = unopened(endpoint, offer);
    let late = |so_far: Attempt| overdue(ended(so_far, Ending::Silent, begun));
    let connecting = tcp::connect(via, attempt.offer.max_segment, wait);
    let connection = tokio::select! {
        connection = watched(connecting, wait, || late(attempt.clone())) => connection,
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
        outcome = converse(&mut wire, &mut attempt, wait, late) => outcome,
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

/// Waits for a step, and tells `late` once when it has taken half of its wait.
async fn watched<T>(step: impl Future<Output = T>, wait: Duration, late: impl FnOnce()) -> T {
    let mut step = pin!(step);
    tokio::select! {
        biased;
        done = &mut step => return done,
        () = sleep(SOONEST_SUSPICION.max(wait / 2)) => late(),
    }
    step.await
}

/// Whether a server that chose one of these goes on with TLS.
fn begins_with_tls(protocols: Protocols) -> bool {
    let tls = Protocols::SSL | Protocols::HYBRID | Protocols::HYBRID_EX | Protocols::RDSTLS | Protocols::RDSAAD;
    protocols.intersects(tls)
}

async fn converse(
    wire: &mut Wire,
    attempt: &mut Attempt,
    wait: Duration,
    late: impl Fn(Attempt),
) -> Result<(), Ending> {
    let Some(offer) = &attempt.offer.negotiate else { return Ok(()) };
    let mut rest = Vec::new();
    wire.allow(wait);
    let negotiating = negotiate(wire, offer, &mut rest);
    let negotiated = watched(negotiating, wait, || late(attempt.clone())).await?;
    let negotiated = attempt.negotiated.insert(negotiated);
    let NegotiateAnswer::Selected { protocols, .. } = negotiated.answer else { return Ok(()) };
    let Some(offer) = attempt.offer.tls.as_ref().filter(|_| begins_with_tls(protocols)) else { return Ok(()) };
    wire.allow(wait);
    let so_far = Attempt { tls: Some(TlsSeen::default()), ..attempt.clone() };
    let seen = attempt.tls.insert(TlsSeen::default());
    let late = || late(so_far);
    let mut session = match offer {
        TlsOffer::Hello(spec) => return watched(tls::hello(wire, spec, rest, seen), wait, late).await,
        TlsOffer::Complete => watched(tls::complete(wire, Newest::Tls13, rest, seen), wait, late).await?,
        TlsOffer::CompleteBelowTls13 => watched(tls::complete(wire, Newest::Tls12, rest, seen), wait, late).await?,
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
