//! A plan as people, cmd.exe and programs read it.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use clap::ValueEnum;
use rdpdoctor_protocol::text::safe_text;
use rdpdoctor_repair::action::Restart;
use rdpdoctor_repair::plan::{Measure, Plan, Planned, Reason};
use rdpdoctor_repair::step::Step;
use rdpdoctor_repair::undo::opposite;

/// Characters of a line.
const LONGEST_LINE: usize = 2000;
/// Characters of a step that is told of while it is made.
const LONGEST_STEP: usize = 400;
/// What a person who restarts the services should know.
const CUTS_OFF: &str = "Every Remote Desktop session is cut off meanwhile";

/// In which form a plan is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Format {
    /// For people
    #[default]
    Text,
    /// Lines for cmd.exe, for those who may not run a program there
    Cmd,
    /// For programs
    Json,
}

/// The plan for people.
pub(super) fn text(plan: &Plan) -> String {
    let mut text = String::new();
    for (place, measure) in plan.measures.iter().enumerate() {
        measured(&mut text, place + 1, measure);
    }
    around(&mut text, plan);
    if plan.restart() == Restart::Windows {
        line(&mut text, "It takes effect when Windows is started again; rdpdoctor does not restart it.");
    }
    for said in at_once(plan) {
        line(&mut text, &said);
    }
    refused(&mut text, plan, "Not mended by program:", &[Reason::ByPerson, Reason::NotProven]);
    refused(&mut text, plan, "Nothing to do:", &[Reason::NotFound, Reason::AlreadySo]);
    text
}

/// What to type where the running firewall does not tell what it does; nothing where it tells.
pub(super) fn at_once(plan: &Plan) -> Vec<String> {
    let typed: Vec<String> = plan.unanswered().flat_map(Step::by_hand).map(|typed| format!("  {typed}")).collect();
    if typed.is_empty() {
        return typed;
    }
    let said =
        "The running firewall does not tell what it does: the rules count from the next start of Windows. At once:";
    let seven = "  on Windows 7 and Server 2008 R2: netsh advfirewall firewall set rule group=\"@FirewallAPI.dll,-28752\" new enable=yes";
    [said.to_owned()].into_iter().chain(typed).chain([seven.to_owned()]).collect()
}

fn refused(text: &mut String, plan: &Plan, heading: &str, reasons: &[Reason]) {
    let mut refused = plan.refused.iter().filter(|refused| reasons.contains(&refused.reason)).peekable();
    if refused.peek().is_some() {
        line(text, heading);
    }
    refused.for_each(|refused| line(text, &format!("  {}: {}", refused.cause, refused.why)));
}

fn measured(text: &mut String, number: usize, measure: &Measure) {
    let action = measure.action;
    line(text, &format!("{number}. {} ({})", action.title, action.id));
    let mends = if action.causes.is_empty() { "nothing: it is a bridge".to_owned() } else { measure.causes.join(", ") };
    line(text, &format!("   mends       {mends}"));
    let interrupts = if action.interrupts.is_empty() { "nothing" } else { action.interrupts };
    line(text, &format!("   interrupts  {interrupts}"));
    line(text, &format!("   risk        {}", action.risk));
    for planned in &measure.steps {
        line(text, &format!("   - {}", planned.step));
        if !matches!(planned.before, rdpdoctor_repair::State::File { .. }) {
            line(text, &format!("     now {}", planned.before));
        }
        if let Some(note) = &planned.note {
            line(text, &format!("     note: {note}"));
        }
    }
    text.push('\n');
}

fn around(text: &mut String, plan: &Plan) {
    let names = |steps: &[Planned]| {
        let names = steps.iter().filter_map(|planned| match &planned.step {
            Step::StopService { service } | Step::StartService { service } => Some(service.as_str()),
            _ => None,
        });
        names.collect::<Vec<_>>().join(", ")
    };
    if !plan.stops.is_empty() {
        let (stops, starts) = (names(&plan.stops), names(&plan.starts));
        line(text, &format!("Stopped before it: {stops}. Started after it: {starts}. {CUTS_OFF}."));
    }
}

/// Lines for cmd.exe, with what takes them back.
pub(super) fn cmd(plan: &Plan) -> String {
    let mut text = String::new();
    remark(&mut text, &format!("rdpdoctor {}: a plan for cmd.exe as administrator", env!("CARGO_PKG_VERSION")));
    remark(&mut text, "there is no journal of what is done by hand: the lines at the end take it back");
    for measure in &plan.measures {
        remark(&mut text, &format!("{} ({})", measure.action.title, measure.causes.join(", ")));
    }
    for refused in &plan.refused {
        remark(&mut text, &format!("not in it: {}: {}", refused.cause, refused.why));
    }
    if plan.is_empty() {
        remark(&mut text, "nothing would be changed");
        return text;
    }
    for planned in plan.steps() {
        planned.note.iter().for_each(|note| remark(&mut text, note));
        planned.step.by_hand().iter().for_each(|typed| line(&mut text, typed));
    }
    if plan.restart() == Restart::Windows {
        remark(&mut text, "then restart Windows");
    }
    remark(&mut text, "to take it back:");
    let steps: Vec<&Planned> = plan.steps().collect();
    for planned in steps.iter().rev() {
        let back = opposite(&planned.step, &planned.before);
        back.iter().flat_map(Step::by_hand).for_each(|typed| remark(&mut text, &typed));
    }
    text
}

fn remark(text: &mut String, said: &str) {
    line(text, &format!("rem {said}"));
}

/// One line of harmless characters.
fn line(text: &mut String, said: &str) {
    let _ = writeln!(text, "{}", safe_text(said, LONGEST_LINE));
}

/// A step in one line of harmless characters.
pub(super) fn shown(step: &Step) -> String {
    safe_text(step.to_string(), LONGEST_STEP)
}

/// Says on stderr what is about to be done.
pub(super) fn tell(step: &Step) {
    let _ = writeln!(io::stderr(), "  {}", shown(step));
}
