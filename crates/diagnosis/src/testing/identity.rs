use jiff::{SignedDuration, Timestamp};
use rdpdoctor_protocol::negotiation::Protocols;

use super::{CertificateMaker, Scene, Script};
use crate::evidence::{CredsspSeen, NtlmChallenge, NtlmVersion, Seen, Sibling, Trust};

impl Scene {
    /// What another target of the same run showed.
    #[must_use]
    pub fn sibling(mut self, sibling: Sibling) -> Self {
        self.evidence.siblings.push(sibling);
        self
    }
}

/// Who the server says it is.
impl Script {
    /// It served this chain, the leaf first; it chose HYBRID_EX and completed TLS where nothing else was said of it.
    #[must_use]
    pub fn serves(mut self, chain: &[CertificateMaker]) -> Self {
        if self.attempt.negotiated.is_none() {
            self = self.selects(Protocols::HYBRID_EX);
        }
        if self.attempt.tls.is_none() {
            self = self.completes_tls();
        }
        let tls = self.attempt.tls.get_or_insert_default();
        tls.chain = chain.iter().map(CertificateMaker::der).collect();
        self
    }

    /// What the store of this machine says of the chain.
    #[must_use]
    pub fn trust(mut self, trust: Trust) -> Self {
        self.attempt.tls.get_or_insert_default().trust = Seen::by_probe(trust, Timestamp::UNIX_EPOCH);
        self
    }

    /// The store of this machine does not trust the chain.
    #[must_use]
    pub fn untrusted(self) -> Self {
        self.trust(Trust { trusted: false, reason: Some("self-signed certificate".to_owned()), revoked: false })
    }

    /// The store of our system trusts the chain.
    #[must_use]
    pub fn trusted(self) -> Self {
        self.trust(Trust { trusted: true, reason: None, revoked: false })
    }

    /// What came of the first exchange of CredSSP.
    #[must_use]
    pub fn credssp(mut self, seen: CredsspSeen) -> Self {
        self.attempt.credssp = Some(seen);
        self
    }

    /// An NTLM CHALLENGE from this computer, a Windows Server 2022 whose clock agrees with ours.
    #[must_use]
    pub fn challenged_by(self, computer: &str, dns_computer: &str) -> Self {
        self.credssp(challenge_by(computer, dns_computer))
    }

    /// The server's clock in the NTLM CHALLENGE is so many seconds before ours.
    #[must_use]
    pub fn clock_ahead(mut self, seconds: i64) -> Self {
        if let Some(challenge) = self.attempt.credssp.as_mut().and_then(|seen| seen.challenge.as_mut()) {
            challenge.server_time = Some(challenge.local_time + SignedDuration::from_secs(seconds));
        }
        self
    }

    /// The version in the NTLM CHALLENGE.
    #[must_use]
    pub fn windows_version(mut self, major: u8, minor: u8, build: u16) -> Self {
        if let Some(challenge) = self.attempt.credssp.as_mut().and_then(|seen| seen.challenge.as_mut()) {
            challenge.version = Some(NtlmVersion { major, minor, build });
        }
        self
    }
}

/// The first exchange of CredSSP 6 with this computer.
pub fn challenge_by(computer: &str, dns_computer: &str) -> CredsspSeen {
    let challenge = NtlmChallenge {
        computer: Some(computer.to_owned()),
        domain: Some("CORP".to_owned()),
        dns_computer: Some(dns_computer.to_owned()),
        dns_domain: Some("corp.example".to_owned()),
        forest: Some("corp.example".to_owned()),
        version: Some(NtlmVersion { major: 10, minor: 0, build: 20348 }),
        server_time: Some(Timestamp::UNIX_EPOCH),
        local_time: Timestamp::UNIX_EPOCH,
    };
    CredsspSeen {
        after_ms: 2.0,
        version: Some(6),
        challenge: Some(challenge),
        error_code: None,
        declined: false,
        malformed: None,
    }
}
