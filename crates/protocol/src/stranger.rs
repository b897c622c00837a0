//! Which other protocol speaks on a port that should speak RDP, told by the first bytes it sends.

mod http;

pub use http::HttpAnswer;

use crate::text::safe_ascii;

const BANNER_LENGTH: usize = 80;
const WINDOW: usize = 512;

/// A protocol that is not RDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Stranger {
    /// SSH (RFC 4253).
    Ssh,
    /// HTTP, a web server or a web proxy.
    Http,
    /// TLS from the first byte: HTTPS, or a listener that expects TLS before X.224.
    Tls,
    /// VNC (RFC 6143).
    Vnc,
    /// SMTP (RFC 5321).
    Smtp,
    /// FTP (RFC 959).
    Ftp,
    /// POP3 (RFC 1939).
    Pop3,
    /// IMAP (RFC 9051).
    Imap,
    /// NNTP (RFC 3977).
    Nntp,
    /// `MySQL` or `MariaDB`.
    Mysql,
    /// `PostgreSQL`.
    #[cfg_attr(feature = "serde", serde(rename = "postgresql"))]
    PostgreSql,
    /// Redis.
    Redis,
    /// memcached.
    Memcached,
    /// Telnet (RFC 854).
    Telnet,
    /// SMB or the `NetBIOS` session service.
    Smb,
    /// LDAP (RFC 4511).
    Ldap,
    /// A SOCKS proxy (RFC 1928).
    Socks,
    /// Citrix ICA.
    Ica,
    /// AMQP.
    Amqp,
    /// rsync.
    Rsync,
    /// Sends back what it gets.
    Echo,
    /// None of these.
    Unknown,
}

impl std::fmt::Display for Stranger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Ssh => "SSH",
            Self::Http => "HTTP",
            Self::Tls => "TLS",
            Self::Vnc => "VNC",
            Self::Smtp => "SMTP",
            Self::Ftp => "FTP",
            Self::Pop3 => "POP3",
            Self::Imap => "IMAP",
            Self::Nntp => "NNTP",
            Self::Mysql => "MySQL",
            Self::PostgreSql => "PostgreSQL",
            Self::Redis => "Redis",
            Self::Memcached => "memcached",
            Self::Telnet => "Telnet",
            Self::Smb => "SMB",
            Self::Ldap => "LDAP",
            Self::Socks => "SOCKS",
            Self::Ica => "Citrix ICA",
            Self::Amqp => "AMQP",
            Self::Rsync => "rsync",
            Self::Echo => "an echo service",
            Self::Unknown => "an unknown protocol",
        })
    }
}

/// Who speaks, and what it said.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
pub struct Sighting {
    /// The protocol.
    pub stranger: Stranger,
    /// The first line, or the first bytes where it is no text: printable ASCII, at most 80 characters.
    pub banner: String,
    /// What an HTTP answer says about its sender.
    pub http: Option<HttpAnswer>,
}

/// Tells the protocol by the first bytes that a server sent, unasked or in answer to a Connection Request or a
/// `ClientHello`.
pub fn identify(bytes: &[u8]) -> Sighting {
    let http = HttpAnswer::read(bytes);
    let stranger = if http.is_some() { Stranger::Http } else { stranger_of(bytes) };
    Sighting { stranger, banner: banner(bytes), http }
}

fn stranger_of(bytes: &[u8]) -> Stranger {
    binary(bytes).or_else(|| textual(bytes)).unwrap_or(Stranger::Unknown)
}

fn binary(bytes: &[u8]) -> Option<Stranger> {
    match bytes {
        [20..=23, 3, 0..=4, ..] => Some(Stranger::Tls),
        [0xff, 0xfb..=0xfe, _, ..] => Some(Stranger::Telnet),
        [0, _, _, _, 0xff | 0xfe, b'S', b'M', b'B', ..] | [0x82, 0, 0, 0, ..] | [0x83, 0, 0, 1, ..] => {
            Some(Stranger::Smb)
        }
        [_, _, 0, 0, 0x0a, b'0'..=b'9', ..]
        | [_, _, 0, 0, 0xff, _, _, b' '..=b'~', ..]
        | [5, 0, 0, 0, 0x0b, 8, 5, ..] => Some(Stranger::Mysql),
        [b'E' | b'N', 0, 0, _, _, b'S', ..] => Some(Stranger::PostgreSql),
        [0x30, _, 2, 1, _, 0x61 | 0x65 | 0x78, ..] | [0x30, 0x84, _, _, _, _, 2, 1, _, 0x61 | 0x65 | 0x78, ..] => {
            Some(Stranger::Ldap)
        }
        [5, 0 | 0xff] | [0, 0x5a..=0x5d, _, _, _, _, _, _] => Some(Stranger::Socks),
        [0x7f, 0x7f, b'I', b'C', b'A', ..] => Some(Stranger::Ica),
        [3, 0, _, _, _, 0xe0, ..] => Some(Stranger::Echo),
        _ => None,
    }
}

fn textual(bytes: &[u8]) -> Option<Stranger> {
    let text = String::from_utf8_lossy(bytes.get(..WINDOW).unwrap_or(bytes)).to_ascii_lowercase();
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| text.starts_with(prefix));
    if let Some(found) = PREFIXES.iter().find(|(prefixes, _)| starts(prefixes)).map(|(_, stranger)| *stranger) {
        return Some(found);
    }
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let code = reply_code(&text)?;
    match code {
        200 | 201 | 400 | 500 | 502 if has(&["nntp", "news", "innd", "inn "]) => Some(Stranger::Nntp),
        _ if has(&["ftp", "filezilla", "with user and pass"]) => Some(Stranger::Ftp),
        _ if has(&["smtp", "postfix", "exim", "sendmail", "mail"]) || has_enhanced_status(&text) => {
            Some(Stranger::Smtp)
        }
        _ => None,
    }
}

/// Lower case, in the order in which they are tried.
const PREFIXES: &[(&[&str], Stranger)] = &[
    (&["ssh-"], Stranger::Ssh),
    (&["http/", "<!doctype html", "<html"], Stranger::Http),
    (&["rfb "], Stranger::Vnc),
    (&["* ok", "* preauth", "* bye", "* bad"], Stranger::Imap),
    (&["-err [", "+ok"], Stranger::Pop3),
    (&["-err", "-noauth", "-denied", "-noperm", "-loading"], Stranger::Redis),
    (&["error\r\n", "client_error ", "server_error "], Stranger::Memcached),
    (&["efatal"], Stranger::PostgreSql),
    (&["amqp"], Stranger::Amqp),
    (&["@rsyncd:"], Stranger::Rsync),
];

/// The three digits with which replies of FTP, SMTP and NNTP start.
fn reply_code(text: &str) -> Option<u16> {
    let (code, rest) = text.split_at_checked(3)?;
    let delimited = rest.starts_with([' ', '-', '\r']);
    if delimited && code.bytes().all(|b| b.is_ascii_digit()) { code.parse().ok() } else { None }
}

/// `554 5.7.1 …`: the enhanced status codes of RFC 3463.
fn has_enhanced_status(text: &str) -> bool {
    let digits = |part: Option<&str>| part.is_some_and(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
    let Some(word) = text.get(4..).and_then(|rest| rest.split_whitespace().next()) else { return false };
    let mut parts = word.split('.');
    digits(parts.next()) && digits(parts.next()) && digits(parts.next()) && parts.next().is_none()
}

fn banner(bytes: &[u8]) -> String {
    let printable = bytes.first().is_some_and(u8::is_ascii_graphic);
    let line = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    safe_ascii(if printable { line } else { bytes }, BANNER_LENGTH)
}
