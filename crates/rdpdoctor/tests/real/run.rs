use std::path::Path;
use std::process::Command;

use rdpdoctor_testbed::Network;
use serde_json::Value;

/// What every broken server may cost.
pub(crate) const BROKEN: u64 = 20;
/// What a healthy server may cost.
pub(crate) const HEALTHY: u64 = 4;

/// A finished `diagnose`, whose report fits the schema.
#[derive(Debug)]
pub(crate) struct Diagnosis {
    report: Value,
    exit: Option<i32>,
}

/// Diagnoses a target as seen from this machine.
pub(crate) fn diagnose(target: &str) -> Diagnosis {
    finish(Command::new(program()), target)
}

/// Diagnoses a target as seen from the network's client.
pub(crate) fn diagnose_in(network: &Network, target: &str) -> Diagnosis {
    finish(network.client(program()).unwrap(), target)
}

/// The same with the services beside Remote Desktop.
pub(crate) fn diagnose_ways_in(network: &Network, target: &str) -> Diagnosis {
    let mut command = network.client(program()).unwrap();
    command.arg("diagnose").arg("--ways-in").arg(target);
    report(command)
}

/// Diagnoses a variant of a fault that the program itself serves.
pub(crate) fn diagnose_lab(fault: &str, variant: &str) -> Diagnosis {
    let mut command = Command::new(program());
    command.args(["lab", fault, "--variant", variant, "--diagnose"]);
    report(command)
}

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_rdpdoctor"))
}

fn finish(mut command: Command, target: &str) -> Diagnosis {
    command.args(["diagnose", target]);
    report(command)
}

/// The wait is shorter than the default, to keep the silent servers' tests short, and the run longer, for busy machines.
fn report(mut command: Command) -> Diagnosis {
    command.args(["--format", "json", "--timeout", "4", "--max-time", "60"]);
    let output = command.output().unwrap();
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    });
    assert_valid(&report);
    Diagnosis { report, exit: output.status.code() }
}

fn assert_valid(report: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/report.json");
    let schema = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let faults: Vec<String> = jsonschema::validator_for(&schema)
        .unwrap()
        .iter_errors(report)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

impl Diagnosis {
    /// Verdict, root cause and exit code in one comparison, and no more connections than allowed.
    #[track_caller]
    pub(crate) fn expect(&self, verdict: &str, root_cause: Option<&str>, connections: u64) {
        let exit = i32::from(!["healthy", "warning"].contains(&verdict));
        let found = (self.verdict(), self.root_cause(), self.exit);
        assert_eq!(found, (verdict, root_cause, Some(exit)), "{}", self.summary());
        assert!(self.connections() <= connections, "{} connections: {}", self.connections(), self.summary());
    }

    pub(crate) fn verdict(&self) -> &str {
        self.report["verdict"].as_str().unwrap()
    }

    pub(crate) fn root_cause(&self) -> Option<&str> {
        self.report["root_cause"].as_str()
    }

    pub(crate) fn exit(&self) -> Option<i32> {
        self.exit
    }

    pub(crate) fn connections(&self) -> u64 {
        self.report["connections"].as_u64().unwrap()
    }

    pub(crate) fn duration_ms(&self) -> f64 {
        self.report["duration_ms"].as_f64().unwrap()
    }

    /// What the report says of one security protocol: `hybrid`, `ssl`, ….
    pub(crate) fn protocol(&self, name: &str) -> &str {
        let protocols = self.report["protocols"].as_object().unwrap();
        protocols.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).and_then(|(_, state)| state.as_str()).unwrap()
    }

    /// Outcome and summary of a stage's rows.
    pub(crate) fn stage(&self, stage: &str) -> Vec<(&str, &str)> {
        let rows = self.report["stages"].as_array().unwrap();
        rows.iter()
            .filter(|row| row["stage"] == stage)
            .map(|row| (row["outcome"].as_str().unwrap(), row["summary"].as_str().unwrap()))
            .collect()
    }

    /// The root cause's certainty.
    pub(crate) fn certainty(&self) -> Option<&str> {
        self.certainty_of(self.root_cause()?)
    }

    /// The certainty of one cause; `None` where it is not found.
    pub(crate) fn certainty_of(&self, cause: &str) -> Option<&str> {
        let findings = self.report["findings"].as_array()?;
        findings.iter().find(|finding| finding["cause"] == cause)?["certainty"].as_str()
    }

    /// The findings' causes.
    pub(crate) fn causes(&self) -> Vec<&str> {
        self.report["findings"].as_array().unwrap().iter().filter_map(|finding| finding["cause"].as_str()).collect()
    }

    /// What is stated as fact: the stages, and title and proof of the findings.
    pub(crate) fn statements(&self) -> String {
        let findings = self.report["findings"].as_array().into_iter().flatten();
        let proven: Vec<String> = findings.map(|finding| format!("{}{}", finding["title"], finding["proof"])).collect();
        format!("{}{}", self.report["stages"], proven.concat())
    }

    /// All that a reader is told, without the evidence.
    pub(crate) fn words(&self) -> String {
        format!("{}{}{}", self.report["stages"], self.report["findings"], self.report["missing"])
    }

    /// The NTLM CHALLENGE that the server sent.
    pub(crate) fn challenge(&self) -> Option<&Value> {
        let attempts = self.report["evidence"]["attempts"].as_array()?;
        attempts.iter().map(|attempt| &attempt["credssp"]["challenge"]).find(|challenge| challenge.is_object())
    }

    /// What stands at this place of the report (RFC 6901).
    #[track_caller]
    pub(crate) fn field(&self, pointer: &str) -> &Value {
        self.report.pointer(pointer).unwrap_or_else(|| panic!("nothing at {pointer}"))
    }

    pub(crate) fn summary(&self) -> String {
        let attempts: Vec<String> = self.report["evidence"]["attempts"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|attempt| format!("{} → {}", attempt["offer"], attempt["ending"]))
            .collect();
        format!("{}\n{}", self.words(), attempts.join("\n"))
    }
}
