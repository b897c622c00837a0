//! The walls between the crates: who may lean on whom, and that the pure ones do no I/O.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::metadata::{self, Metadata, Package};
use crate::source;

/// Each crate and the crates of ours that it may be built on. Tests may use any.
const MAY_LEAN_ON: [(&str, &[&str]); 10] = [
    ("rdpdoctor-protocol", &[]),
    ("rdpdoctor-diagnosis", &["rdpdoctor-protocol"]),
    ("rdpdoctor-machine", &[]),
    ("rdpdoctor-sources", &["rdpdoctor-protocol", "rdpdoctor-diagnosis", "rdpdoctor-machine"]),
    ("rdpdoctor-repair", &["rdpdoctor-diagnosis", "rdpdoctor-machine"]),
    ("rdpdoctor-lab", &["rdpdoctor-protocol"]),
    // Of `protocol` it takes what makes foreign text harmless.
    ("rdpdoctor-render", &["rdpdoctor-protocol", "rdpdoctor-diagnosis"]),
    ("rdpdoctor-testbed", &[]),
    (
        "rdpdoctor",
        &[
            "rdpdoctor-protocol",
            "rdpdoctor-diagnosis",
            "rdpdoctor-machine",
            "rdpdoctor-sources",
            "rdpdoctor-repair",
            "rdpdoctor-lab",
            "rdpdoctor-render",
        ],
    ),
    ("xtask", &["rdpdoctor-diagnosis", "rdpdoctor-repair"]),
];

/// The crates that only compute, and their folders.
const PURE: [(&str, &str); 2] =
    [("rdpdoctor-protocol", "crates/protocol"), ("rdpdoctor-diagnosis", "crates/diagnosis")];

/// Crates that reach for the network, threads, the clock or the system. Names that end in `-` are families.
/// `libc` is none of them: crates that only compute ask it what the processor can do.
const IO_CRATES: [&str; 21] = [
    "async-",
    "futures-",
    "getrandom",
    "hickory-",
    "hyper",
    "mio",
    "native-tls",
    "notify",
    "openssl",
    "openssl-sys",
    "reqwest",
    "ring",
    "rustix",
    "rustls",
    "smol",
    "socket2",
    "sqlx-",
    "tokio",
    "tokio-",
    "ureq",
    "windows-sys",
];

/// Paths that a pure crate does not name.
const IO_PATHS: [&str; 9] = [
    "std::env",
    "std::fs",
    "std::os",
    "std::process",
    "std::thread",
    "libc",
    "tokio",
    "std::io::stdin",
    "std::io::stdout",
];

/// Names that a pure crate does not use, whatever path leads to them.
const IO_NAMES: [&str; 10] = [
    "TcpListener",
    "TcpStream",
    "UdpSocket",
    "ToSocketAddrs",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "TimeZone::system",
    "UnixStream",
];

/// What leans where it must not.
pub(crate) fn check() -> Result<Vec<String>> {
    let mut faults = edges(&metadata::read()?);
    for (package, folder) in PURE {
        faults.extend(io_crates(package, &metadata::compiled_into(package)?));
        for file in rust_files(&metadata::workspace().join(folder).join("src"))? {
            faults.extend(io_paths(&file)?);
        }
    }
    Ok(faults)
}

fn edges(metadata: &Metadata) -> Vec<String> {
    let ours: Vec<&Package> = metadata.packages.iter().filter(|package| package.source.is_none()).collect();
    let is_ours = |name: &str| ours.iter().any(|package| package.name == name);
    let mut faults = Vec::new();
    for package in &ours {
        let Some((_, allowed)) = MAY_LEAN_ON.iter().find(|(name, _)| *name == package.name) else {
            faults.push(format!("{} has no row in the table of xtask/src/walls.rs", package.name));
            continue;
        };
        for dependency in package.dependencies.iter().filter(|it| it.kind.as_deref() != Some("dev")) {
            if is_ours(&dependency.name) && !allowed.contains(&dependency.name.as_str()) {
                faults.push(format!("{} must not lean on {}", package.name, dependency.name));
            }
        }
    }
    faults
}

fn io_crates(package: &str, compiled: &[String]) -> Vec<String> {
    let reaches_out =
        |name: &str| IO_CRATES.iter().any(|it| name == *it || (it.ends_with('-') && name.starts_with(it)));
    let found = compiled.iter().filter(|name| reaches_out(name));
    found.map(|name| format!("{package} is pure, but {name} is compiled into it")).collect()
}

fn io_paths(file: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let paths = source::paths(&text).with_context(|| format!("cannot parse {}", file.display()))?;
    let shown = file.strip_prefix(metadata::workspace()).unwrap_or(file).display();
    Ok(paths.iter().filter(|path| does_io(path)).map(|path| format!("{shown} is pure, but names {path}")).collect())
}

fn does_io(path: &str) -> bool {
    let within = |outer: &str| path.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
    let holds = |name: &str| format!("::{path}::").contains(&format!("::{name}::"));
    IO_PATHS.into_iter().any(within) || IO_NAMES.into_iter().any(holds)
}

fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::{does_io, edges, io_crates};

    #[test]
    fn a_forbidden_edge_is_named() {
        let metadata = serde_json::from_str(
            r#"{"packages": [
                {"name": "rdpdoctor-protocol", "version": "1.0.0", "dependencies": [
                    {"name": "rdpdoctor-lab"}, {"name": "rdpdoctor-render", "kind": "dev"}, {"name": "serde"}]},
                {"name": "rdpdoctor-lab", "version": "1.0.0", "dependencies": [{"name": "rdpdoctor-protocol"}]},
                {"name": "rdpdoctor-new", "version": "1.0.0", "dependencies": []}
            ]}"#,
        )
        .unwrap();
        assert_eq!(
            edges(&metadata),
            [
                "rdpdoctor-protocol must not lean on rdpdoctor-lab",
                "rdpdoctor-new has no row in the table of xtask/src/walls.rs"
            ]
        );
    }

    #[test]
    fn io_crates_are_found_by_name_and_family() {
        let compiled = ["hickory-proto", "serde", "tokio", "tokenizer"].map(str::to_owned);
        assert_eq!(io_crates("p", &compiled).len(), 2);
    }

    #[test]
    fn addresses_are_no_io_and_sockets_are() {
        assert!(!does_io("std::net::IpAddr"));
        assert!(!does_io("std::time::Duration"));
        assert!(!does_io("environment::tokio_like"));
        for path in ["std::net::TcpStream", "std::fs::read", "TcpStream::connect", "Instant::now", "tokio::spawn"] {
            assert!(does_io(path), "{path}");
        }
    }
}
