use rdpdoctor_diagnosis::catalogue::codes::{Code, codes, events};
use rdpdoctor_diagnosis::catalogue::remedies::remedies;
use rdpdoctor_diagnosis::causes::CAUSES;
use rdpdoctor_repair::action;

use super::listing::{Listing, cause_row, code_row, event_row, repair_row};

/// Nobody reads more of one kind.
const MOST: usize = 20;
/// More words than anybody types.
const MOST_WORDS: usize = 16;

/// What holds every one of the words; none where there are no words.
pub(super) fn search(text: &str) -> Option<Listing> {
    let words: Vec<String> = text.split_whitespace().take(MOST_WORDS).map(str::to_lowercase).collect();
    if words.is_empty() {
        return None;
    }
    let holds = |texts: &[&str]| {
        let text = texts.join(" ").to_lowercase();
        words.iter().all(|word| text.contains(word.as_str()))
    };
    let causes = CAUSES.iter().filter(|cause| holds(&[cause.id, cause.page]));
    let codes = codes().iter().filter(|code| holds(&[&code.number(), code.name, code.meaning, code.family.title]));
    let events = events().iter().filter(|event| holds(&[event.provider, &event.id.to_string(), event.meaning]));
    let remedies = remedies().iter().filter(|remedy| {
        holds(&[&remedy.id, &remedy.title, &remedy.does, &remedy.helps, &remedy.useless, &remedy.aliases.join(" ")])
    });
    let repairs = action::all().filter(|repair| holds(&[repair.id, repair.title, repair.page]));
    let listing = Listing::new()
        .group("causes", causes.take(MOST).map(|cause| cause_row(cause)))
        .group("codes", codes.take(MOST).map(code_in_family))
        .group("events", events.take(MOST).map(event_row))
        .group("remedies", remedies.take(MOST).map(|remedy| (format!("remedy:{}", remedy.id), remedy.title.clone())))
        .group("repairs", repairs.take(MOST).map(repair_row));
    Some(listing)
}

pub(super) fn no_words() -> String {
    "nothing to search for".to_owned()
}

fn code_in_family(code: &Code) -> (String, String) {
    let (name, about) = code_row(code);
    (name, format!("{}: {about}", code.family.id))
}

#[cfg(test)]
mod tests {
    use rdpdoctor_render::Style;

    use super::*;

    #[test]
    fn every_word_counts() {
        let found = search("Encryption ORACLE").unwrap().text(&Style::plain());
        assert!(found.contains("credssp-outdated") && found.contains("remedy:bad-oracle"), "{found}");
        assert!(search("qqqq").unwrap().is_empty());
        assert!(search("  ").is_none());
    }
}
