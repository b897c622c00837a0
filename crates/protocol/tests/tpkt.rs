//! TPKT: lengths and frames.

use rdpdoctor_protocol::{DecodeError, EncodeError, tpkt};

#[test]
fn asks_for_more_until_the_header_is_there() {
    for bytes in [&[][..], &[3], &[3, 0], &[3, 0, 0]] {
        assert_eq!(tpkt::frame_length(bytes), Ok(None));
    }
}

#[test]
fn reads_the_length_before_the_payload_has_come() {
    assert_eq!(tpkt::frame_length(&[3, 0, 0, 19]), Ok(Some(19)));
    assert_eq!(tpkt::frame_length(&[3, 0, 0xff, 0xff]), Ok(Some(65535)));
}

#[test]
fn refuses_another_version_at_its_first_byte() {
    assert_eq!(tpkt::frame_length(b"H"), Err(DecodeError::Invalid { what: "TPKT version", value: 0x48 }));
}

#[test]
fn refuses_a_length_below_the_shortest_tpdu() {
    assert_eq!(tpkt::frame_length(&[3, 0, 0, 6]), Err(DecodeError::Invalid { what: "TPKT length", value: 6 }));
    assert_eq!(tpkt::frame_length(&[3, 0, 0, 7]), Ok(Some(7)));
}

#[test]
fn frame_and_payload_go_both_ways() {
    let frame = [3, 0, 0, 7, 0x02, 0xf0, 0x80];
    assert_eq!(tpkt::encode(&[0x02, 0xf0, 0x80]).unwrap(), frame);
    assert_eq!(tpkt::decode(&frame).unwrap(), [0x02, 0xf0, 0x80]);
}

#[test]
fn a_frame_is_neither_short_nor_followed_by_more() {
    assert_eq!(tpkt::decode(&[3, 0, 0, 9, 1, 2, 3]), Err(DecodeError::Truncated { what: "TPKT", needed: 2 }));
    assert_eq!(tpkt::decode(&[3, 0]), Err(DecodeError::Truncated { what: "TPKT", needed: 2 }));
    assert_eq!(tpkt::decode(&[3, 0, 0, 7, 1, 2, 3, 4]), Err(DecodeError::TrailingBytes { what: "TPKT", count: 1 }));
}

#[test]
fn writes_no_frame_that_it_would_not_read() {
    assert_eq!(tpkt::encode(&[1, 2]), Err(EncodeError::Empty { what: "TPKT payload" }));
    assert_eq!(tpkt::encode(&vec![0; 65531]).unwrap().len(), 65535);
    assert_eq!(tpkt::encode(&vec![0; 65532]), Err(EncodeError::TooLong { what: "TPKT", length: 65536, limit: 65535 }));
}
