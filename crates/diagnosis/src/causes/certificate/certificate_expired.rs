use jiff::Timestamp;

use super::clocks::Clocks;
use super::{days, judge_leaf, moment, or_stored, remedies};
use crate::causes::host::in_use::InUse;
use crate::evidence::Evidence;
use crate::server::Served;
use crate::{Cause, Detection, Proof, Severity, Stage};

/// The certificate is past its end and still served: clients warn, or refuse where their policy says so.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "certificate-expired",
    stage: Stage::Certificate,
    severity: Severity::Degrades,
    title: "The server's certificate has expired",
    prior: 0,
    explains: &[],
    page: include_str!("certificate-expired.md"),
    detect,
    remedies: remedies::replace,
};

fn detect(evidence: &Evidence) -> Detection {
    or_stored(evidence, on_the_wire(evidence), in_store)
}

fn in_store(used: &InUse<'_>, now: Timestamp) -> Detection {
    let end = used.leaf.not_after;
    if now <= end {
        return Detection::RuledOut;
    }
    let text = format!("the listener's certificate was valid until {}, {} days ago", moment(end), days(end, now));
    Detection::Confirmed(Proof::of(text, [used.fact.clone()], 30))
}

fn on_the_wire(evidence: &Evidence) -> Detection {
    judge_leaf(evidence, |served| {
        let end = served.leaf.not_after;
        Clocks::at(evidence, served).judge(|now| now > end, |now| proof(served, now))
    })
}

fn proof(served: &Served<'_>, now: Timestamp) -> Proof {
    let end = served.leaf.not_after;
    let past = days(end, now);
    let text = format!("it was valid until {}, and is served {past} days later", moment(end));
    let proof = Proof::of(text, [served.fact()], 30);
    if !served.leaf.is_windows_self_signed() {
        return proof;
    }
    if past < 1 {
        return proof.missing("whether Windows replaces it, as it does at a start of the service: look again in a day");
    }
    let text = "it follows the pattern of those that Windows makes and renews by itself: the renewal has failed";
    proof.and(text, [served.fact()], 0).missing(
        "why the renewal failed: events 1057 and 1058 of TerminalServices-RemoteConnectionManager in the System log, \
         read with the commands below",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{CertificateMaker, Machine, Scene, Script};
    use crate::{Certainty, Verdict, judge};

    fn scene(maker: CertificateMaker, more: impl FnOnce(Script) -> Script) -> Evidence {
        Scene::named("ts01", &["10.0.0.5"]).client(|a| more(a.serves(&[maker]))).evidence()
    }

    #[test]
    fn fires_and_is_a_warning() {
        let evidence = scene(CertificateMaker::windows("TS01").valid(-200, -17), |a| a);
        let diagnosis = judge(&evidence);
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("certificate-expired", Certainty::Confirmed));
        assert_eq!(diagnosis.verdict, Verdict::Warning);
        assert!(root.proof.items[0].text.contains("17 days"), "{:?}", root.proof.items);
        assert!(root.proof.items[1].text.contains("renewal has failed"));
    }

    #[test]
    fn a_day_is_no_failed_renewal() {
        let mut evidence = scene(CertificateMaker::windows("TS01").valid(-183, 0), |a| a);
        evidence.attempts[0].started_ms = 3_600_000.0;
        let Detection::Confirmed(proof) = detect(&evidence) else { panic!("an hour past is past") };
        assert!(!proof.items.iter().any(|item| item.text.contains("failed")), "{proof:?}");
    }

    #[test]
    fn near_miss_the_last_day() {
        assert_eq!(detect(&scene(CertificateMaker::self_signed("TS01").valid(-100, 1), |a| a)), Detection::RuledOut);
    }

    #[test]
    fn where_the_clocks_contradict_each_other_the_clock_is_to_blame() {
        let behind = |a: Script| a.challenged_by("TS01", "ts01").clock_ahead(-86_400 * 30);
        let evidence = scene(CertificateMaker::self_signed("TS01").valid(-100, -10), behind);
        let diagnosis = judge(&evidence);
        assert_eq!(diagnosis.root().unwrap().cause.id, "clock-skew");
        let expired = diagnosis.findings.iter().find(|finding| finding.cause.id == "certificate-expired").unwrap();
        assert_eq!(expired.certainty, Certainty::Possible);
        assert!(expired.proof.items[1].text.contains("server's clock"));
    }

    #[test]
    fn the_server_s_clock_alone_may_see_it_expired() {
        let ahead = |a: Script| a.challenged_by("TS01", "ts01").clock_ahead(86_400 * 30);
        let evidence = scene(CertificateMaker::self_signed("TS01").valid(-100, 10), ahead);
        let Detection::Likely(proof) = detect(&evidence) else { panic!("one clock is no proof") };
        assert_eq!(proof.weight(), 0);
    }

    #[test]
    fn both_clocks_prove_it_however_far_apart() {
        let behind = |a: Script| a.challenged_by("TS01", "ts01").clock_ahead(-7200);
        let evidence = scene(CertificateMaker::self_signed("TS01").valid(-100, -10), behind);
        assert!(matches!(detect(&evidence), Detection::Confirmed(_)));
    }

    #[test]
    fn a_certificate_in_the_store_is_judged_where_nobody_probed() {
        let chosen = CertificateMaker::issued("ts01", "Corp CA").valid(-400, -30);
        let machine = || Machine::healthy().certificate("My", &chosen, "tp-1").pins(&chosen);
        let diagnosis = judge(&machine().evidence());
        let expired = diagnosis.findings.iter().find(|finding| finding.cause.id == "certificate-expired").unwrap();
        assert_eq!(expired.certainty, Certainty::Confirmed);
        assert_eq!(detect(&Machine::healthy().evidence()), Detection::RuledOut);
        assert_eq!(detect(&Machine::unread().evidence()), Detection::Unknown(Vec::new()));
        let fresh = scene(CertificateMaker::issued("ts01", "Corp CA"), |a| a);
        assert_eq!(detect(&Evidence { host: machine().evidence().host, ..fresh }), Detection::RuledOut);
    }

    #[test]
    fn unknown_without_a_certificate() {
        let evidence = Scene::at("10.0.0.5").client(Script::completes_tls).evidence();
        assert_eq!(detect(&evidence), Detection::Unknown(Vec::new()));
    }
}
