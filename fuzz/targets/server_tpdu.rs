//! TPKT and the TPDUs of a server: what is read is written alike.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rdpdoctor_protocol::tpkt;
use rdpdoctor_protocol::x224::ServerTpdu;

fuzz_target!(|bytes: &[u8]| {
    let Ok(Some(length)) = tpkt::frame_length(bytes) else { return };
    let Some(frame) = bytes.get(..length) else { return };
    if let Ok(tpdu) = ServerTpdu::decode(frame) {
        assert_eq!(ServerTpdu::decode(&tpdu.encode()), Ok(tpdu));
    }
});
