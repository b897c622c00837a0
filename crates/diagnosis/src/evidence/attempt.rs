use std::net::SocketAddr;

use rdpdoctor_protocol::negotiation::{FailureCode, Protocols, ResponseFlags};
use rdpdoctor_protocol::stranger::Stranger;
use rdpdoctor_protocol::tls::{
    AlertDescription, AlertLevel, CipherSuite, HelloSpec, NamedGroup, ProtocolVersion, SignatureScheme,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CredsspSeen, Seen, Source};

/// One TCP connection, live or captured: what was offered, how far it came, how it ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Attempt {
    /// Who saw it.
    pub source: Source,
    /// The other end.
    pub endpoint: SocketAddr,
    /// Our end, where known: with the time it tells our own traces in the server's logs from others'.
    pub local: Option<SocketAddr>,
    /// What we were ready to do on it.
    pub offer: Offer,
    /// When it began, in milliseconds since [`super::Evidence::started`].
    pub started_ms: f64,
    /// The TCP handshake, where it was completed.
    pub connected: Option<Connected>,
    /// The X.224 Connection Confirm, where one came.
    pub negotiated: Option<Negotiated>,
    /// The TLS handshake, where one was begun.
    pub tls: Option<TlsSeen>,
    /// The first exchange of CredSSP, where the server chose it and TLS was completed.
    #[serde(default)]
    pub credssp: Option<CredsspSeen>,
    /// Bytes received in all.
    pub received: u64,
    /// How it ended.
    pub ending: Ending,
    /// When it ended, in milliseconds since it began.
    pub ended_ms: f64,
}

impl Attempt {
    /// The failure code of RDP_NEG_FAILURE, where that is how it ended.
    pub fn failure_code(&self) -> Option<FailureCode> {
        match self.ending {
            Ending::NegotiationFailure { code } => Some(code),
            _ => None,
        }
    }

    /// The protocols that the server chose, where it confirmed.
    pub fn selected(&self) -> Option<Protocols> {
        match self.negotiated.as_ref()?.answer {
            NegotiateAnswer::Selected { protocols, .. } => Some(protocols),
            NegotiateAnswer::NoData => Some(Protocols::RDP),
        }
    }

    /// Whether the server spoke RDP: it confirmed, or refused in RDP's own words.
    pub fn spoke_rdp(&self) -> bool {
        self.negotiated.is_some()
            || matches!(self.ending, Ending::NegotiationFailure { .. } | Ending::Disconnect { .. })
    }

    /// Whether the TLS handshake was completed.
    pub fn completed_tls(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.completed.is_some())
    }

    /// Whether TLS was begun and the other side ended it or fell silent.
    pub fn broke_in_tls(&self) -> bool {
        self.tls.is_some() && !self.completed_tls() && !matches!(self.ending, Ending::Ours)
    }
}

/// What one connection is ready to do. Equal offers make attempts comparable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Offer {
    /// The X.224 Connection Request; none where the TCP handshake is all that is wanted.
    pub negotiate: Option<NegotiateOffer>,
    /// The TLS handshake after the confirm, where the server chooses a protocol that begins with one.
    pub tls: Option<TlsOffer>,
    /// A limit on the TCP segments that the server may send, in bytes; none leaves it to the system.
    pub max_segment: Option<u16>,
}

impl Offer {
    /// What a current mstsc asks for, followed by a completed TLS handshake.
    pub fn mstsc() -> Self {
        let protocols = Protocols::SSL | Protocols::HYBRID | Protocols::HYBRID_EX;
        Self { tls: Some(TlsOffer::Complete), ..Self::negotiate(protocols) }
    }

    /// X.224 alone, with these protocols.
    pub fn negotiate(protocols: Protocols) -> Self {
        let negotiate = NegotiateOffer { protocols: Some(protocols), routing: Routing::Cookie };
        Self { negotiate: Some(negotiate), tls: None, max_segment: None }
    }

    /// The same without the `mstshash` cookie.
    #[must_use]
    pub fn without_cookie(mut self) -> Self {
        if let Some(negotiate) = &mut self.negotiate {
            negotiate.routing = Routing::None;
        }
        self
    }

    /// The same with small TCP segments.
    #[must_use]
    pub fn with_max_segment(mut self, bytes: u16) -> Self {
        self.max_segment = Some(bytes);
        self
    }

    /// A TCP handshake and nothing else.
    pub fn knock() -> Self {
        Self { negotiate: None, tls: None, max_segment: None }
    }

    /// The protocols asked for in RDP_NEG_REQ.
    pub fn protocols(&self) -> Option<Protocols> {
        self.negotiate.as_ref()?.protocols
    }
}

/// The X.224 Connection Request (MS-RDPBCGR 2.2.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NegotiateOffer {
    /// `requestedProtocols`; none where the request carries no RDP_NEG_REQ, as clients before RDP 5.2 sent it.
    pub protocols: Option<Protocols>,
    /// What stands before it.
    pub routing: Routing,
}

/// The routing field of the Connection Request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Routing {
    /// No cookie and no token.
    None,
    /// `Cookie: mstshash=rdpdoctor`.
    Cookie,
}

/// The TLS handshake that follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TlsOffer {
    /// SSL 3.0 to TLS 1.3 with every cipher suite of the library, completed; where the server chose CredSSP, its first
    /// exchange follows, without credentials.
    Complete,
    /// The same without TLS 1.3.
    CompleteBelowTls13,
    /// A ClientHello of our own making; the handshake ends where the server's first flight does.
    Hello(HelloSpec),
}

/// The TCP handshake.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Connected {
    /// Milliseconds from SYN to SYN-ACK; a second and more means that a SYN was lost or dropped.
    pub after_ms: f64,
}

/// The X.224 Connection Confirm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Negotiated {
    /// Milliseconds from the Connection Request.
    pub after_ms: f64,
    /// What it says.
    pub answer: NegotiateAnswer,
}

/// What a Connection Confirm says (MS-RDPBCGR 2.2.1.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum NegotiateAnswer {
    /// RDP_NEG_RSP.
    Selected {
        /// `selectedProtocol`.
        protocols: Protocols,
        /// Its flags.
        flags: ResponseFlags,
    },
    /// A confirm without negotiation data: Standard RDP Security.
    NoData,
}

/// What was seen of a TLS handshake.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct TlsSeen {
    /// Whole TLS records received.
    pub records: u32,
    /// The ServerHello.
    pub server_hello: Option<ServerHelloSeen>,
    /// A HelloRetryRequest (RFC 8446 section 4.1.4): the group that the server wants instead.
    #[serde(default)]
    pub hello_retry: Option<NamedGroup>,
    /// The certificates as served, the leaf first.
    pub chain: Vec<Der>,
    /// Whether this machine's certificate store trusts the chain.
    #[serde(default)]
    pub trust: Seen<Trust>,
    /// How the key was exchanged, where the handshake shows it.
    #[serde(default)]
    pub key_exchange: Option<KeyExchangeSeen>,
    /// The end of the handshake, where it was reached.
    pub completed: Option<TlsCompleted>,
}

/// A ServerHello.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ServerHelloSeen {
    /// Milliseconds from the ClientHello.
    pub after_ms: f64,
    /// The version chosen (`supported_versions` counted).
    pub version: ProtocolVersion,
    /// The cipher suite chosen.
    pub suite: CipherSuite,
}

/// The answer of a certificate store, for the chain alone: names and dates are judged apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trust {
    /// Whether the chain ends at a root that the store holds.
    pub trusted: bool,
    /// The store's own words where it does not.
    pub reason: Option<String>,
    /// Whether the store says that a certificate of the chain was revoked.
    #[serde(default)]
    pub revoked: bool,
}

/// The key exchange of a TLS handshake up to TLS 1.2, or the group of TLS 1.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct KeyExchangeSeen {
    /// The group, where it is a named one.
    pub group: Option<NamedGroup>,
    /// The size of the Diffie-Hellman prime in bits, where the server sent one.
    pub prime_bits: Option<u16>,
    /// The signature scheme of ServerKeyExchange or CertificateVerify.
    pub scheme: Option<SignatureScheme>,
    /// Whether that signature fits the certificate's key: then the server can use its private key.
    pub verified: Option<bool>,
}

/// A completed TLS handshake.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TlsCompleted {
    /// Milliseconds from the ClientHello.
    pub after_ms: f64,
}

/// A certificate as bytes; base64 in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Der(pub Vec<u8>);

impl Serialize for Der {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use base64::Engine;
        serializer.serialize_str(&base64::engine::general_purpose::STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Der {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use base64::Engine;
        let text = String::deserialize(deserializer)?;
        base64::engine::general_purpose::STANDARD.decode(text).map(Self).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Der {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Der".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "contentEncoding": "base64" })
    }
}

/// How a connection ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "how", rename_all = "kebab-case")]
pub enum Ending {
    /// Our SYN was answered with RST.
    Refused,
    /// Our SYN was answered with "unreachable".
    Unreachable {
        /// Whose word that is.
        report: Unreachable,
    },
    /// Our wait ran out.
    Silent,
    /// The other side closed in good order.
    Fin,
    /// The other side reset the connection.
    Reset,
    /// A fatal TLS alert (RFC 8446 section 6).
    Alert {
        /// Its level.
        level: AlertLevel,
        /// What it says.
        description: AlertDescription,
    },
    /// RDP_NEG_FAILURE (MS-RDPBCGR 2.2.1.2.2).
    NegotiationFailure {
        /// Its code.
        code: FailureCode,
    },
    /// An X.224 Disconnect Request, X.224 Error or MCS Disconnect Provider Ultimatum.
    Disconnect {
        /// What it was and its reason, in the specification's words.
        reason: String,
    },
    /// Bytes of another protocol.
    Stranger(StrangerSeen),
    /// Bytes that begin like what belongs here and break its rules.
    Malformed {
        /// What is wrong with them.
        what: String,
    },
    /// Our own system did not let us: nothing is known of the target.
    OurSystem {
        /// Its words.
        error: String,
    },
    /// We had what we wanted and closed.
    Ours,
}

/// Who says "unreachable".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unreachable {
    /// Our own system has no route there: nothing was sent.
    NoRoute,
    /// ICMP "network unreachable" came back.
    Network,
    /// ICMP "host unreachable" came back, or the neighbour did not answer ARP or neighbour discovery.
    Host,
    /// ICMP "administratively prohibited" came back, or "port unreachable", which for TCP only a firewall sends.
    Prohibited,
}

/// Another protocol on the port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StrangerSeen {
    /// Which, as far as its first bytes tell.
    pub protocol: Stranger,
    /// Its first bytes, made safe to print.
    pub banner: String,
    /// Whether it spoke before we had sent anything.
    pub spoke_first: bool,
    /// Headers that only a web proxy or filter sends.
    pub proxy_markers: Vec<String>,
}
