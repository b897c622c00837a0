//! The files that are written from the code.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use rdpdoctor_diagnosis::evidence::{self, Evidence, Snapshot, snapshot};
use rdpdoctor_diagnosis::explain::printed::{self, Printed};
use rdpdoctor_diagnosis::report::diff::Difference;
use rdpdoctor_diagnosis::report::{self, Report};
use rdpdoctor_repair::printed::{self as repair, History, PlanPage};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;

use crate::{book, metadata};

/// Writes every generated file.
pub(crate) fn write() -> Result<Vec<String>> {
    let files = files()?;
    for (name, text) in &files {
        let path = place(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        fs::write(&path, text).with_context(|| format!("cannot write {name}"))?;
    }
    for stale in stale(&files)? {
        fs::remove_file(place(&stale)).with_context(|| format!("cannot remove {stale}"))?;
    }
    Ok(Vec::new())
}

/// Which of the generated files are not what the code says.
pub(crate) fn check() -> Result<Vec<String>> {
    let files = files()?;
    let differs = |(name, text): &&(String, String)| fs::read_to_string(place(name)).ok().as_ref() != Some(text);
    let changed = files.iter().filter(differs).map(|(name, _)| format!("{name} is not what the code says"));
    let left = stale(&files)?.into_iter().map(|name| format!("{name} is generated no more"));
    Ok(changed.chain(left).map(|fault| format!("{fault}: run cargo xtask generate and review the change")).collect())
}

fn files() -> Result<Vec<(String, String)>> {
    let mut files = vec![
        ("schemas/difference.json".to_owned(), difference_schema()?),
        ("schemas/evidence.json".to_owned(), evidence_schema()?),
        ("schemas/explanation.json".to_owned(), explanation_schema()?),
        ("schemas/history.json".to_owned(), history_schema()?),
        ("schemas/plan.json".to_owned(), plan_schema()?),
        ("schemas/report.json".to_owned(), report_schema()?),
        ("schemas/snapshot.json".to_owned(), snapshot_schema()?),
    ];
    files.extend(book::pages()?);
    Ok(files)
}

/// What lies in the folders of generated files and is none.
fn stale(files: &[(String, String)]) -> Result<Vec<String>> {
    let mut stale = Vec::new();
    for folder in book::FOLDERS {
        let Ok(entries) = fs::read_dir(place(folder)) else { continue };
        for entry in entries {
            let name = format!("{folder}/{}", entry?.file_name().to_string_lossy());
            if files.iter().all(|(known, _)| *known != name) {
                stale.push(name);
            }
        }
    }
    Ok(stale)
}

fn place(name: &str) -> PathBuf {
    metadata::workspace().join(name)
}

fn report_schema() -> Result<String> {
    let about = "One judged target, as `--format json` and `--format jsonl` print it.";
    schema::<Report>("report", "rdpdoctor report", about, report::SCHEMA_VERSION)
}

fn difference_schema() -> Result<String> {
    let about = "Two reports side by side, as `rdpdoctor diff --format json` prints them.";
    schema::<Difference>("difference", "rdpdoctor difference", about, report::SCHEMA_VERSION)
}

fn explanation_schema() -> Result<String> {
    let about = "What `rdpdoctor explain --format json` prints: codes, the page of a cause, of a remedy or of a repair, or a list.";
    schema::<Printed<'static>>("explanation", "rdpdoctor explanation", about, printed::SCHEMA_VERSION)
}

fn evidence_schema() -> Result<String> {
    let about = "Everything that was seen of one target: the part of a report that judges nothing.";
    schema::<Evidence>("evidence", "rdpdoctor evidence", about, evidence::SCHEMA_VERSION)
}

fn plan_schema() -> Result<String> {
    let about = "What would be changed on a machine and why, as `rdpdoctor host fix --format json` prints it.";
    schema::<PlanPage<'static>>("plan", "rdpdoctor plan", about, repair::SCHEMA_VERSION)
}

fn history_schema() -> Result<String> {
    let about = "The repairs of a machine, as `rdpdoctor host history --format json` prints them.";
    schema::<History>("history", "rdpdoctor history", about, repair::SCHEMA_VERSION)
}

fn snapshot_schema() -> Result<String> {
    let about = "A Windows machine by its own account, as `rdpdoctor host snapshot` prints it.";
    schema::<Snapshot>("snapshot", "rdpdoctor snapshot", about, snapshot::SCHEMA_VERSION)
}

/// The schema of what we print, so a field that is always there is required.
fn schema<T: JsonSchema>(name: &str, title: &str, about: &str, version: u32) -> Result<String> {
    let mut schema = SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>();
    schema.insert("$id".to_owned(), format!("urn:rdpdoctor:schema:{name}:{version}").into());
    schema.insert("title".to_owned(), title.into());
    schema.insert("description".to_owned(), about.into());
    Ok(serde_json::to_string_pretty(&schema)? + "\n")
}
