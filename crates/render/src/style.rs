use anstyle::AnsiColor;
use jiff::tz::TimeZone;

const NARROWEST: usize = 40;
const WIDEST: usize = 100;

/// What the reader's terminal can show.
#[derive(Debug, Clone)]
pub struct Style {
    colour: bool,
    unicode: bool,
    width: usize,
    zone: TimeZone,
}

impl Style {
    /// Plain ASCII without colour, 80 columns, times in UTC: what every terminal, file and serial console shows.
    pub fn plain() -> Self {
        Self { colour: false, unicode: false, width: 80, zone: TimeZone::UTC }
    }

    /// With ANSI colours or without.
    #[must_use]
    pub fn colour(mut self, colour: bool) -> Self {
        self.colour = colour;
        self
    }

    /// With characters beyond ASCII or without.
    #[must_use]
    pub fn unicode(mut self, unicode: bool) -> Self {
        self.unicode = unicode;
        self
    }

    /// Wrapped at so many columns, kept between 40 and 100.
    #[must_use]
    pub fn width(mut self, columns: usize) -> Self {
        self.width = columns.clamp(NARROWEST, WIDEST);
        self
    }

    /// With local times in this zone beside UTC.
    #[must_use]
    pub fn zone(mut self, zone: TimeZone) -> Self {
        self.zone = zone;
        self
    }

    pub(crate) fn has_unicode(&self) -> bool {
        self.unicode
    }

    pub(crate) fn columns(&self) -> usize {
        self.width
    }

    /// The zone of local times.
    pub fn local(&self) -> &TimeZone {
        &self.zone
    }

    pub(crate) fn ansi(&self, paint: Paint) -> anstyle::Style {
        if self.colour { paint.ansi() } else { anstyle::Style::new() }
    }
}

/// What a piece of text is, as far as its looks go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paint {
    Plain,
    Heading,
    Good,
    Caution,
    Bad,
    Faint,
    Command,
}

impl Paint {
    fn ansi(self) -> anstyle::Style {
        let style = anstyle::Style::new();
        match self {
            Self::Plain => style,
            Self::Heading => style.bold(),
            Self::Good => AnsiColor::Green.on_default().bold(),
            Self::Caution => AnsiColor::Yellow.on_default().bold(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
            Self::Faint => style.dimmed(),
            Self::Command => AnsiColor::Cyan.on_default(),
        }
    }
}
