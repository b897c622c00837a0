//! What whole runs come to: rivals of this stage weighed against each other.

use rdpdoctor_protocol::negotiation::Protocols;
use rdpdoctor_protocol::stranger::Stranger;

use crate::evidence::{Ending, Offer};
use crate::testing::{Scene, Script};
use crate::{Budget, Certainty, Severity, Verdict, Want, judge, next};

type Outcome = (&'static str, Certainty, Verdict);

fn outcome(scene: &Scene) -> Outcome {
    let diagnosis = judge(&scene.clone().evidence());
    let root = diagnosis.root().map(|root| (root.cause.id, root.certainty));
    let (id, certainty) = root.unwrap_or(("nothing", Certainty::Possible));
    (id, certainty, diagnosis.verdict)
}

/// Measures whatever is wanted until nothing is. `answer` plays the target's port; nothing else answers.
fn run(answer: impl Fn(&Offer, Script) -> Script) -> (Outcome, usize) {
    let mut scene = server();
    for _ in 0..20 {
        let evidence = scene.clone().evidence();
        let wants = next(&evidence, &Budget::default());
        if wants.is_empty() {
            return (outcome(&scene), evidence.connections());
        }
        let port = evidence.target.port;
        scene = wants.into_iter().fold(scene, |scene, want| match want {
            Want::Attempt { endpoint, .. } if endpoint.port() != port => scene.knocks(endpoint.port(), Ending::Silent),
            Want::Attempt { offer, .. } => scene.tries(offer.clone(), |a| answer(&offer, a)),
            Want::Echo { .. } => scene.ignores_echo(),
            other => panic!("{other:?} is no matter of an address"),
        });
    }
    panic!("it never ends")
}

fn server() -> Scene {
    Scene::at("10.0.0.5")
}

fn served(attempt: Script) -> Script {
    attempt.selects(Protocols::HYBRID_EX).completes_tls()
}

fn syn_lost(attempt: Script) -> Script {
    attempt.ends(Ending::Silent)
}

fn mute(attempt: Script) -> Script {
    attempt.connects().ends(Ending::Silent)
}

fn closes(attempt: Script) -> Script {
    attempt.connects().ends(Ending::Fin).after(3.0)
}

fn resets(attempt: Script) -> Script {
    attempt.connects().ends(Ending::Reset).after(3.0)
}

fn stalls(attempt: Script) -> Script {
    attempt.selects(Protocols::HYBRID_EX).starts_tls().ends(Ending::Silent)
}

fn bare() -> Offer {
    Offer::mstsc().without_cookie()
}

fn small() -> Offer {
    Offer::mstsc().with_max_segment(536)
}

#[test]
fn a_healthy_server_costs_this_stage_nothing() {
    let evidence = server().client(served).evidence();
    let of_this_stage = |want: &Want| match want {
        Want::Attempt { offer, .. } => offer.max_segment.is_some() || offer.negotiate.is_none() || *offer == bare(),
        Want::Echo { .. } => true,
        _ => false,
    };
    assert!(!next(&evidence, &Budget::default()).iter().any(of_this_stage));
    assert_eq!(judge(&evidence).verdict, Verdict::Healthy);
}

#[test]
fn runs_end_with_the_right_cause_after_few_connections() {
    let broken = |id, certainty, connections| ((id, certainty, Verdict::Broken), connections);
    let filtered = ("port-filtered", Certainty::Possible, Verdict::Unreachable);
    assert_eq!(run(|_, a| syn_lost(a)), (filtered, 4));
    let closed = ("port-closed", Certainty::Confirmed, Verdict::Unreachable);
    assert_eq!(run(|_, a| a.ends(Ending::Refused)), (closed, 2));
    assert_eq!(run(|_, a| closes(a)), broken("connection-closed-early", Certainty::Confirmed, 3));
    assert_eq!(run(|_, a| resets(a)), broken("connection-closed-early", Certainty::Confirmed, 3));
    assert_eq!(run(|_, a| mute(a)), broken("server-unresponsive", Certainty::Confirmed, 2));
    let hangs =
        |offer: &Offer, a: Script| if offer.tls.is_some() { stalls(a) } else { a.selects(Protocols::HYBRID_EX) };
    assert_eq!(run(hangs).0, ("server-unresponsive", Certainty::Likely, Verdict::Broken));
    let by_size = |offer: &Offer, a: Script| if offer.max_segment.is_some() { served(a) } else { hangs(offer, a) };
    assert_eq!(run(by_size).0, ("path-mtu-black-hole", Certainty::Confirmed, Verdict::Broken));
    // Causes of later stages ask as well where X.224 is answered.
    assert!(run(hangs).1 <= 8 && run(by_size).1 <= 8);
    let by_cookie = |offer: &Offer, a: Script| if *offer == bare() { served(a) } else { closes(a) };
    assert_eq!(run(by_cookie), broken("proxy-mangles-negotiation", Certainty::Confirmed, 3));
    let early = |_: &Offer, a: Script| a.connects_after(80.0).ends(Ending::Reset).after(85.0);
    assert_eq!(run(early), broken("middlebox-reset", Certainty::Likely, 3));
}

#[test]
fn a_path_that_is_slow_or_loses_a_packet_is_never_broken() {
    for after in [1010.0, 3050.0] {
        assert_eq!(outcome(&server().client(|a| served(a.connects_after(after)))).2, Verdict::Healthy);
    }
    let warned = ("unstable-path", Certainty::Likely, Verdict::Warning);
    assert_eq!(outcome(&server().client(syn_lost).client(served).answers_echo()), warned);
    assert_eq!(outcome(&server().client(mute).client(served)), warned);
    assert_eq!(outcome(&server().client(stalls).client(served).tries(small(), served)), warned);
    assert_eq!(outcome(&server().client(closes).client(served).tries(bare(), served)), warned);
    let late = |a: Script| served(a.connects_after(3050.0));
    assert_eq!(outcome(&server().client(syn_lost).client(late).ignores_echo()), warned);
}

#[test]
fn a_silent_port_is_filtered_and_more_so_where_the_host_answers() {
    let silent = server().client(syn_lost).client(syn_lost);
    let knocked = |ending: Ending| silent.clone().ignores_echo().knocks(445, ending.clone()).knocks(135, ending);
    let filtered = |certainty| ("port-filtered", certainty, Verdict::Unreachable);
    assert_eq!(outcome(&server().client(syn_lost)), filtered(Certainty::Possible));
    assert_eq!(outcome(&silent.clone().answers_echo()), filtered(Certainty::Likely));
    assert_eq!(outcome(&knocked(Ending::Ours)), filtered(Certainty::Possible));
    assert_eq!(outcome(&knocked(Ending::Refused)), filtered(Certainty::Likely));
    assert_eq!(outcome(&knocked(Ending::Silent)), filtered(Certainty::Possible));
}

#[test]
fn a_first_connection_that_is_closed_is_likely_closed_early_until_it_is_settled() {
    let once = server().client(closes);
    assert_eq!(outcome(&once), ("connection-closed-early", Certainty::Likely, Verdict::Broken));
    let wants = next(&once.clone().evidence(), &Budget::default());
    assert!(wants.iter().any(|want| matches!(want, Want::Attempt { times: 2, .. })));
    let settled = once.client(closes).tries(bare(), closes);
    assert_eq!(outcome(&settled), ("connection-closed-early", Certainty::Confirmed, Verdict::Broken));
    assert!(next(&settled.evidence(), &Budget::default()).is_empty());
}

#[test]
fn a_service_that_dies_of_our_connection_closed_it_early() {
    let scene = server().client(closes).client(|a| a.ends(Ending::Refused)).tries(bare(), |a| a.ends(Ending::Refused));
    assert_eq!(outcome(&scene), ("connection-closed-early", Certainty::Likely, Verdict::Broken));
}

#[test]
fn what_depends_on_the_cookie_is_a_device_on_the_way() {
    let mangled = ("proxy-mangles-negotiation", Certainty::Confirmed, Verdict::Broken);
    assert_eq!(outcome(&server().client(closes).client(closes).tries(bare(), served)), mangled);
    let garbled = |a: Script| a.connects().ends(Ending::Malformed { what: "the TPKT version is 72".into() });
    assert_eq!(outcome(&server().client(garbled).client(garbled).tries(bare(), served)), mangled);
}

#[test]
fn resets_that_outrun_the_server_outrank_the_closing_that_they_explain() {
    let early = |a: Script| a.connects_after(80.0).ends(Ending::Reset).after(85.0);
    let scene = server().client(early).client(early).tries(bare(), early);
    assert_eq!(outcome(&scene), ("middlebox-reset", Certainty::Likely, Verdict::Broken));
    let near = server().client(resets).client(resets).tries(bare(), resets);
    assert_eq!(outcome(&near), ("connection-closed-early", Certainty::Confirmed, Verdict::Broken));
}

#[test]
fn silence_in_tls_is_the_paths_or_the_servers_by_small_segments() {
    let stalled = server().client(stalls).client(stalls);
    let black_hole = ("path-mtu-black-hole", Certainty::Confirmed, Verdict::Broken);
    assert_eq!(outcome(&stalled.clone().tries(small(), served)), black_hole);
    let hangs = ("server-unresponsive", Certainty::Likely, Verdict::Broken);
    let below = crate::causes::tls::offers::below_tls13();
    assert_eq!(outcome(&stalled.clone().tries(small(), stalls).tries(below, stalls)), hangs);
    let ours = Ending::OurSystem { error: "not supported".into() };
    let unsettled = outcome(&stalled.tries(small(), |a| a.ends(ours)));
    assert_eq!(unsettled, ("path-mtu-black-hole", Certainty::Possible, Verdict::Broken));
}

#[test]
fn a_crowded_port_is_named_only_on_a_host_that_is_otherwise_awake() {
    let crowded = server().client(syn_lost).client(syn_lost).client(served);
    let awake = crowded.clone().answers_echo().knocks(445, Ending::Refused);
    assert_eq!(outcome(&awake), ("backlog-full", Certainty::Likely, Verdict::Warning));
    assert_eq!(outcome(&crowded.ignores_echo()), ("unstable-path", Certainty::Likely, Verdict::Warning));
}

#[test]
fn strangers_are_named_and_web_proxies_apart() {
    let ssh = server().client(|a| a.meets(Stranger::Ssh, "SSH-2.0-OpenSSH_9.2", &[]));
    assert_eq!(outcome(&ssh), ("not-rdp", Certainty::Confirmed, Verdict::Broken));
    let proxy =
        server().client(|a| a.meets(Stranger::Http, "HTTP/1.1 400 Bad Request", &["Via: 1.1 gate (squid/5.7)"]));
    assert_eq!(outcome(&proxy), ("web-proxy-blocks", Certainty::Confirmed, Verdict::Broken));
}

#[test]
fn a_client_stays_with_the_address_that_takes_its_connection() {
    let scene = Scene::named("ts01", &["10.0.0.5", "10.0.0.6"]).client(closes).client(closes).tries(bare(), closes);
    let further = |a: Script| a.to("10.0.0.6:3389").selects(Protocols::HYBRID_EX);
    let diagnosis = judge(&scene.asks(Protocols::SSL, further).evidence());
    let root = diagnosis.root().unwrap();
    assert_eq!((root.cause.id, root.severity), ("connection-closed-early", Severity::Blocks));
}

#[test]
fn a_client_goes_on_from_an_address_that_does_not() {
    let scene = Scene::named("ts01", &["10.0.0.5", "10.0.0.6"]).client(syn_lost).client(syn_lost).answers_echo();
    let further = |a: Script| served(a.to("10.0.0.6:3389"));
    assert_eq!(outcome(&scene.client(further)).2, Verdict::Warning);
}
