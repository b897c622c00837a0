//! Answers of SSL 2.0, which is no TLS: recognised, never spoken.

const SERVER_HELLO: u8 = 4;
const ERROR: u8 = 0;
const ERROR_LENGTH: u8 = 3;

/// Whether bytes that a server sent look like a `SERVER-HELLO` or `ERROR` of SSL 2.0 behind its two-byte record header.
pub fn is_ssl2_answer(bytes: &[u8]) -> bool {
    is_error(bytes) || is_server_hello(bytes)
}

fn is_error(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x80, ERROR_LENGTH, ERROR])
}

/// SESSION-ID-HIT, CERTIFICATE-TYPE and SERVER-VERSION follow the type.
fn is_server_hello(bytes: &[u8]) -> bool {
    matches!(bytes, [0x80..=0xff, _, SERVER_HELLO, 0 | 1, _, 0, 2, ..])
}
