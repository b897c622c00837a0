//! Tokens of binary XML as they lie in a chunk (MS-EVEN6 section 2.2.12).

use super::Defect;

/// No dependency of an element.
const INDEPENDENT: u16 = 0xFFFF;
const ASCII_AT_ONCE: usize = 64;
/// Before a template's own tokens: offset of the next definition, GUID, size.
const DEFINITION_HEADER: usize = 24;

/// Little-endian numbers from a place in a chunk on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'c> {
    pub(super) chunk: &'c [u8],
    pub(super) at: usize,
    pub(super) end: usize,
}

impl<'c> Cursor<'c> {
    pub(super) fn new(chunk: &'c [u8], at: usize, end: usize) -> Self {
        Self { chunk, at, end: end.min(chunk.len()) }
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'c [u8], Defect> {
        let end = self.at.checked_add(length).filter(|&end| end <= self.end).ok_or(Defect::Short)?;
        let taken = self.chunk.get(self.at..end).ok_or(Defect::Short)?;
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Defect> {
        self.take(N)?.try_into().map_err(|_| Defect::Short)
    }

    pub(super) fn u8(&mut self) -> Result<u8, Defect> {
        self.array().map(u8::from_le_bytes)
    }

    pub(super) fn u16(&mut self) -> Result<u16, Defect> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Defect> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, Defect> {
        self.array().map(u64::from_le_bytes)
    }

    fn offset(&mut self) -> Result<usize, Defect> {
        usize::try_from(self.u32()?).map_err(|_| Defect::Short)
    }

    /// A string with the number of its UTF-16 units before it.
    fn counted(&mut self) -> Result<Utf16<'c>, Defect> {
        let units = self.u16()?;
        self.take(usize::from(units) * 2).map(Utf16)
    }

    /// A name: its offset in the chunk, and the name itself where it is used first.
    fn name(&mut self) -> Result<Name, Defect> {
        let at = self.offset()?;
        if at == self.at {
            self.take(6)?;
            self.counted()?;
            self.take(2)?;
        }
        Ok(Name(at))
    }
}

/// Where a name lies in the chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name(usize);

impl Name {
    /// The name, which lies behind the offset of the next one and its hash.
    pub(super) fn text(self, chunk: &[u8]) -> Result<Utf16<'_>, Defect> {
        let start = self.0.checked_add(6).ok_or(Defect::Short)?;
        Cursor::new(chunk, start, chunk.len()).counted()
    }
}

/// UTF-16 as it lies in the chunk.
#[derive(Debug, Clone, Copy)]
pub(super) struct Utf16<'c>(pub(super) &'c [u8]);

impl Utf16<'_> {
    fn units(&self) -> impl Iterator<Item = u16> {
        self.0.as_chunks().0.iter().map(|&unit| u16::from_le_bytes(unit))
    }

    /// Whether this is `name`, without regard to the case of ASCII letters.
    pub(super) fn is(self, name: &str) -> bool {
        let lower = |unit: u16| u8::try_from(unit).map_or(unit, |byte| u16::from(byte.to_ascii_lowercase()));
        self.units().take_while(|&unit| unit != 0).map(lower).eq(name.encode_utf16().map(lower))
    }

    /// Appends the text without the NULs that end it; lone surrogates become U+FFFD.
    pub(super) fn append_to(self, text: &mut String) {
        let mut rest = self.0.as_chunks::<2>().0;
        while let [head @ .., [0, 0]] = rest {
            rest = head;
        }
        while let Some((part, tail)) = rest.split_at_checked(rest.len().min(ASCII_AT_ONCE)) {
            if part.is_empty() || !append_ascii(part, text) {
                break;
            }
            rest = tail;
        }
        let units = rest.iter().map(|&unit| u16::from_le_bytes(unit));
        text.extend(char::decode_utf16(units).map(|read| read.unwrap_or(char::REPLACEMENT_CHARACTER)));
    }

    pub(super) fn text(self) -> String {
        let mut text = String::with_capacity(self.0.len() / 2);
        self.append_to(&mut text);
        text
    }
}

/// Appends a part of a text if it is all ASCII, as nearly everything in a log is: that is quick.
fn append_ascii(part: &[[u8; 2]], text: &mut String) -> bool {
    let mut bytes = [0; ASCII_AT_ONCE];
    let mut others = 0;
    for (byte, [low, high]) in bytes.iter_mut().zip(part) {
        *byte = *low;
        others |= high | (low & 0x80);
    }
    match bytes.get(..part.len()).map(str::from_utf8) {
        Some(Ok(ascii)) if others == 0 => text.push_str(ascii),
        _ => return false,
    }
    true
}

/// A template filled in: where the definition lies, and the values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Instance<'c> {
    pub(super) definition: usize,
    pub(super) id: u32,
    /// Four bytes for each value: size, type, nothing.
    pub(super) table: &'c [[u8; 4]],
    /// Where the first value begins.
    pub(super) values: usize,
}

impl<'c> Instance<'c> {
    /// The template filled in that a token has told of.
    pub(super) fn at(chunk: &'c [u8], at: usize) -> Result<Self, Defect> {
        Self::read(&mut Cursor::new(chunk, at, chunk.len()))
    }

    fn read(cursor: &mut Cursor<'c>) -> Result<Self, Defect> {
        cursor.u8()?;
        let id = cursor.u32()?;
        let definition = cursor.offset()?;
        if definition == cursor.at {
            let (_, size) = definition_header(cursor)?;
            cursor.take(size)?;
        }
        let count = cursor.offset()?;
        let table = cursor.take(count.checked_mul(4).ok_or(Defect::Short)?)?.as_chunks().0;
        Ok(Self { definition, id, table, values: cursor.at })
    }

    /// The template's own tokens. Its id must be the first part of its GUID, or something else has overwritten it.
    pub(super) fn tokens(&self, chunk: &'c [u8]) -> Result<Tokens<'c>, Defect> {
        let mut cursor = Cursor::new(chunk, self.definition, chunk.len());
        let (id, size) = definition_header(&mut cursor).map_err(|_| Defect::Template)?;
        let end = cursor.at.checked_add(size).filter(|&end| end <= chunk.len()).ok_or(Defect::Template)?;
        if id != self.id {
            return Err(Defect::Template);
        }
        Ok(Tokens { cursor: Cursor::new(chunk, cursor.at, end), in_template: true })
    }

    /// Type and place of the value at `index`.
    pub(super) fn value(&self, index: u16) -> Option<(u8, usize, usize)> {
        let index = usize::from(index);
        let &[low, high, kind, _] = self.table.get(index)?;
        let before = self.table.get(..index)?.iter().map(|&entry| size_of_value(entry)).sum::<usize>();
        Some((kind, self.values + before, usize::from(u16::from_le_bytes([low, high]))))
    }
}

/// The size in an entry of the table of values.
pub(super) fn size_of_value([low, high, ..]: [u8; 4]) -> usize {
    usize::from(u16::from_le_bytes([low, high]))
}

/// The template's id and the size of its tokens.
fn definition_header(cursor: &mut Cursor) -> Result<(u32, usize), Defect> {
    let mut header = Cursor { end: cursor.end.min(cursor.at.saturating_add(DEFINITION_HEADER)), ..*cursor };
    cursor.take(DEFINITION_HEADER)?;
    header.u32()?;
    let id = header.u32()?;
    header.take(12)?;
    Ok((id, header.offset()?))
}

/// A token of binary XML.
#[derive(Debug, Clone, Copy)]
pub(super) enum Token<'c> {
    /// The start of an element, which depends on a value not being NULL.
    Open { name: Name, depends: Option<u16> },
    /// An attribute; its value follows.
    Attribute(Name),
    /// The end of a start tag.
    CloseStart,
    /// The end of an element without content.
    CloseEmpty,
    /// The end of an element.
    End,
    /// Text or a CDATA section.
    Text(Utf16<'c>),
    /// A character by its number.
    Character(u16),
    /// `&name;`.
    Entity(Name),
    /// The value with this index; if optional, its attribute is left out when it is NULL.
    Value { index: u16, optional: bool },
    /// A template filled in, and where it lies.
    Instance(usize),
}

/// The tokens of one stretch of binary XML.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tokens<'c> {
    cursor: Cursor<'c>,
    in_template: bool,
}

impl<'c> Tokens<'c> {
    /// What lies in a record or in a value of type BinXml.
    pub(super) fn new(chunk: &'c [u8], start: usize, end: usize) -> Self {
        Self { cursor: Cursor::new(chunk, start, end), in_template: false }
    }

    /// Where the next token begins, in bytes from the start of the chunk.
    pub(super) fn at(&self) -> usize {
        self.cursor.at
    }

    /// The next token, or none at the end. Processing instructions and fragment headers are skipped.
    #[inline]
    pub(super) fn next(&mut self) -> Result<Option<Token<'c>>, Defect> {
        let cursor = &mut self.cursor;
        while cursor.at < cursor.end {
            let code = cursor.u8()?;
            let token = match code {
                0x00 => break,
                0x01 | 0x41 => self.open(code == 0x41)?,
                0x02 => Token::CloseStart,
                0x03 => Token::CloseEmpty,
                0x04 => Token::End,
                0x05 | 0x45 => text(cursor)?,
                0x06 | 0x46 => Token::Attribute(cursor.name()?),
                0x07 | 0x47 => Token::Text(cursor.counted()?),
                0x08 | 0x48 => Token::Character(cursor.u16()?),
                0x09 | 0x49 => Token::Entity(cursor.name()?),
                0x0A => {
                    cursor.name()?;
                    continue;
                }
                0x0B => {
                    cursor.counted()?;
                    continue;
                }
                0x0C => self.instance()?,
                0x0D | 0x0E => value(cursor, code == 0x0E)?,
                0x0F => {
                    cursor.take(3)?;
                    continue;
                }
                other => return Err(Defect::Token(other)),
            };
            return Ok(Some(token));
        }
        Ok(None)
    }

    fn open(&mut self, has_attributes: bool) -> Result<Token<'c>, Defect> {
        let cursor = &mut self.cursor;
        let depends = if self.in_template { Some(cursor.u16()?).filter(|&index| index != INDEPENDENT) } else { None };
        cursor.u32()?;
        let name = cursor.name()?;
        if has_attributes {
            cursor.u32()?;
        }
        Ok(Token::Open { name, depends })
    }

    /// Passes over a template filled in, with its values.
    fn instance(&mut self) -> Result<Token<'c>, Defect> {
        let at = self.cursor.at;
        let instance = Instance::read(&mut self.cursor)?;
        self.cursor.take(instance.table.iter().map(|&entry| size_of_value(entry)).sum())?;
        Ok(Token::Instance(at))
    }

    /// The template which the whole stretch is, if it is one, with or without a fragment header: as a rule a record is
    /// nothing else. Its values are not looked at.
    pub(super) fn sole_instance(mut self) -> Result<Option<Instance<'c>>, Defect> {
        let cursor = &mut self.cursor;
        let mut code = cursor.u8()?;
        if code == 0x0F {
            cursor.take(3)?;
            code = cursor.u8()?;
        }
        if code == 0x0C { Instance::read(cursor).map(Some) } else { Ok(None) }
    }
}

/// Text, which must be a string (section 2.2.12, `ValueText`).
fn text<'c>(cursor: &mut Cursor<'c>) -> Result<Token<'c>, Defect> {
    match cursor.u8()? {
        0x01 => cursor.counted().map(Token::Text),
        kind => Err(Defect::Value(kind)),
    }
}

fn value<'c>(cursor: &mut Cursor<'c>, optional: bool) -> Result<Token<'c>, Defect> {
    let index = cursor.u16()?;
    cursor.u8()?;
    Ok(Token::Value { index, optional })
}
