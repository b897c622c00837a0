use jiff::Timestamp;

use super::clocks::Clocks;
use super::{days, judge_leaf, moment, or_stored, remedies};
use crate::causes::host::in_use::InUse;
use crate::evidence::Evidence;
use crate::{Cause, Detection, Proof, Severity, Stage};

/// The days before its end from which a certificate that somebody has to renew is reported: two weeks leave time for an
/// order and a change window, and are past the renewal of automatic enrolment.
const HORIZON: i64 = 14;

/// The certificate ends soon, and nothing renews it by itself.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "certificate-expiring",
    stage: Stage::Certificate,
    severity: Severity::Degrades,
    title: "The server's certificate expires within two weeks",
    prior: -8,
    explains: &[],
    page: include_str!("certificate-expiring.md"),
    detect,
    remedies: remedies::replace,
};

fn detect(evidence: &Evidence) -> Detection {
    or_stored(evidence, on_the_wire(evidence), in_store)
}

fn in_store(used: &InUse<'_>, now: Timestamp) -> Detection {
    let end = used.leaf.not_after;
    if used.leaf.is_windows_self_signed() || now > end || days(now, end) >= HORIZON {
        return Detection::RuledOut;
    }
    let text = format!("the listener's certificate is valid until {}, {} days from now", moment(end), days(now, end));
    let proof = Proof::of(text, [used.fact.clone()], 30);
    Detection::Confirmed(proof.missing("whether somebody or something renews it in time"))
}

fn on_the_wire(evidence: &Evidence) -> Detection {
    judge_leaf(evidence, |served| {
        // Windows renews its own, and not before its end.
        if served.leaf.is_windows_self_signed() {
            return Detection::RuledOut;
        }
        let end = served.leaf.not_after;
        Clocks::at(evidence, served).judge(
            |now| now <= end && days(now, end) < HORIZON,
            |now| {
                let text = format!("it is valid until {}, {} days from now", moment(end), days(now, end));
                Proof::of(text, [served.fact()], 30).missing("whether somebody or something renews it in time")
            },
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{CertificateMaker, Machine, Scene, Script};
    use crate::{Verdict, judge};

    fn scene(maker: CertificateMaker) -> Evidence {
        Scene::named("ts01", &["10.0.0.5"]).client(|a| a.serves(&[maker])).evidence()
    }

    #[test]
    fn fires_and_is_a_warning() {
        let diagnosis = judge(&scene(CertificateMaker::issued("ts01", "Corp CA").valid(-300, 5)));
        assert_eq!(diagnosis.root().unwrap().cause.id, "certificate-expiring");
        assert_eq!(diagnosis.verdict, Verdict::Warning);
    }

    #[test]
    fn near_misses_two_weeks_and_past_the_end() {
        assert_eq!(detect(&scene(CertificateMaker::issued("ts01", "CA").valid(-300, 14))), Detection::RuledOut);
        assert_eq!(detect(&scene(CertificateMaker::issued("ts01", "CA").valid(-300, -1))), Detection::RuledOut);
    }

    #[test]
    fn near_miss_windows_renews_its_own() {
        assert_eq!(detect(&scene(CertificateMaker::windows("TS01").valid(-180, 3))), Detection::RuledOut);
    }

    #[test]
    fn a_certificate_in_the_store_is_judged_where_nobody_probed() {
        let chosen = |until| {
            let maker = CertificateMaker::issued("ts01", "Corp CA").valid(-300, until);
            Machine::healthy().certificate("My", &maker, "tp-1").pins(&maker).evidence()
        };
        let diagnosis = judge(&chosen(5));
        assert_eq!(diagnosis.root().unwrap().cause.id, "certificate-expiring");
        assert_eq!(detect(&chosen(14)), Detection::RuledOut);
        assert_eq!(detect(&chosen(-1)), Detection::RuledOut);
        assert_eq!(detect(&Machine::healthy().evidence()), Detection::RuledOut);
    }

    #[test]
    fn unknown_without_a_certificate() {
        let evidence = Scene::at("10.0.0.5").client(Script::completes_tls).evidence();
        assert_eq!(detect(&evidence), Detection::Unknown(Vec::new()));
    }
}
