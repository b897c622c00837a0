//! Unfolds the binary XML of a record: templates, values, and XML within values.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::Defect;
use super::builder::Builder;
use super::token::{Instance, Name, Token, Tokens, Utf16, size_of_value};
use super::value::{self, ARRAY, BIN_XML, NULL};

/// Templates within values of templates.
const DEPTH_LIMIT: usize = 8;
/// Bytes looked at and written for the records of one chunk; one or two millions are usual.
const WORK_LIMIT: usize = 8 << 20;
pub(super) const TOKEN_WORK: usize = 8;
/// Bytes kept for the events of one chunk; some hundred thousand are usual.
const KEPT_LIMIT: usize = 2 << 20;

/// What the records of a chunk may still take, as one template can be used by all of them, and often by each.
#[derive(Debug)]
pub(super) struct Budget {
    work: usize,
    kept: usize,
}

impl Budget {
    /// Counts an event that is kept.
    pub(super) fn keep(&mut self, bytes: usize) -> Result<(), Defect> {
        self.kept = self.kept.checked_sub(bytes).ok_or(Defect::Swollen)?;
        Ok(())
    }

    pub(super) fn spend(&mut self, work: usize) -> Result<(), Defect> {
        self.work = self.work.checked_sub(work).ok_or(Defect::Swollen)?;
        Ok(())
    }
}

/// What the records of a chunk have in common.
#[derive(Debug)]
pub(super) struct Common {
    pub(super) budget: Budget,
    /// Names that were read before.
    names: BTreeMap<Name, Rc<str>>,
    nothing: Rc<str>,
}

impl Common {
    pub(super) fn new() -> Self {
        Self { budget: Budget { work: WORK_LIMIT, kept: KEPT_LIMIT }, names: BTreeMap::new(), nothing: "".into() }
    }

    pub(super) fn name(&mut self, chunk: &[u8], name: Name) -> Result<Rc<str>, Defect> {
        if let Some(known) = self.names.get(&name) {
            return Ok(Rc::clone(known));
        }
        let text: Rc<str> = name.text(chunk)?.text().into();
        self.budget.spend(text.len())?;
        self.names.insert(name, Rc::clone(&text));
        Ok(text)
    }

    /// An empty name.
    pub(super) fn nothing(&self) -> Rc<str> {
        Rc::clone(&self.nothing)
    }
}

/// Adds what `tokens` say to `event`.
pub(super) fn expand<'c>(
    chunk: &'c [u8],
    tokens: Tokens<'c>,
    event: &mut Builder,
    common: &mut Common,
) -> Result<(), Defect> {
    Expander { chunk, event, common }.stretch(tokens, &[], 0)
}

/// A value's type and where it lies.
type Value = (u8, usize, usize);

struct Expander<'c, 'e> {
    chunk: &'c [u8],
    event: &'e mut Builder,
    common: &'e mut Common,
}

/// An attribute whose value is being read.
struct Attribute {
    name: Rc<str>,
    value: String,
    is_left_out: bool,
}

/// How far an element is that is left out: the elements open within it, itself included.
type Hidden = usize;

impl<'c> Expander<'c, '_> {
    fn stretch(&mut self, mut tokens: Tokens<'c>, values: &[Value], depth: usize) -> Result<(), Defect> {
        let mut hidden: Hidden = 0;
        let mut attribute: Option<Attribute> = None;
        let mut is_root = true;
        let mut before = tokens.at();
        while let Some(token) = tokens.next()? {
            self.common.budget.spend(TOKEN_WORK + tokens.at() - before)?;
            before = tokens.at();
            if hidden > 0 {
                hidden = still_hidden(hidden, token);
                continue;
            }
            match token {
                Token::Open { depends, .. } if !is_root && is_null(depends, values) => hidden = 1,
                Token::Open { name, .. } => {
                    is_root = false;
                    let name = self.name(name)?;
                    self.event.open(name)?;
                }
                Token::Attribute(name) => {
                    self.end_attribute(attribute.take())?;
                    attribute = Some(Attribute { name: self.name(name)?, value: String::new(), is_left_out: false });
                }
                Token::CloseStart => self.end_attribute(attribute.take())?,
                Token::CloseEmpty | Token::End => {
                    self.end_attribute(attribute.take())?;
                    self.event.close()?;
                }
                Token::Instance(at) => self.instance(&Instance::at(self.chunk, at)?, depth)?,
                other => match attribute.as_mut() {
                    Some(attribute) => self.attribute_part(other, attribute, values)?,
                    None => self.content(other, values, depth)?,
                },
            }
        }
        Ok(())
    }

    fn name(&mut self, name: Name) -> Result<Rc<str>, Defect> {
        self.common.name(self.chunk, name)
    }

    fn end_attribute(&mut self, attribute: Option<Attribute>) -> Result<(), Defect> {
        match attribute {
            Some(Attribute { name, value, is_left_out: false }) => self.event.attribute(&name, value),
            _ => Ok(()),
        }
    }

    fn instance(&mut self, instance: &Instance<'c>, depth: usize) -> Result<(), Defect> {
        if depth >= DEPTH_LIMIT {
            return Err(Defect::Depth);
        }
        self.common.budget.spend(instance.table.len() * 4)?;
        let mut at = instance.values;
        let values: Vec<Value> = instance
            .table
            .iter()
            .map(|&entry| {
                let start = at;
                at += size_of_value(entry);
                let [.., kind, _] = entry;
                (kind, start, at)
            })
            .collect();
        self.stretch(instance.tokens(self.chunk)?, &values, depth + 1)
    }

    /// A part of the value of an attribute.
    fn attribute_part(&mut self, token: Token<'c>, attribute: &mut Attribute, values: &[Value]) -> Result<(), Defect> {
        let Token::Value { index, optional } = token else {
            let before = attribute.value.len();
            append_literal(self.chunk, token, &mut attribute.value)?;
            return self.common.budget.spend(attribute.value.len() - before);
        };
        let Some((kind, bytes)) = self.value(index, values)? else { return Ok(()) };
        attribute.is_left_out |= optional && kind == NULL || !self.event.takes(Some(&attribute.name));
        if attribute.is_left_out {
            return Ok(());
        }
        if kind & ARRAY == 0 {
            return value::append(kind, bytes, &mut attribute.value);
        }
        value::elements(kind, bytes)?
            .into_iter()
            .try_for_each(|one| value::append(kind & !ARRAY, one, &mut attribute.value))
    }

    /// A part of the content of an element.
    fn content(&mut self, token: Token<'c>, values: &[Value], depth: usize) -> Result<(), Defect> {
        let Token::Value { index, .. } = token else {
            let (chunk, budget) = (self.chunk, &mut self.common.budget);
            return self.event.text_with(|text| {
                let before = text.len();
                append_literal(chunk, token, text)?;
                budget.spend(text.len() - before)
            });
        };
        let Some((kind, bytes)) = self.value(index, values)? else { return Ok(()) };
        if kind == BIN_XML {
            return self.nested(index, values, depth);
        }
        if !self.event.takes(None) {
            return Ok(());
        }
        if kind & ARRAY == 0 {
            return self.event.text_with(|text| value::append(kind, bytes, text));
        }
        for (position, one) in value::elements(kind, bytes)?.into_iter().enumerate() {
            if position > 0 {
                let copied = self.event.repeat()?;
                self.common.budget.spend(TOKEN_WORK + copied)?;
            }
            self.event.text_with(|text| value::append(kind & !ARRAY, one, text))?;
        }
        Ok(())
    }

    /// XML within a value.
    fn nested(&mut self, index: u16, values: &[Value], depth: usize) -> Result<(), Defect> {
        let Some(&(_, start, end)) = values.get(usize::from(index)) else { return Ok(()) };
        if depth >= DEPTH_LIMIT {
            return Err(Defect::Depth);
        }
        self.stretch(Tokens::new(self.chunk, start, end), &[], depth + 1)
    }

    /// Type and bytes of the value at `index`; a template may name more values than a record has.
    fn value(&mut self, index: u16, values: &[Value]) -> Result<Option<(u8, &'c [u8])>, Defect> {
        let Some(&(kind, start, end)) = values.get(usize::from(index)) else { return Ok(None) };
        let bytes = self.chunk.get(start..end).ok_or(Defect::Short)?;
        self.common.budget.spend(bytes.len() * 3)?;
        Ok(Some((kind, bytes)))
    }
}

fn still_hidden(hidden: Hidden, token: Token) -> Hidden {
    match token {
        Token::Open { .. } => hidden + 1,
        Token::CloseEmpty | Token::End => hidden - 1,
        _ => hidden,
    }
}

/// Whether an element depends on a value that is NULL.
fn is_null(depends: Option<u16>, values: &[Value]) -> bool {
    depends.and_then(|index| values.get(usize::from(index))).is_some_and(|&(kind, ..)| kind == NULL)
}

fn append_literal(chunk: &[u8], token: Token, text: &mut String) -> Result<(), Defect> {
    match token {
        Token::Text(literal) => literal.append_to(text),
        Token::Character(unit) => text.push(char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER)),
        Token::Entity(name) => append_entity(name.text(chunk)?, text),
        _ => return Err(Defect::Structure),
    }
    Ok(())
}

/// The entities of XML; others are not defined in events and stay as they are.
fn append_entity(name: Utf16, text: &mut String) {
    let known = [("lt", '<'), ("gt", '>'), ("amp", '&'), ("quot", '"'), ("apos", '\'')];
    if let Some((_, character)) = known.iter().find(|(entity, _)| name.is(entity)) {
        return text.push(*character);
    }
    text.push('&');
    name.append_to(text);
    text.push(';');
}
