use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The first exchange of CredSSP (MS-CSSP 3.1.5): NTLM NEGOTIATE sent, no credentials.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CredsspSeen {
    /// Milliseconds until the answer came, or until it was plain that none would.
    pub after_ms: f64,
    /// The version of the server's TSRequest (MS-CSSP 2.2.1).
    pub version: Option<u32>,
    /// The NTLM CHALLENGE, where one came.
    pub challenge: Option<NtlmChallenge>,
    /// The NTSTATUS of the server's TSRequest, where it sent one.
    pub error_code: Option<u32>,
    /// Whether the server declined NTLM in SPNEGO's words (RFC 4178 section 4.2.2).
    pub declined: bool,
    /// What was wrong with the answer, where it could not be read.
    pub malformed: Option<String>,
}

/// What an NTLM CHALLENGE tells of its sender (MS-NLMP 2.2.1.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NtlmChallenge {
    /// NetBIOS name of the computer.
    pub computer: Option<String>,
    /// NetBIOS name of its domain; the computer's own name outside of one.
    pub domain: Option<String>,
    /// DNS name of the computer.
    pub dns_computer: Option<String>,
    /// DNS name of its domain.
    pub dns_domain: Option<String>,
    /// DNS name of its forest.
    pub forest: Option<String>,
    /// The Windows version that it gives as its own.
    pub version: Option<NtlmVersion>,
    /// Its clock.
    #[schemars(with = "Option<String>")]
    pub server_time: Option<Timestamp>,
    /// Our clock when the answer came.
    #[schemars(with = "String")]
    pub local_time: Timestamp,
}

/// The VERSION of an NTLM message (MS-NLMP 2.2.2.10); builds are shared by releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NtlmVersion {
    /// Such as 10.
    pub major: u8,
    /// Such as 0.
    pub minor: u8,
    /// Such as 20348.
    pub build: u16,
}
