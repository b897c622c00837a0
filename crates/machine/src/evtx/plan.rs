//! Templates made ready: which value goes to which place of an event, found once for each template of a chunk.

use std::rc::Rc;

use super::Defect;
use super::builder::{DEPTH_LIMIT, Field, Section, is_namespace};
use super::expand::{Common, TOKEN_WORK};
use super::token::{Name, Token, Tokens, Utf16};

/// As many steps has a template that is made ready: those of Windows have less than a hundred.
const STEPS_LIMIT: usize = 1024;

/// What a template does with the values of a record. What it cannot say is left to the expander.
#[derive(Debug, Default)]
pub(super) struct Plan<'c> {
    pub(super) steps: Vec<Step<'c>>,
    /// As many of them are [`Step::Datum`].
    pub(super) data: usize,
}

/// Where a template is filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// As the whole record.
    Record,
    /// In a value that stands within `Event`.
    Event,
}

#[derive(Debug)]
pub(super) enum Step<'c> {
    /// If the value is NULL, as many steps behind this one are left out.
    Depends {
        index: u16,
        steps: usize,
    },
    Set {
        field: Field,
        part: Part<'c>,
    },
    Datum {
        name: Rc<str>,
        part: Part<'c>,
    },
    Binary {
        part: Part<'c>,
    },
    /// An empty value, as the element is left with no child if all these values are NULL.
    Childless {
        name: Rc<str>,
        children: Box<[u16]>,
    },
    /// XML within the value.
    Nested {
        index: u16,
    },
}

/// The text of an element or an attribute.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part<'c> {
    Nothing,
    Literal(Utf16<'c>),
    /// If optional, nothing is done when it is NULL.
    Value {
        index: u16,
        optional: bool,
    },
}

impl<'c> Plan<'c> {
    /// Follows the tokens of a template. `None` where only the expander does them justice.
    pub(super) fn of(
        chunk: &'c [u8],
        tokens: Tokens<'c>,
        place: Place,
        common: &mut Common,
    ) -> Result<Option<Self>, Defect> {
        let above = usize::from(place == Place::Event);
        let mut planner = Planner {
            chunk,
            common,
            above,
            section: Section::default(),
            has_root: false,
            open: Vec::new(),
            attribute: None,
            plan: Self::default(),
        };
        let Some(()) = planner.follow(tokens)? else { return Ok(None) };
        let mut plan = planner.plan;
        plan.data = plan.steps.iter().filter(|step| matches!(step, Step::Datum { .. })).count();
        Ok(Some(plan))
    }
}

/// An element that has not ended.
struct Open<'c> {
    name: Rc<str>,
    /// The attribute `Name` of `Data`.
    key: Rc<str>,
    part: Part<'c>,
    /// The step that leaves the element out.
    depends: Option<usize>,
    has_children: bool,
    /// One of the children is never left out.
    has_sure_child: bool,
    /// The values that the others depend on.
    children: Vec<u16>,
}

struct Planner<'c, 'e> {
    chunk: &'c [u8],
    common: &'e mut Common,
    /// Elements open around the template.
    above: usize,
    section: Section,
    has_root: bool,
    open: Vec<Open<'c>>,
    attribute: Option<(Rc<str>, Part<'c>)>,
    plan: Plan<'c>,
}

/// `None` if there can be no plan.
type Possible = Result<Option<()>, Defect>;

impl<'c> Planner<'c, '_> {
    fn follow(&mut self, mut tokens: Tokens<'c>) -> Possible {
        let mut before = tokens.at();
        while let Some(token) = tokens.next()? {
            self.common.budget.spend(TOKEN_WORK + tokens.at() - before)?;
            before = tokens.at();
            if self.token(token)?.is_none() || self.plan.steps.len() > STEPS_LIMIT {
                return Ok(None);
            }
        }
        Ok(Some(()).filter(|()| self.open.is_empty() && self.attribute.is_none()))
    }

    fn token(&mut self, token: Token<'c>) -> Possible {
        match token {
            Token::Open { name, depends } => self.start(name, depends),
            Token::Attribute(name) => {
                let done = self.end_attribute();
                self.attribute = Some((self.common.name(self.chunk, name)?, Part::Nothing));
                Ok(done)
            }
            Token::CloseStart => Ok(self.end_attribute()),
            Token::CloseEmpty | Token::End => {
                let done = self.end_attribute();
                Ok(done.and(self.close()?))
            }
            Token::Text(literal) => Ok(self.part(Part::Literal(literal))),
            Token::Value { index, optional } => Ok(self.part(Part::Value { index, optional })),
            Token::Character(_) | Token::Entity(_) | Token::Instance(_) => Ok(None),
        }
    }

    fn depth(&self) -> usize {
        self.above + self.open.len()
    }

    fn start(&mut self, name: Name, depends: Option<u16>) -> Possible {
        if self.depth() >= DEPTH_LIMIT || self.attribute.is_some() {
            return Ok(None);
        }
        let name = self.common.name(self.chunk, name)?;
        if self.depth() == 1 {
            self.section = Section::of(&name);
        }
        let is_root = self.open.is_empty();
        if is_root && std::mem::replace(&mut self.has_root, true) {
            return Ok(None);
        }
        let depends = depends.filter(|_| !is_root);
        if let Some(parent) = self.open.last_mut() {
            parent.has_children = true;
            parent.has_sure_child |= depends.is_none();
            parent.children.extend(depends);
        }
        let depends = depends.map(|index| {
            self.plan.steps.push(Step::Depends { index, steps: 0 });
            self.plan.steps.len() - 1
        });
        let key = self.common.nothing();
        self.open.push(Open {
            name,
            key,
            part: Part::Nothing,
            depends,
            has_children: false,
            has_sure_child: false,
            children: Vec::new(),
        });
        Ok(Some(()))
    }

    /// A second part of a text is too much for a plan.
    fn part(&mut self, part: Part<'c>) -> Option<()> {
        let depth = self.depth();
        let place = match (&mut self.attribute, self.open.last_mut()) {
            (Some((_, place)), _) => place,
            (None, Some(_)) if depth == 1 => {
                self.nested(part);
                return Some(());
            }
            (None, Some(element)) => &mut element.part,
            (None, None) => return None,
        };
        if !matches!(place, Part::Nothing) {
            return None;
        }
        *place = part;
        Some(())
    }

    fn nested(&mut self, part: Part<'c>) {
        if let Part::Value { index, .. } = part {
            self.plan.steps.push(Step::Nested { index });
        }
    }

    fn end_attribute(&mut self) -> Option<()> {
        let Some((name, part)) = self.attribute.take().filter(|(name, _)| !is_namespace(name)) else { return Some(()) };
        let depth = self.depth();
        let element = self.open.last_mut()?;
        match self.section {
            Section::System if depth == 3 => {
                let field = Field::of_attribute(&element.name, &name);
                self.plan.steps.extend(field.map(|field| Step::Set { field, part }));
            }
            Section::EventData if depth == 3 && &*element.name == "Data" && &*name == "Name" => {
                element.key = literal(part)?;
            }
            Section::EventData if depth == 3 && &*element.name == "Data" => {}
            Section::System | Section::RenderingInfo => {}
            _ if depth > 2 => return None,
            _ => {}
        }
        Some(())
    }

    fn close(&mut self) -> Possible {
        let depth = self.depth();
        let Some(element) = self.open.pop() else { return Ok(None) };
        let part = element.part;
        let step = match self.section {
            Section::System if depth == 3 => Field::of_text(&element.name).map(|field| Step::Set { field, part }),
            Section::System | Section::RenderingInfo => None,
            Section::EventData if depth == 3 && &*element.name == "Data" => {
                Some(Step::Datum { name: element.key, part })
            }
            Section::EventData if depth == 3 && &*element.name == "Binary" => Some(Step::Binary { part }),
            _ if depth == 2 && &*element.name == "BinaryEventData" => Some(Step::Binary { part }),
            _ if depth > 2 && !element.has_children => Some(Step::Datum { name: self.path(&element.name)?, part }),
            _ if depth > 1 && !matches!(part, Part::Nothing) => return Ok(None),
            _ if depth > 2 && !element.has_sure_child => {
                Some(Step::Childless { name: self.path(&element.name)?, children: element.children.into() })
            }
            _ => None,
        };
        self.plan.steps.extend(step);
        self.skip(element.depends);
        Ok(Some(()))
    }

    /// Tells the step that leaves an element out how far it reaches.
    fn skip(&mut self, depends: Option<usize>) {
        let Some(at) = depends else { return };
        let behind = self.plan.steps.len() - at - 1;
        if let Some(Step::Depends { steps, .. }) = self.plan.steps.get_mut(at) {
            *steps = behind;
        }
    }

    fn path(&mut self, last: &str) -> Result<Rc<str>, Defect> {
        let skipped = self.section.names_skipped().saturating_sub(self.above);
        let names = self.open.iter().skip(skipped).map(|element| &*element.name);
        let path: Rc<str> = names.chain([last]).collect::<Vec<_>>().join("/").into();
        self.common.budget.spend(path.len())?;
        Ok(path)
    }
}

fn literal(part: Part) -> Option<Rc<str>> {
    match part {
        Part::Nothing => Some("".into()),
        Part::Literal(text) => Some(text.text().into()),
        Part::Value { .. } => None,
    }
}
