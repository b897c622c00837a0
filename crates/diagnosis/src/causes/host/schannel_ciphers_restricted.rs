use std::collections::BTreeSet;

use rdpdoctor_protocol::tls::{CipherSuite, NamedGroup, ProtocolVersion};

use super::in_use::{Listener, in_use};
use super::signs::{by_host, unless_client_is_served};
use crate::catalogue::{Abilities, Interop, ServerKey, judge_tls, profile};
use crate::causes::policy::{Side, naming, with_author};
use crate::causes::step::{READ, Step, remedies};
use crate::clients::server_key;
use crate::evidence::Snapshot;
use crate::host_tls::{State, SuiteList, curves, defaults, left, protocols, switched_off};
use crate::{Cause, Detection, Proof, Safety, Severity, Stage};

/// Hardening has left the listener too few suites, hashes or key exchanges.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "schannel-ciphers-restricted",
    stage: Stage::Host,
    severity: Severity::Blocks,
    title: "Cipher suites that clients need are switched off on the server",
    prior: -3,
    explains: &["cipher-suite-mismatch", "handshake-reset"],
    page: include_str!("schannel-ciphers-restricted.md"),
    detect: |evidence| by_host(evidence, unless_client_is_served(evidence), look),
    remedies: |evidence| {
        let restore = naming(remedies(&[&RESTORE_LIST]), evidence.host.as_deref(), look);
        [remedies(&[&READ_SUITES]), restore, remedies(&[&ALLOW_ALGORITHMS])].concat()
    },
};

/// Current clients of Windows: where one of them agrees with the server, the rest is hardening.
const CURRENT: [&str; 3] = ["windows-11-25h2", "windows-11-24h2", "windows-10-22h2"];
/// Names that a proof quotes.
const QUOTED: usize = 4;

fn look(host: &Snapshot) -> Detection {
    let Some(server) = Server::of(host) else { return Detection::Unknown(Vec::new()) };
    // That no version is left is told by another cause.
    if server.versions.is_empty() {
        return Detection::RuledOut;
    }
    let (Some(list), set) = (SuiteList::of(host), curves(host)) else { return Detection::Unknown(Vec::new()) };
    let Some(usable) = left(host, &list.suites) else { return Detection::Unknown(Vec::new()) };
    let groups = set.as_ref().map(|(groups, _)| groups.clone());
    if server.agrees(&usable, groups.as_ref()) {
        return Detection::RuledOut;
    }
    if !server.agrees(&list.suites, None) {
        return by_list(host, &server, &list);
    }
    if !server.agrees(&usable, None) {
        return by_switches(host, &list);
    }
    let fact = set.map(|(_, fact)| fact);
    let text = "the list of curves that somebody set leaves none that current Windows clients offer";
    Detection::Likely(with_author(Proof::of(text, fact, 20), host, Side::Server, "curve-policy"))
}

/// Whether its settings leave the machine a suite in common with current Windows clients; none where that is not known.
pub fn suites_suffice(host: &Snapshot) -> Option<bool> {
    match look(host) {
        Detection::RuledOut => Some(true),
        Detection::Confirmed(_) | Detection::Likely(_) => Some(false),
        Detection::Unknown(_) => None,
    }
}

/// What the machine can do in TLS beside its suites.
struct Server {
    versions: BTreeSet<ProtocolVersion>,
    own: Abilities,
}

impl Server {
    fn of(host: &Snapshot) -> Option<Self> {
        let used = |state: State| matches!(state, State::On | State::OnRequest);
        let all = protocols(host)?;
        if all.iter().any(|one| one.state == State::Unread) {
            return None;
        }
        let versions = all.iter().filter(|one| used(one.state)).map(|one| one.version).collect();
        let key = match in_use(host) {
            Listener::Uses(used) => server_key(used.leaf.key)?,
            Listener::Unknown | Listener::Nothing => ServerKey::Rsa { bits: None },
        };
        Some(Self { versions, own: Abilities { key, ..Abilities::of_server(defaults(host)?)? } })
    }

    /// Whether a current client finds a version with a suite. A version without one is passed over.
    fn agrees(&self, suites: &[CipherSuite], groups: Option<&BTreeSet<NamedGroup>>) -> bool {
        let at = |version: &ProtocolVersion| Abilities {
            versions: BTreeSet::from([*version]),
            suites: suites.to_vec(),
            groups: groups.cloned().or_else(|| self.own.groups.clone()),
            ..self.own.clone()
        };
        let clients = || CURRENT.iter().filter_map(|id| profile(id));
        self.versions
            .iter()
            .map(at)
            .any(|server| clients().any(|client| matches!(judge_tls(client, &server), Interop::Ok { .. })))
    }
}

fn by_list(host: &Snapshot, server: &Server, list: &SuiteList) -> Detection {
    let by = list.by.unwrap_or("this build");
    let key = match server.own.key {
        ServerKey::Rsa { .. } => "the RSA key of its certificate",
        ServerKey::Ec { .. } => "the elliptic key of its certificate",
    };
    let names = some(list.suites.iter().map(ToString::to_string));
    let text = format!("{by} leaves {names}: with {key} current Windows clients share none of them");
    let mut proof = with_author(Proof::of(text, [list.fact.clone()], 25), host, Side::Server, "suite-policy");
    if !list.unknown.is_empty() {
        let text = format!("it names what is no cipher suite: {}", some(list.unknown.iter().cloned()));
        proof = proof.and(text, [list.fact.clone()], 0);
    }
    let more: Vec<CipherSuite> = list.suites.iter().chain(&list.doubtful).copied().collect();
    let all = left(host, &more).unwrap_or_default();
    if !server.agrees(&all, None) {
        return Detection::Confirmed(proof);
    }
    let text = "the others of the list lack the curve that this build wants at the end of the name (_P256, _P384)";
    Detection::Likely(
        proof.and(text, [list.fact.clone()], 0).missing("whether this build takes them without: a probe tells"),
    )
}

fn by_switches(host: &Snapshot, list: &SuiteList) -> Detection {
    let mut found: Vec<(String, String)> = Vec::new();
    for switch in list.suites.iter().filter_map(|suite| switched_off(host, *suite)).flatten() {
        if !found.contains(&switch) {
            found.push(switch);
        }
    }
    let names = some(found.iter().map(|(place, _)| place.clone()));
    let text = format!("{names} switched off: no suite that current Windows clients offer is left");
    Detection::Likely(Proof::of(text, found.into_iter().map(|(_, fact)| fact), 25))
}

fn some(names: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = names.collect();
    let shown: Vec<&str> = all.iter().take(QUOTED).map(String::as_str).collect();
    match (all.len(), all.len().saturating_sub(QUOTED)) {
        (0, _) => "nothing that is known".to_owned(),
        (_, 0) => shown.join(", "),
        (_, more) => format!("{} and {more} more", shown.join(", ")),
    }
}

const READ_SUITES: Step = Step {
    title: "See which suites are left and which policy or value took the others; 36874 says that a client had none in common with the server",
    commands: &[
        "Get-TlsCipherSuite | Format-Table Name",
        r"Get-ItemProperty 'HKLM:\SOFTWARE\Policies\Microsoft\Cryptography\Configuration\SSL\00010002' -ErrorAction SilentlyContinue | Select-Object Functions",
        r"Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Cryptography\Configuration\Local\SSL\00010003' | Select-Object -ExpandProperty Functions",
        r"reg query HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL /s",
        "Get-WinEvent -FilterHashtable @{LogName='System'; ProviderName='Schannel'; Id=36874,36888} -MaxEvents 20 | Format-List TimeCreated, Id, Message",
    ],
    cmd: &[
        r"reg query HKLM\SOFTWARE\Policies\Microsoft\Cryptography\Configuration\SSL\00010002 /v Functions",
        r"reg query HKLM\SYSTEM\CurrentControlSet\Control\Cryptography\Configuration\Local\SSL\00010003 /v Functions",
        r"reg query HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL /s",
        r#"wevtutil qe System /q:"*[System[Provider[@Name='Schannel'] and (EventID=36874 or EventID=36888)]]" /c:20 /rd:true /f:text"#,
    ],
    ..READ
};

const RESTORE_LIST: Step = Step {
    title: "Where the policy's list is too short: take it away, so that the default of this build holds, or add the ECDHE suites with AES-GCM to it; a domain policy has to be changed itself, or writes its list again",
    safety: Safety::Disruptive,
    interrupts: "Schannel reads its suites when the machine starts: it has to be restarted",
    commands: &[
        r"reg export 'HKLM\SOFTWARE\Policies\Microsoft\Cryptography\Configuration\SSL\00010002' C:\suites-before.reg /y",
        r"Remove-ItemProperty 'HKLM:\SOFTWARE\Policies\Microsoft\Cryptography\Configuration\SSL\00010002' Functions",
        "Restart-Computer",
    ],
    cmd: &[
        r#"reg export "HKLM\SOFTWARE\Policies\Microsoft\Cryptography\Configuration\SSL\00010002" C:\suites-before.reg /y"#,
        r#"reg delete "HKLM\SOFTWARE\Policies\Microsoft\Cryptography\Configuration\SSL\00010002" /v Functions /f"#,
        "shutdown /r /t 0",
    ],
    undo: r"reg import C:\suites-before.reg, and restart again",
    ..READ
};

/// By name: what was switched off with good reason, RC4 or 3DES for instance, stays off.
const ALLOW_ALGORITHMS: Step = Step {
    title: "Where AES, SHA-2, ECDH or RSA (PKCS) has Enabled 0 below SCHANNEL: take away that value, and no other, and restart; the lines below fail harmlessly where a value is absent",
    safety: Safety::Disruptive,
    interrupts: "Schannel reads its algorithms when the machine starts: it has to be restarted",
    commands: ALLOW_LINES,
    cmd: ALLOW_LINES,
    undo: r"reg import C:\schannel-before.reg, and restart again",
    ..READ
};

/// In both shells the same: PowerShell's own commands take the slash in `AES 128/128` for a separator.
const ALLOW_LINES: &[&str] = &[
    r"reg export HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL C:\schannel-before.reg /y",
    r#"reg delete "HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Ciphers\AES 128/128" /v Enabled /f"#,
    r#"reg delete "HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Ciphers\AES 256/256" /v Enabled /f"#,
    r"reg delete HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Hashes\SHA256 /v Enabled /f",
    r"reg delete HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Hashes\SHA384 /v Enabled /f",
    r"reg delete HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\KeyExchangeAlgorithms\ECDH /v Enabled /f",
    r"reg delete HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\KeyExchangeAlgorithms\PKCS /v Enabled /f",
    "shutdown /r /t 0",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::snapshot::RegistryValue;
    use crate::testing::{CertificateMaker, Machine};
    use crate::{Certainty, Verdict, judge};

    const ROOT: &str = r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL";
    const GCM: &str = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384";

    fn list(names: &str) -> Machine {
        Machine::healthy().text("suite-policy", names)
    }

    fn off(keys: &[&str]) -> Machine {
        let value =
            |machine: Machine, key: &&str| machine.value(&format!("{ROOT}\\{key}"), "Enabled", RegistryValue::Dword(0));
        keys.iter().fold(Machine::healthy(), value)
    }

    #[test]
    fn fires_on_a_list_without_a_suite_for_its_key() {
        for names in ["TLS_NONSENSE", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,TLS_RSA_WITH_NULL_SHA256"] {
            for machine in [list(names), list(names).on_disk()] {
                let diagnosis = judge(&machine.evidence());
                let root = diagnosis.root().unwrap();
                assert_eq!((root.cause.id, root.certainty), ("schannel-ciphers-restricted", Certainty::Confirmed));
                assert_eq!(diagnosis.verdict, Verdict::Broken);
            }
        }
    }

    #[test]
    fn the_key_of_the_certificate_decides() {
        let elliptic = CertificateMaker::issued("ts01", "Corp CA").curve(&[1, 2, 840, 10045, 3, 1, 7]);
        let machine = |names: &str| list(names).certificate("My", &elliptic, "tp-1").pins(&elliptic);
        assert_eq!(look(&machine("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384").snapshot()), Detection::RuledOut);
        assert!(matches!(look(&machine(GCM).snapshot()), Detection::Confirmed(_)));
    }

    #[test]
    fn likely_where_switches_or_curves_took_them() {
        let no_aes = off(&[r"Ciphers\AES 128/128", r"Ciphers\AES 256/256", r"Ciphers\Triple DES 168"]);
        let Detection::Likely(proof) = look(&no_aes.snapshot()) else { panic!("no cipher is left") };
        assert!(proof.items[0].text.contains("AES 256/256"));
        let curves = list(GCM).text("curve-policy", "NistP521");
        let Detection::Likely(proof) = look(&curves.snapshot()) else { panic!("no curve is left") };
        assert!(proof.items[0].text.contains("curves"));
    }

    #[test]
    fn likely_where_an_older_build_wants_the_curve_in_the_name() {
        let machine = list(GCM).build(9600, "Server");
        assert!(matches!(look(&machine.snapshot()), Detection::Likely(_)));
    }

    #[test]
    fn near_misses_hardening_that_leaves_enough() {
        for machine in [Machine::healthy(), list(GCM), off(&[r"Ciphers\AES 128/128", r"Hashes\SHA"])] {
            assert_eq!(look(&machine.snapshot()), Detection::RuledOut);
        }
        let modern = list("TLS_AES_256_GCM_SHA384").build(20348, "Server");
        assert_eq!(look(&modern.snapshot()), Detection::RuledOut);
    }

    #[test]
    fn unknown_where_nothing_was_read() {
        assert_eq!(look(&Machine::unread().snapshot()), Detection::Unknown(Vec::new()));
        let path = crate::catalogue::setting("suite-policy").unwrap().path;
        assert_eq!(look(&Machine::healthy().unreadable(path).snapshot()), Detection::Unknown(Vec::new()));
    }
}
