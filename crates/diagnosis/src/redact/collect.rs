//! Which names there are: those of the fields that hold names, and those that strangers' texts mention.

use std::net::IpAddr;

use serde_json::{Map, Value};

use super::book::Book;
use super::patterns::{is_dns_name, words};
use super::saved;

/// Domains first, for they tell where a host name ends; then what was asked for, so that it is number one.
pub(super) fn all(values: &[Value], book: &mut Book) {
    for value in values {
        walk(value, &mut |fields| domains(fields, book));
    }
    for value in values {
        if let Some(Value::Object(target)) = value.pointer("/evidence/target") {
            names(target, book);
        }
        for addresses in ["/target/address", "/evidence/resolution/system/value/addresses"] {
            each(value.pointer(addresses), &mut |address| book.learn(address));
        }
    }
    for value in values {
        walk(value, &mut |fields| names(fields, book));
    }
}

/// Fields that hold the name of a machine or a domain, or several.
pub(super) fn is_name(key: &str) -> bool {
    const NAMES: [&str; 16] = [
        "display_name",
        "host",
        "computer",
        "domain",
        "dns_computer",
        "dns_domain",
        "forest",
        "common_name",
        "dns_names",
        "hostname",
        "server_name",
        "target_name",
        "workgroup",
        "netbios_domain",
        "full_address",
        "alternate_full_address",
    ];
    NAMES.contains(&key)
}

/// Fields that hold the name of a user.
pub(super) fn is_user(key: &str) -> bool {
    ["user", "username", "user_name", "account", "upn"].contains(&key)
}

/// Fields that hold a distinguished name (RFC 4514).
pub(super) fn is_distinguished_name(key: &str) -> bool {
    ["subject", "issuer"].contains(&key)
}

/// Fields that hold a hash of a certificate or a key, or its serial number.
pub(super) fn is_fingerprint(key: &str) -> bool {
    ["sha1", "sha256", "key_sha256", "thumbprint", "serial", "serial_number"].contains(&key)
}

/// Fields that quote somebody else.
fn is_quotation(key: &str) -> bool {
    ["banner", "proxy_markers", "reason", "error", "why", "what", "malformed"].contains(&key)
}

fn walk(value: &Value, visit: &mut impl FnMut(&Map<String, Value>)) {
    match value {
        Value::Object(fields) => {
            visit(fields);
            fields.values().for_each(|value| walk(value, visit));
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, visit)),
        _ => {}
    }
}

fn domains(fields: &Map<String, Value>, book: &mut Book) {
    for key in ["dns_domain", "forest"] {
        each(fields.get(key), &mut |domain| book.learn_domain(domain));
    }
}

fn names(fields: &Map<String, Value>, book: &mut Book) {
    if saved::is_setting(fields) {
        saved::learn(fields, book);
    }
    for (key, value) in fields {
        match key.as_str() {
            key if is_name(key) => each(Some(value), &mut |name| book.learn(name)),
            key if is_user(key) => each(Some(value), &mut |user| drop(book.user(user))),
            key if is_distinguished_name(key) => each(Some(value), &mut |name| drop(book.distinguished_name(name))),
            key if is_fingerprint(key) => each(Some(value), &mut |digits| drop(book.fingerprint(digits))),
            key if is_quotation(key) => each(Some(value), &mut |text| quoted(text, book)),
            // The question to a name server, and what a person wrote.
            "name" if fields.contains_key("record") => each(Some(value), &mut |name| book.learn(name)),
            "text" if fields.contains_key("family") => each(Some(value), &mut |text| quoted(text, book)),
            "data" => pairs(value, book),
            _ => {}
        }
    }
    typed(fields, book);
}

/// The data of an event: names of fields beside what they hold.
fn pairs(data: &Value, book: &mut Book) {
    let pairs = data.as_array().into_iter().flatten().filter_map(|pair| pair.as_array());
    for pair in pairs {
        let [Value::String(name), Value::String(value)] = &pair[..] else { continue };
        match EventField::named(name) {
            Some(EventField::Machine) => book.learn(value),
            Some(EventField::User) => drop(book.user(value)),
            None => {}
        }
    }
}

/// Whom a field of an event names.
pub(super) enum EventField {
    Machine,
    User,
}

impl EventField {
    /// By its name, or the last part of its path.
    pub(super) fn named(name: &str) -> Option<Self> {
        const MACHINES: [&str; 9] = [
            "workstationname",
            "workstation",
            "subjectdomainname",
            "targetdomainname",
            "domain",
            "clientname",
            "targetserver",
            "computername",
            "domainname",
        ];
        const USERS: [&str; 5] = ["targetusername", "subjectusername", "user", "username", "accountname"];
        let last = name.rsplit('/').next().unwrap_or_default().to_lowercase();
        let machine = MACHINES.contains(&last.as_str()).then_some(Self::Machine);
        machine.or_else(|| USERS.contains(&last.as_str()).then_some(Self::User))
    }
}

/// What was typed may spell the host in another way: capitals, or other scripts.
fn typed(fields: &Map<String, Value>, book: &mut Book) {
    let text = |key: &str| fields.get(key).and_then(Value::as_str);
    let (Some(input), Some(host)) = (text("input"), text("host")) else { return };
    let typed = input.rsplit_once(':').map_or(input, |(name, _)| name);
    if host.parse::<IpAddr>().is_err() && !typed.is_empty() {
        book.learn_as(typed, host);
    }
}

fn quoted(text: &str, book: &mut Book) {
    words(text).filter(|word| is_dns_name(word)).for_each(|word| book.learn(word));
}

fn each(value: Option<&Value>, visit: &mut impl FnMut(&str)) {
    match value {
        Some(Value::String(string)) => visit(string),
        Some(Value::Array(items)) => items.iter().for_each(|item| each(Some(item), visit)),
        // A reading of a snapshot.
        Some(Value::Object(fields)) if fields.len() == 1 => each(fields.get("observed"), visit),
        _ => {}
    }
}
