//! CredSSP with SPNEGO and NTLM inside, and each of them alone.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rdpdoctor_protocol::credssp::ntlm::{AvId, Challenge, Negotiate};
use rdpdoctor_protocol::credssp::spnego::NegotiationToken;
use rdpdoctor_protocol::credssp::{TsRequest, frame_length};

fuzz_target!(|bytes: &[u8]| {
    token(bytes);
    ntlm(bytes);
    let length = frame_length(bytes);
    let Ok(request) = TsRequest::decode(bytes) else { return };
    assert_eq!(length, Ok(Some(bytes.len())));
    assert_eq!(TsRequest::decode(&request.encode()).as_ref(), Ok(&request));
    request.nego_tokens.iter().for_each(|bytes| token(bytes));
});

fn token(bytes: &[u8]) {
    let Ok(token) = NegotiationToken::decode(bytes) else { return };
    assert_eq!(NegotiationToken::decode(&token.encode()).as_ref(), Ok(&token));
    let _ = token.refuses_ntlm();
    if let Some(message) = token.ntlm_message() {
        ntlm(message);
    }
}

fn ntlm(bytes: &[u8]) {
    if let Ok(negotiate) = Negotiate::decode(bytes) {
        assert_eq!(Negotiate::decode(&negotiate.encode()), Ok(negotiate));
    }
    let Ok(challenge) = Challenge::decode(bytes) else { return };
    let _ = (challenge.text(AvId::DNS_COMPUTER_NAME), challenge.timestamp(), challenge.av_flags());
    // Replacement characters may make a name too long to be written.
    if let Ok(written) = challenge.encode([0; 8]) {
        assert_eq!(Challenge::decode(&written), Ok(challenge));
    }
}
