//! A report as rich as they come, without anything by which somebody could be known.

use base64::Engine;
use rdpdoctor_protocol::negotiation::Protocols;
use rdpdoctor_protocol::stranger::Stranger;
use serde_json::Value;

use super::{redact, redact_snapshot};
use crate::certificate::Certificate;
use crate::evidence::snapshot::{CachedServer, Reading, StoredCredential};
use crate::evidence::{Der, LookupOutcome, Seen, Sibling, SystemAnswer, Told, ToldCode};
use crate::report::{Report, build};
use crate::testing::{CertificateMaker, Machine, Scene};

/// What must not be found again, in small letters.
const ORIGINALS: [&str; 19] = [
    "zeus7",
    "fabrikam",
    "olymp",
    "10.77.0.5",
    "10.77.0.6",
    "10.77.0.53",
    "fd77::5",
    "hades9",
    "hera3",
    "kronos4",
    "fe77",
    "zeus",
    "10.77",
    "contoso",
    "fd77",
    "athena",
    "poseidon",
    "ares5",
    "8.8.4.4",
];

fn served() -> [CertificateMaker; 2] {
    let leaf = CertificateMaker::issued("zeus7.olymp.fabrikam.test", "Fabrikam Issuing CA 3").valid(-400, -35);
    [
        leaf.dns(&["hera3.olymp.fabrikam.test", "*.olymp.fabrikam.test"]).address("10.77.0.6").address("fd77::5"),
        CertificateMaker::self_signed("Fabrikam Issuing CA 3"),
    ]
}

fn rich() -> Report {
    let scene = Scene::named("zeus7.olymp.fabrikam.test:3390", &["10.77.0.5", "fd77::5"])
        .client(|a| {
            a.selects(Protocols::HYBRID_EX)
                .serves(&served())
                .untrusted()
                .challenged_by("ZEUS7", "kronos4.olymp.fabrikam.test")
        })
        .asks(Protocols::RDP, |a| {
            a.to("[fd77::5]:3390").meets(
                Stranger::Smtp,
                "220 athena.contoso.test ESMTP",
                &["Via: 1.1 poseidon.contoso.test"],
            )
        })
        .name_servers(&[LookupOutcome::Addresses { addresses: vec!["10.77.0.6".parse().unwrap()] }]);
    let mut evidence = scene.evidence();
    if let Seen::Observed { value, .. } = &mut evidence.resolution.name_servers {
        value[0].server = "10.77.0.53:53".parse().unwrap();
    }
    evidence.attempts[0].local = Some("10.77.0.9:50123".parse().unwrap());
    evidence.attempts[0].credssp.as_mut().unwrap().challenge.as_mut().unwrap().dns_domain =
        Some("olymp.fabrikam.test".into());
    evidence.attempts[0].credssp.as_mut().unwrap().challenge.as_mut().unwrap().domain = Some("OLYMP".into());
    evidence.siblings.push(Sibling {
        host: "hades9".into(),
        address: "10.77.0.6".parse().unwrap(),
        key_sha256: Certificate::parse(&served()[0].der()).unwrap().key_sha256,
        computer: Some("HADES9.olymp.fabrikam.test".into()),
    });
    evidence.told = Told {
        codes: vec![ToldCode {
            text: "cannot reach ares5.contoso.test by 8.8.4.4: 0x904".into(),
            value: 0x904,
            family: None,
        }],
        facts: Vec::new(),
    };
    build(evidence, 12.0)
}

fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(string) => found.push(string.to_lowercase()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(fields) => fields.values().for_each(|value| strings(value, found)),
        _ => {}
    }
}

fn all_strings(report: &Report) -> Vec<String> {
    let mut found = Vec::new();
    strings(&serde_json::to_value(report).unwrap(), &mut found);
    found
}

fn one(report: Report) -> Report {
    redact(&[report]).unwrap().remove(0)
}

#[test]
fn nothing_by_which_anybody_could_be_known_survives() {
    let original = all_strings(&rich());
    for name in ORIGINALS.iter().filter(|name| !["fe77"].contains(name)) {
        assert!(original.iter().any(|string| string.contains(name)), "{name} is not in the report to begin with");
    }
    let secret: Vec<String> = served()
        .iter()
        .map(CertificateMaker::der)
        .flat_map(|Der(der)| {
            let read = Certificate::parse(&Der(der.clone())).unwrap();
            let base64 = base64::engine::general_purpose::STANDARD.encode(der).to_lowercase();
            [read.sha1, read.sha256, read.key_sha256, base64[..60].to_owned()]
        })
        .collect();
    for string in all_strings(&one(rich())) {
        for name in ORIGINALS.iter().copied().chain(secret.iter().map(String::as_str)) {
            assert!(!string.contains(name), "{name} in {string:?}");
        }
    }
}

#[test]
fn what_is_left_reads_as_the_same_answer() {
    let (before, after) = (rich(), one(rich()));
    assert_eq!((after.verdict, &after.root_cause), (before.verdict, &before.root_cause));
    assert_eq!(after.findings.len(), before.findings.len());
    assert_eq!(after.stages.len(), before.stages.len());
    let target = &after.target.as_ref().unwrap().asked;
    assert_eq!(target.to_string(), "host-1.domain-1.example:3390");
    assert_eq!(target.input, "host-1.domain-1.example:3390");
    assert_eq!(after.evidence.endpoints()[0].to_string(), "192.0.2.1:3390");
    let json = serde_json::to_value(&after).unwrap();
    for fact in after.findings.iter().flat_map(|finding| finding.proof.iter().flat_map(|proof| &proof.facts)) {
        assert!(json.pointer(fact).is_some(), "{fact} leads nowhere");
    }
    assert_eq!(after.server.as_ref().unwrap().computer.as_deref(), Some("host-1"));
    assert_eq!(after.server.as_ref().unwrap().domain.as_deref(), Some("domain-1"));
}

#[test]
fn the_same_reports_get_the_same_pseudonyms() {
    assert_eq!(one(rich()), one(rich()));
    let other = build(Scene::at("10.77.0.5").evidence(), 1.0);
    let both = redact(&[rich(), other]).unwrap();
    assert_eq!(both[1].evidence.target.host, "192.0.2.1", "one address, one pseudonym in all reports");
}

#[test]
fn a_host_that_is_called_like_a_stage_breaks_nothing() {
    for name in
        ["host", "tls", "broken", "silent", "a", "observed", "likely", "hybrid_ex", "complete", "01t00", "tls12"]
    {
        let system = SystemAnswer::Addresses { addresses: vec!["10.77.0.5".parse().unwrap()] };
        let scene = Scene::unresolved(name).system(system).client(|a| a.selects(Protocols::HYBRID_EX).completes_tls());
        let after = one(build(scene.evidence(), 1.0));
        assert_eq!(after.evidence.target.host, "host-1", "{name}");
        assert_eq!(after.verdict, crate::Verdict::Healthy);
    }
}

#[test]
fn a_snapshot_tells_no_names_and_stays_one() {
    let failed = [
        ("TargetUserName", "jane"),
        ("WorkstationName", "LAPTOP7"),
        ("IpAddress", "10.1.2.3"),
        ("Status", "0xc000006d"),
    ];
    let machine = Machine::healthy()
        .with(|snapshot| snapshot.computer = Reading::Observed(Some("PAYROLL7".to_owned())))
        .certificate("My", &CertificateMaker::issued("payroll7", "Contoso CA"), "other")
        .policy("nla", 0)
        .sets("Payroll lockdown", "nla", 0)
        .event("Security", "Microsoft-Windows-Security-Auditing", 4625, 5, &failed);
    let report = serde_json::to_string(&redact(&[build(machine.clone().evidence(), 0.0)]).unwrap()).unwrap();
    let redacted = redact_snapshot(machine.snapshot()).unwrap();
    let text = serde_json::to_string(&redacted).unwrap().to_lowercase();
    for secret in [
        "payroll7",
        "jane",
        "laptop7",
        "10.1.2.3",
        "lockdown",
        "corp.example",
        "8000-0000",
        crate::testing::MACHINE_GUID,
    ] {
        assert!(!text.contains(secret), "{secret}");
        assert!(!report.to_lowercase().contains(secret), "{secret} in the report");
    }
    assert_eq!(redacted.events("Microsoft-Windows-Security-Auditing", 4625)[0].field("Status"), Some("0xc000006d"));
    assert!(redacted.store("My").unwrap().iter().all(|stored| stored.der.is_none()));
}

#[test]
fn what_a_client_keeps_tells_no_names() {
    let stored = StoredCredential { server_name: "payroll7".to_owned(), user: Some(r"CONTOSO\alice".to_owned()) };
    let cached = CachedServer {
        server_name: "hades9.olymp".to_owned(),
        user: Some("bob".to_owned()),
        account: Some("mallory".to_owned()),
    };
    let machine =
        Machine::healthy().hosts_line("zeus7", "10.77.0.5").caches("hera8", &["10.78.0.5"]).with(|snapshot| {
            snapshot.credentials = Reading::Observed(vec![stored]);
            snapshot.cached_servers = Reading::Observed(vec![cached]);
        });
    let text = serde_json::to_string(&redact_snapshot(machine.snapshot()).unwrap()).unwrap().to_lowercase();
    for name in ["payroll7", "contoso", "alice", "hades9", "bob", "mallory", "zeus7", "10.77", "hera8", "10.78"] {
        assert!(!text.contains(name), "{name}");
    }
}
