use super::*;
use crate::catalogue::codes::read;
use crate::testing::Scene;

fn of(text: &str) -> Explanation {
    let mut evidence = Scene::unresolved("ts01").evidence();
    evidence.told.codes = read(text).codes;
    explain(&evidence)
}

fn families(text: &str) -> Vec<String> {
    of(text).codes.into_iter().flat_map(|code| code.meanings).map(|meaning| meaning.family).collect()
}

#[test]
fn the_pair_says_what_is_documented_inferred_and_found() {
    let explanation = of("0x904/0x7");
    let pair = explanation.pair.unwrap();
    assert_eq!(pair.codes, "0x904/0x7");
    assert_eq!(pair.found.first().map(|found| found.weight.as_str()), Some("strong"));
    assert!(pair.found.iter().all(|found| found.weight != "reject"));
    assert!(explanation.temptations.iter().any(|temptation| temptation.remedy == "max-outstanding-connections"));
    let says: Vec<_> = explanation.codes.iter().flat_map(|code| &code.misbeliefs).map(|belief| &belief.says).collect();
    assert!(says.iter().any(|says| says.contains("licensing")), "{says:?}");
    assert!(of("0x904 0x0").pair.is_some() && of("0x904").pair.is_none());
}

#[test]
fn a_number_is_shown_once_for_each_family() {
    assert_eq!(families("0x904"), ["client-disconnect", "windows-app"]);
    assert_eq!(families("event 1057"), ["event"]);
    assert!(families("40").contains(&"event".to_owned()));
    assert!(!families("0x28").contains(&"event".to_owned()));
    assert!(of("0x7").codes[0].order.is_some());
    assert!(of("0x204").causes.iter().any(|cause| cause.cause == "port-closed"));
}

#[test]
fn what_is_not_known_decodes_by_its_form() {
    let explanation = of("0x80090999");
    assert!(explanation.codes[0].meanings.is_empty());
    assert!(explanation.codes[0].structure[0].contains("facility 9"));
    assert!(explanation.causes.is_empty() && explanation.next.is_empty());
}

#[test]
fn the_next_step_can_be_typed() {
    let next: Vec<String> = of("0x904/0x7").next.into_iter().map(|step| step.command).collect();
    assert_eq!(next[0], "rdpdoctor diagnose HOST --error 0x904/0x7");
    let next = of("Schannel 36874").next;
    assert_eq!(next[0].command, "rdpdoctor diagnose HOST --error Schannel/36874");
    assert!(of("encryption oracle remediation").next[0].command.ends_with("--error \"encryption oracle remediation\""));
}
