//! CredSSP up to the point where credentials would be needed.

use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use rdpdoctor_protocol::EncodeError;
use rdpdoctor_protocol::credssp::TsRequest;
use rdpdoctor_protocol::credssp::ntlm::{AvId, AvPair, Challenge, NegotiateFlags, Version};
use rdpdoctor_protocol::credssp::spnego::{Mechanism, NegState, NegotiationToken};

/// From 1601, where FILETIME starts, to 1970.
const SECONDS_BEFORE_1970: i64 = 11_644_473_600;
const FILETIME_PER_SECOND: u64 = 10_000_000;
const SERVER_2022: Version = Version { major: 10, minor: 0, build: 20348 };
const STATUS_LOGON_FAILURE: u32 = 0xc000_006d;
/// What a domain member with Windows Server 2022 grants.
const FLAGS: NegotiateFlags = NegotiateFlags(0xe289_8235);

/// How the server behaves in CredSSP, and who it says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Credssp {
    /// The version in its TSRequest.
    pub(crate) version: u32,
    /// What it says to NTLM NEGOTIATE.
    pub(crate) answer: Answer,
    /// Its NetBIOS name.
    pub(crate) computer: &'static str,
    /// Its DNS name.
    pub(crate) dns_computer: &'static str,
    /// How many seconds its clock is ahead.
    pub(crate) clock: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// NTLM CHALLENGE, then STATUS_LOGON_FAILURE to whatever follows.
    Challenge,
    /// SPNEGO says `reject`.
    Reject,
    /// SPNEGO asks for Kerberos.
    Kerberos,
    /// A TSRequest that holds nothing but this NTSTATUS.
    Error(u32),
    /// Nothing.
    Silence,
    /// These bytes in place of a TSRequest.
    Raw(&'static [u8]),
}

impl Credssp {
    pub(crate) const WINDOWS: Self =
        Self { version: 6, answer: Answer::Challenge, computer: "LAB01", dns_computer: "LAB01.lab.example", clock: 0 };

    /// The answer to the client's first message; `None` for silence.
    pub(crate) fn first_answer(&self, message: &[u8]) -> io::Result<Option<Vec<u8>>> {
        let request = TsRequest::decode(message).map_err(io::Error::other)?;
        let token = request.nego_tokens.first().ok_or(io::ErrorKind::InvalidData)?;
        let asked = NegotiationToken::decode(token).map_err(io::Error::other)?;
        let token = match self.answer {
            Answer::Silence => return Ok(None),
            Answer::Raw(bytes) => return Ok(Some(bytes.to_vec())),
            Answer::Error(status) => return Ok(Some(self.error(status))),
            Answer::Challenge => self.challenge_token(&asked).map_err(io::Error::other)?,
            Answer::Reject => response(NegState::REJECT, None, None),
            Answer::Kerberos => response(NegState::REQUEST_MIC, Some(Mechanism::Kerberos), None),
        };
        let answer = TsRequest { nego_tokens: vec![token.encode()], ..self.request() };
        Ok(Some(answer.encode()))
    }

    /// The answer to credentials: this server knows nobody.
    pub(crate) fn refusal(&self) -> Vec<u8> {
        self.error(STATUS_LOGON_FAILURE)
    }

    fn request(&self) -> TsRequest {
        TsRequest { version: self.version, ..TsRequest::default() }
    }

    fn error(&self, status: u32) -> Vec<u8> {
        TsRequest { error_code: Some(status), ..self.request() }.encode()
    }

    /// Raw or in SPNEGO, as the client asked.
    fn challenge_token(&self, asked: &NegotiationToken) -> Result<NegotiationToken, EncodeError> {
        let challenge = self.challenge().encode(*b"rdp-lab!")?;
        if matches!(asked, NegotiationToken::Raw(_)) {
            return Ok(NegotiationToken::Raw(challenge));
        }
        Ok(response(NegState::ACCEPT_INCOMPLETE, Some(Mechanism::Ntlm), Some(challenge)))
    }

    fn challenge(&self) -> Challenge {
        Challenge {
            flags: FLAGS,
            target_name: "LAB".to_owned(),
            target_info: vec![
                AvPair::text(AvId::NB_DOMAIN_NAME, "LAB"),
                AvPair::text(AvId::NB_COMPUTER_NAME, self.computer),
                AvPair::text(AvId::DNS_DOMAIN_NAME, "lab.example"),
                AvPair::text(AvId::DNS_COMPUTER_NAME, self.dns_computer),
                AvPair::text(AvId::DNS_TREE_NAME, "lab.example"),
                AvPair::timestamp(self.filetime()),
            ],
            version: Some(SERVER_2022),
        }
    }

    fn filetime(&self) -> u64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let ahead = SECONDS_BEFORE_1970.saturating_add(self.clock);
        now.saturating_add_signed(ahead).saturating_mul(FILETIME_PER_SECOND)
    }
}

fn response(state: NegState, mechanism: Option<Mechanism>, token: Option<Vec<u8>>) -> NegotiationToken {
    NegotiationToken::Response { state: Some(state), mechanism, token }
}

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::credssp::ntlm::Negotiate;

    use super::*;

    fn asked(token: &NegotiationToken) -> Vec<u8> {
        TsRequest { version: 6, nego_tokens: vec![token.encode()], ..TsRequest::default() }.encode()
    }

    fn ntlm() -> Vec<u8> {
        Negotiate::of_windows().encode()
    }

    fn answer(credssp: Credssp, message: &[u8]) -> TsRequest {
        TsRequest::decode(&credssp.first_answer(message).unwrap().unwrap()).unwrap()
    }

    #[test]
    fn answers_in_the_wrapping_that_was_asked_in() {
        let raw = answer(Credssp::WINDOWS, &asked(&NegotiationToken::Raw(ntlm())));
        assert!(raw.nego_tokens[0].starts_with(b"NTLMSSP\0"));
        let wrapped = answer(Credssp::WINDOWS, &asked(&NegotiationToken::init_with_ntlm(ntlm())));
        let token = NegotiationToken::decode(&wrapped.nego_tokens[0]).unwrap();
        assert!(!token.refuses_ntlm() && token.ntlm_message().is_some());
    }

    #[test]
    fn a_clock_can_be_off() {
        let ahead = Credssp { clock: 7200, ..Credssp::WINDOWS };
        let difference = ahead.filetime().abs_diff(Credssp::WINDOWS.filetime());
        assert!(difference.abs_diff(7200 * FILETIME_PER_SECOND) <= 2 * FILETIME_PER_SECOND, "{difference}");
    }

    #[test]
    fn rubbish_is_an_error() {
        for rubbish in [&b""[..], b"\x30\x03\xa0\x01\x02", &asked(&NegotiationToken::Raw(vec![0xff; 8]))] {
            assert!(Credssp::WINDOWS.first_answer(rubbish).is_err(), "{rubbish:?}");
        }
        let empty = TsRequest { version: 6, ..TsRequest::default() }.encode();
        assert!(Credssp::WINDOWS.first_answer(&empty).is_err());
    }
}
