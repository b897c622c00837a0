//! Security descriptors (`sk`): keys share them, and all of a hive form a ring.

use std::collections::HashSet;

use super::super::cell::{Cell, NOWHERE};
use super::super::{Damage, Defect};
use super::EditError;
use super::draft::Draft;
use super::usage::Usage;

/// Where the fields are.
pub(super) mod field {
    pub(in super::super) const NEXT: usize = 4;
    pub(in super::super) const PREVIOUS: usize = 8;
    pub(super) const KEYS: usize = 12;
    pub(super) const LENGTH: usize = 16;
    pub(super) const DESCRIPTOR: usize = 20;
}

/// One more key has it.
pub(super) fn share(draft: &mut Draft, descriptor: u32) -> Result<u32, EditError> {
    if descriptor != NOWHERE {
        let keys = cell(draft, descriptor)?.u32(field::KEYS)?;
        draft.put_u32(descriptor, field::KEYS, keys.saturating_add(1));
    }
    Ok(descriptor)
}

/// One with these bytes for one more key; a new one where none in the ring has them.
pub(super) fn of(draft: &mut Draft, ring: u32, wanted: &[u8]) -> Result<u32, EditError> {
    let (mut at, mut seen) = (ring, HashSet::new());
    while at != NOWHERE && seen.insert(at) {
        let cell = cell(draft, at)?;
        if bytes(&cell)? == wanted {
            return share(draft, at);
        }
        at = cell.u32(field::NEXT)?;
    }
    add(draft, ring, wanted)
}

/// One key less has it; without any it is deleted.
pub(super) fn release(draft: &mut Draft, descriptor: u32) -> Result<(), EditError> {
    if descriptor == NOWHERE {
        return Ok(());
    }
    let keys = cell(draft, descriptor)?.u32(field::KEYS)?.saturating_sub(1);
    // Whoever wrote the hive may have miscounted.
    let keys = if keys == 0 { others(draft, descriptor)? } else { keys };
    if keys > 0 {
        draft.put_u32(descriptor, field::KEYS, keys);
        return Ok(());
    }
    let (next, previous) = (cell(draft, descriptor)?.u32(field::NEXT)?, cell(draft, descriptor)?.u32(field::PREVIOUS)?);
    cell(draft, next)?;
    cell(draft, previous)?;
    draft.put_u32(previous, field::NEXT, next);
    draft.put_u32(next, field::PREVIOUS, previous);
    draft.free(descriptor)
}

fn add(draft: &mut Draft, ring: u32, descriptor: &[u8]) -> Result<u32, EditError> {
    let length = u32::try_from(descriptor.len()).map_err(|_| EditError::TooLarge)?;
    let mut content = vec![0; field::DESCRIPTOR];
    content.splice(..2, *b"sk");
    content.extend(descriptor);
    let next = if ring == NOWHERE { NOWHERE } else { cell(draft, ring)?.u32(field::NEXT)? };
    let new = draft.add(&content)?;
    let (previous, next) = if ring == NOWHERE { (new, new) } else { (ring, next) };
    for (at, number) in [(field::NEXT, next), (field::PREVIOUS, previous), (field::KEYS, 1), (field::LENGTH, length)] {
        draft.put_u32(new, at, number);
    }
    cell(draft, next)?;
    draft.put_u32(previous, field::NEXT, new);
    draft.put_u32(next, field::PREVIOUS, new);
    Ok(new)
}

/// How many keys have it besides the one that gives it up, and that still points to it.
fn others(draft: &Draft, descriptor: u32) -> Result<u32, EditError> {
    let usage = Usage::of(draft.hive())?;
    Ok(usage.descriptors.get(&descriptor).map_or(0, |keys| keys.saturating_sub(1)))
}

fn cell(draft: &Draft, descriptor: u32) -> Result<Cell<'_>, Damage> {
    let cell = draft.bins().cell(descriptor)?;
    cell.expect("sk")?;
    Ok(cell)
}

fn bytes<'a>(cell: &Cell<'a>) -> Result<&'a [u8], Damage> {
    let length = usize::try_from(cell.u32(field::LENGTH)?).map_err(|_| cell.damage(Defect::Short))?;
    cell.bytes(field::DESCRIPTOR, length)
}
