//! The pages of the book on what mends by program.

use std::fmt::Write as _;

use rdpdoctor_diagnosis::causes::CAUSES;
use rdpdoctor_diagnosis::{Cause, Stage};
use rdpdoctor_repair::action::{ACTIONS, Action, BRIDGES, HARMFUL, Restart, for_cause, why_not};

use super::cell;

/// All that have a page, in the order in which they are done.
pub(super) fn all() -> impl Iterator<Item = &'static Action> {
    ACTIONS.iter().chain(BRIDGES).copied()
}

/// What there is, and what is refused.
pub(super) fn index() -> String {
    let about = "What `rdpdoctor host fix` can do, in the order in which a plan does it; [Mend and undo](repair.md) says how. Each page \
                 has the same by hand.";
    let mut text = format!(
        "# Repairs\n\n{about}\n\n| repair | what it does | mends | has to be restarted |\n| --- | --- | --- | --- |\n"
    );
    for action in ACTIONS {
        let (title, causes) = (cell(action.title), causes(action, "causes/"));
        let _ = writeln!(text, "| {} | {title} | {causes} | {} |", link(action), restarted(action.restart));
    }
    text.push_str("\n## Bridges\n\n");
    text.push_str(
        "These mend nothing and help for a while. Each is made only with `--for`, and is taken back by itself.\n\n",
    );
    text.push_str("| bridge | what it does | risk |\n| --- | --- | --- |\n");
    for action in BRIDGES {
        let _ = writeln!(text, "| {} | {} | {} |", link(action), cell(action.title), cell(action.risk));
    }
    text.push_str(&left_to_a_person());
    text.push_str("\n## Refused\n\n");
    text.push_str(
        "Recipes that are often given and do harm. `rdpdoctor host fix ID` says the same, and does nothing.\n\n",
    );
    text.push_str("| id | recipe | what it breaks | instead |\n| --- | --- | --- | --- |\n");
    for harmful in HARMFUL {
        let [recipe, why, instead] = [harmful.title, harmful.why, harmful.instead].map(cell);
        let _ = writeln!(text, "| `{}` | {recipe} | {why} | {instead} |", harmful.id);
    }
    text
}

fn left_to_a_person() -> String {
    let about = "Causes on the server itself that no program should mend, and what to do. A plan says the same.";
    let mut text = format!("\n## Left to a person\n\n{about}\n\n| cause | what to do |\n| --- | --- |\n");
    let is_left = |cause: &&Cause| cause.stage == Stage::Host && for_cause(cause.id).next().is_none();
    for cause in CAUSES.iter().copied().filter(is_left) {
        let _ = writeln!(text, "| {} | {} |", super::link(cause.id), cell(&why_not(cause.id)));
    }
    text
}

/// The action's own page, included where it lies, below what its fields say.
pub(super) fn page(action: &Action) -> String {
    let mut text = format!("# {}\n\n{}.\n\n", action.id, cell(action.title));
    let (causes, risk) = (causes(action, "../causes/"), cell(action.risk));
    if causes.is_empty() {
        let _ = writeln!(text, "- **To type:** `rdpdoctor host fix {} --for 30m --apply`", action.id);
        text.push_str("- **Mends:** nothing; it is a bridge\n");
    } else {
        let named = action.causes.first().copied().unwrap_or_default();
        let _ = writeln!(text, "- **To type:** `rdpdoctor host fix {named}`, which only shows it; `--apply` makes it");
        let _ = writeln!(text, "- **Mends:** {causes}");
    }
    let _ = writeln!(text, "- **Has to be restarted:** {}", restarted(action.restart));
    let _ = writeln!(text, "- **Risk:** {risk}\n");
    // Without its first line, which is the title.
    let _ = writeln!(text, "{{{{#include ../../../crates/repair/src/action/{}.md:2:}}}}", action.id);
    text
}

/// What the page of a cause says of those that mend it; nothing where none does.
pub(super) fn of_cause(cause: &Cause) -> String {
    let mending: Vec<&Action> = for_cause(cause.id).collect();
    if mending.is_empty() {
        return String::new();
    }
    let mut text =
        format!("\n## By program\n\n`rdpdoctor host fix {}`, typed on the server, shows how it would:\n\n", cause.id);
    for action in mending {
        let _ = writeln!(text, "- [{}](../repairs/{}.md): {}", action.id, action.id, cell(action.title));
    }
    text
}

fn link(action: &Action) -> String {
    format!("[{}](repairs/{}.md)", action.id, action.id)
}

fn causes(action: &Action, folder: &str) -> String {
    action.causes.iter().map(|id| format!("[{id}]({folder}{id}.md)")).collect::<Vec<_>>().join(", ")
}

fn restarted(restart: Restart) -> &'static str {
    match restart {
        Restart::Nothing => "nothing",
        Restart::Services => "SessionEnv and TermService: every session is cut off",
        Restart::Windows => "Windows, by you",
    }
}
