//! Accounts that the client keeps for the server: stored credentials, and whom mstsc proposes.

use rdpdoctor_protocol::text::safe_text;

use crate::Severity;
use crate::evidence::{Evidence, NtlmChallenge};
use crate::rdp_file::Contradiction;
use crate::server::challenge;
use crate::view::{attempt_fact, origin_fact};

/// Before the backslash, these are no names of machines or domains.
const EVERYWHERE: [&str; 5] = [".", "AzureAD", "MicrosoftAccount", "NT AUTHORITY", "WORKGROUP"];
/// Characters of a name that are quoted.
const QUOTED: usize = 80;

/// What keeps an account of the client from being one of the server's.
enum Fault {
    /// The server is in no domain, and knows its own accounts only.
    Stranger,
    /// It is of another domain, which the server's may trust.
    OtherDomain(String),
}

/// Every account kept for the target that cannot, or may not, be known there.
pub(super) fn contradictions(evidence: &Evidence) -> Vec<Contradiction> {
    let (Some(origin), Some((index, challenge))) = (evidence.origin.as_deref(), challenge(evidence)) else {
        return Vec::new();
    };
    let server = format!("{}/credssp/challenge", attempt_fact(index));
    let stored = origin.credentials.observed().into_iter().flatten().enumerate();
    let stored = stored.map(|(index, it)| (Kind::Stored, index, &it.server_name, it.user.as_deref()));
    let cached = origin.cached_servers.observed().into_iter().flatten().enumerate();
    let cached = cached.map(|(index, it)| (Kind::Proposed, index, &it.server_name, it.user.as_deref()));
    let of_target = stored.chain(cached).filter(|(_, _, name, _)| is_target(name, evidence));
    let found = of_target.filter_map(|(kind, index, _, user)| {
        let (domain, _) = user?.split_once('\\')?;
        let fault = fault(domain, challenge)?;
        let fact = origin_fact(&[kind.field(), "observed", &index.to_string()]);
        Some(kind.contradiction(domain, &fault, vec![fact, server.clone()]))
    });
    found.collect()
}

/// Where an account is kept.
#[derive(Clone, Copy)]
enum Kind {
    Stored,
    Proposed,
}

impl Kind {
    fn field(self) -> &'static str {
        match self {
            Self::Stored => "credentials",
            Self::Proposed => "cached_servers",
        }
    }

    /// A stored credential is sent unasked; a proposal is seen by whoever types the password.
    fn contradiction(self, domain: &str, fault: &Fault, facts: Vec<String>) -> Contradiction {
        let what = match self {
            Self::Stored => "the credential stored for it is an account",
            Self::Proposed => "mstsc proposes an account",
        };
        let domain = safe_text(domain, QUOTED);
        let (text, decibans) = match (fault, self) {
            (Fault::Stranger, Self::Stored) => {
                (format!("{what} of {domain}, and the server, in no domain, knows its own accounts only"), 14)
            }
            (Fault::Stranger, Self::Proposed) => {
                (format!("{what} of {domain}, and the server, in no domain, knows its own accounts only"), 5)
            }
            (Fault::OtherDomain(other), _) => {
                let other = safe_text(other, QUOTED);
                (format!("{what} of {domain}, which the server knows only if {other}, its own domain, trusts that"), 2)
            }
        };
        Contradiction { line: None, text, facts, decibans, severity: Severity::Degrades }
    }
}

fn fault(domain: &str, challenge: &NtlmChallenge) -> Option<Fault> {
    let same = |name: &str| {
        name.eq_ignore_ascii_case(domain)
            || name.split('.').next().is_some_and(|label| label.eq_ignore_ascii_case(domain))
    };
    let own =
        [&challenge.computer, &challenge.domain, &challenge.dns_computer, &challenge.dns_domain, &challenge.forest];
    let everywhere = domain.is_empty() || EVERYWHERE.iter().any(|name| name.eq_ignore_ascii_case(domain));
    if everywhere || own.into_iter().flatten().any(|name| same(name)) {
        return None;
    }
    let (of, computer) = (challenge.domain.as_deref()?, challenge.computer.as_deref()?);
    Some(if of.eq_ignore_ascii_case(computer) { Fault::Stranger } else { Fault::OtherDomain(of.to_owned()) })
}

/// mstsc looks its credentials up by the very name that was typed.
fn is_target(name: &str, evidence: &Evidence) -> bool {
    let name = name.trim_end_matches('.');
    let asked = evidence.target.host.trim_end_matches('.');
    !evidence.target.is_unnamed()
        && (name.eq_ignore_ascii_case(asked) || name.eq_ignore_ascii_case(&evidence.target.input))
}

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::negotiation::Protocols;

    use super::*;
    use crate::evidence::snapshot::{CachedServer, Reading, StoredCredential};
    use crate::testing::{Machine, Scene, challenge_by};
    use crate::{Certainty, Verdict, judge};

    fn towards(domain: &str, machine: Machine) -> Evidence {
        let mut seen = challenge_by("TS01", "ts01");
        if let Some(challenge) = &mut seen.challenge {
            challenge.domain = Some(domain.to_owned());
            (challenge.dns_domain, challenge.forest) = (None, None);
        }
        let client = |a: crate::testing::Script| a.selects(Protocols::HYBRID_EX).completes_tls().credssp(seen);
        let scene = Scene::named("ts01.example", &["10.0.0.5"]).client(client);
        Evidence { origin: machine.as_origin().origin, ..scene.evidence() }
    }

    fn stores(server: &str, user: &str) -> Machine {
        let stored = StoredCredential { server_name: server.to_owned(), user: Some(user.to_owned()) };
        Machine::healthy().with(|it| it.credentials = Reading::Observed(vec![stored]))
    }

    fn proposes(server: &str, user: &str) -> Machine {
        let cached = CachedServer { server_name: server.to_owned(), user: Some(user.to_owned()), account: None };
        Machine::healthy().with(|it| it.cached_servers = Reading::Observed(vec![cached]))
    }

    const NONE: [i16; 0] = [];

    fn weights(domain: &str, machine: Machine) -> Vec<i16> {
        contradictions(&towards(domain, machine)).into_iter().map(|found| found.decibans).collect()
    }

    #[test]
    fn a_stored_account_of_a_domain_that_the_server_is_not_in_is_likely_stale() {
        let diagnosis = judge(&towards("TS01", stores("TS01.example", r"OLD\jane")));
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("client-profile-stale", Certainty::Likely));
        assert_eq!(diagnosis.verdict, Verdict::Warning, "another account may be typed");
        assert_eq!(weights("TS01", proposes("ts01.example", r"OLD\jane")), [5]);
    }

    #[test]
    fn another_domain_may_be_trusted() {
        assert_eq!(weights("CORP", stores("ts01.example", r"OLD\jane")), [2]);
        let diagnosis = judge(&towards("CORP", stores("ts01.example", r"OLD\jane")));
        assert_eq!(diagnosis.verdict, Verdict::Healthy);
    }

    #[test]
    fn near_misses_accounts_that_fit_and_those_of_other_servers() {
        for user in [r"TS01\jane", r".\jane", r"AzureAD\jane@example.com", "jane", "jane@other.example", r"corp\jane"] {
            assert_eq!(weights("CORP", stores("ts01.example", user)), NONE, "{user}");
        }
        for server in ["ts02.example", "ts01", "*.example"] {
            assert_eq!(weights("TS01", stores(server, r"OLD\jane")), NONE, "{server}");
        }
    }

    #[test]
    fn nothing_is_said_of_a_server_that_does_not_say_where_it_belongs() {
        let scene = Scene::named("ts01.example", &["10.0.0.5"]).client(|a| a.selects(Protocols::SSL).completes_tls());
        let origin = stores("ts01.example", r"OLD\jane").as_origin().origin;
        assert!(contradictions(&Evidence { origin, ..scene.evidence() }).is_empty());
        assert_eq!(weights("TS01", Machine::unread()), NONE);
    }
}
