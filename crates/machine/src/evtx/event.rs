//! An event as its reader hands it over.

use jiff::Timestamp;

/// An event: what every one has, and what its provider added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// EventRecordID.
    pub record: u64,
    /// When it happened.
    pub time: Timestamp,
    /// The provider's name.
    pub provider: String,
    /// The low 16 bits of EventID.
    pub id: u16,
    /// Severity and facility of a classic event id.
    pub qualifiers: Option<u16>,
    /// 1 critical, 2 error, 3 warning, 4 information, 5 verbose, 0 always (audit).
    pub level: u8,
    /// The log it was written to.
    pub channel: String,
    /// The name of the computer at the time.
    pub computer: String,
    /// The process that wrote it.
    pub process: Option<u32>,
    /// What belongs together: a GUID in braces and in lower case.
    pub activity: Option<String>,
    /// The SID of the account that wrote it.
    pub user: Option<String>,
    /// Name and value, in order. The name is that of a `Data` element, empty where it has none. Of other elements it is
    /// the path below `EventData` or `UserData`, such as `EventXML/Address`, and `/@name` for an attribute.
    pub data: Vec<(String, String)>,
    /// What a classic event adds besides its strings.
    pub binary: Option<Vec<u8>>,
}

impl Event {
    /// The first value with this name, or with a path that ends in it.
    pub fn value(&self, name: &str) -> Option<&str> {
        let is = |path: &str| path.strip_suffix(name).is_some_and(|head| head.is_empty() || head.ends_with('/'));
        self.data.iter().find(|(path, _)| !name.is_empty() && is(path)).map(|(_, value)| value.as_str())
    }
}
