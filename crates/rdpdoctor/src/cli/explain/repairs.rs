//! What mends by program: `explain` of a repair, and what the page of a cause says of it.

use std::fmt::Write as _;

use rdpdoctor_diagnosis::Cause;
use rdpdoctor_diagnosis::catalogue::remedies::remedy;
use rdpdoctor_diagnosis::explain::printed::{RepairPage, SCHEMA_VERSION};
use rdpdoctor_repair::action::{Action, all, for_cause};

/// The one of this id; case and underscores do not matter.
pub(in crate::cli) fn find(id: &str) -> Option<&'static Action> {
    let id = id.trim().to_lowercase().replace('_', "-");
    all().find(|repair| repair.id == id)
}

/// The page of a repair: what to type first, then the page that it has in the book.
pub(super) fn page(repair: &Action) -> String {
    let mut text = format!("# {}\n\n`{}` · {}\n\n", repair.title, repair.id, kind(repair));
    let _ = writeln!(text, "```\n{}\n```\n", command(repair));
    text.push_str("On the server; it only shows the plan, which `--apply` makes.\n");
    // Without its first line, which is the id.
    text.push_str(repair.page.split_once('\n').map_or("", |(_, rest)| rest));
    let _ = writeln!(text, "\n## What it risks\n{}", sentence(repair.risk));
    if !repair.causes.is_empty() {
        text.push_str("\n## Causes that it mends\n");
        repair.causes.iter().for_each(|id| text.extend(["- `", id, "`\n"]));
    }
    if remedy(repair.id).is_some() {
        let _ =
            writeln!(text, "\nWhat people do under this name is judged by `rdpdoctor explain remedy:{}`.", repair.id);
    }
    text
}

/// A repair for programs.
pub(super) fn printed(repair: &'static Action) -> RepairPage {
    RepairPage {
        schema_version: SCHEMA_VERSION,
        repair: repair.id,
        title: repair.title,
        mends: repair.causes,
        command: command(repair),
        interrupts: repair.interrupts,
        risk: repair.risk,
        page: repair.page,
    }
}

/// What the page of a cause says of those that mend it; nothing where none does.
pub(super) fn of_cause(cause: &Cause) -> String {
    let mending: Vec<&Action> = for_cause(cause.id).collect();
    if mending.is_empty() {
        return String::new();
    }
    let mut text =
        format!("\n## By program\nOn the server, to see the plan:\n\n```\nrdpdoctor host fix {}\n```\n\n", cause.id);
    for repair in mending {
        let _ = writeln!(text, "- `{}`: {}. More: `rdpdoctor explain {}`", repair.id, repair.title, repair.id);
    }
    text
}

fn kind(repair: &Action) -> &'static str {
    if repair.causes.is_empty() { "a bridge, which is taken back by itself" } else { "a repair by program" }
}

fn command(repair: &Action) -> String {
    format!("rdpdoctor host fix {}", repair.causes.first().unwrap_or(&repair.id))
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let capital: String =
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect());
    if capital.ends_with('.') { capital } else { capital + "." }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_repair_has_a_page_with_what_to_type() {
        for repair in all() {
            let page = page(find(repair.id).unwrap());
            assert!(page.contains("```\nrdpdoctor host fix ") && page.contains("\n## How to undo it\n"), "{page}");
            assert_eq!(page.matches("\n# ").count(), 0, "one title: {page}");
            assert!(repair.causes.iter().all(|id| page.contains(&format!("- `{id}`"))), "{page}");
        }
        assert!(page(find("NLA_off").unwrap()).contains("remedy:nla-off"));
    }

    #[test]
    fn a_cause_names_its_repairs() {
        let of = |id| of_cause(rdpdoctor_diagnosis::causes::find(id).unwrap());
        assert!(of("machine-keys-permissions").contains("`grant-key-read`"));
        assert_eq!(of("port-filtered"), "");
    }
}
