//! Versions of SSL and TLS.

open_code! {
    /// `ProtocolVersion`: ordered from old to new.
    ProtocolVersion(u16), 6 {
        SSL2 = 0x0002 "SSL 2.0",
        SSL3 = 0x0300 "SSL 3.0",
        TLS10 = 0x0301 "TLS 1.0",
        TLS11 = 0x0302 "TLS 1.1",
        TLS12 = 0x0303 "TLS 1.2",
        TLS13 = 0x0304 "TLS 1.3",
    }
}
