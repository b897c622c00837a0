//! The codes that somebody named, with what they mean and what to make of them.

use rdpdoctor_diagnosis::report::{Reading, Report, ReportedCode};

/// Codes with one answer: the two halves of a pair mostly have.
pub(crate) struct Answer<'a> {
    /// Each as it was named, and its meaning.
    pub(crate) codes: Vec<(&'a str, String)>,
    pub(crate) advice: &'a str,
}

/// In the order in which they were named.
pub(crate) fn answers(report: &Report) -> Vec<Answer<'_>> {
    let groups = report.reported.chunk_by(|one, next| one.advice == next.advice);
    groups.filter_map(|codes| Some(answer(codes, &codes.first()?.advice))).collect()
}

/// What stands above them.
pub(crate) fn heading(report: &Report) -> &'static str {
    if report.reported.len() > 1 { "Your codes" } else { "Your code" }
}

fn answer<'a>(codes: &'a [ReportedCode], advice: &'a str) -> Answer<'a> {
    let codes = codes.iter().map(|code| {
        let meaning = code.readings.first().map_or_else(|| "in none of the tables".to_owned(), meaning);
        (code.text.as_str(), meaning)
    });
    Answer { codes: codes.collect(), advice }
}

fn meaning(reading: &Reading) -> String {
    let name = if reading.name.is_empty() { String::new() } else { format!("{}: ", reading.name) };
    format!("{name}{}", reading.meaning)
}
