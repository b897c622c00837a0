use std::path::Path;

/// What a link is: of Unix, or a reparse point of Windows with its tag ([MS-FSCC] 2.1.2.1).
#[cfg(target_os = "linux")]
pub(super) fn what(path: &Path) -> String {
    let data = xattr::get(path, "system.ntfs_reparse_data").ok().flatten();
    let tag = data.as_deref().and_then(|data| data.first_chunk::<4>());
    match tag.map(|tag| u32::from_le_bytes(*tag)) {
        // Files that Windows compresses to save space: /compact and CompactOS.
        Some(0x8000_0017) => "a file compressed by Windows (reparse tag 0x80000017)".to_owned(),
        Some(tag) => format!("a reparse point (tag {tag:#010x})"),
        None => "a link".to_owned(),
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn what(_: &Path) -> String {
    "a link".to_owned()
}
