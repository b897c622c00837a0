//! All three faces of a report say the same things in the same order.

use jiff::tz::TimeZone;
use rdpdoctor_render::{Style, html, markdown, text};

use crate::scenes;

/// The sections that text, Markdown and HTML name alike.
const SECTIONS: [&str; 9] = [
    "Your codes",
    "For FreeRDP 3",
    "Proof",
    "What to do",
    "What not to do",
    "Another way in",
    "Not as it comes",
    "Missing",
    "Also found",
];

#[test]
fn sections_stand_in_one_order() {
    let reports = [scenes::asked()];
    let text = text::report(&reports[0], &Style::plain().width(200));
    let markdown = markdown::report(&reports, &TimeZone::UTC);
    let page = html::report(&reports, &TimeZone::UTC).unwrap();
    let of_text = found(|name| text.find(&format!("\n{name}\n")));
    assert!(
        ["Your codes", "For FreeRDP 3", "What not to do", "Not as it comes"].iter().all(|name| of_text.contains(name))
    );
    assert_eq!(found(|name| markdown.find(&format!("### {name}\n"))), of_text);
    assert_eq!(found(|name| page.find(&format!(">{name}</h"))), of_text);
}

/// The sections that are there, in their order.
fn found(place: impl Fn(&str) -> Option<usize>) -> Vec<&'static str> {
    let mut found: Vec<(usize, &str)> = SECTIONS.into_iter().filter_map(|name| Some((place(name)?, name))).collect();
    found.sort_unstable();
    found.into_iter().map(|(_, name)| name).collect()
}
