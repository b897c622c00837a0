//! Each subject by itself.

use std::collections::BTreeMap;
use std::fmt::Display;

use serde::Serialize;
use serde_json::Value;

use super::{Change, Effect, Subject, rank};
use crate::certificate::Certificate;
use crate::evidence::{NtlmVersion, Offer, ServerHelloSeen};
use crate::report::{ClientRow, Report, ReportFinding, ServerIdentity, StageRow};

pub(super) fn changes(before: &Report, after: &Report) -> Vec<Change> {
    let all = [
        verdict(before, after),
        findings(before, after),
        stages(before, after),
        clients(before, after),
        protocols(before, after),
        tls(before, after),
        certificate(before, after),
        server(before, after),
        target(before, after),
    ];
    all.into_iter().flatten().collect()
}

/// The values of one subject by the name of the item, in words.
type Items = BTreeMap<String, String>;

fn compare(subject: Subject, before: &Items, after: &Items, effect: impl Fn(&str) -> Effect) -> Vec<Change> {
    let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
    let differing = names.filter(|name| before.get(*name) != after.get(*name));
    let change = |name: &String| Change {
        subject,
        item: name.clone(),
        before: before.get(name).cloned(),
        after: after.get(name).cloned(),
        effect: effect(name),
    };
    differing.map(change).collect()
}

/// The same, in one line where nothing at all is known of one side.
fn compare_known(subject: Subject, before: &Items, after: &Items, effect: impl Fn(&str) -> Effect) -> Vec<Change> {
    if before.is_empty() == after.is_empty() {
        return compare(subject, before, after, effect);
    }
    let seen = |items: &Items| (!items.is_empty()).then(|| "seen".to_owned());
    let (before, after) = (seen(before), seen(after));
    vec![Change { subject, item: String::new(), before, after, effect: Effect::Informs }]
}

fn verdict(before: &Report, after: &Report) -> Vec<Change> {
    let one = |word: Option<String>| word.map(|word| (String::new(), word)).into_iter().collect::<Items>();
    let effect = rank::of_verdicts(before.verdict, after.verdict);
    let verdicts = (one(Some(word(&before.verdict))), one(Some(word(&after.verdict))));
    let roots = (one(before.root_cause.clone()), one(after.root_cause.clone()));
    let mut changes = compare(Subject::Verdict, &verdicts.0, &verdicts.1, |_| effect);
    changes.extend(compare(Subject::RootCause, &roots.0, &roots.1, |_| effect));
    changes
}

fn findings(before: &Report, after: &Report) -> Vec<Change> {
    let items = |report: &Report| {
        let words = |finding: &ReportFinding| format!("{}, {}", word(&finding.certainty), word(&finding.severity));
        report.findings.iter().map(|finding| (finding.cause.clone(), words(finding))).collect::<Items>()
    };
    let severity =
        |report: &Report, id: &str| report.findings.iter().find(|finding| finding.cause == id).map(|it| it.severity);
    compare(Subject::Finding, &items(before), &items(after), |id| {
        rank::of_severities(severity(before, id), severity(after, id))
    })
}

/// Addresses of two hosts differ, so each row goes by its stage and its place among those of the stage.
fn stages(before: &Report, after: &Report) -> Vec<Change> {
    let (old, new) = (stage_rows(before), stage_rows(after));
    let words = |rows: &BTreeMap<String, &StageRow>| -> Items {
        rows.iter().map(|(name, row)| (name.clone(), word(&row.outcome))).collect()
    };
    let changes = compare(Subject::Stage, &words(&old), &words(&new), |name| match (old.get(name), new.get(name)) {
        (Some(before), Some(after)) => rank::of_stages(before.outcome, after.outcome),
        _ => Effect::Informs,
    });
    let told = |rows: &BTreeMap<String, &StageRow>, name: &str| {
        rows.get(name).map(|row| format!("{}: {}", word(&row.outcome), row.summary))
    };
    let detailed = changes.into_iter().map(|change| {
        let (before, after) = (told(&old, &change.item), told(&new, &change.item));
        Change { before, after, ..change }
    });
    detailed.collect()
}

fn stage_rows(report: &Report) -> BTreeMap<String, &StageRow> {
    let mut rows = BTreeMap::new();
    for row in &report.stages {
        let same = rows.values().filter(|other: &&&StageRow| other.stage == row.stage).count();
        let name = if same == 0 { row.stage.to_string() } else { format!("{} {}", row.stage, same + 1) };
        rows.insert(name, row);
    }
    rows
}

fn clients(before: &Report, after: &Report) -> Vec<Change> {
    let items = |report: &Report| -> Items {
        report.clients.iter().map(|row: &ClientRow| (row.client.clone(), word(&row.outcome))).collect()
    };
    let outcome = |report: &Report, id: &str| report.clients.iter().find(|row| row.client == id).map(|row| row.outcome);
    compare(Subject::Client, &items(before), &items(after), |id| match (outcome(before, id), outcome(after, id)) {
        (Some(before), Some(after)) => rank::of_clients(before, after),
        _ => Effect::Informs,
    })
}

/// What was not measured on one side is no change.
fn protocols(before: &Report, after: &Report) -> Vec<Change> {
    let items = |report: &Report| -> Items {
        let rows = report.protocols.rows().into_iter();
        rows.map(|(name, state)| (name.to_owned(), word(&state))).filter(|(_, state)| state != "not-measured").collect()
    };
    let (old, new) = (items(before), items(after));
    compare(Subject::Protocol, &old, &new, |name| {
        if old.contains_key(name) && new.contains_key(name) { Effect::Differs } else { Effect::Informs }
    })
}

/// What a current mstsc gets.
fn tls(before: &Report, after: &Report) -> Vec<Change> {
    let items = |report: &Report| {
        let hello = hello(report);
        named([
            ("version", hello.as_ref().map(|hello| hello.version.to_string())),
            ("cipher suite", hello.map(|hello| hello.suite.to_string())),
        ])
    };
    compare_known(Subject::Tls, &items(before), &items(after), |_| Effect::Differs)
}

fn hello(report: &Report) -> Option<ServerHelloSeen> {
    let offer = Offer::mstsc();
    let endpoint = report.evidence.client_endpoint()?;
    report.evidence.tries(endpoint, &offer).find_map(|(_, attempt)| attempt.tls.as_ref()?.server_hello.clone())
}

/// Two hosts have two certificates, and one host a new one each half year: what is wrong with one is a finding.
fn certificate(before: &Report, after: &Report) -> Vec<Change> {
    let items = |report: &Report| {
        let leaf = report.certificates.first();
        let text = |read: fn(&Certificate) -> String| leaf.map(read);
        named([
            ("subject", text(|leaf| leaf.subject.clone())),
            ("issuer", text(|leaf| leaf.issuer.clone())),
            ("names", text(|leaf| leaf.names().join(", "))),
            ("valid from", text(|leaf| leaf.not_before.to_string())),
            ("valid until", text(|leaf| leaf.not_after.to_string())),
            ("key", text(|leaf| leaf.key.to_string())),
            ("signature", text(|leaf| leaf.signature.clone())),
            ("thumbprint", text(|leaf| leaf.sha1.clone())),
        ])
    };
    compare_known(Subject::Certificate, &items(before), &items(after), |_| Effect::Informs)
}

/// A name that leads to another machine matters; that two hosts are two machines does not.
fn server(before: &Report, after: &Report) -> Vec<Change> {
    let items = |report: &Report| {
        let server = report.server.clone().unwrap_or_default();
        let ServerIdentity { computer, domain, dns_computer, dns_domain, forest, version, credssp_version, .. } =
            server;
        named([
            ("computer", computer),
            ("domain", domain),
            ("DNS name", dns_computer),
            ("DNS domain", dns_domain),
            ("forest", forest),
            ("version", version.map(|NtlmVersion { major, minor, build }| format!("{major}.{minor}.{build}"))),
            ("CredSSP", credssp_version.map(|version| version.to_string())),
        ])
    };
    let (old, new) = (items(before), items(after));
    let same_target = before.evidence.target.host == after.evidence.target.host;
    compare_known(Subject::Server, &old, &new, |name| {
        let both = old.contains_key(name) && new.contains_key(name);
        if same_target && both { Effect::Differs } else { Effect::Informs }
    })
}

fn target(before: &Report, after: &Report) -> Vec<Change> {
    let items = |report: &Report| {
        let address = report.target.as_ref().and_then(|target| target.address);
        let asked = &report.evidence.target;
        named([
            ("host", Some(asked.host.clone())),
            ("port", Some(asked.port.to_string())),
            ("address", address.as_ref().map(text)),
        ])
    };
    compare(Subject::Target, &items(before), &items(after), |_| Effect::Informs)
}

fn named<const N: usize>(items: [(&str, Option<String>); N]) -> Items {
    items.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn text(value: &impl Display) -> String {
    value.to_string()
}

/// The word that JSON has for it.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}
