//! Events as XML text, as EvtRender and `wevtutil` write them.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event as Xml};

use super::Defect;
use super::builder::Builder;
use crate::event::Event;

/// Longer than any event, whose binary form is less than 64 KiB.
const LENGTH_LIMIT: usize = 1 << 20;

/// Reads the XML of one event. Fails on XML that is malformed, larger than 1 MiB, or no event.
pub fn from_xml(xml: &str) -> Result<Event, Defect> {
    if xml.len() > LENGTH_LIMIT {
        return Err(Defect::Swollen);
    }
    let mut reader = Reader::from_str(xml);
    let mut builder = Builder::default();
    loop {
        match reader.read_event().map_err(|error| malformed(&error))? {
            Xml::Start(start) => open(&mut builder, &start)?,
            Xml::Empty(start) => {
                open(&mut builder, &start)?;
                builder.close()?;
            }
            Xml::End(_) => builder.close()?,
            Xml::Text(text) => builder.text(&text),
            Xml::CData(text) => builder.text(&text),
            Xml::GeneralRef(reference) => builder.text(&resolve(&reference)?),
            Xml::Eof => break,
            _ => {}
        }
    }
    if builder.is_closed() { builder.finish() } else { Err(Defect::Structure) }
}

fn open(builder: &mut Builder, start: &BytesStart) -> Result<(), Defect> {
    builder.open(start.local_name().as_ref().into())?;
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| malformed(&error))?;
        let value = quick_xml::escape::unescape(&attribute.value).map_err(|error| malformed(&error))?;
        builder.attribute(attribute.key.as_ref(), value.into_owned())?;
    }
    Ok(())
}

/// A character by number or by one of the five names of XML; other entities stay as they are.
fn resolve(reference: &BytesRef) -> Result<String, Defect> {
    if let Some(character) = reference.resolve_char_ref().map_err(|error| malformed(&error))? {
        return Ok(character.into());
    }
    let name: &str = reference;
    Ok(quick_xml::escape::resolve_xml_entity(name).map_or_else(|| format!("&{name};"), str::to_owned))
}

fn malformed(error: &impl ToString) -> Defect {
    Defect::Xml(error.to_string())
}
