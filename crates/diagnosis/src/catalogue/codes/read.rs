//! Error codes out of what people type and paste.

mod token;

use rdpdoctor_protocol::text::safe_text;

use self::token::{Number, Token, tokens};
use super::{EVENT, Event, by_name, codes, events_with_id, letters, lookup, provider};
use crate::evidence::ToldCode;

/// More than any dialog or log line; the rest is not looked at.
const LONGEST: usize = 16 * 1024;
const LONGEST_SHOWN: usize = 80;
const MOST_CODES: usize = 16;
const MOST_UNREAD: usize = 8;
/// So many words may stand between "event" and its number.
const REACH: usize = 4;
/// Smaller numbers stand in any text.
const TELLING: u32 = 0x100;
/// Shorter wordings are said of many things.
const WORDING: usize = 12;

/// What was found in a text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reading {
    /// The codes, in the order in which they stand there.
    pub codes: Vec<ToldCode>,
    /// What looks as if it were meant and was not understood, safe to print.
    pub unread: Vec<String>,
}

/// Reads codes of every kind out of a text: numbers in hexadecimal or decimal, symbolic names, events with or without
/// their provider, alerts, several of them, a whole dialog in any language or a line of a log. Whether a number means
/// something is not asked: [`readings`](super::readings) tells.
pub fn read(text: &str) -> Reading {
    let text = bounded(text);
    let named = names_in(text);
    if let Some(whole) = whole_name(text) {
        return whole;
    }
    let tokens = tokens(text);
    let mut reader = Reader { bare: tokens.iter().all(is_plain), ..Reader::default() };
    for token in &tokens {
        reader.take(token);
    }
    reader.say_providers();
    reader.say_pairs();
    if reader.codes.is_empty() && named.is_empty() {
        reader.take_loose(&tokens);
    }
    for code in named {
        reader.add(code);
    }
    reader.finish(&tokens)
}

fn bounded(text: &str) -> &str {
    let end = text.floor_char_boundary(LONGEST);
    text.get(..end).unwrap_or_default().trim()
}

/// The whole text as one symbolic name or wording.
fn whole_name(text: &str) -> Option<Reading> {
    if text.len() > 200 || text.bytes().all(|byte| !byte.is_ascii_alphabetic()) {
        return None;
    }
    let codes: Vec<ToldCode> =
        by_name(text).into_iter().map(|code| told(text, code.value, Some(code.family.id))).collect();
    (!codes.is_empty()).then(|| Reading { codes, unread: Vec::new() })
}

/// Wordings of messages anywhere in the text.
fn names_in(text: &str) -> Vec<ToldCode> {
    let said = letters(text);
    let worded = codes().iter().filter(|code| !code.family.numbered && code.name.len() >= WORDING);
    let found = worded.filter(|code| said.contains(&letters(code.name)));
    found.take(MOST_CODES).map(|code| told(code.name, code.value, Some(code.family.id))).collect()
}

fn told(text: &str, value: u32, family: Option<&str>) -> ToldCode {
    ToldCode { text: safe_text(text, LONGEST_SHOWN), value, family: family.map(str::to_owned) }
}

/// What the words before a number say of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hint {
    Event,
    Extended,
    Alert,
    State,
    Reason,
    ErrorInfo,
    Failure,
    Code,
}

/// Beginnings of the words that say it, in the languages of Windows; compared in lower case.
const HINTS: &[(&str, Hint)] = &[
    ("errorinfo", Hint::ErrorInfo),
    ("errinfo", Hint::ErrorInfo),
    ("event", Hint::Event),
    ("ereignis", Hint::Event),
    ("événement", Hint::Event),
    ("évènement", Hint::Event),
    ("gebeurtenis", Hint::Event),
    ("zdarzeni", Hint::Event),
    ("событи", Hint::Event),
    ("イベント", Hint::Event),
    ("事件", Hint::Event),
    ("extended", Hint::Extended),
    ("extendedreason", Hint::Extended),
    ("erweitert", Hint::Extended),
    ("étend", Hint::Extended),
    ("etend", Hint::Extended),
    ("extendid", Hint::Extended),
    ("ampliad", Hint::Extended),
    ("estendid", Hint::Extended),
    ("estes", Hint::Extended),
    ("uitgebreid", Hint::Extended),
    ("rozszerz", Hint::Extended),
    ("расшир", Hint::Extended),
    ("拡張", Hint::Extended),
    ("扩展", Hint::Extended),
    ("擴充", Hint::Extended),
    ("alert", Hint::Alert),
    ("state", Hint::State),
    ("reason", Hint::Reason),
    ("failure", Hint::Failure),
    ("rdp_neg_failure", Hint::Failure),
    ("code", Hint::Code),
    ("fehler", Hint::Code),
    ("código", Hint::Code),
    ("codigo", Hint::Code),
    ("codice", Hint::Code),
    ("kod", Hint::Code),
    ("код", Hint::Code),
    ("コード", Hint::Code),
    ("エラー", Hint::Code),
    ("代码", Hint::Code),
    ("代碼", Hint::Code),
    ("error", Hint::Code),
    ("err", Hint::Code),
    ("erreur", Hint::Code),
    ("status", Hint::Code),
    ("substatus", Hint::Code),
    ("hresult", Hint::Code),
    ("result", Hint::Code),
    ("discreason", Hint::Code),
];
/// Words that may stand between a hint and its number, or beside a code, and say nothing.
const FILLERS: &[&str] = &["id", "is", "tls", "number", "no", "nr", "the", "and", "or", "und", "et", "y", "e", "i"];

/// In words.
const LONGEST_PROVIDER: usize = 5;

fn hint(word: &str) -> Option<Hint> {
    let word = word.to_lowercase();
    HINTS.iter().find(|(start, _)| word.starts_with(start)).map(|(_, hint)| *hint)
}

/// A word, or the last part of a long name: `Microsoft-Windows-TerminalServices-RemoteConnectionManager`.
fn names_provider(word: &str) -> bool {
    provider(word).is_some() || word.rsplit('-').next().is_some_and(|last| provider(last).is_some())
}

/// Whether a token stands in a bare list of codes, not in prose.
fn is_plain(token: &Token<'_>) -> bool {
    match token {
        Token::Number(_) => true,
        Token::Noise(_) => false,
        Token::Word(word) => {
            let lower = word.to_lowercase();
            FILLERS.contains(&lower.as_str()) || hint(word).is_some() || names_provider(word) || is_name(word)
        }
    }
}

/// Whether a word in running text is a symbolic name: many of them are common words too.
fn is_name(word: &str) -> bool {
    let marked = word.contains('_') || word.chars().skip(1).any(char::is_uppercase);
    marked && word.len() <= 100 && !by_name(word).is_empty()
}

#[derive(Default)]
struct Reader<'a> {
    codes: Vec<ToldCode>,
    hint: Option<(Hint, usize)>,
    providers: Vec<String>,
    recent: Vec<&'a str>,
    after_alert: Vec<&'a str>,
    bare: bool,
}

impl<'a> Reader<'a> {
    fn take(&mut self, token: &Token<'a>) {
        match token {
            Token::Word(word) => self.take_word(word),
            Token::Number(number) => self.take_number(number),
            Token::Noise(_) => self.hint = None,
        }
        if !matches!(token, Token::Word(_)) {
            self.recent.clear();
        }
    }

    fn take_word(&mut self, word: &'a str) {
        self.take_alert_name(word);
        self.recent.push(word);
        if let Some(named) = self.named_provider() {
            self.providers.push(named);
            self.hint = Some((Hint::Event, 0));
        } else if is_name(word) {
            for code in by_name(word) {
                self.add(told(word, code.value, Some(code.family.id)));
            }
        } else if let Some(said) = hint(word) {
            // "alert code", "extended error code": the first word says more.
            let weak = said == Hint::Code && self.hint.is_some();
            self.hint = Some(if weak { self.hint.unwrap_or((said, 0)) } else { (said, 0) });
        } else if let Some((hint, words)) = self.hint {
            self.hint = (words < REACH).then_some((hint, words + 1));
        }
    }

    /// The provider that the last words name.
    fn named_provider(&self) -> Option<String> {
        let most = self.recent.len().min(LONGEST_PROVIDER);
        let ends = (1..=most).rev().filter_map(|count| self.recent.get(self.recent.len() - count..));
        let whole = ends.map(<[&str]>::concat).find(|name| provider(name).is_some());
        whole.or_else(|| {
            let last = self.recent.last()?.rsplit('-').next()?;
            provider(last).map(|_| last.to_owned())
        })
    }

    /// OpenSSL writes "alert handshake failure".
    fn take_alert_name(&mut self, word: &'a str) {
        if !matches!(self.hint, Some((Hint::Alert, _))) {
            self.after_alert.clear();
            return;
        }
        self.after_alert.push(word);
        let name = self.after_alert.join("_");
        if let Some(code) = by_name(&name).into_iter().find(|code| code.family.id == "tls-alert") {
            self.add(told(&name, code.value, Some(code.family.id)));
        }
    }

    fn take_number(&mut self, number: &Number<'a>) {
        let hint = self.hint.take().map(|(hint, _)| hint);
        let Some(value) = number.value.map(|value| unprefixed(number, value)) else { return };
        let family = hint.and_then(|hint| self.family(hint, number, value));
        if !number.decimal || self.bare || family.is_some() || hint == Some(Hint::Code) {
            self.add(told(number.text, value, family));
        }
    }

    fn family(&self, hint: Hint, number: &Number<'_>, value: u32) -> Option<&'static str> {
        // Who writes "alert 36888" names the event that tells of it.
        let tells_of_alerts = || events_with_id(value).iter().any(|event| event.is_from("Schannel"));
        let of_client = || lookup(value).iter().any(|code| code.family.id == "client-disconnect");
        match hint {
            Hint::Event if number.decimal => (self.bare || !events_with_id(value).is_empty()).then_some(EVENT),
            Hint::Extended => Some("client-extended"),
            Hint::Alert if value < TELLING || (self.bare && !tells_of_alerts()) => Some("tls-alert"),
            Hint::State => Some("schannel-state"),
            Hint::ErrorInfo => Some("error-info"),
            Hint::Failure if value < 16 => Some("negotiation-failure"),
            Hint::Reason if of_client() && value >= TELLING => Some("client-disconnect"),
            Hint::Reason if number.decimal && value < 64 => Some("event40-reason"),
            _ => None,
        }
    }

    fn add(&mut self, code: ToldCode) {
        // FreeRDP prints a name and its number.
        let same = |other: &ToldCode| {
            other.value == code.value
                && (other.family == code.family || other.family.is_none() || code.family.is_none())
        };
        let full = self.codes.len() >= MOST_CODES;
        match self.codes.iter_mut().find(|other| same(other)) {
            Some(other) if other.family.is_none() => *other = code,
            Some(_) => {}
            None if full => {}
            None => self.codes.push(code),
        }
    }

    /// Writes an event as `Schannel/36874` where the text names who wrote it, before its id or after.
    fn say_providers(&mut self) {
        for code in self.codes.iter_mut().filter(|code| code.family.as_deref() == Some(EVENT)) {
            let known = events_with_id(code.value);
            let named = known.iter().find(|event| self.providers.iter().any(|word| event.is_from(word)));
            let provider = named.map(|event| event.short_provider()).or_else(|| {
                self.providers
                    .iter()
                    .filter(|_| known.is_empty())
                    .find_map(|word| provider(word))
                    .map(Event::short_provider)
            });
            if let Some(provider) = provider {
                code.text = format!("{provider}/{}", code.value);
            }
        }
    }

    /// Of two codes side by side the first is the client's, the second its extended one.
    fn say_pairs(&mut self) {
        let mut index = 0;
        while let Some([first, second]) = self.codes.get_mut(index..index + 2) {
            let free =
                first.family.is_none() && second.family.as_deref().is_none_or(|family| family == "client-extended");
            if free && is_client(first.value) && is_extended(second.value) {
                first.family = Some(client_family(first.value).to_owned());
                second.family = Some("client-extended".to_owned());
                index += 1;
            }
            index += 1;
        }
    }

    /// Prose in which no word that we know says which number is a code: those that mean something.
    fn take_loose(&mut self, tokens: &[Token<'a>]) {
        for token in tokens {
            let Token::Number(Number { text, value: Some(value), .. }) = token else { continue };
            let known = !lookup(*value).is_empty() || !events_with_id(*value).is_empty();
            if *value >= TELLING && known {
                self.add(told(text, *value, None));
            }
        }
    }

    fn finish(self, tokens: &[Token<'a>]) -> Reading {
        let nothing = self.codes.is_empty();
        let unread = tokens.iter().filter_map(|token| match token {
            Token::Number(Number { text, value: None, .. }) => Some(*text),
            Token::Word(text) if nothing || (text.contains('_') && !is_plain(token)) => Some(*text),
            Token::Noise(text) if nothing => Some(*text),
            _ => None,
        });
        let unread = unread.take(MOST_UNREAD).map(|text| safe_text(text, LONGEST_SHOWN)).collect();
        Reading { codes: self.codes, unread }
    }
}

/// Windows also prints statuses without 0x: 80090331.
fn unprefixed(number: &Number<'_>, value: u32) -> u32 {
    let hex = u32::from_str_radix(number.text, 16).ok().filter(|_| number.decimal && number.text.len() == 8);
    hex.filter(|hex| lookup(value).is_empty() && !lookup(*hex).is_empty()).unwrap_or(value)
}

/// Whether mstsc or another client would show the number as its "error code".
fn is_client(value: u32) -> bool {
    let known = |family: &str| lookup(value).iter().any(|code| code.family.id == family);
    (TELLING..0x1_0000).contains(&value)
        || value <= 3
        || known("gateway-client")
        || known("windows-app")
        || known("client-disconnect")
}

fn is_extended(value: u32) -> bool {
    lookup(value).iter().any(|code| matches!(code.family.id, "client-extended" | "error-info"))
}

fn client_family(value: u32) -> &'static str {
    let known = lookup(value);
    let of_client = |id: &&str| known.iter().any(|code| code.family.id == *id);
    ["client-disconnect", "gateway-client", "windows-app"].into_iter().find(of_client).unwrap_or("client-disconnect")
}

#[cfg(test)]
mod tests;
