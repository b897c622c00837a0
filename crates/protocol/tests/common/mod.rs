//! Helpers of the tests.
#![expect(clippy::unwrap_used, reason = "a helper of tests may stop where an expectation fails")]

/// Bytes written as hexadecimal, with blanks as the reader likes them.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    digits
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}
