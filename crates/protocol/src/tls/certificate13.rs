//! The `Certificate` message of TLS 1.3, readable once its record is decrypted (RFC 8446 section 4.4.2).

use super::extension::{self, Extension, write_u8_prefixed};
use super::handshake::{MAX_CERTIFICATES, write_u24};
use crate::cursor::Cursor;
use crate::{DecodeError, EncodeError};

const EXTENSIONS: extension::Names = extension::Names {
    block: "certificate extensions",
    kind: "certificate extension type",
    length: "certificate extension length",
    data: "certificate extension data",
};

/// The `Certificate` message of TLS 1.3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate13 {
    /// `certificate_request_context`, empty from a server.
    pub context: Vec<u8>,
    /// The chain, the server's own certificate first; at most 64.
    pub entries: Vec<CertificateEntry>,
}

/// One certificate of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateEntry {
    /// `cert_data`: the certificate as DER.
    pub der: Vec<u8>,
    /// Its extensions, such as an OCSP answer.
    pub extensions: Vec<Extension>,
}

impl Certificate13 {
    /// Reads the body of a `certificate` message.
    pub fn decode(body: &[u8]) -> Result<Self, DecodeError> {
        let what = "TLS certificate list";
        let mut cursor = Cursor::new(body);
        let length = cursor.u8("certificate_request_context")?;
        let context = cursor.take(length.into(), "certificate_request_context")?.to_vec();
        let length = cursor.u24_be(what)?;
        let mut list = Cursor::new(cursor.take(length, what)?);
        cursor.finish(what)?;
        let mut entries = Vec::new();
        while !list.is_empty() {
            if entries.len() == MAX_CERTIFICATES {
                return Err(DecodeError::TooLong { what, length: MAX_CERTIFICATES + 1, limit: MAX_CERTIFICATES });
            }
            entries.push(CertificateEntry::read(&mut list)?);
        }
        Ok(Self { context, entries })
    }

    /// The body of a `certificate` message.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let what = "TLS certificate list";
        let (length, limit) = (self.entries.len(), MAX_CERTIFICATES);
        if length > limit {
            return Err(EncodeError::TooLong { what, length, limit });
        }
        let mut list = Vec::new();
        for entry in &self.entries {
            write_u24(&mut list, entry.der.len(), "TLS certificate")?;
            list.extend(&entry.der);
            extension::write_block(&mut list, &entry.extensions, EXTENSIONS)?;
        }
        let mut out = Vec::new();
        write_u8_prefixed(&mut out, &self.context, u8::MAX, "certificate_request_context")?;
        write_u24(&mut out, list.len(), what)?;
        out.extend(list);
        Ok(out)
    }
}

impl CertificateEntry {
    fn read(list: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let length = list.u24_be("TLS certificate length")?;
        let der = list.take(length, "TLS certificate")?.to_vec();
        Ok(Self { der, extensions: extension::read_block(list, EXTENSIONS)? })
    }
}
