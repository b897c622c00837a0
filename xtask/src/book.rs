//! The pages of the book that are written from the catalogue, and the table of contents around them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::{Context, Result};
use rdpdoctor_diagnosis::catalogue::codes::{Code, FAMILIES, Family, codes, events};
use rdpdoctor_diagnosis::catalogue::remedies::{JudgedRemedy, remedies};
use rdpdoctor_diagnosis::causes::CAUSES;
use rdpdoctor_diagnosis::told::{Values, facts};
use rdpdoctor_diagnosis::{Cause, Severity};

use crate::metadata;

mod repairs;

/// The chapters that people write, before those that are generated.
const CHAPTERS: &str = "docs/chapters.md";
/// Folders that hold generated pages and nothing else.
pub(crate) const FOLDERS: [&str; 3] = ["docs/src/causes", "docs/src/codes", "docs/src/repairs"];

/// Every generated page, by its path in the workspace.
pub(crate) fn pages() -> Result<Vec<(String, String)>> {
    let single = [
        ("SUMMARY", summary()?),
        ("causes", causes()),
        ("codes", codes_index()),
        ("events", events_page()),
        ("facts", facts_page()),
        ("remedies", remedies_page()),
        ("repairs", repairs::index()),
    ];
    let mut pages: Vec<(String, String)> =
        single.into_iter().map(|(name, text)| (format!("docs/src/{name}.md"), text)).collect();
    pages.extend(FAMILIES.iter().map(|family| (format!("docs/src/codes/{}.md", family.id), family_page(family))));
    pages.extend(CAUSES.iter().map(|cause| (format!("docs/src/causes/{}.md", cause.id), cause_page(cause))));
    pages.extend(repairs::all().map(|action| (format!("docs/src/repairs/{}.md", action.id), repairs::page(action))));
    Ok(pages)
}

fn summary() -> Result<String> {
    let chapters = std::fs::read_to_string(metadata::workspace().join(CHAPTERS)).context(CHAPTERS)?;
    let mut text = chapters.trim_end().to_owned();
    text.push_str("\n- [Causes](causes.md)\n");
    for cause in CAUSES {
        let _ = writeln!(text, "  - [{}](causes/{}.md)", cause.id, cause.id);
    }
    text.push_str("- [Repairs](repairs.md)\n");
    for action in repairs::all() {
        let _ = writeln!(text, "  - [{}](repairs/{}.md)", action.id, action.id);
    }
    text.push_str("- [Codes](codes.md)\n");
    for family in FAMILIES {
        let _ = writeln!(text, "  - [{}](codes/{}.md)", capital(family.title), family.id);
    }
    text.push_str("- [Events](events.md)\n- [Facts](facts.md)\n- [Remedies, judged](remedies.md)\n");
    Ok(text)
}

fn causes() -> String {
    let mut text = "# Causes\n\nEvery root cause that `rdpdoctor` knows, in the order of a connection.\n".to_owned();
    for causes in CAUSES.chunk_by(|one, next| one.stage == next.stage) {
        let Some(first) = causes.first() else { continue };
        let _ = write!(text, "\n## {}\n\n| cause | what is wrong | what it does |\n| --- | --- | --- |\n", first.stage);
        for cause in causes {
            let _ = writeln!(text, "| {} | {} | {} |", link(cause.id), cause.title, severity(cause.severity));
        }
    }
    text
}

/// The page of `explain`, included where it lies, and what only the tables know.
fn cause_page(cause: &Cause) -> String {
    let source = format!("../../../crates/diagnosis/src/causes/{}/{}.md", cause.stage, cause.id);
    let mut text = format!("{{{{#include {source}}}}}\n\n## In the report\n\n");
    let _ = writeln!(text, "`{}`, stage {}, {}.", cause.id, cause.stage, severity(cause.severity));
    let symptoms: Vec<String> = cause.explains.iter().map(|id| format!("[{id}]({id}.md)")).collect();
    if !symptoms.is_empty() {
        let _ = writeln!(text, "Where it is found, these are its symptoms: {}.", symptoms.join(", "));
    }
    text.push_str(&repairs::of_cause(cause));
    let speaking: Vec<&Code> = codes().iter().filter(|code| code.causes.contains(&cause.id)).collect();
    if !speaking.is_empty() {
        text.push_str("\n## Codes that fit\n\n");
        for code in speaking {
            let family = code.family;
            let name = named(code).map_or(String::new(), |name| format!(" `{name}`"));
            let number = if family.numbered { format!(" `{}`", code.number()) } else { String::new() };
            let _ = writeln!(text, "- [{}](../codes/{}.md){number}{name}", family.title, family.id);
        }
    }
    text
}

fn codes_index() -> String {
    let about = "Every number that a client, a log or a capture shows, by the numbering that it belongs to. The same number means \
                 different things in different ones; `rdpdoctor explain CODE` sorts them out.";
    let mut text = format!("# Codes\n\n{about}\n\n| numbering | where one meets it | rows |\n| --- | --- | --- |\n");
    for family in FAMILIES {
        let rows = codes().iter().filter(|code| code.family == family).count();
        let _ = writeln!(text, "| [{}](codes/{}.md) | {} | {rows} |", cell(family.title), family.id, cell(family.met));
    }
    text
}

fn family_page(family: &Family) -> String {
    let mut text =
        format!("# {}\n\nMet in: {}. In `explain`: `--list {}`.\n\n", capital(family.title), family.met, family.id);
    text.push_str(
        "| code | name | meaning | causes that fit | standing | source |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for code in codes().iter().filter(|code| code.family == family) {
        let number = if family.numbered { format!("`{}`", code.number()) } else { String::new() };
        let name = named(code).map_or(String::new(), |name| format!("`{}`", cell(name)));
        let causes: Vec<String> = code.causes.iter().map(|id| format!("[{id}](../causes/{id}.md)")).collect();
        let (meaning, source) = (cell(code.meaning), cell(code.source));
        let row = format!("| {number} | {name} | {meaning} | {} | {} | {source} |", causes.join(", "), code.confidence);
        text.push_str(&row);
        text.push('\n');
    }
    text
}

fn named(code: &Code) -> Option<&'static str> {
    Some(code.name).filter(|name| !name.is_empty())
}

fn events_page() -> String {
    let mut text = "# Events\n\nWhat the event logs of a Windows server, client or gateway say about Remote Desktop, by channel.\n".to_owned();
    let channels: BTreeSet<&str> = events().iter().map(|event| event.channel).collect();
    for channel in channels {
        let _ = write!(
            text,
            "\n## {channel}\n\n| provider | id | what it proves | causes that fit | standing |\n| --- | --- | --- | --- | --- |\n"
        );
        for event in events().iter().filter(|event| event.channel == channel) {
            let causes: Vec<String> = event.causes.iter().map(|id| link(id)).collect();
            let (provider, meaning) = (cell(event.provider), cell(event.meaning));
            let _ = writeln!(
                text,
                "| {provider} | {} | {meaning} | {} | {} |",
                event.id,
                causes.join(", "),
                event.confidence
            );
        }
    }
    text
}

fn facts_page() -> String {
    let about = "What a person can say before the cause is known, for `--fact ID` or `--fact ID=VALUE` of `explain` and `diagnose`. Each \
                 moves the causes that it speaks for or against.";
    let mut text =
        format!("# Facts\n\n{about}\n\n| fact | what it says | value | examples |\n| --- | --- | --- | --- |\n");
    for fact in facts() {
        let (meaning, examples) = (cell(&fact.meaning), cell(&fact.examples));
        let values = match &fact.values {
            Values::None => String::new(),
            Values::Number => "a number".to_owned(),
            Values::Status => "a status value".to_owned(),
            Values::OneOf(values) => values.join(", "),
        };
        let _ = writeln!(text, "| `{}` | {} | {values} | {examples} |", fact.id, meaning.replace("{}", "…"));
    }
    text
}

fn remedies_page() -> String {
    let about = "What people do about failed connections, or are told to do, and what it is worth. `rdpdoctor explain remedy:ID` shows the \
                 same. \"Here\" is a connection that fails before a logon.";
    let mut text =
        format!("# Remedies, judged\n\n{about}\n\n| remedy | worth | causes that it mends |\n| --- | --- | --- |\n");
    for remedy in remedies() {
        let (title, worth, causes) = (cell(&remedy.title), remedy.verdict.word(), mended(remedy));
        let _ = writeln!(text, "| [{title}](#{}) | {worth} | {causes} |", remedy.id);
    }
    for remedy in remedies() {
        text.push_str(&remedy_section(remedy));
    }
    text
}

fn remedy_section(remedy: &JudgedRemedy) -> String {
    let JudgedRemedy { id, title, .. } = remedy;
    let mut text = format!("\n## {} {{#{id}}}\n\n`remedy:{id}`, judged {}.\n\n", plain(title), remedy.verdict.phrase());
    let better = match remedies().iter().find(|other| other.id == remedy.better) {
        Some(other) => format!("[{}](#{}).", plain(&other.title), other.id),
        None => plain(&remedy.better),
    };
    let parts = [
        ("What it really does", plain(&remedy.does)),
        ("When it helps", plain(&remedy.helps)),
        ("When it is useless", plain(&remedy.useless)),
        ("What it risks", plain(&remedy.risks)),
        ("The better way", better),
        ("Causes that it mends", mended(remedy)),
        ("Source", plain(&remedy.source)),
    ];
    for (name, part) in parts.into_iter().filter(|(_, part)| !part.is_empty()) {
        let _ = writeln!(text, "- **{name}:** {part}");
    }
    text
}

fn mended(remedy: &JudgedRemedy) -> String {
    remedy.causes.iter().map(|id| link(id)).collect::<Vec<_>>().join(", ")
}

/// Text in a cell of a table.
fn cell(text: &str) -> String {
    plain(text).replace('|', "\\|")
}

/// Text that makes no element.
fn plain(text: &str) -> String {
    text.replace('<', "&lt;").replace('>', "&gt;")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

fn link(id: &str) -> String {
    format!("[{id}](causes/{id}.md)")
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Blocks => "blocks",
        Severity::Degrades => "degrades",
        Severity::Informs => "informs",
    }
}
