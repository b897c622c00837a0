//! Names of protocols, flags and failure codes.

use rdpdoctor_protocol::negotiation::{FailureCode, Protocols, RequestFlags, ResponseFlags};

#[test]
fn protocols_show_the_specifications_names() {
    let rows = [
        (Protocols::RDP, "RDP"),
        (Protocols::SSL, "SSL"),
        (Protocols::SSL | Protocols::HYBRID | Protocols::HYBRID_EX, "SSL|HYBRID|HYBRID_EX"),
        (Protocols::RDSTLS | Protocols::RDSAAD, "RDSTLS|RDSAAD"),
        (Protocols(0x21), "SSL|0x20"),
        (Protocols(0x8000_0000), "0x80000000"),
    ];
    for (value, text) in rows {
        assert_eq!(value.to_string(), text);
        assert_eq!(Protocols::from_names(&text.split('|').collect::<Vec<_>>()), Ok(value));
    }
}

#[test]
fn protocols_are_a_set() {
    let mut offer = Protocols::SSL | Protocols::HYBRID;
    assert!(offer.contains(Protocols::HYBRID));
    assert!(!offer.contains(Protocols::HYBRID | Protocols::RDSTLS));
    assert!(offer.contains(Protocols::RDP), "standard security is on offer in every request");
    offer |= Protocols::HYBRID_EX;
    assert_eq!(offer.without(Protocols::SSL).0, 0x0a);
    assert_eq!(offer.iter().collect::<Vec<_>>(), [Protocols::SSL, Protocols::HYBRID, Protocols::HYBRID_EX]);
    assert!(Protocols::RDP.is_empty() && Protocols::RDP.iter().next().is_none());
}

#[test]
fn flags_have_names() {
    assert_eq!(RequestFlags::NONE.to_string(), "none");
    assert_eq!(RequestFlags(0x0b).to_string().split('|').count(), 3);
    assert_eq!(
        ResponseFlags(0x1f).names(),
        [
            "EXTENDED_CLIENT_DATA_SUPPORTED",
            "DYNVC_GFX_PROTOCOL_SUPPORTED",
            "NEGRSP_FLAG_RESERVED",
            "RESTRICTED_ADMIN_MODE_SUPPORTED",
            "REDIRECTED_AUTHENTICATION_MODE_SUPPORTED",
        ]
    );
    assert_eq!(ResponseFlags(0x80).names(), ["0x80"]);
}

#[test]
fn failure_codes_have_names_and_unknown_ones_survive() {
    let names = [
        "SSL_REQUIRED_BY_SERVER",
        "SSL_NOT_ALLOWED_BY_SERVER",
        "SSL_CERT_NOT_ON_SERVER",
        "INCONSISTENT_FLAGS",
        "HYBRID_REQUIRED_BY_SERVER",
        "SSL_WITH_USER_AUTH_REQUIRED_BY_SERVER",
    ];
    for (code, name) in (1..).zip(names) {
        assert_eq!(FailureCode(code).name(), Some(name));
        assert_eq!(name.parse(), Ok(FailureCode(code)));
    }
    assert_eq!(FailureCode(7).name(), None);
    assert_eq!(FailureCode(7).to_string(), "0x7");
    assert_eq!("0x7".parse(), Ok(FailureCode(7)));
}

#[test]
fn refuses_texts_that_name_nothing() {
    for text in ["", "SSL", "7", "0x", "0x100000000"] {
        let error = text.parse::<FailureCode>().unwrap_err();
        assert_eq!(error.to_string(), format!("unknown FailureCode {text:?}"));
    }
    assert!(RequestFlags::from_names(&["0x100"]).is_err());
    assert!(RequestFlags::from_names(&["RDP"]).is_err());
}
