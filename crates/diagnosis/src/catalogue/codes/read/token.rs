/// A piece of the text between two separators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Number(Number<'a>),
    Word(&'a str),
    /// Addresses, times, versions, GUIDs: numbers that are no codes.
    Noise(&'a str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number<'a> {
    pub(super) text: &'a str,
    /// None where it does not fit into 32 bits.
    pub(super) value: Option<u32>,
    /// Written in decimal without a sign.
    pub(super) decimal: bool,
}

/// Cuts a text into its tokens.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut start = None;
    for (at, letter) in text.char_indices().chain([(text.len(), ' ')]) {
        if letter.is_alphanumeric() || is_joint(letter) {
            start.get_or_insert(at);
        } else if let Some(from) = start.take() {
            push_run(text.get(from..at).unwrap_or_default(), &mut tokens);
        }
    }
    tokens
}

fn is_joint(letter: char) -> bool {
    matches!(letter, '_' | '-' | '.' | ':')
}

/// A run without spaces: one token, or several that a joint holds together.
fn push_run<'a>(run: &'a str, tokens: &mut Vec<Token<'a>>) {
    let signed = run;
    let negative = run.starts_with('-');
    let run = run.trim_matches(|letter| matches!(letter, '-' | '.' | ':'));
    let split = |letter| matches!(letter, '-' | '.' | ':');
    let mut parts = run.split(split).filter(|part| !part.is_empty());
    if run.contains(split) && parts.clone().all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        return tokens.push(Token::Noise(run));
    }
    // Providers have hyphens in their names.
    if run.contains('-') && run.bytes().all(|byte| byte == b'-' || byte.is_ascii_alphabetic()) {
        return tokens.push(Token::Word(run));
    }
    let first = parts
        .next()
        .map(|part| negative.then(|| minus(signed.get(..=part.len())?)).flatten().unwrap_or_else(|| token(part)));
    tokens.extend(first);
    tokens.extend(parts.map(token));
}

fn token(text: &str) -> Token<'_> {
    number(text).map_or(Token::Word(text), Token::Number)
}

/// A negative 32-bit number stands as its two's complement.
fn minus(text: &str) -> Option<Token<'_>> {
    if !text.bytes().skip(1).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let value = text.parse::<i64>().ok().and_then(|value| i32::try_from(value).ok()).map(i32::cast_unsigned);
    Some(Token::Number(Number { text, value, decimal: false }))
}

fn number(text: &str) -> Option<Number<'_>> {
    if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return is_hex(hex).then(|| Number { text, value: hex_value(hex), decimal: false });
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty() {
        return Some(Number { text, value: text.parse().ok(), decimal: true });
    }
    // Windows also prints statuses without 0x: C000006D, 8009030D.
    let bare = text.len() == 8 && is_hex(text) && text.starts_with(['8', 'C', 'c', 'D', 'd']) && has_digit(text);
    bare.then(|| Number { text, value: hex_value(text), decimal: false })
}

fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}

/// Numbers of 64 bits are those of 32 with their sign drawn out, or none of ours.
fn hex_value(hex: &str) -> Option<u32> {
    let digits = hex.trim_start_matches('0');
    let digits = match digits.len() {
        16 => digits.strip_prefix("FFFFFFFF").or_else(|| digits.strip_prefix("ffffffff"))?,
        _ => digits,
    };
    if digits.is_empty() { Some(0) } else { u32::from_str_radix(digits, 16).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Option<u32> {
        match tokens(text).as_slice() {
            [Token::Number(number)] => number.value,
            _ => None,
        }
    }

    #[test]
    fn numbers_in_every_form() {
        assert_eq!(value("0x904"), Some(0x904));
        assert_eq!(value("0X00000904"), Some(0x904));
        assert_eq!(value("2308"), Some(0x904));
        assert_eq!(value("-2146893007"), Some(0x8009_0331));
        assert_eq!(value("0xFFFFFFFF80090331"), Some(0x8009_0331));
        assert_eq!(value("C000006D"), Some(0xC000_006D));
        assert_eq!(value("(0x0)"), Some(0));
        assert_eq!(value("-2146893007."), Some(0x8009_0331));
    }

    #[test]
    fn numbers_that_do_not_fit_have_no_value() {
        for text in ["0x123456789", "99999999999", "-9999999999", "0x00007ff812345678"] {
            assert!(matches!(tokens(text).as_slice(), [Token::Number(Number { value: None, .. })]), "{text}");
        }
    }

    #[test]
    fn addresses_times_and_identifiers_are_noise() {
        for text in
            ["10.0.0.5", "10.0.0.5:3389", "10:22:33", "2026-11-21", "d5b5a4c1-0001-0002-0003-000000000904", "fe80::1"]
        {
            assert_eq!(tokens(text), [Token::Noise(text)], "{text}");
        }
    }

    #[test]
    fn joints_hold_words_together_and_codes_not() {
        assert_eq!(tokens("Microsoft-Windows-CAPI2").last(), Some(&Token::Word("CAPI2")));
        let [Token::Number(first), Token::Number(second)] = tokens("0x904-0x7")[..] else { panic!("two numbers") };
        assert_eq!((first.value, second.value), (Some(0x904), Some(7)));
        assert_eq!(tokens("a_b code:0x7").len(), 3);
        assert_eq!(tokens(""), []);
    }
}
