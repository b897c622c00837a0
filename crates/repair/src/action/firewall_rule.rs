//! A rule of the firewall as [MS-GPFAS] 2.2.2 writes it, changed in one place.

use rdpdoctor_machine::registry::Data;

/// The values of a field, in order.
pub(super) fn fields<'a>(rule: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    let pairs = rule.split('|').filter_map(|field| field.split_once('='));
    pairs.filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// Whether ports or ranges hold this one; without any they hold all.
pub(super) fn covers(ports: &[String], port: u16) -> bool {
    let holds = |text: &String| {
        let (from, to) = text.split_once('-').unwrap_or((text, text));
        matches!((from.trim().parse::<u16>(), to.trim().parse::<u16>()), (Ok(from), Ok(to)) if (from..=to).contains(&port))
    };
    ports.is_empty() || ports.iter().any(holds)
}

/// The same rule switched on, everything else byte for byte; none where it is not off.
pub(super) fn switched_on(rule: &Data) -> Option<Data> {
    const OFF: &str = "|Active=FALSE|";
    let units: Vec<u8> = OFF.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let places = rule.bytes.windows(units.len()).enumerate().step_by(2);
    let (at, _) = { places }.find(|(_, bytes)| bytes.eq_ignore_ascii_case(&units))?;
    let (before, after) = (rule.bytes.get(..at)?, rule.bytes.get(at + units.len()..)?);
    let on = "|Active=TRUE|".encode_utf16().flat_map(u16::to_le_bytes);
    let bytes = before.iter().copied().chain(on).chain(after.iter().copied()).collect();
    Some(Data { kind: rule.kind, bytes })
}

/// Whether both are one rule, written by two versions: all fields but the version are the same, in any order.
pub(crate) fn is_same_rule(one: &Data, two: &Data) -> bool {
    let fields = |rule: &Data| {
        let text = rule.text()?;
        let (_, fields) = text.strip_prefix('v').and_then(|rule| rule.split_once("|Action="))?;
        let mut fields: Vec<String> = fields.split('|').map(str::to_lowercase).collect();
        fields.sort();
        Some(fields)
    };
    one.kind == two.kind && fields(one).is_some_and(|one| fields(two) == Some(one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_the_same_in_another_version_and_not_when_switched() {
        let rule = |text: &str| Data::of_text(text);
        let old = rule("v2.10|Action=Allow|Active=TRUE|Dir=In|LPort=3389|");
        assert!(is_same_rule(&old, &rule("v2.30|Action=Allow|Active=TRUE|LPort=3389|Dir=In|")));
        assert!(!is_same_rule(&old, &rule("v2.10|Action=Allow|Active=FALSE|Dir=In|LPort=3389|")));
        assert!(!is_same_rule(&rule("v1"), &rule("v2")) && !is_same_rule(&rule("1"), &Data::of_dword(1)));
    }

    #[test]
    fn one_word_changes_and_what_follows_stays() {
        let mut off = Data::of_text("v2.28|Action=Allow|active=false|Name=Straße|Desc=Active=FALSE|");
        off.bytes.extend([1, 2, 3]);
        let on = switched_on(&off).unwrap();
        assert_eq!(on.text().unwrap(), "v2.28|Action=Allow|Active=TRUE|Name=Straße|Desc=Active=FALSE|");
        assert!(on.bytes.ends_with(&[0, 0, 1, 2, 3]));
        assert_eq!(switched_on(&on), None);
    }

    #[test]
    fn ports_are_numbers_and_ranges() {
        let list = |text: &str| [text.to_owned()];
        assert!(covers(&list("3380-3390"), 3389) && covers(&list("3389"), 3389) && covers(&[], 3389));
        assert!(!covers(&list("3390"), 3389) && !covers(&list("RPC"), 3389) && !covers(&list("3390-"), 3389));
    }
}
