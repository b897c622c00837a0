//! The files that are written from the code.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use rdpdoctor_diagnosis::evidence::{self, Evidence};
use rdpdoctor_diagnosis::report::{self, Report};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;

use crate::metadata;

/// A generated file, by its path in the workspace, and what makes its text.
type Generated = (&'static str, fn() -> Result<String>);

const FILES: [Generated; 2] = [("schemas/evidence.json", evidence_schema), ("schemas/report.json", report_schema)];

/// Writes every generated file.
pub(crate) fn write() -> Result<Vec<String>> {
    for (name, make) in FILES {
        let path = place(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        fs::write(&path, make()?).with_context(|| format!("cannot write {name}"))?;
    }
    Ok(Vec::new())
}

/// Which of the generated files are not what the code says.
pub(crate) fn check() -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for (name, make) in FILES {
        if fs::read_to_string(place(name)).ok() != Some(make()?) {
            faults.push(format!("{name} is not what the code says: run cargo xtask generate and review the change"));
        }
    }
    Ok(faults)
}

fn place(name: &str) -> PathBuf {
    metadata::workspace().join(name)
}

fn report_schema() -> Result<String> {
    let about = "One judged target, as `--format json` and `--format jsonl` print it.";
    schema::<Report>("report", "rdpdoctor report", about, report::SCHEMA_VERSION)
}

fn evidence_schema() -> Result<String> {
    let about = "Everything that was seen of one target: the part of a report that judges nothing.";
    schema::<Evidence>("evidence", "rdpdoctor evidence", about, evidence::SCHEMA_VERSION)
}

/// The schema of what we print, so a field that is always there is required.
fn schema<T: JsonSchema>(name: &str, title: &str, about: &str, version: u32) -> Result<String> {
    let mut schema = SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>();
    schema.insert("$id".to_owned(), format!("urn:rdpdoctor:schema:{name}:{version}").into());
    schema.insert("title".to_owned(), title.into());
    schema.insert("description".to_owned(), about.into());
    Ok(serde_json::to_string_pretty(&schema)? + "\n")
}
