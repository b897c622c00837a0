use jiff::Timestamp;

use super::cells::{cell, data, long, place, quad, signed, word};
use super::{Damage, Hive, file_time};
use crate::registry::{Data, Value};

/// No cell.
const NONE: u32 = u32::MAX;
/// The name of the key is in Latin-1.
const KEY_NAME_IS_ASCII: u16 = 0x0020;
/// The name of the value is in Latin-1.
const VALUE_NAME_IS_ASCII: u16 = 0x0001;
/// Keys below one key, and values of one, that are read; Windows itself has some ten thousand at most.
const MOST: usize = 1 << 20;
/// Lists of lists have one level in what Windows writes.
const DEEPEST_LIST: usize = 4;

/// A key of a hive.
#[derive(Debug, Clone, Copy)]
pub struct HiveKey<'a> {
    hive: &'a Hive,
    at: usize,
    /// The cell without its signature: offsets of the format less 2.
    cell: &'a [u8],
}

impl<'a> HiveKey<'a> {
    pub(super) fn at(hive: &'a Hive, offset: u32) -> Result<Self, Damage> {
        let cell = signed(hive, offset, *b"nk")?;
        let key = Self { hive, at: place(offset), cell };
        if cell.len() < 74 {
            return Err(key.wrong("a key that ends early"));
        }
        Ok(key)
    }

    /// Its name.
    pub fn name(&self) -> String {
        let length = usize::from(word(self.cell, 70).unwrap_or(0));
        let bytes = self.cell.get(74..).unwrap_or_default();
        name(bytes.get(..length).unwrap_or(bytes), word(self.cell, 0).unwrap_or(0) & KEY_NAME_IS_ASCII != 0)
    }

    /// When it was last written.
    pub fn written(&self) -> Option<Timestamp> {
        quad(self.cell, 2).and_then(file_time)
    }

    /// Its security descriptor, self-relative ([MS-DTYP] 2.4.6).
    pub fn security(&self) -> Result<&'a [u8], Damage> {
        let offset = self.long(42)?;
        let security = signed(self.hive, offset, *b"sk")?;
        let length = long(security, 14).and_then(|length| usize::try_from(length).ok());
        length
            .and_then(|length| security.get(18..18_usize.checked_add(length)?))
            .ok_or(Damage { at: place(offset), what: "a security descriptor that ends early" })
    }

    /// The keys below that can be read.
    pub fn subkeys(&self) -> Result<Vec<HiveKey<'a>>, Damage> {
        if self.long(18)? == 0 {
            return Ok(Vec::new());
        }
        let mut offsets = Vec::new();
        self.list(self.long(26)?, 0, &mut offsets)?;
        let read = |offset: u32| {
            let key = HiveKey::at(self.hive, offset);
            key.inspect_err(|_| self.hive.skip()).ok()
        };
        Ok(offsets.into_iter().filter_map(read).collect())
    }

    /// The key of this name below, in whatever case; none where it is absent. Damage beside it may hide it.
    pub fn subkey(&self, wanted: &str) -> Result<Option<HiveKey<'a>>, Damage> {
        if self.long(18)? == 0 {
            return Ok(None);
        }
        let mut offsets = Vec::new();
        self.list(self.long(26)?, 0, &mut offsets)?;
        let mut damage = None;
        for offset in offsets {
            match HiveKey::at(self.hive, offset) {
                Ok(key) if same(&key.name(), wanted) => return Ok(Some(key)),
                Ok(_) => {}
                Err(found) => damage = Some(found),
            }
        }
        damage.map_or(Ok(None), Err)
    }

    /// Its values that can be read.
    pub fn values(&self) -> Result<Vec<Value>, Damage> {
        let mut values = Vec::new();
        for offset in self.value_offsets()? {
            match self.value_at(offset) {
                Ok(value) => values.push(value),
                Err(_) => self.hive.skip(),
            }
        }
        Ok(values)
    }

    /// The value of this name, in whatever case; none where it is absent. Damage beside it may hide it.
    pub fn value(&self, wanted: &str) -> Result<Option<Value>, Damage> {
        let mut damage = None;
        for offset in self.value_offsets()? {
            match self.value_name(offset) {
                Ok(name) if same(&name, wanted) => return self.value_at(offset).map(Some),
                Ok(_) => {}
                Err(found) => damage = Some(found),
            }
        }
        damage.map_or(Ok(None), Err)
    }

    fn value_offsets(&self) -> Result<Vec<u32>, Damage> {
        let count = usize::try_from(self.long(34)?).unwrap_or(usize::MAX);
        if count == 0 {
            return Ok(Vec::new());
        }
        let offset = self.long(38)?;
        let list = cell(self.hive, offset)?;
        let offsets: Vec<u32> = list.chunks_exact(4).take(count.min(MOST)).filter_map(|four| long(four, 0)).collect();
        let wrong = Damage { at: place(offset), what: "a list of values that ends early" };
        if offsets.len() < count { Err(wrong) } else { Ok(offsets) }
    }

    fn value_name(&self, offset: u32) -> Result<String, Damage> {
        let value = signed(self.hive, offset, *b"vk")?;
        let wrong = Damage { at: place(offset), what: "a value that ends early" };
        let length = usize::from(word(value, 0).ok_or(wrong)?);
        let ascii = word(value, 14).ok_or(wrong)? & VALUE_NAME_IS_ASCII != 0;
        Ok(name(value.get(18..18 + length).ok_or(wrong)?, ascii))
    }

    fn value_at(&self, offset: u32) -> Result<Value, Damage> {
        let name = self.value_name(offset)?;
        let value = signed(self.hive, offset, *b"vk")?;
        let wrong = Damage { at: place(offset), what: "a value that ends early" };
        let field = |at| long(value, at).ok_or(wrong);
        let bytes = data(self.hive, field(2)?, field(6)?)?;
        Ok(Value { name, data: Data { kind: field(10)?, bytes } })
    }

    /// Offsets of the keys in a list: `lf` and `lh` with hashes, `li` without, `ri` of lists.
    fn list(&self, offset: u32, depth: usize, into: &mut Vec<u32>) -> Result<(), Damage> {
        if offset == NONE {
            return Ok(());
        }
        let wrong = |what| Damage { at: place(offset), what };
        let list = cell(self.hive, offset)?;
        let (kind, rest) = list.split_at_checked(2).ok_or(wrong("a list that ends early"))?;
        let count = usize::from(word(rest, 0).ok_or(wrong("a list that ends early"))?);
        let step = if matches!(kind, b"lf" | b"lh") { 8 } else { 4 };
        let entries = rest.get(2..2 + count * step).ok_or(wrong("a list that ends early"))?;
        let offsets = entries.chunks_exact(step).filter_map(|entry| long(entry, 0));
        match kind {
            b"lf" | b"lh" | b"li" => {
                let left = MOST.saturating_sub(into.len());
                into.extend(offsets.take(left));
                Ok(())
            }
            b"ri" if depth < DEEPEST_LIST => offsets.take(MOST).try_for_each(|below| match into.len() {
                MOST.. => Ok(()),
                _ => self.list(below, depth + 1, into),
            }),
            b"ri" => Err(wrong("lists of keys within each other")),
            _ => Err(wrong("a list of another kind")),
        }
    }

    fn long(&self, at: usize) -> Result<u32, Damage> {
        long(self.cell, at).ok_or(self.wrong("a key that ends early"))
    }

    fn wrong(&self, what: &'static str) -> Damage {
        Damage { at: self.at, what }
    }
}

fn name(bytes: &[u8], latin1: bool) -> String {
    if latin1 {
        return bytes.iter().copied().map(char::from).collect();
    }
    let units = bytes.chunks_exact(2).filter_map(|pair| word(pair, 0));
    char::decode_utf16(units).map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// Names are the same whatever their case.
fn same(name: &str, wanted: &str) -> bool {
    name.eq_ignore_ascii_case(wanted) || name.to_uppercase() == wanted.to_uppercase()
}
