//! Lines of painted text. Every piece that is put on a canvas is made safe first.

use rdpdoctor_protocol::text::safe_text;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::Style;
use crate::style::Paint;

/// More than any sentence of ours; a stranger's banner ends here.
const LONGEST_PIECE: usize = 4000;
/// Stands for a space at which no line may break.
const NO_BREAK_SPACE: char = '\u{a0}';

/// A piece of text of one look, safe to print.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    text: String,
    paint: Paint,
}

impl Piece {
    pub(crate) fn new(text: impl AsRef<str>, paint: Paint) -> Self {
        Self { text: safe_text(text.as_ref(), LONGEST_PIECE), paint }
    }

    pub(crate) fn plain(text: impl AsRef<str>) -> Self {
        Self::new(text, Paint::Plain)
    }

    /// Kept on one line.
    pub(crate) fn unbroken(mut self) -> Self {
        self.text = self.text.replace(' ', "\u{a0}");
        self
    }
}

/// A sentence in which every second backtick ends a piece of code.
pub(crate) fn inline(text: &str) -> Vec<Piece> {
    let paints = [Paint::Plain, Paint::Command].into_iter().cycle();
    text.split('`').zip(paints).map(|(part, paint)| Piece::new(part, paint)).collect()
}

pub(crate) struct Canvas<'a> {
    style: &'a Style,
    text: String,
}

impl<'a> Canvas<'a> {
    pub(crate) fn new(style: &'a Style) -> Self {
        Self { style, text: String::new() }
    }

    pub(crate) fn finish(self) -> String {
        self.text
    }

    pub(crate) fn blank(&mut self) {
        self.text.push('\n');
    }

    pub(crate) fn heading(&mut self, text: &str) {
        self.blank();
        self.flow(0, &[], &[Piece::new(text, Paint::Heading)]);
    }

    /// A line that stays whole whatever its length, so that it can be copied.
    pub(crate) fn verbatim(&mut self, indent: usize, text: &str) {
        self.spaces(indent);
        let piece = self.shown(&Piece::new(text, Paint::Command));
        self.print(&piece);
        self.blank();
    }

    /// `start`, then `body` wrapped in the columns right of it.
    pub(crate) fn flow(&mut self, indent: usize, start: &[Piece], body: &[Piece]) {
        let start: Vec<Piece> = start.iter().map(|piece| self.shown(piece)).collect();
        let body: Vec<Piece> = body.iter().map(|piece| self.shown(piece)).collect();
        self.spaces(indent);
        for piece in &start {
            self.print(piece);
        }
        let hang = indent + start.iter().map(|piece| piece.text.width()).sum::<usize>();
        let room = self.style.columns().saturating_sub(hang).max(1);
        let mut line = Run::default();
        for word in words(&body).into_iter().flat_map(|word| word.fit(room)) {
            let space = usize::from(word.spaced && line.columns > 0);
            if line.columns > 0 && line.columns + space + word.width() > room {
                self.print_run(&std::mem::take(&mut line));
                self.blank();
                self.spaces(hang);
            }
            line.push(word);
        }
        self.print_run(&line);
        self.blank();
    }

    fn print_run(&mut self, run: &Run) {
        for piece in &run.pieces {
            self.print(piece);
        }
    }

    fn spaces(&mut self, count: usize) {
        self.text.extend(std::iter::repeat_n(' ', count));
    }

    fn shown(&self, piece: &Piece) -> Piece {
        let text = if self.style.has_unicode() { piece.text.clone() } else { to_ascii(&piece.text) };
        Piece { text, paint: piece.paint }
    }

    fn print(&mut self, piece: &Piece) {
        let ansi = self.style.ansi(piece.paint);
        let text = piece.text.replace(NO_BREAK_SPACE, " ");
        self.text.extend([ansi.render().to_string(), text, ansi.render_reset().to_string()]);
    }
}

/// A line that grows; neighbours of one look become one piece.
#[derive(Default)]
struct Run {
    pieces: Vec<Piece>,
    columns: usize,
}

impl Run {
    fn push(&mut self, word: Word) {
        if word.spaced && self.columns > 0 {
            let paints = (self.pieces.last().map(|piece| piece.paint), word.pieces.first().map(|piece| piece.paint));
            let paint = if paints.0 == paints.1 { paints.0 } else { None };
            self.add(Piece { text: " ".to_owned(), paint: paint.unwrap_or(Paint::Plain) });
        }
        for piece in word.pieces {
            self.add(piece);
        }
    }

    fn add(&mut self, piece: Piece) {
        self.columns += piece.text.width();
        match self.pieces.last_mut() {
            Some(last) if last.paint == piece.paint => last.text.push_str(&piece.text),
            _ => self.pieces.push(piece),
        }
    }
}

/// What belongs together between two spaces, perhaps in several looks.
struct Word {
    pieces: Vec<Piece>,
    spaced: bool,
}

impl Word {
    fn width(&self) -> usize {
        self.pieces.iter().map(|piece| piece.text.width()).sum()
    }

    /// Cut into words that fit into `room` columns, if it is longer.
    fn fit(self, room: usize) -> Vec<Self> {
        if self.width() <= room {
            return vec![self];
        }
        let mut spaced = self.spaced;
        let cut = |piece: &Piece| -> Vec<Piece> {
            chunks(&piece.text, room).into_iter().map(|text| Piece { text, paint: piece.paint }).collect()
        };
        let words = self.pieces.iter().flat_map(cut).map(|piece| {
            let word = Self { pieces: vec![piece], spaced };
            spaced = false;
            word
        });
        words.collect()
    }
}

fn words(pieces: &[Piece]) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut spaced = false;
    for piece in pieces {
        for (index, text) in piece.text.split(' ').enumerate() {
            spaced |= index > 0;
            if text.is_empty() {
                continue;
            }
            let part = Piece { text: text.to_owned(), paint: piece.paint };
            match words.last_mut() {
                Some(word) if !spaced => word.pieces.push(part),
                _ => words.push(Word { pieces: vec![part], spaced }),
            }
            spaced = false;
        }
    }
    words
}

fn chunks(text: &str, room: usize) -> Vec<String> {
    let mut chunks = vec![String::new()];
    let mut used = 0;
    for character in text.chars() {
        let width = character.width().unwrap_or(0);
        if used + width > room {
            chunks.push(String::new());
            used = 0;
        }
        used += width;
        if let Some(last) = chunks.last_mut() {
            last.push(character);
        }
    }
    chunks
}

/// For terminals that show nothing else: our own signs in words of ASCII, anything else as an escape.
fn to_ascii(text: &str) -> String {
    let mut ascii = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '·' => ascii.push('|'),
            '…' => ascii.push_str("..."),
            '–' | '—' => ascii.push('-'),
            '‘' | '’' => ascii.push('\''),
            '“' | '”' => ascii.push('"'),
            '→' => ascii.push_str("->"),
            '\0'..='\x7f' | NO_BREAK_SPACE => ascii.push(character),
            other => ascii.extend(other.escape_unicode()),
        }
    }
    ascii
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flowed(width: usize, indent: usize, start: &str, body: &[Piece]) -> String {
        let style = Style::plain().unicode(true).width(width);
        let mut canvas = Canvas::new(&style);
        canvas.flow(indent, &[Piece::plain(start)], body);
        canvas.finish()
    }

    #[test]
    fn wraps_under_the_start() {
        let body = Piece::plain("one two three four five six seven eight nine ten");
        assert_eq!(flowed(40, 2, "- ", &[body]), "  - one two three four five six seven\n    eight nine ten\n");
    }

    #[test]
    fn counts_columns_and_not_bytes() {
        let body = Piece::plain("名前名前名前名前 名前名前名前名前 名前名前名前名前");
        let text = flowed(40, 0, "", &[body]);
        assert!(text.lines().all(|line| line.width() <= 40), "{text}");
        assert_eq!(text.lines().count(), 2);
    }

    #[test]
    fn cuts_a_word_that_fits_on_no_line() {
        let text = flowed(40, 0, "", &[Piece::plain("a".repeat(90))]);
        assert_eq!(text.lines().map(str::len).collect::<Vec<_>>(), [40, 40, 10]);
    }

    #[test]
    fn keeps_pieces_together_that_no_space_parts() {
        let body = [Piece::plain("the value of "), Piece::new("PortNumber", Paint::Command), Piece::plain(", if any")];
        assert_eq!(flowed(80, 0, "", &body), "the value of PortNumber, if any\n");
        let body = [Piece::plain("x".repeat(35)), Piece::plain(" TLS"), Piece::plain("x refused")];
        assert_eq!(flowed(40, 0, "", &body), format!("{} TLSx\nrefused\n", "x".repeat(35)));
    }

    #[test]
    fn never_breaks_what_is_unbroken() {
        let body = [Piece::plain("x".repeat(30)), Piece::plain(" "), Piece::plain("HYBRID required").unbroken()];
        assert_eq!(flowed(40, 0, "", &body), format!("{}\nHYBRID required\n", "x".repeat(30)));
    }

    #[test]
    fn shows_ascii_where_nothing_else_is_shown() {
        let style = Style::plain();
        let mut canvas = Canvas::new(&style);
        canvas.flow(0, &[], &[Piece::plain("a · b… é")]);
        assert_eq!(canvas.finish(), "a | b... \\u{e9}\n");
    }

    #[test]
    fn colours_only_when_asked() {
        let style = Style::plain().colour(true);
        let mut canvas = Canvas::new(&style);
        canvas.flow(0, &[], &[Piece::new("BROKEN", Paint::Bad), Piece::plain(" ts01")]);
        assert_eq!(canvas.finish(), "\u{1b}[1m\u{1b}[31mBROKEN\u{1b}[0m ts01\n");
    }
}
