//! Causes that no listener can show: how to make them by hand.

/// Network and mounts of its own, for root or anybody who may make user namespaces.
macro_rules! namespace {
    () => {
        "  unshare --map-root-user --net --mount bash\n  ip link set lo up\n"
    };
}

macro_rules! filter {
    () => {
        "  nft add table inet rdplab\n  nft add chain inet rdplab in '{ type filter hook input priority 0; }'\n"
    };
}

/// How to make a cause on a Linux machine.
#[derive(Debug)]
pub struct Recipe {
    /// The id of the cause, such as `port-filtered`.
    pub cause: &'static str,
    /// What to type. Everything is typed into the shell of a namespace, so leaving that shell takes it back; `diagnose` must run there too.
    pub text: &'static str,
}

/// Every cause that needs more than a listener, tried with nftables 1.0.6 and iproute2 6.1,, sorted by its id.
pub static RECIPES: &[Recipe] = &[
    Recipe {
        cause: "address-family-broken",
        text: concat!(
            "Give one name an IPv4 and an IPv6 address and lose what goes to the second:\n",
            namespace!(),
            filter!(),
            "  nft add rule inet rdplab in meta nfproto ipv6 tcp dport 3389 drop\n",
            "  printf '127.0.0.1 ts01.example\\n::1 ts01.example\\n' > /tmp/rdplab-hosts\n",
            "  mount --bind /tmp/rdplab-hosts /etc/hosts\n",
            "Start a healthy server on 127.0.0.1:3389 there and diagnose ts01.example.",
        ),
    },
    Recipe {
        cause: "dns-unavailable",
        text: concat!(
            "Name a server that nobody can reach as the only name server:\n",
            namespace!(),
            "  echo 'nameserver 192.0.2.1' > /tmp/rdplab-resolv\n",
            "  mount --bind /tmp/rdplab-resolv /etc/resolv.conf\n",
            "Diagnose ts01.example there.",
        ),
    },
    Recipe {
        cause: "host-unreachable",
        text: concat!(
            "Have a router say that the host cannot be reached:\n",
            namespace!(),
            filter!(),
            "  nft add rule inet rdplab in tcp dport 3389 reject with icmpx host-unreachable\n",
            "Diagnose 127.0.0.1 there.",
        ),
    },
    Recipe {
        cause: "middlebox-reset",
        text: concat!(
            "Have a box near the client answer each ClientHello with a RST of its own, sooner than the distant server\n",
            "could (22 is the TLS handshake record; the kernel needs netem):\n",
            "  unshare --map-root-user --net bash\n",
            "  unshare --net sleep 1d & far=$!\n",
            "  ip link add near type veth peer name far netns $far\n",
            "  ip address add 10.99.0.1/24 dev near; ip link set near up; ip link set lo up\n",
            "  nsenter --net=/proc/$far/ns/net ip address add 10.99.0.2/24 dev far\n",
            "  nsenter --net=/proc/$far/ns/net ip link set far up\n",
            "  nsenter --net=/proc/$far/ns/net tc qdisc add dev far root netem delay 50ms\n",
            "  nft add table inet rdplab\n",
            "  nft add chain inet rdplab out '{ type filter hook output priority 0; }'\n",
            "  nft add rule inet rdplab out tcp dport 3389 @ih,0,8 22 reject with tcp reset\n",
            "Start a healthy server on 10.99.0.2:3389 with nsenter --net=/proc/$far/ns/net, and diagnose 10.99.0.2.\n",
            "When done: kill $far",
        ),
    },
    Recipe {
        cause: "name-not-found",
        text: "Ask for a name that cannot exist (RFC 6761): diagnose no-such-host.invalid.",
    },
    Recipe {
        cause: "path-mtu-black-hole",
        text: concat!(
            "Lose the server's large packets, which carry the certificate, without a word:\n",
            namespace!(),
            filter!(),
            "  nft add rule inet rdplab in tcp sport 3389 meta length '>' 600 drop\n",
            "Start a healthy server on 127.0.0.1:3389 there and diagnose it.",
        ),
    },
    Recipe {
        cause: "port-filtered",
        text: concat!(
            "Drop what comes to the port:\n",
            namespace!(),
            filter!(),
            "  nft add rule inet rdplab in tcp dport 3389 drop\n",
            "Diagnose 127.0.0.1 there.",
        ),
    },
    Recipe {
        cause: "unstable-path",
        text: concat!(
            "Lose three packets in ten:\n",
            namespace!(),
            filter!(),
            "  nft add rule inet rdplab in tcp dport 3389 numgen random mod 10 '<' 3 drop\n",
            "  nft add rule inet rdplab in tcp sport 3389 numgen random mod 10 '<' 3 drop\n",
            "Start a healthy server on 127.0.0.1:3389 there and diagnose it.",
        ),
    },
    Recipe {
        cause: "wrong-host",
        text: concat!(
            "Let the hosts file lead a name elsewhere than the name servers do:\n",
            "  unshare --map-root-user --mount bash\n",
            "  echo '127.0.0.1 example.com' > /tmp/rdplab-hosts\n",
            "  mount --bind /tmp/rdplab-hosts /etc/hosts\n",
            "Diagnose example.com there, while nothing listens on 127.0.0.1:3389.",
        ),
    },
];
