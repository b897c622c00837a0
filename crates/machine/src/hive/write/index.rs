//! The list of a key's subkeys: sorted by upper-case name, in one leaf or in several below an index root.

use super::super::cell::{Bins, Cell, NOWHERE, damage, u32_at};
use super::super::list::{ENTRIES, stride};
use super::super::name::{self, upper};
use super::super::node::Node;
use super::super::{Damage, Defect};
use super::EditError;
use super::draft::Draft;

/// A leaf that gets more entries is divided. Every version of Windows allows as many.
const MOST_ENTRIES: usize = 507;
/// From this version on leaves have hashes.
const VERSION_OF_HASHES: u32 = 5;

/// Where keys are listed.
struct Index {
    root: Option<u32>,
    leaves: Vec<Leaf>,
}

struct Leaf {
    /// `NOWHERE` until it is written.
    cell: u32,
    signature: [u8; 2],
    entries: Vec<Entry>,
}

#[derive(Clone, Copy)]
struct Entry {
    key: u32,
    /// The first letters or the hash of its name; an `li` has neither.
    hint: [u8; 4],
}

/// Lists a new key, and answers where the list is then.
pub(super) fn insert(draft: &mut Draft, parent: &Node, key: u32, name: &str) -> Result<u32, EditError> {
    let mut index = Index::read(draft.bins(), parent)?;
    if index.leaves.is_empty() {
        let signature = if draft.hive().header.minor < VERSION_OF_HASHES { *b"lf" } else { *b"lh" };
        index.leaves.push(Leaf { cell: NOWHERE, signature, entries: Vec::new() });
    }
    let (number, at) = index.place(draft.bins(), name)?;
    let leaf = index.leaves.get_mut(number).ok_or(EditError::TooLarge)?;
    let hint = hint(leaf.signature, name);
    leaf.entries.insert(at, Entry { key, hint });
    if leaf.entries.len() > MOST_ENTRIES {
        let entries = leaf.entries.split_off(leaf.entries.len() / 2);
        let half = Leaf { cell: NOWHERE, signature: leaf.signature, entries };
        leaf.write(draft)?;
        index.leaves.insert(number + 1, half);
    }
    index.write(draft)
}

/// Takes a key from the list, and answers where the list is then.
pub(super) fn remove(draft: &mut Draft, parent: &Node, key: u32) -> Result<u32, EditError> {
    let mut index = Index::read(draft.bins(), parent)?;
    for leaf in &mut index.leaves {
        leaf.entries.retain(|entry| entry.key != key);
    }
    for leaf in index.leaves.iter().filter(|leaf| leaf.entries.is_empty()) {
        draft.free(leaf.cell)?;
    }
    index.leaves.retain(|leaf| !leaf.entries.is_empty());
    index.write(draft)
}

impl Index {
    fn read(bins: Bins<'_>, parent: &Node) -> Result<Self, Damage> {
        if parent.subkeys == 0 {
            return Ok(Self { root: None, leaves: Vec::new() });
        }
        let cell = bins.cell(parent.subkey_list)?;
        let root = (cell.signature() == b"ri").then_some(cell.offset);
        let leaves = if root.is_some() {
            let count = usize::from(cell.u16(2)?);
            cell.offsets(ENTRIES, 4, count).map(|leaf| Leaf::read(&bins.cell(leaf)?)).collect::<Result<_, _>>()?
        } else {
            vec![Leaf::read(&cell)?]
        };
        let listed = leaves.iter().map(|leaf| leaf.entries.len()).sum::<usize>();
        let is_whole = u32::try_from(listed) == Ok(parent.subkeys);
        is_whole.then_some(Self { root, leaves }).ok_or(damage(parent.offset, Defect::Count))
    }

    /// The leaf and the place in it before the first key with a greater name, or at the end of all.
    fn place(&self, bins: Bins<'_>, name: &str) -> Result<(usize, usize), Damage> {
        let name: Vec<u16> = name.encode_utf16().map(upper).collect();
        for (number, leaf) in self.leaves.iter().enumerate() {
            for (at, entry) in leaf.entries.iter().enumerate() {
                let other = Node::read(bins, entry.key)?.name(bins);
                if other.units().map(upper).gt(name.iter().copied()) {
                    return Ok((number, at));
                }
            }
        }
        let last = self.leaves.last().map_or(0, |leaf| leaf.entries.len());
        Ok((self.leaves.len().saturating_sub(1), last))
    }

    fn write(&mut self, draft: &mut Draft) -> Result<u32, EditError> {
        for leaf in &mut self.leaves {
            leaf.write(draft)?;
        }
        match (self.root, self.leaves.as_slice()) {
            (None, []) => Ok(NOWHERE),
            (Some(root), []) => draft.free(root).map(|()| NOWHERE),
            (None, [leaf]) => Ok(leaf.cell),
            (None, _) => draft.add(&self.root()?),
            (Some(root), _) => draft.replace(root, &self.root()?),
        }
    }

    fn root(&self) -> Result<Vec<u8>, EditError> {
        let mut content = head(*b"ri", self.leaves.len())?;
        content.extend(self.leaves.iter().flat_map(|leaf| leaf.cell.to_le_bytes()));
        Ok(content)
    }
}

impl Leaf {
    fn read(cell: &Cell<'_>) -> Result<Self, Damage> {
        let stride = stride(cell).ok_or(cell.damage(Defect::Missing("list of subkeys")))?;
        let count = usize::from(cell.u16(2)?);
        let entries = cell.bytes(ENTRIES, count * stride)?.chunks_exact(stride).map(Entry::read).collect();
        let signature = cell.signature().first_chunk().copied().unwrap_or_default();
        Ok(Self { cell: cell.offset, signature, entries })
    }

    fn write(&mut self, draft: &mut Draft) -> Result<(), EditError> {
        let mut content = head(self.signature, self.entries.len())?;
        for entry in &self.entries {
            content.extend(entry.key.to_le_bytes());
            if self.signature != *b"li" {
                content.extend(entry.hint);
            }
        }
        self.cell = if self.cell == NOWHERE { draft.add(&content)? } else { draft.replace(self.cell, &content)? };
        Ok(())
    }
}

impl Entry {
    fn read(bytes: &[u8]) -> Self {
        let hint = bytes.get(4..).and_then(|hint| hint.first_chunk().copied());
        Self { key: u32_at(bytes, 0).unwrap_or(NOWHERE), hint: hint.unwrap_or_default() }
    }
}

fn head(signature: [u8; 2], count: usize) -> Result<Vec<u8>, EditError> {
    let count = u16::try_from(count).map_err(|_| EditError::TooLarge)?;
    Ok([signature, count.to_le_bytes()].concat())
}

fn hint(signature: [u8; 2], name: &str) -> [u8; 4] {
    if signature == *b"lh" {
        let units: Vec<u16> = name.encode_utf16().collect();
        return name::hash(&units).to_le_bytes();
    }
    let mut first = [0; 4];
    first.iter_mut().zip(name.bytes()).for_each(|(hint, byte)| *hint = byte);
    first
}
