//! What several causes of this stage look for.

use crate::evidence::{Attempt, EchoOutcome, Ending, Offer};
use crate::view::{AddressView, attempt_fact};
use crate::{Place, Remedy, Safety, Want};

/// An attempt with its place in the evidence.
pub(super) type Seen<'a> = (usize, &'a Attempt);

/// From here on the answer to a SYN means that an earlier one was lost or dropped, in milliseconds: the first
/// retransmission comes after 1 s (RFC 6298 section 2), timers are a little coarse.
const RETRANSMITTED_MS: f64 = 900.0;

/// How often the same may be tried before enough is known.
const MOST_TRIES: usize = 3;

/// The ports that Windows has open on most machines.
const NEIGHBOUR_PORTS: [u16; 2] = [445, 135];

/// Attempts that tell something of the target: not those that our own system prevented.
pub(super) fn telling(address: AddressView<'_>) -> Vec<Seen<'_>> {
    address.attempts().filter(|(_, attempt)| tells(attempt)).collect()
}

/// The same among attempts with this offer.
pub(super) fn telling_tries<'a>(address: AddressView<'a>, offer: &Offer) -> Vec<Seen<'a>> {
    address.attempts().filter(|(_, attempt)| attempt.offer == *offer && tells(attempt)).collect()
}

/// What a client meets: the attempts that offer what the first one did.
pub(super) fn client_tries(address: AddressView<'_>) -> Vec<Seen<'_>> {
    address.first().map(|(_, first)| telling_tries(address, &first.offer)).unwrap_or_default()
}

/// Whether any attempt with the client's offer came to its end.
pub(super) fn client_is_served(address: AddressView<'_>) -> bool {
    client_tries(address).iter().any(|(_, attempt)| got_answer(attempt))
}

/// What we asked was answered, be it with a refusal in RDP's own words.
pub(super) fn got_answer(attempt: &Attempt) -> bool {
    attempt.ending == Ending::Ours || attempt.failure_code().is_some() || attempt.completed_tls()
}

/// TCP was taken and then closed or reset, and not a byte came.
pub(super) fn hung_up_mute(attempt: &Attempt) -> bool {
    attempt.connected.is_some() && attempt.received == 0 && matches!(attempt.ending, Ending::Fin | Ending::Reset)
}

/// Our SYN was not answered.
pub(super) fn syn_unanswered(attempt: &Attempt) -> bool {
    attempt.connected.is_none() && attempt.ending == Ending::Silent
}

/// TCP was taken, and no answer to our Connection Request was complete when the wait ran out.
pub(super) fn silent_before_confirm(attempt: &Attempt) -> bool {
    attempt.connected.is_some() && attempt.negotiated.is_none() && attempt.ending == Ending::Silent
}

/// X.224 was answered, TLS begun, and the rest of the handshake never came.
pub(super) fn stalled_in_tls(attempt: &Attempt) -> bool {
    attempt.tls.is_some() && !attempt.completed_tls() && attempt.ending == Ending::Silent
}

/// Our SYN was answered only after it had been sent again.
pub(super) fn syn_retransmitted(attempt: &Attempt) -> bool {
    let Some(connected) = &attempt.connected else { return false };
    // A path that takes as long for every answer is only long.
    let long_path = attempt.negotiated.as_ref().is_some_and(|confirm| confirm.after_ms * 2.0 > connected.after_ms);
    connected.after_ms >= RETRANSMITTED_MS && !long_path
}

/// What else answers at this address, in words, with the fact; empty where nothing does or nobody asked.
pub(super) fn answers_elsewhere(address: AddressView<'_>) -> Vec<(String, String)> {
    let echo = address.evidence.echo(address.endpoint.ip()).and_then(|(index, echo)| match echo.outcome.observed() {
        Some(EchoOutcome::Answered { after_ms }) => {
            Some((format!("it answers an ICMP echo in {after_ms:.0} ms"), echo_fact(index)))
        }
        _ => None,
    });
    let ports = knocks(address).filter_map(|(index, attempt)| {
        let port = attempt.endpoint.port();
        match attempt.ending {
            _ if attempt.connected.is_some() => {
                Some((format!("its port {port} takes connections"), attempt_fact(index)))
            }
            Ending::Refused => Some((format!("its port {port} refuses connections"), attempt_fact(index))),
            _ => None,
        }
    });
    echo.into_iter().chain(ports).collect()
}

/// The facts of everything that was asked at other ports and by ICMP, answered or not.
pub(super) fn asked_elsewhere(address: AddressView<'_>) -> Vec<String> {
    let echo = address.evidence.echo(address.endpoint.ip()).filter(|(_, echo)| echo.outcome.observed().is_some());
    let ports = knocks(address).filter(|(_, attempt)| tells(attempt)).map(|(index, _)| attempt_fact(index));
    echo.map(|(index, _)| echo_fact(index)).into_iter().chain(ports).collect()
}

/// One ICMP echo, and where that is not answered the ports that Windows mostly has open.
pub(super) fn look_elsewhere(address: AddressView<'_>) -> Vec<Want> {
    let ip = address.endpoint.ip();
    if Some(address.endpoint) != address.evidence.client_endpoint() {
        return Vec::new();
    }
    match address.evidence.echo(ip) {
        None => vec![Want::Echo { address: ip }],
        Some((_, echo)) if matches!(echo.outcome.observed(), Some(EchoOutcome::Answered { .. })) => Vec::new(),
        Some(_) => neighbour_ports(address),
    }
}

/// Knocks at the ports that Windows mostly has open.
pub(super) fn neighbour_ports(address: AddressView<'_>) -> Vec<Want> {
    let others = NEIGHBOUR_PORTS.into_iter().filter(|port| *port != address.endpoint.port());
    others.map(|port| Want::attempt((address.endpoint.ip(), port).into(), Offer::knock())).collect()
}

/// The client's offer once more, where it has not been made often enough already.
pub(super) fn once_more(address: AddressView<'_>) -> Option<Want> {
    let (_, first) = address.first()?;
    let times = address.tries(&first.offer).count() + 1;
    let endpoint = address.endpoint;
    (times <= MOST_TRIES).then(|| Want::Attempt { endpoint, offer: first.offer.clone(), times })
}

/// JSON pointers to these attempts.
pub(super) fn facts(attempts: &[Seen<'_>]) -> Vec<String> {
    attempts.iter().map(|(index, _)| attempt_fact(*index)).collect()
}

/// "10 s", or "40 ms" below a second.
pub(super) fn span(ms: f64) -> String {
    if ms < 1000.0 { format!("{ms:.0} ms") } else { format!("{:.0} s", ms / 1000.0) }
}

/// How the other side ended it, for a sentence.
pub(super) fn hang_up(attempt: &Attempt) -> &'static str {
    if attempt.ending == Ending::Reset { "reset it (RST)" } else { "closed it (FIN)" }
}

/// Something to ask of those who run the network between client and server.
pub(super) fn ask_network(title: impl Into<String>, undo: &str) -> Remedy {
    Remedy {
        title: title.into(),
        place: Place::Network,
        safety: Safety::Manual,
        interrupts: String::new(),
        commands: Vec::new(),
        cmd: Vec::new(),
        undo: undo.into(),
    }
}

/// A look on the server that changes nothing.
pub(super) fn look_on_server(title: impl Into<String>, commands: Vec<String>, cmd: Vec<String>) -> Remedy {
    Remedy {
        title: title.into(),
        place: Place::Server,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands,
        cmd,
        undo: "nothing is changed".into(),
    }
}

/// Ends and starts the service: the last resort where it hangs.
pub(super) fn restart_service() -> Remedy {
    Remedy {
        title: "Restart the service, after the events were read".into(),
        place: Place::Server,
        safety: Safety::Disruptive,
        interrupts: "every Remote Desktop session on this server is disconnected".into(),
        commands: vec!["Restart-Service TermService -Force".into()],
        cmd: vec!["net stop TermService /y".into(), "net start TermService".into(), "net start UmRdpService".into()],
        undo: "there is nothing to take back: users connect again".into(),
    }
}

fn knocks(address: AddressView<'_>) -> impl Iterator<Item = Seen<'_>> {
    let endpoint = address.endpoint;
    let beside =
        move |other: &Attempt| other.endpoint.ip() == endpoint.ip() && other.endpoint.port() != endpoint.port();
    address.evidence.attempts.iter().enumerate().filter(move |(_, attempt)| beside(attempt))
}

fn tells(attempt: &Attempt) -> bool {
    !matches!(attempt.ending, Ending::OurSystem { .. })
}

fn echo_fact(index: usize) -> String {
    format!("/evidence/echoes/{index}")
}
