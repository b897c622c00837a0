//! One question to one server: UDP, asked twice, and TCP where the answer did not fit.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use hickory_proto::op::{Message, MessageType, Query};
use hickory_proto::rr::{self, Name};
use rdpdoctor_diagnosis::evidence::RecordType;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, timeout_at};

const LARGEST_DATAGRAM: usize = 4096;

/// The server's answer; none where it stayed silent until `deadline`.
pub(super) async fn exchange(
    server: SocketAddr,
    name: Name,
    record: RecordType,
    deadline: Instant,
) -> io::Result<Option<Message>> {
    let query = query(name, record);
    let bytes = query.to_vec().map_err(io::Error::other)?;
    let Some(answer) = over_udp(server, &query, &bytes, deadline).await? else { return Ok(None) };
    if !answer.metadata.truncation {
        return Ok(Some(answer));
    }
    timeout_at(deadline, over_tcp(server, &query, &bytes)).await.map_or(Ok(None), |answer| answer.map(Some))
}

fn query(name: Name, record: RecordType) -> Message {
    let record_type = match record {
        RecordType::A => rr::RecordType::A,
        RecordType::Aaaa => rr::RecordType::AAAA,
    };
    let mut message = Message::query();
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(name, record_type));
    message
}

async fn over_udp(server: SocketAddr, query: &Message, bytes: &[u8], deadline: Instant) -> io::Result<Option<Message>> {
    let any: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    // Datagrams from elsewhere do not arrive at a connected socket.
    socket.connect(server).await?;
    let now = Instant::now();
    let again = now + deadline.saturating_duration_since(now) / 3;
    for until in [again, deadline] {
        socket.send(bytes).await?;
        if let Ok(answer) = timeout_at(until, next_answer(&socket, query)).await {
            return answer.map(Some);
        }
    }
    Ok(None)
}

async fn next_answer(socket: &UdpSocket, query: &Message) -> io::Result<Message> {
    let mut datagram = [0; LARGEST_DATAGRAM];
    loop {
        let length = socket.recv(&mut datagram).await?;
        let answer = datagram.get(..length).and_then(|bytes| Message::from_vec(bytes).ok());
        if let Some(answer) = answer.filter(|answer| belongs_to(answer, query)) {
            return Ok(answer);
        }
    }
}

async fn over_tcp(server: SocketAddr, query: &Message, bytes: &[u8]) -> io::Result<Message> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(bytes.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), bytes].concat()).await?;
    let mut answer = vec![0; stream.read_u16().await?.into()];
    stream.read_exact(&mut answer).await?;
    let answer = Message::from_vec(&answer).map_err(io::Error::other)?;
    if belongs_to(&answer, query) { Ok(answer) } else { Err(io::Error::other("the answer is to another question")) }
}

/// Id and question must be ours, or it is a forgery or a late answer.
fn belongs_to(answer: &Message, query: &Message) -> bool {
    let same = |(theirs, ours): (&Query, &Query)| {
        theirs.query_type() == ours.query_type()
            && theirs.query_class() == ours.query_class()
            && theirs.name().eq_ignore_root(ours.name())
    };
    answer.metadata.message_type == MessageType::Response
        && answer.metadata.id == query.metadata.id
        && answer.queries.len() == query.queries.len()
        && answer.queries.iter().zip(&query.queries).all(same)
}
