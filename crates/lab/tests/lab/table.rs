//! The tables as a whole, against the causes that the diagnosis knows.

use std::collections::BTreeSet;

use rdpdoctor_diagnosis::causes::CAUSES;
use rdpdoctor_diagnosis::{Cause, Stage};
use rdpdoctor_lab::{FAULTS, HEALTHY, HOSTILE, RECIPES, Variant, find, healthy, hostile};

#[test]
fn every_cause_that_a_probe_can_see_can_be_had() {
    let served: BTreeSet<_> = FAULTS.iter().map(|fault| fault.cause).collect();
    let told: BTreeSet<_> = RECIPES.iter().map(|recipe| recipe.cause).collect();
    let both: Vec<_> = served.intersection(&told).collect();
    assert!(both.is_empty(), "served, so no recipe is needed: {both:?}");
    let known: BTreeSet<_> = CAUSES.iter().map(|cause| cause.id).collect();
    let had: BTreeSet<_> = served.union(&told).copied().collect();
    let seen: BTreeSet<_> = CAUSES.iter().filter(|cause| shows_on_the_wire(cause)).map(|cause| cause.id).collect();
    let missing: Vec<_> = seen.difference(&had).collect();
    assert!(missing.is_empty(), "neither served nor told how to make: {missing:?}");
    let invented: Vec<_> = had.difference(&known).collect();
    assert!(invented.is_empty(), "no such cause: {invented:?}");
}

#[test]
fn the_tables_are_sorted_and_hold_nothing_twice() {
    assert!(FAULTS.is_sorted_by(|one, next| one.cause < next.cause));
    assert!(RECIPES.is_sorted_by(|one, next| one.cause < next.cause));
}

#[test]
fn variants_are_found_by_name_and_the_first_is_the_default() {
    for fault in FAULTS {
        assert!(std::ptr::eq(find(fault.cause).unwrap(), fault));
        assert_eq!(fault.variant(None).unwrap().name, fault.variants[0].name);
        assert!(fault.variant(Some("no-such-variant")).is_none());
        assert_unique(fault.variants);
    }
    assert_eq!(healthy(None).unwrap().name, "nla");
    assert!(healthy(Some("no-such-variant")).is_none());
    assert_unique(HEALTHY);
    assert_eq!(hostile(None).unwrap().name, HOSTILE[0].name);
    assert!(hostile(Some("no-such-variant")).is_none());
    assert_unique(HOSTILE);
    assert!(find("healthy").is_none());
}

#[test]
fn titles_are_single_lines() {
    let variants =
        FAULTS.iter().flat_map(|fault| fault.variants).chain(HEALTHY).chain(HOSTILE).map(|variant| variant.title);
    for title in FAULTS.iter().map(|fault| fault.title).chain(variants) {
        assert!(!title.is_empty() && !title.contains('\n') && !title.ends_with('.'), "{title}");
    }
}

/// Of the later stages a probe without credentials sees little.
fn shows_on_the_wire(cause: &Cause) -> bool {
    matches!(cause.stage, Stage::Resolve | Stage::Connect | Stage::Negotiate | Stage::Tls | Stage::Certificate)
}

fn assert_unique(variants: &[Variant]) {
    let names: BTreeSet<_> = variants.iter().map(|variant| variant.name).collect();
    assert_eq!(names.len(), variants.len(), "{names:?}");
    let kebab =
        |name: &&str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    assert!(names.iter().all(kebab), "{names:?}");
}
