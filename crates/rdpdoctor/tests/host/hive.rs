//! Hives that an independent writer (hivexregedit) fills from lines as regedit exports them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

/// An empty hive: a base block and one bin with a root key, its security descriptor, and free space.
pub(crate) fn empty() -> Vec<u8> {
    let mut hive = vec![0_u8; 8192];
    let mut put = |at: usize, bytes: &[u8]| hive[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"regf");
    for (at, number) in [(4, 1_u32), (8, 1), (20, 1), (24, 5), (32, 1), (36, 0x20), (40, 0x1000), (44, 1)] {
        put(at, &number.to_le_bytes());
    }
    put(4096, b"hbin");
    put(4096 + 8, &0x1000_u32.to_le_bytes());
    // A key of 0x58 bytes at 0x20: the root, its name in Latin-1; no keys, no values; security at 0x78.
    put(4096 + 0x20, &(-0x58_i32).to_le_bytes());
    put(4096 + 0x24, b"nk\x2c\0");
    for (at, number) in
        [(0x34, 0_u32), (0x40, u32::MAX), (0x44, u32::MAX), (0x4c, u32::MAX), (0x50, 0x78), (0x54, u32::MAX)]
    {
        put(4096 + at, &number.to_le_bytes());
    }
    put(4096 + 0x6c, &4_u16.to_le_bytes());
    put(4096 + 0x70, b"ROOT");
    // A descriptor of 48 bytes in a cell of 0x48: everybody may everything, which is what a test disk needs.
    put(4096 + 0x78, &(-0x48_i32).to_le_bytes());
    put(4096 + 0x7c, b"sk");
    for (at, number) in [(0x80, 0x78_u32), (0x84, 0x78), (0x88, 1), (0x8c, 0x30)] {
        put(4096 + at, &number.to_le_bytes());
    }
    put(4096 + 0x90, &[1, 0, 4, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0]);
    put(4096 + 0xa4, &[2, 0, 28, 0, 1, 0, 0, 0, 0, 3, 20, 0, 0x3f, 0, 0x0f, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
    put(4096 + 0xc0, &(0x1000_u32 - 0xc0).to_le_bytes());
    let sum = hive[..508].chunks_exact(4).fold(0, |sum, word| sum ^ u32::from_le_bytes(word.try_into().unwrap()));
    hive[508..512].copy_from_slice(&sum.to_le_bytes());
    hive
}

/// A hive with these lines; none where hivexregedit is not installed.
pub(crate) fn filled(folder: &Path, lines: &str) -> Option<Vec<u8>> {
    changed(folder, &empty(), lines)
}

/// A hive with these lines merged into it; `-` deletes a key or a value, as in what regedit imports.
pub(crate) fn changed(folder: &Path, before: &[u8], lines: &str) -> Option<Vec<u8>> {
    let (hive, text) = (folder.join("hive"), folder.join("lines.reg"));
    fs::write(&hive, before).unwrap();
    fs::write(&text, format!("Windows Registry Editor Version 5.00\n\n{}\n{lines}\n", keys_above(lines))).unwrap();
    let merge = Command::new("hivexregedit").args(["--merge", "--encoding", "UTF-16LE"]).arg(&hive).arg(&text).output();
    let Ok(merge) = merge else {
        println!("skipped: hivexregedit (libwin-hivex-perl) is not installed");
        return None;
    };
    assert!(merge.status.success(), "{lines}: {}", String::from_utf8_lossy(&merge.stderr));
    Some(fs::read(hive).unwrap())
}

/// hivexregedit makes no key without those above it.
fn keys_above(lines: &str) -> String {
    let paths = lines.lines().filter_map(|line| line.strip_prefix('[')?.strip_suffix(']'));
    let paths = paths.filter(|path| !path.starts_with('-'));
    let above = paths.flat_map(|path| path.match_indices('\\').skip(1).map(|(at, _)| &path[..at]));
    let keys: BTreeSet<&str> = above.collect();
    keys.into_iter().fold(String::new(), |lines, path| lines + "[" + path + "]\n\n")
}
