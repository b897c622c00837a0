//! freerdp-shadow: TLS, NLA or Standard RDP Security only.

use std::fs;
use std::process::Command;

use crate::process::{command, find};
use crate::server::serve;
use crate::{Server, Site, Unavailable, xvfb};

const PROGRAM: &str = "freerdp-shadow-cli";

/// A user that the NLA server knows: user, domain, LM hash, NT hash. The password is `Testbed-1`.
const SAM: &str = "tester:::61eb6102f61ece189802b117314f05ce:::\n";

/// What it offers in negotiation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// PROTOCOL_SSL.
    Tls,
    /// PROTOCOL_HYBRID only.
    Nla,
    /// Standard RDP Security only.
    Rdp,
}

/// Starts it, with a screen of its own, and waits until it listens. It makes its own RSA certificate.
pub fn start(security: Security, site: &Site) -> Result<Server, Unavailable> {
    start_at(security, 0, site)
}

/// The same with a clock that is hours ahead, or behind.
pub fn start_at(security: Security, hours_ahead: i8, site: &Site) -> Result<Server, Unavailable> {
    let screen = tempfile::tempdir()?;
    let (xvfb, display) = xvfb::start(screen.path())?;
    let server = serve(PROGRAM, site, |folder, address| {
        let sam = folder.join("sam");
        fs::write(&sam, SAM)?;
        let mut command = shadow(site.namespace.as_deref(), hours_ahead)?;
        command.env("DISPLAY", &display).env("HOME", folder).env("XDG_CONFIG_HOME", folder);
        command.arg(format!("/bind-address:{}", address.ip())).arg(format!("/port:{}", address.port()));
        match security {
            Security::Tls => command.args(["/sec:tls", "-auth"]),
            Security::Nla => command.args(["/sec:nla", "+auth"]).arg(format!("/sam-file:{}", sam.display())),
            Security::Rdp => command.args(["/sec:rdp", "-auth"]),
        };
        Ok(command)
    })?;
    Ok(server.with_companion(xvfb))
}

fn shadow(namespace: Option<&str>, hours_ahead: i8) -> Result<Command, Unavailable> {
    if hours_ahead == 0 {
        return command(namespace, PROGRAM);
    }
    let mut command = command(namespace, "faketime")?;
    command.args(["-f", &format!("{hours_ahead:+}h")]).arg(find(PROGRAM)?);
    Ok(command)
}
