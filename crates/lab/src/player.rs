//! Plays a script on one connection.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rdpdoctor_protocol::credssp;
use rdpdoctor_protocol::negotiation::{NegotiationAnswer, Protocols};
use rdpdoctor_protocol::tls::{ClientHello, ContentType, HandshakeReader, RecordReader};
use rdpdoctor_protocol::tpkt;
use rdpdoctor_protocol::x224::{ConnectionConfirm, ConnectionRequest};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::certificate::Identity;
use crate::credssp::Credssp;
use crate::flight::Flight;
use crate::script::{FLAGS, NLA_PROTOCOLS, Script, Step};
use crate::tls::{Tls, TlsConnection};

/// What Windows puts into the SRC-REF of every Connection Confirm.
const SRC_REF: u16 = 0x1234;
/// A ClientHello is no longer than that.
const LONGEST_HELLO: usize = 64 * 1024;

/// Plays the script to its end; all connections of one server share `visits`. An error means that the client
/// spoiled the play: it left, or sent what the script cannot use.
pub(crate) async fn play(
    script: Script,
    stream: TcpStream,
    visits: &AtomicU64,
    identity: Option<&Identity>,
) -> io::Result<()> {
    let request = ConnectionRequest::default();
    let selected = Protocols::RDP;
    let mut player = Player { stream, visits, identity, unread: Vec::new(), request, selected, hello: None };
    let mut steps = script.iter();
    while let Some(step) = steps.next() {
        if step.ends() {
            return player.end(step).await;
        }
        if let Some(branch) = player.step(step).await? {
            steps = branch.iter();
        }
    }
    Ok(())
}

struct Player<'a> {
    stream: TcpStream,
    /// How often [`Step::MostTimes`] was come to.
    visits: &'a AtomicU64,
    identity: Option<&'a Identity>,
    unread: Vec<u8>,
    request: ConnectionRequest,
    selected: Protocols,
    /// None while there is none, or where it makes no sense.
    hello: Option<ClientHello>,
}

impl Player<'_> {
    async fn step(&mut self, step: &Step) -> io::Result<Option<Script>> {
        match step {
            Step::Request => self.read_request().await?,
            Step::IfRouted { then } => return Ok(self.request.routing.is_some().then_some(*then)),
            Step::IfAskedAny { of, then } => return Ok((self.asked().0 & of.0 != 0).then_some(*then)),
            Step::IfTls { then } => return Ok(self.starts_tls().await?.then_some(*then)),
            Step::MostTimes { then } => {
                return Ok((self.visits.fetch_add(1, Ordering::Relaxed) % 3 != 2).then_some(*then));
            }
            Step::Unless { offer, then } => return Ok((!offer.is_in(self.hello.as_ref())).then_some(*then)),
            Step::Select { from, otherwise } => return self.select(*from, otherwise).await,
            Step::SelectStandard => {
                let standard = NegotiationAnswer::Response { flags: FLAGS, selected: Protocols::RDP };
                self.confirm(self.request.negotiation.map(|_| standard)).await?;
            }
            Step::Confirm(answer) => self.confirm(*answer).await?,
            Step::AnyBytes => self.fill(1).await?,
            Step::NewBytes => self.fill(self.unread.len() + 1).await?,
            Step::ClientHello => self.read_client_hello().await?,
            Step::Send(bytes) => self.stream.write_all(bytes).await?,
            Step::Drip(bytes) => self.drip(bytes).await?,
            Step::Flight(flight) => self.fly(flight).await?,
            Step::Endless(_) | Step::Tls(_) | Step::Hold | Step::Fin | Step::Rst => {}
        }
        Ok(None)
    }

    async fn end(self, step: &Step) -> io::Result<()> {
        match step {
            Step::Rst => self.stream.set_zero_linger(),
            Step::Tls(tls) => self.tls(tls).await,
            Step::Fin => close(self.stream).await,
            Step::Endless(bytes) => repeat(self.stream, bytes).await,
            _ => hold(self.stream).await,
        }
    }

    async fn tls(self, tls: &Tls) -> io::Result<()> {
        let identity = self.identity.ok_or(io::ErrorKind::Unsupported)?;
        let mut connection = TlsConnection::new(tls.accept(identity)?, self.stream, self.unread)?;
        if connection.handshake().await.is_err() {
            return close(connection.into_stream()).await;
        }
        if NLA_PROTOCOLS.0 & self.selected.0 != 0 {
            return authenticate(connection, &tls.credssp).await;
        }
        let Some(answer) = tls.answer else { return hold(connection.into_stream()).await };
        connection.read(&mut Vec::new()).await?;
        connection.write(answer).await?;
        connection.shutdown().await?;
        close(connection.into_stream()).await
    }

    fn asked(&self) -> Protocols {
        self.request.negotiation.map_or(Protocols::RDP, |negotiation| negotiation.protocols)
    }

    async fn select(&mut self, from: Protocols, otherwise: Script) -> io::Result<Option<Script>> {
        let strongest_first = [Protocols::HYBRID_EX, Protocols::HYBRID, Protocols::SSL];
        let asked = self.asked();
        let common = strongest_first.into_iter().find(|one| from.contains(*one) && asked.contains(*one));
        let Some(selected) = common else { return Ok(Some(otherwise)) };
        self.selected = selected;
        self.confirm(Some(NegotiationAnswer::Response { flags: FLAGS, selected })).await?;
        Ok(None)
    }

    async fn confirm(&mut self, negotiation: Option<NegotiationAnswer>) -> io::Result<()> {
        let confirm = ConnectionConfirm { src_ref: SRC_REF, class: 0, negotiation };
        self.stream.write_all(&confirm.encode()).await
    }

    async fn read_request(&mut self) -> io::Result<()> {
        self.fill(tpkt::HEADER_LENGTH).await?;
        let length = tpkt::frame_length(&self.unread).map_err(io::Error::other)?.unwrap_or(tpkt::HEADER_LENGTH);
        let frame = self.take(length).await?;
        self.request = ConnectionRequest::decode(&frame).map_err(io::Error::other)?;
        Ok(())
    }

    async fn read_client_hello(&mut self) -> io::Result<()> {
        while !self.holds_hello()? {
            self.fill(self.unread.len() + 1).await?;
        }
        Ok(())
    }

    /// Whether the first handshake message is here.
    fn holds_hello(&mut self) -> io::Result<bool> {
        let mut records = RecordReader::new();
        records.push(&self.unread);
        let mut messages = HandshakeReader::with_limit(LONGEST_HELLO);
        while let Some(record) = records.next_record().map_err(io::Error::other)? {
            if record.content_type != ContentType::HANDSHAKE || record.fragment.is_empty() {
                return Err(io::ErrorKind::InvalidData.into());
            }
            messages.push(&record.fragment);
            if let Some(message) = messages.next_message().map_err(io::Error::other)? {
                self.hello = ClientHello::decode_body(&message.body).ok();
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn fly(&mut self, flight: &Flight) -> io::Result<()> {
        let identity = self.identity.ok_or(io::ErrorKind::Unsupported)?;
        let records = flight.records(self.hello.as_ref(), identity)?;
        self.stream.write_all(&records).await
    }

    async fn starts_tls(&mut self) -> io::Result<bool> {
        self.fill(1).await?;
        Ok(self.unread.first() == Some(&ContentType::HANDSHAKE.0))
    }

    async fn take(&mut self, length: usize) -> io::Result<Vec<u8>> {
        self.fill(length).await?;
        let rest = self.unread.split_off(length);
        Ok(std::mem::replace(&mut self.unread, rest))
    }

    /// Waits until `length` bytes are unread: no more than a TPKT, or a ClientHello in tiny records.
    async fn fill(&mut self, length: usize) -> io::Result<()> {
        if length > 2 * LONGEST_HELLO {
            return Err(io::ErrorKind::InvalidData.into());
        }
        while self.unread.len() < length {
            if self.stream.read_buf(&mut self.unread).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(())
    }

    async fn drip(&mut self, bytes: &[u8]) -> io::Result<()> {
        for byte in bytes {
            self.stream.write_all(&[*byte]).await?;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        Ok(())
    }
}

/// CredSSP: one answer to NTLM NEGOTIATE, and a refusal to whatever follows.
async fn authenticate(mut connection: TlsConnection, credssp: &Credssp) -> io::Result<()> {
    let message = read_ts_request(&mut connection).await?;
    let Some(answer) = credssp.first_answer(&message)? else { return hold(connection.into_stream()).await };
    connection.write(&answer).await?;
    read_ts_request(&mut connection).await?;
    connection.write(&credssp.refusal()).await?;
    connection.shutdown().await?;
    close(connection.into_stream()).await
}

async fn read_ts_request(connection: &mut TlsConnection) -> io::Result<Vec<u8>> {
    let mut message = Vec::new();
    loop {
        connection.read(&mut message).await?;
        let length = credssp::frame_length(&message).map_err(io::Error::other)?;
        if length.is_some_and(|length| message.len() >= length) {
            return Ok(message);
        }
    }
}

/// With FIN; reads on, because unread bytes would turn it into a RST.
async fn close(mut stream: TcpStream) -> io::Result<()> {
    stream.shutdown().await?;
    hold(stream).await
}

/// Until the client leaves.
async fn hold(mut stream: TcpStream) -> io::Result<()> {
    let mut discarded = [0; 4096];
    while stream.read(&mut discarded).await? > 0 {}
    Ok(())
}

async fn repeat(mut stream: TcpStream, bytes: &[u8]) -> io::Result<()> {
    loop {
        stream.write_all(bytes).await?;
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;
    use tokio::task::JoinSet;
    use tokio::time::timeout;

    use super::*;
    use crate::certificate::CertificateSpec;
    use crate::{Behaviour, all_variants};

    const REQUEST: &[u8] = b"\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x0b\x00\x00\x00";

    fn rubbish() -> Vec<Vec<u8>> {
        let after_request = |bytes: &[u8]| [REQUEST, bytes].concat();
        vec![
            Vec::new(),
            vec![0; 70_000],
            vec![0xff; 70_000],
            b"\x03\x00\xff\xff\xff\xe0".to_vec(),
            b"\x03\x00\x00\x06".to_vec(),
            b"\x16\x03\x01\xff\xff\x01\x00".to_vec(),
            b"\x16\x03\x01\x00\x05\x01\xff\xff\xff\x00".to_vec(),
            after_request(b""),
            after_request(b"\x16\x03\x01\xff\xff\x01\x00"),
            after_request(b"\x16\x03\x01\x00\x00"),
            after_request(b"\x16\x03\x01\x00\x04\x01\x00\x00\x00"),
            after_request(&b"\x16\x03\x01\x00\x01\x01".repeat(40_000)),
            after_request(&[0x16; 70_000]),
        ]
    }

    #[tokio::test]
    async fn rubbish_ends_no_script_in_a_panic_and_none_outlives_its_client() {
        // One certificate does for all: nothing here comes to see it.
        let identity = Identity::new(&CertificateSpec::WINDOWS).unwrap();
        let mut tasks = JoinSet::new();
        for variant in all_variants() {
            if let Behaviour::Talks(script) = variant.behaviour {
                tasks.spawn(meets_rubbish(variant.name, script, identity.clone()));
            }
        }
        while let Some(ended) = tasks.join_next().await {
            ended.unwrap();
        }
    }

    async fn meets_rubbish(name: &str, script: Script, identity: Identity) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let visits = AtomicU64::new(0);
        for bytes in rubbish() {
            let mut client = TcpStream::connect(address).await.unwrap();
            let (server, _) = listener.accept().await.unwrap();
            let writes = async move {
                // The script may have closed already.
                let _ = client.write_all(&bytes).await;
            };
            let plays = timeout(Duration::from_secs(20), play(script, server, &visits, Some(&identity)));
            let (played, ()) = tokio::join!(plays, writes);
            played.unwrap_or_else(|_| panic!("{name} outlives its client")).ok();
        }
    }
}
