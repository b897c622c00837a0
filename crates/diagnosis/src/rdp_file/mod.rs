//! What is wrong with the saved connections of the machine that connects: against the server, for safety, in form.

mod contradicts;
mod form;
mod safety;

pub(crate) use contradicts::{Contradiction, contradictions};

use std::cmp::Reverse;

use rdpdoctor_protocol::text::safe_text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Detection;
use crate::causes::find;
use crate::evidence::snapshot::SavedConnection;
use crate::evidence::{Evidence, Target};

/// Remarks on all files together.
const MOST: usize = 200;
/// Characters of a value that are quoted.
const QUOTED: usize = 80;

/// Something to know of a connection file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileRemark {
    /// Where the file is.
    pub place: String,
    /// The number of the line, from 1; null where it is about the file.
    pub line: Option<usize>,
    /// One sentence.
    pub text: String,
    /// Whether it may keep the connection from working, or give away what should stay here.
    pub grave: bool,
}

/// What is to be said of the saved connections, the grave first.
pub fn remarks(evidence: &Evidence) -> Vec<FileRemark> {
    let mut remarks: Vec<FileRemark> = files(evidence)
        .flat_map(|file| {
            let against =
                contradicts::of(file, evidence).into_iter().map(|found| Remark::grave(found.line, found.text));
            let all = against.chain(safety::of(file, evidence)).chain(form::of(file));
            all.map(move |remark| remark.in_file(file.saved)).collect::<Vec<_>>()
        })
        .collect();
    remarks.sort_by_key(|remark| Reverse(remark.grave));
    remarks.truncate(MOST);
    remarks
}

/// Files that are for another server than the target, with their place and that server.
pub fn elsewhere(evidence: &Evidence) -> Vec<(&str, Target)> {
    if evidence.target.is_unnamed() {
        return Vec::new();
    }
    let others = files(evidence).filter(|file| !file.concerns(evidence));
    others.filter_map(|file| Some((file.saved.place.as_str(), file.target()?))).collect()
}

/// One remark on a file that is known from the context.
struct Remark {
    line: Option<usize>,
    text: String,
    grave: bool,
}

impl Remark {
    fn grave(line: Option<usize>, text: impl Into<String>) -> Self {
        Self { line, text: text.into(), grave: true }
    }

    fn note(line: Option<usize>, text: impl Into<String>) -> Self {
        Self { line, text: text.into(), grave: false }
    }

    fn in_file(self, saved: &SavedConnection) -> FileRemark {
        FileRemark { place: safe_text(&saved.place, 200), line: self.line, text: self.text, grave: self.grave }
    }
}

/// A saved connection with its place in the evidence.
#[derive(Clone, Copy)]
struct File<'a> {
    index: usize,
    saved: &'a SavedConnection,
}

impl<'a> File<'a> {
    fn line(self, name: &str) -> Option<usize> {
        self.saved.get(name).map(|setting| setting.line)
    }

    fn number(self, name: &str) -> Option<i64> {
        self.saved.number(name)
    }

    fn text(self, name: &str) -> Option<&'a str> {
        self.saved.text(name)
    }

    fn target(self) -> Option<Target> {
        self.saved.target()
    }

    /// Whether it is used to connect to the target: a file without an address serves every connection.
    fn concerns(self, evidence: &Evidence) -> bool {
        if evidence.target.is_unnamed() {
            return false;
        }
        match self.target() {
            Some(target) => same_host(&target, evidence),
            None => self.text("full address").is_none(),
        }
    }
}

fn files(evidence: &Evidence) -> impl Iterator<Item = File<'_>> {
    let saved = evidence.origin.as_deref().and_then(|origin| origin.connections.observed());
    saved.into_iter().flatten().enumerate().map(|(index, saved)| File { index, saved })
}

fn same_host(target: &Target, evidence: &Evidence) -> bool {
    if let Some(address) = target.literal() {
        return evidence.addresses().contains(&address);
    }
    let (theirs, asked) = (&target.host, &evidence.target.host);
    let label = |name: &str| name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let short = target.is_single_label() || evidence.target.is_single_label();
    theirs.trim_end_matches('.').eq_ignore_ascii_case(asked.trim_end_matches('.'))
        || (short && label(theirs) == label(asked))
}

/// Whether a cause fires on this evidence.
fn fires(id: &str, evidence: &Evidence) -> bool {
    find(id).is_some_and(|cause| matches!((cause.detect)(evidence), Detection::Confirmed(_) | Detection::Likely(_)))
}

fn quoted(text: &str) -> String {
    safe_text(text, QUOTED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Machine, Scene};

    fn placed(text: &str, scene: Scene) -> Evidence {
        let origin = Machine::healthy().saves("C:\\a.rdp", text).as_origin().origin;
        Evidence { origin, ..scene.evidence() }
    }

    #[test]
    fn a_file_concerns_the_target_that_it_names_or_any_where_it_names_none() {
        let concerns = |text: &str| {
            let evidence = placed(text, Scene::named("ts01.corp.example", &["10.0.0.5"]));
            files(&evidence).next().unwrap().concerns(&evidence)
        };
        for text in ["", "full address:s:", "full address:s:TS01", "full address:s:10.0.0.5:3390"] {
            assert!(concerns(text), "{text}");
        }
        for text in ["full address:s:ts02", "full address:s:ts01.other.example", "full address:s:a b"] {
            assert!(!concerns(text), "{text}");
        }
    }

    #[test]
    fn a_port_in_the_address_wins_over_the_setting() {
        let port = |text: &str| {
            let evidence = placed(text, Scene::at("10.0.0.5"));
            files(&evidence).next().unwrap().target().map(|target| target.port)
        };
        assert_eq!(port("full address:s:ts01:3390\nserver port:i:3391"), Some(3390));
        assert_eq!(port("full address:s:ts01\nserver port:i:3391"), Some(3391));
        assert_eq!(port("full address:s:ts01"), Some(3389));
        assert_eq!(port("full address:s:ts01\nserver port:i:0"), None);
    }

    #[test]
    fn the_grave_come_first_and_never_too_many() {
        let text = format!("{}full address:s:ts01\nauthentication level:i:0\n", "damaged\n".repeat(300));
        let remarks = remarks(&placed(&text, Scene::at("10.0.0.5")));
        assert_eq!(remarks.len(), MOST);
        assert!(remarks[0].grave && !remarks[1].grave);
        assert_eq!((remarks[0].line, remarks[0].place.as_str()), (Some(302), "C:\\a.rdp"));
    }

    #[test]
    fn without_files_nothing_is_said() {
        assert!(remarks(&Scene::at("10.0.0.5").evidence()).is_empty());
        assert!(remarks(&Machine::unread().as_origin()).is_empty());
    }
}
