//! The paths that Rust source names, read from its tokens: comments, texts and tests name nothing.

use anyhow::anyhow;
use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// Every path of the source outside its test modules, with `use` groups written out: `std::net::IpAddr`.
pub(crate) fn paths(source: &str) -> anyhow::Result<Vec<String>> {
    let tokens: TokenStream = source.parse().map_err(|error| anyhow!("{error}"))?;
    let mut found = Vec::new();
    collect(tokens, "", &mut found);
    Ok(found)
}

/// Adds the paths of `tokens` to `found`. Within a group of `use`, each name starts with the group's `prefix`.
fn collect(tokens: TokenStream, prefix: &str, found: &mut Vec<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut path = prefix.to_owned();
    let mut rest = tokens.as_slice();
    while let Some((token, after)) = rest.split_first() {
        rest = after;
        match token {
            TokenTree::Punct(mark) if mark.as_char() == ':' && mark.spacing() == Spacing::Joint => {
                path.push_str("::");
                rest = after.get(1..).unwrap_or_default();
            }
            TokenTree::Punct(mark) if mark.as_char() == '#' && is_test_module(after) => {
                rest = after.get(TEST_MODULE_TOKENS..).unwrap_or_default();
            }
            TokenTree::Punct(mark) if mark.as_char() == ',' => {
                finish(&mut path, found);
                prefix.clone_into(&mut path);
            }
            TokenTree::Ident(name) => {
                if !path.ends_with("::") {
                    finish(&mut path, found);
                }
                path.push_str(&name.to_string());
            }
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace && path.ends_with("::") => {
                collect(group.stream(), &path, found);
                path.clear();
            }
            TokenTree::Group(group) => {
                finish(&mut path, found);
                collect(group.stream(), "", found);
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => finish(&mut path, found),
        }
    }
    finish(&mut path, found);
}

fn finish(path: &mut String, found: &mut Vec<String>) {
    let whole = path.trim_matches(':');
    if !whole.is_empty() {
        found.push(whole.to_owned());
    }
    path.clear();
}

/// `[cfg(test)]`, `mod`, the name and the body.
const TEST_MODULE_TOKENS: usize = 4;

/// Whether an inline test module follows the `#`.
fn is_test_module(tokens: &[TokenTree]) -> bool {
    let [TokenTree::Group(attribute), keyword, _, TokenTree::Group(_), ..] = tokens else {
        return false;
    };
    attribute.stream().to_string().replace(' ', "") == "cfg(test)" && keyword.to_string() == "mod"
}

#[cfg(test)]
mod tests {
    use super::paths;

    #[test]
    fn groups_are_written_out() {
        let found = paths("use std::{fs, net::{IpAddr, TcpStream as Stream}, time};").unwrap();
        for path in ["std::fs", "std::net::IpAddr", "std::net::TcpStream", "std::time"] {
            assert!(found.iter().any(|it| it == path), "{path} is missing in {found:?}");
        }
    }

    #[test]
    fn calls_and_fields_are_found() {
        let found = paths("fn f() { S { at: ::std::time::Instant::now(), file: std::fs::File } }").unwrap();
        assert!(found.iter().any(|it| it == "std::time::Instant::now"), "{found:?}");
        assert!(found.iter().any(|it| it == "std::fs::File"), "{found:?}");
    }

    #[test]
    fn comments_texts_and_tests_name_nothing() {
        let source = r#"
            /// Like std::fs::read.
            fn f() -> &'static str { "std::fs" } // std::fs
            #[cfg(test)]
            mod tests { use std::fs; }
        "#;
        assert!(!paths(source).unwrap().iter().any(|path| path.contains("fs")));
    }

    #[test]
    fn code_after_a_test_module_counts() {
        let found = paths("#[cfg(test)] mod tests { } use std::env;").unwrap();
        assert!(found.iter().any(|it| it == "std::env"), "{found:?}");
    }

    #[test]
    fn a_struct_of_fields_is_no_path() {
        let found = paths("struct S { a: u8, b: Vec<u8> }").unwrap();
        assert!(found.iter().all(|path| !path.contains("::")), "{found:?}");
    }
}
