//! A hive made by hand, one cell after the other.

pub(super) use super::cell::NOWHERE;
use super::header::{BASE_BLOCK, SECTOR, field, put, put_u32, seal};
use super::{Hive, HiveError, marvin};
use crate::registry::{REG_DWORD, REG_SZ};

/// Cells behind one another in a single bin.
pub(super) struct Builder {
    cells: Vec<u8>,
    pub(super) minor: u32,
}

impl Builder {
    /// The first cell will be at offset 32, behind the header of the bin.
    pub(super) fn new() -> Self {
        Self { cells: Vec::new(), minor: 5 }
    }

    /// Where the next cell will be.
    pub(super) fn next(&self) -> u32 {
        u32::try_from(32 + self.cells.len()).unwrap()
    }

    /// An allocated cell: its size made negative, the content, padding to eight bytes.
    pub(super) fn cell(&mut self, content: &[u8]) -> u32 {
        let offset = self.next();
        let size = (4 + content.len()).next_multiple_of(8);
        self.cells.extend((-i32::try_from(size).unwrap()).to_le_bytes());
        self.cells.extend(content);
        self.cells.resize(offset as usize - 32 + size, 0);
        offset
    }

    pub(super) fn deleted(&mut self, content: &[u8]) -> u32 {
        let offset = self.cell(content);
        let at = offset as usize - 32;
        let size = i32::from_le_bytes(self.cells[at..at + 4].try_into().unwrap());
        self.patch(offset, 0, &size.unsigned_abs().to_le_bytes());
        offset
    }

    /// Overwrites what is `at` bytes behind the start of a cell, its size included.
    pub(super) fn patch(&mut self, cell: u32, at: usize, bytes: &[u8]) {
        put(&mut self.cells, cell as usize - 32 + at, bytes);
    }

    /// A key node without anything below it, with a one-byte name.
    pub(super) fn key(&mut self, parent: u32, name: &str) -> u32 {
        let mut node = Vec::from(*b"nk");
        node.extend(0x20_u16.to_le_bytes()); // KEY_COMP_NAME
        node.extend(133_000_000_000_000_000_u64.to_le_bytes()); // 2022-06-18 04:26:40
        node.extend([0; 4]);
        node.extend(parent.to_le_bytes());
        node.extend([0; 8]); // no subkeys, no volatile ones
        node.extend([0xFF; 8]);
        node.extend([0; 4]); // no values
        node.extend([0xFF; 12]); // no value list, security or class
        node.extend([0; 20]); // largest names and data
        node.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        node.extend([0; 2]); // no class
        node.extend(name.bytes());
        self.cell(&node)
    }

    pub(super) fn below(&mut self, key: u32, count: u32, list: u32) {
        self.patch(key, 4 + 20, &count.to_le_bytes());
        self.patch(key, 4 + 28, &list.to_le_bytes());
    }

    /// `lf`, `lh`, `li` or `ri`; hints and hashes are zero, which no reader looks at.
    pub(super) fn list(&mut self, signature: &str, entries: &[u32]) -> u32 {
        let mut list = signature.as_bytes().to_vec();
        list.extend(u16::try_from(entries.len()).unwrap().to_le_bytes());
        for entry in entries {
            list.extend(entry.to_le_bytes());
            list.extend(vec![0; if matches!(signature, "lf" | "lh") { 4 } else { 0 }]);
        }
        self.cell(&list)
    }

    pub(super) fn values(&mut self, key: u32, values: &[u32]) {
        let list: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let list = self.cell(&list);
        self.patch(key, 4 + 36, &u32::try_from(values.len()).unwrap().to_le_bytes());
        self.patch(key, 4 + 40, &list.to_le_bytes());
    }

    /// A value with the bytes of its size and data fields.
    pub(super) fn value(&mut self, name: &str, kind: u32, size: u32, data: u32) -> u32 {
        let mut value = Vec::from(*b"vk");
        value.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        for field in [size, data, kind] {
            value.extend(field.to_le_bytes());
        }
        value.extend([1, 0, 0, 0]); // VALUE_COMP_NAME
        value.extend(name.bytes());
        self.cell(&value)
    }

    pub(super) fn dword(&mut self, name: &str, number: u32) -> u32 {
        self.value(name, REG_DWORD, 0x8000_0004, number)
    }

    pub(super) fn text(&mut self, name: &str, text: &str) -> u32 {
        let bytes: Vec<u8> = text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
        let data = self.cell(&bytes);
        self.value(name, REG_SZ, u32::try_from(bytes.len()).unwrap(), data)
    }

    /// The file: base block, one bin, the rest of it one free cell.
    pub(super) fn file(mut self) -> Vec<u8> {
        let used = 32 + self.cells.len();
        let size = (used + 8).next_multiple_of(4096);
        self.cells.extend(u32::try_from(size - used).unwrap().to_le_bytes());
        let mut file = base_block(self.minor, u32::try_from(size).unwrap());
        file.extend(b"hbin\0\0\0\0");
        file.extend(u32::try_from(size).unwrap().to_le_bytes());
        file.resize(BASE_BLOCK + 32, 0);
        file.extend(self.cells);
        file.resize(BASE_BLOCK + size, 0);
        file
    }

    pub(super) fn open(self) -> Result<Hive, HiveError> {
        Hive::open(self.file(), Vec::new())
    }
}

fn base_block(minor: u32, bins_size: u32) -> Vec<u8> {
    let mut block = vec![0; BASE_BLOCK];
    put(&mut block, 0, b"regf");
    for (at, number) in [(4, 7), (8, 7), (20, 1), (24, minor), (28, 0), (32, 1), (36, 32), (40, bins_size), (44, 1)] {
        put_u32(&mut block, at, number);
    }
    put(&mut block, 12, &133_000_000_000_000_000_u64.to_le_bytes());
    put(&mut block, 48, b"S\0Y\0S\0T\0E\0M\0");
    seal(&mut block);
    block
}

/// A copy of a hive's base block as the logs have it.
pub(crate) fn log_header(primary: &[u8], file_type: u32, sequence: u32) -> Vec<u8> {
    let mut block = primary[..SECTOR].to_vec();
    put_u32(&mut block, field::FILE_TYPE, file_type);
    put_u32(&mut block, field::PRIMARY_SEQUENCE, sequence);
    put_u32(&mut block, field::SECONDARY_SEQUENCE, sequence);
    seal(&mut block);
    block
}

/// `Select\Current` is 1. Was being written when sequence number 7 had been.
pub(crate) fn torn() -> Vec<u8> {
    let mut hive = Builder::new();
    let root = hive.key(NOWHERE, "ROOT");
    let select = hive.key(root, "Select");
    let list = hive.list("lh", &[select]);
    hive.below(root, 1, list);
    let current = hive.dword("Current", 1);
    hive.values(select, &[current]);
    let mut file = hive.file();
    put_u32(&mut file, field::PRIMARY_SEQUENCE, 8);
    seal(&mut file);
    file
}

/// The first bin with another number in `Select\Current`.
pub(crate) fn page(number: u8) -> Vec<u8> {
    let mut bin = torn()[BASE_BLOCK..].to_vec();
    let name = bin.windows(7).position(|name| name == b"Current").unwrap();
    bin[name - 12] = number;
    bin
}

/// An entry as Windows writes it, padded to a sector.
pub(crate) fn entry(sequence: u32, bins_size: u32, pages: &[(u32, &[u8])]) -> Vec<u8> {
    let mut entry = b"HvLE".to_vec();
    for field in [0, 0, sequence, bins_size, u32::try_from(pages.len()).unwrap(), 0, 0, 0, 0] {
        entry.extend(field.to_le_bytes());
    }
    for (at, bytes) in pages {
        entry.extend(at.to_le_bytes());
        entry.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
    }
    for (_, bytes) in pages {
        entry.extend(*bytes);
    }
    entry.resize(entry.len().next_multiple_of(SECTOR), 0);
    let size = u32::try_from(entry.len()).unwrap();
    put_u32(&mut entry, 4, size);
    let content = marvin::hash(&entry[40..]);
    put(&mut entry, 24, &content.to_le_bytes());
    let header = marvin::hash(&entry[..32]);
    put(&mut entry, 32, &header.to_le_bytes());
    entry
}

/// A log of entries that each set `Select\Current` to their own sequence number.
pub(crate) fn new_log(sequences: &[u32]) -> Vec<u8> {
    let mut log = log_header(&torn(), 6, sequences[0]);
    for sequence in sequences {
        log.extend(entry(*sequence, 4096, &[(0, &page(u8::try_from(*sequence).unwrap()))]));
    }
    log
}
