//! The NTLM messages that can be exchanged without credentials (MS-NLMP section 2.2.1).

pub use super::av_pairs::{AvId, AvPair};

use super::av_pairs;
use crate::cursor::Cursor;
use crate::{DecodeError, EncodeError};

/// What every NTLM message starts with.
pub const SIGNATURE: [u8; 8] = *b"NTLMSSP\0";

const NEGOTIATE: u32 = 1;
const CHALLENGE: u32 = 2;
const HEADER_LENGTH: usize = 56;
const REVISION_W2K3: u8 = 15;

flag_set! {
    /// `NegotiateFlags` (MS-NLMP section 2.2.2.5).
    NegotiateFlags(u32), zero NONE None, {
        UNICODE = 0x0000_0001,
        OEM = 0x0000_0002,
        REQUEST_TARGET = 0x0000_0004,
        SIGN = 0x0000_0010,
        SEAL = 0x0000_0020,
        DATAGRAM = 0x0000_0040,
        LM_KEY = 0x0000_0080,
        NTLM = 0x0000_0200,
        ANONYMOUS = 0x0000_0800,
        OEM_DOMAIN_SUPPLIED = 0x0000_1000,
        OEM_WORKSTATION_SUPPLIED = 0x0000_2000,
        ALWAYS_SIGN = 0x0000_8000,
        TARGET_TYPE_DOMAIN = 0x0001_0000,
        TARGET_TYPE_SERVER = 0x0002_0000,
        EXTENDED_SESSIONSECURITY = 0x0008_0000,
        IDENTIFY = 0x0010_0000,
        REQUEST_NON_NT_SESSION_KEY = 0x0040_0000,
        TARGET_INFO = 0x0080_0000,
        VERSION = 0x0200_0000,
        KEY_128 = 0x2000_0000,
        KEY_EXCH = 0x4000_0000,
        KEY_56 = 0x8000_0000,
    }
}

impl NegotiateFlags {
    /// What a current Windows client asks for.
    pub const OF_WINDOWS: Self = Self(0xe208_82b7);
}

/// `VERSION` (MS-NLMP section 2.2.2.10): the release of Windows, by its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
pub struct Version {
    /// `ProductMajorVersion`.
    pub major: u8,
    /// `ProductMinorVersion`.
    pub minor: u8,
    /// `ProductBuild`.
    pub build: u16,
}

/// The `NEGOTIATE_MESSAGE` with which a client starts, without names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Negotiate {
    /// What the client asks for.
    pub flags: NegotiateFlags,
    /// The release of the client; zeros where the flags lack `VERSION`.
    pub version: Option<Version>,
}

/// The `CHALLENGE_MESSAGE` with which a server answers. The challenge itself is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// What the server grants.
    pub flags: NegotiateFlags,
    /// `TargetName`: the domain, or the computer outside of a domain.
    pub target_name: String,
    /// `TargetInfo`, at most 64 pairs.
    pub target_info: Vec<AvPair>,
    /// The release of the server, where the flags say that it is told.
    pub version: Option<Version>,
}

impl Negotiate {
    /// What a current Windows client sends.
    pub fn of_windows() -> Self {
        let version = Version { major: 10, minor: 0, build: 19041 };
        Self { flags: NegotiateFlags::OF_WINDOWS, version: Some(version) }
    }

    /// The message.
    pub fn encode(self) -> Vec<u8> {
        let mut out = SIGNATURE.to_vec();
        out.extend(NEGOTIATE.to_le_bytes());
        out.extend(with_version(self.flags, self.version).0.to_le_bytes());
        out.extend([0; 16]);
        out.extend(encode_version(self.version));
        out
    }

    /// Reads the message; names are skipped.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let what = "NTLM NEGOTIATE";
        let mut cursor = Cursor::new(bytes);
        read_type(&mut cursor, NEGOTIATE)?;
        let flags = NegotiateFlags(cursor.u32_le(what)?);
        if !flags.contains(NegotiateFlags::VERSION) {
            return Ok(Self { flags, version: None });
        }
        cursor.take(16, what)?;
        Ok(Self { flags, version: Some(read_version(&mut cursor, what)?) })
    }
}

impl Challenge {
    /// Reads the message.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let what = "NTLM CHALLENGE";
        let mut cursor = Cursor::new(bytes);
        read_type(&mut cursor, CHALLENGE)?;
        let target_name = read_field(&mut cursor, bytes, "NTLM TargetName")?;
        let flags = NegotiateFlags(cursor.u32_le(what)?);
        // ServerChallenge and Reserved.
        cursor.take(16, what)?;
        let (mut target_info, mut version) = (Vec::new(), None);
        if flags.contains(NegotiateFlags::TARGET_INFO) {
            target_info = av_pairs::read(read_field(&mut cursor, bytes, "NTLM TargetInfo")?)?;
        } else if flags.contains(NegotiateFlags::VERSION) {
            cursor.take(8, what)?;
        }
        if flags.contains(NegotiateFlags::VERSION) {
            version = Some(read_version(&mut cursor, what)?);
        }
        let target_name = if flags.contains(NegotiateFlags::UNICODE) {
            from_utf16(target_name)
        } else {
            String::from_utf8_lossy(target_name).into_owned()
        };
        Ok(Self { flags, target_name, target_info, version })
    }

    /// The message with this `ServerChallenge`.
    pub fn encode(&self, server_challenge: [u8; 8]) -> Result<Vec<u8>, EncodeError> {
        let unicode = self.flags.contains(NegotiateFlags::UNICODE);
        let name = if unicode { to_utf16(&self.target_name) } else { self.target_name.as_bytes().to_vec() };
        let has_info = self.flags.contains(NegotiateFlags::TARGET_INFO);
        let info = if has_info { av_pairs::encode(&self.target_info)? } else { Vec::new() };
        let mut out = SIGNATURE.to_vec();
        out.extend(CHALLENGE.to_le_bytes());
        write_field(&mut out, &name, HEADER_LENGTH, "NTLM TargetName")?;
        out.extend(with_version(self.flags, self.version).0.to_le_bytes());
        out.extend(server_challenge);
        out.extend([0; 8]);
        write_field(&mut out, &info, HEADER_LENGTH.saturating_add(name.len()), "NTLM TargetInfo")?;
        out.extend(encode_version(self.version));
        out.extend(name);
        out.extend(info);
        Ok(out)
    }

    /// The first value of this id.
    pub fn value(&self, id: AvId) -> Option<&[u8]> {
        self.target_info.iter().find(|pair| pair.id == id).map(|pair| pair.value.as_slice())
    }

    /// The first value of this id as text, what is no UTF-16 replaced. Unsafe to print as it is.
    pub fn text(&self, id: AvId) -> Option<String> {
        self.value(id).map(from_utf16)
    }

    /// `MsvAvTimestamp`: the server's clock as FILETIME, 100 ns since 1601 in UTC.
    pub fn timestamp(&self) -> Option<u64> {
        let value = <[u8; 8]>::try_from(self.value(AvId::TIMESTAMP)?).ok()?;
        Some(u64::from_le_bytes(value))
    }

    /// `MsvAvFlags`.
    pub fn av_flags(&self) -> Option<u32> {
        let value = <[u8; 4]>::try_from(self.value(AvId::FLAGS)?).ok()?;
        Some(u32::from_le_bytes(value))
    }
}

impl AvPair {
    /// A pair whose value is this text.
    pub fn text(id: AvId, text: &str) -> Self {
        Self { id, value: to_utf16(text) }
    }

    /// `MsvAvTimestamp` of this FILETIME.
    pub fn timestamp(filetime: u64) -> Self {
        Self { id: AvId::TIMESTAMP, value: filetime.to_le_bytes().to_vec() }
    }
}

fn read_type(cursor: &mut Cursor<'_>, expected: u32) -> Result<(), DecodeError> {
    let signature = cursor.array("NTLM Signature")?;
    if signature != SIGNATURE {
        return Err(DecodeError::Invalid { what: "NTLM Signature", value: u64::from_be_bytes(signature) });
    }
    let found = cursor.u32_le("NTLM MessageType")?;
    if found != expected {
        return Err(DecodeError::Invalid { what: "NTLM MessageType", value: found.into() });
    }
    Ok(())
}

/// The bytes that a length and an offset point to; an empty field may point anywhere.
fn read_field<'a>(cursor: &mut Cursor<'_>, message: &'a [u8], what: &'static str) -> Result<&'a [u8], DecodeError> {
    let length = usize::from(cursor.u16_le(what)?);
    cursor.u16_le(what)?;
    let offset = usize::try_from(cursor.u32_le(what)?).unwrap_or(usize::MAX);
    if length == 0 {
        return Ok(&[]);
    }
    let mut payload = Cursor::new(message.get(offset..).unwrap_or_default());
    payload.take(length, what)
}

fn write_field(out: &mut Vec<u8>, field: &[u8], offset: usize, what: &'static str) -> Result<(), EncodeError> {
    let too_long = EncodeError::TooLong { what, length: field.len(), limit: u16::MAX.into() };
    let length = u16::try_from(field.len()).map_err(|_| too_long.clone())?.to_le_bytes();
    out.extend(length);
    out.extend(length);
    out.extend(u32::try_from(offset).map_err(|_| too_long)?.to_le_bytes());
    Ok(())
}

fn with_version(flags: NegotiateFlags, version: Option<Version>) -> NegotiateFlags {
    if version.is_some() { flags | NegotiateFlags::VERSION } else { flags.without(NegotiateFlags::VERSION) }
}

fn read_version(cursor: &mut Cursor<'_>, what: &'static str) -> Result<Version, DecodeError> {
    let version = Version { major: cursor.u8(what)?, minor: cursor.u8(what)?, build: cursor.u16_le(what)? };
    cursor.take(4, what)?;
    Ok(version)
}

fn encode_version(version: Option<Version>) -> [u8; 8] {
    let Some(Version { major, minor, build }) = version else { return [0; 8] };
    let [low, high] = build.to_le_bytes();
    [major, minor, low, high, 0, 0, 0, REVISION_W2K3]
}

fn to_utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn from_utf16(bytes: &[u8]) -> String {
    let (pairs, _odd) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
    String::from_utf16_lossy(&units)
}
