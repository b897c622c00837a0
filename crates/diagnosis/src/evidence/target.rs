use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The port that Remote Desktop listens on unless told otherwise.
const DEFAULT_PORT: u16 = 3389;

/// What the user asked to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Target {
    /// As typed.
    pub input: String,
    /// The host alone: a name in its ASCII form (RFC 5891), or an address.
    pub host: String,
    /// The TCP port.
    pub port: u16,
}

impl Target {
    /// Nobody in particular: the subject of an error code without a host. Commands name it `HOST`.
    pub fn unnamed() -> Self {
        Self { input: String::new(), host: "HOST".to_owned(), port: DEFAULT_PORT }
    }

    /// The machine that we run on.
    pub fn loopback(port: u16) -> Self {
        Self { input: "127.0.0.1".to_owned(), host: "127.0.0.1".to_owned(), port }
    }

    /// Whether no host was asked for.
    pub fn is_unnamed(&self) -> bool {
        self.input.is_empty()
    }

    /// The address, where the host is one.
    pub fn literal(&self) -> Option<IpAddr> {
        let unscoped = self.host.split_once('%').map_or(self.host.as_str(), |(address, _)| address);
        unscoped.parse().ok()
    }

    /// Whether the host is a name without a dot, which the resolver completes by its search list.
    pub fn is_single_label(&self) -> bool {
        self.literal().is_none() && !self.host.trim_end_matches('.').contains('.')
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.host.contains(':'), self.port) {
            (_, DEFAULT_PORT) => f.write_str(&self.host),
            (true, port) => write!(f, "[{}]:{port}", self.host),
            (false, port) => write!(f, "{}:{port}", self.host),
        }
    }
}

/// Why an input names no target. Each message says what to type instead.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TargetError {
    /// Nothing was typed.
    #[error("no host given: type a name or an address, such as ts01, ts01:3390 or [2001:db8::5]:3389")]
    Empty,
    /// A URL instead of a host.
    #[error("a URL is no host: type only its host part, {host}")]
    Url {
        /// What to type instead.
        host: String,
    },
    /// The part after the colon is no TCP port.
    #[error("\"{port}\" is no TCP port: type a number from 1 to 65535 after the colon")]
    Port {
        /// As typed.
        port: String,
    },
    /// An opening bracket without its closing one, or text after it.
    #[error("brackets hold one IPv6 address, as in [2001:db8::5] or [2001:db8::5]:3389")]
    Brackets,
    /// A host that can be neither a name nor an address.
    #[error("\"{host}\" is neither a host name nor an address: {reason}")]
    Host {
        /// As typed, made safe to print.
        host: String,
        /// Which rule it breaks.
        reason: &'static str,
    },
}

impl FromStr for Target {
    type Err = TargetError;

    /// Reads `host`, `host:port`, an IPv4 or IPv6 literal, `[v6]` or `[v6]:port`; names may be internationalised.
    fn from_str(input: &str) -> Result<Self, TargetError> {
        let trimmed = input.trim();
        if trimmed.is_empty() {
            return Err(TargetError::Empty);
        }
        if let Some((_, rest)) = trimmed.split_once("://") {
            let host = rest.split(['/', '?']).next().unwrap_or_default();
            return Err(TargetError::Url { host: safe(host) });
        }
        let (host, port) = split_port(trimmed)?;
        let port = port.map_or(Ok(DEFAULT_PORT), parse_port)?;
        Ok(Self { input: safe(trimmed), host: canonical_host(host)?, port })
    }
}

fn split_port(text: &str) -> Result<(&str, Option<&str>), TargetError> {
    if let Some(inner) = text.strip_prefix('[') {
        let (host, rest) = inner.split_once(']').ok_or(TargetError::Brackets)?;
        return match rest.strip_prefix(':') {
            Some(port) if is_v6(host) => Ok((host, Some(port))),
            None if rest.is_empty() && is_v6(host) => Ok((host, None)),
            _ => Err(TargetError::Brackets),
        };
    }
    if is_v6(text) {
        return Ok((text, None));
    }
    match text.split_once(':') {
        Some((host, port)) if !port.contains(':') => Ok((host, Some(port))),
        Some(_) => Err(TargetError::Host { host: safe(text), reason: "an IPv6 address with a port needs brackets" }),
        None => Ok((text, None)),
    }
}

/// An IPv6 address, perhaps with a zone (RFC 4007 section 11): the name or number of an interface.
fn is_v6(text: &str) -> bool {
    let (address, zone) = text.split_once('%').map_or((text, None), |(address, zone)| (address, Some(zone)));
    let is_zone = |zone: &str| {
        !zone.is_empty() && zone.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    address.parse::<Ipv6Addr>().is_ok() && zone.is_none_or(is_zone)
}

fn parse_port(text: &str) -> Result<u16, TargetError> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<u16>() {
        Ok(port) if port != 0 && digits => Ok(port),
        _ => Err(TargetError::Port { port: safe(text) }),
    }
}

fn canonical_host(host: &str) -> Result<String, TargetError> {
    let wrong = |reason| TargetError::Host { host: safe(host), reason };
    if is_v6(host) || host.parse::<IpAddr>().is_ok() {
        return Ok(host.to_owned());
    }
    if host.is_empty() {
        return Err(TargetError::Empty);
    }
    let ascii = idna::domain_to_ascii(host).map_err(|_| wrong("it breaks the rules of internationalised names"))?;
    // Digits of other scripts become ASCII ones.
    if ascii.parse::<IpAddr>().is_ok() {
        return Ok(ascii);
    }
    if ascii.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return Err(wrong("an IPv4 address has four numbers from 0 to 255"));
    }
    if ascii.len() > 253 {
        return Err(wrong("a name has at most 253 characters"));
    }
    for label in ascii.trim_end_matches('.').split('.') {
        check_label(label).map_err(wrong)?;
    }
    Ok(ascii)
}

/// Host names of Windows networks may hold underscores, which DNS carries (RFC 2181 section 11).
fn check_label(label: &str) -> Result<(), &'static str> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    match label {
        "" => Err("a label between two dots is empty"),
        _ if label.len() > 63 => Err("a label has at most 63 characters"),
        _ if label.starts_with('-') || label.ends_with('-') => Err("a label neither begins nor ends with a hyphen"),
        _ if !label.bytes().all(allowed) => Err("only letters, digits, hyphens, underscores and dots are allowed"),
        _ => Ok(()),
    }
}

fn safe(text: &str) -> String {
    rdpdoctor_protocol::text::safe_text(text, 120)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host_and_port(input: &str) -> (String, u16) {
        let target: Target = input.parse().unwrap();
        (target.host, target.port)
    }

    #[test]
    fn reads_every_way_to_name_a_host() {
        assert_eq!(host_and_port("ts01"), ("ts01".into(), 3389));
        assert_eq!(host_and_port(" ts01.example.com:3390 "), ("ts01.example.com".into(), 3390));
        assert_eq!(host_and_port("10.0.0.5:13389"), ("10.0.0.5".into(), 13389));
        assert_eq!(host_and_port("2001:db8::5"), ("2001:db8::5".into(), 3389));
        assert_eq!(host_and_port("[2001:db8::5]:3390"), ("2001:db8::5".into(), 3390));
        assert_eq!(host_and_port("fe80::1%eth0"), ("fe80::1%eth0".into(), 3389));
        assert_eq!(host_and_port("bücher.example"), ("xn--bcher-kva.example".into(), 3389));
        assert_eq!(host_and_port("my_host"), ("my_host".into(), 3389));
        assert_eq!(host_and_port("１０.0.0.5"), ("10.0.0.5".into(), 3389));
    }

    #[test]
    fn says_what_is_wrong_and_what_to_type() {
        let error = |input: &str| input.parse::<Target>().unwrap_err().to_string();
        assert!(error("").starts_with("no host given"));
        assert!(error("ts01:0").contains("1 to 65535"));
        assert!(error("ts01:").contains("1 to 65535"));
        assert!(error("ts01:+5").contains("1 to 65535"));
        assert!(error("rdp://ts01/x").contains("type only its host part, ts01"));
        assert!(error("[2001:db8::5").contains("brackets"));
        assert!(error("[ts01]").contains("brackets"));
        assert!(error("2001:db8::zz:1").contains("needs brackets"));
        assert!(error("300.1.2.3").contains("four numbers"));
        assert!(error("\u{b9}").contains("four numbers"), "a superscript digit is a digit to IDNA");
        assert!(error("a..b").contains("empty"));
        assert!(error("-a").contains("hyphen"));
        assert!(error("fe80::1%a]:1").contains("neither a host name"), "a zone is the name of an interface");
        assert!(error("a b").contains("neither a host name"));
        assert!(error(&"a".repeat(64)).contains("63"));
        assert!(!error("a\x1b[31m").contains('\x1b'));
    }

    #[test]
    fn prints_what_can_be_typed_again() {
        for input in ["ts01", "ts01:3390", "2001:db8::5", "[2001:db8::5]:3390"] {
            assert_eq!(input.parse::<Target>().unwrap().to_string(), input);
        }
    }
}
