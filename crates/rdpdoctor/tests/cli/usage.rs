use super::common::{code, err, out, program, run};

/// Wrong usage gets one line that names the mend, on stderr, and exit code 2.
fn complaint(arguments: &[&str]) -> String {
    let output = program().args(arguments).output().unwrap();
    assert_eq!(code(&output), 2, "{arguments:?}");
    assert_eq!(out(&output), "", "{arguments:?}");
    let said = err(&output);
    assert!(said.starts_with("rdpdoctor: ") && said.find('\n') == Some(said.len() - 1), "{said}");
    said
}

#[test]
fn wrong_usage_gets_one_line_that_names_the_mend() {
    let cases: [(&[&str], &str); 30] = [
        (&["diagnose"], "<TARGET>"),
        (&[""], "no host given: type a name or an address"),
        (&["ts01:99999"], "\"99999\" is no TCP port: type a number from 1 to 65535"),
        (&["ts01", "ts02:0"], "\"0\" is no TCP port"),
        (&["rdp://ts01/"], "type only its host part, ts01"),
        (&["2001:db8::zz"], "needs brackets"),
        (&["a b"], "only letters, digits, hyphens"),
        (&["--no-such-option", "ts01"], "--no-such-option"),
        (&["ts01", "--format", "xml"], "possible values: text, json, jsonl"),
        (&["ts01", "--timeout", "0"], "a number of seconds from 0.1 to 3600"),
        (&["ts01", "--fact", "works-by-up"], "no fact is called \"works-by-up\"; did you mean works-by-ip?"),
        (&["ts01", "--error", ""], "no error code stands in"),
        (&["ts01", "--error", "it does not work"], "type it as 0x904/0x7"),
        (&["ts01", "--fact", "event"], "the fact \"event\" takes a value: event=VALUE, a number"),
        (&["ts01", "--fact", "role=king"], "one of workstation, session-host"),
        (&["ts01", "--fact", "vpn=yes"], "the fact \"vpn\" takes no value"),
        (&["ts01", "--client", "foo"], "no such client; ids begin with android"),
        (&["ts01", "--fact", "foo=bar"], "no fact is called \"foo\""),
        (&["ts01", "--max-time", "-3"], "type a number of seconds from"),
        (&["explain", "0x904", "--deep"], "--deep is an option of diagnose"),
        (&["host"], "subcommands: check, fix, "),
        (&["host", "chek"], "check"),
        (&["host", "check", "no-such-snapshot.json"], "no-such-snapshot.json: "),
        (&["host", "check", "Cargo.toml"], "Cargo.toml: neither a snapshot nor"),
        (&["explain"], "<WHAT>"),
        (&["explain", "certificate-mising"], "did you mean certificate-missing or "),
        (&["explain", "qqqqqqqqqqqq"], "rdpdoctor explain --list"),
        (&["lab", "port-close"], "did you mean port-closed?"),
        (&["lab", "not-rdp", "--variant", "gopher"], "it has ssh, "),
        (&["lab", "port-closed", "--listen", "3390"], "such as 127.0.0.1:3390"),
    ];
    for (arguments, mend) in cases {
        let said = complaint(arguments);
        assert!(said.contains(mend), "{arguments:?}: {said}");
    }
}

#[cfg(unix)]
#[test]
fn other_encodings_are_named() {
    use std::os::unix::ffi::OsStrExt;
    let typed = std::ffi::OsStr::from_bytes(b"ts\xff01");
    for arguments in [&["diagnose"][..], &["diff", "ts01"], &["ts01", "--error"]] {
        let output = program().args(arguments).arg(typed).output().unwrap();
        assert_eq!((code(&output), out(&output)), (2, String::new()), "{arguments:?}");
        assert_eq!(err(&output), "rdpdoctor: \"ts\u{fffd}01\" is no valid UTF-8: type it anew\n");
    }
}

#[test]
fn what_was_typed_does_not_reach_the_terminal_as_it_is() {
    for arguments in
        [&["a\u{1b}[31mb"][..], &["explain", "a\u{1b}[31mb"], &["--\u{1b}[31m"], &["ts01", "--format", "\u{1b}[31m"]]
    {
        assert!(!complaint(arguments).contains('\u{1b}'), "{arguments:?}");
    }
}

#[test]
fn nothing_at_all_gets_the_short_usage() {
    let output = run("");
    assert_eq!((code(&output), out(&output)), (2, String::new()));
    insta::assert_snapshot!(err(&output));
}

#[test]
fn help_is_a_result() {
    for (name, line) in [("help", "--help"), ("diagnose", "diagnose -h"), ("explain", "explain -h"), ("lab", "lab -h")]
    {
        let output = run(line);
        assert_eq!((code(&output), err(&output)), (0, String::new()), "{line}");
        insta::assert_snapshot!(format!("help_{name}"), out(&output));
    }
    assert_eq!(out(&run("--version")), format!("rdpdoctor {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_cause_is_explained_with_and_without_the_subcommand() {
    let page = out(&run("explain port-closed"));
    assert!(page.starts_with("Nothing listens on the Remote Desktop port\n\nWhat it is\n"), "{page}");
    assert_eq!(out(&run("port-closed")), page);
}

#[test]
fn every_cause_is_listed_and_its_page_can_be_read() {
    let list = out(&run("explain --list"));
    let ids: Vec<&str> = list
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|id| !id.is_empty())
        .collect();
    assert!(ids.len() > 20, "{list}");
    for id in ids {
        assert_eq!(code(&run(&format!("explain {id}"))), 0, "{id}");
    }
}

#[test]
fn the_lab_lists_what_it_serves_and_prints_recipes_for_the_rest() {
    let list = out(&run("lab --list"));
    for word in ["certificate-missing", "healthy", "tls12-only", "port-filtered"] {
        assert!(list.contains(word), "{word}: {list}");
    }
    let recipe = run("lab port-filtered");
    assert_eq!(code(&recipe), 2);
    assert!(err(&recipe).contains("no listener can show port-filtered"));
    assert!(out(&recipe).contains("drop"));
}
