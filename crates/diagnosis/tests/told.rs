//! What people say of a failure, and how the causes rank then.
#![expect(clippy::panic, reason = "a helper of tests may stop where an expectation fails")]

use std::path::Path;

use jiff::Timestamp;
use rdpdoctor_diagnosis::catalogue::codes;
use rdpdoctor_diagnosis::causes::CAUSES;
use rdpdoctor_diagnosis::evidence::{Evidence, Target};
use rdpdoctor_diagnosis::told::rank;
use serde::Deserialize;

const NEAR: usize = 3;

#[derive(Deserialize)]
struct Reports {
    report: Vec<Case>,
}

/// A failure whose cause was found in the end.
#[derive(Deserialize)]
struct Case {
    id: String,
    client_error: String,
    fact_ids: Vec<String>,
    expect: Vec<String>,
}

impl Case {
    fn ranking(&self) -> Vec<&'static str> {
        ranking(self.fact_ids.iter().map(String::as_str), &self.client_error)
    }

    /// The place of the best cause that is right, from 0.
    fn place(&self) -> Option<usize> {
        let right = |id: &&str| self.expect.iter().any(|expected| expected.trim_start_matches("new:") == *id);
        self.ranking().iter().position(right)
    }
}

#[test]
fn real_reports_rank_their_cause_among_the_first() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples/reports.toml");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: the collection of real reports is not here");
        return;
    };
    let cases = toml::from_str::<Reports>(&text).unwrap().report;
    let (mut first, mut near) = (0, 0);
    for case in &cases {
        let place = case.place();
        first += usize::from(place == Some(0));
        near += usize::from(place.is_some_and(|place| place < NEAR));
        if place != Some(0) {
            let ranking: Vec<_> = case.ranking().into_iter().take(5).collect();
            eprintln!("{}: {:?} at {place:?} in {ranking:?}", case.id, case.expect);
        }
    }
    eprintln!("{first} of {} first, {near} among the first {NEAR}", cases.len());
    assert!(near * 10 >= cases.len() * 9, "{near} of {} among the first {NEAR}", cases.len());
    assert!(first * 10 >= cases.len() * 6, "{first} of {} first", cases.len());
}

/// Columns: cause, fires, near_miss; facts separated by spaces, codes as `error=CODE`.
#[test]
fn every_cause_fires_and_has_a_near_miss() {
    let rows: Vec<[&str; 3]> = include_str!("fixtures/told.csv").lines().skip(1).map(cells).collect();
    for cause in CAUSES {
        let Some([_, fires, near_miss]) = rows.iter().find(|[id, ..]| *id == cause.id) else {
            panic!("{}: no case", cause.id)
        };
        let hits = told(fires);
        assert!(hits.iter().take(NEAR).any(|id| *id == cause.id), "{} on {fires}: {hits:?}", cause.id);
        let others = told(near_miss);
        assert!(!others.is_empty() && others.first() != Some(&cause.id), "{} on {near_miss}: {others:?}", cause.id);
    }
}

/// What FreeRDP says of TLS is a mismatch first, and what events say of keys is the file's fault before the server's.
#[test]
fn well_known_events_lead_with_what_they_name() {
    assert_eq!(told("error=ERRCONNECT_TLS_CONNECT_FAILED").first(), Some(&"cipher-suite-mismatch"));
    assert_eq!(told("event=36870").first(), Some(&"machine-keys-permissions"));
    let keys = told("event=1057");
    assert_eq!(keys.first(), Some(&"machine-keys-permissions"), "{keys:?}");
    for cause in ["stale-key-container", "machine-keys-missing", "cloned-machine-keys"] {
        assert!(keys.iter().take(5).any(|id| *id == cause), "{cause}: {keys:?}");
    }
}

#[test]
fn nothing_told_ranks_nothing() {
    assert!(ranking([], "").is_empty());
}

fn cells(line: &str) -> [&str; 3] {
    let cells: Vec<&str> = line.split(',').collect();
    cells.try_into().unwrap_or_else(|_| panic!("{line}"))
}

fn told(words: &str) -> Vec<&'static str> {
    let errors: Vec<&str> = words.split(' ').filter_map(|word| word.strip_prefix("error=")).collect();
    ranking(words.split(' ').filter(|word| !word.starts_with("error=")), &errors.join(" "))
}

fn ranking<'a>(facts: impl IntoIterator<Item = &'a str>, error: &str) -> Vec<&'static str> {
    let mut evidence = Evidence::new(Target::unnamed(), Timestamp::UNIX_EPOCH);
    let read = |fact: &str| fact.parse().unwrap_or_else(|error| panic!("{fact}: {error}"));
    evidence.told.facts = facts.into_iter().map(read).collect();
    evidence.told.codes = codes::read(error).codes;
    rank(&evidence).iter().map(|ranked| ranked.cause.id).collect()
}
