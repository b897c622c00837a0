//! Which clients reach which servers by default.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper of tests may stop where an expectation fails"
)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use rdpdoctor_diagnosis::catalogue::{Abilities, Interop, common_suites, judge_tls, profile, profiles};
use rdpdoctor_protocol::tls::{CipherSuite, ProtocolVersion};

/// Verdict, version, suite, number of suites in common at that version.
type Outcome = (&'static str, Option<ProtocolVersion>, Option<CipherSuite>, usize);

#[test]
fn known_pairs_end_as_known() {
    for row in rows(include_str!("fixtures/interop.csv")) {
        let [client, server, verdict, version, suite, common] = row[..] else { panic!("{row:?}") };
        let (found, found_version, found_suite, found_common) = outcome(client, server);
        let found_version = found_version.map(|version| version.to_string()).unwrap_or_default();
        let found_suite = found_suite.map(|suite| suite.to_string()).unwrap_or_default();
        let found = (found, found_version.as_str(), found_suite.as_str(), found_common.to_string());
        assert_eq!(found, (verdict, version, suite, common.to_owned()), "{client} to {server}");
    }
}

#[test]
fn windows_reaches_windows_by_default() {
    let windows = |ids: &[String]| ids.iter().all(|id| id.starts_with("windows-"));
    for client in profiles().iter().filter(|profile| windows(&profile.ids) && profile.client.is_some()) {
        for server in profiles().iter().filter_map(Abilities::of_server) {
            let interop = judge_tls(client, &server);
            assert!(matches!(interop, Interop::Ok { .. }), "{}: {interop:?}", client.name);
        }
    }
}

#[test]
fn every_pair_of_the_computed_table_is_reproduced() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/knowledge");
    let read = |name: &str| std::fs::read_to_string(folder.join(name));
    let (Ok(pairs), Ok(id_map)) = (read("tls_default_interop.csv"), read("id_map.csv")) else {
        println!("skipped: the computed table is not here");
        return;
    };
    let ids = profile_ids(&id_map);
    let rows = rows(&pairs);
    assert_eq!(rows.len(), 567);
    for row in rows {
        let [client, server, verdict, version, suite, _, common, ..] = row[..] else { panic!("{row:?}") };
        let verdict = verdict.trim_start_matches("fail_").replace('_', "-");
        let version = (!version.is_empty()).then(|| ProtocolVersion::from_name(&format!("TLS {version}")).unwrap());
        let suite = (!suite.is_empty()).then(|| CipherSuite(u16::from_str_radix(suite, 16).unwrap()));
        let expected = (verdict.as_str(), version, suite, common.parse().unwrap());
        assert_eq!(outcome(ids[client], ids[server]), expected, "{client} to {server}");
    }
}

fn outcome(client: &str, server: &str) -> Outcome {
    let client = profile(client).unwrap();
    let server = Abilities::of_server(profile(server).unwrap()).unwrap();
    let common = |version| common_suites(client, &server, version).len();
    match judge_tls(client, &server) {
        Interop::Ok { version, suite } => ("ok", Some(version), Some(suite), common(version)),
        Interop::FailNoCommonVersion => ("no-common-version", None, None, 0),
        Interop::FailNoCommonSuite { version } => ("no-common-suite", Some(version), None, common(version)),
        Interop::Unknown => ("unknown", None, None, 0),
        other => panic!("{other:?}"),
    }
}

fn rows(text: &str) -> Vec<Vec<&str>> {
    text.lines().skip(1).map(|line| line.split(',').collect()).collect()
}

/// From the table's names of profiles to the first id of each.
fn profile_ids(id_map: &str) -> BTreeMap<&str, &str> {
    let profiles = rows(id_map).into_iter().filter(|row| row[0] == "profile");
    profiles.map(|row| (row[1], row[2].split(';').next().unwrap())).collect()
}
