use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::cable::Policy;
use crate::process::{find, first_use, inside, run};
use crate::wire::{DEVICE, Wire};
use crate::{Site, Unavailable};

/// The client's IPv4 address in a [`Network`].
pub const CLIENT_V4: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 1);
/// The server's IPv4 address in a [`Network`].
pub const SERVER_V4: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 2);
/// The client's IPv6 address in a [`Network`].
pub const CLIENT_V6: Ipv6Addr = Ipv6Addr::new(0xfd09, 0, 0, 0, 0, 0, 0, 1);
/// The server's IPv6 address in a [`Network`].
pub const SERVER_V6: Ipv6Addr = Ipv6Addr::new(0xfd09, 0, 0, 0, 0, 0, 0, 2);

const RDP: u16 = 3389;
const PREFIX: &str = "rdpdoctor";

/// A client and a server that see nothing but each other, over a cable with a policy. Ended when dropped: drop the
/// servers in it first.
#[derive(Debug)]
pub struct Network {
    // In the order in which they have to end.
    _wire: Wire,
    client: Namespace,
    server: Namespace,
}

impl Network {
    /// Needs root, `/dev/net/tun` and the ip command.
    pub fn new(policy: Policy) -> Result<Self, Unavailable> {
        let client = Namespace::of_test("client")?;
        let server = Namespace::of_test("server")?;
        let wire = Wire::join(&client.name, &server.name, policy)?;
        client.bring_up(CLIENT_V4, CLIENT_V6)?;
        server.bring_up(SERVER_V4, SERVER_V6)?;
        // Nothing serves DNS there: a question is refused at once.
        client.lay_over("resolv.conf", format!("nameserver {SERVER_V4}\n"))?;
        client.lay_over("hosts", "127.0.0.1 localhost\n::1 localhost\n")?;
        Ok(Self { _wire: wire, client, server })
    }

    /// Port 3389 of the server's IPv4 address.
    pub fn site(&self) -> Site {
        Site { namespace: Some(self.server.name.clone()), address: SERVER_V4.into(), port: Some(RDP) }
    }

    /// A command that runs the program as the client.
    pub fn client(&self, program: &Path) -> Result<Command, Unavailable> {
        inside(&self.client.name, program)
    }

    /// Gives the addresses one name, in the client's hosts file.
    pub fn name(&self, name: &str, addresses: &[IpAddr]) -> Result<(), Unavailable> {
        let lines: Vec<_> = addresses.iter().map(|address| format!("{address} {name}\n")).collect();
        self.client.lay_over("hosts", lines.concat())
    }

    /// Has the client's system trust one authority, given in PEM, and no other.
    pub fn trust(&self, authority: &[u8]) -> Result<(), Unavailable> {
        self.client.lay_over("ssl/certs/ca-certificates.crt", authority)
    }

    /// Sets the longest IP packet of both ends, in bytes: what an honest path allows, since each end says so in its MSS.
    pub fn limit_packets(&self, longest: u16) -> Result<(), Unavailable> {
        let longest = longest.to_string();
        [&self.client, &self.server]
            .iter()
            .try_for_each(|end| ip(&["-n", &end.name, "link", "set", DEVICE, "mtu", &longest]))
    }

    /// Has the server's packet filter treat what comes in by a rule of nft, such as `tcp dport 3389 drop`.
    pub fn filter(&self, rule: &str) -> Result<(), Unavailable> {
        let nft = find("nft")?;
        let chain = "table inet testbed { chain input { type filter hook input priority 0; policy accept; }; }";
        first_use(inside(&self.server.name, &nft)?.arg(chain), "a packet filter in a network namespace")?;
        run(inside(&self.server.name, &nft)?.arg(format!("add rule inet testbed input {rule}")))
    }
}

#[derive(Debug)]
pub(crate) struct Namespace {
    pub(crate) name: String,
}

impl Namespace {
    /// A new one for this process; those of tests that were killed are removed first.
    pub(crate) fn of_test(role: &str) -> Result<Self, Unavailable> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        sweep();
        let name = format!("{PREFIX}-{}-{number}-{role}", std::process::id());
        first_use(Command::new(find("ip")?).args(["netns", "add", &name]), "network namespaces")?;
        Ok(Self { name })
    }

    fn bring_up(&self, v4: Ipv4Addr, v6: Ipv6Addr) -> Result<(), Unavailable> {
        self.bring_up_loopback()?;
        ip(&["-n", &self.name, "addr", "add", &format!("{v4}/24"), "dev", DEVICE])?;
        ip(&["-n", &self.name, "addr", "add", &format!("{v6}/64"), "dev", DEVICE, "nodad"])?;
        ip(&["-n", &self.name, "link", "set", DEVICE, "up"])
    }

    pub(crate) fn bring_up_loopback(&self) -> Result<(), Unavailable> {
        ip(&["-n", &self.name, "link", "set", "lo", "up"])
    }

    /// Lays a file over the one in /etc, for those whom `ip netns exec` starts from now on.
    fn lay_over(&self, file: &str, content: impl AsRef<[u8]>) -> Result<(), Unavailable> {
        let file = self.folder().join(file);
        fs::create_dir_all(file.parent().unwrap_or(&self.folder()))?;
        Ok(fs::write(file, content)?)
    }

    fn folder(&self) -> PathBuf {
        Path::new("/etc/netns").join(&self.name)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // What cannot be removed now is swept by the next network.
        let _ = ip(&["netns", "del", &self.name]);
        let _ = fs::remove_dir_all(self.folder());
    }
}

fn ip(arguments: &[&str]) -> Result<(), Unavailable> {
    run(Command::new(find("ip")?).args(arguments))
}

/// Removes the namespaces of tests that were killed.
fn sweep() {
    for folder in ["/run/netns", "/etc/netns"] {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        for name in entries.filter_map(|entry| entry.file_name().into_string().ok()).filter(|name| is_orphan(name)) {
            drop(Namespace { name });
        }
    }
}

fn is_orphan(name: &str) -> bool {
    let pid = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_prefix('-')).and_then(|rest| rest.split('-').next());
    pid.is_some_and(|pid| pid.parse::<u32>().is_ok() && !Path::new("/proc").join(pid).exists())
}

#[cfg(test)]
mod tests {
    use super::is_orphan;

    #[test]
    fn only_namespaces_of_ended_tests_are_orphans() {
        assert!(is_orphan("rdpdoctor-4294967295-0-client"));
        assert!(!is_orphan(&format!("rdpdoctor-{}-0-client", std::process::id())));
        assert!(!is_orphan("rdpdoctor-of-somebody"));
        assert!(!is_orphan("somebody"));
    }
}
