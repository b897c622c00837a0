//! The Connection Request of a client: what is read is written alike.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rdpdoctor_protocol::x224::{ConnectionRequest, Routing};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(request) = ConnectionRequest::decode(bytes) {
        assert_eq!(ConnectionRequest::decode(&request.encode()), Ok(request));
    }
    if let Ok(token) = Routing::token(bytes) {
        let request = ConnectionRequest { routing: Some(token), ..ConnectionRequest::default() };
        assert_eq!(ConnectionRequest::decode(&request.encode()), Ok(request));
    }
});
