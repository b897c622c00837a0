//! Text of strangers, made safe to show on a terminal.

/// One line of text that no terminal obeys: control characters, bidi controls, invisible characters and bytes that are
/// no UTF-8 become escapes such as `\x1b` or `\u{202e}`. At most `limit` characters, the last one `…` if cut.
pub fn safe_text(text: impl AsRef<[u8]>, limit: usize) -> String {
    let mut line = Line::new(limit, "…");
    for chunk in text.as_ref().utf8_chunks() {
        let valid = chunk.valid().chars().map(escape_hidden);
        let invalid = chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}"));
        if !valid.chain(invalid).all(|piece| line.push(&piece)) {
            break;
        }
    }
    line.finish()
}

/// Like [`safe_text`] with printable ASCII only: every other byte becomes `\x…`; cut with `...`.
pub fn safe_ascii(bytes: &[u8], limit: usize) -> String {
    let mut line = Line::new(limit, "...");
    for &byte in bytes {
        let printable = byte.is_ascii_graphic() || byte == b' ';
        let piece = if printable { char::from(byte).to_string() } else { format!("\\x{byte:02x}") };
        if !line.push(&piece) {
            break;
        }
    }
    line.finish()
}

/// Collects whole pieces until the next one would not fit.
struct Line {
    text: String,
    length: usize,
    /// Where to cut so that the ellipsis still fits, in bytes.
    cut: usize,
    limit: usize,
    ellipsis: &'static str,
    full: bool,
}

impl Line {
    fn new(limit: usize, ellipsis: &'static str) -> Self {
        Self { text: String::new(), length: 0, cut: 0, limit, ellipsis, full: false }
    }

    fn push(&mut self, piece: &str) -> bool {
        let length = self.length.saturating_add(piece.chars().count());
        if length > self.limit {
            self.full = true;
            return false;
        }
        self.text.push_str(piece);
        self.length = length;
        if length.saturating_add(self.ellipsis.chars().count()) <= self.limit {
            self.cut = self.text.len();
        }
        true
    }

    fn finish(mut self) -> String {
        if self.full {
            self.text.truncate(self.cut);
            self.text.extend(self.ellipsis.chars().take(self.limit));
        }
        self.text
    }
}

fn escape_hidden(character: char) -> String {
    match character {
        '\0'..='\x1f' | '\x7f' => format!("\\x{:02x}", u32::from(character)),
        _ if is_hidden(character) => format!("\\u{{{:x}}}", u32::from(character)),
        _ => character.to_string(),
    }
}

/// Characters beyond ASCII that show nothing, or that change how their neighbours are shown.
pub fn is_hidden(character: char) -> bool {
    matches!(character,
        '\u{80}'..='\u{9f}' // C1 controls
        | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' // zero width, directional marks
        | '\u{2028}'..='\u{202e}' // line separators, embeddings and overrides
        | '\u{2060}'..='\u{206f}' // invisible operators, isolates
        | '\u{2800}' | '\u{3164}'
        | '\u{e000}'..='\u{f8ff}' // private use
        | '\u{fdd0}'..='\u{fdef}'
        | '\u{fe00}'..='\u{fe0f}' // variation selectors
        | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{10ffff}') // tags, private use
}
