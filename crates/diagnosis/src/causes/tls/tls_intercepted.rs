use super::rounds::{Pattern, pattern};
use super::signs::in_tls;
use crate::certificate::Certificate;
use crate::evidence::{Evidence, NtlmChallenge};
use crate::view::{AddressView, attempt_fact, client_first};
use crate::{Cause, Detection, Place, Proof, Remedy, Safety, Severity, Stage};

/// Names that devices and programs which inspect TLS write into the certificates that they make.
const INSPECTORS: [&str; 24] = [
    "avast",
    "barracuda",
    "bitdefender",
    "blue coat",
    "bluecoat",
    "burp",
    "check point",
    "eset ssl",
    "fiddler",
    "forcepoint",
    "fortigate",
    "fortinet",
    "kaspersky",
    "mcafee",
    "mitmproxy",
    "netskope",
    "palo alto",
    "sonicwall",
    "sophos",
    "squid",
    "umbrella",
    "untangle",
    "watchguard",
    "zscaler",
];

/// A device on the way opens TLS and shows a certificate of its own.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "tls-intercepted",
    stage: Stage::Tls,
    severity: Severity::Degrades,
    title: "A device between here and the server seems to open the TLS connection",
    prior: 0,
    explains: &[],
    page: include_str!("tls-intercepted.md"),
    detect,
    remedies,
};

fn detect(evidence: &Evidence) -> Detection {
    client_first(evidence, detect_at)
}

/// From one place it is never more than possible: the weights below stay under what makes a finding likely.
fn detect_at(address: AddressView<'_>) -> Detection {
    if in_tls(address).is_empty() {
        return Detection::Unknown(Vec::new());
    }
    let leaves = leaves(address);
    let sign = inspector(&leaves).or_else(|| other_name(address, &leaves)).or_else(|| two_keys(&leaves));
    let sign = sign.or_else(|| {
        let text = "a short hello is answered and the same hello padded is cut off, as some devices on the way do";
        (pattern(address) == Some(Pattern::Size)).then(|| Proof::of(text, Vec::new(), 6))
    });
    let target = &address.evidence.target;
    let missing = format!(
        "the certificate as the server itself has it, or as another network sees it: run `rdpdoctor diagnose {target}` \
         there and compare thumbprints"
    );
    sign.map_or(Detection::RuledOut, |proof| Detection::Likely(proof.missing(missing)))
}

/// The certificates served, with the attempts that saw them.
fn leaves(address: AddressView<'_>) -> Vec<(usize, Certificate)> {
    let leaf = |(index, attempt): (usize, &crate::evidence::Attempt)| {
        let der = attempt.tls.as_ref()?.chain.first()?;
        Some((index, Certificate::parse(der)?))
    };
    address.attempts().filter_map(leaf).collect()
}

fn inspector(leaves: &[(usize, Certificate)]) -> Option<Proof> {
    leaves.iter().find_map(|(index, leaf)| {
        let issuer = leaf.issuer.to_lowercase();
        let product = INSPECTORS.iter().find(|name| issuer.contains(*name))?;
        let text = format!(
            "the certificate was issued by \"{}\", a name of products that inspect TLS ({product})",
            leaf.issuer
        );
        Some(Proof::of(text, [attempt_fact(*index)], 8))
    })
}

/// A certificate from an authority for the name that was asked, while the machine behind it gives another name.
fn other_name(address: AddressView<'_>, leaves: &[(usize, Certificate)]) -> Option<Proof> {
    let (asked, fact) = address.attempts().find_map(|(index, attempt)| {
        let challenge = attempt.credssp.as_ref()?.challenge.as_ref()?;
        Some((challenge.clone(), attempt_fact(index)))
    })?;
    let host = address.evidence.target.host.to_lowercase();
    let named =
        |leaf: &Certificate| !leaf.self_issued && leaf.names().iter().any(|name| name.eq_ignore_ascii_case(&host));
    let (index, leaf) = leaves.iter().find(|(_, leaf)| named(leaf))?;
    let computer = gives_another_name(&asked, &host)?;
    let text = format!(
        "\"{}\" issued a certificate for {host}, and the machine that speaks CredSSP behind it calls itself {computer}",
        leaf.issuer
    );
    Some(Proof::of(text, [attempt_fact(*index), fact], 4))
}

fn gives_another_name(challenge: &NtlmChallenge, host: &str) -> Option<String> {
    let label = host.split('.').next().unwrap_or(host);
    let computer = challenge.dns_computer.as_ref().or(challenge.computer.as_ref())?;
    let own = computer.split('.').next().unwrap_or(computer);
    // A NetBIOS name ends after 15 characters.
    let same = own.eq_ignore_ascii_case(label) || label.get(..15).is_some_and(|cut| own.eq_ignore_ascii_case(cut));
    (!same).then(|| computer.clone())
}

fn two_keys(leaves: &[(usize, Certificate)]) -> Option<Proof> {
    let (first, leaf) = leaves.first()?;
    let (other, _) = leaves.iter().find(|(_, other)| other.key_sha256 != leaf.key_sha256)?;
    let text = "two connections met certificates with different keys: a device that makes them, or several servers \
                behind one address";
    Some(Proof::of(text, [attempt_fact(*first), attempt_fact(*other)], 4))
}

fn remedies(evidence: &Evidence) -> Vec<Remedy> {
    let (host, port) = (&evidence.target.host, evidence.target.port);
    let compare = Remedy {
        title: "Compare the thumbprint in this report with the one on the server; if they differ, somebody stands between".into(),
        place: Place::Server,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: vec![
            r"Get-ChildItem 'Cert:\LocalMachine\Remote Desktop', 'Cert:\LocalMachine\My' | Format-List Subject, Thumbprint".into(),
            "(Get-CimInstance -Namespace root/cimv2/TerminalServices -ClassName Win32_TSGeneralSetting).SSLCertificateSHA1Hash".into(),
        ],
        cmd: vec![r#"certutil -store "Remote Desktop""#.into(), "certutil -store My".into()],
        undo: "nothing is changed".into(),
    };
    let exempt = Remedy {
        title: format!(
            "Ask the network team whether TLS to {host} on TCP port {port} is inspected, and to exempt it: inspection also breaks CredSSP's channel binding"
        ),
        place: Place::Network,
        safety: Safety::Manual,
        interrupts: String::new(),
        commands: Vec::new(),
        cmd: Vec::new(),
        undo: "take the exemption back".into(),
    };
    vec![compare, exempt]
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use rdpdoctor_protocol::negotiation::Protocols;
    use rdpdoctor_protocol::tls::{CipherSuite, ProtocolVersion};

    use super::super::offers;
    use super::*;
    use crate::certificate::KeyKind;
    use crate::evidence::{CredsspSeen, Ending};
    use crate::testing::{Scene, Script};
    use crate::view::client_address;
    use crate::{Certainty, judge};

    fn leaf(name: &str, issuer: &str, key: &str) -> Certificate {
        Certificate {
            subject: format!("CN={name}"),
            issuer: format!("CN={issuer}"),
            common_name: Some(name.to_owned()),
            dns_names: Vec::new(),
            addresses: Vec::new(),
            not_before: Timestamp::UNIX_EPOCH,
            not_after: Timestamp::UNIX_EPOCH,
            key: KeyKind::Rsa { bits: 2048 },
            signature: "sha256WithRSAEncryption".into(),
            purposes: None,
            may_sign: true,
            may_decipher: true,
            self_issued: name == issuer,
            sha1: String::new(),
            sha256: String::new(),
            key_sha256: key.to_owned(),
        }
    }

    fn served(attempt: Script) -> Script {
        attempt.selects(Protocols::HYBRID_EX).completes_tls()
    }

    fn cut_off(attempt: Script) -> Script {
        attempt.selects(Protocols::HYBRID_EX).starts_tls().ends(Ending::Reset)
    }

    fn calls_itself(computer: &str) -> Evidence {
        let mut evidence = Scene::named("ts01.example.net", &["10.0.0.5"]).client(served).evidence();
        let challenge = NtlmChallenge {
            computer: Some(computer.to_uppercase()),
            domain: None,
            dns_computer: Some(format!("{computer}.example.net")),
            dns_domain: None,
            forest: None,
            version: None,
            server_time: None,
            local_time: Timestamp::UNIX_EPOCH,
        };
        evidence.attempts[0].credssp = Some(CredsspSeen {
            after_ms: 1.0,
            version: Some(6),
            challenge: Some(challenge),
            error_code: None,
            declined: false,
            malformed: None,
        });
        evidence
    }

    #[test]
    fn fires_on_an_issuer_that_inspects() {
        let leaves = [(0, leaf("ts01", "FG100E Fortinet_CA_SSL", "a"))];
        let proof = inspector(&leaves).unwrap();
        assert!(proof.items[0].text.contains("fortinet") && proof.weight() < 10);
        assert_eq!(inspector(&[(0, leaf("ts01", "Example Issuing CA", "a"))]), None);
    }

    #[test]
    fn fires_when_the_machine_behind_gives_another_name() {
        let leaves = [(0, leaf("ts01.example.net", "Example Issuing CA", "a"))];
        let evidence = calls_itself("web7");
        assert!(other_name(client_address(&evidence).unwrap(), &leaves).is_some());
        let itself = calls_itself("ts01");
        assert_eq!(other_name(client_address(&itself).unwrap(), &leaves), None);
        let self_signed = [(0, leaf("ts01.example.net", "ts01.example.net", "a"))];
        assert_eq!(other_name(client_address(&evidence).unwrap(), &self_signed), None);
    }

    #[test]
    fn fires_on_two_keys_and_not_on_one() {
        let same = [(0, leaf("ts01", "ts01", "a")), (1, leaf("ts01", "ts01", "a"))];
        assert_eq!(two_keys(&same), None);
        let other = [(0, leaf("ts01", "ts01", "a")), (1, leaf("ts01", "ts01", "b"))];
        assert!(two_keys(&other).unwrap().weight() < 10);
    }

    #[test]
    fn a_hello_that_must_be_short_is_possible_at_most() {
        let takes =
            |a: Script| a.selects(Protocols::HYBRID_EX).answers_hello(ProtocolVersion::TLS12, CipherSuite(0xc030));
        let scene = Scene::at("10.0.0.5").client(cut_off).client(cut_off).tries(offers::small(), takes);
        let diagnosis = judge(&scene.tries(offers::padded(), cut_off).evidence());
        let finding = diagnosis.findings.iter().find(|finding| finding.cause.id == "tls-intercepted").unwrap();
        assert_eq!(finding.certainty, Certainty::Possible);
        assert!(finding.proof.missing[0].contains("compare thumbprints"));
        assert_eq!(diagnosis.root().unwrap().cause.id, "handshake-reset");
    }

    #[test]
    fn near_miss_a_plain_server_and_unknown_before_tls() {
        assert_eq!(detect(&Scene::at("10.0.0.5").client(served).evidence()), Detection::RuledOut);
        assert_eq!(detect(&Scene::at("10.0.0.5").evidence()), Detection::Unknown(Vec::new()));
    }
}
