//! What an HTTP answer says about its sender: a web server, or a proxy on the way.

use crate::text::safe_text;

const MAX_MARKERS: usize = 16;
const MAX_HEADERS: usize = 64;
const MARKER_LENGTH: usize = 120;
const REASON_LENGTH: usize = 80;

/// The parts of an HTTP response that tell a web proxy from a web server.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
pub struct HttpAnswer {
    /// The status code, such as 400.
    pub status: u16,
    /// The reason phrase, made safe.
    pub reason: Option<String>,
    /// The `Server` header, made safe.
    pub server: Option<String>,
    /// Headers that a proxy adds, such as `Via: 1.1 proxy (squid/5.7)`, made safe; at most 16.
    pub proxy_markers: Vec<String>,
}

impl HttpAnswer {
    /// Whether a header names a web proxy, or the status demands a login to one (407).
    pub fn is_from_proxy(&self) -> bool {
        self.status == 407 || !self.proxy_markers.is_empty()
    }

    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
        let (status, reason) = status_line(lines.next()?)?;
        let headers = || lines.clone().take_while(|line| !line.is_empty()).take(MAX_HEADERS).filter_map(header);
        let server = headers().find(|(name, _)| name.eq_ignore_ascii_case(b"server")).map(|(_, value)| value);
        let proxy_markers = headers().filter(|(name, value)| is_marker(name, value)).take(MAX_MARKERS);
        let shown = |text: &[u8]| safe_text(text, REASON_LENGTH);
        Some(Self {
            status,
            reason: Some(reason).filter(|reason| !reason.is_empty()).map(shown),
            server: server.map(shown),
            proxy_markers: proxy_markers.map(|(name, value)| show(name, value)).collect(),
        })
    }
}

fn status_line(line: &[u8]) -> Option<(u16, &[u8])> {
    let rest = line.strip_prefix(b"HTTP/")?;
    let mut words = rest.splitn(3, |byte| *byte == b' ');
    words.next()?;
    let code = std::str::from_utf8(words.next()?).ok()?;
    if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((code.parse().ok()?, words.next().unwrap_or_default()))
}

fn header(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = line.split_at_checked(colon)?;
    Some((name.trim_ascii(), value.get(1..).unwrap_or_default().trim_ascii()))
}

fn is_marker(name: &[u8], value: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    match name.as_slice() {
        b"via" | b"x-cache" | b"x-cache-lookup" => true,
        b"server" => {
            let value = String::from_utf8_lossy(value).to_ascii_lowercase();
            PROXY_SERVERS.iter().any(|product| value.contains(product))
        }
        name => PROXY_HEADERS.iter().any(|prefix| name.starts_with(prefix)),
    }
}

/// Beginnings of header names, lower case.
const PROXY_HEADERS: &[&[u8]] =
    &[b"proxy-", b"x-squid", b"x-bluecoat", b"x-zscaler", b"x-forcepoint", b"x-websense", b"x-mwg", b"x-proxy"];

/// Products that sign themselves in `Server`, lower case.
const PROXY_SERVERS: &[&str] = &[
    "squid",
    "zscaler",
    "blue coat",
    "bluecoat",
    "proxysg",
    "mcafee web gateway",
    "ironport",
    "cisco-wsa",
    "tinyproxy",
    "privoxy",
    "forcepoint",
    "websense",
    "fortiproxy",
    "polipo",
];

fn show(name: &[u8], value: &[u8]) -> String {
    safe_text([name, b": ", value].concat(), MARKER_LENGTH)
}
