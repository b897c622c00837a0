//! Programs that end TLS with a certificate of their own and begin it anew to the server.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use crate::certificate::{Certificate, Files};
use crate::process::command;
use crate::relay::{Part, Relay};
use crate::server::serve;
use crate::{Server, Site, Unavailable};

/// The program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// haproxy.
    Haproxy,
    /// stunnel, twice in one process.
    Stunnel,
}

/// One that stands before an RDP server.
#[derive(Debug)]
pub struct Inspector {
    // In the order in which they have to end.
    before: Relay,
    _program: Server,
    _behind: Relay,
}

impl Inspector {
    /// Starts it, with the certificate, before the RDP server.
    pub fn start(program: Program, certificate: &Certificate, server: SocketAddr) -> Result<Self, Unavailable> {
        let behind = Relay::start(Part::Behind(server))?;
        let program = match program {
            Program::Haproxy => haproxy(certificate, behind.address()),
            Program::Stunnel => stunnel(certificate, behind.address()),
        }?;
        Ok(Self { before: Relay::start(Part::Before(program.address()))?, _program: program, _behind: behind })
    }

    /// `address:port`, as the command line takes it.
    pub fn target(&self) -> String {
        self.before.target()
    }
}

fn haproxy(certificate: &Certificate, server: SocketAddr) -> Result<Server, Unavailable> {
    serve("haproxy", &Site::loopback(), |folder, address| {
        let bundle = certificate.write_into(folder)?.bundle()?;
        let settings = folder.join("haproxy.cfg");
        fs::write(
            &settings,
            format!(
                "defaults\n mode tcp\n timeout connect 5s\n timeout client 30s\n timeout server 30s\n\
                 listen inspector\n bind {address} ssl crt {}\n server rdp {server} ssl verify none\n",
                bundle.display()
            ),
        )?;
        let mut command = command(None, "haproxy")?;
        command.args(["-db", "-f"]).arg(settings);
        Ok(command)
    })
}

fn stunnel(certificate: &Certificate, server: SocketAddr) -> Result<Server, Unavailable> {
    serve("stunnel", &Site::loopback(), |folder, address| {
        let files = certificate.write_into(folder)?;
        let settings = folder.join("stunnel.conf");
        fs::write(&settings, stunnel_settings(folder, &files, address, server))?;
        let mut command = command(None, "stunnel")?;
        command.arg(settings);
        Ok(command)
    })
}

fn stunnel_settings(folder: &Path, files: &Files, address: SocketAddr, server: SocketAddr) -> String {
    let (certificate, key) = (files.certificate.display(), files.key.display());
    let between = folder.join("between.sock");
    let between = between.display();
    format!(
        "foreground = yes\nsyslog = no\n\
         [ends]\naccept = {address}\nconnect = {between}\ncert = {certificate}\nkey = {key}\n\
         [begins]\nclient = yes\naccept = {between}\nconnect = {server}\n"
    )
}
