use thiserror::Error;

use super::words;

/// Ten words: the version, one unknown, and eight lengths.
const HEADER: usize = 40;
const VERSION: u32 = 2;
/// "RSA1".
const RSA_PUBLIC: u32 = 0x3141_5352;
const RSA_HEADER: usize = 20;

/// What the file of a CryptoAPI key says in the open. The private parts are DPAPI's and are not looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFile {
    /// The container: the file's name is made of it.
    pub container: String,
    /// The public half of the key pair for signatures (AT_SIGNATURE), where there is a readable one.
    pub signature: Option<PublicKey>,
    /// The public half of the key pair for key exchange (AT_KEYEXCHANGE), where there is a readable one.
    pub exchange: Option<PublicKey>,
}

/// An RSA public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// Its length.
    pub bits: u32,
    /// The exponent.
    pub exponent: u32,
    /// The modulus, most significant byte first, as certificates have it.
    pub modulus: Vec<u8>,
}

/// Why bytes are no key file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// There is nothing in it.
    #[error("an empty key file")]
    Empty,
    /// It ends before what its header says that it holds.
    #[error("a key file that ends early")]
    Short,
    /// Another version than 2, which all supported Windows write.
    #[error("a key file of version {0}")]
    Version(u32),
    /// The container has no name, or not one that ends.
    #[error("a key file without the name of its container")]
    Nameless,
}

impl KeyFile {
    /// Reads one from below [`super::MACHINE_KEYS`].
    pub fn read(bytes: &[u8]) -> Result<Self, KeyFileError> {
        if bytes.is_empty() {
            return Err(KeyFileError::Empty);
        }
        let header: [u32; 10] = bytes.get(..HEADER).and_then(words).ok_or(KeyFileError::Short)?;
        let [version, _, name, signature, signature_private, exchange, exchange_private, hash, flag, other_flag] =
            header;
        if version != VERSION {
            return Err(KeyFileError::Version(version));
        }
        let mut rest = bytes.get(HEADER..).unwrap_or_default();
        let lengths = [name, hash, signature, signature_private, flag, exchange, exchange_private, other_flag];
        let mut parts: [&[u8]; 8] = [&[]; 8];
        for (length, part) in lengths.into_iter().zip(&mut parts) {
            let length = usize::try_from(length).map_err(|_| KeyFileError::Short)?;
            (*part, rest) = rest.split_at_checked(length).ok_or(KeyFileError::Short)?;
        }
        let [name, _, signature, _, _, exchange, _, _] = parts;
        let container = container(name).ok_or(KeyFileError::Nameless)?;
        Ok(Self { container, signature: PublicKey::read(signature), exchange: PublicKey::read(exchange) })
    }
}

impl PublicKey {
    /// Magic, room for the modulus, bits, the last byte's index, exponent; then the modulus, least significant byte first.
    fn read(bytes: &[u8]) -> Option<Self> {
        let [magic, _, bits, _, exponent] = words(bytes)?;
        if magic != RSA_PUBLIC {
            return None;
        }
        let length = usize::try_from(bits.div_ceil(8)).ok()?;
        let mut modulus = bytes.get(RSA_HEADER..)?.get(..length)?.to_vec();
        modulus.reverse();
        Some(Self { bits, exponent, modulus })
    }
}

/// ASCII with its NUL.
fn container(bytes: &[u8]) -> Option<String> {
    let (name, _) = bytes.split_at_checked(bytes.iter().position(|byte| *byte == 0)?)?;
    (!name.is_empty()).then(|| String::from_utf8_lossy(name).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file as Windows makes it for Remote Desktop, with short keys and nothing private in it.
    fn made() -> Vec<u8> {
        let public = [&[0x52, 0x53, 0x41, 0x31, 16, 0, 0, 0, 64, 0, 0, 0, 7, 0, 0, 0, 1, 0, 1, 0][..], &[1; 7], &[2]];
        let public = [&public.concat()[..], &[0; 8]].concat();
        let parts = [&b"TSSecKeySet1\0"[..], &[0; 20], &[], &[], &[], &public, &[0xee; 30], &[0xdd; 10]];
        let lengths = [2, 0, 13, 0, 0, 36, 30, 20, 0, 10_u32];
        [lengths.into_iter().flat_map(u32::to_le_bytes).collect(), parts.concat()].concat()
    }

    #[test]
    fn the_container_and_the_public_key_are_in_the_open() {
        let read = KeyFile::read(&made()).unwrap();
        let modulus = vec![2, 1, 1, 1, 1, 1, 1, 1];
        let exchange = PublicKey { bits: 64, exponent: 0x1_0001, modulus };
        assert_eq!(read, KeyFile { container: "TSSecKeySet1".into(), signature: None, exchange: Some(exchange) });
    }

    #[test]
    fn a_key_with_room_behind_its_modulus_is_read() {
        // The header is that of a published file of Windows Server 2019; the modulus is made up.
        let blob =
            [&b"RSA1\x08\x01\x00\x00\x00\x08\x00\x00\xff\x00\x00\x00\x01\x00\x01\x00"[..], &[0x39; 264]].concat();
        let read = PublicKey::read(&blob).unwrap();
        assert_eq!((read.bits, read.exponent, read.modulus.len()), (2048, 65537, 256));
        assert_eq!(PublicKey::read(&blob[..270]), None, "a modulus that is cut short");
    }

    #[test]
    fn what_is_cut_short_is_refused() {
        let whole = made();
        assert_eq!(KeyFile::read(&[]), Err(KeyFileError::Empty));
        for length in 1..whole.len() {
            assert_eq!(KeyFile::read(&whole[..length]), Err(KeyFileError::Short), "{length} bytes");
        }
    }

    #[test]
    fn damage_is_named() {
        let with = |at: usize, byte| {
            let mut bytes = made();
            bytes[at] = byte;
            KeyFile::read(&bytes)
        };
        assert_eq!(with(0, 3), Err(KeyFileError::Version(3)));
        assert_eq!(with(HEADER, 0), Err(KeyFileError::Nameless));
        assert_eq!(with(HEADER + 12, b'x'), Err(KeyFileError::Nameless), "no NUL");
        assert_eq!(with(11, 0xff), Err(KeyFileError::Short), "a name of 4 GB");
        let other_magic = with(HEADER + 13 + 20, 0).unwrap();
        assert_eq!(other_magic.exchange, None);
    }
}
