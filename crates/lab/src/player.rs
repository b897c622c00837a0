//! Plays a script on one connection.

use std::io;
use std::time::Duration;

use rdpdoctor_protocol::negotiation::{NegotiationAnswer, Protocols};
use rdpdoctor_protocol::tls::MAX_RECORD;
use rdpdoctor_protocol::tpkt;
use rdpdoctor_protocol::x224::{ConnectionConfirm, ConnectionRequest};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::script::{FLAGS, Newest, Script, Step};
use crate::tls::{Identity, TlsConnection};

/// What Windows puts into the SRC-REF of every Connection Confirm.
const SRC_REF: u16 = 0x1234;
const TLS_HANDSHAKE: u8 = 22;
const TLS_HEADER_LENGTH: usize = 5;

/// Plays the script to its end. An error means that the client spoiled the play: it left, or sent what the script
/// cannot use.
pub(crate) async fn play(script: Script, stream: TcpStream, identity: Option<&Identity>) -> io::Result<()> {
    let mut player = Player { stream, unread: Vec::new(), request: ConnectionRequest::default(), identity };
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
    unread: Vec<u8>,
    request: ConnectionRequest,
    identity: Option<&'a Identity>,
}

impl Player<'_> {
    async fn step(&mut self, step: &Step) -> io::Result<Option<Script>> {
        match step {
            Step::Request => self.read_request().await?,
            Step::IfRouted { then } => return Ok(self.request.routing.is_some().then_some(*then)),
            Step::IfAskedAny { of, then } => return Ok((self.asked().0 & of.0 != 0).then_some(*then)),
            Step::IfTls { then } => return Ok(self.starts_tls().await?.then_some(*then)),
            Step::Select { from, otherwise } => return self.select(*from, otherwise).await,
            Step::SelectStandard => {
                let standard = NegotiationAnswer::Response { flags: FLAGS, selected: Protocols::RDP };
                self.confirm(self.request.negotiation.map(|_| standard)).await?;
            }
            Step::Confirm(answer) => self.confirm(*answer).await?,
            Step::AnyBytes => self.fill(1).await?,
            Step::ClientHello => self.read_client_hello().await?,
            Step::Send(bytes) => self.stream.write_all(bytes).await?,
            Step::Drip(bytes) => self.drip(bytes).await?,
            Step::Tls { .. } | Step::Hold | Step::Fin | Step::Rst => {}
        }
        Ok(None)
    }

    async fn end(self, step: &Step) -> io::Result<()> {
        match step {
            Step::Rst => self.stream.set_zero_linger(),
            Step::Tls { newest, answer } => self.tls(*newest, answer).await,
            Step::Fin => close(self.stream).await,
            _ => hold(self.stream).await,
        }
    }

    async fn tls(self, newest: Newest, answer: &[u8]) -> io::Result<()> {
        let Some(identity) = self.identity else { return Err(io::ErrorKind::Unsupported.into()) };
        let mut tls = TlsConnection::new(identity.accept(newest)?, self.stream, self.unread)?;
        if tls.handshake().await.is_err() {
            return close(tls.into_stream()).await;
        }
        if answer.is_empty() {
            return hold(tls.into_stream()).await;
        }
        tls.answer(answer).await?;
        close(tls.into_stream()).await
    }

    fn asked(&self) -> Protocols {
        self.request.negotiation.map_or(Protocols::RDP, |negotiation| negotiation.protocols)
    }

    async fn select(&mut self, from: Protocols, otherwise: Script) -> io::Result<Option<Script>> {
        let strongest_first = [Protocols::HYBRID_EX, Protocols::HYBRID, Protocols::SSL];
        let asked = self.asked();
        let common = strongest_first.into_iter().find(|one| from.contains(*one) && asked.contains(*one));
        let Some(selected) = common else { return Ok(Some(otherwise)) };
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
        self.fill(TLS_HEADER_LENGTH).await?;
        let Some(&[TLS_HANDSHAKE, _, _, high, low]) = self.unread.first_chunk() else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        let length = usize::from(u16::from_be_bytes([high, low]));
        if length > MAX_RECORD {
            return Err(io::ErrorKind::InvalidData.into());
        }
        self.take(TLS_HEADER_LENGTH + length).await.map(drop)
    }

    async fn starts_tls(&mut self) -> io::Result<bool> {
        self.fill(1).await?;
        Ok(self.unread.first() == Some(&TLS_HANDSHAKE))
    }

    async fn take(&mut self, length: usize) -> io::Result<Vec<u8>> {
        self.fill(length).await?;
        let rest = self.unread.split_off(length);
        Ok(std::mem::replace(&mut self.unread, rest))
    }

    /// Waits until `length` bytes are unread. No length field of ours exceeds 64 KiB.
    async fn fill(&mut self, length: usize) -> io::Result<()> {
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

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;
    use tokio::time::timeout;

    use super::*;
    use crate::{Behaviour, FAULTS, HEALTHY};

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
            after_request(&[0x16; 70_000]),
        ]
    }

    #[tokio::test]
    async fn rubbish_ends_no_script_in_a_panic_and_none_outlives_its_client() {
        let identity = Identity::new().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        for variant in FAULTS.iter().flat_map(|fault| fault.variants).chain(HEALTHY) {
            let Behaviour::Talks(script) = variant.behaviour else { continue };
            for bytes in rubbish() {
                let mut client = TcpStream::connect(address).await.unwrap();
                let (server, _) = listener.accept().await.unwrap();
                let writes = async move {
                    // The script may have closed already.
                    let _ = client.write_all(&bytes).await;
                };
                let (played, ()) =
                    tokio::join!(timeout(Duration::from_secs(10), play(script, server, Some(&identity))), writes);
                played.unwrap_or_else(|_| panic!("{} outlives its client", variant.name)).ok();
            }
        }
    }
}
