//! nginx: a stranger that waits for the client, in clear or in TLS.

use std::fs;
use std::net::SocketAddr;

use crate::certificate::{Certificate, Files};
use crate::process::command;
use crate::server::serve;
use crate::{Server, Site, Unavailable};

/// What it speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// HTTP in clear.
    Http,
    /// HTTP in TLS.
    Https,
}

/// Starts it and waits until it listens.
pub fn start(scheme: Scheme, site: &Site) -> Result<Server, Unavailable> {
    serve("nginx", site, |folder, address| {
        let files = Certificate::PLAIN.write_into(folder)?;
        let settings = folder.join("nginx.conf");
        fs::write(&settings, configuration(scheme, address, &files))?;
        let mut command = command(site.namespace.as_deref(), "nginx")?;
        command.args(["-e", "stderr", "-p"]).arg(folder).arg("-c").arg(settings);
        Ok(command)
    })
}

fn configuration(scheme: Scheme, address: SocketAddr, files: &Files) -> String {
    let listen = match scheme {
        Scheme::Http => format!("listen {address};"),
        Scheme::Https => format!(
            "listen {address} ssl; ssl_certificate {}; ssl_certificate_key {};",
            files.certificate.display(),
            files.key.display()
        ),
    };
    // Only places below the prefix, so that it runs beside the system's own nginx and for any user.
    let folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|kind| format!("{kind}_temp_path {kind};"));
    format!(
        "daemon off; master_process off; pid nginx.pid; error_log stderr;\nevents {{}}\n\
         http {{ access_log off; {} server {{ {listen} return 200 \"testbed\"; }} }}\n",
        folders.join(" ")
    )
}
