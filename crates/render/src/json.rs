//! JSON for programs (`schemas/report.json`).

use rdpdoctor_diagnosis::report::Report;
use serde_json::Error;

/// One report as an indented object, several as an array of them, with a line break at the end.
pub fn pretty(reports: &[Report]) -> Result<String, Error> {
    let mut text = match reports {
        [one] => serde_json::to_string_pretty(one)?,
        several => serde_json::to_string_pretty(several)?,
    };
    text.push('\n');
    Ok(text)
}

/// One report as one line, its line break included.
pub fn line(report: &Report) -> Result<String, Error> {
    let mut text = serde_json::to_string(report)?;
    text.push('\n');
    Ok(text)
}
