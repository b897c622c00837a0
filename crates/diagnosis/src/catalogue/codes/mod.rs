//! Error codes and events of Remote Desktop, by family, with what each means and the causes that fit it.

mod event;
mod family;
mod read;
mod structure;

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use super::table;
use crate::Stage;
use crate::evidence::ToldCode;

use event::provider;

pub use event::{Event, events, events_told, events_with_id};
pub use family::{EVENT, FAMILIES, Family, family};
pub use read::{Reading, read};
pub use structure::structure;

/// Columns: family, code, name, meaning, stage, causes, confidence, source, also.
const TABLES: [&str; 13] = [
    include_str!("../../../../../data/codes/client_disconnect_reasons.csv"),
    include_str!("../../../../../data/codes/client_extended_reasons.csv"),
    include_str!("../../../../../data/codes/protocol_error_info.csv"),
    include_str!("../../../../../data/codes/protocol_other.csv"),
    include_str!("../../../../../data/codes/licensing.csv"),
    include_str!("../../../../../data/codes/tls_alerts.csv"),
    include_str!("../../../../../data/codes/schannel_error_states.csv"),
    include_str!("../../../../../data/codes/auth_status.csv"),
    include_str!("../../../../../data/codes/gateway.csv"),
    include_str!("../../../../../data/codes/client_apple_android_avd.csv"),
    include_str!("../../../../../data/codes/freerdp_and_others.csv"),
    include_str!("../../../../../data/codes/lsm_event40_reasons.csv"),
    include_str!("../../../../../data/codes/messages.csv"),
];
const COLUMNS: usize = 9;
/// How the column `also` introduces a second name.
const SECOND_NAME: &str = "The specification calls it ";

static CODES: LazyLock<Vec<Code>> = LazyLock::new(|| {
    let mut codes: Vec<Code> = TABLES.into_iter().flat_map(table::borrowed).filter_map(|row| code(&row)).collect();
    codes.sort_by_key(|code| code.rank);
    codes
});

static NAMES: LazyLock<HashMap<String, Vec<&'static Code>>> = LazyLock::new(|| {
    let mut names: HashMap<String, Vec<&'static Code>> = HashMap::with_capacity(CODES.len());
    for code in codes() {
        for name in [code.name, second_name(code)].into_iter().filter(|name| !name.is_empty()) {
            names.entry(letters(name)).or_default().push(code);
        }
    }
    names
});

/// What one number means in one family.
#[derive(Debug)]
pub struct Code {
    /// The numbering that it belongs to.
    pub family: &'static Family,
    /// The number; where the family has none, that of the row.
    pub value: u32,
    /// Its symbolic name, or its wording; empty where it has none.
    pub name: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// The stages at which it arises; empty where that may be any.
    pub stages: Vec<Stage>,
    /// Ids of the causes that fit, likeliest first. Our judgement, not the source's.
    pub causes: Vec<&'static str>,
    /// How far the source carries.
    pub confidence: Standing,
    /// Where it is written.
    pub source: &'static str,
    /// What goes with it; empty where nothing does.
    pub also: &'static str,
    rank: usize,
}

impl Code {
    /// The number as people write it.
    pub fn number(&self) -> String {
        if self.family.decimal { self.value.to_string() } else { format!("0x{:X}", self.value) }
    }
}

/// How far the source of a row carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Nobody vouches for it: a hint at most.
    Unverified,
    /// Concluded from other rows.
    Derived,
    /// Reported by people who met it.
    Field,
    /// Widely known, not read again in a source.
    Practice,
    /// The number is the vendor's, its reading here comes from reports.
    Mixed,
    /// Read in public source code.
    Code,
    /// The vendor's text as others carry it.
    Archived,
    /// Defined by the vendor or a standard.
    Official,
}

impl Standing {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "unverified" => Self::Unverified,
            "derived" => Self::Derived,
            "field" => Self::Field,
            "practice" => Self::Practice,
            "mixed" => Self::Mixed,
            "code" => Self::Code,
            "archived" => Self::Archived,
            "official" => Self::Official,
            _ => return None,
        })
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unverified => "unverified, a hint at most",
            Self::Derived => "concluded, not documented",
            Self::Field => "reported by people who met it",
            Self::Practice => "widely known",
            Self::Mixed => "official number, read here as people report it",
            Self::Code => "read in public source code",
            Self::Archived => "vendor text, as others carry it",
            Self::Official => "official",
        })
    }
}

/// Every code, by family in the order of [`FAMILIES`].
pub fn codes() -> &'static [Code] {
    &CODES
}

/// Everything that this number may mean, likeliest first.
pub fn lookup(value: u32) -> Vec<&'static Code> {
    let found = CODES.iter().filter(|code| code.family.numbered && answers(code, value));
    found.collect()
}

/// What a told code may mean: in its family where that is known, else in all, likeliest first. A number that is written
/// in decimal is sooner an alert.
pub fn readings(told: &ToldCode) -> Vec<&'static Code> {
    let Some(family) = &told.family else {
        let mut found = lookup(told.value);
        let decimal = told.text.bytes().all(|byte| byte.is_ascii_digit());
        found.sort_by_key(|code| decimal && code.family.id != "tls-alert");
        return found;
    };
    CODES.iter().filter(|code| code.family.id == family && answers(code, told.value)).collect()
}

/// The codes with this symbolic name; case, spaces and underscores do not matter.
pub fn by_name(name: &str) -> Vec<&'static Code> {
    NAMES.get(&letters(name)).cloned().unwrap_or_default()
}

fn second_name(code: &Code) -> &'static str {
    code.also.strip_prefix(SECOND_NAME).unwrap_or_default()
}

/// Whether the row is about this number, forms in which another layer wraps it included.
fn answers(code: &Code, value: u32) -> bool {
    let low = value & 0xFFFF;
    match code.family.id {
        // HRESULT_FROM_WIN32 and the plain Win32 number (MS-ERREF 2.1.2).
        "hresult" if value <= 0xFFFF => code.value == 0x8007_0000 | value,
        "gateway-proxy" if value <= 0xFFFF => code.value == value || code.value == 0x8007_0000 | value,
        "gateway-proxy" => code.value == value || (value >> 16 == 0x8007 && code.value == low),
        // FACILITY_NT_BIT: how an HRESULT wraps an NTSTATUS.
        "ntstatus" if value >> 28 == 0xD => code.value == value & !0x1000_0000,
        "error-info" if value >> 16 == 1 => code.value == low,
        "freerdp-errinfo" => value >> 16 == 1,
        _ => code.value == value,
    }
}

fn code(row: &[&'static str]) -> Option<Code> {
    let [id, number, name, meaning, stages, causes, confidence, source, also] =
        <[&str; COLUMNS]>::try_from(row).ok()?;
    let rank = FAMILIES.iter().position(|family| family.id == id)?;
    Some(Code {
        family: FAMILIES.get(rank)?,
        value: parse_number(number)?,
        name,
        meaning,
        stages: parse_stages(stages)?,
        causes: list(causes),
        confidence: Standing::parse(confidence)?,
        source,
        also,
        rank,
    })
}

fn parse_number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

fn parse_stages(text: &'static str) -> Option<Vec<Stage>> {
    list(text).into_iter().map(parse_stage).collect()
}

fn parse_stage(text: &str) -> Option<Stage> {
    Some(match text {
        "resolve" => Stage::Resolve,
        "gateway" => Stage::Gateway,
        "connect" => Stage::Connect,
        "negotiate" => Stage::Negotiate,
        "tls" => Stage::Tls,
        "certificate" => Stage::Certificate,
        "authenticate" => Stage::Authenticate,
        "session" => Stage::Session,
        "host" => Stage::Host,
        "client" => Stage::Client,
        _ => return None,
    })
}

fn list(text: &'static str) -> Vec<&'static str> {
    text.split(';').filter(|item| !item.is_empty()).collect()
}

/// Letters and digits alone, in lower case: how names and wordings are compared.
fn letters(text: &str) -> String {
    text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::known_causes;
