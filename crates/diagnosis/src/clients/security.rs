//! What a client that completes TLS makes of the certificate and of CredSSP.

use super::{End, Fate};
use crate::catalogue::{CertificateHabit, Profile, Trouble};
use crate::certificate::KeyKind;
use crate::evidence::Evidence;
use crate::server::{credssp, served};
use crate::view::attempt_fact;
use crate::{Certainty, Finding, Stage};

/// RSA bits below which a client of which no minimum is known may refuse.
const BLOCKED: usize = 1024;
/// The first version of CredSSP with the revision of 2018 (MS-CSSP 3.1.5).
const REVISED: u32 = 5;
/// Windows before this build has the revision by an update only (1809, Server 2019).
const BORN_REVISED: u32 = 17763;
/// Certificate findings that make a client ask its user.
const ASKED_ABOUT: [&str; 2] = ["certificate-expired", "certificate-not-yet-valid"];

/// What follows a handshake that the client completes; `fate` is how it got there.
pub(super) fn judge(client: &Profile, evidence: &Evidence, findings: &[Finding], hybrid: bool, fate: Fate) -> Fate {
    short_key(client, evidence, &fate)
        .or_else(|| if hybrid { outdated_credssp(client, evidence, &fate) } else { None })
        .or_else(|| asks(client, findings, &fate))
        .unwrap_or(fate)
}

fn short_key(client: &Profile, evidence: &Evidence, fate: &Fate) -> Option<Fate> {
    let served = served(evidence)?;
    let KeyKind::Rsa { bits } = served.leaf.key else { return None };
    let Some(minimum) = client.min_rsa_bits else {
        let reason = format!("the certificate has an RSA key of {bits} bits; what this client takes is not known");
        return (bits < BLOCKED).then(|| ends(fate, End::Unknown, reason, served.fact()));
    };
    let reason = format!("the certificate has an RSA key of {bits} bits; it takes {minimum} and more");
    let minimum = usize::try_from(minimum).unwrap_or(usize::MAX);
    (bits < minimum).then(|| ends(fate, End::Fails(Stage::Certificate), reason, served.fact()))
}

/// CVE-2018-0886: a revised Windows refuses a server without the revision, as it comes ("Mitigated").
fn outdated_credssp(client: &Profile, evidence: &Evidence, fate: &Fate) -> Option<Fate> {
    let (index, seen) = credssp(evidence)?;
    let version = seen.version.filter(|version| *version < REVISED)?;
    let fact = format!("{}/credssp/version", attempt_fact(index));
    let build = client.builds.iter().copied().min()?;
    if build >= BORN_REVISED {
        let reason =
            format!("the server speaks CredSSP {version}; it refuses less than 5 unless AllowEncryptionOracle is 2");
        return Some(ends(fate, End::Fails(Stage::Authenticate), reason, fact));
    }
    let reason = format!("the server speaks CredSSP {version}; with the updates of May 2018 it refuses less than 5");
    Some(ends(fate, End::Warns(Stage::Authenticate), reason, fact))
}

fn asks(client: &Profile, findings: &[Finding], fate: &Fate) -> Option<Fate> {
    let asked_about =
        |finding: &&Finding| ASKED_ABOUT.contains(&finding.cause.id) && finding.certainty == Certainty::Confirmed;
    let finding = findings.iter().find(asked_about)?;
    let fact = finding.proof.items.iter().flat_map(|item| item.facts.clone()).next().unwrap_or_default();
    match client.certificate {
        Some(CertificateHabit::Ignores) => None,
        Some(CertificateHabit::Asks) => {
            let reason = format!("asks its user, and goes on if told to: {}", finding.cause.id);
            Some(ends(fate, End::Warns(Stage::Certificate), reason, fact).against(Trouble::DatedCertificate))
        }
        None => {
            let reason = format!("what it makes of the certificate is not known: {}", finding.cause.id);
            Some(ends(fate, End::Unknown, reason, fact))
        }
    }
}

fn ends(fate: &Fate, end: End, reason: String, fact: String) -> Fate {
    let (version, suite) = (fate.version, fate.suite);
    Fate { end, version, suite, reason, facts: vec![fact], trouble: None }
}
