//! Fills the values of a record into an event as the plan of its template says.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::Defect;
use super::builder::{Builder, Field};
use super::expand::{Common, TOKEN_WORK};
use super::plan::{Part, Place, Plan, Step};
use super::token::{Instance, Tokens, Utf16, size_of_value};
use super::value::{self, ARRAY, BIN_XML, BINARY, NULL};

/// The plans of the templates of a chunk by offset and place, with the templates' ids; none where there can be none.
#[derive(Debug, Default)]
pub(super) struct Plans<'c> {
    made: BTreeMap<(usize, Place), Made<'c>>,
    /// Memory for the places of values.
    values: Vec<Value>,
}

/// A template's id, and its plan.
type Made<'c> = (u32, Option<Rc<Plan<'c>>>);

/// A value's type and where it lies.
type Value = (u8, usize, usize);

impl<'c> Plans<'c> {
    /// Adds what the template and its values say to `event`; both end before `end`. `None` if something about them
    /// is unusual or wrong: then the expander has to find out, with an event of its own.
    pub(super) fn fill(
        &mut self,
        chunk: &'c [u8],
        instance: &Instance<'c>,
        end: usize,
        event: &mut Builder,
        common: &mut Common,
    ) -> Option<()> {
        self.values.clear();
        self.instance(chunk, (instance, end, Place::Record), event, common)
    }

    fn instance(
        &mut self,
        chunk: &'c [u8],
        (instance, end, place): (&Instance<'c>, usize, Place),
        event: &mut Builder,
        common: &mut Common,
    ) -> Option<()> {
        let plan = self.plan(chunk, instance, place, common)?;
        common.budget.spend(plan.steps.len() * TOKEN_WORK + instance.table.len() * 4).ok()?;
        let (first, behind) = self.read_values(instance);
        let is_end = behind == end || behind < end && chunk.get(behind) == Some(&0);
        if !is_end {
            return None;
        }
        event.expect_data(plan.data);
        let mut steps = plan.steps.iter();
        while let Some(step) = steps.next() {
            match *step {
                Step::Depends { index, steps: count } => {
                    let is_null = self.value(first, index).is_some_and(|(kind, ..)| kind == NULL);
                    if let Some(last) = count.checked_sub(1).filter(|_| is_null) {
                        steps.nth(last);
                    }
                }
                Step::Nested { index } => self.nested(chunk, self.value(first, index), event, common)?,
                Step::Set { field, part } => set(event, field, self.content(chunk, first, part, common)?)?,
                Step::Binary { part } => binary(event, self.content(chunk, first, part, common)?)?,
                Step::Childless { ref name, ref children } => {
                    let is_null = |&index: &u16| self.value(first, index).is_some_and(|(kind, ..)| kind == NULL);
                    if children.iter().all(is_null) {
                        event.add((**name).to_owned(), String::new()).ok()?;
                    }
                    common.budget.spend(children.len()).ok()?;
                }
                Step::Datum { ref name, part } => {
                    let content = self.content(chunk, first, part, common)?;
                    datum(event, name, content, common).ok()?;
                }
            }
        }
        self.values.truncate(first);
        Some(())
    }

    /// Remembers the values of a template filled in. Answers with the number of those before them, and where they end.
    fn read_values(&mut self, instance: &Instance) -> (usize, usize) {
        let first = self.values.len();
        let mut at = instance.values;
        self.values.extend(instance.table.iter().map(|&entry| {
            let start = at;
            at += size_of_value(entry);
            let [.., kind, _] = entry;
            (kind, start, at)
        }));
        (first, at)
    }

    /// A template within a value.
    fn nested(
        &mut self,
        chunk: &'c [u8],
        value: Option<Value>,
        event: &mut Builder,
        common: &mut Common,
    ) -> Option<()> {
        match value {
            None | Some((NULL, ..)) => Some(()),
            Some((BIN_XML, start, end)) if start == end => Some(()),
            Some((BIN_XML, start, end)) => {
                let inner = Tokens::new(chunk, start, end).sole_instance().ok()??;
                self.instance(chunk, (&inner, end, Place::Event), event, common)
            }
            Some(_) => None,
        }
    }

    fn plan(
        &mut self,
        chunk: &'c [u8],
        instance: &Instance<'c>,
        place: Place,
        common: &mut Common,
    ) -> Option<Rc<Plan<'c>>> {
        let key = (instance.definition, place);
        match self.made.get(&key) {
            Some((id, plan)) if *id == instance.id => plan.clone(),
            _ => {
                let tokens = instance.tokens(chunk);
                let plan = tokens.and_then(|tokens| Plan::of(chunk, tokens, place, common)).ok().flatten();
                let plan = plan.map(Rc::new);
                self.made.insert(key, (instance.id, plan.clone()));
                plan
            }
        }
    }

    /// The value at `index` of the template whose values begin at `first`.
    fn value(&self, first: usize, index: u16) -> Option<Value> {
        self.values.get(first + usize::from(index)).copied()
    }

    fn content<'a>(&self, chunk: &'a [u8], first: usize, part: Part<'a>, common: &mut Common) -> Option<Content<'a>> {
        match part {
            Part::Nothing => Some(Content::Literal(Utf16(&[]))),
            Part::Literal(text) => Some(Content::Literal(text)),
            Part::Value { index, optional } => match self.value(first, index) {
                None => Some(Content::Literal(Utf16(&[]))),
                Some((NULL, ..)) if optional => Some(Content::None),
                Some((BIN_XML, ..)) => None,
                Some((kind, start, end)) => {
                    common.budget.spend((end - start) * 3).ok()?;
                    Some(Content::Value(kind, chunk.get(start..end)?))
                }
            },
        }
    }
}

/// What a part stands for in a record.
#[derive(Clone, Copy)]
enum Content<'a> {
    /// Not even an empty text.
    None,
    Literal(Utf16<'a>),
    Value(u8, &'a [u8]),
}

fn set(event: &mut Builder, field: Field, content: Content) -> Option<()> {
    match content {
        Content::None => {}
        Content::Literal(text) => event.set(field, text.text()),
        Content::Value(kind, bytes) => event.set_value(field, kind, bytes)?,
    }
    Some(())
}

fn binary(event: &mut Builder, content: Content) -> Option<()> {
    match content {
        Content::None | Content::Value(NULL, _) => event.set_binary(&[]),
        Content::Value(BINARY, bytes) => event.set_binary(bytes),
        _ => return None,
    }
    Some(())
}

fn datum(event: &mut Builder, name: &str, content: Content, common: &mut Common) -> Result<(), Defect> {
    match content {
        Content::None => event.add(name.to_owned(), String::new()),
        Content::Literal(text) => event.add(name.to_owned(), text.text()),
        Content::Value(kind, bytes) if kind & ARRAY == 0 => event.add(name.to_owned(), value::text(kind, bytes)?),
        Content::Value(kind, bytes) => array(event, name, value::elements(kind, bytes)?, kind & !ARRAY, common),
    }
}

/// Values that stand in one element each; none stand in an empty one.
fn array(event: &mut Builder, name: &str, values: Vec<&[u8]>, kind: u8, common: &mut Common) -> Result<(), Defect> {
    if values.is_empty() {
        return event.add(name.to_owned(), String::new());
    }
    common.budget.spend(values.len() * (TOKEN_WORK + name.len()))?;
    event.expect_data(values.len() - 1);
    values.into_iter().try_for_each(|one| event.add(name.to_owned(), value::text(kind, one)?))
}
