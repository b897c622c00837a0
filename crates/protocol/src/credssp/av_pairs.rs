//! `AV_PAIR` (MS-NLMP section 2.2.2.1).

use crate::cursor::Cursor;
use crate::{DecodeError, EncodeError};

const END_OF_LIST: u16 = 0;
const MAX_PAIRS: usize = 64;

open_code! {
    /// What an `AV_PAIR` says.
    AvId(u16), 6 {
        NB_COMPUTER_NAME = 1 "MsvAvNbComputerName",
        NB_DOMAIN_NAME = 2 "MsvAvNbDomainName",
        DNS_COMPUTER_NAME = 3 "MsvAvDnsComputerName",
        DNS_DOMAIN_NAME = 4 "MsvAvDnsDomainName",
        DNS_TREE_NAME = 5 "MsvAvDnsTreeName",
        FLAGS = 6 "MsvAvFlags",
        TIMESTAMP = 7 "MsvAvTimestamp",
        SINGLE_HOST = 8 "MsvAvSingleHost",
        TARGET_NAME = 9 "MsvAvTargetName",
        CHANNEL_BINDINGS = 10 "MsvAvChannelBindings",
    }
}

/// One fact that a server tells about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AvPair {
    /// What the value is.
    pub id: AvId,
    /// The value: names are UTF-16LE.
    pub value: Vec<u8>,
}

/// Reads pairs up to `MsvAvEOL`, or to the end of a list that lacks it; at most 64.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<AvPair>, DecodeError> {
    let what = "NTLM TargetInfo";
    let mut cursor = Cursor::new(bytes);
    let mut pairs = Vec::new();
    while !cursor.is_empty() {
        let id = cursor.u16_le(what)?;
        let length = cursor.u16_le(what)?;
        if id == END_OF_LIST {
            break;
        }
        if pairs.len() == MAX_PAIRS {
            return Err(DecodeError::TooLong { what, length: MAX_PAIRS + 1, limit: MAX_PAIRS });
        }
        let value = cursor.take(length.into(), what)?.to_vec();
        pairs.push(AvPair { id: AvId(id), value });
    }
    Ok(pairs)
}

/// The pairs and `MsvAvEOL`.
pub(super) fn encode(pairs: &[AvPair]) -> Result<Vec<u8>, EncodeError> {
    let mut out = Vec::new();
    for pair in pairs {
        let too_long = EncodeError::TooLong { what: "AV_PAIR", length: pair.value.len(), limit: u16::MAX.into() };
        out.extend(pair.id.0.to_le_bytes());
        out.extend(u16::try_from(pair.value.len()).map_err(|_| too_long)?.to_le_bytes());
        out.extend(&pair.value);
    }
    out.extend([0; 4]);
    Ok(out)
}
