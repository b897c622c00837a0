use jiff::tz::TimeZone;
use rdpdoctor_diagnosis::report::Report;
use rdpdoctor_render::markdown;

use crate::scenes;

fn shown(reports: &[Report]) -> String {
    markdown::report(reports, &TimeZone::UTC).replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

#[test]
fn a_healthy_server() {
    insta::assert_snapshot!(shown(&[scenes::healthy()]));
}

#[test]
fn a_filtered_port() {
    insta::assert_snapshot!(shown(&[scenes::filtered()]));
}

#[test]
fn an_expired_certificate() {
    insta::assert_snapshot!(shown(&[scenes::expired()]));
}

#[test]
fn one_client_and_what_is_to_be_left_alone() {
    insta::assert_snapshot!(shown(&[scenes::asked()]));
}

#[test]
fn several_targets() {
    insta::assert_snapshot!(shown(&[scenes::healthy(), scenes::interrupted()]));
}

#[test]
fn strangers_write_nothing_but_text() {
    insta::assert_snapshot!(shown(&[scenes::hostile(), scenes::hostile()]));
}

#[test]
fn nothing_of_a_stranger_is_obeyed() {
    let text = shown(&[scenes::hostile()]);
    assert!(!text.contains(['\u{202e}', '\u{1b}']));
    for line in outside_of_fences(&text).into_iter().map(outside_of_code) {
        assert!(!line.contains(['<', '>']), "{line}");
        assert!(!line.contains("@all") && !line.contains("http://"), "{line}");
    }
}

fn outside_of_fences(text: &str) -> Vec<&str> {
    let mut open: Option<&str> = None;
    let mut lines = Vec::new();
    for line in text.lines() {
        match open {
            None if line.starts_with("```") => open = Some(line.trim_end_matches(char::is_alphabetic)),
            None => lines.push(line),
            Some(fence) if line == fence => open = None,
            Some(_) => {}
        }
    }
    lines
}

/// With every code span cut out.
fn outside_of_code(line: &str) -> String {
    let mut code = false;
    let mut rest = String::new();
    let mut before = ' ';
    for character in line.chars() {
        match character {
            '`' if before != '\\' => code = !code,
            _ if code => {}
            other => rest.push(other),
        }
        before = character;
    }
    rest
}
