//! Names inside sentences and commands.

use std::net::{IpAddr, SocketAddr};

use super::book::Book;
use super::patterns::is_word;

/// Longer runs of base64 are keys or certificates.
const SHORTEST_BASE64: usize = 80;

/// The text with every name that the book knows, and everything that looks like an address or a fingerprint, replaced.
pub(super) fn redacted(text: &str, book: &mut Book) -> String {
    rewritten(text, book, name)
}

/// The text with everything that looks like an address or a fingerprint replaced.
pub(super) fn without_names(text: &str, book: &mut Book) -> String {
    rewritten(text, book, |_, _| None)
}

/// How names are found at the start of a text.
type NameFinder = fn(&[char], &mut Book) -> Option<(usize, String)>;

fn rewritten(text: &str, book: &mut Book, name: NameFinder) -> String {
    let phrases: Vec<(Vec<char>, String)> =
        book.phrases().map(|(original, pseudonym)| (original.chars().collect(), pseudonym.to_owned())).collect();
    let characters: Vec<char> = text.chars().collect();
    let mut rest = characters.as_slice();
    let mut begins = true;
    let mut done = String::new();
    while let Some(first) = rest.first().copied() {
        if begins && let Some((length, replacement)) = at_start(rest, &phrases, book).or_else(|| name(rest, book)) {
            done.push_str(&replacement);
            rest = rest.get(length..).unwrap_or_default();
            begins = false;
            continue;
        }
        // What is no name is copied word by word, so that nothing is found inside one.
        let word = rest.iter().take_while(|character| is_word(**character)).count();
        let length = if first.is_alphanumeric() { word } else { 1 };
        done.extend(rest.get(..length).unwrap_or_default());
        rest = rest.get(length..).unwrap_or_default();
        begins = !first.is_alphanumeric();
    }
    done
}

/// What stands at the start of this text, how long it is, and what to write instead.
fn at_start(rest: &[char], phrases: &[(Vec<char>, String)], book: &mut Book) -> Option<(usize, String)> {
    phrase(rest, phrases)
        .or_else(|| separated_digits(rest, book))
        .or_else(|| network_address(rest, book))
        .or_else(|| base64(rest))
        .or_else(|| digits_before_underscore(rest, book))
}

fn phrase(rest: &[char], phrases: &[(Vec<char>, String)]) -> Option<(usize, String)> {
    let matches = |phrase: &[char]| {
        let same = |(one, other): (&char, &char)| one.to_lowercase().eq(other.to_lowercase());
        rest.len() >= phrase.len()
            && rest.iter().zip(phrase).all(same)
            && rest.get(phrase.len()).is_none_or(|next| !next.is_alphanumeric())
    };
    let longest = phrases.iter().filter(|(phrase, _)| matches(phrase)).max_by_key(|(phrase, _)| phrase.len())?;
    Some((longest.0.len(), longest.1.clone()))
}

/// `AB:CD:…`, `ab cd …`: how certificate viewers show a thumbprint or a serial number.
fn separated_digits(rest: &[char], book: &mut Book) -> Option<(usize, String)> {
    let separator = rest.get(2).copied().filter(|character| [':', ' ', '-'].contains(character))?;
    let is_pair = |pair: &[char]| matches!(pair, [a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit());
    let pairs = rest.chunks(3).take_while(|chunk| is_pair(chunk)).count();
    let joined = rest.chunks(3).take(pairs).take_while(|chunk| chunk.get(2) == Some(&separator)).count();
    let pairs = pairs.min(joined + 1);
    let least = if separator == ' ' { 8 } else { 6 };
    if pairs < least {
        return None;
    }
    let length = pairs * 3 - 1;
    let ends = rest.get(length).is_none_or(|next| !next.is_alphanumeric());
    let digits: String = rest.get(..length)?.iter().filter(|character| **character != separator).collect();
    ends.then(|| (length, book.fingerprint(&digits)))
}

/// An address, with its port or zone.
fn network_address(rest: &[char], book: &mut Book) -> Option<(usize, String)> {
    let is_part = |character: &&char| character.is_ascii_hexdigit() || matches!(character, ':' | '.');
    let run: String = rest.iter().take_while(is_part).collect();
    if rest.get(run.len()).is_some_and(|next| next.is_alphanumeric() || *next == '_') {
        return None;
    }
    let bare = run.trim_end_matches(['.', ':']);
    if let Ok(SocketAddr::V4(endpoint)) = bare.parse() {
        return Some((bare.len(), format!("{}:{}", book.address(IpAddr::V4(*endpoint.ip())), endpoint.port())));
    }
    let whole = [run.as_str(), bare].into_iter().find_map(|text| Some((text.len(), text.parse::<IpAddr>().ok()?)));
    let (length, address) = whole?;
    let zone = match rest.get(length..) {
        Some(['%', zone @ ..]) if address.is_ipv6() => 1 + zone.iter().take_while(|next| is_word(**next)).count(),
        _ => 0,
    };
    Some((length + zone, book.address(address).to_string()))
}

fn base64(rest: &[char]) -> Option<(usize, String)> {
    let is_base64 = |character: &&char| character.is_ascii_alphanumeric() || matches!(character, '+' | '/' | '=');
    let length = rest.iter().take_while(is_base64).count();
    (length >= SHORTEST_BASE64).then(|| (length, "redacted".to_owned()))
}

/// A key container and the machine that made it: `<hash>_<GUID>`.
fn digits_before_underscore(rest: &[char], book: &mut Book) -> Option<(usize, String)> {
    let digits: String = rest.iter().take_while(|character| character.is_ascii_hexdigit()).collect();
    let is_container = rest.get(digits.len()) == Some(&'_') && digits.len() == 32;
    // The one that every machine has comes back as it is, so that what follows it is looked at by itself.
    is_container.then(|| (digits.len(), book.word(&digits).unwrap_or(digits)))
}

fn name(rest: &[char], book: &mut Book) -> Option<(usize, String)> {
    let run: String = rest.iter().take_while(|character| is_word(**character)).collect();
    let word = run.trim_end_matches(['.', '-']);
    let length = word.chars().count();
    (length > 0).then(|| book.word(word)).flatten().map(|pseudonym| (length, pseudonym))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book() -> Book {
        let mut book = Book::default();
        book.learn_domain("corp.example");
        book.learn("ts01.corp.example");
        book.learn("server");
        book.learn("Corp Root CA 7");
        book.fingerprint("00112233445566778899aabbccddeeff00112233");
        book
    }

    fn shown(text: &str) -> String {
        redacted(text, &mut book())
    }

    #[test]
    fn names_are_found_in_sentences_and_commands() {
        assert_eq!(shown("TS01 answers."), "host-1 answers.");
        assert_eq!(shown("\"ts01.corp.example\" (CORP\\x)"), "\"host-1.domain-1.example\" (domain-1\\x)");
        assert_eq!(shown("Enter-PSSession -ComputerName ts01"), "Enter-PSSession -ComputerName host-1");
        assert_eq!(shown("psexec \\\\ts01 -s cmd; ts01:3390"), "psexec \\\\host-1 -s cmd; host-1:3390");
        assert_eq!(shown("db7.corp.example, ts01.example.com"), "host-3.domain-1.example, host-1.example.com");
        assert_eq!(shown("issued by corp root ca 7, not"), "issued by name-1, not");
        assert_eq!(shown("ts01-old TS01$ xts01"), "host-1-old host-1$ xts01");
    }

    #[test]
    fn an_ordinary_word_stays_although_a_host_is_called_so() {
        assert_eq!(shown("the server hung up on port 3389"), "the server hung up on port 3389");
    }

    #[test]
    fn addresses_are_found_with_port_zone_and_full_stop() {
        assert_eq!(shown("10.0.0.5:3389 and 10.0.0.5."), "192.0.2.1:3389 and 192.0.2.1.");
        assert_eq!(shown("[fd00::5]:3389, fe80::1%eth0: yes"), "[2001:db8::1]:3389, 2001:db8::2: yes");
        assert_eq!(shown("127.0.0.1 10.0.20348 1.3.6.1.5.5.7.3.1"), "127.0.0.1 10.0.20348 1.3.6.1.5.5.7.3.1");
        assert_eq!(shown("Test::Path 12:30:45 Get-Date"), "Test::Path 12:30:45 Get-Date");
    }

    #[test]
    fn fingerprints_are_found_in_every_spelling() {
        for spelling in [
            "00112233445566778899aabbccddeeff00112233",
            "00112233445566778899AABBCCDDEEFF00112233",
            "00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11:22:33",
            "00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff 00 11 22 33",
            "0011223344",
        ] {
            assert_eq!(shown(&format!("thumbprint {spelling}, yes")), "thumbprint fingerprint-1, yes", "{spelling}");
        }
        assert_eq!(shown("0x904 0x80090302 20260101"), "0x904 0x80090302 20260101");
        assert_eq!(shown(&format!("key {}", "QUJD".repeat(25))), "key redacted");
    }

    #[test]
    fn the_machine_behind_a_key_container_is_hidden_and_the_container_known_to_all_is_not() {
        let path = "f686aace6942fb7f7ceb231212eef4a4_00112233-4455-6677-8899-aabbccddeeff";
        assert_eq!(shown(path), "f686aace6942fb7f7ceb231212eef4a4_guid-1");
    }
}
