//! What cargo knows of the workspace and its dependencies.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use serde::Deserialize;

/// The output of `cargo metadata`, as far as the checks need it.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
    /// Where it came from; `None` for a package of this workspace.
    pub(crate) source: Option<String>,
    pub(crate) dependencies: Vec<Dependency>,
}

/// A dependency as the manifest declares it.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// `None` for a normal one, else `dev` or `build`.
    pub(crate) kind: Option<String>,
}

/// The workspace's folder.
pub(crate) fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

pub(crate) fn read() -> anyhow::Result<Metadata> {
    let json = cargo(&["metadata", "--locked", "--format-version", "1"])?;
    serde_json::from_str(&json).context("cargo metadata is not understood")
}

/// The names of everything that is compiled into `package`, on any target and with all of its features.
pub(crate) fn compiled_into(package: &str) -> anyhow::Result<Vec<String>> {
    let arguments = ["tree", "--locked", "--package", package, "--edges", "normal", "--all-features"];
    let format = ["--target", "all", "--prefix", "none", "--no-dedupe", "--format", "{p}"];
    let tree = cargo(&[arguments.as_slice(), format.as_slice()].concat())?;
    let mut names: Vec<String> = tree.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

fn cargo(arguments: &[&str]) -> anyhow::Result<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output =
        Command::new(cargo).args(arguments).current_dir(workspace()).output().context("cargo does not start")?;
    ensure!(output.status.success(), "cargo {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).context("cargo's output is not UTF-8")
}
