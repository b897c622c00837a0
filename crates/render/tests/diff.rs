//! Two reports side by side, as a reader sees them.

use rdpdoctor_diagnosis::report::diff::{Difference, diff};
use rdpdoctor_diagnosis::report::{Report, build};
use rdpdoctor_diagnosis::testing::{CertificateMaker, Scene};
use rdpdoctor_protocol::negotiation::FailureCode;
use rdpdoctor_render::Style;
use rdpdoctor_render::diff::{json, markdown, text};

fn works(name: &str, address: &str) -> Report {
    let served = [CertificateMaker::windows(name)];
    let dns = format!("{name}.corp.example");
    build(Scene::named(name, &[address]).client(|a| a.serves(&served).challenged_by(name, &dns)).evidence(), 20.0)
}

fn broken() -> Report {
    let scene = Scene::named("ts01", &["10.0.0.5"]);
    build(scene.client(|a| a.fails(FailureCode::SSL_CERT_NOT_ON_SERVER)).evidence(), 20.0)
}

fn repaired() -> Difference {
    diff(&broken(), &works("ts01", "10.0.0.5"))
}

#[test]
fn a_repair_as_text() {
    insta::assert_snapshot!(text(&repaired(), &Style::plain()));
}

#[test]
fn a_repair_as_markdown() {
    insta::assert_snapshot!(markdown(&repaired()));
}

#[test]
fn a_twin_as_text() {
    insta::assert_snapshot!(text(&diff(&works("ts01", "10.0.0.5"), &works("ts02", "10.0.0.6")), &Style::plain()));
}

#[test]
fn nothing_differs_in_one_line_and_both_sides() {
    let report = works("ts01", "10.0.0.5");
    let text = text(&diff(&report, &report), &Style::plain());
    assert!(text.starts_with("SAME  nothing that matters differs\n\nbefore  ts01, "), "{text}");
    assert_eq!(text.lines().count(), 4);
}

#[test]
fn json_is_read_again() {
    let again: Difference = serde_json::from_str(&json(&repaired()).unwrap()).unwrap();
    assert_eq!(again, repaired());
}

#[test]
fn names_from_the_wire_obey_no_terminal_and_no_page() {
    let mut hostile = works("ts01", "10.0.0.5");
    hostile.server.as_mut().unwrap().computer = Some("\u{1b}[31m|<script>\u{202e}".into());
    let difference = diff(&works("ts01", "10.0.0.5"), &hostile);
    for shown in [text(&difference, &Style::plain()), markdown(&difference)] {
        assert!(shown.contains("\\x1b") || shown.contains("\\\\x1b"), "{shown}");
        assert!(!shown.contains('\u{1b}') && !shown.contains('\u{202e}'), "{shown}");
    }
    assert!(!markdown(&difference).contains("<script"));
}
