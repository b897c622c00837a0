use super::clocks::Clocks;
use super::{judge_leaf, moment, remedies};
use crate::evidence::Evidence;
use crate::{Cause, Detection, Proof, Remedy, Severity, Stage};

/// The certificate begins in the future.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "certificate-not-yet-valid",
    stage: Stage::Certificate,
    severity: Severity::Degrades,
    title: "The server's certificate is not valid yet",
    prior: -3,
    explains: &[],
    page: include_str!("certificate-not-yet-valid.md"),
    detect,
    remedies,
};

fn detect(evidence: &Evidence) -> Detection {
    judge_leaf(evidence, |served| {
        let begin = served.leaf.not_before;
        Clocks::at(evidence, served).judge(
            |now| now < begin,
            |now| {
                let text = format!("it is valid from {}, and it is {}", moment(begin), moment(now));
                Proof::of(text, [served.fact()], 30)
                    .missing("whether our clock or the clock on which it was made is wrong: compare both with a third")
            },
        )
    })
}

fn remedies(evidence: &Evidence) -> Vec<Remedy> {
    let mut remedies = crate::causes::authenticate::clock_skew::set_clocks();
    remedies.extend(remedies::replace(evidence));
    remedies
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{CertificateMaker, Scene, Script};
    use crate::{Verdict, judge};

    fn scene(maker: CertificateMaker, more: impl FnOnce(Script) -> Script) -> Evidence {
        Scene::named("ts01", &["10.0.0.5"]).client(|a| more(a.serves(&[maker]))).evidence()
    }

    #[test]
    fn fires_and_is_a_warning() {
        let diagnosis = judge(&scene(CertificateMaker::self_signed("TS01").valid(2, 400), |a| a));
        assert_eq!(diagnosis.root().unwrap().cause.id, "certificate-not-yet-valid");
        assert_eq!(diagnosis.verdict, Verdict::Warning);
    }

    #[test]
    fn near_miss_valid_from_today() {
        assert_eq!(detect(&scene(CertificateMaker::self_signed("TS01").valid(0, 400), |a| a)), Detection::RuledOut);
    }

    #[test]
    fn where_only_our_clock_says_so_the_clock_is_to_blame() {
        let ahead = |a: Script| a.challenged_by("TS01", "ts01").clock_ahead(86_400 * 3);
        let diagnosis = judge(&scene(CertificateMaker::self_signed("TS01").valid(2, 400), ahead));
        assert_eq!(diagnosis.root().unwrap().cause.id, "clock-skew");
    }

    #[test]
    fn unknown_without_a_certificate() {
        let evidence = Scene::at("10.0.0.5").client(Script::completes_tls).evidence();
        assert_eq!(detect(&evidence), Detection::Unknown(Vec::new()));
    }
}
