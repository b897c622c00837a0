//! X.224 class 0 as RDP uses it (MS-RDPBCGR 2.2.1.1, 2.2.1.2; ITU-T X.224 13.3 to 13.5, 13.7, 13.12).
//!
//! All values encode to and decode from a whole TPKT frame; [`crate::tpkt::frame_length`] says when one is complete.

mod routing;

pub use routing::{Cookie, Routing, Token};

use crate::DecodeError;
use crate::cursor::Cursor;
use crate::negotiation::{CorrelationInfo, NegotiationAnswer, NegotiationRequest, RequestFlags};
use crate::tpkt;

const CONNECTION_REQUEST: u8 = 0xe0;
const CONNECTION_CONFIRM: u8 = 0xd0;
const DISCONNECT_REQUEST: u8 = 0x80;
const DATA: u8 = 0xf0;
const ERROR: u8 = 0x70;
const END_OF_TRANSMISSION: u8 = 0x80;
/// MCS `DisconnectProviderUltimatum` is choice 8 of `DomainMCSPDU`, in the upper six bits.
const DISCONNECT_PROVIDER_ULTIMATUM: u8 = 8;

open_code! {
    /// Why an X.224 Disconnect Request was sent (X.224 13.5.3).
    DisconnectReason(u8), 4 {
        NOT_SPECIFIED = 0 "not-specified",
        CONGESTION_AT_TSAP = 1 "congestion-at-tsap",
        SESSION_ENTITY_NOT_ATTACHED = 2 "session-entity-not-attached",
        ADDRESS_UNKNOWN = 3 "address-unknown",
    }
}

open_code! {
    /// Why an X.224 Error TPDU was sent (X.224 13.12.3).
    RejectCause(u8), 4 {
        NOT_SPECIFIED = 0 "not-specified",
        INVALID_PARAMETER_CODE = 1 "invalid-parameter-code",
        INVALID_TPDU_TYPE = 2 "invalid-tpdu-type",
        INVALID_PARAMETER_VALUE = 3 "invalid-parameter-value",
    }
}

open_code! {
    /// `Reason` of an MCS Disconnect Provider Ultimatum (T.125 section 7).
    UltimatumReason(u8), 4 {
        DOMAIN_DISCONNECTED = 0 "rn-domain-disconnected",
        PROVIDER_INITIATED = 1 "rn-provider-initiated",
        TOKEN_PURGED = 2 "rn-token-purged",
        USER_REQUESTED = 3 "rn-user-requested",
        CHANNEL_PURGED = 4 "rn-channel-purged",
    }
}

/// The client's first message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConnectionRequest {
    /// The cookie or token that brokers and balancers route by.
    pub routing: Option<Routing>,
    /// `RDP_NEG_REQ`; clients before RDP 5.2 send none.
    pub negotiation: Option<NegotiationRequest>,
    /// `RDP_NEG_CORRELATION_INFO`; sent only behind an `RDP_NEG_REQ`.
    pub correlation: Option<CorrelationInfo>,
}

impl ConnectionRequest {
    /// The whole frame. The flag `CORRELATION_INFO_PRESENT` follows `correlation`.
    pub fn encode(&self) -> Vec<u8> {
        let mut variable = Vec::new();
        if let Some(routing) = &self.routing {
            routing.write(&mut variable);
        }
        if let Some(mut negotiation) = self.negotiation {
            negotiation.flags = negotiation.flags.without(RequestFlags::CORRELATION_INFO_PRESENT);
            if self.correlation.is_some() {
                negotiation.flags |= RequestFlags::CORRELATION_INFO_PRESENT;
            }
            negotiation.write(&mut variable);
            if let Some(correlation) = self.correlation {
                correlation.write(&mut variable);
            }
        }
        frame(CONNECTION_REQUEST, &[0; 5], &variable, &[])
    }

    /// Reads one whole frame.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut tpdu = Tpdu::read(bytes)?;
        if tpdu.code & 0xf0 != CONNECTION_REQUEST {
            return Err(DecodeError::Invalid { what: "X.224 Connection Request code", value: tpdu.code.into() });
        }
        tpdu.nothing_after()?;
        let cursor = &mut tpdu.header;
        cursor.take(5, "X.224 Connection Request")?;
        let routing = Routing::read(cursor)?;
        if cursor.is_empty() {
            return Ok(Self { routing, ..Self::default() });
        }
        let negotiation = NegotiationRequest::read(cursor)?;
        let correlated = negotiation.flags.contains(RequestFlags::CORRELATION_INFO_PRESENT);
        let correlation = if correlated { Some(CorrelationInfo::read(cursor)?) } else { None };
        tpdu.header.finish("X.224 Connection Request")?;
        Ok(Self { routing, negotiation: Some(negotiation), correlation })
    }
}

/// The server's answer to a Connection Request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct ConnectionConfirm {
    /// The server's reference; Windows sends 0x1234.
    pub src_ref: u16,
    /// Class and options, 0 for RDP.
    pub class: u8,
    /// `RDP_NEG_RSP` or `RDP_NEG_FAILURE`; servers that know no negotiation send none.
    pub negotiation: Option<NegotiationAnswer>,
}

impl ConnectionConfirm {
    /// The whole frame.
    pub fn encode(&self) -> Vec<u8> {
        let [high, low] = self.src_ref.to_be_bytes();
        let mut variable = Vec::new();
        if let Some(negotiation) = self.negotiation {
            negotiation.write(&mut variable);
        }
        frame(CONNECTION_CONFIRM, &[0, 0, high, low, self.class], &variable, &[])
    }

    fn read(mut tpdu: Tpdu<'_>) -> Result<Self, DecodeError> {
        tpdu.nothing_after()?;
        let cursor = &mut tpdu.header;
        cursor.u16_be("X.224 Connection Confirm DST-REF")?;
        let src_ref = cursor.u16_be("X.224 Connection Confirm SRC-REF")?;
        let class = cursor.u8("X.224 Connection Confirm class")?;
        if cursor.is_empty() {
            return Ok(Self { src_ref, class, negotiation: None });
        }
        let negotiation = Some(NegotiationAnswer::read(cursor)?);
        tpdu.header.finish("X.224 Connection Confirm")?;
        Ok(Self { src_ref, class, negotiation })
    }
}

/// What a server may say before security is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServerTpdu {
    /// X.224 Connection Confirm.
    ConnectionConfirm(ConnectionConfirm),
    /// X.224 Disconnect Request.
    DisconnectRequest {
        /// Why.
        reason: DisconnectReason,
    },
    /// X.224 Error.
    Error {
        /// Why.
        cause: RejectCause,
    },
    /// MCS Disconnect Provider Ultimatum in an X.224 Data TPDU (MS-RDPBCGR 2.2.2.3).
    DisconnectProviderUltimatum {
        /// Why.
        reason: UltimatumReason,
    },
}

impl ServerTpdu {
    /// The whole frame.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::ConnectionConfirm(confirm) => confirm.encode(),
            Self::DisconnectRequest { reason } => frame(DISCONNECT_REQUEST, &[0, 0, 0, 0, reason.0], &[], &[]),
            Self::Error { cause } => frame(ERROR, &[0, 0, cause.0], &[], &[]),
            Self::DisconnectProviderUltimatum { reason } => {
                let first = DISCONNECT_PROVIDER_ULTIMATUM << 2 | (reason.0 >> 1) & 3;
                frame(DATA, &[END_OF_TRANSMISSION], &[], &[first, reason.0 << 7])
            }
        }
    }

    /// Reads one whole frame.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut tpdu = Tpdu::read(bytes)?;
        match tpdu.code & 0xf0 {
            CONNECTION_CONFIRM => ConnectionConfirm::read(tpdu).map(Self::ConnectionConfirm),
            DISCONNECT_REQUEST => {
                tpdu.header.take(4, "X.224 Disconnect Request references")?;
                let reason = tpdu.header.u8("X.224 Disconnect Request reason")?;
                Ok(Self::DisconnectRequest { reason: DisconnectReason(reason) })
            }
            ERROR => {
                tpdu.header.take(2, "X.224 Error DST-REF")?;
                Ok(Self::Error { cause: RejectCause(tpdu.header.u8("X.224 Error reject cause")?) })
            }
            DATA => read_ultimatum(tpdu.data),
            _ => Err(DecodeError::Invalid { what: "X.224 TPDU code", value: tpdu.code.into() }),
        }
    }
}

fn read_ultimatum(data: &[u8]) -> Result<ServerTpdu, DecodeError> {
    let mut cursor = Cursor::new(data);
    let first = cursor.u8("MCS PDU")?;
    if first >> 2 != DISCONNECT_PROVIDER_ULTIMATUM {
        return Err(DecodeError::Invalid { what: "MCS PDU type", value: (first >> 2).into() });
    }
    let second = cursor.u8("MCS Disconnect Provider Ultimatum reason")?;
    cursor.finish("MCS Disconnect Provider Ultimatum")?;
    Ok(ServerTpdu::DisconnectProviderUltimatum { reason: UltimatumReason((first & 3) << 1 | second >> 7) })
}

/// One TPDU: the header behind its code, as far as the length indicator says, and the data behind the header.
struct Tpdu<'a> {
    code: u8,
    header: Cursor<'a>,
    data: &'a [u8],
}

impl<'a> Tpdu<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new(tpkt::decode(bytes)?);
        let length = cursor.u8("X.224 length indicator")?;
        if length == u8::MAX {
            return Err(DecodeError::Invalid { what: "X.224 length indicator", value: length.into() });
        }
        let mut header = Cursor::new(cursor.take(length.into(), "X.224 header")?);
        let code = header.u8("X.224 TPDU code")?;
        Ok(Self { code, header, data: cursor.rest() })
    }

    fn nothing_after(&self) -> Result<(), DecodeError> {
        Cursor::new(self.data).finish("the length that the X.224 length indicator gives")
    }
}

/// The callers' limits keep header and frame within their length fields.
fn frame(code: u8, fixed: &[u8], variable: &[u8], data: &[u8]) -> Vec<u8> {
    let indicator = u8::try_from(1 + fixed.len() + variable.len()).unwrap_or(u8::MAX);
    let tpdu = [&[indicator, code], fixed, variable, data].concat();
    tpkt::encode(&tpdu).unwrap_or_default()
}
