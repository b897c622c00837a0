//! Names that the hosts file of the machine that connects leads to addresses of its own.

use std::net::IpAddr;

use crate::evidence::Evidence;
use crate::view::origin_fact;

/// What the hosts file says of the target.
pub(super) struct Pinned {
    /// The first line that does, from 1.
    pub(super) line: usize,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) fact: String,
}

/// None where it does not name the target, or was not read.
pub(super) fn pinned(evidence: &Evidence) -> Option<Pinned> {
    let asked = evidence.target.host.trim_end_matches('.');
    let entries = evidence.origin.as_deref()?.hosts_file.observed()?;
    let of_target = entries.iter().enumerate().filter(|(_, entry)| entry.hostname.eq_ignore_ascii_case(asked));
    let addressed = of_target.filter_map(|(index, entry)| Some((index, entry.line, entry.address.parse().ok()?)));
    let found: Vec<(usize, usize, IpAddr)> = addressed.collect();
    let (index, line, _) = *found.first()?;
    let fact = origin_fact(&["hosts_file", "observed", &index.to_string()]);
    Some(Pinned { line, addresses: found.into_iter().map(|(_, _, address)| address).collect(), fact })
}
