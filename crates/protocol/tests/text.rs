//! Hostile text on its way to a terminal.

use rdpdoctor_protocol::text::{safe_ascii, safe_text};

#[test]
fn harmless_text_stays() {
    for text in ["", "ts01.example.com", "CORP\\müller", "日本語", "a b"] {
        assert_eq!(safe_text(text, 80), text);
    }
}

#[test]
fn what_a_terminal_obeys_or_hides_is_escaped() {
    let rows = [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\r\nb\tc\0\x7f", "a\\x0d\\x0ab\\x09c\\x00\\x7f"),
        ("\u{9b}31m", "\\u{9b}31m"),
        ("admin\u{202e}txt.exe", "admin\\u{202e}txt.exe"),
        ("\u{2066}x\u{2069}", "\\u{2066}x\\u{2069}"),
        ("ts\u{200b}01\u{feff}", "ts\\u{200b}01\\u{feff}"),
        ("so\u{ad}ft", "so\\u{ad}ft"),
        ("\u{2028}\u{3164}\u{e0041}", "\\u{2028}\\u{3164}\\u{e0041}"),
    ];
    for (text, safe) in rows {
        assert_eq!(safe_text(text, 80), safe);
    }
}

#[test]
fn bytes_that_are_no_utf8_are_escaped_one_by_one() {
    assert_eq!(safe_text(b"M\xfcller \xe2\x82", 80), "M\\xfcller \\xe2\\x82");
}

#[test]
fn cut_text_ends_with_an_ellipsis_and_keeps_escapes_whole() {
    assert_eq!(safe_text("abcdef", 6), "abcdef");
    assert_eq!(safe_text("abcdefg", 6), "abcde…");
    assert_eq!(safe_text("abc\x1bdefg", 6), "abc…");
    assert_eq!(safe_text("ab\x1bc", 6), "ab…");
    assert_eq!(safe_text("ab\x1b", 6), "ab\\x1b");
    assert_eq!(safe_text("abc", 1), "…");
    assert_eq!(safe_text("abc", 0), "");
    assert_eq!(safe_text("öööö", 3), "öö…");
}

#[test]
fn ascii_only() {
    assert_eq!(safe_ascii("é\n~".as_bytes(), 80), "\\xc3\\xa9\\x0a~");
    assert_eq!(safe_ascii(b"abcdefg", 6), "abc...");
    assert_eq!(safe_ascii(b"abcdefg", 2), "..");
}
