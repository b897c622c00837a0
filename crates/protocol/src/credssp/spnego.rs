//! SPNEGO around NTLM (RFC 4178, MS-SPNG), as far as CredSSP needs it.

use super::der::{self, context};
use super::ntlm;
use crate::DecodeError;
use crate::cursor::Cursor;

const WHAT: &str = "SPNEGO token";
const INITIAL: u8 = 0x60;
const SPNEGO_OID: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x02];
const NTLMSSP_OID: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x0a];
const KERBEROS_OID: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02];
const MS_KERBEROS_OID: &[u8] = &[0x2a, 0x86, 0x48, 0x82, 0xf7, 0x12, 0x01, 0x02, 0x02];
const NEGOEX_OID: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x1e];
const MAX_MECHANISMS: usize = 32;

open_code! {
    /// `negState` of a `NegTokenResp` (RFC 4178 section 4.2.2).
    NegState(u8), 4 {
        ACCEPT_COMPLETED = 0 "accept-completed",
        ACCEPT_INCOMPLETE = 1 "accept-incomplete",
        REJECT = 2 "reject",
        REQUEST_MIC = 3 "request-mic",
    }
}

/// A way to authenticate, by its object identifier.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mechanism {
    /// NTLM.
    Ntlm,
    /// Kerberos.
    Kerberos,
    /// Kerberos with the identifier that Windows 2000 misspelt.
    MsKerberos,
    /// NEGOEX, which negotiates again.
    NegoEx,
    /// Another one: its identifier as in DER.
    Other(Vec<u8>),
}

/// What stands in a `negoToken`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NegotiationToken {
    /// An NTLM message without SPNEGO around it.
    Raw(Vec<u8>),
    /// `NegTokenInit`: the client starts.
    Init {
        /// The mechanisms in the order of preference, at most 32.
        mechanisms: Vec<Mechanism>,
        /// The message for the first mechanism.
        token: Option<Vec<u8>>,
    },
    /// `NegTokenResp`: everything after.
    Response {
        /// How it goes on.
        state: Option<NegState>,
        /// The mechanism that the server chose.
        mechanism: Option<Mechanism>,
        /// The message for the mechanism.
        token: Option<Vec<u8>>,
    },
}

impl NegotiationToken {
    /// An NTLM message in a `NegTokenInit` that offers nothing else.
    pub fn init_with_ntlm(message: Vec<u8>) -> Self {
        Self::Init { mechanisms: vec![Mechanism::Ntlm], token: Some(message) }
    }

    /// Reads one token; anything that starts like NTLM is raw.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.starts_with(&ntlm::SIGNATURE) {
            return Ok(Self::Raw(bytes.to_vec()));
        }
        let mut cursor = Cursor::new(bytes);
        let (tag, content) = der::read_any(&mut cursor, WHAT)?;
        cursor.finish(WHAT)?;
        match tag {
            INITIAL => read_initial(content),
            0xa0 => read_init(content),
            0xa1 => read_response(content),
            _ => Err(DecodeError::Invalid { what: WHAT, value: tag.into() }),
        }
    }

    /// The token.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Raw(message) => message.clone(),
            Self::Init { mechanisms, token } => encode_init(mechanisms, token.as_deref()),
            Self::Response { state, mechanism, token } => encode_response(*state, mechanism.as_ref(), token.as_deref()),
        }
    }

    /// The message for the mechanism, where it is one of NTLM.
    pub fn ntlm_message(&self) -> Option<&[u8]> {
        let message = match self {
            Self::Raw(message) => Some(message),
            Self::Init { token, .. } | Self::Response { token, .. } => token.as_ref(),
        };
        message.map(Vec::as_slice).filter(|message| message.starts_with(&ntlm::SIGNATURE))
    }

    /// Whether the server refuses, or wants a mechanism other than NTLM.
    pub fn refuses_ntlm(&self) -> bool {
        match self {
            Self::Response { state, mechanism, .. } => {
                *state == Some(NegState::REJECT) || mechanism.as_ref().is_some_and(|m| *m != Mechanism::Ntlm)
            }
            Self::Raw(_) | Self::Init { .. } => false,
        }
    }
}

impl Mechanism {
    fn of(oid: &[u8]) -> Self {
        match oid {
            NTLMSSP_OID => Self::Ntlm,
            KERBEROS_OID => Self::Kerberos,
            MS_KERBEROS_OID => Self::MsKerberos,
            NEGOEX_OID => Self::NegoEx,
            _ => Self::Other(oid.to_vec()),
        }
    }

    fn oid(&self) -> &[u8] {
        match self {
            Self::Ntlm => NTLMSSP_OID,
            Self::Kerberos => KERBEROS_OID,
            Self::MsKerberos => MS_KERBEROS_OID,
            Self::NegoEx => NEGOEX_OID,
            Self::Other(oid) => oid,
        }
    }

    fn encode(&self) -> Vec<u8> {
        der::element(der::OBJECT_IDENTIFIER, &[self.oid()])
    }
}

/// `InitialContextToken` of GSS-API (RFC 2743 section 3.1).
fn read_initial(content: &[u8]) -> Result<NegotiationToken, DecodeError> {
    let mut cursor = Cursor::new(content);
    let oid = der::read(&mut cursor, der::OBJECT_IDENTIFIER, "SPNEGO mechanism")?;
    if oid != SPNEGO_OID {
        return Err(DecodeError::Unexpected { what: "GSS-API mechanism other than SPNEGO" });
    }
    read_init(der::read_only(cursor.rest(), context(0), "NegTokenInit")?)
}

fn read_init(content: &[u8]) -> Result<NegotiationToken, DecodeError> {
    let (mut mechanisms, mut token) = (Vec::new(), None);
    for_each_field(content, "NegTokenInit", |tag, field| {
        match tag {
            0xa0 => mechanisms = read_mechanisms(field)?,
            0xa2 => token = Some(der::read_only(field, der::OCTET_STRING, "SPNEGO mechToken")?.to_vec()),
            _ => {}
        }
        Ok(())
    })?;
    Ok(NegotiationToken::Init { mechanisms, token })
}

fn read_response(content: &[u8]) -> Result<NegotiationToken, DecodeError> {
    let (mut state, mut mechanism, mut token) = (None, None, None);
    for_each_field(content, "NegTokenResp", |tag, field| {
        match tag {
            0xa0 => state = Some(read_state(field)?),
            0xa1 => {
                let oid = der::read_only(field, der::OBJECT_IDENTIFIER, "SPNEGO supportedMech")?;
                mechanism = Some(Mechanism::of(oid));
            }
            0xa2 => token = Some(der::read_only(field, der::OCTET_STRING, "SPNEGO responseToken")?.to_vec()),
            _ => {}
        }
        Ok(())
    })?;
    Ok(NegotiationToken::Response { state, mechanism, token })
}

/// Gives each field of a SEQUENCE, in ascending order of their tags.
fn for_each_field(
    content: &[u8],
    what: &'static str,
    mut visit: impl FnMut(u8, &[u8]) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    let mut fields = Cursor::new(der::read_only(content, der::SEQUENCE, what)?);
    let mut last = 0;
    while !fields.is_empty() {
        let (tag, field) = der::read_any(&mut fields, what)?;
        if tag <= last {
            return Err(DecodeError::Invalid { what, value: tag.into() });
        }
        visit(tag, field)?;
        last = tag;
    }
    Ok(())
}

fn read_mechanisms(field: &[u8]) -> Result<Vec<Mechanism>, DecodeError> {
    let what = "SPNEGO mechTypes";
    let mut list = Cursor::new(der::read_only(field, der::SEQUENCE, what)?);
    let mut mechanisms = Vec::new();
    while !list.is_empty() {
        if mechanisms.len() == MAX_MECHANISMS {
            return Err(DecodeError::TooLong { what, length: MAX_MECHANISMS + 1, limit: MAX_MECHANISMS });
        }
        mechanisms.push(Mechanism::of(der::read(&mut list, der::OBJECT_IDENTIFIER, what)?));
    }
    Ok(mechanisms)
}

fn read_state(field: &[u8]) -> Result<NegState, DecodeError> {
    let mut cursor = Cursor::new(der::read_only(field, der::ENUMERATED, "SPNEGO negState")?);
    let state = cursor.u8("SPNEGO negState")?;
    cursor.finish("SPNEGO negState")?;
    Ok(NegState(state))
}

fn encode_init(mechanisms: &[Mechanism], token: Option<&[u8]>) -> Vec<u8> {
    let list: Vec<u8> = mechanisms.iter().flat_map(Mechanism::encode).collect();
    let mut fields = der::element(context(0), &[&der::element(der::SEQUENCE, &[&list])]);
    write_token(&mut fields, token);
    let init = der::element(context(0), &[&der::element(der::SEQUENCE, &[&fields])]);
    der::element(INITIAL, &[&der::element(der::OBJECT_IDENTIFIER, &[SPNEGO_OID]), &init])
}

fn encode_response(state: Option<NegState>, mechanism: Option<&Mechanism>, token: Option<&[u8]>) -> Vec<u8> {
    let mut fields = Vec::new();
    if let Some(state) = state {
        fields.extend(der::element(context(0), &[&der::element(der::ENUMERATED, &[&[state.0]])]));
    }
    if let Some(mechanism) = mechanism {
        fields.extend(der::element(context(1), &[&mechanism.encode()]));
    }
    write_token(&mut fields, token);
    der::element(context(1), &[&der::element(der::SEQUENCE, &[&fields])])
}

fn write_token(fields: &mut Vec<u8>, token: Option<&[u8]>) {
    if let Some(token) = token {
        fields.extend(der::element(context(2), &[&der::element(der::OCTET_STRING, &[token])]));
    }
}
