//! Strangers by what their servers really say.

mod common;

use common::hex;
use rdpdoctor_protocol::stranger::{HttpAnswer, Stranger, identify};

#[test]
fn text_protocols() {
    let rows: &[(&[u8], Stranger)] = &[
        (b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n", Stranger::Ssh),
        (b"SSH-2.0-OpenSSH_for_Windows_8.1\r\n", Stranger::Ssh),
        (b"RFB 003.008\n", Stranger::Vnc),
        (b"220 mail.example.com ESMTP Postfix (Debian/GNU)\r\n", Stranger::Smtp),
        (b"220-mx1.example.net ESMTP Exim 4.96 #2 Sat, 21 Nov 2026 02:08:49 +0000\r\n", Stranger::Smtp),
        (b"554 5.7.1 Service unavailable; Client host blocked\r\n", Stranger::Smtp),
        (b"220 (vsFTPd 3.0.3)\r\n", Stranger::Ftp),
        (b"220 ProFTPD Server (Debian) [::ffff:192.0.2.1]\r\n", Stranger::Ftp),
        (b"220-FileZilla Server 1.7.0\r\n", Stranger::Ftp),
        (b"220 Microsoft FTP Service\r\n", Stranger::Ftp),
        (b"530 Please login with USER and PASS.\r\n", Stranger::Ftp),
        (b"+OK Dovecot (Debian) ready.\r\n", Stranger::Pop3),
        (b"* OK [CAPABILITY IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE] Dovecot ready.\r\n", Stranger::Imap),
        (b"* BYE Disconnected for inactivity.\r\n", Stranger::Imap),
        (b"-ERR unknown command `\x03`, with args beginning with: \r\n", Stranger::Redis),
        (b"-NOAUTH Authentication required.\r\n", Stranger::Redis),
        (b"-DENIED Redis is running in protected mode because protected mode is enabled\r\n", Stranger::Redis),
        (b"ERROR\r\n", Stranger::Memcached),
        (b"200 news.example.org InterNetNews NNRP server INN 2.7.0 ready (posting ok)\r\n", Stranger::Nntp),
        (b"@RSYNCD: 31.0 sha512 sha256 sha1 md5 md4\n", Stranger::Rsync),
        (b"AMQP\0\0\x09\x01", Stranger::Amqp),
        (b"<html>\r\n<head><title>400 Bad Request</title></head>\r\n", Stranger::Http),
        (b"EFATAL:  unsupported frontend protocol 768.0: server supports 1.0 to 3.0\n\0", Stranger::PostgreSql),
    ];
    for (bytes, stranger) in rows {
        assert_eq!(identify(bytes).stranger, *stranger, "{}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn binary_protocols() {
    let rows = [
        // fatal alert unexpected_message: an HTTPS server on an X.224 Connection Request
        ("15 0301 0002 02 0a", Stranger::Tls),
        ("16 0303 0041 02 00 00 3d 03 03", Stranger::Tls),
        // MySQL 8.0 greeting: length 0x4a, sequence 0, protocol 10, "8.0.36\0"
        ("4a 00 00 00 0a 38 2e 30 2e 33 36 00 0b 00 00 00", Stranger::Mysql),
        // MariaDB: error 1130, host is not allowed to connect
        ("45 00 00 00 ff 6a 04 48 6f 73 74", Stranger::Mysql),
        // MySQL X protocol notice
        ("05 00 00 00 0b 08 05 1a 00", Stranger::Mysql),
        // ErrorResponse, length 0x8c, field 'S', "FATAL"
        ("45 00 00 00 8c 53 46 41 54 41 4c 00", Stranger::PostgreSql),
        // IAC DO TERMINAL-TYPE, IAC DO TERMINAL-SPEED
        ("ff fd 18 ff fd 20", Stranger::Telnet),
        // negative session response, unspecified error
        ("83 00 00 01 8f", Stranger::Smb),
        ("00 00 00 55 fe 53 4d 42 40 00", Stranger::Smb),
        // Active Directory: notice of disconnection, protocolError
        ("30 84 00 00 00 5b 02 01 00 78 84 00 00 00 52", Stranger::Ldap),
        ("30 0c 02 01 00 78 07 0a 01 02 04 00 04 00", Stranger::Ldap),
        ("05 ff", Stranger::Socks),
        ("00 5b 00 00 00 00 00 00", Stranger::Socks),
        ("7f 7f 49 43 41 00 7f 7f 49 43 41 00", Stranger::Ica),
        // our own Connection Request comes back
        ("03 00 00 13 0e e0 00 00 00 00 00 01 00 08 00 03 00 00 00", Stranger::Echo),
    ];
    for (bytes, stranger) in rows {
        assert_eq!(identify(&hex(bytes)).stranger, stranger, "{bytes}");
    }
}

#[test]
fn nobody_is_accused_without_proof() {
    let rows: &[&[u8]] = &[
        b"",
        b"\0",
        b"\x03\0\0\x13\x0e\xd0\0\0\x12\x34\0\x02\0\x08\0\x01\0\0\0",
        b"hello\r\n",
        b"220 VMware Authentication Daemon Version 1.10: SSL Required\r\n",
        b"220",
        b"2200 mail",
        b"\x16",
        b"\x16\x05\x01",
        b"\xff\xff\xff",
        b"\x05\0\x0d\x03",
        b"\x45\0\0\0\xff\x6a\x04\x01",
        b"HTTPS is not spoken here",
    ];
    for bytes in rows {
        let sighting = identify(bytes);
        assert_eq!((sighting.stranger, sighting.http), (Stranger::Unknown, None), "{}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn banner_is_one_harmless_line() {
    let rows: &[(&[u8], &str)] = &[
        (b"SSH-2.0-OpenSSH_9.2p1\r\nrest", "SSH-2.0-OpenSSH_9.2p1"),
        (b"RFB 003.008\n", "RFB 003.008"),
        (b"evil \x1b]0;owned\x07\xc2\x9b31m\r\n", "evil \\x1b]0;owned\\x07\\xc2\\x9b31m"),
        (b"\xff\xfd\x18\n", "\\xff\\xfd\\x18\\x0a"),
        (b"", ""),
    ];
    for (bytes, banner) in rows {
        assert_eq!(identify(bytes).banner, *banner);
    }
    let long = identify(&[b'x'; 1000]).banner;
    assert_eq!(long, format!("{}...", "x".repeat(77)));
}

#[test]
fn nginx_is_a_web_server() {
    let answer = b"HTTP/1.1 400 Bad Request\r\nServer: nginx/1.22.1\r\nDate: Sat, 21 Nov 2026 02:08:49 GMT\r\n\
        Content-Type: text/html\r\nContent-Length: 157\r\nConnection: close\r\n\r\n<html>\r\nVia: body";
    let sighting = identify(answer);
    assert_eq!(sighting.stranger, Stranger::Http);
    assert_eq!(sighting.banner, "HTTP/1.1 400 Bad Request");
    let http = sighting.http.unwrap();
    assert!(!http.is_from_proxy());
    assert_eq!(
        http,
        HttpAnswer {
            status: 400,
            reason: Some("Bad Request".into()),
            server: Some("nginx/1.22.1".into()),
            proxy_markers: vec![],
        }
    );
}

#[test]
fn squid_is_a_proxy() {
    let answer = b"HTTP/1.1 400 Bad Request\r\nServer: squid/5.7\r\nMime-Version: 1.0\r\n\
        X-Squid-Error: ERR_INVALID_REQ 0\r\nX-Cache: MISS from proxy1\r\nVia: 1.1 proxy1 (squid/5.7)\r\n\r\n";
    let http = identify(answer).http.unwrap();
    assert!(http.is_from_proxy());
    assert_eq!(
        http.proxy_markers,
        [
            "Server: squid/5.7",
            "X-Squid-Error: ERR_INVALID_REQ 0",
            "X-Cache: MISS from proxy1",
            "Via: 1.1 proxy1 (squid/5.7)",
        ]
    );
}

#[test]
fn a_demand_for_a_proxy_login_is_enough() {
    assert!(identify(b"HTTP/1.0 407 Proxy Authentication Required\r\n\r\n").http.unwrap().is_from_proxy());
    assert!(identify(b"HTTP/1.1 403 Forbidden\r\nServer: Zscaler/6.2\r\n").http.unwrap().is_from_proxy());
    let bluecoat = identify(b"HTTP/1.1 200 OK\nProxy-Connection: close\nX-BlueCoat-Via: a\n").http.unwrap();
    assert_eq!(bluecoat.proxy_markers.len(), 2);
}

#[test]
fn odd_http_answers() {
    let bare = identify(b"HTTP/1.1 204").http.unwrap();
    assert_eq!((bare.status, bare.reason), (204, None));
    let hidden = identify("HTTP/1.1 200 \u{202e}KO\x1b[2J\r\n".as_bytes()).http.unwrap();
    assert_eq!(hidden.reason.unwrap(), "\\u{202e}KO\\x1b[2J");
    for bytes in [&b"HTTP/1.1 abc Bad"[..], b"HTTP/1.1 4000 Bad", b"HTTP/1.1"] {
        let sighting = identify(bytes);
        assert_eq!((sighting.stranger, sighting.http), (Stranger::Http, None));
    }
    let flood = [b"HTTP/1.1 200 OK\r\n".to_vec(), b"Via: x\r\n".repeat(5000)].concat();
    assert_eq!(identify(&flood).http.unwrap().proxy_markers.len(), 16);
}
