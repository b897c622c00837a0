//! Reports without the names, addresses, users, keys and certificates of those whom they are about.
//!
//! Pseudonyms are numbered in the order in which the originals first appear in the reports: the same reports always get
//! the same ones, and whoever has only the redacted report cannot try guesses against it. A hash would allow just that,
//! since names of hosts are easily guessed.
//!
//! The report is walked as JSON along its own schema: what the schema names (a stage, an outcome) stays, every other
//! string is searched, so that a field that is added later is redacted too.

mod book;
mod collect;
mod patterns;
mod saved;
mod shape;
mod text;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use self::book::Book;
use self::collect::EventField;
use self::shape::Shape;
use crate::evidence::Snapshot;
use crate::report::Report;

/// The reports with every name, address, user, domain, thumbprint, serial number and key hash replaced by a pseudonym,
/// the same one for all of them, and the bytes of certificates left out. Times stay, for they tell what happened.
///
/// Host names become `host-1`, domains `domain-1.example`, addresses those that RFC 5737, RFC 3849 and RFC 2544 keep free
/// for examples. Loopback and unspecified addresses stay: they name nobody.
pub fn redact(reports: &[Report]) -> Result<Vec<Report>, serde_json::Error> {
    redact_as(reports)
}

/// The same for a snapshot.
pub fn redact_snapshot(snapshot: Snapshot) -> Result<Snapshot, serde_json::Error> {
    let mut redacted = redact_as(&[snapshot])?;
    redacted.pop().ok_or_else(|| serde_json::Error::io(std::io::ErrorKind::NotFound.into()))
}

/// The same for any value of ours that is made of reports.
fn redact_as<T: Serialize + DeserializeOwned + JsonSchema>(values: &[T]) -> Result<Vec<T>, serde_json::Error> {
    let values: Vec<Value> = values.iter().map(serde_json::to_value).collect::<Result<_, _>>()?;
    let mut book = Book::default();
    collect::all(&values, &mut book);
    let schema = schemars::schema_for!(T).to_value();
    let shape = Shape::of(&schema);
    let rewritten = |values: Vec<Value>, book: &mut Book| -> Result<Vec<T>, serde_json::Error> {
        values.into_iter().map(|value| serde_json::from_value(rewrite(value, &shape, book))).collect()
    };
    // A host that is called like a value of ours, such as a protocol, makes the report unreadable: then names are
    // replaced in sentences and in their own fields only.
    rewritten(values.clone(), &mut book).or_else(|_| {
        book.spares_values = true;
        rewritten(values, &mut book)
    })
}

/// Keys whose strings are ids of ours or places in this very report.
const IDS: [&str; 7] = ["cause", "root_cause", "explains", "client", "facts", "releases", "oid"];

fn rewrite(value: Value, shape: &Shape<'_>, book: &mut Book) -> Value {
    match value {
        Value::Object(mut fields) => {
            if let Some(value) =
                Some(&fields).filter(|fields| saved::is_setting(fields)).and_then(|it| saved::value(it, book))
            {
                fields.insert("value".to_owned(), Value::String(value));
                return Value::Object(fields);
            }
            let fields = fields.into_iter().map(|(key, value)| {
                let value = field(&key, value, &shape.field(&key), book);
                (key, value)
            });
            Value::Object(fields.collect())
        }
        Value::Array(items) => {
            let shape = shape.item();
            Value::Array(items.into_iter().map(|item| rewrite(item, &shape, book)).collect())
        }
        Value::String(string) if shape.names(&string) || string.parse::<Timestamp>().is_ok() => Value::String(string),
        Value::String(string) if book.spares_values && !string.contains(' ') => {
            Value::String(text::without_names(&string, book))
        }
        Value::String(string) => Value::String(text::redacted(&string, book)),
        other => other,
    }
}

fn field(key: &str, value: Value, shape: &Shape<'_>, book: &mut Book) -> Value {
    match (key, value) {
        (_, value) if IDS.contains(&key) => value,
        // The machine that was looked at is called `host`, too.
        (_, Value::Object(fields)) if !is_reading(&fields) => rewrite(Value::Object(fields), shape, book),
        // The bytes hold everything; the place stays, for facts point there.
        ("chain", Value::Array(chain)) => chain.iter().map(|_| Value::String(String::new())).collect(),
        ("place", Value::String(path)) => Value::String(text::redacted(&saved::path(&path, book), book)),
        ("input", Value::String(input)) => Value::String(text::redacted(&input, book)),
        // So do those of stored certificates, and hashes are registry values, too.
        ("der", _) => Value::Null,
        ("binary", value) => strings(value, &mut |digits| book.fingerprint(digits)),
        ("data", Value::Array(pairs)) => pairs.into_iter().map(|pair| event_field(pair, shape, book)).collect(),
        (_, value) if collect::is_name(key) => strings(value, &mut |name| book.name(name)),
        (_, value) if collect::is_user(key) => strings(value, &mut |user| book.user(user)),
        (_, value) if collect::is_distinguished_name(key) => strings(value, &mut |name| book.distinguished_name(name)),
        (_, value) if collect::is_fingerprint(key) => strings(value, &mut |digits| book.fingerprint(digits)),
        (_, value) => rewrite(value, shape, book),
    }
}

/// A field of an event with what it holds: numbers and codes stay.
fn event_field(pair: Value, shape: &Shape<'_>, book: &mut Book) -> Value {
    match pair {
        Value::Array(pair) => match <[Value; 2]>::try_from(pair) {
            Ok([Value::String(name), Value::String(value)]) => {
                let value = match EventField::named(&name) {
                    Some(EventField::Machine) => book.name(&value),
                    Some(EventField::User) => book.user(&value),
                    None => text::redacted(&value, book),
                };
                Value::Array(vec![Value::String(name), Value::String(value)])
            }
            Ok(other) => Value::Array(other.into()),
            Err(other) => Value::Array(other),
        },
        other => rewrite(other, shape, book),
    }
}

/// Whether it is a reading of a snapshot that was read.
fn is_reading(fields: &Map<String, Value>) -> bool {
    fields.len() == 1 && fields.contains_key("observed")
}

/// Changes a string, or each string of a list.
fn strings(value: Value, change: &mut impl FnMut(&str) -> String) -> Value {
    match value {
        Value::String(string) => Value::String(change(&string)),
        Value::Array(items) => items.into_iter().map(|item| strings(item, change)).collect(),
        // A reading of a snapshot.
        Value::Object(fields) if is_reading(&fields) => {
            fields.into_iter().map(|(key, value)| (key, strings(value, change))).collect()
        }
        other => other,
    }
}

#[cfg(test)]
mod tests;
