//! GnuTLS's server: suites and groups that OpenSSL no longer serves. It speaks no X.224: a [`crate::relay`] goes before.

use std::process::Command;

use crate::certificate::Certificate;
use crate::process::{command, find, run};
use crate::server::serve;
use crate::{Server, Site, Unavailable};

/// Settings of one server.
#[derive(Clone, Debug)]
pub struct Gnutls {
    /// A priority string, such as `NONE:+VERS-TLS1.2:+ARCFOUR-128:+RSA:+SHA1:+SIGN-ALL:+COMP-NULL`.
    pub priority: String,
    /// Length of a Diffie-Hellman prime of its own, in bits.
    pub dh_bits: Option<u16>,
    /// Its certificate.
    pub certificate: Certificate,
}

impl Gnutls {
    /// Starts it and waits until it listens, on all addresses.
    pub fn start(&self, site: &Site) -> Result<Server, Unavailable> {
        serve("gnutls-serv", site, |folder, address| {
            let files = self.certificate.write_into(folder)?;
            let mut command = command(site.namespace.as_deref(), "gnutls-serv")?;
            command.args(["--quiet", "--echo", "--disable-client-cert", "--noticket", "--priority", &self.priority]);
            command.arg(format!("--port={}", address.port()));
            command.arg("--x509certfile").arg(files.certificate).arg("--x509keyfile").arg(files.key);
            if let Some(bits) = self.dh_bits {
                let parameters = folder.join("dh.pem");
                run(Command::new(find("openssl")?).args(["dhparam", "-out"]).arg(&parameters).arg(bits.to_string()))?;
                command.arg("--dhparams").arg(parameters);
            }
            Ok(command)
        })
    }
}
