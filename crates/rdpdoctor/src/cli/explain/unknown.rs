use rdpdoctor_diagnosis::catalogue::codes::{EVENT, Event, codes, events, lookup};
use rdpdoctor_diagnosis::catalogue::remedies::remedies;
use rdpdoctor_diagnosis::causes::CAUSES;
use rdpdoctor_diagnosis::explain::{ExplainedCode, Explanation};
use rdpdoctor_diagnosis::near::near;
use rdpdoctor_protocol::text::safe_text;
use rdpdoctor_repair::action;

use super::REMEDY;

/// Longer input is not repeated in full.
const LONGEST_SHOWN: usize = 60;

/// Events that are proposed in the place of an unknown one.
const MOST_NEAR: usize = 5;

/// What may have been meant by an unknown number, and how to see all that there are.
pub(super) fn searched(explained: &Explanation) -> String {
    let is_event = |code: &ExplainedCode| code.family.as_deref() == Some(EVENT);
    let mut text = String::new();
    for code in &explained.codes {
        if is_event(code) {
            text.push_str(&near_events(code));
        }
        if let Some(other) = other_base(&code.text) {
            text.extend(["\nPerhaps `", &other, "` was meant.\n"]);
        }
    }
    text.push_str(if explained.codes.iter().all(is_event) {
        "\n`rdpdoctor explain --list events` lists all events that we know.\n"
    } else {
        "\nSearched: all families of codes, and events; `rdpdoctor explain --list families` names them.\n"
    });
    text
}

/// The known events with the next ids, of the provider where one is named.
fn near_events(code: &ExplainedCode) -> String {
    let provider = code.text.rsplit_once('/').map(|(provider, _)| provider);
    let mut near: Vec<&Event> = events().iter().filter(|event| provider.is_none_or(|it| event.is_from(it))).collect();
    near.sort_by_key(|event| (event.id.abs_diff(code.value), event.id));
    let mut lines: Vec<String> = Vec::new();
    for event in near {
        let line = format!("- `{}/{}`: {}\n", event.short_provider(), event.id, event.meaning);
        if !lines.contains(&line) {
            lines.push(line);
        }
        if lines.len() == MOST_NEAR {
            break;
        }
    }
    if lines.is_empty() { String::new() } else { format!("\nThe next that we know:\n\n{}", lines.concat()) }
}

/// The same digits read in the other base, where that is a code.
fn other_base(text: &str) -> Option<String> {
    let (value, other) = match text.strip_prefix("0x") {
        Some(digits) => (digits.parse().ok()?, digits.to_owned()),
        None => (u32::from_str_radix(text, 16).ok()?, format!("0x{text}")),
    };
    (!lookup(value).is_empty()).then_some(other)
}

/// One line that names the cause that may have been meant.
pub(in crate::cli) fn unknown(id: &str) -> String {
    match near(id, CAUSES.iter().map(|cause| cause.id)).as_slice() {
        [] => format!("no root cause is called \"{id}\"; \"rdpdoctor explain --list\" names them all"),
        near => format!("no root cause is called \"{id}\"; did you mean {}?", near.join(" or ")),
    }
}

/// One line that names what may have been meant.
pub(super) fn not_understood(what: &str) -> String {
    let shown = safe_text(what, LONGEST_SHOWN);
    let list = "\"rdpdoctor explain --list\" names the causes";
    if what.len() > LONGEST_SHOWN {
        return format!("no code, cause, remedy or repair stands in \"{shown}\"; {list}");
    }
    if is_too_large(what) {
        return format!("\"{shown}\" is no code: none has more than 32 bits, as 0xFFFFFFFF and 4294967295 do");
    }
    if let Some(example) = numberless(what) {
        return format!("\"{shown}\" has no number: type it as \"{example}\"");
    }
    match proposals(what.strip_prefix(REMEDY).unwrap_or(what)).as_slice() {
        [] => format!("\"{shown}\" is no code, cause, remedy or repair; {list}"),
        near => format!("\"{shown}\" is no code, cause, remedy or repair; did you mean {}?", near.join(" or ")),
    }
}

fn is_too_large(what: &str) -> bool {
    let number = what.strip_prefix('-').unwrap_or(what);
    let hex = number.strip_prefix("0x").or_else(|| number.strip_prefix("0X"));
    let (digits, radix) = hex.map_or((number, 10), |hex| (hex, 16));
    digits.len() > 7 && digits.chars().all(|digit| digit.is_digit(radix))
}

/// How an event or an alert is written, where its number is missing.
fn numberless(what: &str) -> Option<&'static str> {
    let word = what.split_whitespace().next()?;
    let examples = [("event", "event 1057"), ("alert", "alert 40")];
    examples.into_iter().find(|(known, _)| word.eq_ignore_ascii_case(known)).map(|(_, example)| example)
}

/// Causes, remedies and repairs that are spelt nearly so, else names of codes.
fn proposals(what: &str) -> Vec<&'static str> {
    let ids = CAUSES.iter().map(|cause| cause.id).chain(remedies().iter().map(|remedy| remedy.id.as_str()));
    let mut near_ids = near(what, ids.chain(action::all().map(|repair| repair.id)));
    near_ids.dedup();
    if !near_ids.is_empty() {
        return near_ids;
    }
    let symbols = codes().iter().map(|code| code.name).filter(|name| !name.is_empty() && !name.contains(' '));
    let names: Vec<(String, &str)> = symbols.map(|name| (name.to_lowercase().replace('_', "-"), name)).collect();
    let near_names = near(what, names.iter().map(|(plain, _)| plain.as_str()));
    let as_written = |near: &str| names.iter().find(|(plain, _)| plain == near).map(|(_, name)| *name);
    near_names.into_iter().filter_map(as_written).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_misses_are_named() {
        assert!(not_understood("certificate-mising").contains("did you mean certificate-missing"));
        assert!(not_understood("grant-key-reed").contains("did you mean grant-key-read"));
        assert!(not_understood("remedy:disable-nl").contains("disable-nla"));
        assert!(not_understood("ERRCONNECT_TLS_CONECT_FAILED").contains("ERRCONNECT_TLS_CONNECT_FAILED"));
        assert!(not_understood("qqqqqqqqqqqq").contains("--list"));
        assert!(not_understood(&"q".repeat(10_000)).len() < 200);
        assert!(not_understood("99999999999999999999").contains("32 bits"));
        assert!(not_understood("-99999999999").contains("32 bits"));
        assert!(not_understood("event abc").contains("event 1057") && not_understood("Alert").contains("alert 40"));
    }

    #[test]
    fn the_other_base_is_proposed() {
        assert!(lookup(904).is_empty());
        assert_eq!(other_base("904"), Some("0x904".to_owned()));
        assert_eq!(other_base("0x2308"), Some("2308".to_owned()));
        assert_eq!(other_base("0xBADC0DE"), None);
    }
}
