//! The record layer: framing only, fragments stay as they came (RFC 8446 section 5.1).

use super::ProtocolVersion;
use crate::DecodeError;

/// The longest fragment that is accepted: 2^14 bytes and what old versions allow for compression and encryption.
pub const MAX_RECORD: usize = (1 << 14) + 2048;

const HEADER_LENGTH: usize = 5;
const MAX_PLAINTEXT: usize = 1 << 14;
const FIRST_BYTES: usize = 16;

open_code! {
    /// The type of a record (RFC 8446 section 5.1, RFC 6520).
    ContentType(u8), 4 {
        CHANGE_CIPHER_SPEC = 20 "change_cipher_spec",
        ALERT = 21 "alert",
        HANDSHAKE = 22 "handshake",
        APPLICATION_DATA = 23 "application_data",
        HEARTBEAT = 24 "heartbeat",
    }
}

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What the fragment is.
    pub content_type: ContentType,
    /// The version in the record header, TLS 1.2 at most even where TLS 1.3 is spoken.
    pub version: ProtocolVersion,
    /// The fragment, at most [`MAX_RECORD`] bytes.
    pub fragment: Vec<u8>,
}

/// How many whole records of each type were read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
pub struct RecordCounts {
    /// Records of type `change_cipher_spec`.
    pub change_cipher_spec: u32,
    /// Records of type `alert`.
    pub alert: u32,
    /// Records of type `handshake`.
    pub handshake: u32,
    /// Records of type `application_data`.
    pub application_data: u32,
    /// Records of type `heartbeat`.
    pub heartbeat: u32,
}

impl RecordCounts {
    /// Records of every type together.
    pub fn total(&self) -> u32 {
        [self.change_cipher_spec, self.alert, self.handshake, self.application_data, self.heartbeat]
            .into_iter()
            .fold(0, u32::saturating_add)
    }

    fn add(&mut self, content_type: ContentType) {
        let counter = match content_type {
            ContentType::CHANGE_CIPHER_SPEC => &mut self.change_cipher_spec,
            ContentType::ALERT => &mut self.alert,
            ContentType::HANDSHAKE => &mut self.handshake,
            ContentType::APPLICATION_DATA => &mut self.application_data,
            _ => &mut self.heartbeat,
        };
        *counter = counter.saturating_add(1);
    }
}

/// Cuts a stream of bytes into records.
///
/// Push what arrives, then take records until there is none. After an error the stream cannot be read on.
#[derive(Debug, Clone, Default)]
pub struct RecordReader {
    buffer: Vec<u8>,
    taken: usize,
    counts: RecordCounts,
}

impl RecordReader {
    /// A reader at the start of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds bytes that arrived. Memory stays within one record if every whole record is taken before the next push.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.taken.min(self.buffer.len()));
        self.taken = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole record; `None` while more bytes are needed.
    ///
    /// Fails with [`DecodeError::NotTls`] if the very first record is none, as early as its first byte tells.
    pub fn next_record(&mut self) -> Result<Option<Record>, DecodeError> {
        let rest = self.buffer.get(self.taken..).unwrap_or_default();
        check_start(rest).map_err(|error| self.describe(error))?;
        let Some((&[kind, major, minor, high, low], body)) = rest.split_first_chunk::<HEADER_LENGTH>() else {
            return Ok(None);
        };
        let length = usize::from(u16::from_be_bytes([high, low]));
        if length > MAX_RECORD {
            return Err(self.describe(DecodeError::TooLong { what: "TLS record", length, limit: MAX_RECORD }));
        }
        let Some(fragment) = body.get(..length) else { return Ok(None) };
        let record = Record {
            content_type: ContentType(kind),
            version: ProtocolVersion(u16::from_be_bytes([major, minor])),
            fragment: fragment.to_vec(),
        };
        self.taken = self.taken.saturating_add(HEADER_LENGTH + length);
        self.counts.add(record.content_type);
        Ok(Some(record))
    }

    /// How many records were taken, by type.
    pub fn counts(&self) -> RecordCounts {
        self.counts
    }

    /// How many bytes of an incomplete record are waiting.
    pub fn pending(&self) -> usize {
        self.buffer.len().saturating_sub(self.taken)
    }

    fn describe(&self, error: DecodeError) -> DecodeError {
        if self.counts.total() > 0 {
            return error;
        }
        DecodeError::NotTls { first: self.buffer.iter().take(FIRST_BYTES).copied().collect() }
    }
}

/// The records that carry `payload`, split where it exceeds 2^14 bytes; an empty payload makes one empty record.
pub fn encode_records(content_type: ContentType, version: ProtocolVersion, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len().saturating_add(HEADER_LENGTH));
    let mut rest = payload;
    loop {
        let (chunk, later) = rest.split_at_checked(MAX_PLAINTEXT).unwrap_or((rest, &[]));
        out.push(content_type.0);
        out.extend(version.0.to_be_bytes());
        out.extend(u16::try_from(chunk.len()).unwrap_or(u16::MAX).to_be_bytes());
        out.extend(chunk);
        if later.is_empty() {
            return out;
        }
        rest = later;
    }
}

fn check_start(bytes: &[u8]) -> Result<(), DecodeError> {
    if let Some(&kind) = bytes.first()
        && ContentType(kind).name().is_none()
    {
        return Err(DecodeError::Invalid { what: "TLS record type", value: kind.into() });
    }
    if let Some(&major) = bytes.get(1)
        && major != 3
    {
        return Err(DecodeError::Invalid { what: "TLS record major version", value: major.into() });
    }
    if let Some(&minor) = bytes.get(2)
        && minor > 4
    {
        return Err(DecodeError::Invalid { what: "TLS record minor version", value: minor.into() });
    }
    Ok(())
}
