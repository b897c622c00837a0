//! Registry.pol: the registry values that a Group Policy object sets ([MS-GPREG] 2.2.1, and "Registry Policy File Format" in
//! Microsoft's reference; both agree, and files of real machines follow them).

use thiserror::Error;

use crate::registry::Data;

/// `PReg`, then version 1, each as four bytes.
const HEADER: [u8; 8] = *b"PReg\x01\0\0\0";

/// Why a file is no policy file that can be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PolicyFileError {
    /// It does not begin with `PReg` and version 1.
    #[error("no policy file of version 1")]
    NotAPolicyFile,
    /// It ends within an instruction.
    #[error("it ends within the instruction at {at}")]
    CutOff {
        /// Where that begins, in bytes.
        at: usize,
    },
    /// A bracket or semicolon is missing.
    #[error("no separator at {at}")]
    NoSeparator {
        /// Where it should stand, in bytes.
        at: usize,
    },
}

/// What a Group Policy object writes to the registry, in the order in which it is done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PolicyFile {
    /// One line of it each.
    pub instructions: Vec<Instruction>,
}

/// One instruction: `[key;value;type;size;data]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction {
    /// The key without its hive: `Software\Policies\…`. Whose hive it is depends on where the file lies.
    pub key: String,
    /// The value, or the name of a special instruction (`**Del.…`).
    pub value: String,
    /// What it holds then.
    pub data: Data,
}

/// What a file does to one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said<'a> {
    /// It is set to this.
    Sets(&'a Data),
    /// It is deleted.
    Deletes,
}

impl PolicyFile {
    /// Reads a whole file. One that is damaged anywhere is not read in part: what follows might undo what came before.
    pub fn read(bytes: &[u8]) -> Result<Self, PolicyFileError> {
        let mut rest = Reader { bytes: bytes.strip_prefix(&HEADER).ok_or(PolicyFileError::NotAPolicyFile)?, at: 0 };
        let mut instructions = Vec::new();
        while !rest.is_at_end() {
            instructions.push(rest.instruction()?);
        }
        Ok(Self { instructions })
    }

    /// The bytes of such a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = HEADER.to_vec();
        for one in &self.instructions {
            let size = u32::try_from(one.data.bytes.len()).unwrap_or(u32::MAX);
            let parts: [&[u8]; 5] = [
                &text(&one.key),
                &text(&one.value),
                &one.data.kind.to_le_bytes(),
                &size.to_le_bytes(),
                &one.data.bytes,
            ];
            bytes.extend(b"[\0");
            bytes.extend(parts.join(&b";\0"[..]));
            bytes.extend(b"]\0");
        }
        bytes
    }

    /// What becomes of a value of a key (without its hive): the last instruction that concerns it. None where the file does
    /// not speak of it.
    pub fn says(&self, key: &str, value: &str) -> Option<Said<'_>> {
        let ours = self.instructions.iter().filter(|one| one.key.eq_ignore_ascii_case(key));
        ours.filter_map(|one| one.says(value)).next_back()
    }
}

impl Instruction {
    /// What it does to the value of this name of its key; none where it says nothing of it. `**DeleteKeys`, `**SecureKey` and names that are not in the
    /// specification say nothing of a single value.
    pub fn says(&self, value: &str) -> Option<Said<'_>> {
        let special = self.value.get(2..).filter(|_| self.value.starts_with("**"));
        let Some(special) = special else {
            return self.value.eq_ignore_ascii_case(value).then_some(Said::Sets(&self.data));
        };
        let deleted = if let Some(name) = after(special, "del.") {
            name.eq_ignore_ascii_case(value)
        } else if after(special, "deletevalues").is_some() {
            let list = self.data.text().unwrap_or_default();
            list.split(';').any(|name| name.trim().eq_ignore_ascii_case(value))
        } else {
            // The specification writes it without, the Group Policy editor with a full stop at the end.
            after(special, "delvals").is_some_and(|rest| rest.is_empty() || rest == ".")
        };
        deleted.then_some(Said::Deletes)
    }
}

fn after<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    let (begins, rest) = text.split_at_checked(start.len())?;
    begins.eq_ignore_ascii_case(start).then_some(rest)
}

/// With the terminator.
fn text(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

/// What follows the header.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    fn instruction(&mut self) -> Result<Instruction, PolicyFileError> {
        let began = self.at + HEADER.len();
        let cut_off = || PolicyFileError::CutOff { at: began };
        self.separator(b'[')?;
        let key = self.text().ok_or_else(cut_off)?;
        self.separator(b';')?;
        let value = self.text().ok_or_else(cut_off)?;
        self.separator(b';')?;
        let kind = self.number().ok_or_else(cut_off)?;
        self.separator(b';')?;
        let size = self.number().and_then(|size| usize::try_from(size).ok()).ok_or_else(cut_off)?;
        self.separator(b';')?;
        let bytes = self.take(size).ok_or_else(cut_off)?.to_vec();
        self.separator(b']')?;
        Ok(Instruction { key, value, data: Data { kind, bytes } })
    }

    /// One of the characters `[ ; ]`, of two bytes like all of them.
    fn separator(&mut self, expected: u8) -> Result<(), PolicyFileError> {
        let at = self.at + HEADER.len();
        match self.take(2) {
            Some(found) if found == [expected, 0] => Ok(()),
            _ => Err(PolicyFileError::NoSeparator { at }),
        }
    }

    /// A text up to its terminator.
    fn text(&mut self) -> Option<String> {
        let rest = self.bytes.get(self.at..)?;
        let length = rest.chunks_exact(2).position(|unit| unit == [0, 0])?;
        let units = self.take(2 * length)?.chunks_exact(2);
        let units: Vec<u16> = units.filter_map(|unit| Some(u16::from_le_bytes(unit.try_into().ok()?))).collect();
        self.take(2)?;
        Some(String::from_utf16_lossy(&units))
    }

    fn number(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(length)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `[Software\P;fDeny;4;4;1]` and `[Software\P;**del.Old;1;4;" "]`, as the Group Policy editor writes them.
    const FILE: &[u8] = b"PReg\x01\0\0\0\
        [\0S\0o\0f\0t\0w\0a\0r\0e\0\\\0P\0\0\0\
        ;\0f\0D\0e\0n\0y\0\0\0\
        ;\0\x04\0\0\0\
        ;\0\x04\0\0\0\
        ;\0\x01\0\0\0]\0\
        [\0S\0o\0f\0t\0w\0a\0r\0e\0\\\0P\0\0\0\
        ;\0*\0*\0d\0e\0l\0.\0O\0l\0d\0\0\0\
        ;\0\x01\0\0\0\
        ;\0\x04\0\0\0\
        ;\0 \0\0\0]\0";

    fn instruction(key: &str, value: &str, data: Data) -> Instruction {
        Instruction { key: key.to_owned(), value: value.to_owned(), data }
    }

    #[test]
    fn what_the_editor_writes_is_read_and_written_again() {
        let file = PolicyFile::read(FILE).unwrap();
        let set = instruction(r"Software\P", "fDeny", Data::of_dword(1));
        let deleted = instruction(r"Software\P", "**del.Old", Data::of_text(" "));
        assert_eq!(file.instructions, [set, deleted]);
        assert_eq!(file.to_bytes(), FILE);
        assert_eq!(file.says(r"SOFTWARE\p", "FDENY"), Some(Said::Sets(&Data::of_dword(1))));
        assert_eq!(file.says(r"Software\P", "old"), Some(Said::Deletes));
        assert_eq!((file.says(r"Software\P", "Other"), file.says(r"Software\Q", "fDeny")), (None, None));
        assert_eq!(PolicyFile::read(b"PReg\x01\0\0\0"), Ok(PolicyFile::default()));
    }

    #[test]
    fn the_last_word_on_a_value_counts() {
        let says = |instructions: &[(&str, Data)]| {
            let made = instructions.iter().map(|(value, data)| instruction("P", value, data.clone()));
            let file = PolicyFile { instructions: made.collect() };
            file.says("P", "nla").map(|said| matches!(said, Said::Sets(_)))
        };
        let (blank, one) = (|| Data::of_text(" "), || Data::of_dword(1));
        assert_eq!(says(&[("nla", one()), ("**DelVals.", blank())]), Some(false));
        assert_eq!(says(&[("**delvals", blank()), ("NLA", one())]), Some(true));
        assert_eq!(says(&[("nla", one()), ("**DeleteValues", Data::of_text("a; nla"))]), Some(false));
        assert_eq!(says(&[("**DeleteValues", Data::of_text("nlax"))]), None);
        for silent in ["", "**", "**SecureKey", "**DeleteKeys", "**del.nl", "**delvals.x", "**ö", "*nla"] {
            assert_eq!(says(&[(silent, blank())]), None, "{silent}");
        }
    }

    #[test]
    fn a_file_that_is_cut_off_or_damaged_anywhere_is_not_read() {
        let first = 66;
        let whole = [HEADER.len(), first];
        for end in (0..FILE.len()).filter(|end| !whole.contains(end)) {
            assert!(PolicyFile::read(&FILE[..end]).is_err(), "{end}");
        }
        assert_eq!(PolicyFile::read(&FILE[..first]).map(|file| file.instructions.len()), Ok(1));
        let mut larger = FILE.to_vec();
        let size = larger.windows(4).position(|four| four == [4, 0, 0, 0]).unwrap() + 6;
        larger[size..size + 4].copy_from_slice(&[0xff; 4]);
        assert_eq!(PolicyFile::read(&larger), Err(PolicyFileError::CutOff { at: 8 }));
        assert_eq!(PolicyFile::read(b"PReg\x02\0\0\0"), Err(PolicyFileError::NotAPolicyFile));
        assert_eq!(PolicyFile::read(b"PReg\x01\0\0\0x\0"), Err(PolicyFileError::NoSeparator { at: 8 }));
    }
}
