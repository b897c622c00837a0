use rdpdoctor_diagnosis::catalogue::ClientSetting;
use rdpdoctor_diagnosis::report::Report;

use super::escape::{code, prose, text};
use super::{list, table};
use crate::clients::{Group, known};
use crate::words;

/// Who gets through and who does not, and what would let clients in that do not.
pub(super) fn groups(report: &Report) -> Option<String> {
    let row = |group: &Group<'_>| {
        [words::client_outcome(group.outcome).to_owned(), text(group.names.join(", ")), text(group.reason)]
    };
    let groups = crate::clients::groups(&known(report));
    let rows = table(["Outcome", "Clients", "Why"], groups.iter().map(row));
    let of_client = |(client, setting): (&str, &ClientSetting)| format!("- {}: {}\n", text(client), with_cost(setting));
    let settings: String = groups.iter().flat_map(Group::settings).map(of_client).collect();
    let gap = if settings.is_empty() { "" } else { "\n" };
    (!groups.is_empty()).then(|| format!("### Clients\n\n{rows}{gap}{settings}"))
}

/// What the client that was asked about meets, and what its user can set.
pub(super) fn asked(report: &Report) -> Option<String> {
    let row = report.asked_client.as_ref()?;
    let outcome = format!("**{}**: {}", words::client_outcome(row.outcome), prose(&row.reason));
    let items = std::iter::once(outcome).chain(row.settings.iter().map(with_cost));
    list(&format!("For {}", text(&row.title)), items)
}

fn with_cost(setting: &ClientSetting) -> String {
    format!("{} (weakens: {})", code(&setting.setting), prose(&setting.weakens))
}
