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
