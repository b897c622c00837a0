//! Certificates and keys, made by the openssl command.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::{SignedDuration, Timestamp};

use crate::Unavailable;
use crate::process::{find, run};

/// The authority's certificate among the server's files.
pub(crate) const AUTHORITY: &str = "authority.crt";

/// PEM files of a certificate and its key.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Files {
    /// Both in one file, the key last.
    pub(crate) fn bundle(&self) -> io::Result<PathBuf> {
        let file = self.certificate.with_extension("pem");
        fs::write(&file, [fs::read(&self.certificate)?, fs::read(&self.key)?].concat())?;
        Ok(file)
    }
}

/// The certified key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// RSA, with the length of the modulus in bits.
    Rsa(u16),
    /// ECDSA on the curve P-256.
    Ec,
}

/// What is wrong with the key file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFile {
    /// Nothing.
    Fits,
    /// It holds the key of another certificate.
    OfAnother,
    /// It ends in the middle.
    Torn,
}

/// What the certificate shall be like.
#[derive(Clone, Copy, Debug)]
pub struct Certificate {
    /// The certified key.
    pub key: Key,
    /// What the server gets as its key.
    pub key_file: KeyFile,
    /// Digest of the signature: `sha256`, `sha1`, ….
    pub digest: &'static str,
    /// Common name of the authority that signs it; `None` for a self-signed one.
    pub issuer: Option<&'static str>,
    /// The subject's common name.
    pub common_name: &'static str,
    /// How many alternative names it carries, the first being the common name; each takes about 40 bytes on the wire.
    pub alternative_names: usize,
    /// `extendedKeyUsage`, as openssl calls it.
    pub usage: &'static str,
    /// The first and the last day, counted from today.
    pub days: (i64, i64),
}

impl Certificate {
    /// Self-signed RSA-2048 with one name, like the one that a server makes for itself.
    pub const PLAIN: Self = Self {
        key: Key::Rsa(2048),
        key_file: KeyFile::Fits,
        digest: "sha256",
        issuer: None,
        common_name: "testbed.rdpdoctor.example",
        alternative_names: 1,
        usage: "serverAuth",
        days: (-30, 150),
    };
    /// So long that the server's flight does not fit one packet.
    pub const LONG: Self = Self { alternative_names: 40, ..Self::PLAIN };

    /// Makes it, and its key, which is thrown away: the certificate in DER.
    pub fn to_der(&self) -> Result<Vec<u8>, Unavailable> {
        let folder = tempfile::tempdir()?;
        let files = self.write_into(folder.path())?;
        let der = folder.path().join("server.der");
        let mut command = openssl(&["x509", "-outform", "DER"])?;
        run(command.arg("-in").arg(&files.certificate).arg("-out").arg(&der))?;
        Ok(fs::read(der)?)
    }

    pub(crate) fn write_into(&self, folder: &Path) -> Result<Files, Unavailable> {
        let files = Files { certificate: folder.join("server.crt"), key: folder.join("server.key") };
        let settings = folder.join("ca.cnf");
        fs::write(folder.join("index.txt"), "")?;
        fs::write(&settings, self.settings(folder))?;
        let request = folder.join("server.csr");
        make_request(self.key, self.common_name, &files.key, &request)?;
        let mut sign = openssl(&["ca", "-batch", "-notext", "-md", self.digest])?;
        sign.arg("-config").arg(&settings).arg("-in").arg(&request).arg("-out").arg(&files.certificate);
        sign.args(["-startdate", &date(self.days.0), "-enddate", &date(self.days.1)]);
        match self.issuer {
            None => run(sign.arg("-selfsign").arg("-keyfile").arg(&files.key))?,
            Some(name) => {
                let authority = make_authority(name, folder)?;
                run(sign.arg("-cert").arg(&authority.certificate).arg("-keyfile").arg(&authority.key))?;
                append(&files.certificate, &authority.certificate)?;
            }
        }
        spoil(self.key_file, self.key, &files.key)?;
        Ok(files)
    }

    fn settings(&self, folder: &Path) -> String {
        let more =
            (1..self.alternative_names).map(|number| format!(",DNS:server-{number:04}.testbed.rdpdoctor.example"));
        let names = format!("DNS:{}{}", self.common_name, more.collect::<String>());
        let folder = folder.display();
        format!(
            "[ca]\ndefault_ca = testbed\n\
             [testbed]\ndatabase = {folder}/index.txt\nnew_certs_dir = {folder}\nrand_serial = yes\npolicy = any\n\
             x509_extensions = leaf\n\
             [any]\ncommonName = supplied\n\
             [leaf]\nextendedKeyUsage = {}\nsubjectAltName = {names}\n",
            self.usage
        )
    }
}

fn make_request(key: Key, common_name: &str, key_file: &Path, request: &Path) -> Result<(), Unavailable> {
    let mut command = openssl(&["req", "-new", "-nodes", "-sha256", "-subj", &format!("/CN={common_name}")])?;
    match key {
        Key::Rsa(bits) => command.args(["-newkey", &format!("rsa:{bits}")]),
        Key::Ec => command.args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]),
    };
    run(command.arg("-keyout").arg(key_file).arg("-out").arg(request))
}

fn make_authority(common_name: &str, folder: &Path) -> Result<Files, Unavailable> {
    let files = Files { certificate: folder.join(AUTHORITY), key: folder.join("authority.key") };
    let subject = format!("/CN={common_name}");
    let mut command = openssl(&["req", "-x509", "-nodes", "-newkey", "rsa:2048", "-days", "3650", "-subj", &subject])?;
    run(command.arg("-keyout").arg(&files.key).arg("-out").arg(&files.certificate))?;
    Ok(files)
}

fn spoil(how: KeyFile, key: Key, file: &Path) -> Result<(), Unavailable> {
    match how {
        KeyFile::Fits => Ok(()),
        KeyFile::OfAnother => make_request(key, "another", file, &file.with_extension("csr")),
        KeyFile::Torn => {
            let whole = fs::read(file)?;
            Ok(fs::write(file, whole.get(..whole.len() / 2).unwrap_or_default())?)
        }
    }
}

fn append(file: &Path, more: &Path) -> io::Result<()> {
    io::copy(&mut fs::File::open(more)?, &mut OpenOptions::new().append(true).open(file)?).map(|_| ())
}

/// A day counted from today, as openssl's dates.
fn date(days: i64) -> String {
    (Timestamp::now() + SignedDuration::from_hours(24 * days)).strftime("%Y%m%d%H%M%SZ").to_string()
}

fn openssl(arguments: &[&str]) -> Result<Command, Unavailable> {
    let mut command = Command::new(find("openssl")?);
    command.args(arguments);
    Ok(command)
}
