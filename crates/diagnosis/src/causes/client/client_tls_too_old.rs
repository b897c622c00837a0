use super::signs::{Role, Spoken, by_origin, names, spoken};
use crate::catalogue::{Profile, VersionRange};
use crate::causes::step::{READ, Step, remedies};
use crate::clients::{End, Fate, tls_alone};
use crate::evidence::{Evidence, Snapshot};
use crate::view::{client_address, origin_fact};
use crate::{Cause, Detection, Place, Proof, Safety, Severity, Stage};
use rdpdoctor_protocol::tls::ProtocolVersion;

/// A client that speaks no TLS version that the server still takes.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "client-tls-too-old",
    stage: Stage::Client,
    severity: Severity::Blocks,
    title: "The client speaks no TLS version that the server takes",
    prior: -3,
    explains: &["tls-version-mismatch"],
    page: include_str!("client-tls-too-old.md"),
    detect: |evidence| by_origin(evidence, |origin| look(origin, evidence)),
    remedies: |_| remedies(&[&SEE, &UPDATE, &OTHER]),
};

fn look(origin: &Snapshot, evidence: &Evidence) -> Detection {
    let Some(own) = spoken(origin, Role::Client) else { return Detection::Unknown(Vec::new()) };
    let (Some(from), Some(to)) = (own.versions.first(), own.versions.last()) else {
        return Detection::Confirmed(Proof::of("every TLS version is switched off for clients", facts(&own), 40));
    };
    match against_wire(&own, VersionRange { from: *from, to: *to }, evidence) {
        Some(Fate { end: End::Connects | End::Warns(_), .. }) => return Detection::RuledOut,
        Some(Fate { end: End::Fails(_), reason, facts: seen, .. })
            if !own.off.is_empty() || *to < ProtocolVersion::TLS12 =>
        {
            let text = format!("this client speaks {} only: {reason}", names(&own.versions));
            return Detection::Confirmed(Proof::of(text, facts(&own).chain(seen), 40));
        }
        _ => {}
    }
    if let Some(server) = evidence.host.as_deref().and_then(|host| spoken(host, Role::Server)) {
        return against_host(&own, &server);
    }
    if *to >= ProtocolVersion::TLS12 {
        return Detection::RuledOut;
    }
    let text = format!("this client speaks {} only, which many servers no longer take", names(&own.versions));
    let proof = Proof::of(text, facts(&own), 20).severity(Severity::Degrades);
    Detection::Likely(proof.missing("which versions the server takes: `rdpdoctor diagnose HOST` shows it"))
}

/// What becomes of this client, as its settings leave it, where somebody probed the server.
fn against_wire(own: &Spoken, left: VersionRange, evidence: &Evidence) -> Option<Fate> {
    let address = client_address(evidence)?;
    Some(tls_alone(&Profile { client: Some(left), ..own.profile.clone() }, address))
}

fn against_host(own: &Spoken, server: &Spoken) -> Detection {
    if own.versions.iter().any(|version| server.versions.contains(version)) {
        return Detection::RuledOut;
    }
    let takes = if server.versions.is_empty() { "none".to_owned() } else { names(&server.versions) };
    let text = format!("this client speaks {} only, and the server {takes}", names(&own.versions));
    Detection::Confirmed(Proof::of(text, facts(own), 40))
}

fn facts(own: &Spoken) -> impl Iterator<Item = String> {
    let keys: Vec<String> = own.off.iter().map(|path| origin_fact(&["registry", path])).collect();
    std::iter::once(origin_fact(&["build"])).chain(keys)
}

const SEE: Step = Step {
    title: "See how old the client is and which TLS versions it may use; `rdpdoctor diagnose HOST` lists which known clients get through",
    place: Place::Client,
    commands: &[
        r"(Get-Item $env:SystemRoot\System32\mstsc.exe).VersionInfo.FileVersion",
        r"Get-ChildItem 'HKLM:\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols' -Recurse -ErrorAction SilentlyContinue | Where-Object PSChildName -eq Client | Get-ItemProperty | Format-List PSPath, Enabled, DisabledByDefault",
    ],
    cmd: &[r"reg query HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols /s"],
    ..READ
};

const UPDATE: Step = Step {
    title: "Update the client: on Windows 7 the RDP 8.0 update (KB2592687) brings TLS 1.1 and 1.2; elsewhere a current release of the program and of its TLS library",
    place: Place::Client,
    safety: Safety::Manual,
    interrupts: "updates may restart the machine",
    undo: "remove the update again",
    ..READ
};

const OTHER: Step = Step {
    title: "Meanwhile connect with another client; do not switch TLS 1.0 on again on the server for one old machine",
    place: Place::Client,
    commands: &["rdpdoctor diagnose HOST"],
    ..READ
};

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::negotiation::Protocols;
    use rdpdoctor_protocol::tls::CipherSuite;

    use super::*;
    use crate::evidence::snapshot::RegistryValue;
    use crate::testing::{Machine, Scene};
    use crate::{Verdict, judge};

    const PROTOCOLS: &str = r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols";

    fn client(build: u32) -> Machine {
        Machine::healthy().build(build, "Client")
    }

    fn without(machine: Machine, versions: &[&str]) -> Machine {
        let off = |machine: Machine, version: &&str| {
            machine.value(&format!(r"{PROTOCOLS}\{version}\Client"), "Enabled", RegistryValue::Dword(0))
        };
        versions.iter().fold(machine, off)
    }

    fn detect(evidence: &Evidence) -> Detection {
        (CAUSE.detect)(evidence)
    }

    #[test]
    fn fires_where_nothing_is_left_and_where_the_server_takes_newer_versions_only() {
        let none = without(client(17763), &["TLS 1.0", "TLS 1.1", "TLS 1.2"]).as_origin();
        let diagnosis = judge(&none);
        assert_eq!((diagnosis.root().unwrap().cause.id, diagnosis.verdict), ("client-tls-too-old", Verdict::Broken));
        let old = without(client(17763), &["TLS 1.2"]);
        let host = ["TLS 1.0", "TLS 1.1"].iter().fold(Machine::healthy(), |host, version| {
            host.value(&format!(r"{PROTOCOLS}\{version}\Server"), "Enabled", RegistryValue::Dword(0))
        });
        let both = Evidence { host: host.evidence().host, ..old.as_origin() };
        assert!(matches!(detect(&both), Detection::Confirmed(_)));
    }

    #[test]
    fn an_old_client_alone_is_a_warning() {
        let diagnosis = judge(&without(client(22631), &["TLS 1.2", "TLS 1.3"]).as_origin());
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.severity), ("client-tls-too-old", Severity::Degrades));
        assert_eq!(diagnosis.verdict, Verdict::Warning);
    }

    #[test]
    fn near_miss_one_new_version_is_enough_and_what_connects_is_not_too_old() {
        assert_eq!(detect(&without(client(22631), &["TLS 1.0", "TLS 1.1"]).as_origin()), Detection::RuledOut);
        let origin = without(client(17763), &["TLS 1.0"]).as_origin().origin;
        let served = |a: crate::testing::Script| {
            a.selects(Protocols::SSL).completes(ProtocolVersion::TLS12, CipherSuite(0xc030))
        };
        let evidence = Evidence { origin, ..Scene::at("10.0.0.5").client(served).evidence() };
        assert_eq!(detect(&evidence), Detection::RuledOut);
    }

    #[test]
    fn unknown_where_schannel_or_the_build_is_not_read() {
        let unread = client(17763).unreadable(r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL");
        assert_eq!(detect(&unread.as_origin()), Detection::Unknown(Vec::new()));
        assert_eq!(detect(&Machine::unread().as_origin()), Detection::Unknown(Vec::new()));
    }
}
