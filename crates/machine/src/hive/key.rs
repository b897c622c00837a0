use std::fmt;

use jiff::Timestamp;

use super::cell::damage;
use super::list;
use super::node::Node;
use super::value::Stored;
use super::{Damage, Defect, Hive};
use crate::filetime::timestamp;
use crate::registry::{self, Data, Value};

/// The most levels of keys that Windows allows.
const MOST_LEVELS: u16 = 512;
/// A key of a hive.
#[derive(Clone, Copy)]
pub struct Key<'a> {
    hive: &'a Hive,
    node: Node,
    level: u16,
}

impl<'a> Key<'a> {
    pub(super) fn root(hive: &'a Hive) -> Self {
        Self { hive, node: hive.root, level: 0 }
    }

    pub(super) fn node(&self) -> &Node {
        &self.node
    }

    /// Its name without the path.
    pub fn name(&self) -> String {
        self.node.name(self.hive.bins()).text()
    }

    /// When it was last written, if it says so.
    pub fn last_written(&self) -> Option<Timestamp> {
        timestamp(self.node.written).filter(|_| self.node.written != 0)
    }

    /// The keys below it, and what cannot be read of them.
    pub fn subkeys(&self) -> impl Iterator<Item = Result<Key<'a>, Damage>> + use<'a> {
        let listed = list::subkeys(self.hive.bins(), &self.node);
        let parent = *self;
        listed.keys.into_iter().map(move |offset| parent.child(offset)).chain(listed.damage.map(Err))
    }

    /// The key at a path below it, in whatever case. An empty path is itself.
    pub fn subkey(&self, path: &str) -> Result<Option<Key<'a>>, Damage> {
        let mut key = *self;
        for name in path.split('\\').filter(|name| !name.is_empty()) {
            match find(key.subkeys(), |child| child.node.name(child.hive.bins()).is(name))? {
                Some(child) => key = child,
                None => return Ok(None),
            }
        }
        Ok(Some(key))
    }

    /// Its values, and what cannot be read of them.
    pub fn values(&self) -> impl Iterator<Item = Result<Value, Damage>> + use<'a> {
        let bins = self.hive.bins();
        let mut room = bins.len();
        self.stored().map(move |stored| {
            let stored = stored?;
            // Values that share their data would otherwise make much out of little.
            room = room.checked_sub(stored.length()).ok_or(stored.cell.damage(Defect::Data))?;
            Ok(Value { name: stored.name.text(), data: Data { kind: stored.kind, bytes: stored.bytes(bins)? } })
        })
    }

    /// The value of a name, in whatever case; the default value has an empty one.
    pub fn value(&self, name: &str) -> Result<Option<Value>, Damage> {
        let Some(stored) = find(self.stored(), |stored| stored.name.is(name))? else { return Ok(None) };
        let data = Data { kind: stored.kind, bytes: stored.bytes(self.hive.bins())? };
        Ok(Some(Value { name: stored.name.text(), data }))
    }

    /// Its security descriptor, self-relative ([MS-DTYP] 2.4.6).
    pub fn security(&self) -> Result<&'a [u8], Damage> {
        self.node.descriptor(self.hive.bins())
    }

    /// All of it at once; the first damage ends it.
    pub fn contents(&self) -> Result<registry::Key, Damage> {
        let keys = self.subkeys().map(|key| key.map(|key| key.name()));
        Ok(registry::Key {
            values: self.values().collect::<Result<_, _>>()?,
            keys: keys.collect::<Result<_, _>>()?,
            written: self.last_written(),
        })
    }

    pub(super) fn stored(&self) -> impl Iterator<Item = Result<Stored<'a>, Damage>> + use<'a> {
        let (bins, node) = (self.hive.bins(), self.node);
        let count = usize::try_from(node.values).unwrap_or(usize::MAX);
        let list = (count > 0).then(|| bins.cell(node.value_list));
        let (list, unreadable) = match list.transpose() {
            Ok(list) => (list, None),
            Err(damage) => (None, Some(damage)),
        };
        let cut = list.filter(|list| list.data.len() / 4 < count).map(|list| list.damage(Defect::Count));
        let values = list.into_iter().flat_map(move |list| list.offsets(0, 4, count));
        let values = values.map(move |offset| Stored::read(bins, offset));
        values.filter(|value| !value.as_ref().is_ok_and(Stored::is_tombstone)).chain(unreadable.or(cut).map(Err))
    }

    /// Every key has one parent, which makes a walk end.
    fn child(&self, offset: u32) -> Result<Self, Damage> {
        let node = Node::read(self.hive.bins(), offset)?;
        if node.parent != self.node.offset || offset == self.hive.header.root {
            return Err(damage(offset, Defect::Misplaced));
        }
        let level = self.level + 1;
        if level > MOST_LEVELS {
            return Err(damage(offset, Defect::Depth));
        }
        Ok(Self { hive: self.hive, node, level })
    }
}

impl fmt::Debug for Key<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Key").field("name", &self.name()).finish_non_exhaustive()
    }
}

/// The first that fits. Where none does, one that cannot be read might have been it.
fn find<T>(all: impl Iterator<Item = Result<T, Damage>>, fits: impl Fn(&T) -> bool) -> Result<Option<T>, Damage> {
    let mut unreadable = None;
    for each in all {
        match each {
            Ok(each) if fits(&each) => return Ok(Some(each)),
            Ok(_) => {}
            Err(damage) => unreadable = unreadable.or(Some(damage)),
        }
    }
    unreadable.map_or(Ok(None), Err)
}
