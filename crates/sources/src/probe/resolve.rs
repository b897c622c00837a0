//! The system's resolver: it decides where a client goes.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::time::Duration;

use dns_lookup::{AddrInfoHints, LookupErrorKind, SockType};
use rdpdoctor_diagnosis::evidence::SystemAnswer;
use rdpdoctor_protocol::text::safe_text;
use tokio::sync::oneshot;
use tokio::time::timeout;

const ERROR_LENGTH: usize = 120;

/// Which interface each link-local address belongs to; addresses in evidence do not say.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Scopes(HashMap<Ipv6Addr, u32>);

impl Scopes {
    /// The endpoint with its scope, where it needs one.
    pub(crate) fn apply(&self, endpoint: SocketAddr) -> SocketAddr {
        match endpoint {
            SocketAddr::V6(v6) if v6.scope_id() == 0 => {
                let scope = self.0.get(v6.ip()).copied().unwrap_or_default();
                SocketAddrV6::new(*v6.ip(), v6.port(), v6.flowinfo(), scope).into()
            }
            _ => endpoint,
        }
    }

    fn of(found: &[SocketAddr]) -> Self {
        let scoped = found.iter().filter_map(|address| match address {
            SocketAddr::V6(v6) if v6.scope_id() != 0 => Some((*v6.ip(), v6.scope_id())),
            _ => None,
        });
        Self(scoped.collect())
    }
}

/// What the resolver said, and the scopes of the addresses. Fails only where our own system cannot even ask.
pub(crate) async fn resolve(host: &str, wait: Duration) -> io::Result<(SystemAnswer, Scopes)> {
    let (sender, receiver) = oneshot::channel();
    let host = host.to_owned();
    // getaddrinfo cannot be cancelled, and the runtime would wait for its own threads when it ends.
    std::thread::Builder::new().name("resolver".to_owned()).spawn(move || {
        // Nobody listens any more once the wait is over.
        let _late = sender.send(ask(&host));
    })?;
    match timeout(wait, receiver).await {
        Ok(Ok(answered)) => Ok(answered),
        Ok(Err(_)) => Err(io::Error::other("the resolver's thread ended without an answer")),
        Err(_) => {
            let error = format!("no answer within {} s", wait.as_secs_f64());
            Ok((SystemAnswer::Failed { error }, Scopes::default()))
        }
    }
}

/// The scope of a link-local literal such as `fe80::1%eth0`.
pub(crate) fn scopes_of_literal(host: &str) -> Scopes {
    if !host.contains('%') {
        return Scopes::default();
    }
    look_up(host).map(|found| Scopes::of(&found)).unwrap_or_default()
}

fn ask(host: &str) -> (SystemAnswer, Scopes) {
    match look_up(host) {
        Ok(found) => {
            let scopes = Scopes::of(&found);
            let addresses = distinct(found.iter().map(SocketAddr::ip));
            let answer =
                if addresses.is_empty() { SystemAnswer::NoSuchName } else { SystemAnswer::Addresses { addresses } };
            (answer, scopes)
        }
        Err(answer) => (answer, Scopes::default()),
    }
}

fn look_up(host: &str) -> Result<Vec<SocketAddr>, SystemAnswer> {
    let hints = AddrInfoHints { socktype: SockType::Stream.into(), ..AddrInfoHints::default() };
    let found = dns_lookup::getaddrinfo(Some(host), None, Some(hints)).map_err(|error| failure(&error))?;
    Ok(found.filter_map(Result::ok).map(|info| info.sockaddr).collect())
}

fn failure(error: &dns_lookup::LookupError) -> SystemAnswer {
    match error.kind() {
        LookupErrorKind::NoName | LookupErrorKind::NoData => SystemAnswer::NoSuchName,
        _ => SystemAnswer::Failed { error: safe_text(error.to_string(), ERROR_LENGTH) },
    }
}

fn distinct(addresses: impl Iterator<Item = IpAddr>) -> Vec<IpAddr> {
    let mut kept = Vec::new();
    for address in addresses {
        if !kept.contains(&address) {
            kept.push(address);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_stays_and_repeats_go() {
        let addresses = ["10.0.0.6", "::1", "10.0.0.5", "10.0.0.6"].map(|text| text.parse::<IpAddr>().unwrap());
        let [first, second, third, _] = addresses;
        assert_eq!(distinct(addresses.into_iter()), [first, second, third]);
    }

    #[test]
    fn a_scope_is_put_back_where_it_was_taken_from() {
        let link_local: SocketAddr = "[fe80::1%7]:0".parse().unwrap();
        let scopes = Scopes::of(&[link_local, "10.0.0.5:0".parse().unwrap()]);
        let plain = |text: &str| text.parse::<SocketAddr>().unwrap();
        assert_eq!(scopes.apply(plain("[fe80::1]:3389")), plain("[fe80::1%7]:3389"));
        assert_eq!(scopes.apply(plain("[fe80::2]:3389")), plain("[fe80::2]:3389"));
        assert_eq!(scopes.apply(plain("10.0.0.5:3389")), plain("10.0.0.5:3389"));
    }

    #[tokio::test]
    async fn a_name_from_the_hosts_file_has_addresses() {
        let (answer, _) = resolve("localhost", Duration::from_secs(10)).await.unwrap();
        let SystemAnswer::Addresses { addresses } = answer else { panic!("{answer:?}") };
        assert!(addresses.iter().all(IpAddr::is_loopback), "{addresses:?}");
    }
}
