//! The server's certificate.

pub(super) mod certificate_expired;
pub(super) mod certificate_expiring;
pub(super) mod certificate_name_mismatch;
pub(super) mod certificate_not_yet_valid;
pub(super) mod certificate_revoked;
pub(super) mod certificate_shared;
pub(super) mod certificate_untrusted;
pub(super) mod certificate_weak;
pub(super) mod certificate_wrong_usage;
pub(super) mod names;

mod clocks;
mod remedies;

use jiff::Timestamp;
use rdpdoctor_protocol::text::safe_text;

use super::host::in_use::{InUse, Listener, in_use};
use crate::Detection;
use crate::evidence::Evidence;
use crate::server::{Served, served};

/// Judges the certificate that a client would be shown. It comes with the handshake that is made in any case, so what is
/// unknown is worth no connection of its own.
fn judge_leaf(evidence: &Evidence, detect: impl Fn(&Served<'_>) -> Detection) -> Detection {
    served(evidence).map_or(Detection::Unknown(Vec::new()), |served| detect(&served))
}

/// Judges the listener's certificate as the machine holds it, by the moment at which it was looked at; only where nobody
/// probed, as what is served decides.
fn or_stored(
    evidence: &Evidence,
    wire: Detection,
    detect: impl FnOnce(&InUse<'_>, Timestamp) -> Detection,
) -> Detection {
    match (stored(evidence), evidence.host.as_deref()) {
        (Some(used), Some(host)) if matches!(wire, Detection::Unknown(_)) => detect(&used, host.taken),
        _ => wire,
    }
}

/// The listener's certificate, where the machine was looked at and nobody probed it.
fn stored(evidence: &Evidence) -> Option<Box<InUse<'_>>> {
    match in_use(evidence.host.as_deref().filter(|_| evidence.attempts.is_empty())?) {
        Listener::Uses(used) => Some(used),
        Listener::Unknown | Listener::Nothing => None,
    }
}

fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// Whole days from one moment to a later one.
fn days(from: Timestamp, to: Timestamp) -> i64 {
    (to.as_second() - from.as_second()) / 86_400
}

/// A name of a stranger, short enough for a sentence.
fn short(name: &str) -> String {
    safe_text(name, 80)
}

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::negotiation::{FailureCode, Protocols};

    use crate::evidence::Evidence;
    use crate::testing::{CertificateMaker, Scene};
    use crate::{Budget, Certainty, Severity, Verdict, judge, next};

    fn nla(maker: CertificateMaker) -> Evidence {
        let required = FailureCode::HYBRID_REQUIRED_BY_SERVER;
        Scene::named("ts01", &["10.0.0.5"])
            .client(|a| a.selects(Protocols::HYBRID_EX).serves(&[maker]).untrusted().challenged_by("TS01", "ts01"))
            .asks(Protocols::SSL, |a| a.fails(required))
            .asks(Protocols::RDP, |a| a.fails(required))
            .evidence()
    }

    #[test]
    fn a_windows_as_it_ships_is_healthy_after_three_connections() {
        let evidence = nla(CertificateMaker::windows("TS01"));
        let diagnosis = judge(&evidence);
        assert_eq!(diagnosis.verdict, Verdict::Healthy, "{:?}", diagnosis.findings);
        let found: Vec<_> = diagnosis.findings.iter().map(|finding| finding.cause.id).collect();
        assert_eq!(found, ["nla-required", "certificate-untrusted"]);
        assert_eq!(next(&evidence, &Budget::default()), []);
    }

    #[test]
    fn faults_together_are_all_reported() {
        let maker = CertificateMaker::self_signed("OTHER").valid(-400, -35).signed_with(&[1, 2, 840, 113_549, 1, 1, 5]);
        let diagnosis = judge(&nla(maker));
        let found: Vec<_> = diagnosis.findings.iter().map(|finding| (finding.cause.id, finding.certainty)).collect();
        for id in ["certificate-expired", "certificate-weak", "certificate-name-mismatch", "certificate-untrusted"] {
            assert!(found.contains(&(id, Certainty::Confirmed)), "{id}: {found:?}");
        }
        assert_eq!(diagnosis.root().unwrap().cause.id, "certificate-expired");
        assert_eq!(diagnosis.verdict, Verdict::Warning);
    }

    #[test]
    fn the_gravest_is_the_root() {
        let diagnosis = judge(&nla(CertificateMaker::self_signed("TS01").rsa(512).valid(-400, -35)));
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.severity), ("certificate-weak", Severity::Blocks));
        assert!(diagnosis.findings.iter().any(|finding| finding.cause.id == "certificate-expired"));
        assert_eq!(diagnosis.verdict, Verdict::Broken);
    }
}
