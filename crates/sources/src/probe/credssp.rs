//! The first exchange of CredSSP: NTLM NEGOTIATE out, NTLM CHALLENGE in, no credentials (MS-CSSP section 3.1.5).

use std::time::Duration;

use jiff::Timestamp;
use rdpdoctor_diagnosis::evidence::{CredsspSeen, Ending, NtlmChallenge, NtlmVersion};
use rdpdoctor_protocol::credssp::ntlm::{AvId, Challenge, Negotiate};
use rdpdoctor_protocol::credssp::spnego::NegotiationToken;
use rdpdoctor_protocol::credssp::{TsRequest, frame_length};
use tokio::time::Instant;

use super::clock::millis;
use super::tls::Session;
use super::wire::Wire;

/// A server that knows NTLM answers without asking anybody.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(3);
/// What a current Windows client speaks.
const VERSION: u32 = 6;

/// Asks once. A server that answers leaves no error, whatever it says; else it is told how the connection ended.
pub(crate) async fn exchange(wire: &mut Wire, session: &mut Session) -> (CredsspSeen, Result<(), Ending>) {
    let begun = Instant::now();
    let answer = ask(wire, session).await;
    let mut seen = CredsspSeen {
        after_ms: millis(begun.elapsed()),
        version: None,
        challenge: None,
        error_code: None,
        declined: false,
        malformed: None,
    };
    let outcome = match answer {
        Ok(Ok(frame)) => {
            seen.malformed = read(&frame, &mut seen).err();
            Ok(())
        }
        Ok(Err(what)) => {
            seen.malformed = Some(what);
            Ok(())
        }
        Err(ending) => Err(ending),
    };
    (seen, outcome)
}

/// One whole TSRequest, or what is wrong with its first bytes.
async fn ask(wire: &mut Wire, session: &mut Session) -> Result<Result<Vec<u8>, String>, Ending> {
    session.send(wire, &request()).await?;
    let mut buffer = Vec::new();
    loop {
        match frame_length(&buffer) {
            Err(error) => return Ok(Err(error.to_string())),
            Ok(Some(length)) if length <= buffer.len() => {
                buffer.truncate(length);
                return Ok(Ok(buffer));
            }
            Ok(_) => session.receive(wire, &mut buffer).await?,
        }
    }
}

/// NTLM without SPNEGO around it: FreeRDP 2 reads nothing else, and FreeRDP 3 takes either. That Windows takes it too rests
/// on the clients that send it so; it was not seen on one.
fn request() -> Vec<u8> {
    let token = NegotiationToken::Raw(Negotiate::of_windows().encode());
    TsRequest { version: VERSION, nego_tokens: vec![token.encode()], ..TsRequest::default() }.encode()
}

/// Fails with what is wrong with the answer; what stands before that is kept.
fn read(frame: &[u8], seen: &mut CredsspSeen) -> Result<(), String> {
    let answer = TsRequest::decode(frame).map_err(|error| error.to_string())?;
    seen.version = Some(answer.version);
    seen.error_code = answer.error_code;
    let Some(token) = answer.nego_tokens.first() else {
        let speaks = answer.error_code.is_some();
        return if speaks { Ok(()) } else { Err("TSRequest with neither a token nor an error".to_owned()) };
    };
    let token = NegotiationToken::decode(token).map_err(|error| error.to_string())?;
    seen.declined = token.refuses_ntlm();
    match token.ntlm_message() {
        Some(message) => {
            let challenge = Challenge::decode(message).map_err(|error| error.to_string())?;
            seen.challenge = Some(describe(&challenge));
            Ok(())
        }
        None if seen.declined => Ok(()),
        None => Err("SPNEGO token without an NTLM message".to_owned()),
    }
}

fn describe(challenge: &Challenge) -> NtlmChallenge {
    let name = |id| challenge.text(id).filter(|name| !name.is_empty());
    NtlmChallenge {
        computer: name(AvId::NB_COMPUTER_NAME),
        domain: name(AvId::NB_DOMAIN_NAME),
        dns_computer: name(AvId::DNS_COMPUTER_NAME),
        dns_domain: name(AvId::DNS_DOMAIN_NAME),
        forest: name(AvId::DNS_TREE_NAME),
        version: challenge.version.map(|v| NtlmVersion { major: v.major, minor: v.minor, build: v.build }),
        server_time: challenge.timestamp().and_then(time_of),
        local_time: Timestamp::now(),
    }
}

/// A FILETIME: 100 ns since 1601. `None` before 1970 and where years have more than four digits.
fn time_of(filetime: u64) -> Option<Timestamp> {
    rdpdoctor_machine::filetime::timestamp(filetime).filter(|time| *time >= Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filetime_is_a_time_only_within_reason() {
        let leap_day: Timestamp = "2024-02-29T12:00:00.0000001Z".parse().unwrap();
        assert_eq!(time_of(133_536_816_000_000_001), Some(leap_day));
        assert_eq!(time_of(116_444_736_000_000_000), Some(Timestamp::UNIX_EPOCH));
        for absurd in [0, 116_444_735_999_999_999, u64::MAX] {
            assert_eq!(time_of(absurd), None, "{absurd}");
        }
    }
}
