//! Every dependency may be used and passed on: its licence expression holds with the licences listed here.

use anyhow::Result;

use crate::metadata::{self, Package};

/// Licences that ask for no more than that they be named.
const ALLOWED: [&str; 12] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// What is wrong with the licences and origins of the workspace's packages, dev and build dependencies included.
pub(crate) fn check() -> Result<Vec<String>> {
    Ok(metadata::read()?.packages.iter().filter_map(fault).collect())
}

fn fault(package: &Package) -> Option<String> {
    let named = format!("{} {}", package.name, package.version);
    if let Some(source) = package.source.as_deref().filter(|source| !source.starts_with("registry+")) {
        return Some(format!("{named} comes from {source}, not from the registry"));
    }
    let Some(licence) = package.license.as_deref() else {
        return Some(format!("{named} names no licence"));
    };
    (!is_allowed(licence)).then(|| format!("{named} is under {licence}, which is not allowed here"))
}

/// Whether the SPDX expression can be met with allowed licences alone. An exception (`WITH`) only adds permissions.
fn is_allowed(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    any_of(&mut words) == Some(true) && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

/// `None` from here on: not an expression.
fn any_of(words: &mut Words) -> Option<bool> {
    let mut holds = all_of(words)?;
    while words.next_if_eq(&"OR").is_some() {
        holds |= all_of(words)?;
    }
    Some(holds)
}

fn all_of(words: &mut Words) -> Option<bool> {
    let mut holds = one(words)?;
    while words.next_if_eq(&"AND").is_some() {
        holds &= one(words)?;
    }
    Some(holds)
}

fn one(words: &mut Words) -> Option<bool> {
    if words.next_if_eq(&"(").is_some() {
        let holds = any_of(words)?;
        return words.next_if_eq(&")").map(|_| holds);
    }
    let holds = ALLOWED.contains(&words.next()?);
    if words.next_if_eq(&"WITH").is_some() {
        words.next()?;
    }
    Some(holds)
}

#[cfg(test)]
mod tests {
    use super::is_allowed;

    #[test]
    fn one_allowed_alternative_is_enough() {
        assert!(is_allowed("MIT OR GPL-3.0-only"));
        assert!(is_allowed("MIT/Apache-2.0"));
        assert!(is_allowed("Apache-2.0 WITH LLVM-exception OR MIT"));
    }

    #[test]
    fn every_part_of_a_conjunction_must_be_allowed() {
        assert!(is_allowed("(MIT OR Apache-2.0) AND Unicode-3.0"));
        assert!(!is_allowed("(MIT OR Apache-2.0) AND OpenSSL"));
        assert!(!is_allowed("MIT AND (GPL-2.0-only OR LGPL-3.0-only)"));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for expression in ["", "MIT OR", "(MIT", "MIT Apache-2.0", "mit", "GPL-3.0-only"] {
            assert!(!is_allowed(expression), "{expression:?}");
        }
    }
}
