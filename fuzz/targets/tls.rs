//! A TLS stream: the first byte says in which pieces it arrives, which must not matter.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rdpdoctor_protocol::DecodeError;
use rdpdoctor_protocol::tls::{
    Alert, Certificate, ContentType, HandshakeMessage, HandshakeReader, HandshakeType, RecordCounts, RecordReader,
    ServerHello,
};

fuzz_target!(|bytes: &[u8]| {
    let Some((&piece, stream)) = bytes.split_first() else { return };
    let in_pieces = read(stream, usize::from(piece).max(1));
    let at_once = read(stream, stream.len().max(1));
    assert_eq!((&in_pieces.counts, &in_pieces.messages), (&at_once.counts, &at_once.messages));
    at_once.messages.iter().for_each(parse);
});

#[derive(Default)]
struct Stream {
    counts: RecordCounts,
    messages: Vec<HandshakeMessage>,
}

fn read(stream: &[u8], piece: usize) -> Stream {
    let (mut records, mut handshake) = (RecordReader::new(), HandshakeReader::new());
    let mut messages = Vec::new();
    for chunk in stream.chunks(piece) {
        records.push(chunk);
        if take(&mut records, &mut handshake, &mut messages).is_err() {
            break;
        }
    }
    Stream { counts: records.counts(), messages }
}

fn take(
    records: &mut RecordReader,
    handshake: &mut HandshakeReader,
    messages: &mut Vec<HandshakeMessage>,
) -> Result<(), DecodeError> {
    while let Some(record) = records.next_record()? {
        match record.content_type {
            ContentType::HANDSHAKE => handshake.push(&record.fragment),
            ContentType::ALERT => assert!(Alert::decode(&record.fragment).is_ok() == (record.fragment.len() == 2)),
            _ => {}
        }
        while let Some(message) = handshake.next_message()? {
            messages.push(message);
        }
    }
    Ok(())
}

fn parse(message: &HandshakeMessage) {
    match message.msg_type {
        HandshakeType::SERVER_HELLO => {
            if let Ok(hello) = ServerHello::decode(&message.body) {
                assert_eq!(ServerHello::decode(&hello.encode().unwrap()), Ok(hello));
            }
        }
        HandshakeType::CERTIFICATE => {
            if let Ok(certificate) = Certificate::decode(&message.body) {
                assert_eq!(certificate.encode().unwrap(), message.body);
            }
        }
        _ => {}
    }
}
