use rdpdoctor_protocol::stranger::Stranger;

use super::signs::{ask_network, telling};
use crate::evidence::{Ending, Evidence, StrangerSeen};
use crate::view::{AddressView, attempt_fact, client_first};
use crate::{Cause, Detection, Place, Proof, Remedy, Safety, Severity, Stage};

/// A web proxy or filter answers in the server's place.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "web-proxy-blocks",
    stage: Stage::Connect,
    severity: Severity::Blocks,
    title: "A web proxy answers in the server's place",
    prior: 0,
    explains: &[],
    page: include_str!("web-proxy-blocks.md"),
    detect,
    remedies,
};

fn detect(evidence: &Evidence) -> Detection {
    client_first(evidence, at)
}

fn at(address: AddressView<'_>) -> Detection {
    let seen = telling(address);
    if seen.is_empty() {
        return Detection::Unknown(Vec::new());
    }
    let proxied = seen.into_iter().find_map(|(index, attempt)| match &attempt.ending {
        Ending::Stranger(stranger) if is_web_proxy(stranger) => Some((index, stranger)),
        _ => None,
    });
    let Some((index, stranger)) = proxied else { return Detection::RuledOut };
    let sentence = format!("{} answered in HTTP: \"{}\"", address.endpoint, stranger.banner);
    let proof = Proof::of(sentence, [attempt_fact(index)], 15).and(mark(stranger), [attempt_fact(index)], 15);
    if address.speaks_rdp() { Detection::Likely(proof) } else { Detection::Confirmed(proof) }
}

/// HTTP that carries what only a proxy or filter sends: its headers, or the demand to log in to it.
pub(super) fn is_web_proxy(stranger: &StrangerSeen) -> bool {
    stranger.protocol == Stranger::Http && (!stranger.proxy_markers.is_empty() || demands_login(stranger))
}

/// Status 407 Proxy Authentication Required (RFC 9110 section 15.5.8).
fn demands_login(stranger: &StrangerSeen) -> bool {
    stranger.banner.split_whitespace().nth(1) == Some("407")
}

fn mark(stranger: &StrangerSeen) -> String {
    match stranger.proxy_markers.first() {
        Some(marker) => format!("only a web proxy or filter sends \"{marker}\""),
        None => "only a web proxy demands a login with status 407".into(),
    }
}

fn remedies(evidence: &Evidence) -> Vec<Remedy> {
    let (host, port) = (&evidence.target.host, evidence.target.port);
    let client = Remedy {
        title: "See whether the name leads to the proxy instead of the server".into(),
        place: Place::Client,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: vec![format!("nslookup {host}")],
        cmd: Vec::new(),
        undo: "nothing is changed".into(),
    };
    let exempt = format!(
        "Ask the network team to take TCP port {port} to {host} out of the proxy's interception and route it directly"
    );
    vec![client, ask_network(exempt, "put the port back under interception")]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Scene;
    use crate::{Certainty, Verdict, judge};

    fn scene(banner: &str, markers: &[&str]) -> Scene {
        Scene::at("10.0.0.5").client(|a| a.meets(Stranger::Http, banner, markers))
    }

    #[test]
    fn fires_on_the_headers_of_a_proxy() {
        let diagnosis = judge(&scene("HTTP/1.1 400 Bad Request", &["Via: 1.1 gate (squid/5.7)"]).evidence());
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("web-proxy-blocks", Certainty::Confirmed));
        assert_eq!(diagnosis.verdict, Verdict::Broken);
    }

    #[test]
    fn fires_on_the_demand_to_log_in_to_a_proxy() {
        let diagnosis = judge(&scene("HTTP/1.1 407 Proxy Authentication Required", &[]).evidence());
        assert_eq!(diagnosis.root().unwrap().cause.id, "web-proxy-blocks");
    }

    #[test]
    fn near_miss_a_web_server_of_its_own() {
        let evidence = scene("HTTP/1.1 400 Bad Request", &[]).evidence();
        assert_eq!(detect(&evidence), Detection::RuledOut);
        assert_eq!(judge(&evidence).root().unwrap().cause.id, "not-rdp");
    }

    #[test]
    fn unknown_before_anything_was_tried() {
        assert_eq!(detect(&Scene::at("10.0.0.5").evidence()), Detection::Unknown(Vec::new()));
    }
}
