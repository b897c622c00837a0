use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Command;

use crate::network::Namespace;
use crate::process::{find, first_use, inside, run};
use crate::{Site, Unavailable};

const RDP: u16 = 3389;
const TABLE: &str = "table inet testbed { counter opened { }; chain input { type filter hook input priority 0; \
                     tcp flags & (syn | ack) == syn counter name opened; }; }";

/// A loopback without anybody else: port 3389 of each of its addresses is free, as some programs probe no other, and
/// the connections are counted. Ended when dropped: drop the servers in it first.
#[derive(Debug)]
pub struct Loopback {
    namespace: Namespace,
}

impl Loopback {
    /// Needs root, and the ip and nft commands.
    pub fn new() -> Result<Self, Unavailable> {
        let loopback = Self { namespace: Namespace::of_test("loopback")? };
        loopback.namespace.bring_up_loopback()?;
        let nft = find("nft")?;
        first_use(inside(&loopback.namespace.name, &nft)?.arg(TABLE), "a packet filter in a network namespace")?;
        Ok(loopback)
    }

    /// Port 3389 of 127.77.1.`last`.
    pub fn site(&self, last: u8) -> Site {
        let address = Ipv4Addr::new(127, 77, 1, last).into();
        Site { namespace: Some(self.namespace.name.clone()), address, port: Some(RDP) }
    }

    /// A command that runs the program there.
    pub fn command(&self, program: &Path) -> Result<Command, Unavailable> {
        inside(&self.namespace.name, program)
    }

    /// TCP connections begun since the last call.
    pub fn connections(&self) -> Result<u64, Unavailable> {
        let output = inside(&self.namespace.name, &find("nft")?)?.args(["list", "counters"]).output()?;
        run(inside(&self.namespace.name, &find("nft")?)?.args(["reset", "counters"]))?;
        let said = String::from_utf8_lossy(&output.stdout);
        let count = said.split("packets ").nth(1).and_then(|rest| rest.split(' ').next());
        count
            .and_then(|count| count.parse().ok())
            .ok_or_else(|| Unavailable::NotReady { program: "nft".to_owned(), log: said.into_owned() })
    }
}
