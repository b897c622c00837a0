//! RDP security negotiation (MS-RDPBCGR 2.2.1.1.1, 2.2.1.1.2, 2.2.1.2.1, 2.2.1.2.2).

use crate::DecodeError;
use crate::cursor::Cursor;

flag_set! {
    /// `requestedProtocols` or `selectedProtocol`. `RDP` is the empty set: standard RDP security, always on offer.
    Protocols(u32), zero RDP Some("RDP"), {
        SSL = 0x01,
        HYBRID = 0x02,
        RDSTLS = 0x04,
        HYBRID_EX = 0x08,
        RDSAAD = 0x10,
    }
}

flag_set! {
    /// The flags of `RDP_NEG_REQ` (MS-RDPBCGR 2.2.1.1.1).
    RequestFlags(u8), zero NONE None, {
        RESTRICTED_ADMIN_MODE_REQUIRED = 0x01,
        REDIRECTED_AUTHENTICATION_MODE_REQUIRED = 0x02,
        CORRELATION_INFO_PRESENT = 0x08,
    }
}

flag_set! {
    /// The flags of `RDP_NEG_RSP` (MS-RDPBCGR 2.2.1.2.1).
    ResponseFlags(u8), zero NONE None, {
        EXTENDED_CLIENT_DATA_SUPPORTED = 0x01,
        DYNVC_GFX_PROTOCOL_SUPPORTED = 0x02,
        NEGRSP_FLAG_RESERVED = 0x04,
        RESTRICTED_ADMIN_MODE_SUPPORTED = 0x08,
        REDIRECTED_AUTHENTICATION_MODE_SUPPORTED = 0x10,
    }
}

open_code! {
    /// `failureCode` of `RDP_NEG_FAILURE` (MS-RDPBCGR 2.2.1.2.2).
    FailureCode(u32), 0 {
        SSL_REQUIRED_BY_SERVER = 1 "SSL_REQUIRED_BY_SERVER",
        SSL_NOT_ALLOWED_BY_SERVER = 2 "SSL_NOT_ALLOWED_BY_SERVER",
        SSL_CERT_NOT_ON_SERVER = 3 "SSL_CERT_NOT_ON_SERVER",
        INCONSISTENT_FLAGS = 4 "INCONSISTENT_FLAGS",
        HYBRID_REQUIRED_BY_SERVER = 5 "HYBRID_REQUIRED_BY_SERVER",
        SSL_WITH_USER_AUTH_REQUIRED_BY_SERVER = 6 "SSL_WITH_USER_AUTH_REQUIRED_BY_SERVER",
    }
}

/// `RDP_NEG_REQ`: what the client can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NegotiationRequest {
    /// Modes the client demands.
    pub flags: RequestFlags,
    /// The security protocols on offer.
    pub protocols: Protocols,
}

/// `RDP_NEG_CORRELATION_INFO`: the Activity ID that both ends log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CorrelationInfo {
    /// `correlationId`.
    pub id: [u8; 16],
}

/// The server's decision: `RDP_NEG_RSP` or `RDP_NEG_FAILURE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum NegotiationAnswer {
    /// `RDP_NEG_RSP`.
    Response {
        /// What the server supports.
        flags: ResponseFlags,
        /// `selectedProtocol`.
        selected: Protocols,
    },
    /// `RDP_NEG_FAILURE`.
    Failure {
        /// `failureCode`.
        code: FailureCode,
    },
}

const TYPE_RDP_NEG_REQ: u8 = 0x01;
const TYPE_RDP_NEG_RSP: u8 = 0x02;
const TYPE_RDP_NEG_FAILURE: u8 = 0x03;
const TYPE_RDP_CORRELATION_INFO: u8 = 0x06;
const NEG_LENGTH: u16 = 8;
const CORRELATION_LENGTH: u16 = 36;

impl NegotiationRequest {
    pub(crate) fn read(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let flags = RequestFlags(header(cursor, TYPE_RDP_NEG_REQ, &REQUEST)?);
        Ok(Self { flags, protocols: Protocols(cursor.u32_le("RDP_NEG_REQ requestedProtocols")?) })
    }

    pub(crate) fn write(self, out: &mut Vec<u8>) {
        write_negotiation(out, TYPE_RDP_NEG_REQ, self.flags.0, self.protocols.0);
    }
}

impl CorrelationInfo {
    pub(crate) fn read(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        header(cursor, TYPE_RDP_CORRELATION_INFO, &CORRELATION)?;
        let id = cursor.array("RDP_NEG_CORRELATION_INFO correlationId")?;
        cursor.take(16, "RDP_NEG_CORRELATION_INFO reserved")?;
        Ok(Self { id })
    }

    pub(crate) fn write(self, out: &mut Vec<u8>) {
        out.extend([TYPE_RDP_CORRELATION_INFO, 0]);
        out.extend(CORRELATION_LENGTH.to_le_bytes());
        out.extend(self.id);
        out.extend([0; 16]);
    }
}

impl NegotiationAnswer {
    pub(crate) fn read(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        if cursor.rest().first() == Some(&TYPE_RDP_NEG_FAILURE) {
            header(cursor, TYPE_RDP_NEG_FAILURE, &FAILURE)?;
            return Ok(Self::Failure { code: FailureCode(cursor.u32_le("RDP_NEG_FAILURE failureCode")?) });
        }
        let flags = ResponseFlags(header(cursor, TYPE_RDP_NEG_RSP, &RESPONSE)?);
        Ok(Self::Response { flags, selected: Protocols(cursor.u32_le("RDP_NEG_RSP selectedProtocol")?) })
    }

    pub(crate) fn write(self, out: &mut Vec<u8>) {
        match self {
            Self::Response { flags, selected } => write_negotiation(out, TYPE_RDP_NEG_RSP, flags.0, selected.0),
            Self::Failure { code } => write_negotiation(out, TYPE_RDP_NEG_FAILURE, 0, code.0),
        }
    }
}

/// How the errors of one structure call its fields.
struct Fields {
    kind: &'static str,
    flags: &'static str,
    length: &'static str,
    expected: u16,
}

const REQUEST: Fields =
    Fields { kind: "RDP_NEG_REQ type", flags: "RDP_NEG_REQ flags", length: "RDP_NEG_REQ length", expected: NEG_LENGTH };
const RESPONSE: Fields = Fields {
    kind: "RDP_NEG_RSP or RDP_NEG_FAILURE type",
    flags: "RDP_NEG_RSP flags",
    length: "RDP_NEG_RSP length",
    expected: NEG_LENGTH,
};
const FAILURE: Fields = Fields {
    kind: "RDP_NEG_FAILURE type",
    flags: "RDP_NEG_FAILURE flags",
    length: "RDP_NEG_FAILURE length",
    expected: NEG_LENGTH,
};
const CORRELATION: Fields = Fields {
    kind: "RDP_NEG_CORRELATION_INFO type",
    flags: "RDP_NEG_CORRELATION_INFO flags",
    length: "RDP_NEG_CORRELATION_INFO length",
    expected: CORRELATION_LENGTH,
};

fn header(cursor: &mut Cursor<'_>, kind: u8, fields: &Fields) -> Result<u8, DecodeError> {
    let found = cursor.u8(fields.kind)?;
    if found != kind {
        return Err(DecodeError::Invalid { what: fields.kind, value: found.into() });
    }
    let flags = cursor.u8(fields.flags)?;
    let length = cursor.u16_le(fields.length)?;
    if length != fields.expected {
        return Err(DecodeError::Invalid { what: fields.length, value: length.into() });
    }
    Ok(flags)
}

fn write_negotiation(out: &mut Vec<u8>, kind: u8, flags: u8, value: u32) {
    out.extend([kind, flags]);
    out.extend(NEG_LENGTH.to_le_bytes());
    out.extend(value.to_le_bytes());
}
