//! What a reader sees: one snapshot for each kind of answer.

use std::net::SocketAddr;

use rdpdoctor_diagnosis::evidence::snapshot::Reading;
use rdpdoctor_diagnosis::evidence::{
    Ending, Evidence, LookupOutcome, RemoteService, ServiceAnswer, ServiceSeen, SystemAnswer, Unreachable,
};
use rdpdoctor_diagnosis::report::{Report, build};
use rdpdoctor_diagnosis::testing::{CertificateMaker, Machine, Scene, Script};
use rdpdoctor_protocol::negotiation::{FailureCode, Protocols};
use rdpdoctor_protocol::stranger::Stranger;
use rdpdoctor_render::{Style, html, json, markdown, text};

fn report(evidence: Evidence) -> Report {
    build(evidence, 184.2)
}

fn shown(scene: Scene) -> String {
    text::report(&report(scene.evidence()), &Style::plain())
}

fn nla() -> Scene {
    Scene::named("ts01", &["10.0.0.5"])
        .client(|a| a.selects(Protocols::HYBRID_EX).completes_tls())
        .asks(Protocols::SSL, |a| a.fails(FailureCode::HYBRID_REQUIRED_BY_SERVER))
        .asks(Protocols::RDP, |a| a.fails(FailureCode::HYBRID_REQUIRED_BY_SERVER))
}

fn certificate_missing() -> Scene {
    Scene::named("ts01", &["10.0.0.5"])
        .client(|a| a.fails(FailureCode::SSL_CERT_NOT_ON_SERVER))
        .asks(Protocols::RDP, |a| a.selects(Protocols::RDP))
}

fn filtered() -> Scene {
    let silent = |a: Script| a.ends(Ending::Silent);
    Scene::at("10.0.0.5")
        .client(silent)
        .client(silent)
        .answers_echo()
        .knocks(445, Ending::Refused)
        .knocks(135, Ending::Silent)
}

#[test]
fn healthy_with_nla() {
    insta::assert_snapshot!(shown(nla()));
}

#[test]
fn healthy_with_nla_in_unicode() {
    insta::assert_snapshot!(text::report(&report(nla().evidence()), &Style::plain().unicode(true)));
}

#[test]
fn healthy_with_all_that_the_server_tells() {
    let served = [CertificateMaker::windows("TS01")];
    let client = |a: Script| {
        a.selects(Protocols::HYBRID_EX).serves(&served).untrusted().challenged_by("TS01", "ts01.corp.example")
    };
    let required = FailureCode::HYBRID_REQUIRED_BY_SERVER;
    insta::assert_snapshot!(shown(
        Scene::named("ts01", &["10.0.0.5"])
            .client(client)
            .asks(Protocols::SSL, |a| a.fails(required))
            .asks(Protocols::RDP, |a| a.fails(required))
    ));
}

#[test]
fn certificate_expired_and_weak() {
    let served = [CertificateMaker::issued("ts01", "Corp CA").valid(-400, -35).rsa(1024)];
    insta::assert_snapshot!(shown(
        Scene::named("ts01", &["10.0.0.5"])
            .client(|a| a.selects(Protocols::SSL).serves(&served))
            .asks(Protocols::RDP, |a| a.fails(FailureCode::SSL_REQUIRED_BY_SERVER))
    ));
}

#[test]
fn healthy_with_codes_that_somebody_named() {
    insta::assert_snapshot!(shown(
        nla().error("Error code: 0x904 Extended error code: 0x7, 0xDEADBEEF").told(&["vpn"])
    ));
}

#[test]
fn healthy_with_tls() {
    insta::assert_snapshot!(shown(
        Scene::named("ts02", &["10.0.0.6"])
            .client(|a| a.selects(Protocols::SSL).completes_tls())
            .asks(Protocols::RDP, |a| a.fails(FailureCode::SSL_REQUIRED_BY_SERVER))
    ));
}

#[test]
fn port_filtered() {
    insta::assert_snapshot!(shown(filtered()));
}

#[test]
fn certificate_missing_on_the_server() {
    insta::assert_snapshot!(shown(certificate_missing()));
}

#[test]
fn other_ways_in_that_were_asked_for() {
    let mut evidence = certificate_missing().evidence();
    let answers = [
        ServiceAnswer::Refused,
        ServiceAnswer::Speaks { banner: "Microsoft-HTTPAPI/2.0".into() },
        ServiceAnswer::Silent,
        ServiceAnswer::Mute,
    ];
    for (service, answer) in RemoteService::ALL.into_iter().zip(answers) {
        let endpoint = SocketAddr::from(([10, 0, 0, 5], service.port()));
        evidence.services.push(ServiceSeen { service, endpoint, answer, after_ms: 1.0 });
    }
    let text = text::report(&report(evidence), &Style::plain());
    insta::assert_snapshot!(&text[text.find("Another way in").unwrap()..]);
}

#[test]
fn standard_security_only() {
    insta::assert_snapshot!(shown(
        Scene::at("10.0.0.7").client(Script::confirms_without_data).asks(Protocols::RDP, Script::confirms_without_data)
    ));
}

#[test]
fn not_rdp_but_ssh() {
    let ssh = |a: Script| a.meets(Stranger::Ssh, "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3", &[]);
    insta::assert_snapshot!(shown(Scene::at("10.0.0.8").client(ssh).client(ssh)));
}

#[test]
fn one_family_broken() {
    let unreachable = Ending::Unreachable { report: Unreachable::Host };
    let first = |a: Script| a.ends(unreachable.clone()).after(3.0);
    let second = |a: Script| a.to("10.0.0.5:3389").selects(Protocols::HYBRID_EX).completes_tls();
    insta::assert_snapshot!(shown(
        Scene::named("ts01.example.com", &["2001:db8::5", "10.0.0.5"]).client(first).client(first).client(second)
    ));
}

#[test]
fn interrupted() {
    insta::assert_snapshot!(shown(Scene::named("ts01", &["10.0.0.5"]).client(Script::connects)));
}

#[test]
fn nothing_measured() {
    insta::assert_snapshot!(shown(Scene::unresolved("ts01")));
}

#[test]
fn name_not_found() {
    insta::assert_snapshot!(shown(
        Scene::unresolved("ts99.example.com")
            .system(SystemAnswer::NoSuchName)
            .name_servers(&[LookupOutcome::NxDomain, LookupOutcome::NxDomain])
    ));
}

#[test]
fn several_targets_end_in_a_table() {
    let reports = [nla(), certificate_missing(), filtered()].map(|scene| report(scene.evidence()));
    insta::assert_snapshot!(text::summary(&reports, &Style::plain()));
}

#[test]
fn a_narrow_terminal() {
    insta::assert_snapshot!(text::report(&report(filtered().evidence()), &Style::plain().unicode(true).width(40)));
}

#[test]
fn every_line_fits_except_commands() {
    for width in [40, 80, 100] {
        let report = report(certificate_missing().evidence());
        let remedies = report.findings.iter().flat_map(|f| &f.remedies).flat_map(|r| r.commands.iter().chain(&r.cmd));
        let commands: Vec<&String> = remedies.chain(report.ways_in.iter().map(|way| &way.command)).collect();
        for line in text::report(&report, &Style::plain().width(width)).lines() {
            assert!(
                line.len() <= width || commands.iter().any(|command| line.trim() == command.as_str()),
                "{width}: {line}"
            );
        }
    }
}

#[test]
fn commands_stand_on_lines_of_their_own() {
    let report = report(certificate_missing().evidence());
    let text = text::report(&report, &Style::plain());
    let remedies = &report.root().unwrap().remedies;
    assert!(!remedies.is_empty());
    for command in remedies.iter().flat_map(|remedy| remedy.commands.iter().chain(&remedy.cmd)) {
        assert!(text.lines().any(|line| line.trim_start() == command), "{command}");
    }
}

#[test]
fn no_byte_of_a_stranger_is_obeyed() {
    let hostile = "\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}31m\r\n\u{202e}evil\u{2066}\u{200b}\u{feff}\0\u{7f}";
    let mut report = report(certificate_missing().evidence());
    let root = &mut report.findings[0];
    hostile.clone_into(&mut root.title);
    hostile.clone_into(&mut root.proof[0].text);
    root.missing.push(hostile.into());
    hostile.clone_into(&mut root.remedies[0].title);
    hostile.clone_into(&mut root.remedies[0].undo);
    hostile.clone_into(&mut root.remedies[0].interrupts);
    root.remedies[0].commands.push(hostile.into());
    report.missing.push(hostile.into());
    hostile.clone_into(&mut report.stages[0].summary);
    hostile.clone_into(&mut report.evidence.target.host);
    let style = Style::plain().unicode(true);
    for text in [text::report(&report, &style), text::summary(&[report.clone(), report], &style)] {
        let obeyed =
            text.chars().find(|c| (c.is_control() && *c != '\n') || "\u{202e}\u{2066}\u{200b}\u{feff}".contains(*c));
        assert_eq!(obeyed, None, "{text:?}");
        assert!(text.contains("evil"));
    }
}

#[test]
fn a_banner_reaches_the_reader_without_its_escapes() {
    let hostile = |a: Script| a.meets(Stranger::Ssh, "SSH-2.0-\u{1b}[31mred\u{202e}", &[]);
    let text = shown(Scene::at("10.0.0.8").client(hostile).client(hostile));
    assert!(text.contains("SSH"));
    assert!(!text.contains(['\u{1b}', '\u{202e}']));
}

#[test]
fn colour_changes_looks_and_not_words() {
    let report = report(certificate_missing().evidence());
    let plain = text::report(&report, &Style::plain());
    let mut coloured = text::report(&report, &Style::plain().colour(true));
    assert!(coloured.contains("\u{1b}["));
    while let Some(start) = coloured.find("\u{1b}[") {
        let end = start + coloured[start..].find('m').unwrap();
        coloured.replace_range(start..=end, "");
    }
    assert_eq!(coloured, plain);
}

#[test]
fn json_is_one_object_or_an_array_and_reads_back() {
    let one = report(nla().evidence());
    let text = json::pretty(std::slice::from_ref(&one)).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), one);
    let both = [one.clone(), report(filtered().evidence())];
    assert_eq!(serde_json::from_str::<Vec<Report>>(&json::pretty(&both).unwrap()).unwrap(), both);
    let line = json::line(&one).unwrap();
    assert_eq!(line.find('\n'), Some(line.len() - 1));
    assert_eq!(serde_json::from_str::<Report>(&line).unwrap(), one);
}

fn with_files() -> Report {
    let text = "full address:s:ts01\r\nenablecredsspsupport:i:0\r\ndrivestoredirect:s:*\r\naudiomode:i:9\r\nbroken\r\n";
    let pc07 = Machine::healthy().with(|machine| machine.computer = Reading::Observed(Some("PC07".to_owned())));
    let origin = pc07.saves(r"C:\Users\alice\Desktop\ts01.rdp", text).as_origin().origin;
    report(Evidence { origin, ..nla().evidence() })
}

#[test]
fn a_connection_file_that_contradicts_the_server() {
    insta::assert_snapshot!(text::report(&with_files(), &Style::plain()));
}

#[test]
fn a_connection_file_in_markdown_and_html() {
    let shown = markdown::report(&[with_files()], &jiff::tz::TimeZone::UTC);
    let line = "- `C:\\Users\\alice\\Desktop\\ts01.rdp, line 4`: audiomode is 9; it takes 0, 1, 2";
    assert!(shown.contains("### Connection files\n") && shown.contains(line), "{shown}");
    assert!(shown.contains("**enablecredsspsupport is 0, and the server demands"), "{shown}");
    let page = html::report(&[with_files()], &jiff::tz::TimeZone::UTC).unwrap();
    assert!(page.contains("Connection files</h") && page.contains("ts01.rdp, line 4</code>: audiomode is 9"));
}
