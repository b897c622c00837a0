//! Values as JSON and back.
#![expect(clippy::unwrap_used, reason = "a helper of tests may stop where an expectation fails")]

use std::fmt::Debug;

use rdpdoctor_protocol::negotiation::{FailureCode, NegotiationAnswer, Protocols, RequestFlags, ResponseFlags};
use rdpdoctor_protocol::stranger::Stranger;
use rdpdoctor_protocol::tls::{
    Alert, AlertDescription, AlertLevel, CipherSuite, HelloSpec, Look, NamedGroup, ProtocolVersion, SignatureScheme,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, from_value, json, to_value};

#[track_caller]
fn both_ways<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T, json: &Value) {
    assert_eq!(&to_value(value).unwrap(), json);
    assert_eq!(&from_value::<T>(json.clone()).unwrap(), value);
}

#[test]
fn sets_are_arrays_of_names() {
    both_ways(&(Protocols::SSL | Protocols::HYBRID), &json!(["SSL", "HYBRID"]));
    both_ways(&Protocols::RDP, &json!(["RDP"]));
    both_ways(&Protocols(0x21), &json!(["SSL", "0x20"]));
    both_ways(&RequestFlags::NONE, &json!([]));
    both_ways(&RequestFlags(0x88), &json!(["CORRELATION_INFO_PRESENT", "0x80"]));
    both_ways(&ResponseFlags::DYNVC_GFX_PROTOCOL_SUPPORTED, &json!(["DYNVC_GFX_PROTOCOL_SUPPORTED"]));
}

#[test]
fn codes_are_names_or_hexadecimal() {
    both_ways(&FailureCode::HYBRID_REQUIRED_BY_SERVER, &json!("HYBRID_REQUIRED_BY_SERVER"));
    both_ways(&FailureCode(0xdead_beef), &json!("0xdeadbeef"));
    both_ways(&AlertLevel::FATAL, &json!("fatal"));
    both_ways(&AlertLevel(7), &json!("0x07"));
    both_ways(&AlertDescription::PROTOCOL_VERSION, &json!("protocol_version"));
    both_ways(&AlertDescription(200), &json!("0xc8"));
    both_ways(&ProtocolVersion::TLS12, &json!("TLS 1.2"));
    both_ways(&ProtocolVersion(0x7f1c), &json!("0x7f1c"));
    both_ways(&CipherSuite(0x1301), &json!("TLS_AES_128_GCM_SHA256"));
    both_ways(&CipherSuite(0x0a0a), &json!("0x0a0a"));
}

#[test]
fn structures_carry_names() {
    let alert = Alert { level: AlertLevel::FATAL, description: AlertDescription::HANDSHAKE_FAILURE };
    both_ways(&alert, &json!({ "level": "fatal", "description": "handshake_failure" }));
    both_ways(
        &NegotiationAnswer::Response { flags: ResponseFlags::NONE, selected: Protocols::SSL },
        &json!({ "response": { "flags": [], "selected": ["SSL"] } }),
    );
    both_ways(
        &NegotiationAnswer::Failure { code: FailureCode::SSL_CERT_NOT_ON_SERVER },
        &json!({ "failure": { "code": "SSL_CERT_NOT_ON_SERVER" } }),
    );
    both_ways(&Stranger::PostgreSql, &json!("postgresql"));
    both_ways(&Stranger::Ssh, &json!("ssh"));
}

#[test]
fn offers_are_lists_of_names() {
    both_ways(&NamedGroup::X25519, &json!("x25519"));
    both_ways(&SignatureScheme::RSA_PKCS1_SHA1, &json!("rsa_pkcs1_sha1"));
    both_ways(&Look::Windows10V1607, &json!("windows10-v1607"));
    let spec = HelloSpec::new(&[ProtocolVersion::TLS10], &[CipherSuite(0x002f)]);
    let json = json!({
        "versions": ["TLS 1.0"],
        "record_version": "TLS 1.0",
        "suites": ["TLS_RSA_WITH_AES_128_CBC_SHA"],
        "groups": ["x25519", "secp256r1", "secp384r1", "secp521r1"],
        "key_shares": [],
        "schemes": spec.schemes,
        "point_formats": [0],
        "server_name": null,
        "session_id_length": 0,
        "extensions": [
            "server_name", "supported_groups", "ec_point_formats", "extended_master_secret", "renegotiation_info"
        ],
        "length": null,
    });
    both_ways(&spec, &json);
    for look in Look::ALL {
        let spec = look.spec(Some("server.test"));
        assert_eq!(from_value::<HelloSpec>(to_value(&spec).unwrap()).unwrap(), spec);
    }
}

#[test]
fn every_code_point_survives() {
    for code in 0..=u16::MAX {
        let json = to_value(CipherSuite(code)).unwrap();
        assert_eq!(from_value::<CipherSuite>(json).unwrap(), CipherSuite(code));
    }
    for code in 0..=u8::MAX {
        let json = to_value(AlertDescription(code)).unwrap();
        assert_eq!(from_value::<AlertDescription>(json).unwrap(), AlertDescription(code));
        let json = to_value(RequestFlags(code)).unwrap();
        assert_eq!(from_value::<RequestFlags>(json).unwrap(), RequestFlags(code));
    }
}

#[test]
fn what_names_nothing_is_refused() {
    assert!(from_value::<FailureCode>(json!("NO_SUCH_CODE")).is_err());
    assert!(from_value::<FailureCode>(json!(5)).is_err());
    assert!(from_value::<Protocols>(json!(["TLS"])).is_err());
    assert!(from_value::<CipherSuite>(json!("0x10000")).is_err());
}

#[test]
fn schemas_say_string_and_array() {
    assert_eq!(schemars::schema_for!(CipherSuite).as_value()["type"], "string");
    assert_eq!(schemars::schema_for!(Protocols).as_value()["items"]["type"], "string");
}
