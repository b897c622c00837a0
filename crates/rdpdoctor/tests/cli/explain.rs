use std::time::Instant;

use serde_json::Value;

use crate::common::{code, err, out, program, run};

fn explained(words: &[&str]) -> (i32, String, String) {
    let output = program().arg("explain").args(words).output().unwrap();
    (code(&output), out(&output), err(&output))
}

fn text(words: &[&str]) -> String {
    let (code, text, complaint) = explained(words);
    assert_eq!((code, complaint.as_str()), (0, ""), "{words:?}");
    assert!(text.lines().all(|line| line.len() <= 80 || !line.contains(' ')), "{text}");
    text
}

/// The explanation without its causes, and the ids of the first three: weights are tuned elsewhere.
fn split(words: &[&str]) -> (String, Vec<String>) {
    let text = text(words);
    let (before, rest) = text.split_once("\nCauses that fit, the likeliest first\n\n").unwrap();
    let is_listed = |line: &&str| line.is_empty() || line.starts_with(' ');
    let listed = rest.lines().take_while(is_listed).filter_map(|line| line.strip_prefix("  - "));
    let ids: Vec<String> = listed.take(3).filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    let after: Vec<&str> = rest.lines().skip_while(is_listed).collect();
    (format!("{before}\n[causes]\n\n{}", after.join("\n").replace(&ids[0], "[cause]")), ids)
}

#[test]
fn the_well_known_pair() {
    let (page, causes) = split(&["0x904/0x7"]);
    assert_eq!(causes[0], "private-key-unusable");
    insta::assert_snapshot!("pair", page);
    let dialog = "Error code: 0x904\nExtended error code: 0x7\nTimestamp (UTC): 11/21/26 10:22:33 AM";
    assert_eq!(text(&[dialog]), text(&["0x904", "0x7"]));
    assert_eq!(out(&run("0x904/0x7")), text(&["0x904/0x7"]), "the subcommand may be left out");
}

#[test]
fn one_of_each_kind() {
    for (name, words, cause) in [
        ("alert", &["alert", "40"][..], "cipher-suite-mismatch"),
        ("event", &["Schannel/36874"], "cipher-suite-mismatch"),
        ("status", &["-2146893007"], "cipher-suite-mismatch"),
        ("freerdp", &["ERRCONNECT_TLS_CONNECT_FAILED"], "cipher-suite-mismatch"),
        ("wording", &["CredSSP encryption oracle remediation"], "credssp-outdated"),
        ("gateway", &["Error", "0x300001C"], "gateway-policy"),
        ("small", &["7"], "private-key-unusable"),
    ] {
        let (page, causes) = split(words);
        insta::assert_snapshot!(name, page);
        assert!(causes.iter().any(|id| id == cause), "{words:?}: {causes:?}");
    }
}

#[test]
fn remedies_are_judged() {
    insta::assert_snapshot!("remedy", text(&["remedy:disable-nla"]));
    assert_eq!(text(&["max-outstanding-connections"]), text(&["remedy:MaxOutstandingConnections"]));
}

#[test]
fn repairs_have_their_page_and_causes_name_them() {
    // Commands are never wrapped, so that some lines are longer than a screen.
    let page = |id| explained(&[id]).1;
    insta::assert_snapshot!("repair", page("grant-key-read"));
    assert_eq!(out(&run("grant-key-read")), page("Grant_Key_Read"), "the subcommand may be left out");
    let cause: Vec<String> = page("machine-keys-permissions").split_whitespace().map(str::to_owned).collect();
    assert!(cause.join(" ").contains("rdpdoctor explain grant-key-read"));
    assert!(page("enable-rdp").contains("remedy:enable-rdp"), "a remedy of the same name is not hidden");
    assert!(text(&["--list", "repairs"]).contains("nla-off"));
    assert!(explained(&["grant-key-reed"]).2.contains("did you mean grant-key-read?"));
}

#[test]
fn an_unknown_number_decodes_by_its_form() {
    let (code, text, _) = explained(&["0x80090999"]);
    assert_eq!(code, 3);
    insta::assert_snapshot!("unknown", text);
    assert!(explained(&["904"]).1.contains("0x904"));
    assert_eq!(explained(&["0x904", "0x80090999"]).0, 0, "one of them is known");
}

#[test]
fn nonsense_gets_one_clear_line() {
    let long = "q".repeat(100_000);
    for (words, said) in [
        (&["qqqqqqqqqqqq"][..], "--list"),
        (&[""], "empty"),
        (&["  "], "empty"),
        (&[&long], "\u{2026}\""),
        (&["99999999999999999999"], "none has more than 32 bits"),
        (&["event", "abc"], "has no number: type it as \"event 1057\""),
        (&["0x904", "--client", "foo"], "--client is an option of diagnose"),
        (&["0x904", "--fact", "foo=bar"], "no fact is called \"foo\""),
        (&["remedy:nothing-of-ours"], "is no code, cause, remedy or repair"),
        (&["port-close"], "did you mean port-closed"),
        (&["--list", "tls-alerts"], "did you mean tls-alert"),
        (&["--search", " "], "nothing to search for"),
        (&["0x904", "--fact", "event"], "takes a value"),
    ] {
        let (code, text, complaint) = explained(words);
        assert_eq!((code, text.as_str()), (2, ""), "{complaint}");
        assert!(complaint.contains(said) && complaint.lines().count() == 1 && complaint.len() < 300, "{complaint}");
    }
}

#[test]
fn what_no_table_knows_is_unsettled() {
    for (words, said) in [
        (&["event", "99999"][..], "no event: their ids end at 65535"),
        (&["event", "64999"], "the id of an event that tells nothing"),
        (&["Schannel/64999"], "Schannel/64999"),
        (&["alert", "300"], "no alert: they end at 255"),
        (&["99999999"], "Searched: all families"),
    ] {
        let (code, text, complaint) = explained(words);
        assert_eq!((code, complaint.as_str()), (3, ""), "{words:?}: {text}");
        assert!(text.contains(said) && !text.contains("FreeRDP's class") && !text.contains("\n\n\n"), "{text}");
    }
}

#[test]
fn beside_an_unknown_event_stand_its_neighbours() {
    for (word, own, most) in [("Schannel/36875", "Schannel/3687", 5), ("event 64999", "", 5)] {
        let (code, text, _) = explained(&[word]);
        assert_eq!(code, 3);
        let near: Vec<&str> =
            text.lines().filter(|line| line.trim_start().starts_with("- ") && line.contains('/')).collect();
        assert!(!near.is_empty() && near.len() <= most, "{text}");
        assert!(near[0].contains(own) && text.contains("--list events") && !text.contains("Searched"), "{text}");
    }
}

#[test]
fn bare_numbers_are_codes() {
    for (number, said) in
        [("2308", "0x904 (2308)"), ("1057", "RemoteConnectionManager 1057"), ("-5", "LOGON_MSG_BUMP_OPTIONS")]
    {
        let output = run(number);
        assert_eq!((code(&output), err(&output)), (0, String::new()), "{number}");
        assert!(out(&output).contains(said), "{}", out(&output));
    }
}

#[test]
fn two_hundred_kilobytes_in_many_words_are_bounded() {
    let words = vec!["qqqqqqqqqqqqqqqqqqq"; 10_000];
    let (code, text, complaint) = explained(&words);
    assert_eq!((code, text.as_str()), (2, ""));
    assert!(complaint.lines().count() == 1 && complaint.len() < 300, "{complaint}");
}

#[cfg(unix)]
#[test]
fn other_encodings_are_refused() {
    use std::os::unix::ffi::OsStrExt;
    let output = program().arg("explain").arg(std::ffi::OsStr::from_bytes(b"0x904\xff")).output().unwrap();
    assert_eq!(code(&output), 2);
    assert!(err(&output).contains("UTF-8"));
}

#[test]
fn a_long_text_with_codes_is_read_within_bounds() {
    let long = format!("0x904 0x7 {}", "some words of a log ".repeat(5_000));
    assert!(text(&[&long]).starts_with("0x904 (2308)"));
}

#[test]
fn lists_and_searches() {
    insta::assert_snapshot!("list_alerts", text(&["--list", "negotiation-failure"]));
    insta::assert_snapshot!("list_families", text(&["--list", "families"]));
    let found = text(&["--search", "encryption oracle"]);
    assert!(found.contains("credssp-outdated") && found.contains("remedy:bad-oracle"), "{found}");
    assert!(text(&["--facts"]).contains("event=VALUE"));
    assert_eq!(explained(&["--search", "qqqqqq"]).0, 3);
}

#[test]
fn facts_move_the_causes() {
    let plain = text(&["0x904/0x7"]);
    let moved = text(&["0x904/0x7", "--fact", "event=1057"]);
    assert_ne!(plain, moved);
    assert!(moved.contains("you said that"), "{moved}");
    assert!(text(&["--fact", "works-by-ip"]).contains("wrong-host"));
}

#[test]
fn programs_get_objects_and_tickets_markdown() {
    let json: Value = serde_json::from_str(&explained(&["0x904/0x7", "--format", "json"]).1).unwrap();
    assert_eq!(json["schema_version"], 1);
    assert!(json["target"].is_null() && json["explanation"]["pair"]["found"].is_array());
    assert_eq!(json["evidence"]["told"]["codes"][1]["family"], "client-extended");
    let schema: Value = serde_json::from_str(include_str!("../../../../schemas/report.json")).unwrap();
    assert!(jsonschema::is_valid(&schema, &json));

    let page: Value = serde_json::from_str(&explained(&["port-closed", "--format", "json"]).1).unwrap();
    assert_eq!(page["cause"], "port-closed");
    let remedy: Value = serde_json::from_str(&explained(&["remedy:warn-me", "--format", "json"]).1).unwrap();
    assert_eq!(remedy["remedy"]["verdict"], "useless-here");
    let list: Value = serde_json::from_str(&explained(&["--list", "tls-alert", "--format", "json"]).1).unwrap();
    assert_eq!(list["groups"][0]["rows"].as_array().unwrap().len(), 37);
    assert!(explained(&["0x904/0x7", "--format", "markdown"]).1.starts_with("# 0x904 (2308)\n"));
}

#[test]
fn every_object_is_as_its_schema_says() {
    let schema: Value = serde_json::from_str(include_str!("../../../../schemas/explanation.json")).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    for words in [
        &["0x904/0x7"][..],
        &["0x80090999"],
        &["event", "1057", "--fact", "vpn"],
        &["--fact", "works-by-ip"],
        &["port-closed"],
        &["remedy:disable-nla"],
        &["grant-key-read"],
        &["nla-off"],
        &["rdp-disabled"],
        &["--list"],
        &["--list", "events"],
        &["--facts"],
        &["--search", "oracle"],
        &["--search", "qqqqqqqq"],
    ] {
        let (_, text, complaint) = explained(&[words, &["--format", "json"]].concat());
        assert_eq!(complaint, "", "{words:?}");
        let object: Value = serde_json::from_str(&text).unwrap();
        let faults: Vec<String> = schema.iter_errors(&object).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{words:?}: {faults:#?}");
    }
    for wrong in ["{}", "{\"schema_version\": 1}", "{\"schema_version\": 1, \"cause\": 7}", "[]"] {
        assert!(!schema.is_valid(&serde_json::from_str(wrong).unwrap()), "{wrong}");
    }
}

#[test]
fn nothing_is_needed_beside_the_program() {
    let empty = tempfile();
    let started = Instant::now();
    let output = program().current_dir(&empty).env_clear().args(["explain", "0x904/0x7"]).output().unwrap();
    assert_eq!(code(&output), 0);
    assert!(out(&output).contains("private-key-unusable"));
    // Far above what it takes; a look-up in the network would take longer.
    assert!(started.elapsed().as_secs() < 5);
    std::fs::remove_dir(&empty).unwrap();
}

fn tempfile() -> std::path::PathBuf {
    let path = std::env::temp_dir().join(format!("rdpdoctor-explain-{}", std::process::id()));
    std::fs::create_dir_all(&path).unwrap();
    path
}
