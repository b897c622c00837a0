use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use rdpdoctor_diagnosis::report::Report;
use rdpdoctor_render::html;

use crate::scenes;

fn page(reports: &[Report]) -> String {
    html::report(reports, &TimeZone::UTC).unwrap()
}

/// What the reader has of it: the style is reviewed in the browser.
fn body(reports: &[Report]) -> String {
    let page = page(reports);
    let start = page.find("<main>").unwrap();
    page[start..].replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

#[test]
fn a_healthy_server() {
    insta::assert_snapshot!(body(&[scenes::healthy()]));
}

#[test]
fn an_expired_certificate() {
    insta::assert_snapshot!(body(&[scenes::expired()]));
}

#[test]
fn one_client_and_what_is_to_be_left_alone() {
    insta::assert_snapshot!(body(&[scenes::asked()]));
}

#[test]
fn several_targets() {
    insta::assert_snapshot!(body(&[scenes::healthy(), scenes::certificate_missing(), scenes::interrupted()]));
}

#[test]
fn it_loads_nothing_and_runs_nothing() {
    let page = page(&[scenes::expired(), scenes::filtered()]);
    assert!(page.contains("content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:;"));
    for forbidden in
        ["<script", "<iframe", "<object", "<img", "http:", "https:", "url(", "@import", "javascript:", " on"]
    {
        let found = page.match_indices(forbidden).find(|(at, _)| forbidden != " on" || is_handler(&page[*at..]));
        assert_eq!(found, None, "{forbidden}");
    }
    for (_, link) in page.match_indices("href=\"").map(|(at, start)| page[at..].split_at(start.len())) {
        assert!(link.starts_with('#') || link.starts_with("data:,"), "{}", &link[..20]);
    }
}

/// Whether it is an attribute such as ` onclick=`.
fn is_handler(text: &str) -> bool {
    text.trim_start().split_once('=').is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_lowercase()))
}

#[test]
fn strangers_make_no_element() {
    let ours = page(&[scenes::expired(), scenes::healthy(), scenes::interrupted()]);
    let page = page(&[scenes::hostile()]);
    assert!(page.contains("&#60;script&#62;"));
    assert!(!page.contains(['\u{202e}', '\u{1b}', '\u{200b}']));
    let foreign: Vec<&str> = elements(&page).difference(&elements(&ours)).copied().collect();
    assert_eq!(foreign, [] as [&str; 0]);
}

/// What stands after each `<`.
fn elements(page: &str) -> BTreeSet<&str> {
    page.split('<').skip(1).filter_map(|rest| rest.split([' ', '>', '\n']).next()).collect()
}

#[test]
fn clients_are_a_picture_and_a_table() {
    let body = body(&[scenes::expired()]);
    assert!(body.contains("<svg class=\"lanes\"") && body.contains("role=\"img\""));
    assert!(body.contains("Clients as they come"));
    let mut report = scenes::expired();
    report.clients.clear();
    assert!(!super::html::body(&[report]).contains("class=\"lanes\""));
}
