use crate::script::{Script, Step};
use crate::{Fault, Variant};

pub(crate) const FAULT: Fault = Fault {
    cause: "web-proxy-blocks",
    title: "is a web proxy that answers in the server's place",
    variants: &[
        Variant::talks("denied", "Squid forbids the connection with HTTP 403", DENIED),
        Variant::talks("login-required", "the proxy demands a login with HTTP 407", LOGIN_REQUIRED),
    ],
};

const DENIED: Script = &[
    Step::AnyBytes,
    Step::Send(
        b"HTTP/1.1 403 Forbidden\r\nServer: squid/5.7\r\nMime-Version: 1.0\r\nContent-Type: text/html;charset=utf-8\r\n\
        Content-Length: 0\r\nX-Squid-Error: ERR_ACCESS_DENIED 0\r\nVia: 1.1 proxy.example (squid/5.7)\r\n\
        Connection: close\r\n\r\n",
    ),
    Step::Fin,
];
const LOGIN_REQUIRED: Script = &[
    Step::AnyBytes,
    Step::Send(
        b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Negotiate\r\nContent-Length: 0\r\n\
        Proxy-Connection: close\r\nConnection: close\r\n\r\n",
    ),
    Step::Fin,
];
