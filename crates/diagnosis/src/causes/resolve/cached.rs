//! What the DNS cache of the machine that connects has of the target.

use std::net::IpAddr;

use jiff::SignedDuration;

use super::answers::{answers, contradict, facts, in_words, knows, listed, named};
use super::pinned::pinned;
use crate::evidence::Evidence;
use crate::evidence::snapshot::CachedLookup;
use crate::view::{client_gets_through, origin_fact};
use crate::{Proof, Severity};

/// Windows keeps a denial no longer than that, unless MaxNegativeCacheTtl says so.
const DENIAL_KEPT: SignedDuration = SignedDuration::from_mins(15);

/// Addresses that the cache holds of the target.
pub(super) struct Kept {
    pub(super) addresses: Vec<IpAddr>,
    /// For how many seconds more, counted from the probe.
    pub(super) seconds: i64,
    pub(super) fact: String,
}

/// Whether the cache leads the client elsewhere than the resolver here, by which clients get through.
pub(super) enum Misled {
    /// It does not, as far as is known.
    No,
    /// It does, unless the name servers say the same: nobody asked them.
    Perhaps,
    /// It does, and the name servers do not say so.
    Likely(Proof),
}

/// None where the cache has nothing of it any more, or the hosts file comes before it.
pub(super) fn kept(evidence: &Evidence) -> Option<Kept> {
    let (entry, fact, age) = entry(evidence)?;
    let left = |seconds: u32| i64::from(seconds).saturating_sub(age.as_secs().max(0));
    let fresh = entry.addresses.iter().filter(|cached| left(cached.seconds) > 0);
    let seconds = fresh.clone().map(|cached| left(cached.seconds)).max()?;
    Some(Kept { addresses: fresh.map(|cached| cached.address).collect(), seconds, fact })
}

/// Where the cache holds that there is no such name, or that it has no address.
pub(super) fn denied(evidence: &Evidence) -> Option<String> {
    let (entry, fact, age) = entry(evidence)?;
    (entry.addresses.is_empty() && age <= DENIAL_KEPT).then_some(fact)
}

/// Whether the cache has anything of the target.
pub(super) fn is_cached(evidence: &Evidence) -> bool {
    kept(evidence).is_some() || denied(evidence).is_some()
}

/// Several addresses of one name, of which each answer gives some, are no fault: the name servers know them all.
pub(super) fn misled(evidence: &Evidence, addresses: &[IpAddr]) -> Misled {
    let Some(kept) = kept(evidence).filter(|_| client_gets_through(evidence)) else { return Misled::No };
    if contradict(&kept.addresses, &addresses.iter().copied().collect()) != Some(true) {
        return Misled::No;
    }
    let Some(answers) = answers(evidence) else { return Misled::Perhaps };
    if contradict(&kept.addresses, &named(answers)) != Some(true) {
        return Misled::No;
    }
    let (host, stale, seconds) = (&evidence.target.host, listed(&kept.addresses), kept.seconds);
    let text = format!("the client's DNS cache leads {host} to {stale}, and keeps that for {seconds} s more");
    let others = format!("the name servers say otherwise: {}", in_words(answers, knows));
    let proof = Proof::of(text, [kept.fact], 8).and(others, facts(answers, knows), 4).severity(Severity::Degrades);
    Misled::Likely(proof.missing(
        "whether the client asks other name servers, which are meant to say so: empty its cache, and look the name up there",
    ))
}

/// What the cache has of the target, where that is said, and how long before the probe that was read.
fn entry(evidence: &Evidence) -> Option<(&CachedLookup, String, SignedDuration)> {
    let origin = evidence.origin.as_deref().filter(|_| pinned(evidence).is_none())?;
    let asked = evidence.target.host.trim_end_matches('.');
    let mut entries = origin.resolver_cache.observed()?.iter().enumerate();
    let (index, entry) = entries.find(|(_, entry)| entry.hostname.eq_ignore_ascii_case(asked))?;
    let fact = origin_fact(&["resolver_cache", "observed", &index.to_string()]);
    Some((entry, fact, evidence.started.duration_since(origin.taken)))
}

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::negotiation::Protocols;

    use super::*;
    use crate::causes::resolve::wrong_host::CAUSE;
    use crate::evidence::{Ending, LookupOutcome};
    use crate::testing::{Machine, Scene};
    use crate::{Certainty, Detection, Verdict, Want, judge};

    const HOST: &str = "ts01.example.com";

    fn says(address: &str) -> LookupOutcome {
        LookupOutcome::Addresses { addresses: vec![address.parse().unwrap()] }
    }

    fn caching(scene: Scene, machine: Machine) -> Evidence {
        Evidence { origin: machine.as_origin().origin, ..scene.evidence() }
    }

    fn reached() -> Scene {
        Scene::named(HOST, &["10.0.0.5"]).client(|a| a.selects(Protocols::HYBRID_EX).completes_tls())
    }

    fn stale() -> Machine {
        Machine::healthy().caches(HOST, &["10.0.0.9"])
    }

    #[test]
    fn a_client_that_keeps_an_old_address_is_misled() {
        let evidence = caching(reached().name_servers(&[says("10.0.0.5")]), stale());
        let diagnosis = judge(&evidence);
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("wrong-host", Certainty::Likely));
        assert_eq!(diagnosis.verdict, Verdict::Warning, "the server itself is well");
        assert!(root.proof.items[0].text.contains("10.0.0.9, and keeps that for 60 s"), "{:?}", root.proof.items);
        let remedies = (CAUSE.remedies)(&evidence);
        let flush = remedies.iter().find(|remedy| remedy.cmd == ["ipconfig /flushdns"]).unwrap();
        assert!(flush.title.contains("which keeps an old answer"));
    }

    #[test]
    fn the_name_servers_are_asked_before_anything_is_said() {
        let evidence = caching(reached(), stale());
        assert!(matches!(misled(&evidence, &["10.0.0.5".parse().unwrap()]), Misled::Perhaps));
        assert_eq!((CAUSE.detect)(&evidence), Detection::Unknown(vec![Want::NameServers]));
        assert_eq!(judge(&evidence).verdict, Verdict::Healthy);
    }

    #[test]
    fn near_miss_another_address_of_the_same_name() {
        let own = &["10.0.0.5".parse().unwrap()];
        let both = [says("10.0.0.5"), says("10.0.0.9")];
        for (scene, machine) in [
            (reached().name_servers(&both), stale()),
            (reached().name_servers(&[says("10.0.0.5")]), Machine::healthy().caches(HOST, &["10.0.0.9", "10.0.0.5"])),
            (reached().name_servers(&[says("10.0.0.5")]), Machine::healthy().caches(HOST, &["2001:db8::9"])),
            (reached().name_servers(&[says("10.0.0.5")]), Machine::healthy().caches("ts02.example.com", &["10.0.0.9"])),
            (reached().name_servers(&[LookupOutcome::Silent]), stale()),
        ] {
            let evidence = caching(scene, machine);
            assert!(matches!(misled(&evidence, own), Misled::No));
            assert_eq!(judge(&evidence).verdict, Verdict::Healthy);
        }
    }

    #[test]
    fn near_miss_what_is_forgotten_by_now_or_is_the_hosts_file_s() {
        let mut late = caching(reached().name_servers(&[says("10.0.0.5")]), stale());
        late.started += SignedDuration::from_secs(59);
        assert_eq!(kept(&late).map(|kept| kept.seconds), Some(1));
        late.started += SignedDuration::from_secs(1);
        assert!(kept(&late).is_none() && !is_cached(&late));
        let pinned = caching(reached(), stale().hosts_line(HOST, "10.0.0.9"));
        assert!(!is_cached(&pinned));
    }

    #[test]
    fn unknown_where_the_cache_was_not_read() {
        let unread = caching(reached().name_servers(&[says("10.0.0.77")]), Machine::unread());
        assert!(kept(&unread).is_none() && denied(&unread).is_none());
        assert!(matches!(misled(&unread, &["10.0.0.5".parse().unwrap()]), Misled::No));
    }

    #[test]
    fn the_entry_from_which_this_machine_has_a_wrong_address_is_named() {
        let scene =
            Scene::named(HOST, &["10.0.0.9"]).client(|a| a.ends(Ending::Refused)).client(|a| a.ends(Ending::Refused));
        let diagnosis = judge(&caching(scene.name_servers(&[says("10.0.0.5")]), stale()));
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("wrong-host", Certainty::Likely));
        let named = |item: &crate::ProofItem| item.text.contains("this machine's DNS cache holds 10.0.0.9");
        assert!(root.proof.items.iter().any(named), "{:?}", root.proof.items);
    }
}
