//! OpenSSH's server: a stranger that speaks first.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::process::{command, find, run};
use crate::server::serve;
use crate::{Server, Site, Unavailable};

/// sshd refuses to start without this folder, which only its service makes.
const SEPARATION_FOLDER: &str = "/run/sshd";

/// Starts it and waits until it listens.
pub fn start(site: &Site) -> Result<Server, Unavailable> {
    fs::create_dir_all(SEPARATION_FOLDER)
        .map_err(|error| Unavailable::NotAllowed { what: "making /run/sshd", why: error.to_string() })?;
    serve("sshd", site, |folder, address| {
        let key = host_key(folder)?;
        let mut command = command(site.namespace.as_deref(), "sshd")?;
        command.args(["-D", "-e", "-f", "/dev/null", "-o", "PidFile=none", "-o", "UsePAM=no", "-h"]).arg(key);
        command.arg("-o").arg(format!("ListenAddress={address}"));
        Ok(command)
    })
}

fn host_key(folder: &Path) -> Result<std::path::PathBuf, Unavailable> {
    let key = folder.join("host_key");
    let mut command = Command::new(find("ssh-keygen")?);
    command.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key);
    run(&mut command)?;
    Ok(key)
}
