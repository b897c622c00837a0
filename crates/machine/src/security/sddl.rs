//! Descriptors as text ([MS-DTYP] 2.5.1).

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::acl::KINDS;
use super::descriptor::{DACL_AUTO_INHERITED, DACL_PROTECTED};
use super::{Ace, AceKind, Acl, Descriptor, Entry, ObjectTypes, Sid};
use crate::hex;

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

const ACCOUNTS: [(&str, Sid); 19] = [
    ("AN", Sid::ANONYMOUS),
    ("AU", Sid::AUTHENTICATED_USERS),
    ("BA", Sid::ADMINISTRATORS),
    ("BG", Sid::GUESTS),
    ("BO", Sid::BACKUP_OPERATORS),
    ("BU", Sid::USERS),
    ("CG", Sid::CREATOR_GROUP),
    ("CO", Sid::CREATOR_OWNER),
    ("IU", Sid::INTERACTIVE),
    ("LS", Sid::LOCAL_SERVICE),
    ("NS", Sid::NETWORK_SERVICE),
    ("NU", Sid::NETWORK),
    ("OW", Sid::OWNER_RIGHTS),
    ("PS", Sid::PRINCIPAL_SELF),
    ("PU", Sid::POWER_USERS),
    ("RD", Sid::REMOTE_DESKTOP_USERS),
    ("SU", Sid::SERVICE),
    ("SY", Sid::SYSTEM),
    ("WD", Sid::EVERYONE),
];

/// Names of whole sets of rights.
const SETS: [(&str, u32); 8] = [
    ("FA", 0x001f_01ff),
    ("FR", 0x0012_0089),
    ("FW", 0x0012_0116),
    ("FX", 0x0012_00a0),
    ("KA", 0x000f_003f),
    ("KR", 0x0002_0019),
    ("KW", 0x0002_0006),
    ("KX", 0x0002_0019),
];

/// Names of single rights, in the order in which Windows writes them.
const RIGHTS: [(&str, u32); 17] = [
    ("CC", 0x1),
    ("DC", 0x2),
    ("LC", 0x4),
    ("SW", 0x8),
    ("RP", 0x10),
    ("WP", 0x20),
    ("DT", 0x40),
    ("LO", 0x80),
    ("CR", 0x100),
    ("SD", 0x0001_0000),
    ("RC", 0x0002_0000),
    ("WD", 0x0004_0000),
    ("WO", 0x0008_0000),
    ("GA", 0x1000_0000),
    ("GX", 0x2000_0000),
    ("GW", 0x4000_0000),
    ("GR", 0x8000_0000),
];

/// What a lower integrity level may not.
const LABEL: [(&str, u32); 3] = [("NW", 0x1), ("NR", 0x2), ("NX", 0x4)];

const FLAGS: [(&str, u8); 7] =
    [("OI", 0x01), ("CI", 0x02), ("NP", 0x04), ("IO", 0x08), ("ID", 0x10), ("SA", 0x40), ("FA", 0x80)];

/// Of the DACL and the SACL: protected, inheritance asked for, inheritance done.
const OF_DACL: [(&str, u16); 3] = [("P", DACL_PROTECTED), ("AR", 0x0100), ("AI", DACL_AUTO_INHERITED)];
const OF_SACL: [(&str, u16); 3] = [("P", 0x2000), ("AR", 0x0200), ("AI", 0x0800)];
const NO_LIST: &str = "NO_ACCESS_CONTROL";

/// As Windows writes it. What SDDL has no name for is written in numbers: bytes behind a SID and the bodies of unknown
/// entries in hexadecimal.
impl fmt::Display for Descriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (letter, sid) in [("O", self.owner), ("G", self.group)] {
            if let Some(sid) = sid {
                write!(f, "{letter}:{}", account(sid))?;
            }
        }
        write!(f, "D:{}", names(&OF_DACL, self.control))?;
        match &self.dacl {
            None => f.write_str(NO_LIST)?,
            Some(acl) => acl.aces.iter().try_for_each(|ace| write!(f, "({})", text(ace)))?,
        }
        let Some(sacl) = &self.sacl else { return Ok(()) };
        write!(f, "S:{}", names(&OF_SACL, self.control))?;
        sacl.aces.iter().try_for_each(|ace| write!(f, "({})", text(ace)))
    }
}

fn text(ace: &Ace) -> String {
    match ace {
        Ace::Raw { kind, flags, body } => format!("{kind:#x};{flags:#x};{}", hex::of(body)),
        Ace::Entry(entry) => {
            let kind = KINDS.iter().find(|(kind, ..)| *kind == entry.kind).map_or("", |(.., name)| *name);
            let types =
                [entry.object.object, entry.object.inherited].map(|guid| guid.map(guid_text).unwrap_or_default());
            let fields =
                [kind.to_owned(), flags_text(entry.flags), mask_text(entry), types.join(";"), account(entry.sid)];
            let rest = if entry.rest.is_empty() { String::new() } else { format!(";{}", hex::of(&entry.rest)) };
            fields.join(";") + &rest
        }
    }
}

fn flags_text(flags: u8) -> String {
    let named = FLAGS.iter().fold(0, |sum, (_, bit)| sum | bit);
    if flags & !named == 0 { names(&FLAGS, flags) } else { format!("{flags:#x}") }
}

/// A set by its name, rights by theirs where each has one, and else a number.
fn mask_text(entry: &Entry) -> String {
    let mask = entry.mask;
    let single: &[(&str, u32)] = if entry.kind == AceKind::MandatoryLabel { &LABEL } else { &RIGHTS };
    let named = single.iter().fold(0, |sum, (_, bit)| sum | bit);
    match SETS.iter().find(|(_, rights)| *rights == mask) {
        Some((name, _)) => (*name).to_owned(),
        None if mask != 0 && mask & !named == 0 => names(single, mask),
        None => format!("{mask:#x}"),
    }
}

fn names<T: Copy + std::ops::BitAnd<Output = T> + PartialEq>(table: &[(&'static str, T)], bits: T) -> String {
    table.iter().filter(|(_, bit)| bits & *bit == *bit).map(|(name, _)| *name).collect()
}

fn account(sid: Sid) -> String {
    let short = ACCOUNTS.iter().find(|(_, known)| *known == sid);
    short.map_or_else(|| sid.to_string(), |(name, _)| (*name).to_owned())
}

fn guid_text(stored: [u8; 16]) -> String {
    let digits = hex::of(&swapped(stored));
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| digits.get(range).unwrap_or_default());
    parts.join("-")
}

/// The first three parts of a GUID are stored as little-endian numbers.
fn swapped(mut guid: [u8; 16]) -> [u8; 16] {
    let (numbers, _) = guid.split_at_mut(8);
    let (first, others) = numbers.split_at_mut(4);
    first.reverse();
    others.chunks_exact_mut(2).for_each(<[u8]>::reverse);
    guid
}

impl FromStr for Descriptor {
    type Err = SddlError;

    fn from_str(text: &str) -> Result<Self, SddlError> {
        let mut read = Self::default();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let malformed = || SddlError::Malformed(rest.chars().take(40).collect());
            let (letter, after) = rest.split_once(':').ok_or_else(malformed)?;
            let (part, further) = after.split_at_checked(next_part(after)).ok_or_else(malformed)?;
            match letter {
                "O" => read.owner = Some(sid(part.trim())?),
                "G" => read.group = Some(sid(part.trim())?),
                "D" => read.dacl = acl(part, &OF_DACL, &mut read.control)?,
                "S" => read.sacl = acl(part, &OF_SACL, &mut read.control)?,
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

fn acl(text: &str, named: &[(&str, u16)], control: &mut u16) -> Result<Option<Acl>, SddlError> {
    let (mut flags, entries) = text.split_once('(').unwrap_or((text, ""));
    flags = flags.trim();
    while !flags.is_empty() && flags != NO_LIST {
        let known = named.iter().find(|(name, _)| flags.starts_with(name));
        let (name, bit) = known.ok_or_else(|| SddlError::Malformed(flags.to_owned()))?;
        *control |= bit;
        flags = flags.get(name.len()..).unwrap_or_default();
    }
    if flags == NO_LIST {
        return if entries.is_empty() { Ok(None) } else { Err(SddlError::Malformed(text.to_owned())) };
    }
    let entries = entries.split('(').filter(|entry| !entry.is_empty());
    Ok(Some(Acl::of(entries.map(ace).collect::<Result<_, _>>()?)))
}

fn ace(text: &str) -> Result<Ace, SddlError> {
    let malformed = || SddlError::Malformed(text.to_owned());
    let fields: Vec<&str> = text.trim().strip_suffix(')').ok_or_else(malformed)?.split(';').map(str::trim).collect();
    let (kind, flags, rights, types, account, rest) = match fields[..] {
        [kind, flags, body] => return raw(kind, flags, body).ok_or_else(malformed),
        [kind, flags, rights, object, inherited, account] => (kind, flags, rights, [object, inherited], account, ""),
        [kind, flags, rights, object, inherited, account, rest] => {
            (kind, flags, rights, [object, inherited], account, rest)
        }
        _ => return Err(malformed()),
    };
    let kind = KINDS.iter().find(|(.., name)| *name == kind).map(|(kind, ..)| *kind).ok_or_else(malformed)?;
    let [object, inherited] = types.map(guid);
    let object = ObjectTypes { object: object.ok_or_else(malformed)?, inherited: inherited.ok_or_else(malformed)? };
    if !kind.has_object() && object != ObjectTypes::default() {
        return Err(malformed());
    }
    let flags = flags_of(flags).ok_or_else(malformed)?;
    let rest = hex::read(rest).ok_or_else(malformed)?;
    Ok(Ace::Entry(Entry { kind, flags, mask: mask(rights)?, object, sid: sid(account)?, rest }))
}

/// An entry in numbers: type, flags and body. One that has a name is written with it.
fn raw(kind: &str, flags: &str, body: &str) -> Option<Ace> {
    let byte = |text| number(text).and_then(|number| u8::try_from(number).ok());
    Some(Ace::Raw { kind: byte(kind)?, flags: byte(flags)?, body: hex::read(body)? })
}

fn flags_of(text: &str) -> Option<u8> {
    if let Some(number) = number(text) {
        return u8::try_from(number).ok();
    }
    let known = |name| FLAGS.iter().find(|(known, _)| *known == name).map(|(_, bit)| *bit);
    pairs(text).try_fold(0, |sum, name| Some(sum | known(name)?))
}

fn mask(text: &str) -> Result<u32, SddlError> {
    let known =
        |name| SETS.iter().chain(&RIGHTS).chain(&LABEL).find(|(known, _)| *known == name).map(|(_, rights)| *rights);
    let named = || pairs(text).try_fold(0, |sum, name| Some(sum | known(name)?));
    number(text).or_else(named).ok_or_else(|| SddlError::Rights(text.to_owned()))
}

fn number(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("0x").filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
    u32::from_str_radix(digits, 16).ok()
}

/// Two letters each; what is left over is a name that nobody knows.
fn pairs(text: &str) -> impl Iterator<Item = &str> {
    (0..text.len()).step_by(2).map(move |at| text.get(at..at + 2).unwrap_or("?"))
}

fn sid(text: &str) -> Result<Sid, SddlError> {
    let known = ACCOUNTS.iter().find(|(name, _)| *name == text).map(|(_, sid)| *sid);
    known.or_else(|| text.parse().ok()).ok_or_else(|| SddlError::Account(text.to_owned()))
}

/// None where there is no GUID, and nothing where it is none.
#[expect(clippy::option_option, reason = "absent and malformed are different")]
fn guid(text: &str) -> Option<Option<[u8; 16]>> {
    if text.is_empty() {
        return Some(None);
    }
    let parts: Vec<&str> = text.split('-').collect();
    if !parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) {
        return None;
    }
    hex::read(&parts.concat())?.try_into().ok().map(|guid| Some(swapped(guid)))
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
            "D:AR(A;OICINPID;GXGR;;;S-1-5-21-1-2-3-1001)S:PAI(AU;SAFA;SDWDWO;;;WD)(ML;;NWNR;;;S-1-16-12288)",
            "D:(OA;CI;RPWP;ab721a53-1e2f-11d0-9819-00aa0040529b;bf967aba-0de6-11d0-a285-00aa003049e2;PS)",
            "D:(XA;;FX;;;BU;61727478f8)(0x13;0x12;00000000010100000000001101000000)(A;0x20;0x0;;;CG)",
        ] {
            let read: Descriptor = text.parse().unwrap();
            assert_eq!(read.to_string(), text);
            assert_eq!(Descriptor::read(&read.to_bytes().unwrap()).unwrap(), read, "{text}");
        }
    }

    #[test]
    fn rights_may_be_written_in_pairs_of_letters() {
        let read = |text: &str| text.parse::<Descriptor>().unwrap().to_string();
        assert_eq!(read("D:(A;;GRGX;;;BU)"), "D:(A;;GXGR;;;BU)");
        assert_eq!(read("D:(A;;FRSD;;;BU)"), "D:(A;;0x130089;;;BU)");
        assert_eq!(read(" O:SY G:BA D: (A;;FA;;;SY) (A;;FR;;;s-1-5-20) "), "O:SYG:BAD:(A;;FA;;;SY)(A;;FR;;;NS)");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = |text: &str| text.parse::<Descriptor>().unwrap_err().to_string();
        assert_eq!(error("O:XX"), "no account \"XX\"");
        assert_eq!(error("D:(A;;ZZ;;;SY)"), "no rights \"ZZ\"");
        assert_eq!(error("hello"), "no security descriptor at \"hello\"");
        assert!(error("D:(A;;FA;;;SY").contains("A;;FA;;;SY"));
        assert!(error("D:(A;ü;FA;;;SY)").contains("ü"));
        for text in [
            "D:(A;;FA;00000000-0000-0000-0000-000000000000;;SY)",
            "D:(OA;;FA;0;;SY)",
            "D:(XA;;FX;;;BU;(@User.Title==1))",
            "D:(0x100;0x0;00)",
            "D:(A;0x100;FA;;;SY)",
            "D:NO_ACCESS_CONTROL(A;;FA;;;SY)",
            "D:Q",
            "X:SY",
        ] {
            assert!(error(text).starts_with("no security descriptor"), "{text}");
        }
    }
}
