//! Files that somebody names: opened only where reading them comes to an end.

use std::fs::{self, File, FileType};
use std::io::{self, Read};
use std::path::Path;

/// Opens an ordinary file. A pipe or a device may never say anything, or never stop.
pub(super) fn open(path: &Path) -> io::Result<File> {
    match kind(fs::metadata(path)?.file_type()) {
        None => File::open(path),
        Some(kind) => Err(io::Error::other(format!("{kind}, and no ordinary file"))),
    }
}

/// The bytes of an ordinary file, or of standard input for "-". More than `most` are refused.
pub(super) fn read(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let source: &mut dyn Read = if path == Path::new("-") { &mut io::stdin().lock() } else { &mut open(path)? };
    // One byte more tells that it is too large.
    source.take(u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() > most {
        let most = if most < 1 << 20 { format!("{} kB", most >> 10) } else { format!("{} MB", most >> 20) };
        return Err(io::Error::other(format!("larger than {most}")));
    }
    Ok(bytes)
}

/// The first bytes of an ordinary file, as many as it has.
pub(super) fn beginning<const N: usize>(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(N as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What it is instead of a file.
fn kind(found: FileType) -> Option<&'static str> {
    if found.is_file() {
        return None;
    }
    Some(if found.is_dir() { "a folder" } else { special(found) })
}

#[cfg(unix)]
fn special(found: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    if found.is_fifo() {
        "a pipe"
    } else if found.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(not(unix))]
fn special(_: FileType) -> &'static str {
    "something else"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_much_is_read_as_is_allowed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, [b'a'; 2048]).unwrap();
        assert_eq!(read(&path, 2048).unwrap().len(), 2048);
        assert_eq!(read(&path, 2047).unwrap_err().to_string(), "larger than 1 kB");
        assert_eq!(beginning::<3>(&path).unwrap(), b"aaa");
        assert!(read(folder.path(), 10).unwrap_err().to_string().contains("a folder"));
    }

    #[test]
    #[cfg(unix)]
    fn what_might_never_end_is_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for (path, says) in [(pipe.as_path(), "a pipe"), (&socket, "a socket"), (Path::new("/dev/zero"), "a device")] {
            let refused = read(path, 10).unwrap_err().to_string();
            assert_eq!(refused, format!("{says}, and no ordinary file"));
        }
    }
}
