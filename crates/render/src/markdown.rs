//! Markdown for tickets and chats: what GitHub, GitLab, Jira and Teams all read, with commands to copy.

mod clients;
mod escape;

use jiff::tz::TimeZone;
use rdpdoctor_diagnosis::rdp_file::FileRemark;
use rdpdoctor_diagnosis::report::{Avoid, Outcome, ProtocolState, Report, ReportFinding, StageRow, WayIn, WayInState};
use rdpdoctor_diagnosis::{Remedy, Verdict};

use crate::reported::{Answer, answers, heading};
use crate::words;
use escape::{code, fenced, prose, text};

/// All reports of a run, with local times in this zone beside UTC; several targets begin with a table of them.
pub fn report(reports: &[Report], zone: &TimeZone) -> String {
    let sections = reports.iter().map(|report| target(report, zone));
    let table = (reports.len() > 1).then(|| summary(reports));
    table.into_iter().chain(sections).collect::<Vec<_>>().join("\n---\n\n")
}

fn summary(reports: &[Report]) -> String {
    let row = |report: &Report| {
        let cause = report.root().map_or("–".to_owned(), |root| text(words::finding(root)));
        [format!("{} {}", sign(report.verdict), words::verdict(report.verdict)), text(words::target(report)), cause]
    };
    table(["Verdict", "Target", "Root cause"], reports.iter().map(row))
}

fn target(report: &Report, zone: &TimeZone) -> String {
    let mut blocks = vec![verdict(report), steps(&report.stages)];
    blocks.extend(protocols(report));
    blocks.extend(identity(report));
    blocks.extend(codes(report));
    blocks.extend(clients::asked(report));
    if let Some(root) = report.root() {
        blocks.extend(list("Proof", root.proof.iter().map(|item| prose(&item.text))));
        blocks.extend(remedies(&root.remedies));
        blocks.extend(list("What not to do", report.avoid.iter().map(avoid)));
    }
    blocks.extend(list("Connection files", report.remarks.iter().map(remark)));
    blocks.extend(ways_in(report));
    blocks.extend(clients::groups(report));
    blocks.extend(list("Not as it comes", report.deviation.iter().map(|item| prose(&words::deviation(item)))));
    blocks.extend(list("Missing", words::missing(report).map(|text| prose(text))));
    blocks.extend(report.root().map(|root| format!("More: {}\n", code(&words::explain(root)))));
    blocks.extend(list("Also found", words::others(report).map(|other| also(report, other))));
    blocks.push(footer(report, zone));
    blocks.join("\n")
}

fn verdict(report: &Report) -> String {
    let word = words::verdict(report.verdict).to_uppercase();
    let address = words::address(report).map_or(String::new(), |address| format!(" ({address})"));
    let found = report.root().map_or(String::new(), |root| format!(" ({})", found(root)));
    let name = code(&words::target(report));
    format!("## {} {word} {name}{address}\n\n**{}**{found}\n", sign(report.verdict), text(words::sentence(report)))
}

fn found(root: &ReportFinding) -> String {
    format!("{}, {}", code(&root.cause), words::certainty(root.certainty))
}

fn steps(rows: &[StageRow]) -> String {
    let row = |row: &StageRow| {
        let took = row.duration_ms.map(words::duration).unwrap_or_default();
        [format!("{} {}", mark(row.outcome), row.stage), took, text(&row.summary)]
    };
    table(["Step", "Took", "What was seen"], rows.iter().map(row))
}

fn protocols(report: &Report) -> Option<String> {
    let rows = report.protocols.rows().into_iter().filter(|(_, state)| *state != ProtocolState::NotMeasured);
    let states: Vec<String> =
        rows.map(|(name, state)| format!("{} {}", code(name), words::protocol_state(state))).collect();
    (!states.is_empty()).then(|| format!("Security: {}\n", states.join(", ")))
}

fn identity(report: &Report) -> Option<String> {
    let lines: Vec<String> =
        crate::identity::lines(report).into_iter().map(|(name, line)| format!("- {name}: {}\n", text(line))).collect();
    (!lines.is_empty()).then(|| lines.concat())
}

fn codes(report: &Report) -> Option<String> {
    let line = |(name, meaning): &(&str, String)| format!("- {}: {}\n", code(name), prose(meaning));
    let one = |answer: Answer<'_>| {
        let codes: Vec<String> = answer.codes.iter().map(line).collect();
        format!("{}\n{}\n", codes.concat(), prose(answer.advice))
    };
    let answers: Vec<String> = answers(report).into_iter().map(one).collect();
    (!answers.is_empty()).then(|| format!("### {}\n\n{}", heading(report), answers.join("\n")))
}

fn remedies(remedies: &[Remedy]) -> Option<String> {
    let all: Vec<String> = (1..).zip(remedies).map(|(number, remedy)| one(number, remedy)).collect();
    (!all.is_empty()).then(|| format!("### What to do\n\n{}", all.join("\n")))
}

fn one(number: usize, remedy: &Remedy) -> String {
    let title = prose(&remedy.title);
    let interrupts = prose(words::interrupts(remedy));
    let commands: String = shells(remedy).into_iter().flat_map(|shell| ["\n".to_owned(), shell]).collect();
    let place = words::place(remedy.place);
    let undo = prose(&remedy.undo);
    format!("**{number}. {title}**\n\n{place}. Interrupts: {interrupts}. Undo: {undo}.\n{commands}")
}

fn avoid(avoid: &Avoid) -> String {
    let more = code(&words::explain_remedy(avoid));
    format!("{}: {} {more}", prose(&avoid.title), prose(&avoid.risks))
}

/// A twin for `cmd.exe` is there where the first commands are PowerShell's.
fn shells(remedy: &Remedy) -> Vec<String> {
    if remedy.cmd.is_empty() {
        return Some(&remedy.commands).filter(|all| !all.is_empty()).map(|all| fenced("", all)).into_iter().collect();
    }
    let shells = [("PowerShell", "powershell", &remedy.commands), ("cmd.exe", "bat", &remedy.cmd)].into_iter();
    shells.map(|(name, language, commands)| format!("{name}:\n\n{}", fenced(language, commands))).collect()
}

fn remark(remark: &FileRemark) -> String {
    let text = prose(&remark.text);
    let text = if remark.grave { format!("**{text}**") } else { text };
    format!("{}: {text}", code(&words::file_place(remark)))
}

fn ways_in(report: &Report) -> Option<String> {
    let (gone, there): (Vec<&WayIn>, Vec<&WayIn>) =
        report.ways_in.iter().partition(|way| way.state == WayInState::Closed);
    let names: Vec<&str> = gone.iter().map(|way| way.title.as_str()).collect();
    let gone = (!names.is_empty()).then(|| text(format!("no answer: {}", names.join(", "))));
    let unasked = !report.ways_in.is_empty() && report.evidence.services.is_empty();
    let hint = unasked.then(|| prose(words::ASK_WAYS_IN));
    list("Another way in", there.into_iter().map(way_in).chain(gone).chain(hint))
}

fn way_in(way: &WayIn) -> String {
    let state = match way.state {
        WayInState::Open => " (answers)",
        WayInState::Unclear => " (something else is there)",
        WayInState::NotAsked | WayInState::Closed => "",
    };
    let commands: Vec<String> =
        std::iter::once(&way.command).chain(&way.then).filter(|c| !c.is_empty()).map(|c| code(c)).collect();
    if commands.is_empty() {
        return format!("{}{state}: {}", text(&way.title), prose(&way.needs));
    }
    format!("{}{state}: {}", text(&way.title), commands.join(", then "))
}

fn also(report: &Report, other: &ReportFinding) -> String {
    let role = words::role(report.root(), other);
    format!("{} ({role}, {}): {}", text(&other.title), words::certainty(other.certainty), code(&other.cause))
}

fn footer(report: &Report, zone: &TimeZone) -> String {
    let when = words::time(report.evidence.started, zone);
    format!("{}, {when}, rdpdoctor {}\n", words::effort(report), env!("CARGO_PKG_VERSION"))
}

fn list(heading: &str, items: impl Iterator<Item = String>) -> Option<String> {
    let items: Vec<String> = items.map(|item| format!("- {item}\n")).collect();
    (!items.is_empty()).then(|| format!("### {heading}\n\n{}", items.concat()))
}

fn table(head: [&str; 3], rows: impl Iterator<Item = [String; 3]>) -> String {
    let rows: Vec<String> = rows.map(|row| format!("| {} |\n", row.join(" | "))).collect();
    format!("| {} |\n| --- | --- | --- |\n{}", head.join(" | "), rows.concat())
}

fn sign(verdict: Verdict) -> char {
    match verdict {
        Verdict::Healthy => '✅',
        Verdict::Warning => '🟡',
        Verdict::Broken => '❌',
        Verdict::Unreachable => '⛔',
        Verdict::Inconclusive => '❔',
    }
}

fn mark(outcome: Outcome) -> char {
    match outcome {
        Outcome::Passed => '✅',
        Outcome::Warned => '🟡',
        Outcome::Failed => '❌',
        Outcome::Skipped => '➖',
    }
}
