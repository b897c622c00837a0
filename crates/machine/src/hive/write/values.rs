//! Values: created, overwritten, deleted.

use super::super::cell::{NOWHERE, damage};
use super::super::name;
use super::super::node::Node;
use super::super::value::{self, RESIDENT, SEGMENT, Stored};
use super::super::{Damage, Defect};
use super::draft::Draft;
use super::{EditError, usage};
use crate::registry::Value;

/// The most bytes of data, which Microsoft names for hives of the standard format.
const MOST_DATA: usize = 1 << 20;
/// The most UTF-16 units of a name.
const MOST_NAME: usize = 16_383;
/// From this version on data may lie in segments.
const VERSION_OF_BIG_DATA: u32 = 4;

/// Where a value node has its fields.
mod field {
    pub(super) const SIZE: usize = 4;
    pub(super) const DATA: usize = 8;
    pub(super) const KIND: usize = 12;
}

/// Where a key node says what it knows of its values.
mod key_field {
    pub(super) const COUNT: usize = 36;
    pub(super) const LIST: usize = 40;
    pub(super) const LONGEST_NAME: usize = 60;
    pub(super) const LARGEST_DATA: usize = 64;
}

pub(super) fn set(draft: &mut Draft, key: &str, value: &Value, at: u64) -> Result<(), EditError> {
    let node = writable(draft, key)?;
    if value.data.bytes.len() > MOST_DATA {
        return Err(EditError::TooLarge);
    }
    match find(draft, &node, &value.name)? {
        Some(found) => overwrite(draft, found, value)?,
        None => create(draft, &node, value)?,
    }
    note_largest(draft, &node, value)?;
    draft.touch(node.offset, at);
    Ok(())
}

pub(super) fn delete(draft: &mut Draft, key: &str, name: &str, at: u64) -> Result<(), EditError> {
    let node = writable(draft, key)?;
    let found = find(draft, &node, name)?.ok_or(EditError::NoValue)?;
    let mut values = list(draft, &node)?;
    values.retain(|value| *value != found);
    free(draft, found)?;
    put_list(draft, &node, &values)?;
    draft.touch(node.offset, at);
    Ok(())
}

/// Frees all values of a key that is going to be deleted.
pub(super) fn delete_all(draft: &mut Draft, node: &Node) -> Result<(), EditError> {
    for value in list(draft, node)? {
        free(draft, value)?;
    }
    if node.values > 0 {
        draft.free(node.value_list)?;
    }
    Ok(())
}

fn writable(draft: &Draft, key: &str) -> Result<Node, EditError> {
    let node = draft.node(key)?;
    if node.has_predefined_handle() { Err(EditError::Protected) } else { Ok(node) }
}

/// Where the node of a value is.
fn find(draft: &Draft, node: &Node, wanted: &str) -> Result<Option<u32>, EditError> {
    for value in list(draft, node)? {
        if Stored::read(draft.bins(), value)?.name.is(wanted) {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

fn list(draft: &Draft, node: &Node) -> Result<Vec<u32>, Damage> {
    if node.values == 0 {
        return Ok(Vec::new());
    }
    let cell = draft.bins().cell(node.value_list)?;
    let count = usize::try_from(node.values).unwrap_or(usize::MAX);
    let values: Vec<u32> = cell.offsets(0, 4, count).collect();
    if values.len() == count { Ok(values) } else { Err(damage(node.value_list, Defect::Count)) }
}

fn put_list(draft: &mut Draft, node: &Node, values: &[u32]) -> Result<(), EditError> {
    let content: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let list = match (node.values, values.is_empty()) {
        (0, _) => draft.add(&content)?,
        (_, false) => draft.replace(node.value_list, &content)?,
        (_, true) => {
            draft.free(node.value_list)?;
            // As Windows does, the largest are only forgotten with the last value.
            draft.put_u32(node.offset, key_field::LONGEST_NAME, 0);
            draft.put_u32(node.offset, key_field::LARGEST_DATA, 0);
            NOWHERE
        }
    };
    draft.put_u32(node.offset, key_field::LIST, list);
    draft.put_u32(node.offset, key_field::COUNT, count(values.len())?);
    Ok(())
}

fn create(draft: &mut Draft, node: &Node, value: &Value) -> Result<(), EditError> {
    if value.name.encode_utf16().count() > MOST_NAME || value.name.contains('\0') {
        return Err(EditError::Name);
    }
    let (size, data) = store(draft, &value.data.bytes)?;
    let (name, compressed) = name::stored(&value.name);
    let flags = if compressed && !name.is_empty() { value::COMPRESSED_NAME } else { 0 };
    let mut cell = b"vk".to_vec();
    cell.extend(u16::try_from(name.len()).map_err(|_| EditError::Name)?.to_le_bytes());
    for field in [size, data, value.data.kind] {
        cell.extend(field.to_le_bytes());
    }
    cell.extend(flags.to_le_bytes());
    cell.extend([0; 2]);
    cell.extend(name);
    let cell = draft.add(&cell)?;
    let mut values = list(draft, node)?;
    values.push(cell);
    put_list(draft, node, &values)
}

/// In place where the size stays the same.
fn overwrite(draft: &mut Draft, found: u32, value: &Value) -> Result<(), EditError> {
    let bytes = &value.data.bytes;
    let stored = Stored::read(draft.bins(), found)?;
    let cells = usage::data_cells(draft.bins(), &stored);
    match *cells.as_slice() {
        [cell] if stored.length() == bytes.len() => draft.put(cell, 0, bytes),
        [_, _, ref segments @ ..] if stored.length() == bytes.len() => {
            segments.iter().zip(bytes.chunks(SEGMENT)).for_each(|(segment, bytes)| draft.put(*segment, 0, bytes));
        }
        _ => {
            cells.into_iter().try_for_each(|cell| draft.free(cell))?;
            let (size, data) = store(draft, bytes)?;
            draft.put_u32(found, field::SIZE, size);
            draft.put_u32(found, field::DATA, data);
        }
    }
    draft.put_u32(found, field::KIND, value.data.kind);
    Ok(())
}

fn free(draft: &mut Draft, value: u32) -> Result<(), EditError> {
    let cells = usage::data_cells(draft.bins(), &Stored::read(draft.bins(), value)?);
    cells.into_iter().chain([value]).try_for_each(|cell| draft.free(cell))
}

/// What a value node has for its size and its data.
fn store(draft: &mut Draft, bytes: &[u8]) -> Result<(u32, u32), EditError> {
    let size = count(bytes.len())?;
    if let Some(place) = 4_usize.checked_sub(bytes.len()) {
        let padded = [bytes, [0; 4].get(..place).unwrap_or_default()].concat();
        let data = padded.first_chunk().copied().map(u32::from_le_bytes).unwrap_or_default();
        return Ok((size | RESIDENT, data));
    }
    if bytes.len() <= SEGMENT || draft.hive().header.minor < VERSION_OF_BIG_DATA {
        return Ok((size, draft.add(bytes)?));
    }
    let mut list = Vec::new();
    for segment in bytes.chunks(SEGMENT) {
        list.extend(draft.add(segment)?.to_le_bytes());
    }
    let segments = u16::try_from(list.len() / 4).map_err(|_| EditError::TooLarge)?;
    let list = draft.add(&list)?;
    let record = [b"db", &segments.to_le_bytes()[..], &list.to_le_bytes()].concat();
    Ok((size, draft.add(&record)?))
}

/// A key knows how long the names of its values get, in UTF-16, and their data.
fn note_largest(draft: &mut Draft, node: &Node, value: &Value) -> Result<(), EditError> {
    let name = 2 * value.name.encode_utf16().count();
    for (at, length) in [(key_field::LONGEST_NAME, name), (key_field::LARGEST_DATA, value.data.bytes.len())] {
        let before = draft.bins().cell(node.offset)?.u32(at)?;
        draft.put_u32(node.offset, at, before.max(count(length)?));
    }
    Ok(())
}

fn count(number: usize) -> Result<u32, EditError> {
    u32::try_from(number).map_err(|_| EditError::TooLarge)
}
