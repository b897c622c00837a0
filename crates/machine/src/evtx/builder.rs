//! How the elements of an event fill an [`Event`], whichever form they come in.

use std::rc::Rc;

use jiff::Timestamp;

use super::Defect;
use crate::event::Event;

/// Elements within each other, from `Event` on.
const DEPTH_LIMIT: usize = 32;
/// Names and values of one event in bytes: far more than its 64 KiB can say.
const WEIGHT_LIMIT: usize = 1 << 20;
/// What an empty value weighs.
const VALUE_WEIGHT: usize = 64;

/// Elements of `System` whose text is read.
const TEXTS: [&str; 5] = ["EventID", "Level", "EventRecordID", "Channel", "Computer"];
/// Attributes of elements of `System` that are read.
const ATTRIBUTES: [(&str, &str); 6] = [
    ("Provider", "Name"),
    ("EventID", "Qualifiers"),
    ("TimeCreated", "SystemTime"),
    ("Correlation", "ActivityID"),
    ("Execution", "ProcessID"),
    ("Security", "UserID"),
];

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
enum Section {
    System,
    EventData,
    UserData,
    /// What EvtFormatMessage adds: texts in the language of a machine.
    RenderingInfo,
    #[default]
    Other,
}

impl Section {
    fn of(name: &str) -> Self {
        match name {
            "System" => Self::System,
            "EventData" => Self::EventData,
            "UserData" => Self::UserData,
            "RenderingInfo" => Self::RenderingInfo,
            _ => Self::Other,
        }
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
        if name == "xmlns" || name.starts_with("xmlns:") {
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
            None => TEXTS.contains(&element),
            Some(attribute) => ATTRIBUTES.contains(&(element, attribute)),
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
            Section::System if depth == 3 => self.system_element(&element),
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
        let skipped = if self.section == Section::Other { 1 } else { 2 };
        let names = self.open.iter().skip(skipped).map(|element| &*element.name);
        names.chain([last]).collect::<Vec<_>>().join("/")
    }

    fn add(&mut self, name: String, value: String) -> Result<(), Defect> {
        self.weight += name.len() + value.len() + VALUE_WEIGHT;
        self.data.push((name, value));
        if self.weight > WEIGHT_LIMIT { Err(Defect::Swollen) } else { Ok(()) }
    }

    fn system_attribute(&mut self, name: &str, value: String) {
        let element = self.open.last().map_or("", |element| &*element.name);
        match (element, name) {
            ("Provider", "Name") => self.provider = value,
            ("EventID", "Qualifiers") => self.qualifiers = value.parse().ok(),
            ("TimeCreated", "SystemTime") => self.time = value.parse().ok().or(self.time),
            ("Correlation", "ActivityID") => self.activity = filled(value.to_ascii_lowercase()),
            ("Execution", "ProcessID") => self.process = value.parse().ok(),
            ("Security", "UserID") => self.user = filled(value),
            _ => {}
        }
    }

    fn system_element(&mut self, element: &Open) {
        let text = element.text.trim();
        match &*element.name {
            "EventID" => self.id = text.parse().ok(),
            "Level" => self.level = text.parse().unwrap_or(0),
            "EventRecordID" => self.record = text.parse().unwrap_or(self.record),
            "Channel" => text.clone_into(&mut self.channel),
            "Computer" => text.clone_into(&mut self.computer),
            _ => {}
        }
    }
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
