//! Listens, and gives each connection the behaviour of one variant.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::certificate::Identity;
use crate::script::{Script, certificate};
use crate::{Behaviour, Variant};

const MOST_CONNECTIONS: usize = 64;
const LONGEST_CONNECTION: Duration = Duration::from_mins(2);
/// So that running out of sockets does not make the loop spin.
const PAUSE_AFTER_FAILED_ACCEPT: Duration = Duration::from_millis(50);
/// A backlog of 0 holds one connection; the rest is room for systems that hold more.
const MOST_FILLERS: usize = 16;
/// On loopback only a dropped SYN takes that long.
const FULL_AFTER: Duration = Duration::from_millis(300);

/// Behaves as the variant says until `stop` is ready. Fails only where the fault cannot be put in place.
pub async fn serve(
    variant: &'static Variant,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    prepare(variant, listener).await?.run(stop).await;
    Ok(())
}

/// Puts the fault in place: from here on a client meets it. [`Prepared::run`] must follow.
///
/// Fails where the system does: a backlog can be filled on Linux only.
pub async fn prepare(variant: &'static Variant, listener: TcpListener) -> io::Result<Prepared> {
    let address = listener.local_addr()?;
    let state = match variant.behaviour {
        Behaviour::Closed => State::Idle { _reserved: reserve(listener, address)?, _fillers: Vec::new() },
        Behaviour::NeverAccepts => State::Idle { _reserved: listener.into_std()?.into(), _fillers: Vec::new() },
        Behaviour::FullBacklog { free_places } => {
            let fillers = fill_backlog(&listener, address).await?;
            for _ in 0..free_places {
                listener.accept().await?;
            }
            State::Idle { _reserved: listener.into_std()?.into(), _fillers: fillers }
        }
        Behaviour::Talks(script) => State::Talking { listener, script, identity: identity_for(script).await? },
    };
    Ok(Prepared { address, state })
}

/// A fault that is in place.
pub struct Prepared {
    address: SocketAddr,
    state: State,
}

enum State {
    /// Nothing to do but to hold on to these.
    Idle {
        _reserved: Socket,
        _fillers: Vec<TcpStream>,
    },
    Talking {
        listener: TcpListener,
        script: Script,
        identity: Option<Identity>,
    },
}

impl Prepared {
    /// Where the fault is to be met.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is ready, then ends every connection. At most 64 are served at once, each for at most two
    /// minutes; more wait in the backlog.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) {
        match self.state {
            State::Idle { .. } => stop.await,
            State::Talking { listener, script, identity } => tokio::select! {
                () = stop => {}
                () = accept(&listener, script, identity) => {}
            },
        }
    }
}

async fn accept(listener: &TcpListener, script: Script, identity: Option<Identity>) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut connections = JoinSet::new();
    let visits = Arc::new(AtomicU64::new(0));
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(PAUSE_AFTER_FAILED_ACCEPT).await;
            continue;
        };
        // Real servers do not hold small answers back either; where the system refuses, they only come later.
        let _ = stream.set_nodelay(true);
        let identity = identity.clone();
        let visits = Arc::clone(&visits);
        connections.spawn(async move {
            // How a connection ended is the client's business: it may well have left first.
            let playing = crate::player::play(script, stream, &visits, identity.as_ref());
            let _ = tokio::time::timeout(LONGEST_CONNECTION, playing).await;
            drop(place);
        });
    }
}

async fn identity_for(script: Script) -> io::Result<Option<Identity>> {
    let Some(certificate) = certificate(script) else { return Ok(None) };
    let made = tokio::task::spawn_blocking(|| Identity::new(certificate)).await.map_err(io::Error::other)?;
    Ok(Some(made?))
}

/// A socket that is bound and does not listen: each SYN is answered with RST.
fn reserve(listener: TcpListener, address: SocketAddr) -> io::Result<Socket> {
    drop(listener);
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.bind(&address.into())?;
    Ok(socket)
}

/// Shrinks the backlog and fills it with connections of our own.
async fn fill_backlog(listener: &TcpListener, address: SocketAddr) -> io::Result<Vec<TcpStream>> {
    if !cfg!(target_os = "linux") {
        let reason = "only Linux lets a listener shrink its backlog and drops what exceeds it";
        return Err(io::Error::new(io::ErrorKind::Unsupported, reason));
    }
    SockRef::from(listener).listen(0)?;
    let mut fillers = Vec::new();
    while fillers.len() < MOST_FILLERS {
        match tokio::time::timeout(FULL_AFTER, TcpStream::connect(address)).await {
            Ok(connected) => fillers.push(connected?),
            Err(_) => return Ok(fillers),
        }
    }
    Err(io::Error::other("the backlog does not fill up"))
}
