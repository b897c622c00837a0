//! Questions to name servers of our own.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::thread;
use std::time::Duration;

use hickory_proto::op::{Message, MessageType, OpCode, ResponseCode};
use hickory_proto::rr::rdata::A;
use hickory_proto::rr::{RData, Record, RecordType as Type};
use rdpdoctor_diagnosis::Budget;
use rdpdoctor_diagnosis::evidence::{LookupOutcome, RecordType, Seen, SystemAnswer};
use rdpdoctor_sources::probe::{End, NameServers, Outcome, Probe, Timeouts, examine};

/// Answers each question with what `answer` makes of a fitting, empty answer.
fn name_server(answer: impl Fn(&mut Message) + Send + 'static) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut datagram = [0; 512];
        loop {
            let (length, client) = socket.recv_from(&mut datagram).unwrap();
            let mut message = reply_to(&datagram[..length]);
            answer(&mut message);
            socket.send_to(&message.to_vec().unwrap(), client).unwrap();
        }
    });
    address
}

fn reply_to(question: &[u8]) -> Message {
    let question = Message::from_vec(question).unwrap();
    let mut reply = Message::new(question.metadata.id, MessageType::Response, OpCode::Query);
    reply.add_queries(question.queries);
    reply
}

fn give_address(reply: &mut Message) {
    let [query] = reply.queries.as_slice() else { panic!("one question") };
    if query.query_type() == Type::A {
        let record = Record::from_rdata(query.name().clone(), 60, RData::A(A::new(10, 0, 0, 5)));
        reply.add_answer(record);
    }
}

/// A name that no resolver knows, so that the name servers are wanted.
async fn look_up(servers: Vec<SocketAddr>) -> Vec<(String, RecordType, LookupOutcome)> {
    let name_servers = Some(NameServers { servers, search: vec!["corp.invalid".to_owned()] });
    let timeouts = Timeouts { wait: Duration::from_millis(800), ..Timeouts::default() };
    let probe = Probe { timeouts, name_servers, ..Probe::default() };
    let target = "rdpdoctor-no-such-host.invalid".parse().unwrap();
    let Outcome { evidence, end, .. } =
        examine(target, Budget::default(), &probe, |_| {}, std::future::pending()).await;
    assert_eq!(end, End::Settled);
    let system = evidence.resolution.system.observed();
    assert!(matches!(system, Some(SystemAnswer::NoSuchName | SystemAnswer::Failed { .. })), "{system:?}");
    let answers = match evidence.resolution.name_servers {
        Seen::Observed { value, .. } => value,
        other => panic!("{other:?}"),
    };
    answers.into_iter().map(|answer| (answer.name, answer.record, answer.outcome)).collect()
}

async fn first_outcome(server: SocketAddr) -> LookupOutcome {
    look_up(vec![server]).await.remove(0).2
}

#[tokio::test]
async fn addresses_and_their_absence_are_told_apart() {
    let name = "rdpdoctor-no-such-host.invalid".to_owned();
    let addresses = vec!["10.0.0.5".parse().unwrap()];
    let expected = [
        (name.clone(), RecordType::A, LookupOutcome::Addresses { addresses }),
        (name, RecordType::Aaaa, LookupOutcome::NoData),
    ];
    assert_eq!(look_up(vec![name_server(give_address)]).await, expected);
}

#[tokio::test]
async fn response_codes_are_kept() {
    let cases = [
        (ResponseCode::NXDomain, LookupOutcome::NxDomain),
        (ResponseCode::Refused, LookupOutcome::Refused),
        (ResponseCode::ServFail, LookupOutcome::Failed { code: "ServFail".to_owned() }),
    ];
    for (code, expected) in cases {
        let server = name_server(move |reply| reply.metadata.response_code = code);
        assert_eq!(first_outcome(server).await, expected);
    }
}

#[tokio::test]
async fn an_answer_to_another_question_is_none() {
    let forged = name_server(|reply| {
        give_address(reply);
        reply.metadata.id ^= 1;
    });
    assert_eq!(first_outcome(forged).await, LookupOutcome::Silent);
}

#[tokio::test]
async fn silence_and_a_closed_port_are_no_answers() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    assert_eq!(first_outcome(silent.local_addr().unwrap()).await, LookupOutcome::Silent);
    let closed = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let outcome = first_outcome(closed).await;
    assert!(matches!(outcome, LookupOutcome::NotObtained { .. } | LookupOutcome::Silent), "{outcome:?}");
}

#[tokio::test]
async fn a_truncated_answer_is_asked_again_over_tcp() {
    let server = name_server(|reply| reply.metadata.truncation = true);
    let listener = TcpListener::bind(server).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut length = [0; 2];
            stream.read_exact(&mut length).unwrap();
            let mut question = vec![0; u16::from_be_bytes(length).into()];
            stream.read_exact(&mut question).unwrap();
            let mut reply = reply_to(&question);
            give_address(&mut reply);
            let reply = reply.to_vec().unwrap();
            stream.write_all(&u16::try_from(reply.len()).unwrap().to_be_bytes()).unwrap();
            stream.write_all(&reply).unwrap();
        }
    });
    assert!(matches!(first_outcome(server).await, LookupOutcome::Addresses { .. }));
}
