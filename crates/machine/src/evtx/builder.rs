//! How the elements of an event fill an [`Event`], whichever form they come in.

use std::rc::Rc;

use jiff::Timestamp;

use super::{Defect, value};
use crate::event::Event;

/// Elements within each other, from `Event` on.
pub(super) const DEPTH_LIMIT: usize = 32;
/// Names and values of one event in bytes: far more than its 64 KiB can say.
const WEIGHT_LIMIT: usize = 1 << 20;
/// What an empty value weighs.
const VALUE_WEIGHT: usize = 64;

/// What of `System` is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Provider,
    Id,
    Qualifiers,
    Level,
    Time,
    Record,
    Activity,
    Process,
    Channel,
    Computer,
    User,
}

impl Field {
    /// The one which the text of this element of `System` is.
    pub(super) fn of_text(element: &str) -> Option<Self> {
        match element {
            "EventID" => Some(Self::Id),
            "Level" => Some(Self::Level),
            "EventRecordID" => Some(Self::Record),
            "Channel" => Some(Self::Channel),
            "Computer" => Some(Self::Computer),
            _ => None,
        }
    }

    /// The one which this attribute of an element of `System` is.
    pub(super) fn of_attribute(element: &str, attribute: &str) -> Option<Self> {
        match (element, attribute) {
            ("Provider", "Name") => Some(Self::Provider),
            ("EventID", "Qualifiers") => Some(Self::Qualifiers),
            ("TimeCreated", "SystemTime") => Some(Self::Time),
            ("Correlation", "ActivityID") => Some(Self::Activity),
            ("Execution", "ProcessID") => Some(Self::Process),
            ("Security", "UserID") => Some(Self::User),
            _ => None,
        }
    }
}

/// Whether an attribute only says where names come from.
pub(super) fn is_namespace(attribute: &str) -> bool {
    attribute == "xmlns" || attribute.starts_with("xmlns:")
}

/// An element that has not ended.
#[derive(Debug)]
struct Open {
    name: Rc<str>,
    /// The attribute `Name` of `Data`.
    key: String,
    text: String,
    has_children: bool,
    has_attributes: bool,
}

/// Takes elements, attributes and texts in the order of the document.
#[derive(Debug, Default)]
pub(super) struct Builder {
    open: Vec<Open>,
    /// That of the open elements.
    section: Section,
    record: u64,
    time: Option<Timestamp>,
    provider: String,
    id: Option<u32>,
    qualifiers: Option<u16>,
    level: u8,
    channel: String,
    computer: String,
    process: Option<u32>,
    activity: Option<String>,
    user: Option<String>,
    data: Vec<(String, String)>,
    binary: Option<Vec<u8>>,
    weight: usize,
}

/// The part of an event that an element lies in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Section {
    System,
    EventData,
    UserData,
    /// What EvtFormatMessage adds: texts in the language of a machine.
    RenderingInfo,
    #[default]
    Other,
}

impl Section {
    pub(super) fn of(name: &str) -> Self {
        match name {
            "System" => Self::System,
            "EventData" => Self::EventData,
            "UserData" => Self::UserData,
            "RenderingInfo" => Self::RenderingInfo,
            _ => Self::Other,
        }
    }

    /// As many of the open elements are no part of a value's name.
    pub(super) fn names_skipped(self) -> usize {
        if self == Self::Other { 1 } else { 2 }
    }
}

impl Open {
    fn new(name: Rc<str>, key: String) -> Self {
        Self { name, key, text: String::new(), has_children: false, has_attributes: false }
    }

    /// Whether the text is more than white space around other elements, or nothing beside attributes.
    fn is_value(&self) -> bool {
        !(self.has_children || self.has_attributes) || !self.text.trim().is_empty()
    }
}

impl Builder {
    /// For what the XML leaves out: the id and the time of the record that holds it.
    pub(super) fn of_record(record: u64, time: Option<Timestamp>) -> Self {
        Self { record, time, ..Self::default() }
    }

    pub(super) fn open(&mut self, name: Rc<str>) -> Result<(), Defect> {
        if self.open.len() >= DEPTH_LIMIT {
            return Err(Defect::Depth);
        }
        if let Some(parent) = self.open.last_mut() {
            parent.has_children = true;
        }
        if self.open.len() == 1 {
            self.section = Section::of(&name);
        }
        self.open.push(Open::new(name, String::new()));
        Ok(())
    }

    pub(super) fn attribute(&mut self, name: &str, value: String) -> Result<(), Defect> {
        if is_namespace(name) {
            return Ok(());
        }
        let depth = self.open.len();
        match self.section {
            Section::System if depth == 3 => self.system_attribute(name, value),
            Section::EventData if depth == 3 && self.is_data() => self.key(name, value),
            Section::System | Section::RenderingInfo => {}
            _ if depth > 2 => {
                if let Some(element) = self.open.last_mut() {
                    element.has_attributes = true;
                }
                self.add(self.path(&format!("@{name}")), value)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether the text of the open element, or this attribute of it, has a place in an event: writing what has none
    /// would take most of the time.
    pub(super) fn takes(&self, attribute: Option<&str>) -> bool {
        if self.section != Section::System {
            return true;
        }
        let element = self.open.last().map_or("", |element| &*element.name);
        match attribute {
            None => Field::of_text(element).is_some(),
            Some(attribute) => Field::of_attribute(element, attribute).is_some(),
        }
    }

    pub(super) fn text(&mut self, text: &str) {
        if let Some(element) = self.open.last_mut() {
            element.text.push_str(text);
        }
    }

    /// Appends text with a function of its own.
    pub(super) fn text_with(&mut self, append: impl FnOnce(&mut String) -> Result<(), Defect>) -> Result<(), Defect> {
        self.open.last_mut().map_or(Err(Defect::Structure), |element| append(&mut element.text))
    }

    /// Ends the element and begins another one like it: how the values of an array are written. Answers with the
    /// length of what had to be copied.
    pub(super) fn repeat(&mut self) -> Result<usize, Defect> {
        let element = self.open.last().ok_or(Defect::Structure)?;
        let again = Open::new(Rc::clone(&element.name), element.key.clone());
        let copied = again.key.len();
        self.close()?;
        self.open.push(again);
        Ok(copied)
    }

    pub(super) fn close(&mut self) -> Result<(), Defect> {
        let (section, depth) = (self.section, self.open.len());
        let element = self.open.pop().ok_or(Defect::Structure)?;
        match section {
            Section::System if depth == 3 => self.system_element(element),
            Section::System | Section::RenderingInfo => {}
            Section::EventData if depth == 3 && &*element.name == "Data" => self.add(element.key, element.text)?,
            Section::EventData if depth == 3 && &*element.name == "Binary" => self.binary = binary(&element.text),
            _ if depth == 2 && &*element.name == "BinaryEventData" => self.binary = binary(&element.text),
            _ if depth > 2 && element.is_value() => self.add(self.path(&element.name), element.text)?,
            _ => {}
        }
        Ok(())
    }

    /// Whether every element has ended.
    pub(super) fn is_closed(&self) -> bool {
        self.open.is_empty()
    }

    /// How much memory the values take, roughly.
    pub(super) fn weight(&self) -> usize {
        self.weight
    }

    pub(super) fn finish(self) -> Result<Event, Defect> {
        let (high, id) = split(self.id.ok_or(Defect::Missing("EventID"))?);
        Ok(Event {
            record: self.record,
            time: self.time.ok_or(Defect::Missing("TimeCreated"))?,
            provider: self.provider,
            id,
            qualifiers: self.qualifiers.or(Some(high).filter(|&high| high != 0)),
            level: self.level,
            channel: self.channel,
            computer: self.computer,
            process: self.process,
            activity: self.activity,
            user: self.user,
            data: self.data,
            binary: self.binary,
        })
    }

    fn is_data(&self) -> bool {
        self.open.last().is_some_and(|element| &*element.name == "Data")
    }

    fn key(&mut self, name: &str, value: String) {
        if let Some(element) = self.open.last_mut().filter(|_| name == "Name") {
            element.key = value;
        }
    }

    /// The names of the open elements below the section, or with it where it is a rare one, and `last`.
    fn path(&self, last: &str) -> String {
        let names = self.open.iter().skip(self.section.names_skipped()).map(|element| &*element.name);
        names.chain([last]).collect::<Vec<_>>().join("/")
    }

    /// Makes room for as many values.
    pub(super) fn expect_data(&mut self, values: usize) {
        self.data.reserve(values);
    }

    /// Adds a value of `EventData` or `UserData`.
    pub(super) fn add(&mut self, name: String, value: String) -> Result<(), Defect> {
        self.weight += name.len() + value.len() + VALUE_WEIGHT;
        self.data.push((name, value));
        if self.weight > WEIGHT_LIMIT { Err(Defect::Swollen) } else { Ok(()) }
    }

    fn system_attribute(&mut self, name: &str, value: String) {
        let field = self.open.last().and_then(|element| Field::of_attribute(&element.name, name));
        if let Some(field) = field {
            self.set(field, value);
        }
    }

    fn system_element(&mut self, element: Open) {
        if let Some(field) = Field::of_text(&element.name) {
            self.set(field, element.text);
        }
    }

    pub(super) fn set(&mut self, field: Field, mut text: String) {
        match field {
            Field::Provider => self.provider = text,
            Field::Id => self.id = text.trim().parse().ok(),
            Field::Qualifiers => self.qualifiers = text.parse().ok(),
            Field::Level => self.level = text.trim().parse().unwrap_or(0),
            Field::Time => self.time = text.parse().ok().or(self.time),
            Field::Record => self.record = text.trim().parse().unwrap_or(self.record),
            Field::Activity => {
                text.make_ascii_lowercase();
                self.activity = filled(text);
            }
            Field::Process => self.process = text.parse().ok(),
            Field::Channel => self.channel = trimmed(text),
            Field::Computer => self.computer = trimmed(text),
            Field::User => self.user = filled(text),
        }
    }

    /// Sets what a value says. `None` if it must first be written as text.
    pub(super) fn set_value(&mut self, field: Field, kind: u8, bytes: &[u8]) -> Option<()> {
        let number = value::number(kind, bytes);
        match (field, number) {
            (Field::Time, Some(time)) if kind == value::FILETIME => self.time = value::timestamp(time).or(self.time),
            (Field::Id, Some(id)) => self.id = u32::try_from(id).ok(),
            (Field::Qualifiers, Some(qualifiers)) => self.qualifiers = u16::try_from(qualifiers).ok(),
            (Field::Level, Some(level)) => self.level = u8::try_from(level).unwrap_or(0),
            (Field::Record, Some(record)) => self.record = record,
            (Field::Process, Some(process)) => self.process = u32::try_from(process).ok(),
            _ if kind & value::ARRAY != 0 => return None,
            _ => self.set(field, value::text(kind, bytes).ok()?),
        }
        Some(())
    }

    pub(super) fn set_binary(&mut self, bytes: &[u8]) {
        self.binary = Some(bytes.to_vec()).filter(|bytes| !bytes.is_empty());
    }
}

fn trimmed(text: String) -> String {
    if text.trim().len() == text.len() { text } else { text.trim().to_owned() }
}

fn filled(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// Both halves of an event id.
fn split(id: u32) -> (u16, u16) {
    let [a, b, c, d] = id.to_be_bytes();
    (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]))
}

/// Bytes from their hexadecimal digits; none where there are none.
fn binary(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.trim().as_bytes().as_chunks::<2>();
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let byte = |&[high, low]: &[u8; 2]| Some(digit(high)? << 4 | digit(low)?);
    let bytes: Option<Vec<u8>> = pairs.iter().map(byte).collect();
    bytes.filter(|bytes| rest.is_empty() && !bytes.is_empty())
}
