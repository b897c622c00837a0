use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::Unavailable;
use crate::certificate::AUTHORITY;
use crate::process::Program;

/// Another test may take the free port between its choice and the server's start.
const TRIES: usize = 3;

/// Where a server is to listen.
#[derive(Clone, Debug)]
pub struct Site {
    pub(crate) namespace: Option<String>,
    pub(crate) address: IpAddr,
    pub(crate) port: Option<u16>,
}

impl Site {
    /// A free port of 127.0.0.1.
    pub fn loopback() -> Self {
        Self { namespace: None, address: Ipv4Addr::LOCALHOST.into(), port: None }
    }

    /// The same address and another port.
    #[must_use]
    pub fn at_port(self, port: u16) -> Self {
        Self { port: Some(port), ..self }
    }

    fn socket_address(&self) -> io::Result<SocketAddr> {
        match self.port {
            Some(port) => Ok((self.address, port).into()),
            None => TcpListener::bind((self.address, 0))?.local_addr(),
        }
    }
}

/// A server that listens, ended with its scratch files when dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    program: Program,
    // Dropped after the server that needs it.
    _companion: Option<Program>,
    folder: TempDir,
}

impl Server {
    /// Where it listens, seen from its own network namespace.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `address:port`, as the command line takes it.
    pub fn target(&self) -> String {
        self.address.to_string()
    }

    /// What the server has printed so far.
    pub fn log(&self) -> String {
        self.program.log()
    }

    /// The certificate of the authority that issued the server's, in PEM.
    pub fn authority(&self) -> io::Result<Vec<u8>> {
        fs::read(self.folder.path().join(AUTHORITY))
    }

    pub(crate) fn with_companion(self, companion: Program) -> Self {
        Self { _companion: Some(companion), ..self }
    }
}

/// Starts a program that shall listen at the site. `command` may write its settings into the folder that it is given.
pub(crate) fn serve(
    name: &str,
    site: &Site,
    command: impl Fn(&Path, SocketAddr) -> Result<Command, Unavailable>,
) -> Result<Server, Unavailable> {
    let mut tries = 1;
    loop {
        match try_to_serve(name, site, &command) {
            Err(Unavailable::NotReady { .. }) if tries < TRIES && site.port.is_none() => tries += 1,
            result => return result,
        }
    }
}

fn try_to_serve(
    name: &str,
    site: &Site,
    command: impl Fn(&Path, SocketAddr) -> Result<Command, Unavailable>,
) -> Result<Server, Unavailable> {
    let folder = tempfile::Builder::new().prefix("rdpdoctor-").tempdir()?;
    let address = site.socket_address()?;
    let mut program = Program::start(command(folder.path(), address)?, name, folder.path())?;
    program.wait_until_listening(address)?;
    Ok(Server { address, program, _companion: None, folder })
}
