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

/// Every cause that needs more than a listener, tried with nftables 1.0.6 and iproute2 6.1, sorted by its id.
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
        cause: "certificate-revoked",
        text: concat!(
            "Have an authority of your own take a certificate back, and Windows see it there:\n",
            "  openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 30 -subj '/CN=Lab CA'\n",
            "  openssl req -newkey rsa:2048 -nodes -keyout ts01.key -out ts01.csr -subj /CN=ts01.example\n",
            "  printf '[ca]\\ndefault_ca=lab\\n[lab]\\ndatabase=index\\nserial=serial\\nnew_certs_dir=.\\n' > ca.cnf\n",
            "  printf 'default_md=sha256\\ndefault_days=30\\ndefault_crl_days=30\\npolicy=any\\n' >> ca.cnf\n",
            "  printf 'x509_extensions=ext\\n[any]\\ncommonName=supplied\\n[ext]\\n' >> ca.cnf\n",
            "  printf 'subjectAltName=DNS:ts01.example\\nextendedKeyUsage=serverAuth\\n' >> ca.cnf\n",
            "  printf 'crlDistributionPoints=URI:http://WEB-SERVER/lab.crl\\n' >> ca.cnf\n",
            "  touch index; echo 01 > serial\n",
            "  openssl ca -batch -config ca.cnf -cert ca.crt -keyfile ca.key -in ts01.csr -out ts01.crt\n",
            "  openssl ca -config ca.cnf -cert ca.crt -keyfile ca.key -revoke ts01.crt\n",
            "  openssl ca -config ca.cnf -cert ca.crt -keyfile ca.key -gencrl | openssl crl -outform DER -out lab.crl\n",
            "Put lab.crl on that web server, give ts01.crt and ts01.key to an xrdp (certificate and key_file in\n",
            "xrdp.ini), import ca.crt on a Windows client (certutil -addstore Root ca.crt) and diagnose ts01.example\n",
            "there.",
        ),
    },
    Recipe {
        cause: "certificate-shared",
        text: concat!(
            "Let two addresses serve one key and tell no names:\n",
            "  rdpdoctor lab healthy --variant tls --listen 0.0.0.0:3389\n",
            "Diagnose 127.0.0.1 and 127.0.0.2 in one go elsewhere.",
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
];
