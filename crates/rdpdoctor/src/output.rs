//! Results to stdout, messages to stderr, and what the terminal can show.

use std::io::{self, Write};

use anstream::{AutoStream, ColorChoice};
use clap::ValueEnum;
use jiff::tz::TimeZone;
use rdpdoctor_protocol::text::safe_text;
use rdpdoctor_render::Style;

const LONGEST_MESSAGE: usize = 1000;

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Where results go.
pub(crate) struct Output {
    stream: AutoStream<io::Stdout>,
    style: Style,
}

impl Output {
    pub(crate) fn new(when: Color) -> Self {
        let choice = match when {
            Color::Auto => AutoStream::choice(&io::stdout()),
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        let stream = AutoStream::new(io::stdout(), choice);
        // Without colour the marks have to stand out by themselves, and ASCII does that everywhere.
        let colour = choice != ColorChoice::Never;
        let style = Style::plain().colour(colour).unicode(colour && has_unicode()).zone(TimeZone::system());
        let style = match terminal_size::terminal_size_of(io::stdout()) {
            Some((columns, _)) => style.width(columns.0.into()),
            None => style,
        };
        Self { stream, style }
    }

    pub(crate) fn style(&self) -> &Style {
        &self.style
    }

    /// Writes at once. A reader that has gone away is an [`io::ErrorKind::BrokenPipe`].
    pub(crate) fn print(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(text.as_bytes())?;
        self.stream.flush()
    }
}

/// One line to stderr. Nothing is left to say where that fails.
pub(crate) fn complain(message: &str) {
    let _ = writeln!(io::stderr(), "rdpdoctor: {}", safe_text(message, LONGEST_MESSAGE));
}

/// Windows consoles show the marks only in some fonts; its newer terminal always does.
fn has_unicode() -> bool {
    if cfg!(windows) {
        return std::env::var_os("WT_SESSION").is_some();
    }
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set).unwrap_or_default().to_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}
