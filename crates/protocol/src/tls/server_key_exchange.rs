//! `ServerKeyExchange` (RFC 5246 section 7.4.3, RFC 8422 section 5.4, RFC 4346 section 7.4.3).

use super::extension::{write_u8_prefixed, write_u16_prefixed};
use super::{KeyExchange, NamedGroup, ProtocolVersion, SignatureScheme};
use crate::cursor::Cursor;
use crate::{DecodeError, EncodeError};

const NAMED_CURVE: u8 = 3;

/// The server's half of an ephemeral key exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerKeyExchange {
    /// The parameters.
    pub params: ServerParams,
    /// The signature over them; `None` where the server stays anonymous.
    pub signature: Option<ParamsSignature>,
}

/// What the server contributes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerParams {
    /// `ServerECDHParams` with a named curve.
    Ecdhe {
        /// The curve.
        group: NamedGroup,
        /// The public point.
        public: Vec<u8>,
    },
    /// `ServerDHParams`.
    Dhe {
        /// The prime.
        p: Vec<u8>,
        /// The generator.
        g: Vec<u8>,
        /// `dh_Ys`, the public value.
        public: Vec<u8>,
    },
    /// `ServerRSAParams` of the export suites.
    RsaExport {
        /// The modulus.
        modulus: Vec<u8>,
        /// The exponent.
        exponent: Vec<u8>,
    },
}

/// The signature over both randoms and the parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParamsSignature {
    /// The scheme; `None` below TLS 1.2, where the key of the certificate implies it.
    pub scheme: Option<SignatureScheme>,
    /// The signature.
    pub bytes: Vec<u8>,
}

impl ServerKeyExchange {
    /// Reads the body of a `server_key_exchange` message of a suite with this key exchange, in this version.
    pub fn decode(body: &[u8], exchange: KeyExchange, version: ProtocolVersion) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new(body);
        let params = ServerParams::read(&mut cursor, exchange)?;
        let signature = match exchange {
            KeyExchange::DhAnon | KeyExchange::EcdhAnon => None,
            _ => Some(ParamsSignature::read(&mut cursor, version)?),
        };
        cursor.finish("ServerKeyExchange")?;
        Ok(Self { params, signature })
    }

    /// The body of a `server_key_exchange` message.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let mut out = self.params.encode()?;
        if let Some(signature) = &self.signature {
            out.extend(signature.scheme.iter().flat_map(|scheme| scheme.0.to_be_bytes()));
            write_u16_prefixed(&mut out, &signature.bytes, "ServerKeyExchange signature")?;
        }
        Ok(out)
    }

    /// What the signature covers: both randoms and the parameters as they were sent.
    pub fn signed_content(&self, client_random: &[u8; 32], server_random: &[u8; 32]) -> Result<Vec<u8>, EncodeError> {
        Ok([client_random.as_slice(), server_random, &self.params.encode()?].concat())
    }
}

impl ServerParams {
    /// The parameters as they stand in the message.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let mut out = Vec::new();
        match self {
            Self::Ecdhe { group, public } => {
                out.push(NAMED_CURVE);
                out.extend(group.0.to_be_bytes());
                write_u8_prefixed(&mut out, public, u8::MAX, "ServerKeyExchange point")?;
            }
            Self::Dhe { p, g, public } => {
                write_u16_prefixed(&mut out, p, "ServerKeyExchange dh_p")?;
                write_u16_prefixed(&mut out, g, "ServerKeyExchange dh_g")?;
                write_u16_prefixed(&mut out, public, "ServerKeyExchange dh_Ys")?;
            }
            Self::RsaExport { modulus, exponent } => {
                write_u16_prefixed(&mut out, modulus, "ServerKeyExchange rsa_modulus")?;
                write_u16_prefixed(&mut out, exponent, "ServerKeyExchange rsa_exponent")?;
            }
        }
        Ok(out)
    }

    /// The length in bits of the prime or modulus; `None` for a curve.
    pub fn prime_bits(&self) -> Option<usize> {
        match self {
            Self::Ecdhe { .. } => None,
            Self::Dhe { p: number, .. } | Self::RsaExport { modulus: number, .. } => Some(bit_length(number)),
        }
    }

    fn read(cursor: &mut Cursor<'_>, exchange: KeyExchange) -> Result<Self, DecodeError> {
        match exchange {
            KeyExchange::EcdheRsa | KeyExchange::EcdheEcdsa | KeyExchange::EcdhAnon => Self::read_ecdhe(cursor),
            KeyExchange::DheRsa | KeyExchange::DheDss | KeyExchange::DhAnon => Ok(Self::Dhe {
                p: read_u16_prefixed(cursor, "ServerKeyExchange dh_p")?,
                g: read_u16_prefixed(cursor, "ServerKeyExchange dh_g")?,
                public: read_u16_prefixed(cursor, "ServerKeyExchange dh_Ys")?,
            }),
            KeyExchange::RsaExport => Ok(Self::RsaExport {
                modulus: read_u16_prefixed(cursor, "ServerKeyExchange rsa_modulus")?,
                exponent: read_u16_prefixed(cursor, "ServerKeyExchange rsa_exponent")?,
            }),
            _ => Err(DecodeError::Unexpected { what: "ServerKeyExchange" }),
        }
    }

    fn read_ecdhe(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let curve_type = cursor.u8("ServerKeyExchange curve type")?;
        if curve_type != NAMED_CURVE {
            return Err(DecodeError::Invalid { what: "ServerKeyExchange curve type", value: curve_type.into() });
        }
        let group = NamedGroup(cursor.u16_be("ServerKeyExchange named curve")?);
        let length = cursor.u8("ServerKeyExchange point")?;
        let public = cursor.take(length.into(), "ServerKeyExchange point")?.to_vec();
        Ok(Self::Ecdhe { group, public })
    }
}

impl ParamsSignature {
    fn read(cursor: &mut Cursor<'_>, version: ProtocolVersion) -> Result<Self, DecodeError> {
        let mut scheme = None;
        if version >= ProtocolVersion::TLS12 {
            scheme = Some(SignatureScheme(cursor.u16_be("ServerKeyExchange signature scheme")?));
        }
        Ok(Self { scheme, bytes: read_u16_prefixed(cursor, "ServerKeyExchange signature")? })
    }
}

fn read_u16_prefixed(cursor: &mut Cursor<'_>, what: &'static str) -> Result<Vec<u8>, DecodeError> {
    let length = cursor.u16_be(what)?;
    Ok(cursor.take(length.into(), what)?.to_vec())
}

fn bit_length(number: &[u8]) -> usize {
    let significant = number.iter().position(|byte| *byte != 0).and_then(|start| number.get(start..));
    let Some(significant) = significant else { return 0 };
    let idle = significant.first().map_or(0, |byte| byte.leading_zeros());
    significant.len().saturating_mul(8).saturating_sub(usize::try_from(idle).unwrap_or(0))
}
