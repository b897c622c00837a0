//! Which services beside Remote Desktop answer: one connection and one question each, nothing that logs on.

use std::net::SocketAddr;
use std::time::Duration;

use rdpdoctor_diagnosis::evidence::{Ending, RemoteService, ServiceAnswer, ServiceSeen, TlsSeen};
use rdpdoctor_protocol::smb;
use rdpdoctor_protocol::stranger::{HttpAnswer, Sighting, Stranger, identify};
use tokio::time::Instant;

use super::clock::millis;
use super::tcp;
use super::tls::{self, Newest, Session};
use super::wire::Wire;

/// Whoever serves these answers at once, and nobody shall wait long for what only helps.
const LONGEST_WAIT: Duration = Duration::from_secs(3);
/// A status line, or the first message of any other protocol, and a few headers.
const MOST_BYTES: usize = 8 * 1024;
const HTTP_OK: u16 = 200;
const HTTP_UNAUTHORIZED: u16 = 401;
/// What WS-Management (DSP0227 section 11) answers without a logon.
const IDENTIFY: &str = "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" \
     xmlns:i=\"http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd\"><s:Header/><s:Body><i:Identify/></s:Body>\
     </s:Envelope>";

/// Asks once. `via` is the endpoint with its scope, where it needs one. Everything together takes at most twice the wait,
/// and never more than six seconds.
pub(crate) async fn ask(service: RemoteService, endpoint: SocketAddr, via: SocketAddr, wait: Duration) -> ServiceSeen {
    let wait = wait.min(LONGEST_WAIT);
    let begun = Instant::now();
    let answer = match tcp::connect(via, None, wait).await {
        Ok((stream, _)) => {
            let mut wire = Wire::new(stream, Instant::now() + wait);
            wire.allow(wait);
            let answer = converse(service, endpoint, &mut wire).await;
            wire.hang_up().await;
            tokio::spawn(wire.drain());
            answer
        }
        Err(ending) => unconnected(ending),
    };
    ServiceSeen { service, endpoint, answer, after_ms: millis(begun.elapsed()) }
}

async fn converse(service: RemoteService, endpoint: SocketAddr, wire: &mut Wire) -> ServiceAnswer {
    let mut first = Vec::new();
    let outcome = match service {
        RemoteService::Ssh => until_line(wire, &mut first).await,
        RemoteService::Winrm => exchange(wire, identify_request(endpoint).as_bytes(), &mut first).await,
        RemoteService::Smb => exchange(wire, &smb::negotiate_request(), &mut first).await,
        RemoteService::WinrmHttps => return encrypted(endpoint, wire).await,
    };
    match outcome {
        Err(Ending::OurSystem { error }) if first.is_empty() => ServiceAnswer::NotObtained { why: error },
        _ => read(service, &first),
    }
}

async fn encrypted(endpoint: SocketAddr, wire: &mut Wire) -> ServiceAnswer {
    let mut first = Vec::new();
    let mut session = match tls::complete(wire, Newest::Tls13, Vec::new(), &mut TlsSeen::default()).await {
        Ok(session) => session,
        Err(Ending::OurSystem { error }) => return ServiceAnswer::NotObtained { why: error },
        Err(Ending::Stranger(seen)) => return ServiceAnswer::Stranger { banner: seen.banner },
        Err(_) => return ServiceAnswer::Mute,
    };
    // What was received until it broke off may be an answer.
    let _either_way = within_tls(wire, &mut session, endpoint, &mut first).await;
    session.farewell(wire).await;
    read(RemoteService::WinrmHttps, &first)
}

async fn within_tls(
    wire: &mut Wire,
    session: &mut Session,
    endpoint: SocketAddr,
    first: &mut Vec<u8>,
) -> Result<(), Ending> {
    session.send(wire, identify_request(endpoint).as_bytes()).await?;
    while !is_enough(first) {
        session.receive(wire, first).await?;
    }
    Ok(())
}

async fn exchange(wire: &mut Wire, request: &[u8], first: &mut Vec<u8>) -> Result<(), Ending> {
    wire.send(request).await?;
    while !is_enough(first) {
        wire.receive(first).await?;
    }
    Ok(())
}

/// SSH speaks first.
async fn until_line(wire: &mut Wire, first: &mut Vec<u8>) -> Result<(), Ending> {
    while !first.contains(&b'\n') && first.len() < MOST_BYTES {
        wire.receive(first).await?;
    }
    Ok(())
}

/// Whole headers where it is HTTP; any other protocol shows in its first bytes.
fn is_enough(first: &[u8]) -> bool {
    let http = b"HTTP/";
    let may_be_http = first.iter().zip(http).all(|(one, other)| one == other);
    let whole = !may_be_http && first.len() >= http.len() + 3 || first.windows(4).any(|end| end == b"\r\n\r\n");
    whole || first.len() >= MOST_BYTES
}

fn read(service: RemoteService, first: &[u8]) -> ServiceAnswer {
    if first.is_empty() {
        return ServiceAnswer::Mute;
    }
    let Sighting { stranger, banner, http } = identify(first);
    match (service, stranger, http) {
        (RemoteService::Ssh, Stranger::Ssh, _) => ServiceAnswer::Speaks { banner },
        (RemoteService::Smb, Stranger::Smb, _) => ServiceAnswer::Speaks { banner: String::new() },
        (RemoteService::Winrm | RemoteService::WinrmHttps, _, Some(answer)) if is_wsman(&answer) => {
            ServiceAnswer::Speaks { banner: answer.server.unwrap_or_default() }
        }
        _ => ServiceAnswer::Stranger { banner },
    }
}

/// Windows' HTTP service answers for whoever registered the path: nobody (404, 503), or WinRM, which knows the question
/// or wants a logon first.
fn is_wsman(answer: &HttpAnswer) -> bool {
    let windows = answer.server.as_ref().is_some_and(|server| server.starts_with("Microsoft-HTTPAPI"));
    windows && [HTTP_OK, HTTP_UNAUTHORIZED].contains(&answer.status)
}

fn unconnected(ending: Ending) -> ServiceAnswer {
    match ending {
        Ending::Refused => ServiceAnswer::Refused,
        Ending::OurSystem { error } => ServiceAnswer::NotObtained { why: error },
        Ending::Reset | Ending::Fin => ServiceAnswer::Mute,
        _ => ServiceAnswer::Silent,
    }
}

fn identify_request(endpoint: SocketAddr) -> String {
    format!(
        "POST /wsman HTTP/1.1\r\nHost: {endpoint}\r\nUser-Agent: rdpdoctor\r\nWSMANIDENTIFY: unauthenticated\r\n\
         Content-Type: application/soap+xml;charset=UTF-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{IDENTIFY}",
        IDENTIFY.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_to_the_end_of_its_headers() {
        assert!(!is_enough(b"HTTP/1.1 401 \r\nServer: x\r\n") && is_enough(b"HTTP/1.1 401 \r\n\r\n"));
        assert!(!is_enough(b"") && !is_enough(b"\0\0\0\x80") && is_enough(b"\0\0\0\x80\xfeSMB"));
        assert!(is_enough(&[b'H'; MOST_BYTES]));
    }

    #[test]
    fn a_web_server_is_no_winrm() {
        let found = read(RemoteService::Winrm, b"HTTP/1.1 404 Not Found\r\nServer: nginx\r\n\r\n");
        assert_eq!(found, ServiceAnswer::Stranger { banner: "HTTP/1.1 404 Not Found".into() });
        let winrm = read(RemoteService::Winrm, b"HTTP/1.1 401 \r\nServer: Microsoft-HTTPAPI/2.0\r\n\r\n");
        assert_eq!(winrm, ServiceAnswer::Speaks { banner: "Microsoft-HTTPAPI/2.0".into() });
        let nobody = read(RemoteService::Winrm, b"HTTP/1.1 404 Not Found\r\nServer: Microsoft-HTTPAPI/2.0\r\n\r\n");
        assert!(matches!(nobody, ServiceAnswer::Stranger { .. }));
        assert_eq!(read(RemoteService::Ssh, b""), ServiceAnswer::Mute);
    }
}
