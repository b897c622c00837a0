//! A listener that breaks off in one known way.

use std::io::{self, Read as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

const PAUSE: Duration = Duration::from_millis(5);
const LONGEST_REQUEST: usize = 4096;

/// What it does with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Closes it at once.
    CloseOnAccept,
    /// Reads the request and closes.
    CloseAfterRequest,
    /// Keeps it and says nothing.
    Silence,
}

/// The listener, on a free port of 127.0.0.1, until dropped.
#[derive(Debug)]
pub struct Responder {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    accepted: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl Responder {
    /// Listens at once.
    pub fn start(manner: Manner) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (stop, accepted) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (stopped, counter) = (Arc::clone(&stop), Arc::clone(&accepted));
        let thread = thread::spawn(move || serve(&listener, manner, &stopped, &counter));
        Ok(Self { address, stop, accepted, thread: Some(thread) })
    }

    /// `address:port`, as the command line takes it.
    pub fn target(&self) -> String {
        self.address.to_string()
    }

    /// How many connections it has taken.
    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(listener: &TcpListener, manner: Manner, stop: &AtomicBool, accepted: &AtomicUsize) {
    let mut kept = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let Ok((connection, _)) = listener.accept() else {
            thread::sleep(PAUSE);
            continue;
        };
        accepted.fetch_add(1, Ordering::Relaxed);
        match manner {
            Manner::CloseOnAccept => drop(connection),
            Manner::CloseAfterRequest => drop(read_request(connection)),
            Manner::Silence => kept.push(connection),
        }
    }
}

/// Reads first: closing with unread bytes would send a reset.
fn read_request(mut connection: TcpStream) -> io::Result<TcpStream> {
    connection.set_nonblocking(false)?;
    connection.set_read_timeout(Some(Duration::from_secs(5)))?;
    // A request comes in one segment; where it does not, the rest stays unread.
    let _length = connection.read(&mut [0; LONGEST_REQUEST])?;
    Ok(connection)
}
