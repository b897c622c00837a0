//! Keys: created and deleted.

use super::super::cell::NOWHERE;
use super::super::node::{COMPRESSED_NAME, NAME, Node};
use super::draft::Draft;
use super::{EditError, index, security, values};

/// The most characters of a key's name.
const MOST_NAME: usize = 255;
/// The most levels of keys.
const MOST_LEVELS: usize = 512;

/// Where a key node has its fields.
mod field {
    pub(super) const FLAGS: usize = 2;
    pub(super) const PARENT: usize = 16;
    pub(super) const SUBKEYS: usize = 20;
    pub(super) const SUBKEY_LIST: usize = 28;
    /// The lists of volatile subkeys and of values, security, class.
    pub(super) const POINTERS: [usize; 4] = [32, 40, 44, 48];
    pub(super) const SECURITY: usize = 44;
    /// Of the subkeys, in UTF-16. The two bytes behind it are something else.
    pub(super) const LONGEST_NAME: usize = 52;
    pub(super) const LONGEST_CLASS: usize = 56;
    pub(super) const NAME_LENGTH: usize = 72;
}

pub(super) fn create(draft: &mut Draft, path: &str, descriptor: Option<&[u8]>, at: u64) -> Result<(), EditError> {
    let path = path.trim_matches('\\');
    let (above, name) = path.rsplit_once('\\').unwrap_or(("", path));
    if !is_name(name) {
        return Err(EditError::Name);
    }
    let parent = draft.node(above)?;
    if draft.hive().key(path)?.is_some() {
        return Err(EditError::Exists);
    }
    if path.split('\\').filter(|name| !name.is_empty()).count() > MOST_LEVELS {
        return Err(EditError::TooLarge);
    }
    let security = match descriptor {
        Some(descriptor) => security::of(draft, parent.security, descriptor)?,
        None => security::share(draft, parent.security)?,
    };
    let key = draft.add(&blank(name))?;
    draft.put_u32(key, field::PARENT, parent.offset);
    draft.put_u32(key, field::SECURITY, security);
    draft.touch(key, at);
    let list = index::insert(draft, &parent, key, name)?;
    put_subkeys(draft, &parent, parent.subkeys.saturating_add(1), list);
    note_longest(draft, &parent, name)?;
    draft.touch(parent.offset, at);
    Ok(())
}

pub(super) fn delete(draft: &mut Draft, path: &str, at: u64) -> Result<(), EditError> {
    let key = draft.node(path)?;
    if key.is_protected() || key.offset == draft.hive().header.root {
        return Err(EditError::Protected);
    }
    if key.subkeys > 0 {
        return Err(EditError::HasSubkeys);
    }
    let parent = Node::read(draft.bins(), key.parent)?;
    security::release(draft, key.security)?;
    values::delete_all(draft, &key)?;
    if key.class != NOWHERE {
        draft.free(key.class)?;
    }
    let list = index::remove(draft, &parent, key.offset)?;
    put_subkeys(draft, &parent, parent.subkeys.saturating_sub(1), list);
    draft.free(key.offset)?;
    draft.touch(parent.offset, at);
    Ok(())
}

pub(super) fn set_security(draft: &mut Draft, path: &str, descriptor: &[u8], at: u64) -> Result<(), EditError> {
    let key = draft.node(path)?;
    // A key without one joins the ring that all others form.
    let ring = if key.security == NOWHERE { draft.hive().root().node().security } else { key.security };
    let security = security::of(draft, ring, descriptor)?;
    security::release(draft, key.security)?;
    draft.put_u32(key.offset, field::SECURITY, security);
    draft.touch(key.offset, at);
    Ok(())
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= MOST_NAME && name.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// A key node without anything below it.
fn blank(name: &str) -> Vec<u8> {
    let mut node = vec![0; NAME];
    let mut put = |at: usize, bytes: &[u8]| super::super::header::put(&mut node, at, bytes);
    put(0, b"nk");
    put(field::FLAGS, &COMPRESSED_NAME.to_le_bytes());
    put(field::SUBKEY_LIST, &NOWHERE.to_le_bytes());
    for at in field::POINTERS {
        put(at, &NOWHERE.to_le_bytes());
    }
    put(field::NAME_LENGTH, &u16::try_from(name.len()).unwrap_or_default().to_le_bytes());
    node.extend(name.bytes());
    node
}

fn put_subkeys(draft: &mut Draft, parent: &Node, count: u32, list: u32) {
    draft.put_u32(parent.offset, field::SUBKEYS, count);
    draft.put_u32(parent.offset, field::SUBKEY_LIST, list);
    if count == 0 {
        // As Windows does, the longest are only forgotten with the last subkey.
        draft.put(parent.offset, field::LONGEST_NAME, &[0; 2]);
        draft.put_u32(parent.offset, field::LONGEST_CLASS, 0);
    }
}

fn note_longest(draft: &mut Draft, parent: &Node, name: &str) -> Result<(), EditError> {
    let before = draft.bins().cell(parent.offset)?.u16(field::LONGEST_NAME)?;
    let length = u16::try_from(2 * name.len()).map_err(|_| EditError::Name)?;
    draft.put(parent.offset, field::LONGEST_NAME, &before.max(length).to_le_bytes());
    Ok(())
}
