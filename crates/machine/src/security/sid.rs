use std::fmt;
use std::str::FromStr;

use sha1::{Digest, Sha1};
use thiserror::Error;

/// The most parts that a SID may have after its authority ([MS-DTYP] 2.4.2).
const MOST_PARTS: usize = 15;

/// A security identifier ([MS-DTYP] 2.4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sid {
    authority: u64,
    parts: [u32; MOST_PARTS],
    count: usize,
}

/// Why something is no SID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SidError {
    /// Fewer bytes than its parts need.
    #[error("a security identifier that ends early")]
    Short,
    /// Another revision than 1, or too many parts.
    #[error("no security identifier of revision 1")]
    Malformed,
}

impl Sid {
    /// Everyone, S-1-1-0.
    pub const EVERYONE: Self = Self::new(1, &[0]);
    /// Whoever logged on at the machine or as a service of it, S-1-2-0.
    pub const LOCAL: Self = Self::new(2, &[0]);
    /// Whoever logged on at the console, and services, S-1-2-1.
    pub const CONSOLE_LOGON: Self = Self::new(2, &[1]);
    /// CREATOR OWNER, S-1-3-0.
    pub const CREATOR_OWNER: Self = Self::new(3, &[0]);
    /// CREATOR GROUP, S-1-3-1.
    pub const CREATOR_GROUP: Self = Self::new(3, &[1]);
    /// Whoever logged on over the network, S-1-5-2.
    pub const NETWORK: Self = Self::new(5, &[2]);
    /// Whoever logged on as a service, S-1-5-6.
    pub const SERVICE: Self = Self::new(5, &[6]);
    /// Whoever logged on at the screen, S-1-5-4.
    pub const INTERACTIVE: Self = Self::new(5, &[4]);
    /// Anonymous, S-1-5-7.
    pub const ANONYMOUS: Self = Self::new(5, &[7]);
    /// Authenticated users, S-1-5-11.
    pub const AUTHENTICATED_USERS: Self = Self::new(5, &[11]);
    /// The account itself, S-1-5-10.
    pub const PRINCIPAL_SELF: Self = Self::new(5, &[10]);
    /// Users of this organisation, S-1-5-15.
    pub const THIS_ORGANISATION: Self = Self::new(5, &[15]);
    /// LocalSystem, S-1-5-18.
    pub const SYSTEM: Self = Self::new(5, &[18]);
    /// LOCAL SERVICE, S-1-5-19.
    pub const LOCAL_SERVICE: Self = Self::new(5, &[19]);
    /// NETWORK SERVICE, S-1-5-20.
    pub const NETWORK_SERVICE: Self = Self::new(5, &[20]);
    /// Administrators, S-1-5-32-544.
    pub const ADMINISTRATORS: Self = Self::new(5, &[32, 544]);
    /// Users, S-1-5-32-545.
    pub const USERS: Self = Self::new(5, &[32, 545]);
    /// Guests, S-1-5-32-546.
    pub const GUESTS: Self = Self::new(5, &[32, 546]);
    /// Power users, S-1-5-32-547.
    pub const POWER_USERS: Self = Self::new(5, &[32, 547]);
    /// Backup operators, S-1-5-32-551.
    pub const BACKUP_OPERATORS: Self = Self::new(5, &[32, 551]);
    /// Remote Desktop Users, S-1-5-32-555.
    pub const REMOTE_DESKTOP_USERS: Self = Self::new(5, &[32, 555]);
    /// OWNER RIGHTS, S-1-3-4: what the owner may, where it is listed.
    pub const OWNER_RIGHTS: Self = Self::new(3, &[4]);

    const fn new(authority: u64, given: &[u32]) -> Self {
        let mut parts = [0; MOST_PARTS];
        let (copied, _) = parts.split_at_mut(given.len());
        copied.copy_from_slice(given);
        Self { authority, parts, count: given.len() }
    }

    /// The SID of a service's own account: SHA-1 over its upper-cased name in UTF-16.
    pub fn of_service(name: &str) -> Self {
        let name: Vec<u8> = name.to_uppercase().encode_utf16().flat_map(u16::to_le_bytes).collect();
        let digest = Sha1::digest(name);
        let mut parts = [0; MOST_PARTS];
        let words =
            digest.chunks_exact(4).map(|word| word.iter().rev().fold(0, |sum, byte| (sum << 8) | u32::from(*byte)));
        for (part, word) in parts.iter_mut().zip([80].into_iter().chain(words)) {
            *part = word;
        }
        Self { authority: 5, parts, count: 6 }
    }

    /// Reads one, and how many bytes it takes.
    pub fn read(bytes: &[u8]) -> Result<(Self, usize), SidError> {
        let [revision, count, authority @ ..] = bytes else { return Err(SidError::Short) };
        let count = usize::from(*count);
        if *revision != 1 || count > MOST_PARTS {
            return Err(SidError::Malformed);
        }
        let (authority, rest) = authority.split_at_checked(6).ok_or(SidError::Short)?;
        let listed = rest.get(..count * 4).ok_or(SidError::Short)?;
        let mut parts = [0; MOST_PARTS];
        for (part, word) in parts.iter_mut().zip(listed.chunks_exact(4)) {
            *part = word.iter().rev().fold(0, |sum, byte| (sum << 8) | u32::from(*byte));
        }
        let authority = authority.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
        Ok((Self { authority, parts, count }, 8 + count * 4))
    }

    /// As it is stored.
    pub fn to_bytes(self) -> Vec<u8> {
        let mut bytes = vec![1, u8::try_from(self.count).unwrap_or(0)];
        bytes.extend(self.authority.to_be_bytes().into_iter().skip(2));
        bytes.extend(self.parts().iter().flat_map(|part| part.to_le_bytes()));
        bytes
    }

    /// The parts after the authority.
    pub fn parts(&self) -> &[u32] {
        self.parts.get(..self.count).unwrap_or_default()
    }
}

impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match u32::try_from(self.authority) {
            Ok(authority) => write!(f, "S-1-{authority}")?,
            Err(_) => write!(f, "S-1-{:#014x}", self.authority)?,
        }
        self.parts().iter().try_for_each(|part| write!(f, "-{part}"))
    }
}

impl FromStr for Sid {
    type Err = SidError;

    fn from_str(text: &str) -> Result<Self, SidError> {
        let rest = text.strip_prefix("S-1-").or_else(|| text.strip_prefix("s-1-")).ok_or(SidError::Malformed)?;
        let mut numbers = rest.split('-');
        let authority = numbers.next().and_then(authority).ok_or(SidError::Malformed)?;
        let given: Vec<u32> = numbers.map(decimal).collect::<Option<_>>().ok_or(SidError::Malformed)?;
        if given.len() > MOST_PARTS || authority >= 1 << 48 {
            return Err(SidError::Malformed);
        }
        Ok(Self::new(authority, &given))
    }
}

/// Large authorities are written in hexadecimal.
fn authority(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(digits) if digits.bytes().all(|digit| digit.is_ascii_hexdigit()) => u64::from_str_radix(digits, 16).ok(),
        _ => decimal(text),
    }
}

/// Digits only: `parse` would take a sign.
fn decimal<T: FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|digit| digit.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_and_written_as_bytes_and_text() {
        // Revision 1, two parts, authority 5 in big endian, 32 and 544 in little endian.
        let bytes = [1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0];
        assert_eq!(Sid::read(&bytes), Ok((Sid::ADMINISTRATORS, 16)));
        assert_eq!(Sid::ADMINISTRATORS.to_bytes(), bytes);
        assert_eq!(Sid::ADMINISTRATORS.to_string(), "S-1-5-32-544");
        assert_eq!("S-1-5-32-544".parse(), Ok(Sid::ADMINISTRATORS));
    }

    #[test]
    fn a_large_authority_is_written_in_hexadecimal() {
        let bytes = [1, 1, 1, 2, 3, 4, 5, 6, 7, 0, 0, 0];
        let (sid, _) = Sid::read(&bytes).unwrap();
        assert_eq!(sid.to_string(), "S-1-0x010203040506-7");
        assert_eq!(sid.to_string().parse(), Ok(sid));
    }

    #[test]
    fn a_service_has_the_sid_that_windows_gives_it() {
        let measured = "S-1-5-80-4022436659-1090538466-1613889075-870485073-3428993833";
        assert_eq!(Sid::of_service("SessionEnv").to_string(), measured);
    }

    #[test]
    fn what_is_none_is_refused() {
        assert_eq!(Sid::read(&[1, 1, 0, 0, 0, 0, 0, 5, 18, 0]), Err(SidError::Short));
        assert_eq!(Sid::read(&[2, 0, 0, 0, 0, 0, 0, 5]), Err(SidError::Malformed));
        assert_eq!(Sid::read(&[1, 16, 0, 0, 0, 0, 0, 5]), Err(SidError::Malformed));
        assert_eq!(Sid::read(&[]), Err(SidError::Short));
        for text in [
            "",
            "S-1-",
            "S-1-5-x",
            "S-1-5-+1",
            "S-1-0x1000000000000",
            "S-2-5-18",
            "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16",
        ] {
            assert_eq!(text.parse::<Sid>(), Err(SidError::Malformed), "{text}");
        }
    }
}
