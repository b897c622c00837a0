//! The X.224 exchange: one request out, one frame in, and a name for whatever else comes.

use std::time::Duration;

use rdpdoctor_diagnosis::evidence::{Ending, NegotiateAnswer, NegotiateOffer, Negotiated, Routing, StrangerSeen};
use rdpdoctor_protocol::negotiation::{NegotiationAnswer, NegotiationRequest, RequestFlags};
use rdpdoctor_protocol::stranger::{self, Stranger};
use rdpdoctor_protocol::x224::{self, ConnectionConfirm, ConnectionRequest, ServerTpdu};
use rdpdoctor_protocol::{DecodeError, tpkt};
use tokio::time::Instant;

use super::clock::millis;
use super::wire::Wire;

/// Who we are, for the administrator who reads the server's logs.
const COOKIE: &str = "rdpdoctor";
/// An X.224 header is at most 255 bytes long, and nothing longer follows it before security is settled.
const LONGEST_FRAME: usize = 512;
/// How much of a stranger's greeting is read, and for how long after its first bytes.
const GREETING: usize = 512;
const GREETING_WAIT: Duration = Duration::from_millis(300);

/// Sends the Connection Request and reads the answer; `rest` gets what came behind it.
pub(crate) async fn negotiate(
    wire: &mut Wire,
    offer: &NegotiateOffer,
    rest: &mut Vec<u8>,
) -> Result<Negotiated, Ending> {
    let spoke_first = wire.has_spoken(rest);
    let begun = Instant::now();
    wire.send(&request(offer).encode()).await?;
    let frame = read_frame(wire, rest).await.map_err(|ending| mark_first(ending, spoke_first))?;
    let after_ms = millis(begun.elapsed());
    let tpdu = ServerTpdu::decode(&frame).map_err(|error| mark_first(misfit(&frame, &error), spoke_first))?;
    let ServerTpdu::ConnectionConfirm(confirm) = tpdu else { return Err(disconnect(&tpdu)) };
    answer(confirm).map(|answer| Negotiated { after_ms, answer })
}

/// One whole TPKT frame; bytes that are none end the attempt. `buffer` may already hold the first bytes, and keeps
/// what follows the frame.
pub(crate) async fn read_frame(wire: &mut Wire, buffer: &mut Vec<u8>) -> Result<Vec<u8>, Ending> {
    loop {
        match tpkt::frame_length(buffer) {
            Err(error) => {
                read_greeting(wire, buffer).await;
                return Err(misfit(buffer, &error));
            }
            Ok(Some(length)) if length > LONGEST_FRAME => {
                let what = format!("TPKT announces {length} bytes, more than any X.224 answer has");
                return Err(Ending::Malformed { what });
            }
            Ok(Some(length)) if length <= buffer.len() => return Ok(buffer.drain(..length).collect()),
            Ok(_) => wire.receive(buffer).await?,
        }
    }
}

/// What a server says that wants no connection; anything else is out of place.
pub(crate) fn disconnect(tpdu: &ServerTpdu) -> Ending {
    let reason = match tpdu {
        ServerTpdu::DisconnectRequest { reason } => format!("X.224 Disconnect Request: {reason}"),
        ServerTpdu::Error { cause } => format!("X.224 Error: {cause}"),
        ServerTpdu::DisconnectProviderUltimatum { reason } => {
            format!("MCS Disconnect Provider Ultimatum: {reason}")
        }
        ServerTpdu::ConnectionConfirm(_) => {
            return Ending::Malformed { what: "a second X.224 Connection Confirm".to_owned() };
        }
        _ => return Ending::Malformed { what: "an X.224 TPDU out of place".to_owned() },
    };
    Ending::Disconnect { reason }
}

/// Names bytes that are not what belongs here: another protocol, or the right one with its rules broken.
pub(crate) fn misfit(bytes: &[u8], error: &DecodeError) -> Ending {
    let sighting = stranger::identify(bytes);
    let looks_like_tpkt = bytes.first() == Some(&3);
    if sighting.stranger == Stranger::Unknown && looks_like_tpkt {
        return Ending::Malformed { what: error.to_string() };
    }
    Ending::Stranger(StrangerSeen {
        protocol: sighting.stranger,
        banner: sighting.banner,
        spoke_first: greets(sighting.stranger),
        proxy_markers: sighting.http.map(|http| http.proxy_markers).unwrap_or_default(),
    })
}

/// Reads on after a stranger's first bytes, until it pauses, closes or has said enough.
async fn read_greeting(wire: &mut Wire, buffer: &mut Vec<u8>) {
    wire.allow(GREETING_WAIT);
    while buffer.len() < GREETING && wire.receive(buffer).await.is_ok() {}
}

/// Servers of these protocols speak before their clients do.
fn greets(stranger: Stranger) -> bool {
    matches!(
        stranger,
        Stranger::Ssh
            | Stranger::Vnc
            | Stranger::Smtp
            | Stranger::Ftp
            | Stranger::Pop3
            | Stranger::Imap
            | Stranger::Nntp
            | Stranger::Mysql
            | Stranger::Telnet
            | Stranger::Rsync
            | Stranger::Ica
    )
}

fn mark_first(mut ending: Ending, spoke_first: bool) -> Ending {
    if let Ending::Stranger(seen) = &mut ending {
        seen.spoke_first |= spoke_first;
    }
    ending
}

fn request(offer: &NegotiateOffer) -> ConnectionRequest {
    let routing = match offer.routing {
        Routing::None => None,
        Routing::Cookie => x224::Routing::cookie(COOKIE).ok(),
    };
    let negotiation = offer.protocols.map(|protocols| NegotiationRequest { flags: RequestFlags::NONE, protocols });
    ConnectionRequest { routing, negotiation, correlation: None }
}

fn answer(confirm: ConnectionConfirm) -> Result<NegotiateAnswer, Ending> {
    match confirm.negotiation {
        None => Ok(NegotiateAnswer::NoData),
        Some(NegotiationAnswer::Response { flags, selected }) => {
            Ok(NegotiateAnswer::Selected { protocols: selected, flags })
        }
        Some(NegotiationAnswer::Failure { code }) => Err(Ending::NegotiationFailure { code }),
    }
}
