//! Who the server says it is: its certificate and its first CredSSP answer, at the address that a client would take.

use crate::catalogue::releases_with_build;
use crate::certificate::Certificate;
use crate::evidence::{Attempt, CredsspSeen, Evidence, NtlmChallenge};
use crate::view::{attempt_fact, client_address};

/// The certificate that a client would be shown.
#[derive(Debug, Clone)]
pub(crate) struct Served<'a> {
    pub(crate) index: usize,
    pub(crate) attempt: &'a Attempt,
    pub(crate) leaf: Certificate,
    /// The rest of the chain as served.
    pub(crate) others: Vec<Certificate>,
}

impl Served<'_> {
    /// The JSON pointer of the leaf.
    pub(crate) fn fact(&self) -> String {
        format!("{}/tls/chain/0", attempt_fact(self.index))
    }
}

/// Certificates of a chain that are read; the rest is judged by nobody.
const LONGEST_CHAIN: usize = 8;

/// The chain of the first completed handshake, else of any that came as far.
pub(crate) fn served(evidence: &Evidence) -> Option<Served<'_>> {
    let address = client_address(evidence)?;
    let with_chain = || address.attempts().filter(|(_, attempt)| leaf(attempt).is_some());
    let (index, attempt) = with_chain().find(|(_, attempt)| attempt.completed_tls()).or_else(|| with_chain().next())?;
    let chain = &attempt.tls.as_ref()?.chain;
    let others = chain.iter().take(LONGEST_CHAIN).skip(1).filter_map(Certificate::parse).collect();
    Some(Served { index, attempt, leaf: leaf(attempt)?, others })
}

fn leaf(attempt: &Attempt) -> Option<Certificate> {
    Certificate::parse(attempt.tls.as_ref()?.chain.first()?)
}

/// The first exchange of CredSSP: the one with a CHALLENGE where there are several.
pub(crate) fn credssp(evidence: &Evidence) -> Option<(usize, &CredsspSeen)> {
    let address = client_address(evidence)?;
    let seen = || address.attempts().filter_map(|(index, attempt)| Some((index, attempt.credssp.as_ref()?)));
    seen().find(|(_, seen)| seen.challenge.is_some()).or_else(|| seen().next())
}

/// The NTLM CHALLENGE.
pub(crate) fn challenge(evidence: &Evidence) -> Option<(usize, &NtlmChallenge)> {
    let (index, seen) = credssp(evidence)?;
    Some((index, seen.challenge.as_ref()?))
}

/// The name that the server gives itself in NTLM, the DNS one where it gives one.
pub(crate) fn computer(evidence: &Evidence) -> Option<String> {
    let (_, challenge) = challenge(evidence)?;
    challenge.dns_computer.clone().or_else(|| challenge.computer.clone())
}

/// What shows that the server is a Windows: a sentence and the fact behind it. None where nothing shows it, which is no
/// proof of the contrary.
pub(crate) fn shows_windows(evidence: &Evidence) -> Option<(String, String)> {
    if let Some(served) = served(evidence).filter(|served| served.leaf.is_windows_self_signed()) {
        let text = "its certificate follows the pattern of those that Windows makes for Remote Desktop";
        return Some((text.to_owned(), served.fact()));
    }
    let (index, challenge) = challenge(evidence)?;
    let version = challenge.version?;
    let releases = releases_with_build(version.major, version.minor, version.build);
    // Every server built on FreeRDP calls itself 6.1.7601.
    let certain = !releases.is_empty() && releases.iter().all(|release| release.starts_with("windows-"));
    let text = format!("it calls itself Windows {}.{}.{} in NTLM", version.major, version.minor, version.build);
    certain.then(|| (text, format!("{}/credssp/challenge/version", attempt_fact(index))))
}

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::negotiation::Protocols;

    use super::*;
    use crate::testing::{CertificateMaker, Scene, Script};

    fn evidence(script: impl FnOnce(Script) -> Script) -> Evidence {
        Scene::at("10.0.0.5").client(|a| script(a.selects(Protocols::HYBRID_EX))).evidence()
    }

    #[test]
    fn windows_shows_in_its_certificate_or_its_build() {
        assert!(shows_windows(&evidence(|a| a.serves(&[CertificateMaker::windows("TS01")]))).is_some());
        assert!(shows_windows(&evidence(|a| a.completes_tls().challenged_by("TS01", "ts01"))).is_some());
    }

    #[test]
    fn a_server_built_on_freerdp_does_not_show_as_windows() {
        let freerdp = |a: Script| a.completes_tls().challenged_by("TS01", "ts01").windows_version(6, 1, 7601);
        assert_eq!(shows_windows(&evidence(freerdp)), None);
        let unknown = |a: Script| a.completes_tls().challenged_by("TS01", "ts01").windows_version(10, 0, 1);
        assert_eq!(shows_windows(&evidence(unknown)), None);
        assert_eq!(shows_windows(&evidence(|a| a.serves(&[CertificateMaker::self_signed("TS01")]))), None);
    }

    #[test]
    fn a_leaf_that_is_no_certificate_is_passed_over() {
        let mut evidence = evidence(|a| a.serves(&[CertificateMaker::windows("TS01")]));
        evidence.attempts[0].tls.as_mut().unwrap().chain[0].0.truncate(20);
        assert!(served(&evidence).is_none());
    }
}
