//! xrdp: TLS or Standard RDP Security, never NLA.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::Path;

use crate::certificate::{Certificate, Files};
use crate::process::command;
use crate::server::serve;
use crate::{Server, Site, Unavailable};

/// Keys of Standard RDP Security: xrdp takes no other path, and only its own user may read them.
const RSA_KEYS: &str = "/etc/xrdp/rsakeys.ini";

/// `security_layer` of xrdp.ini.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecurityLayer {
    /// TLS where the client asks for it.
    Negotiate,
    /// TLS only.
    Tls,
    /// Standard RDP Security only.
    Rdp,
}

/// Settings of one xrdp.
#[derive(Clone, Debug)]
pub struct Xrdp {
    /// `security_layer`.
    pub security_layer: SecurityLayer,
    /// `ssl_protocols`, such as `TLSv1.2, TLSv1.3`.
    pub ssl_protocols: &'static str,
    /// `tls_ciphers`, an OpenSSL cipher list.
    pub tls_ciphers: &'static str,
    /// `certificate` and `key_file`, made at the start.
    pub certificate: Certificate,
}

impl Default for Xrdp {
    fn default() -> Self {
        Self {
            security_layer: SecurityLayer::Negotiate,
            ssl_protocols: "TLSv1.2, TLSv1.3",
            tls_ciphers: "HIGH",
            certificate: Certificate::PLAIN,
        }
    }
}

impl Xrdp {
    /// Starts it and waits until it listens. Its backlog is 2.
    pub fn start(&self, site: &Site) -> Result<Server, Unavailable> {
        if self.security_layer != SecurityLayer::Tls {
            File::open(RSA_KEYS)
                .map_err(|error| Unavailable::NotAllowed { what: "reading xrdp's keys", why: error.to_string() })?;
        }
        serve("xrdp", site, |folder, address| {
            let files = self.certificate.write_into(folder)?;
            let ini = folder.join("xrdp.ini");
            fs::write(&ini, self.settings(folder, address, &files))?;
            let mut command = command(site.namespace.as_deref(), "xrdp")?;
            command.arg("--nodaemon").arg("-c").arg(ini);
            Ok(command)
        })
    }

    fn settings(&self, folder: &Path, address: SocketAddr, files: &Files) -> String {
        let security_layer = match self.security_layer {
            SecurityLayer::Negotiate => "negotiate",
            SecurityLayer::Tls => "tls",
            SecurityLayer::Rdp => "rdp",
        };
        let (certificate, key) = (files.certificate.display(), files.key.display());
        let (protocols, ciphers) = (self.ssl_protocols, self.tls_ciphers);
        let log = folder.join("xrdp.own.log");
        format!(
            "[Globals]\nini_version=1\nfork=true\nport=tcp://{address}\nsecurity_layer={security_layer}\n\
             crypt_level=high\ncertificate={certificate}\nkey_file={key}\nssl_protocols={protocols}\n\
             tls_ciphers={ciphers}\nmax_bpp=32\n\n\
             [Logging]\nLogFile={}\nLogLevel=INFO\nEnableSyslog=false\n\n\
             [Xorg]\nname=Xorg\nlib=libxup.so\nusername=ask\npassword=ask\nip=127.0.0.1\nport=-1\ncode=20\n",
            log.display()
        )
    }
}
