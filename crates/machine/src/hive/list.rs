//! Lists of subkeys (`lf`, `lh`, `li`, and `ri` that divides them).

use std::collections::HashSet;

use super::cell::{Bins, Cell, damage};
use super::node::Node;
use super::{Damage, Defect};

/// Where the entries begin, after signature and number.
pub(super) const ENTRIES: usize = 4;
/// A key node takes at least as many bytes as this, so there are no more keys than that.
const SMALLEST_KEY: usize = 80;

/// Offsets of key nodes, and what kept the rest from being read.
#[derive(Debug, Default)]
pub(super) struct Listed {
    pub(super) keys: Vec<u32>,
    pub(super) damage: Option<Damage>,
    seen: HashSet<u32>,
}

/// The keys below a key, each once.
pub(super) fn subkeys(bins: Bins<'_>, node: &Node) -> Listed {
    let mut listed = Listed::default();
    if node.subkeys == 0 {
        return listed;
    }
    let most = bins.len() / SMALLEST_KEY;
    if let Err(unreadable) = listed.read(bins, node.subkey_list, most) {
        listed.damage = Some(unreadable);
    }
    if listed.damage.is_none() && u32::try_from(listed.keys.len()) != Ok(node.subkeys) {
        listed.damage = Some(damage(node.offset, Defect::Count));
    }
    listed
}

/// Bytes of an entry of a leaf, `None` where it is no leaf.
pub(super) fn stride(leaf: &Cell<'_>) -> Option<usize> {
    match leaf.signature() {
        b"lf" | b"lh" => Some(8),
        b"li" => Some(4),
        _ => None,
    }
}

impl Listed {
    fn read(&mut self, bins: Bins<'_>, offset: u32, most: usize) -> Result<(), Damage> {
        let cell = bins.cell(offset)?;
        if cell.signature() != b"ri" {
            return self.read_leaf(&cell, most);
        }
        let count = usize::from(cell.u16(2)?);
        if cell.offsets(ENTRIES, 4, count).count() < count {
            self.damage = Some(cell.damage(Defect::Count));
        }
        for leaf in cell.offsets(ENTRIES, 4, count) {
            let read = bins.cell(leaf).and_then(|leaf| self.read_leaf(&leaf, most));
            self.damage = self.damage.or(read.err());
            if self.keys.len() >= most {
                break;
            }
        }
        Ok(())
    }

    fn read_leaf(&mut self, leaf: &Cell<'_>, most: usize) -> Result<(), Damage> {
        let stride = stride(leaf).ok_or(leaf.damage(Defect::Missing("list of subkeys")))?;
        let count = usize::from(leaf.u16(2)?);
        let room = most.saturating_sub(self.keys.len());
        let mut found = 0;
        for key in leaf.offsets(ENTRIES, stride, count.min(room)) {
            found += 1;
            if self.seen.insert(key) {
                self.keys.push(key);
            } else {
                self.damage = Some(leaf.damage(Defect::Misplaced));
            }
        }
        if found == count { Ok(()) } else { Err(leaf.damage(Defect::Count)) }
    }
}
