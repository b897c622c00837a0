//! Every action has a page that says what a person must know before it is made, and how to do the same by hand.

use std::collections::BTreeSet;

use rdpdoctor_diagnosis::causes::CAUSES;
use rdpdoctor_repair::action::{ACTIONS, Action, BRIDGES, HARMFUL, why_not};

/// The sections of a page, in this order and no others.
const SECTIONS: [&str; 4] = ["What happens", "What it interrupts", "By hand", "How to undo it"];

fn all() -> impl Iterator<Item = &'static Action> {
    ACTIONS.iter().chain(BRIDGES).copied()
}

fn is_cause(id: &str) -> bool {
    CAUSES.iter().any(|cause| cause.id == id)
}

/// The headings of the second level, each with the text below it.
fn sections(page: &str) -> Vec<(&str, &str)> {
    let parts = page.split("\n## ").skip(1);
    parts.map(|part| part.split_once('\n').unwrap_or((part, ""))).collect()
}

#[test]
fn every_page_has_its_sections_and_says_something_in_each() {
    for action in all() {
        let id = action.id;
        assert_eq!(action.page.lines().next(), Some(format!("# {id}").as_str()), "the first line of {id}");
        let sections = sections(action.page);
        let names: Vec<&str> = sections.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, SECTIONS, "the sections of {id}");
        let introduction = action.page.lines().nth(2).unwrap_or_default();
        assert!(!introduction.is_empty() && !introduction.starts_with('#'), "{id} begins with what it is for");
        for (name, text) in sections {
            assert!(text.trim().len() > 10, "\"{name}\" of {id} says nothing");
        }
        assert!(
            action.page.lines().all(|line| !line.starts_with("# ") || line == format!("# {id}")),
            "{id}: one title"
        );
    }
}

#[test]
fn every_page_can_be_followed_by_hand_and_taken_back() {
    for action in all() {
        let text = |wanted| sections(action.page).into_iter().find(|(name, _)| *name == wanted).map(|(_, text)| text);
        let by_hand = text("By hand").unwrap_or_default();
        assert!(by_hand.contains("```") || by_hand.contains('`'), "{}: nothing to type by hand", action.id);
        assert!(text("How to undo it").unwrap_or_default().contains("host undo"), "{}: no host undo", action.id);
    }
}

#[test]
fn every_action_mends_causes_that_there_are_and_is_the_only_one_of_its_name() {
    let mut ids = BTreeSet::new();
    for action in all() {
        let id = action.id;
        assert!(id.chars().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-'), "{id} in kebab-case");
        assert!(ids.insert(id) && !is_cause(id), "{id} is taken");
        assert!(!action.title.is_empty() && !action.risk.is_empty() && !action.title.ends_with('.'), "{id}");
        for cause in action.causes {
            assert!(is_cause(cause), "{id} mends {cause}, which is no cause");
        }
    }
    assert!(ACTIONS.iter().all(|action| !action.causes.is_empty()), "what mends nothing is a bridge");
    assert!(BRIDGES.iter().all(|action| action.causes.is_empty()), "a bridge mends nothing");
}

#[test]
fn the_table_beside_other_tools_names_repairs_and_causes_that_there_are() {
    let page = include_str!("../../../docs/src/repair-compared.md");
    let named = |folder: &str| -> BTreeSet<String> {
        let links = page.split(folder).skip(1).filter_map(|rest| rest.split_once(".md"));
        links.map(|(id, _)| id.to_owned()).collect()
    };
    let repairs = named("(repairs/");
    assert!(!repairs.is_empty());
    for id in &repairs {
        assert!(all().any(|action| action.id == id), "{id} is no repair");
    }
    for id in named("(causes/") {
        assert!(is_cause(&id), "{id} is no cause");
    }
}

#[test]
fn what_is_refused_says_why_and_what_to_do_instead() {
    for harmful in HARMFUL {
        assert!(!is_cause(harmful.id) && all().all(|action| action.id != harmful.id), "{} is taken", harmful.id);
        let said = why_not(harmful.id);
        assert!(said.contains(harmful.why) && said.contains(harmful.instead), "{said}");
        if let Some((named, _)) = harmful.instead.split_once(": ").filter(|(named, _)| !named.contains(' ')) {
            assert!(is_cause(named), "{}: {named} is no cause", harmful.id);
        }
    }
}
