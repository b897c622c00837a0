use crate::catalogue::codes::{self, Code, EVENT, Event, Standing};
use crate::evidence::{ToldCode, ToldFact};

/// What a second-likeliest meaning loses against the first, in decibans, and each further one again.
const LESS_LIKELY_MEANING: i16 = 3;
const MOST_MEANINGS: usize = 3;
/// The families whose numbers people state as `status=`.
const STATUS_FAMILIES: [&str; 3] = ["hresult", "ntstatus", "gateway-proxy"];
const STATUS: &str = "status";
/// Other families whose numbers people state as a fact, and that fact.
const FACTS: [(&str, &str); 2] = [("tls-alert", "alert"), ("negotiation-failure", "nego-failure")];

/// One thing that a code may mean.
#[derive(Debug, Clone)]
pub(crate) struct Meaning {
    /// The id of its family.
    pub(crate) family: &'static str,
    /// Its name in the family; the provider of an event.
    pub(crate) name: &'static str,
    /// What it says.
    pub(crate) text: &'static str,
    /// Ids of the causes that fit, likeliest first.
    pub(crate) causes: Vec<&'static str>,
    standing: Standing,
}

/// What a told code may mean, the likeliest first; empty where no table knows it.
pub(crate) fn of_code(code: &ToldCode) -> Vec<Meaning> {
    if code.family.as_deref() == Some(EVENT) {
        return codes::events_told(code).into_iter().map(Meaning::of_event).collect();
    }
    codes::readings(code).into_iter().map(Meaning::of_code).collect()
}

/// The same for a fact that states the number of an event, a status, an alert or a failure.
pub(super) fn of_fact(fact: &ToldFact) -> Vec<Meaning> {
    let Some(number) = fact.value.as_deref().and_then(number) else { return Vec::new() };
    if fact.id == EVENT {
        return codes::events_with_id(number).into_iter().map(Meaning::of_event).collect();
    }
    let states = |family: &str| match fact.id.as_str() {
        STATUS => STATUS_FAMILIES.contains(&family),
        id => FACTS.contains(&(family, id)),
    };
    codes::lookup(number).into_iter().filter(|code| states(code.family.id)).map(Meaning::of_code).collect()
}

/// The spelling of the fact that says the same as the code, else one of its own.
pub(super) fn key(code: &ToldCode, meanings: &[Meaning]) -> String {
    let value = code.value;
    match meanings.first().map(|meaning| meaning.family) {
        // The qualifiers of a classic event do not matter.
        Some(EVENT) => format!("{EVENT}={}", value & 0xFFFF),
        Some(family) if STATUS_FAMILIES.contains(&family) => format!("{STATUS}={value:#010x}"),
        Some(family) => match FACTS.iter().find(|(known, _)| *known == family) {
            Some((_, fact)) => format!("{fact}={value}"),
            None => format!("{family}={value}"),
        },
        None => format!("={value}"),
    }
}

/// What was named, as a sentence.
pub(super) fn sentence(code: &ToldCode, meanings: &[Meaning]) -> String {
    let text = &code.text;
    match meanings.first() {
        Some(Meaning { family: EVENT, name, .. }) => format!("you named event {} of {name}", code.value & 0xFFFF),
        Some(Meaning { name, .. }) if !name.is_empty() && name != text => format!("you named {text} ({name})"),
        _ => format!("you named \"{text}\""),
    }
}

/// The decibans that the tables give to a cause: those of the meaning that says most for it, as only one is meant.
pub(super) fn weight(meanings: &[Meaning], cause: &str) -> i16 {
    let of = |(rank, meaning): (i16, &Meaning)| {
        let place = meaning.causes.iter().position(|named| *named == cause)?;
        let decibans = decibans(trust(meaning.standing), meaning.causes.len(), place);
        Some(decibans.saturating_sub(rank * LESS_LIKELY_MEANING))
    };
    (0..).zip(meanings.iter().take(MOST_MEANINGS)).filter_map(of).max().unwrap_or_default().max(0)
}

/// A code that fits one cause says as much for it as its source is worth. Fitting twice as many halves what it says of
/// each (3 decibans), and the tables name the likelier cause first (1 a place). So STATUS_PASSWORD_EXPIRED gives 12, and
/// 0x904, which fits fourteen causes, 3 to the first and 1 to the last.
fn decibans(trust: i16, causes: usize, place: usize) -> i16 {
    let doublings = i16::try_from(causes.max(1).ilog2()).unwrap_or(i16::MAX);
    let place = i16::try_from(place).unwrap_or(i16::MAX);
    trust.saturating_sub(doublings.saturating_mul(3)).saturating_sub(place).max(trust.min(1))
}

/// An unverified row is shown and weighs nothing.
fn trust(standing: Standing) -> i16 {
    match standing {
        Standing::Official => 12,
        Standing::Archived | Standing::Code | Standing::Mixed => 10,
        Standing::Practice | Standing::Field => 7,
        Standing::Derived => 6,
        Standing::Unverified => 0,
    }
}

fn number(text: &str) -> Option<u32> {
    text.strip_prefix("0x").map_or_else(|| text.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok())
}

impl Meaning {
    fn of_code(code: &'static Code) -> Self {
        let Code { family, name, meaning, causes, confidence, .. } = code;
        Self { family: family.id, name, text: meaning, causes: causes.clone(), standing: *confidence }
    }

    fn of_event(event: &'static Event) -> Self {
        let (name, causes) = (event.short_provider(), event.causes.clone());
        Self { family: EVENT, name, text: event.meaning, causes, standing: event.confidence }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> ToldCode {
        let read = codes::read(text).codes;
        assert_eq!(read.len(), 1, "{text}: {read:?}");
        read.into_iter().next().unwrap()
    }

    #[test]
    fn a_code_of_one_cause_speaks_louder_than_one_of_many() {
        let weigh = |text: &str, cause| weight(&of_code(&told(text)), cause);
        assert_eq!(weigh("0xC0000071", "password-expired"), 12);
        assert_eq!(weigh("0xC0000071", "account-locked"), 0);
        assert!((1..=5).contains(&weigh("0x904", "private-key-unusable")), "a weak prior");
    }

    #[test]
    fn more_causes_and_later_places_weigh_less() {
        assert_eq!(decibans(12, 1, 0), 12);
        assert_eq!(decibans(12, 2, 1), 8);
        assert_eq!(decibans(12, 16, 15), 1);
        assert_eq!(decibans(0, 1, 0), 0, "nobody vouches for it");
        assert_eq!(decibans(i16::MAX, usize::MAX, usize::MAX), 1);
    }

    #[test]
    fn facts_and_codes_meet_under_one_key() {
        let meets = |text: &str| {
            let code = told(text);
            key(&code, &of_code(&code))
        };
        assert_eq!(meets("event 1057"), "event=1057");
        assert_eq!(meets("0xC0000234"), "status=0xc0000234");
        assert_eq!(meets("alert 40"), "alert=40");
        assert!(meets("0x904").starts_with("client-disconnect="));
        for fact in ["event=1057", "status=0xc0000234", "alert=40", "nego-failure=5"] {
            assert!(!of_fact(&fact.parse().unwrap()).is_empty(), "{fact}");
        }
        assert!(of_fact(&"http=403".parse().unwrap()).is_empty());
    }

    #[test]
    fn sentences_name_what_was_named() {
        let say = |text: &str| {
            let code = told(text);
            sentence(&code, &of_code(&code))
        };
        assert_eq!(say("0x904"), "you named 0x904 (disconnectReasonAtClientWinsockFDCLOSE)");
        assert_eq!(say("Schannel/36874"), "you named event 36874 of Schannel");
    }
}
