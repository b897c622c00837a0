use thiserror::Error;

/// What is compared, and written where it differs.
const PAGE: usize = 4096;
/// Bytes of the base block that say whether a hive was written in full. A disk writes them at once or not at all.
pub(super) const SECTOR: usize = 512;
const SIGNATURE: &[u8; 8] = b"RDPHIVE1";

/// What a write to a hive and its logs replaces, and by what. It lies in a file until the write is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollback {
    pub(super) header: Header,
    /// The hive, then logs.
    pub(super) parts: Vec<Part>,
}

/// The first sector of a hive before a write, during it, and after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) old: Vec<u8>,
    pub(super) mark: Vec<u8>,
    pub(super) new: Vec<u8>,
}

/// A file; of a hive without its first sector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) old_length: u64,
    pub(super) new_length: u64,
    pub(super) runs: Vec<Run>,
}

/// Bytes that differ. What lies behind the old end has no old ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) at: u64,
    pub(super) old: Vec<u8>,
    pub(super) new: Vec<u8>,
}

/// Why bytes are not what a write replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RollbackError {
    /// It was not written in full, so that nothing else was written after it.
    #[error("not written in full")]
    Unfinished,
    /// Its checksum is right, and it makes no sense.
    #[error("of another version, or damaged")]
    Malformed,
}

impl Rollback {
    /// Reads what was kept.
    pub fn read(bytes: &[u8]) -> Result<Self, RollbackError> {
        let (content, sum) = bytes.split_last_chunk().ok_or(RollbackError::Unfinished)?;
        if crc32fast::hash(content) != u32::from_le_bytes(*sum) {
            return Err(RollbackError::Unfinished);
        }
        let mut reader = Reader(content);
        reader.rollback().filter(|_| reader.0.is_empty()).ok_or(RollbackError::Malformed)
    }

    /// As it is kept.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = SIGNATURE.to_vec();
        for sector in [&self.header.old, &self.header.mark, &self.header.new] {
            put(&mut bytes, sector);
        }
        for part in &self.parts {
            put(&mut bytes, part.name.as_bytes());
            bytes.extend([part.old_length, part.new_length, length(&part.runs)].into_iter().flat_map(u64::to_le_bytes));
            for run in &part.runs {
                bytes.extend(run.at.to_le_bytes());
                put(&mut bytes, &run.old);
                put(&mut bytes, &run.new);
            }
        }
        let sum = crc32fast::hash(&bytes);
        bytes.extend(sum.to_le_bytes());
        bytes
    }
}

impl Part {
    /// What makes one content from another, from a place on.
    pub(super) fn between(name: &str, old: &[u8], new: &[u8], from: usize) -> Self {
        let mut runs: Vec<Run> = Vec::new();
        for page in (0..old.len().max(new.len())).step_by(PAGE) {
            let (start, end) = (page.max(from), page + PAGE);
            let (old, new) = (part(old, start, end), part(new, start, end));
            if old == new {
                continue;
            }
            let at = start.try_into().unwrap_or(u64::MAX);
            match runs.last_mut().filter(|run| run.end() == at && run.old.is_empty() == old.is_empty()) {
                Some(run) => run.extend(old, new),
                None => runs.push(Run { at, old: old.to_vec(), new: new.to_vec() }),
            }
        }
        Self { name: name.to_owned(), old_length: length(old), new_length: length(new), runs }
    }
}

impl Run {
    fn end(&self) -> u64 {
        self.at.saturating_add(length(&self.old).max(length(&self.new)))
    }

    fn extend(&mut self, old: &[u8], new: &[u8]) {
        self.old.extend(old);
        self.new.extend(new);
    }
}

fn part(bytes: &[u8], start: usize, end: usize) -> &[u8] {
    bytes.get(start..end.min(bytes.len())).unwrap_or_default()
}

fn length<T>(items: &[T]) -> u64 {
    items.len().try_into().unwrap_or(u64::MAX)
}

fn put(bytes: &mut Vec<u8>, content: &[u8]) {
    bytes.extend(length(content).to_le_bytes());
    bytes.extend(content);
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn rollback(&mut self) -> Option<Rollback> {
        self.0 = self.0.strip_prefix(SIGNATURE)?;
        let header = Header { old: self.sector()?, mark: self.sector()?, new: self.sector()? };
        let mut parts = Vec::new();
        while !self.0.is_empty() {
            parts.push(self.part()?);
        }
        (!parts.is_empty()).then_some(Rollback { header, parts })
    }

    fn part(&mut self) -> Option<Part> {
        let name = String::from_utf8(self.bytes()?).ok()?;
        let (old_length, new_length, count) = (self.number()?, self.number()?, self.number()?);
        let mut runs = Vec::new();
        for _ in 0..count {
            runs.push(self.run().filter(|run| lies_within(run, old_length, new_length))?);
        }
        Some(Part { name, old_length, new_length, runs })
    }

    fn run(&mut self) -> Option<Run> {
        Some(Run { at: self.number()?, old: self.bytes()?, new: self.bytes()? })
    }

    fn sector(&mut self) -> Option<Vec<u8>> {
        self.bytes().filter(|bytes| bytes.len() == SECTOR)
    }

    fn bytes(&mut self) -> Option<Vec<u8>> {
        let length = usize::try_from(self.number()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes.to_vec())
    }

    fn number(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*number))
    }
}

fn lies_within(run: &Run, old_length: u64, new_length: u64) -> bool {
    let ends_by = |bytes: &[u8], end| bytes.is_empty() || run.at.checked_add(length(bytes)).is_some_and(|at| at <= end);
    ends_by(&run.old, old_length) && ends_by(&run.new, new_length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn apply(part: &Part, old: &[u8], side: fn(&Run) -> &Vec<u8>, length: u64) -> Vec<u8> {
        let (mut bytes, length) = (old.to_vec(), usize::try_from(length).unwrap());
        bytes.resize(bytes.len().max(length), 0);
        for run in &part.runs {
            bytes[usize::try_from(run.at).unwrap()..][..side(run).len()].copy_from_slice(side(run));
        }
        bytes.truncate(length);
        bytes
    }

    fn sample() -> Rollback {
        let header = Header { old: vec![1; SECTOR], mark: vec![2; SECTOR], new: vec![3; SECTOR] };
        let part = Part::between("SYSTEM", &[0; 5000], &[1; 9000], SECTOR);
        Rollback { header, parts: vec![part, Part::between("SYSTEM.LOG1", &[9; 600], &[9; 600], 0)] }
    }

    #[test]
    fn only_pages_that_differ_are_in_it() {
        let old = vec![7; 5 * PAGE];
        let mut new = vec![7; 7 * PAGE];
        (new[0], new[600], new[2 * PAGE], new[3 * PAGE]) = (1, 1, 1, 1);
        let part = Part::between("SYSTEM", &old, &new, SECTOR);
        let places: Vec<(u64, usize, usize)> =
            part.runs.iter().map(|run| (run.at, run.old.len(), run.new.len())).collect();
        assert_eq!(places, [(512, 3584, 3584), (8192, 8192, 8192), (20480, 0, 8192)]);
    }

    #[test]
    fn what_is_cut_off_or_changed_is_no_rollback() {
        let bytes = sample().to_bytes();
        assert_eq!(Rollback::read(&bytes), Ok(sample()));
        for end in 0..bytes.len() {
            assert_eq!(Rollback::read(&bytes[..end]), Err(RollbackError::Unfinished));
        }
        let mut wrong = sample();
        wrong.parts[0].old_length = 4000;
        assert_eq!(Rollback::read(&wrong.to_bytes()), Err(RollbackError::Malformed));
        wrong.parts.clear();
        assert_eq!(Rollback::read(&wrong.to_bytes()), Err(RollbackError::Malformed));
    }

    proptest! {
        #[test]
        fn the_old_becomes_the_new_and_the_other_way_round(
            old in prop::collection::vec(0_u8..3, 0..3 * PAGE),
            new in prop::collection::vec(0_u8..3, 0..3 * PAGE),
        ) {
            let part = Part::between("SYSTEM", &old, &new, 0);
            prop_assert_eq!(&apply(&part, &old, |run| &run.new, part.new_length), &new);
            prop_assert_eq!(&apply(&part, &new, |run| &run.old, part.old_length), &old);
        }
    }
}
