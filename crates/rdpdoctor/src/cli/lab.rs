use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use clap::Args;
use rdpdoctor_diagnosis::causes;
use rdpdoctor_diagnosis::evidence::Target;
use rdpdoctor_lab::{FAULTS, Fault, HEALTHY, HOSTILE, Prepared, RECIPES, Variant, healthy, hostile, prepare};
use rdpdoctor_render::{Style, list};
use tokio::net::TcpListener;

use super::Failure;
use super::explain;
use super::probe::ProbeArguments;
use crate::exit::Exit;
use crate::output::{Output, complain};

const HEALTHY_ID: &str = "healthy";
const HOSTILE_ID: &str = "hostile";

/// Serve a Remote Desktop server that is broken in one known way
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The id of the root cause to show, "healthy" or "hostile"
    #[arg(value_name = "CAUSE-ID", required_unless_present = "list")]
    cause: Option<String>,
    /// In which of its ways: see --list
    #[arg(long, value_name = "NAME")]
    variant: Option<String>,
    /// Where to listen; port 0 takes any that is free
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0", value_parser = endpoint)]
    listen: SocketAddr,
    /// Diagnose the server right away and end with the exit code of the diagnosis
    #[arg(long)]
    diagnose: bool,
    /// List what can be served, and how to make the other causes by hand
    #[arg(long, conflicts_with = "cause")]
    list: bool,
    #[command(flatten, next_help_heading = "With --diagnose")]
    probe: ProbeArguments,
}

impl Arguments {
    pub(super) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let Some(id) = self.cause.as_deref() else {
            let text = list(output.style());
            output.print(&text)?;
            return Ok(Exit::Good);
        };
        if let Some(recipe) = RECIPES.iter().find(|recipe| recipe.cause == id) {
            complain(&format!("no listener can show {id}; this is how to make it by hand:"));
            output.print(&format!("{}\n", recipe.text.trim_end()))?;
            return Ok(Exit::Usage);
        }
        let variant = variant(id, self.variant.as_deref()).map_err(Failure::Usage)?;
        let runtime = tokio::runtime::Runtime::new()?;
        let exit = runtime.block_on(self.serve(id, variant, output));
        runtime.shutdown_background();
        exit
    }

    async fn serve(&self, id: &str, variant: &'static Variant, output: &mut Output) -> Result<Exit, Failure> {
        let listener = TcpListener::bind(self.listen).await;
        let listener = listener.map_err(|error| anyhow::anyhow!("cannot listen on {}: {error}", self.listen))?;
        let server = prepare(variant, listener).await;
        let server = server.map_err(|error| anyhow::anyhow!("cannot show {id}: {error}"))?;
        if self.diagnose { self.diagnose(server, output).await } else { announce(id, variant, server, output).await }
    }

    async fn diagnose(&self, server: Prepared, output: &mut Output) -> Result<Exit, Failure> {
        let target: Target = reachable(server.address()).to_string().parse()?;
        let serving = tokio::spawn(server.run(std::future::pending()));
        let exit = self.probe.diagnose(vec![target], output).await;
        serving.abort();
        exit
    }
}

async fn announce(id: &str, variant: &Variant, server: Prepared, output: &mut Output) -> Result<Exit, Failure> {
    let address = server.address();
    output.print(&format!("{address} shows {id} ({}): {}\n", variant.name, variant.title))?;
    complain(&format!("^C ends it; try \"rdpdoctor {}\"", reachable(address)));
    server.run(async { drop(tokio::signal::ctrl_c().await) }).await;
    Ok(Exit::Interrupted)
}

fn variant(id: &str, name: Option<&str>) -> Result<&'static Variant, String> {
    if id == HEALTHY_ID {
        return healthy(name).ok_or_else(|| no_variant(id, name, HEALTHY));
    }
    if id == HOSTILE_ID {
        return hostile(name).ok_or_else(|| no_variant(id, name, HOSTILE));
    }
    match rdpdoctor_lab::find(id) {
        Some(fault) => fault.variant(name).ok_or_else(|| no_variant(id, name, fault.variants)),
        None if causes::find(id).is_some() => Err(format!("no listener can show {id}; see \"rdpdoctor lab --list\"")),
        None => Err(explain::unknown(id)),
    }
}

fn no_variant(id: &str, name: Option<&str>, variants: &[Variant]) -> String {
    let names: Vec<&str> = variants.iter().map(|variant| variant.name).collect();
    format!("{id} has no variant \"{}\"; it has {}", name.unwrap_or_default(), names.join(", "))
}

/// Where a client on this machine finds what listens there.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn endpoint(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "type an address and a port, such as 127.0.0.1:3390 or [::1]:3390".to_owned())
}

fn list(style: &Style) -> String {
    let mut text =
        list::heading("Served by `rdpdoctor lab CAUSE-ID [--variant NAME]`, the first variant by default", style);
    text.extend(described(HEALTHY_ID, "nothing is wrong", HEALTHY, style));
    for Fault { cause, title, variants } in FAULTS {
        text.extend(described(cause, title, variants, style));
    }
    text.extend(described(HOSTILE_ID, "attacks whoever measures it", HOSTILE, style));
    text.push('\n');
    text.push_str(&list::heading(
        "No listener can show these; `rdpdoctor lab CAUSE-ID` prints how to make them by hand",
        style,
    ));
    text.extend(RECIPES.iter().map(|recipe| format!("  {}\n", recipe.cause)));
    text
}

fn described(cause: &str, title: &str, variants: &[Variant], style: &Style) -> [String; 2] {
    let variants = variants.iter().map(|variant| (variant.name, variant.title.to_owned()));
    [list::rows(2, std::iter::once((cause, title.to_owned())), style), list::rows(6, variants, style)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_listens_everywhere_is_found_on_loopback() {
        assert_eq!(reachable("0.0.0.0:1".parse().unwrap()).to_string(), "127.0.0.1:1");
        assert_eq!(reachable("[::]:1".parse().unwrap()).to_string(), "[::1]:1");
        assert_eq!(reachable("10.0.0.5:1".parse().unwrap()).to_string(), "10.0.0.5:1");
    }
}
