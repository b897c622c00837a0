//! What to set in a client that fails (`data/client_flags.toml`).

use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::profiles::Confidence;

/// The settings that help a client against a trouble, best first.
pub(crate) fn client_settings(client: &str, trouble: Trouble) -> impl Iterator<Item = &'static ClientSetting> {
    let fits = move |row: &&Row| row.against == trouble && row.clients.iter().any(|known| known == client);
    SETTINGS.iter().filter(fits).map(|row| &row.setting)
}

/// What to type or to set, and what is lost by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClientSetting {
    /// The command or setting.
    pub setting: String,
    /// What it weakens.
    pub weakens: String,
    /// How far our knowledge of it carries.
    pub confidence: Confidence,
    /// Documents and measurements.
    pub sources: Vec<String>,
}

/// A trouble that a setting of the client may help against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Trouble {
    /// The newest TLS version of the server is too old for it.
    OldTls,
    /// The certificate has expired or is not valid yet.
    DatedCertificate,
    /// The server demands CredSSP, which it does not ask for.
    NoCredssp,
}

#[derive(Debug, Deserialize)]
struct Row {
    clients: Vec<String>,
    against: Trouble,
    #[serde(flatten)]
    setting: ClientSetting,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    setting: Vec<Row>,
}

const TEXT: &str = include_str!("../../../../data/client_flags.toml");

/// A table that cannot be read would be an empty one; a test reads it before anybody else does.
static SETTINGS: LazyLock<Vec<Row>> = LazyLock::new(|| read(TEXT).unwrap_or_default());

fn read(text: &str) -> Result<Vec<Row>, toml::de::Error> {
    toml::from_str(text).map(|table: Table| table.setting)
}

#[cfg(test)]
mod tests {
    use super::super::profiles::profile;
    use super::*;

    #[test]
    fn the_table_reads_and_every_row_names_clients_and_sources() {
        let rows = read(TEXT).unwrap();
        assert_eq!(rows.len(), 7);
        for row in &rows {
            assert!(row.clients.iter().all(|client| profile(client).is_some()), "{row:?}");
            assert!(!row.setting.weakens.is_empty() && !row.setting.sources.is_empty(), "{row:?}");
        }
    }
}
