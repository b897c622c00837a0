//! The connections of a target in words, one row each.

use rdpdoctor_diagnosis::evidence::{Attempt, Ending, NegotiateAnswer, Offer, TlsOffer, TlsSeen, Unreachable};
use rdpdoctor_protocol::tls::HelloSpec;

use crate::words;

/// One connection.
pub(super) struct Row {
    pub(super) number: usize,
    pub(super) began: String,
    pub(super) endpoint: String,
    pub(super) offer: String,
    pub(super) reached: String,
    pub(super) ending: String,
    pub(super) took: String,
}

impl Row {
    pub(super) fn new(number: usize, attempt: &Attempt) -> Self {
        Self {
            number,
            began: words::duration(attempt.started_ms),
            endpoint: attempt.endpoint.to_string(),
            offer: offer(&attempt.offer),
            reached: reached(attempt),
            ending: ending(&attempt.ending),
            took: words::duration(attempt.ended_ms),
        }
    }
}

fn offer(offer: &Offer) -> String {
    let Some(negotiate) = &offer.negotiate else { return "TCP alone".to_owned() };
    let asked = match negotiate.protocols {
        Some(protocols) if protocols.is_empty() => "RDP".to_owned(),
        Some(protocols) => protocols.names().join(", "),
        None => "no RDP_NEG_REQ".to_owned(),
    };
    let tls = match &offer.tls {
        None => String::new(),
        Some(TlsOffer::Complete) => "; SSL 3.0 to TLS 1.3".to_owned(),
        Some(TlsOffer::CompleteBelowTls13) => "; SSL 3.0 to TLS 1.2".to_owned(),
        Some(TlsOffer::Hello(spec)) => format!("; {}", hello(spec)),
    };
    let segment = offer.max_segment.map_or(String::new(), |bytes| format!("; segments of {bytes} bytes"));
    format!("{asked}{tls}{segment}")
}

/// "TLS 1.0 to TLS 1.2, 12 suites".
fn hello(spec: &HelloSpec) -> String {
    let (Some(oldest), Some(newest)) = (spec.versions.iter().min(), spec.versions.iter().max()) else {
        return "no version".to_owned();
    };
    let versions = if oldest == newest { newest.to_string() } else { format!("{oldest} to {newest}") };
    match spec.suites.as_slice() {
        [one] => format!("{versions}, {one} alone"),
        several => format!("{versions}, {} suites", several.len()),
    }
}

/// The last step that was taken.
fn reached(attempt: &Attempt) -> String {
    if let Some(tls) = attempt.tls.as_ref().and_then(in_tls) {
        return tls;
    }
    match attempt.negotiated.as_ref().map(|negotiated| &negotiated.answer) {
        Some(NegotiateAnswer::Selected { protocols, .. }) if protocols.is_empty() => "RDP chosen".to_owned(),
        Some(NegotiateAnswer::Selected { protocols, .. }) => format!("{} chosen", protocols.names().join(", ")),
        Some(NegotiateAnswer::NoData) => "Standard RDP Security".to_owned(),
        None if attempt.connected.is_some() => "TCP".to_owned(),
        None => "–".to_owned(),
    }
}

fn in_tls(tls: &TlsSeen) -> Option<String> {
    let hello = tls.server_hello.as_ref()?;
    let end = if tls.completed.is_some() { ", completed" } else { "" };
    Some(format!("{}, {}{end}", hello.version, hello.suite))
}

fn ending(ending: &Ending) -> String {
    match ending {
        Ending::Refused => "refused (RST)".to_owned(),
        Ending::Unreachable { report } => unreachable(*report).to_owned(),
        Ending::Silent => "no answer".to_owned(),
        Ending::Fin => "closed by the server (FIN)".to_owned(),
        Ending::Reset => "reset by the server (RST)".to_owned(),
        Ending::Alert { description, .. } => format!("alert {description}"),
        Ending::NegotiationFailure { code } => code.to_string(),
        Ending::Disconnect { reason } => format!("disconnected: {reason}"),
        Ending::Stranger(seen) => format!("{}: {}", seen.protocol, seen.banner),
        Ending::Malformed { what } => format!("malformed: {what}"),
        Ending::OurSystem { error } => format!("our own system: {error}"),
        Ending::Ours => "by us".to_owned(),
    }
}

fn unreachable(report: Unreachable) -> &'static str {
    match report {
        Unreachable::NoRoute => "no route from here",
        Unreachable::Network => "network unreachable",
        Unreachable::Host => "host unreachable",
        Unreachable::Prohibited => "prohibited by a firewall",
    }
}

#[cfg(test)]
mod tests {
    use rdpdoctor_diagnosis::testing::Scene;
    use rdpdoctor_protocol::negotiation::{FailureCode, Protocols};
    use rdpdoctor_protocol::tls::{CipherSuite, ProtocolVersion};

    use super::*;

    fn shown(scene: Scene) -> (String, String, String) {
        let evidence = scene.evidence();
        let row = Row::new(1, &evidence.attempts[0]);
        (row.offer, row.reached, row.ending)
    }

    #[test]
    fn rows_say_what_was_offered_and_what_came_of_it() {
        let owned = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
        let scene = || Scene::at("10.0.0.5");
        assert_eq!(
            shown(scene().client(|a| a.selects(Protocols::HYBRID_EX).completes_tls())),
            owned(
                "SSL, HYBRID, HYBRID_EX; SSL 3.0 to TLS 1.3",
                "TLS 1.2, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, completed",
                "by us"
            )
        );
        assert_eq!(
            shown(scene().asks(Protocols::RDP, |a| a.fails(FailureCode::HYBRID_REQUIRED_BY_SERVER))),
            owned("RDP", "TCP", "HYBRID_REQUIRED_BY_SERVER")
        );
        let spec = HelloSpec::new(&[ProtocolVersion::TLS10, ProtocolVersion::TLS12], &[CipherSuite(0x0005)]);
        let offer = Offer { tls: Some(TlsOffer::Hello(spec)), ..Offer::mstsc() };
        assert_eq!(
            shown(scene().tries(offer, |a| a.selects(Protocols::SSL).starts_tls().ends(Ending::Fin))),
            owned(
                "SSL, HYBRID, HYBRID_EX; TLS 1.0 to TLS 1.2, TLS_RSA_WITH_RC4_128_SHA alone",
                "SSL chosen",
                "closed by the server (FIN)"
            )
        );
        assert_eq!(shown(scene().knocks(445, Ending::Refused)), owned("TCP alone", "–", "refused (RST)"));
    }
}
