//! What a template definition tells of provider, event id and time, remembered for each chunk.

use std::collections::BTreeMap;

use super::Defect;
use super::filter::Filter;
use super::token::{Instance, Name, Token, Tokens, Utf16};
use super::value::{self, FILETIME, STRING};

/// Provider, event id and time come first in an event: further tokens are not looked at.
const TOKENS_LOOKED_AT: usize = 128;

/// The templates of one chunk, by offset, with their ids.
#[derive(Debug, Default)]
pub(super) struct Templates<'c> {
    seen: BTreeMap<usize, (u32, Origin<'c>)>,
}

/// Where an event's provider, id and time are found.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Origin<'c> {
    provider: Part<'c>,
    id: Part<'c>,
    time: Part<'c>,
}

#[derive(Debug, Clone, Copy, Default)]
enum Part<'c> {
    #[default]
    Elsewhere,
    Literal(Utf16<'c>),
    Value(u16),
}

/// Whether a record is wanted, as far as its template tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Filter,
    Unwanted,
    Unclear,
}

impl<'c> Templates<'c> {
    pub(super) fn origin(&mut self, chunk: &'c [u8], instance: &Instance<'c>) -> Result<Origin<'c>, Defect> {
        match self.seen.get(&instance.definition) {
            Some((id, origin)) if *id == instance.id => Ok(*origin),
            _ => {
                let origin = Origin::find(chunk, instance.tokens(chunk)?)?;
                self.seen.insert(instance.definition, (instance.id, origin));
                Ok(origin)
            }
        }
    }
}

impl<'c> Origin<'c> {
    pub(super) fn judge(self, chunk: &[u8], instance: &Instance, wanted: &Filter) -> Verdict {
        let Some(id) = self.id.number(chunk, instance) else { return Verdict::Unclear };
        if !wanted.has_id(id) {
            return Verdict::Unwanted;
        }
        match self.provider.string(chunk, instance) {
            Some(provider) if wanted.has_provider(provider, id) => Verdict::Filter,
            Some(_) => Verdict::Unwanted,
            None => Verdict::Unclear,
        }
    }

    /// When the event happened, as FILETIME.
    pub(super) fn time(self, chunk: &[u8], instance: &Instance) -> Option<u64> {
        match self.time.bytes(chunk, instance)? {
            (FILETIME, bytes) => bytes.try_into().ok().map(u64::from_le_bytes),
            _ => None,
        }
    }

    /// Follows the tokens down to `Event/System/Provider/@Name` and `Event/System/EventID`.
    fn find(chunk: &'c [u8], mut tokens: Tokens<'c>) -> Result<Self, Defect> {
        let mut found = Self::default();
        let mut path: Vec<Utf16> = Vec::new();
        let mut attribute: Option<Utf16> = None;
        for _ in 0..TOKENS_LOOKED_AT {
            let Some(token) = tokens.next()? else { break };
            let text = |name: Name| name.text(chunk);
            match token {
                Token::Open { name, .. } => path.push(text(name)?),
                Token::Attribute(name) => attribute = Some(text(name)?),
                Token::CloseStart => attribute = None,
                Token::CloseEmpty | Token::End => {
                    attribute = None;
                    path.pop();
                }
                Token::Text(literal) => found.note(&path, attribute, Part::Literal(literal)),
                Token::Value { index, .. } => found.note(&path, attribute, Part::Value(index)),
                Token::Character(_) | Token::Entity(_) | Token::Instance(_) => return Ok(Self::default()),
            }
            if found.is_complete() {
                break;
            }
        }
        Ok(found)
    }

    fn note(&mut self, path: &[Utf16], attribute: Option<Utf16>, part: Part<'c>) {
        let &[event, system, element] = path else { return };
        if !event.is("Event") || !system.is("System") {
            return;
        }
        match attribute {
            Some(name) if element.is("Provider") && name.is("Name") => self.provider = part,
            Some(name) if element.is("TimeCreated") && name.is("SystemTime") => self.time = part,
            None if element.is("EventID") => self.id = part,
            _ => {}
        }
    }

    fn is_complete(&self) -> bool {
        ![self.provider, self.id, self.time].iter().any(|part| matches!(part, Part::Elsewhere))
    }
}

impl<'c> Part<'c> {
    fn number(self, chunk: &[u8], instance: &Instance) -> Option<u16> {
        match self {
            Self::Literal(text) => text.text().trim().parse().ok(),
            _ => self.bytes(chunk, instance).and_then(|(kind, bytes)| value::low_word(kind, bytes)),
        }
    }

    fn string<'a>(self, chunk: &'a [u8], instance: &Instance) -> Option<Utf16<'a>>
    where
        'c: 'a,
    {
        match self {
            Self::Literal(text) => Some(text),
            _ => self.bytes(chunk, instance).filter(|&(kind, _)| kind == STRING).map(|(_, bytes)| Utf16(bytes)),
        }
    }

    /// Type and bytes of the value that stands here.
    fn bytes<'a>(self, chunk: &'a [u8], instance: &Instance) -> Option<(u8, &'a [u8])> {
        let Self::Value(index) = self else { return None };
        let (kind, start, size) = instance.value(index)?;
        Some((kind, chunk.get(start..start.checked_add(size)?)?))
    }
}
