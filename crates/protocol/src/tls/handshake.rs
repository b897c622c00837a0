//! Plaintext handshake messages, put together across records (RFC 8446 section 4).

use crate::cursor::Cursor;
use crate::{DecodeError, EncodeError};

const HEADER_LENGTH: usize = 4;
const DEFAULT_LIMIT: usize = 256 * 1024;
const LONGEST: usize = (1 << 24) - 1;
pub(super) const MAX_CERTIFICATES: usize = 64;

open_code! {
    /// The type of a handshake message (IANA TLS `HandshakeType` registry).
    HandshakeType(u8), 4 {
        HELLO_REQUEST = 0 "hello_request",
        CLIENT_HELLO = 1 "client_hello",
        SERVER_HELLO = 2 "server_hello",
        NEW_SESSION_TICKET = 4 "new_session_ticket",
        ENCRYPTED_EXTENSIONS = 8 "encrypted_extensions",
        CERTIFICATE = 11 "certificate",
        SERVER_KEY_EXCHANGE = 12 "server_key_exchange",
        CERTIFICATE_REQUEST = 13 "certificate_request",
        SERVER_HELLO_DONE = 14 "server_hello_done",
        CERTIFICATE_VERIFY = 15 "certificate_verify",
        CLIENT_KEY_EXCHANGE = 16 "client_key_exchange",
        FINISHED = 20 "finished",
        CERTIFICATE_STATUS = 22 "certificate_status",
        KEY_UPDATE = 24 "key_update",
    }
}

/// One handshake message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandshakeMessage {
    /// What the body is.
    pub msg_type: HandshakeType,
    /// The message behind its four-byte header.
    pub body: Vec<u8>,
}

impl HandshakeMessage {
    /// Header and body; fails on a body of 2^24 bytes or more.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let mut out = vec![self.msg_type.0];
        write_u24(&mut out, self.body.len(), "TLS handshake message")?;
        out.extend(&self.body);
        Ok(out)
    }
}

/// Puts handshake messages together from the fragments of plaintext handshake records.
#[derive(Debug, Clone)]
pub struct HandshakeReader {
    buffer: Vec<u8>,
    taken: usize,
    limit: usize,
}

impl Default for HandshakeReader {
    fn default() -> Self {
        Self::with_limit(DEFAULT_LIMIT)
    }
}

impl HandshakeReader {
    /// A reader that accepts messages of up to 256 KiB.
    pub fn new() -> Self {
        Self::default()
    }

    /// A reader that accepts messages of up to `limit` bytes.
    pub fn with_limit(limit: usize) -> Self {
        Self { buffer: Vec::new(), taken: 0, limit }
    }

    /// Adds the fragment of a handshake record. Memory stays within the limit and one fragment if every whole message
    /// is taken before the next push.
    pub fn push(&mut self, fragment: &[u8]) {
        self.buffer.drain(..self.taken.min(self.buffer.len()));
        self.taken = 0;
        self.buffer.extend_from_slice(fragment);
    }

    /// The next whole message; `None` while more bytes are needed. Fails as soon as a length exceeds the limit.
    pub fn next_message(&mut self) -> Result<Option<HandshakeMessage>, DecodeError> {
        let mut cursor = Cursor::new(self.buffer.get(self.taken..).unwrap_or_default());
        if cursor.rest().len() < HEADER_LENGTH {
            return Ok(None);
        }
        let msg_type = HandshakeType(cursor.u8("TLS handshake type")?);
        let length = cursor.u24_be("TLS handshake length")?;
        if length > self.limit {
            return Err(DecodeError::TooLong { what: "TLS handshake message", length, limit: self.limit });
        }
        let Some(body) = cursor.rest().get(..length) else { return Ok(None) };
        let message = HandshakeMessage { msg_type, body: body.to_vec() };
        self.taken = self.taken.saturating_add(HEADER_LENGTH + length);
        Ok(Some(message))
    }

    /// How many bytes of an incomplete message are waiting.
    pub fn pending(&self) -> usize {
        self.buffer.len().saturating_sub(self.taken)
    }
}

/// The `Certificate` message of SSL 3.0 to TLS 1.2 (RFC 5246 section 7.4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The chain as DER, the server's own certificate first; at most 64.
    pub chain: Vec<Vec<u8>>,
}

impl Certificate {
    /// Reads the body of a `certificate` message.
    pub fn decode(body: &[u8]) -> Result<Self, DecodeError> {
        let what = "TLS certificate list";
        let mut cursor = Cursor::new(body);
        let length = cursor.u24_be(what)?;
        let mut list = Cursor::new(cursor.take(length, what)?);
        cursor.finish(what)?;
        let mut chain = Vec::new();
        while !list.is_empty() {
            if chain.len() == MAX_CERTIFICATES {
                return Err(DecodeError::TooLong { what, length: chain.len() + 1, limit: MAX_CERTIFICATES });
            }
            let length = list.u24_be("TLS certificate length")?;
            chain.push(list.take(length, "TLS certificate")?.to_vec());
        }
        Ok(Self { chain })
    }

    /// The body of a `certificate` message.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let what = "TLS certificate list";
        if self.chain.len() > MAX_CERTIFICATES {
            return Err(EncodeError::TooLong { what, length: self.chain.len(), limit: MAX_CERTIFICATES });
        }
        let mut list = Vec::new();
        for der in &self.chain {
            write_u24(&mut list, der.len(), "TLS certificate")?;
            list.extend(der);
        }
        let mut out = Vec::new();
        write_u24(&mut out, list.len(), what)?;
        out.extend(list);
        Ok(out)
    }
}

pub(super) fn write_u24(out: &mut Vec<u8>, length: usize, what: &'static str) -> Result<(), EncodeError> {
    let too_long = EncodeError::TooLong { what, length, limit: LONGEST };
    if length > LONGEST {
        return Err(too_long);
    }
    let [_, bytes @ ..] = u32::try_from(length).map_err(|_| too_long)?.to_be_bytes();
    out.extend(bytes);
    Ok(())
}
