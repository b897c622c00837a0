//! Which versions and suites of TLS are left.

use super::{are_named, are_not_named, blocks, degrades};
use crate::base::Change;

macro_rules! schannel {
    ($key:literal) => {
        concat!(r"SYSTEM\ControlSet002\Control\SecurityProviders\SCHANNEL\", $key)
    };
}

const NO: &str = r#""Enabled"=dword:00000000"#;
const NOT_BY_DEFAULT: &str = r#""DisabledByDefault"=dword:00000001"#;
const TLS10: &str = schannel!(r"Protocols\TLS 1.0\Server");
const TLS11: &str = schannel!(r"Protocols\TLS 1.1\Server");
const TLS12: &str = schannel!(r"Protocols\TLS 1.2\Server");
const POLICY_LIST: &str = r"SOFTWARE\Policies\Microsoft\Cryptography\Configuration\SSL\00010002";
const LOCAL_LIST: &str = r"SYSTEM\ControlSet002\Control\Cryptography\Configuration\Local\SSL\00010002";
/// TLS_RSA_WITH_RC4_128_SHA alone, as REG_MULTI_SZ.
const RC4_ALONE: &str = r#""Functions"=hex(7):54,00,4c,00,53,00,5f,00,52,00,53,00,41,00,5f,00,57,00,49,00,54,00,48,00,5f,00,52,00,43,00,34,00,5f,00,31,00,32,00,38,00,5f,00,53,00,48,00,41,00,00,00,00,00"#;

#[test]
fn versions() {
    const CAUSE: &str = "schannel-protocol-disabled";
    are_named(&[
        blocks(CAUSE, &[(TLS10, NO), (TLS11, NO), (TLS12, NO)]),
        blocks(CAUSE, &[(TLS10, NO), (TLS11, NO), (TLS12, NOT_BY_DEFAULT)]),
        degrades(CAUSE, &[(TLS12, NO)]),
        degrades(CAUSE, &[(TLS12, NO), (TLS10, NO)]),
    ]);
    are_not_named(&[
        (CAUSE, &[(TLS10, NO), (TLS11, NO)]),
        (CAUSE, &[(TLS10, NO), (TLS11, NO), (TLS12, r#""Enabled"=dword:00000001"#)]),
        (CAUSE, &[(TLS10, NO), (TLS11, NO), (TLS12, r#""Enabled"=dword:ffffffff"#)]),
        // The side that connects.
        (CAUSE, &[(TLS10, NO), (TLS11, NO), (schannel!(r"Protocols\TLS 1.2\Client"), NO)]),
    ]);
}

#[test]
fn suites() {
    const CAUSE: &str = "schannel-ciphers-restricted";
    const AES: [Change; 2] = [(schannel!(r"Ciphers\AES 128/128"), NO), (schannel!(r"Ciphers\AES 256/256"), NO)];
    const TRIPLE: Change = (schannel!(r"Ciphers\Triple DES 168"), NO);
    are_named(&[
        blocks(CAUSE, &[(POLICY_LIST, r#""Functions"="TLS_RSA_WITH_RC4_128_SHA""#)]),
        blocks(CAUSE, &[(LOCAL_LIST, RC4_ALONE)]),
        blocks(CAUSE, &[AES[0], AES[1], TRIPLE]),
        blocks(
            CAUSE,
            &[
                (schannel!(r"KeyExchangeAlgorithms\PKCS"), NO),
                (schannel!(r"KeyExchangeAlgorithms\ECDH"), NO),
                (schannel!(r"KeyExchangeAlgorithms\Diffie-Hellman"), NO),
            ],
        ),
        blocks(
            CAUSE,
            &[(schannel!(r"Hashes\SHA"), NO), (schannel!(r"Hashes\SHA256"), NO), (schannel!(r"Hashes\SHA384"), NO)],
        ),
    ]);
    are_not_named(&[
        (CAUSE, &[(schannel!(r"Ciphers\RC4 128/128"), NO), TRIPLE]),
        (CAUSE, &[AES[0]]),
        (CAUSE, &[(schannel!(r"Hashes\MD5"), NO), (schannel!(r"Hashes\SHA"), NO)]),
        (CAUSE, &[(schannel!(r"KeyExchangeAlgorithms\Diffie-Hellman"), NO)]),
        (CAUSE, &[(POLICY_LIST, r#""Functions"="TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384""#)]),
        // The policy's list replaces the local one.
        (CAUSE, &[(LOCAL_LIST, RC4_ALONE), (POLICY_LIST, r#""Functions"="TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384""#)]),
    ]);
}
