//! Which cells the keys use: each must be used once, or a change to one key would change another.

use std::collections::{HashMap, HashSet};

use super::super::cell::{Bins, Cell, NOWHERE, damage};
use super::super::list::{self, ENTRIES};
use super::super::node::Node;
use super::super::value::{RESIDENT, SEGMENT, Stored};
use super::super::{Damage, Defect, Hive, Key};
use super::security::field::{NEXT, PREVIOUS};
use super::slots::Slots;

/// Cells of all keys that can be read.
#[derive(Default)]
pub(super) struct Usage {
    pub(super) used: HashSet<u32>,
    /// Security descriptors, with how many keys share each.
    pub(super) descriptors: HashMap<u32, u32>,
}

/// Finds cells that two things use, and things that use no cell: what is not allocated would be given to others.
pub(super) fn check(hive: &Hive) -> Result<(), Damage> {
    let usage = Usage::of(hive)?;
    let ring = ring(hive.bins(), &usage)?;
    if let Some(shared) = ring.intersection(&usage.used).next() {
        return Err(damage(*shared, Defect::Misplaced));
    }
    let mut missing: HashSet<u32> = usage.used.into_iter().chain(ring).collect();
    for slot in Slots::new(hive.bins().bytes()) {
        let slot = slot?;
        if !slot.is_free {
            missing.remove(&u32::try_from(slot.at).unwrap_or(NOWHERE));
        }
    }
    missing.into_iter().next().map_or(Ok(()), |missing| Err(damage(missing, Defect::Outside)))
}

/// All security descriptors, which lead to each other in both directions: one that is taken out must not be led to any more.
fn ring(bins: Bins<'_>, usage: &Usage) -> Result<HashSet<u32>, Damage> {
    let mut ring = HashSet::new();
    let mut next: Vec<u32> = usage.descriptors.keys().copied().collect();
    while let Some(descriptor) = next.pop() {
        if ring.insert(descriptor) {
            let (after, before) = (link(bins, descriptor, NEXT)?, link(bins, descriptor, PREVIOUS)?);
            if link(bins, after, PREVIOUS)? != descriptor || link(bins, before, NEXT)? != descriptor {
                return Err(damage(descriptor, Defect::Misplaced));
            }
            next.extend([after, before]);
        }
    }
    Ok(ring)
}

fn link(bins: Bins<'_>, descriptor: u32, at: usize) -> Result<u32, Damage> {
    let cell = bins.cell(descriptor)?;
    cell.expect("sk")?;
    cell.u32(at)
}

impl Usage {
    pub(super) fn of(hive: &Hive) -> Result<Self, Damage> {
        let mut usage = Self::default();
        let mut keys = vec![hive.root()];
        usage.claim(hive.header.root)?;
        while let Some(key) = keys.pop() {
            usage.key(hive.bins(), &key)?;
            keys.extend(key.subkeys().flatten());
        }
        Ok(usage)
    }

    /// All that a key uses, whether it can be read or not.
    fn key(&mut self, bins: Bins<'_>, key: &Key<'_>) -> Result<(), Damage> {
        let node = key.node();
        self.claim(node.class)?;
        if node.security != NOWHERE {
            *self.descriptors.entry(node.security).or_default() += 1;
        }
        if node.subkeys > 0 {
            self.lists(bins, node)?;
        }
        if node.values > 0 {
            self.values(bins, node)?;
        }
        Ok(())
    }

    fn lists(&mut self, bins: Bins<'_>, node: &Node) -> Result<(), Damage> {
        self.claim(node.subkey_list)?;
        let index = bins.cell(node.subkey_list).ok().filter(|list| list.signature() == b"ri");
        index.into_iter().flat_map(|index| counted(index, ENTRIES)).try_for_each(|leaf| self.claim(leaf))?;
        list::subkeys(bins, node).keys.into_iter().try_for_each(|key| self.claim(key))
    }

    fn values(&mut self, bins: Bins<'_>, node: &Node) -> Result<(), Damage> {
        self.claim(node.value_list)?;
        let list = bins.cell(node.value_list).ok();
        let count = usize::try_from(node.values).unwrap_or(usize::MAX);
        for value in list.into_iter().flat_map(|list| list.offsets(0, 4, count)) {
            self.claim(value)?;
            let stored = Stored::read(bins, value).ok();
            let data = stored.map(|stored| data_cells(bins, &stored)).unwrap_or_default();
            data.into_iter().try_for_each(|cell| self.claim(cell))?;
        }
        Ok(())
    }

    fn claim(&mut self, cell: u32) -> Result<(), Damage> {
        let is_new = cell == NOWHERE || self.used.insert(cell);
        is_new.then_some(()).ok_or(damage(cell, Defect::Misplaced))
    }
}

/// All cells of a value but its own: the data, or big data with its list and its segments in their order.
pub(super) fn data_cells(bins: Bins<'_>, stored: &Stored<'_>) -> Vec<u32> {
    if stored.size & RESIDENT != 0 || stored.size == 0 {
        return Vec::new();
    }
    let mut cells = vec![stored.data];
    let record = bins.cell(stored.data).ok();
    let record = record.filter(|cell| cell.signature() == b"db" && cell.data.len() < stored.length());
    if let Some(list) = record.and_then(|record| record.u32(4).ok()) {
        let segments = bins.cell(list).ok().map(|list| list.offsets(0, 4, stored.length().div_ceil(SEGMENT)));
        cells.push(list);
        cells.extend(segments.into_iter().flatten());
    }
    cells
}

fn counted(list: Cell<'_>, from: usize) -> impl Iterator<Item = u32> {
    let count = list.u16(2).unwrap_or_default();
    list.offsets(from, 4, count.into())
}
