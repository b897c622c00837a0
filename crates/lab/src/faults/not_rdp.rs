use crate::script::{HOLD_TLS, Script, Step};
use crate::tls::Tls;
use crate::{Fault, Variant};

pub(crate) const FAULT: Fault = Fault {
    cause: "not-rdp",
    title: "speaks another protocol than RDP",
    variants: &[
        Variant::talks("ssh", "an SSH server, which speaks first", SSH),
        Variant::talks("ftp", "an FTP server, which speaks first", FTP),
        Variant::talks("http", "a web server, which waits for a request", HTTP),
        Variant::talks("https", "a web server that speaks TLS, and HTTP to those who do not", HTTPS),
        Variant::talks("imap", "an IMAP server, which speaks first", IMAP),
        Variant::talks("mysql", "a MySQL server, which speaks first", MYSQL),
        Variant::talks("pop3", "a POP3 server, which speaks first", POP3),
        Variant::talks("redis", "a Redis server, which waits for a command", REDIS),
        Variant::talks("smtp", "a mail server, which speaks first", SMTP),
        Variant::talks("telnet", "a Telnet server, which speaks first", TELNET),
        Variant::talks(
            "tls-first",
            "a server that expects TLS in place of X.224, and answers anything else with an alert",
            TLS_FIRST,
        ),
        Variant::talks("vnc", "a VNC server, which speaks first", VNC),
    ],
};

const SSH: Script = &[
    Step::Send(b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7\r\n"),
    Step::AnyBytes,
    Step::Send(b"Invalid SSH identification string.\r\n"),
    Step::Fin,
];
const FTP: Script = &[
    Step::Send(b"220 (vsFTPd 3.0.3)\r\n"),
    Step::AnyBytes,
    Step::Send(b"530 Please login with USER and PASS.\r\n"),
    Step::Hold,
];
const HTTP: Script = &[Step::AnyBytes, Step::Send(BAD_REQUEST), Step::Fin];
const HTTPS: Script = &[
    Step::IfTls { then: &[Step::Tls(Tls { answer: Some(BAD_REQUEST), ..Tls::WINDOWS })] },
    Step::Send(BAD_REQUEST),
    Step::Fin,
];
const BAD_REQUEST: &[u8] = b"HTTP/1.1 400 Bad Request\r\nServer: nginx/1.22.1\r\nContent-Type: text/html\r\n\
    Content-Length: 56\r\nConnection: close\r\n\r\n<html><head><title>400 Bad Request</title></head></html>";
const IMAP: Script = &[
    Step::Send(b"* OK [CAPABILITY IMAP4rev1 STARTTLS] Dovecot (Debian) ready.\r\n"),
    Step::AnyBytes,
    Step::Send(b"* BAD Error in IMAP command received by server.\r\n"),
    Step::Hold,
];
/// The first packet of a server: protocol 10, version, thread id, salt, capabilities.
const MYSQL: Script = &[
    Step::Send(
        b"\x4a\x00\x00\x00\x0a8.0.36\x00\x08\x00\x00\x00rdpdoct0\x00\xff\xff\xff\x02\x00\xff\xdf\x15\
        \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00rdpdoctorlab\x00caching_sha2_password\x00",
    ),
    Step::AnyBytes,
    Step::Send(b"\x21\x00\x00\x01\xff\x84\x04#08S01Got packets out of order"),
    Step::Fin,
];
const POP3: Script = &[
    Step::Send(b"+OK Dovecot (Debian) ready.\r\n"),
    Step::AnyBytes,
    Step::Send(b"-ERR Unknown command.\r\n"),
    Step::Hold,
];
const REDIS: Script =
    &[Step::AnyBytes, Step::Send(b"-ERR unknown command, with args beginning with: \r\n"), Step::Hold];
const SMTP: Script = &[
    Step::Send(b"220 mail.example ESMTP Postfix (Debian/GNU)\r\n"),
    Step::AnyBytes,
    Step::Send(b"502 5.5.2 Error: command not recognized\r\n"),
    Step::Hold,
];
/// Asks for the terminal's type, speed and environment.
const TELNET: Script = &[Step::Send(b"\xff\xfd\x18\xff\xfd\x20\xff\xfd\x23\xff\xfd\x27"), Step::Hold];
/// OpenSSL itself sends no alert to what is not TLS; other libraries do.
const TLS_FIRST: Script = &[Step::IfTls { then: &[HOLD_TLS] }, Step::Send(b"\x15\x03\x01\x00\x02\x02\x0a"), Step::Fin];
const VNC: Script = &[
    Step::Send(b"RFB 003.008\n"),
    Step::AnyBytes,
    // No security type, and why not.
    Step::Send(b"\x00\x00\x00\x00\x1aInvalid protocol version\r\n"),
    Step::Fin,
];
