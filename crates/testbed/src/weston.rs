//! weston's RDP backend: TLS only.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use crate::certificate::Certificate;
use crate::process::command;
use crate::server::serve;
use crate::{Server, Site, Unavailable};

/// Starts it and waits until it listens. It may end after a client that hangs up early: one server a check.
pub fn start(site: &Site) -> Result<Server, Unavailable> {
    serve("weston", site, |folder, address| {
        let files = Certificate::PLAIN.write_into(folder)?;
        let runtime = folder.join("runtime");
        fs::create_dir(&runtime)?;
        fs::set_permissions(&runtime, Permissions::from_mode(0o700))?;
        let mut command = command(site.namespace.as_deref(), "weston")?;
        command.env("XDG_RUNTIME_DIR", &runtime);
        command.args(["--backend=rdp-backend.so", "--no-config", "--socket=screen", "--idle-time=0"]);
        command.arg(format!("--address={}", address.ip())).arg(format!("--port={}", address.port()));
        command.arg(format!("--rdp-tls-cert={}", files.certificate.display()));
        command.arg(format!("--rdp-tls-key={}", files.key.display()));
        Ok(command)
    })
}
