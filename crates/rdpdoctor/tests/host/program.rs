use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

pub(crate) fn run<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rdpdoctor"));
    command.args(arguments).env("LC_ALL", "C.UTF-8").env("TZ", "UTC").stdin(Stdio::null()).output().unwrap()
}

/// The report, the exit code, and what was said on stderr.
pub(crate) fn told(arguments: &[&str]) -> (Value, i32, String) {
    let output = run(arguments.iter().chain(&["--format", "json"]));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{error}"));
    assert_valid(&report, "report");
    (report, output.status.code().unwrap(), error)
}

/// The report of `host check`, and its exit code.
pub(crate) fn check(arguments: &[&str]) -> (Value, i32) {
    let (report, code, _) = told(&[&["host", "check"], arguments].concat());
    (report, code)
}

/// Verdict, root cause and exit code.
pub(crate) fn answer(arguments: &[&str]) -> (String, String, i32) {
    let (report, code) = check(arguments);
    let text = |field: &str| report[field].as_str().unwrap_or("-").to_owned();
    (text("verdict"), text("root_cause"), code)
}

pub(crate) fn assert_valid(value: &Value, schema: &str) {
    let faults: Vec<String> = validator(schema).iter_errors(value).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[cfg(target_os = "linux")]
pub(crate) fn is_valid(value: &Value, schema: &str) -> bool {
    validator(schema).is_valid(value)
}

fn validator(schema: &str) -> jsonschema::Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../schemas/{schema}.json"));
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

/// `rdpdoctor lab` on a free port of loopback, until it is dropped.
pub(crate) struct Lab {
    child: Child,
    pub(crate) address: String,
}

impl Lab {
    pub(crate) fn serve(fault: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rdpdoctor"));
        command.args(["lab", fault]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        let address = said.split(' ').next().unwrap().to_owned();
        Self { child, address }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
