//! Self-signed certificates, made by the openssl command.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Unavailable;
use crate::process::{find, run};

/// PEM files of a certificate and its key.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// What the certificate shall be like.
#[derive(Clone, Copy, Debug)]
pub struct Certificate {
    /// Length of the RSA key in bits.
    pub key_bits: u16,
    /// How many alternative names it carries; each takes about 40 bytes on the wire.
    pub alternative_names: usize,
}

impl Certificate {
    /// RSA-2048 with one name, like the one that a server makes for itself.
    pub const PLAIN: Self = Self { key_bits: 2048, alternative_names: 1 };
    /// So long that the server's flight does not fit one packet.
    pub const LONG: Self = Self { key_bits: 2048, alternative_names: 40 };

    pub(crate) fn write_into(self, folder: &Path) -> Result<Files, Unavailable> {
        let files = Files { certificate: folder.join("server.crt"), key: folder.join("server.key") };
        let names = (1..=self.alternative_names)
            .map(|number| format!("DNS:server-{number:04}.testbed.rdpdoctor.example"))
            .collect::<Vec<_>>()
            .join(",");
        let mut command = Command::new(find("openssl")?);
        command.args(["req", "-x509", "-nodes", "-sha256", "-days", "90", "-subj", "/CN=testbed"]);
        command.args(["-newkey", &format!("rsa:{}", self.key_bits), "-addext", &format!("subjectAltName={names}")]);
        command.arg("-keyout").arg(&files.key).arg("-out").arg(&files.certificate);
        run(&mut command)?;
        Ok(files)
    }
}
