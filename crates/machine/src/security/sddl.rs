//! Descriptors as text ([MS-DTYP] 2.5.1).

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::{Ace, AceKind, Descriptor, Sid};

/// Why a text is no descriptor.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SddlError {
    /// Neither `O:`, `G:`, `D:` nor an entry in brackets.
    #[error("no security descriptor at \"{0}\"")]
    Malformed(String),
    /// A name that is no account.
    #[error("no account \"{0}\"")]
    Account(String),
    /// Rights that nobody knows.
    #[error("no rights \"{0}\"")]
    Rights(String),
}

const ACCOUNTS: [(&str, Sid); 16] = [
    ("AN", Sid::ANONYMOUS),
    ("AU", Sid::AUTHENTICATED_USERS),
    ("BA", Sid::ADMINISTRATORS),
    ("BG", Sid::GUESTS),
    ("BO", Sid::BACKUP_OPERATORS),
    ("BU", Sid::USERS),
    ("CO", Sid::CREATOR_OWNER),
    ("IU", Sid::INTERACTIVE),
    ("LS", Sid::LOCAL_SERVICE),
    ("NS", Sid::NETWORK_SERVICE),
    ("OW", Sid::OWNER_RIGHTS),
    ("PU", Sid::POWER_USERS),
    ("RD", Sid::REMOTE_DESKTOP_USERS),
    ("SU", Sid::SERVICE),
    ("SY", Sid::SYSTEM),
    ("WD", Sid::EVERYONE),
];

const RIGHTS: [(&str, u32); 24] = [
    ("FA", 0x001f_01ff),
    ("FR", 0x0012_0089),
    ("FW", 0x0012_0116),
    ("FX", 0x0012_00a0),
    ("KA", 0x000f_003f),
    ("KR", 0x0002_0019),
    ("KW", 0x0002_0006),
    ("KX", 0x0002_0019),
    ("GA", 0x1000_0000),
    ("GX", 0x2000_0000),
    ("GW", 0x4000_0000),
    ("GR", 0x8000_0000),
    ("RC", 0x0002_0000),
    ("SD", 0x0001_0000),
    ("WD", 0x0004_0000),
    ("WO", 0x0008_0000),
    ("CC", 0x1),
    ("DC", 0x2),
    ("LC", 0x4),
    ("SW", 0x8),
    ("RP", 0x10),
    ("WP", 0x20),
    ("DT", 0x40),
    ("LO", 0x80),
];

const FLAGS: [(&str, u8); 7] =
    [("OI", 0x01), ("CI", 0x02), ("NP", 0x04), ("IO", 0x08), ("ID", 0x10), ("SA", 0x40), ("FA", 0x80)];

/// Of the DACL: protected, and inheritance asked for and done.
const CONTROL: [(&str, u16); 3] = [("P", 0x1000), ("AR", 0x0100), ("AI", 0x0400)];

impl fmt::Display for Descriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (letter, sid) in [("O", self.owner), ("G", self.group)] {
            if let Some(sid) = sid {
                write!(f, "{letter}:{}", account(sid))?;
            }
        }
        f.write_str("D:")?;
        for (name, bit) in CONTROL {
            f.write_str(if self.control & bit != 0 { name } else { "" })?;
        }
        match &self.dacl {
            None => f.write_str("NO_ACCESS_CONTROL"),
            Some(aces) => aces.iter().try_for_each(|ace| write!(f, "{}", Entry(ace))),
        }
    }
}

struct Entry<'a>(&'a Ace);

impl fmt::Display for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ace { kind, flags, mask, sid, .. } = self.0;
        match kind {
            AceKind::Allow => f.write_str("(A;")?,
            AceKind::Deny => f.write_str("(D;")?,
            AceKind::Other(kind) => write!(f, "({kind:#x};")?,
        }
        for (name, bit) in FLAGS {
            f.write_str(if flags & bit != 0 { name } else { "" })?;
        }
        let files = RIGHTS.iter().take(4).find(|(_, rights)| rights == mask);
        match files {
            Some((name, _)) => write!(f, ";{name};;;{})", account(*sid)),
            None => write!(f, ";{mask:#x};;;{})", account(*sid)),
        }
    }
}

fn account(sid: Sid) -> String {
    let short = ACCOUNTS.iter().find(|(_, known)| *known == sid);
    short.map_or_else(|| sid.to_string(), |(name, _)| (*name).to_owned())
}

impl FromStr for Descriptor {
    type Err = SddlError;

    fn from_str(text: &str) -> Result<Self, SddlError> {
        let mut read = Self::default();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let malformed = || SddlError::Malformed(rest.chars().take(40).collect());
            let (letter, after) = rest.split_once(':').ok_or_else(malformed)?;
            let end = next_part(after);
            let (part, further) = after.split_at_checked(end).ok_or_else(malformed)?;
            match letter {
                "O" => read.owner = Some(sid(part)?),
                "G" => read.group = Some(sid(part)?),
                "D" => dacl(part, &mut read)?,
                // Audits decide nothing, and are not taken over from a text.
                "S" => {}
                _ => return Err(malformed()),
            }
            rest = further;
        }
        Ok(read)
    }
}

/// Where the next of `O:`, `G:`, `D:`, `S:` begins, outside of brackets.
fn next_part(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut before = None;
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => return before.unwrap_or(at),
            _ => {}
        }
        before = Some(at);
    }
    text.len()
}

fn dacl(text: &str, into: &mut Descriptor) -> Result<(), SddlError> {
    let (mut flags, entries) = text.split_once('(').map_or((text, ""), |(flags, rest)| (flags, rest));
    if flags.ends_with("NO_ACCESS_CONTROL") {
        into.dacl = None;
        return Ok(());
    }
    while !flags.is_empty() {
        let known = CONTROL.iter().find(|(name, _)| flags.starts_with(name));
        let (name, bit) = known.ok_or_else(|| SddlError::Malformed(flags.to_owned()))?;
        into.control |= bit;
        flags = flags.get(name.len()..).unwrap_or_default();
    }
    let entries = entries.split('(').filter(|entry| !entry.is_empty());
    into.dacl = Some(entries.map(entry).collect::<Result<_, _>>()?);
    Ok(())
}

fn entry(text: &str) -> Result<Ace, SddlError> {
    let malformed = || SddlError::Malformed(text.to_owned());
    let fields: Vec<&str> = text.trim().strip_suffix(')').ok_or_else(malformed)?.split(';').collect();
    let [kind, flags, rights, "", "", account] = fields[..] else { return Err(malformed()) };
    let kind = match kind {
        "A" => AceKind::Allow,
        "D" => AceKind::Deny,
        _ => return Err(malformed()),
    };
    let mut bits = 0;
    for name in pairs(flags) {
        bits |= FLAGS.iter().find(|(known, _)| *known == name).ok_or_else(malformed)?.1;
    }
    Ok(Ace { kind, flags: bits, mask: mask(rights)?, sid: sid(account)?, rest: Vec::new() })
}

fn mask(text: &str) -> Result<u32, SddlError> {
    let unknown = || SddlError::Rights(text.to_owned());
    if let Some(hex) = text.strip_prefix("0x") {
        return u32::from_str_radix(hex, 16).map_err(|_| unknown());
    }
    let known = |name| RIGHTS.iter().find(|(known, _)| *known == name).map(|(_, rights)| *rights);
    let all: Option<Vec<u32>> = pairs(text).map(known).collect();
    Ok(all.ok_or_else(unknown)?.into_iter().fold(0, |sum, rights| sum | rights))
}

/// Two letters each; what is left over is a name that nobody knows.
fn pairs(text: &str) -> impl Iterator<Item = &str> {
    (0..text.len()).step_by(2).map(move |at| text.get(at..at + 2).unwrap_or("?"))
}

fn sid(text: &str) -> Result<Sid, SddlError> {
    let known = ACCOUNTS.iter().find(|(name, _)| *name == text).map(|(_, sid)| *sid);
    known.or_else(|| text.parse().ok()).ok_or_else(|| SddlError::Account(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_windows_writes_comes_back() {
        for text in [
            "O:SYG:SYD:PAI(A;;0x12019f;;;WD)(A;;FA;;;BA)",
            "O:SYG:SYD:PAI(A;;FA;;;SY)(A;;FR;;;NS)(A;;FA;;;S-1-5-80-4022436659-1090538466-1613889075-870485073-3428993833)",
            "D:(D;OICIIO;FR;;;NS)",
            "O:BAD:NO_ACCESS_CONTROL",
            "D:",
        ] {
            let read: Descriptor = text.parse().unwrap();
            assert_eq!(read.to_string(), text);
            assert_eq!(Descriptor::read(&read.to_bytes()).unwrap(), read, "{text}");
        }
    }

    #[test]
    fn rights_may_be_written_in_pairs_of_letters() {
        let read: Descriptor = "D:(A;;GRGX;;;BU)".parse().unwrap();
        assert_eq!(read.to_string(), "D:(A;;0xa0000000;;;BU)");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = |text: &str| text.parse::<Descriptor>().unwrap_err().to_string();
        assert_eq!(error("O:XX"), "no account \"XX\"");
        assert_eq!(error("D:(A;;ZZ;;;SY)"), "no rights \"ZZ\"");
        assert_eq!(error("hello"), "no security descriptor at \"hello\"");
        assert!(error("D:(A;;FA;;;SY").contains("A;;FA;;;SY"));
        assert!(error("D:(A;ü;FA;;;SY)").contains("ü"));
    }
}
