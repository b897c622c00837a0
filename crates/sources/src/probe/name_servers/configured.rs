//! Which name servers this system asks.

use super::NameServers;

const PORT: u16 = 53;

#[cfg(unix)]
pub(super) fn read() -> Result<NameServers, String> {
    use std::io::Read;
    use std::net::{IpAddr, SocketAddr};

    const PATH: &str = "/etc/resolv.conf";
    const LONGEST: u64 = 64 * 1024;

    let mut text = Vec::new();
    let file = std::fs::File::open(PATH).and_then(|file| file.take(LONGEST).read_to_end(&mut text));
    file.map_err(|error| format!("{PATH}: {error}"))?;
    let (config, _) = resolv_conf::Config::parse_with_errors(&text);
    let server = |address: &resolv_conf::ScopedIp| SocketAddr::new(IpAddr::from(address.clone()), PORT);
    Ok(NameServers {
        servers: config.nameservers.iter().map(server).collect(),
        search: config.get_last_search_or_domain().cloned().collect(),
    })
}

#[cfg(windows)]
pub(super) fn read() -> Result<NameServers, String> {
    use std::net::{IpAddr, SocketAddr};

    let adapters = ipconfig::get_adapters().map_err(|error| error.to_string())?;
    let up = adapters.iter().filter(|adapter| adapter.oper_status() == ipconfig::OperStatus::IfOperStatusUp);
    // fec0:0:0:ffff::1 to 3 stand on adapters without a name server of their own.
    let placeholder =
        |address: &&IpAddr| matches!(address, IpAddr::V6(v6) if matches!(v6.segments(), [0xfec0, 0, 0, 0xffff, ..]));
    let mut servers = Vec::new();
    for address in up.flat_map(ipconfig::Adapter::dns_servers).filter(|address| !placeholder(address)) {
        let server = SocketAddr::new(*address, PORT);
        if !servers.contains(&server) {
            servers.push(server);
        }
    }
    let mut search = ipconfig::computer::get_search_list().unwrap_or_default();
    search.extend(ipconfig::computer::get_domain().ok().flatten());
    Ok(NameServers { servers, search })
}
