//! Connection files that somebody names.

use std::path::{Path, PathBuf};

use rdpdoctor_diagnosis::evidence::snapshot::SavedConnection;
use rdpdoctor_diagnosis::evidence::{Evidence, Target};
use rdpdoctor_diagnosis::rdp_file::elsewhere;
use rdpdoctor_sources::host::LARGEST_RDP_FILE;

use super::{Failure, file};
use crate::output::complain;

/// Reads a connection file.
pub(super) fn read(path: &Path) -> Result<SavedConnection, Failure> {
    let wrong = |why: &dyn std::fmt::Display| Failure::Usage(format!("{}: {why}", path.display()));
    let bytes = file::read(path, LARGEST_RDP_FILE).map_err(|error| wrong(&error))?;
    of(path, &bytes).ok_or_else(|| wrong(&"no connection file: not one line is name:type:value"))
}

/// A connection file, if these bytes make one.
pub(super) fn of(path: &Path, bytes: &[u8]) -> Option<SavedConnection> {
    let file = SavedConnection::read(path.display().to_string(), bytes);
    (!file.settings.is_empty()).then_some(file)
}

/// Connection files, all of them.
pub(super) fn read_all(paths: &[PathBuf]) -> Result<Vec<SavedConnection>, Failure> {
    paths.iter().map(|path| read(path)).collect()
}

/// The one server that the files name. Which file says so is told; so is that they disagree.
pub(super) fn target(files: &[SavedConnection]) -> Option<Target> {
    let mut named = files.iter().filter_map(|file| Some((file, file.target()?)));
    let (file, target) = named.next()?;
    if let Some((other, another)) = named.find(|(_, other)| (&other.host, other.port) != (&target.host, target.port)) {
        let (one, two) = (&file.place, &other.place);
        complain(&format!("nothing is probed: {one} names {target}, and {two} names {another}"));
        return None;
    }
    complain(&format!("probing {target}, which {} names", file.place));
    Some(target)
}

/// Says which files are for another server than the one that was looked at.
pub(super) fn say_whose(evidence: &Evidence) {
    for (place, target) in elsewhere(evidence) {
        complain(&format!("{place} is for {target}: it is not held against {}", evidence.target));
    }
}
