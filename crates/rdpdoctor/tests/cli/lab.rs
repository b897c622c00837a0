//! Every server of the lab, diagnosed: the snapshot holds verdict, root cause and certainty of each.

use std::sync::Mutex;

use rdpdoctor_lab::{FAULTS, HEALTHY, Variant};

use crate::common::{code, out, program};

/// Few at a time: each run is a server and a probe.
const SIDE_BY_SIDE: usize = 6;
const MOST_CONNECTIONS: u64 = 20;
const MOST_CONNECTIONS_HEALTHY: u64 = 4;

#[test]
fn every_server_of_the_lab_gets_its_diagnosis() {
    let healthy = HEALTHY.iter().map(|variant| ("healthy", variant.name));
    // How many connections a full queue swallows is the kernel's affair.
    let served = FAULTS.iter().filter(|fault| fault.cause != "backlog-full");
    // What a server says only now and then is chance here; played by the stories of `diagnosis`.
    let settled = |variant: &&Variant| !variant.name.starts_with("unstable-");
    let faults =
        served.flat_map(|fault| fault.variants.iter().filter(settled).map(|variant| (fault.cause, variant.name)));
    let all: Vec<(&str, &str)> = healthy.chain(faults).collect();
    let waiting = Mutex::new(all.iter().enumerate().collect::<Vec<_>>());
    let lines = Mutex::new(vec![String::new(); all.len()]);
    std::thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                loop {
                    let Some((place, (cause, variant))) = waiting.lock().unwrap().pop() else { return };
                    lines.lock().unwrap()[place] = diagnose(cause, variant);
                }
            });
        }
    });
    insta::assert_snapshot!(lines.into_inner().unwrap().join("\n"));
}

fn diagnose(cause: &str, variant: &str) -> String {
    let words = ["lab", cause, "--variant", variant, "--diagnose", "--format", "json", "--timeout", "4"];
    let output = program().args(words).args(["--max-time", "60"]).output().unwrap();
    let report: serde_json::Value = serde_json::from_str(&out(&output)).unwrap();
    let verdict = report["verdict"].as_str().unwrap();
    let connections = report["connections"].as_u64().unwrap();
    let most = if verdict == "healthy" { MOST_CONNECTIONS_HEALTHY } else { MOST_CONNECTIONS };
    assert!(connections <= most, "{cause} {variant}: {connections} connections");
    let expected = match verdict {
        "healthy" | "warning" => 0,
        "inconclusive" => 3,
        _ => 1,
    };
    assert_eq!(code(&output), expected, "{cause} {variant}: {verdict}");
    let root = report["root_cause"].as_str().unwrap_or("-");
    let certainty = report["findings"][0]["certainty"].as_str().filter(|_| root != "-").unwrap_or("-");
    format!("{cause:26} {variant:24} {verdict:12} {root:26} {certainty}").trim_end().to_owned()
}
