use rdpdoctor_diagnosis::catalogue::codes::{Code, EVENT, Event, FAMILIES, codes, events, family};
use rdpdoctor_diagnosis::catalogue::remedies::remedies;
use rdpdoctor_diagnosis::causes::CAUSES;
use rdpdoctor_diagnosis::explain::printed::{self, Group, Row};
use rdpdoctor_diagnosis::near::near;
use rdpdoctor_diagnosis::told::Values;
use rdpdoctor_diagnosis::{Cause, Severity};
use rdpdoctor_protocol::text::safe_text;
use rdpdoctor_render::{Style, list};
use rdpdoctor_repair::action::{self, Action};

/// Names that are no families of codes.
const OTHERS: [&str; 7] = ["causes", "families", "events", EVENT, "remedies", "repairs", "facts"];

/// Names with a line about each, in groups.
#[derive(Debug, Default)]
pub(super) struct Listing {
    groups: Vec<Group>,
}

impl Listing {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// For programs.
    pub(super) fn shown(&self) -> printed::Listing {
        printed::Listing { schema_version: printed::SCHEMA_VERSION, groups: self.groups.clone() }
    }

    pub(super) fn group(mut self, title: &str, rows: impl Iterator<Item = (String, String)>) -> Self {
        let rows: Vec<Row> = rows.map(|(name, about)| Row { name, about }).collect();
        if !rows.is_empty() {
            self.groups.push(Group { title: title.to_owned(), rows });
        }
        self
    }

    pub(super) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    pub(super) fn text(&self, style: &Style) -> String {
        let mut text = String::new();
        for group in &self.groups {
            let gap = if text.is_empty() { "" } else { "\n" };
            let rows = group.rows.iter().map(|row| (row.name.as_str(), row.about.clone()));
            text.extend([gap, &list::heading(&group.title, style), &list::rows(2, rows, style)]);
        }
        if self.is_empty() { "Nothing found.\n".to_owned() } else { text }
    }

    pub(super) fn markdown(&self) -> String {
        let mut text = String::new();
        for group in &self.groups {
            let gap = if text.is_empty() { "" } else { "\n" };
            text.extend([gap, "## ", &group.title, "\n\n"]);
            for row in &group.rows {
                text.extend(["- `", &row.name, "`: ", &row.about, "\n"]);
            }
        }
        text
    }
}

/// What `--list NAME` shows; none where nothing is called so.
pub(super) fn of(name: &str) -> Option<Listing> {
    match name {
        "causes" => Some(list_causes()),
        "families" => Some(list_families()),
        "events" | EVENT => Some(list_events()),
        "remedies" => Some(list_remedies()),
        "repairs" => Some(Listing::new().group("repairs", action::all().map(repair_row))),
        "facts" => Some(facts()),
        id => family(id).map(|family| {
            let of_family = codes().iter().filter(|code| code.family == family);
            Listing::new().group(&format!("{} ({})", family.title, family.id), of_family.map(code_row))
        }),
    }
}

/// One line that names what may have been meant.
pub(super) fn unknown(name: &str) -> String {
    let shown = safe_text(name, 60);
    let families = FAMILIES.iter().map(|family| family.id).chain(OTHERS);
    match near(name, families).as_slice() {
        [] => format!("no list is called \"{shown}\"; \"rdpdoctor explain --list families\" names them"),
        near => format!("no list is called \"{shown}\"; did you mean {}?", near.join(" or ")),
    }
}

/// What `--fact` takes, by stage.
pub(super) fn facts() -> Listing {
    let all = rdpdoctor_diagnosis::told::facts();
    all.chunk_by(|one, next| one.stage == next.stage).fold(Listing::new(), |listing, facts| {
        let stage = facts.first().map_or("any", |fact| fact.stage.as_str());
        let title = if stage == "any" { "any stage" } else { stage };
        listing.group(
            title,
            facts.iter().map(|fact| (fact_name(&fact.id, &fact.values), fact_about(&fact.meaning, &fact.values))),
        )
    })
}

fn fact_name(id: &str, values: &Values) -> String {
    if *values == Values::None { id.to_owned() } else { format!("{id}=VALUE") }
}

fn fact_about(meaning: &str, values: &Values) -> String {
    let meaning = meaning.replace("{}", "VALUE");
    if *values == Values::None { meaning } else { format!("{meaning} (VALUE: {values})") }
}

pub(super) fn code_row(code: &Code) -> (String, String) {
    let number = code.number();
    let name = if code.family.numbered { number } else { code.name.to_owned() };
    let symbol = if code.family.numbered && !code.name.is_empty() { format!("{}: ", code.name) } else { String::new() };
    (name, format!("{symbol}{} [{}]", code.meaning, code.confidence))
}

pub(super) fn event_row(event: &Event) -> (String, String) {
    (format!("{}/{}", event.short_provider(), event.id), format!("{} [{}]", event.meaning, event.confidence))
}

pub(super) fn cause_row(cause: &Cause) -> (String, String) {
    (cause.id.to_owned(), format!("{} ({})", cause.title, severity(cause)))
}

pub(super) fn repair_row(repair: &Action) -> (String, String) {
    (repair.id.to_owned(), repair.title.to_owned())
}

fn list_causes() -> Listing {
    let by_stage = CAUSES.chunk_by(|one, next| one.stage == next.stage);
    by_stage.fold(Listing::new(), |listing, causes| {
        let stage = causes.first().map(|cause| cause.stage.to_string()).unwrap_or_default();
        listing.group(&stage, causes.iter().map(|cause| cause_row(cause)))
    })
}

fn list_families() -> Listing {
    let rows =
        FAMILIES.iter().map(|family| (family.id.to_owned(), format!("{}; seen in {}", family.title, family.met)));
    let events = (EVENT.to_owned(), "events of the Windows log".to_owned());
    Listing::new().group("families of codes", rows.chain([events]))
}

fn list_events() -> Listing {
    let by_provider = events().chunk_by(|one, next| one.provider == next.provider);
    by_provider.fold(Listing::new(), |listing, events| {
        let provider = events.first().map_or("", |event| event.provider);
        listing.group(provider, events.iter().map(event_row))
    })
}

fn list_remedies() -> Listing {
    let row = |remedy: &rdpdoctor_diagnosis::catalogue::remedies::JudgedRemedy| {
        (remedy.id.clone(), format!("{} ({})", remedy.title, remedy.verdict.phrase()))
    };
    Listing::new().group("remedies", remedies().iter().map(row))
}

fn severity(cause: &Cause) -> &'static str {
    match cause.severity {
        Severity::Blocks => "blocks",
        Severity::Degrades => "degrades",
        Severity::Informs => "informs",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_holds_every_cause() {
        let list = of("causes").unwrap().text(&Style::plain());
        assert!(CAUSES.iter().all(|cause| list.contains(&format!("\n  {} ", cause.id))));
        assert!(list.lines().all(|line| line.len() <= 80));
    }

    #[test]
    fn every_family_has_a_list() {
        for name in FAMILIES.iter().map(|family| family.id).chain(OTHERS) {
            let listing = of(name).unwrap_or_else(|| panic!("{name}"));
            assert!(!listing.is_empty() && !listing.markdown().is_empty(), "{name}");
        }
        assert!(of("nothing").is_none());
        assert!(unknown("tls-alerts").contains("tls-alert"));
    }

    #[test]
    fn every_fact_stands_in_the_list() {
        let list = facts().markdown();
        assert!(facts_of_table().all(|id| list.contains(&format!("- `{id}"))));
    }

    fn facts_of_table() -> impl Iterator<Item = &'static str> {
        rdpdoctor_diagnosis::told::facts().iter().map(|fact| fact.id.as_str())
    }
}
