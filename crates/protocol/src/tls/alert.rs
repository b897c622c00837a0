//! TLS alerts (RFC 8446 section 6, and the older ones of RFC 6101 to RFC 5246).

use crate::DecodeError;
use crate::cursor::Cursor;

open_code! {
    /// How bad an alert is (RFC 8446 section 6).
    AlertLevel(u8), 4 {
        WARNING = 1 "warning",
        FATAL = 2 "fatal",
    }
}

open_code! {
    /// What an alert says (IANA TLS Alerts registry, names of the RFCs).
    AlertDescription(u8), 4 {
        CLOSE_NOTIFY = 0 "close_notify",
        UNEXPECTED_MESSAGE = 10 "unexpected_message",
        BAD_RECORD_MAC = 20 "bad_record_mac",
        DECRYPTION_FAILED = 21 "decryption_failed",
        RECORD_OVERFLOW = 22 "record_overflow",
        DECOMPRESSION_FAILURE = 30 "decompression_failure",
        HANDSHAKE_FAILURE = 40 "handshake_failure",
        NO_CERTIFICATE = 41 "no_certificate",
        BAD_CERTIFICATE = 42 "bad_certificate",
        UNSUPPORTED_CERTIFICATE = 43 "unsupported_certificate",
        CERTIFICATE_REVOKED = 44 "certificate_revoked",
        CERTIFICATE_EXPIRED = 45 "certificate_expired",
        CERTIFICATE_UNKNOWN = 46 "certificate_unknown",
        ILLEGAL_PARAMETER = 47 "illegal_parameter",
        UNKNOWN_CA = 48 "unknown_ca",
        ACCESS_DENIED = 49 "access_denied",
        DECODE_ERROR = 50 "decode_error",
        DECRYPT_ERROR = 51 "decrypt_error",
        TOO_MANY_CIDS_REQUESTED = 52 "too_many_cids_requested",
        EXPORT_RESTRICTION = 60 "export_restriction",
        PROTOCOL_VERSION = 70 "protocol_version",
        INSUFFICIENT_SECURITY = 71 "insufficient_security",
        INTERNAL_ERROR = 80 "internal_error",
        INAPPROPRIATE_FALLBACK = 86 "inappropriate_fallback",
        USER_CANCELED = 90 "user_canceled",
        NO_RENEGOTIATION = 100 "no_renegotiation",
        MISSING_EXTENSION = 109 "missing_extension",
        UNSUPPORTED_EXTENSION = 110 "unsupported_extension",
        CERTIFICATE_UNOBTAINABLE = 111 "certificate_unobtainable",
        UNRECOGNIZED_NAME = 112 "unrecognized_name",
        BAD_CERTIFICATE_STATUS_RESPONSE = 113 "bad_certificate_status_response",
        BAD_CERTIFICATE_HASH_VALUE = 114 "bad_certificate_hash_value",
        UNKNOWN_PSK_IDENTITY = 115 "unknown_psk_identity",
        CERTIFICATE_REQUIRED = 116 "certificate_required",
        GENERAL_ERROR = 117 "general_error",
        NO_APPLICATION_PROTOCOL = 120 "no_application_protocol",
        ECH_REQUIRED = 121 "ech_required",
    }
}

/// One alert as it stands in a plaintext record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
pub struct Alert {
    /// Warning or fatal.
    pub level: AlertLevel,
    /// What it says.
    pub description: AlertDescription,
}

impl Alert {
    /// Reads the fragment of an alert record: exactly two bytes, or it is encrypted.
    pub fn decode(fragment: &[u8]) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new(fragment);
        let level = AlertLevel(cursor.u8("TLS alert level")?);
        let description = AlertDescription(cursor.u8("TLS alert description")?);
        cursor.finish("TLS alert")?;
        Ok(Self { level, description })
    }

    /// The fragment of an alert record.
    pub fn encode(self) -> [u8; 2] {
        [self.level.0, self.description.0]
    }
}
