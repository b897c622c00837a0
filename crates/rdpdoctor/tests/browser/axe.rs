//! axe-core, the accessibility checker: fetched once, never part of the repository.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use rdpdoctor_testbed::Unavailable;
use rdpdoctor_testbed::chromium::Browser;

const VERSION: &str = "4.14.1";
/// Rule, help and the first places of what is wrong; one line each.
const CHECK: &str = "axe.run(document, { resultTypes: ['violations'] }).then(result => result.violations.map(found => \
     `${found.id}: ${found.help}: ${found.nodes.slice(0, 3).map(node => node.html + ' ' + node.failureSummary).join(' | ')}`))";

/// The script, from the cache or from the package registry.
pub(crate) fn script() -> Result<String, Unavailable> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("axe-core-{VERSION}"));
    let script = folder.join("package/axe.min.js");
    if !script.is_file() {
        fetch(&folder)?;
    }
    Ok(fs::read_to_string(script)?)
}

/// What is wrong with the open page for people who see, hear or move otherwise.
pub(crate) fn violations(browser: &mut Browser, script: &str) -> io::Result<Vec<String>> {
    browser.evaluate(&format!("{script}; true"))?;
    let found = browser.evaluate(CHECK)?;
    let lines = found.as_array().ok_or_else(|| io::Error::other(found.to_string()))?;
    Ok(lines.iter().map(|line| line.as_str().unwrap_or_default().to_owned()).collect())
}

fn fetch(folder: &Path) -> Result<(), Unavailable> {
    fs::create_dir_all(folder)?;
    run(Command::new("npm").args(["pack", "--silent", &format!("axe-core@{VERSION}")]).current_dir(folder))?;
    let archive = format!("axe-core-{VERSION}.tgz");
    run(Command::new("tar").args(["-xzf", &archive, "package/axe.min.js"]).current_dir(folder))
}

fn run(command: &mut Command) -> Result<(), Unavailable> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Unavailable::ProgramMissing(program.clone()),
        _ => error.into(),
    })?;
    if output.status.success() {
        return Ok(());
    }
    Err(Unavailable::NotReady { program, log: String::from_utf8_lossy(&output.stderr).into_owned() })
}
