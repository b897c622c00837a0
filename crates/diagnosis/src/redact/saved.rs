//! Saved connections: whom a user connects to and as whom.

use serde_json::{Map, Value};

use super::book::Book;

/// Settings that name a machine, perhaps with a port.
const HOSTS: [&str; 4] = ["full address", "alternate full address", "gatewayhostname", "kdcproxyname"];
/// Texts that name nobody.
const HARMLESS: [&str; 3] = ["drivestoredirect", "signscope", "winposstr"];

/// Whether these are the fields of a setting.
pub(super) fn is_setting(fields: &Map<String, Value>) -> bool {
    ["line", "name", "kind", "value"].iter().all(|key| fields.contains_key(*key))
}

/// Learns the machines that a setting names.
pub(super) fn learn(fields: &Map<String, Value>, book: &mut Book) {
    if let (true, Some(host)) = (HOSTS.contains(&name(fields).as_str()), host(text(fields, "value"))) {
        book.learn(host);
    }
}

/// The value with pseudonyms; none where it may stay. What is unknown is left out.
pub(super) fn value(fields: &Map<String, Value>, book: &mut Book) -> Option<String> {
    let (name, value) = (name(fields), text(fields, "value"));
    if text(fields, "kind") == "integer" || value.is_empty() || HARMLESS.contains(&name.as_str()) {
        return None;
    }
    Some(match name.as_str() {
        "username" => book.user(value),
        "domain" => book.name(value),
        known if HOSTS.contains(&known) => host(value).map_or_else(String::new, |host| {
            let port = value.trim().strip_prefix(host).unwrap_or_default();
            format!("{}{port}", book.name(host))
        }),
        _ => String::new(),
    })
}

/// A path below a user's own folder names the user.
pub(super) fn path(path: &str, book: &mut Book) -> String {
    // Ours begin below the system drive.
    let lower = path.to_ascii_lowercase();
    let below = if lower.starts_with(r"users\") { Some(0) } else { lower.find(r"\users\").map(|at| at + 1) };
    let Some(start) = below.map(|at| at + r"users\".len()) else { return path.to_owned() };
    let (before, rest) = path.split_at(start);
    let (user, after) =
        rest.split_once('\\').map_or((rest, String::new()), |(user, after)| (user, format!("\\{after}")));
    let file = after.rsplit('\\').next().unwrap_or_default();
    let known = file.is_empty() || file.eq_ignore_ascii_case("default.rdp");
    let after = if known { after } else { r"\connection.rdp".to_owned() };
    format!("{before}{}{after}", book.user(user))
}

fn name(fields: &Map<String, Value>) -> String {
    text(fields, "name").to_ascii_lowercase()
}

fn text<'a>(fields: &'a Map<String, Value>, key: &str) -> &'a str {
    fields.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The host of `host:port`.
fn host(value: &str) -> Option<&str> {
    let value = value.trim();
    let host = match value.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') && port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => value,
    };
    Some(host).filter(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use crate::redact::redact;
    use crate::report::build;
    use crate::testing::{Machine, Scene};

    #[test]
    fn neither_server_nor_user_of_a_file_survives() {
        let text = "full address:s:secret01.corp.example:3390\nusername:s:CORP\\alice\ndomain:s:CORPDOM\n\
                    loadbalanceinfo:s:tsv://hidden\naudiomode:i:2\nalternate full address:s:secret02\n";
        let machine = Machine::healthy().saves(r"C:\Users\alice\Desktop\payroll.rdp", text);
        let origin = machine.saves(r"Users\carol\Desktop\payroll.rdp", "audiomode:i:2\n").as_origin().origin;
        let evidence = crate::evidence::Evidence { origin, ..Scene::at("10.0.0.5").evidence() };
        let report = build(evidence, 1.0);
        assert!(!report.remarks.is_empty());
        let redacted = serde_json::to_string(&redact(&[report]).unwrap()).unwrap();
        for hidden in ["secret01", "secret02", "alice", "carol", "CORPDOM", "hidden", "payroll"] {
            assert!(!redacted.contains(hidden), "{hidden} in {redacted}");
        }
        assert!(redacted.contains(":3390") && redacted.contains(r#""name":"audiomode","kind":"integer","value":"2""#));
    }
}
