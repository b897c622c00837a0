use super::{ExplainedCode, Meaning, Misbelief};
use crate::catalogue::codes::{Code, EVENT, Event, events_told, readings, structure};
use crate::catalogue::folklore::claims;
use crate::evidence::ToldCode;

pub(super) fn explained(told: &ToldCode) -> ExplainedCode {
    let meanings = meanings(told);
    let structure = if meanings.is_empty() { form(told) } else { Vec::new() };
    let claims = meanings.iter().flat_map(|meaning| claims_of(&meaning.family, &meaning.number));
    let mut misbeliefs: Vec<Misbelief> = Vec::new();
    for claim in claims {
        if !misbeliefs.contains(&claim) {
            misbeliefs.push(claim);
        }
    }
    ExplainedCode {
        text: told.text.clone(),
        value: told.value,
        family: told.family.clone(),
        order: order(told, &meanings),
        structure,
        misbeliefs,
        meanings,
    }
}

fn form(told: &ToldCode) -> Vec<String> {
    match told.family.as_deref() {
        Some(EVENT) if told.value > u32::from(u16::MAX) => {
            vec![format!("no event: their ids end at {}, qualifiers aside", u16::MAX)]
        }
        Some(EVENT) => vec!["the id of an event that tells nothing of Remote Desktop, as far as we know".to_owned()],
        Some("tls-alert") if told.value > u32::from(u8::MAX) => vec![format!("no alert: they end at {}", u8::MAX)],
        _ => structure(told.value),
    }
}

fn meanings(told: &ToldCode) -> Vec<Meaning> {
    let said = told.family.as_deref();
    let of_codes = readings(told).into_iter().map(of_code);
    let events = if said.is_none_or(|family| family == EVENT) { events_told(told) } else { Vec::new() };
    let of_events = events.into_iter().map(of_event);
    let is_decimal = told.text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'/');
    match said {
        // Nobody writes the id of an event in hexadecimal.
        None if !is_decimal => of_codes.collect(),
        _ => of_codes.chain(of_events).collect(),
    }
}

fn of_code(code: &'static Code) -> Meaning {
    Meaning {
        family: code.family.id.to_owned(),
        title: code.family.title.to_owned(),
        met: code.family.met.to_owned(),
        number: code.number(),
        name: code.name.to_owned(),
        meaning: code.meaning.to_owned(),
        stages: code.stages.clone(),
        confidence: code.confidence.to_string(),
        source: code.source.to_owned(),
        also: code.also.to_owned(),
        causes: code.causes.iter().map(ToString::to_string).collect(),
    }
}

fn of_event(event: &'static Event) -> Meaning {
    let fields = if event.fields.is_empty() {
        String::new()
    } else {
        format!("Fields to read: {}", event.fields.replace(',', ", "))
    };
    Meaning {
        family: EVENT.to_owned(),
        title: format!("event of {}", event.short_provider()),
        met: format!("the log {} (provider {})", event.channel, event.provider),
        number: event.id.to_string(),
        name: format!("{} {}", event.short_provider(), event.id),
        meaning: event.meaning.to_owned(),
        stages: event.stages.clone(),
        confidence: event.confidence.to_string(),
        source: event.source.to_owned(),
        also: fields,
        causes: event.causes.iter().map(ToString::to_string).collect(),
    }
}

fn claims_of(family: &str, number: &str) -> Vec<Misbelief> {
    let claims = claims_about(&format!("{family}/{number}"));
    claims.into_iter().collect()
}

fn claims_about(key: &str) -> Vec<Misbelief> {
    let misbelief = |claim: &crate::catalogue::folklore::Claim| Misbelief {
        says: claim.says.clone(),
        truth: claim.truth.clone(),
        source: claim.source.clone(),
    };
    claims(key).map(misbelief).collect()
}

/// Why the likeliest meaning stands first.
fn order(told: &ToldCode, meanings: &[Meaning]) -> Option<String> {
    let (first, rest) = meanings.split_first()?;
    if rest.is_empty() {
        return None;
    }
    Some(match told.family {
        Some(_) if first.family == EVENT => {
            "Several providers use this id; the name of the provider tells them apart.".to_owned()
        }
        Some(_) => "The text says which family is meant.".to_owned(),
        None if first.family == "tls-alert" => {
            "The number alone does not tell which is meant; small numbers in decimal are mostly TLS alerts.".to_owned()
        }
        None => "The number alone does not tell which is meant; they stand in the order in which people meet them."
            .to_owned(),
    })
}
