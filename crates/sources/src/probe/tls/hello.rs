//! A ClientHello of our own making, up to where the server's first flight ends.

use rdpdoctor_diagnosis::evidence::{Ending, TlsSeen};
use rdpdoctor_protocol::tls::HelloSpec;
use tokio::time::Instant;

use super::watch::Watch;
use super::{MOST, flood, out_of_place};
use crate::probe::clock::millis;
use crate::probe::wire::Wire;

/// Sends the hello with fresh randomness and reads what the server makes of it. `first` is what it has sent already.
///
/// Where the flight is whole, nothing more is said: the server sees a FIN in the middle of the handshake.
pub(crate) async fn hello(wire: &mut Wire, spec: &HelloSpec, first: Vec<u8>, seen: &mut TlsSeen) -> Result<(), Ending> {
    let mut random = [0; 32];
    openssl::rand::rand_bytes(&mut random).map_err(|error| Ending::OurSystem { error: error.to_string() })?;
    let records = spec.to_records(random).map_err(|error| Ending::OurSystem { error: error.to_string() })?;
    let begun = Instant::now();
    wire.send(&records).await?;
    let mut watch = Watch::new(seen);
    let outcome = read_flight(wire, &mut watch, first, begun).await;
    watch.note_key_exchange(&random);
    outcome
}

async fn read_flight(wire: &mut Wire, watch: &mut Watch<'_>, first: Vec<u8>, begun: Instant) -> Result<(), Ending> {
    let already = wire.received();
    let mut arrived = first;
    loop {
        if let Err(fault) = watch.see(&arrived, millis(begun.elapsed())) {
            return Err(out_of_place(wire, watch, fault).await);
        }
        if let Some(fault) = watch.fault() {
            return Err(Ending::Malformed { what: fault.to_string() });
        }
        if watch.has_first_flight() {
            return Ok(());
        }
        if wire.received().saturating_sub(already) > MOST {
            return Err(flood());
        }
        arrived.clear();
        wire.receive(&mut arrived).await.map_err(|ending| watch.explain(ending))?;
    }
}
