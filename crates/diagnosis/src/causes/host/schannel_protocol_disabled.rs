use rdpdoctor_protocol::tls::ProtocolVersion;

use super::ahead::by_host_ahead;
use super::signs::unless_tls_is_spoken;
use crate::causes::logged::lately;
use crate::causes::step::{READ, Step, remedies};
use crate::evidence::Snapshot;
use crate::evidence::snapshot::HostEvent;
use crate::host_tls::{Protocol, State, protocols};
use crate::{Cause, Detection, Proof, Safety, Severity, Stage};

/// Hardening has left the listener no TLS version.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "schannel-protocol-disabled",
    stage: Stage::Host,
    severity: Severity::Blocks,
    title: "Every TLS version that the server could use is switched off",
    prior: -3,
    explains: &["certificate-missing", "handshake-reset", "private-key-unusable", "tls-version-mismatch"],
    page: include_str!("schannel-protocol-disabled.md"),
    detect: |evidence| by_host_ahead(evidence, unless_tls_is_spoken(evidence), look),
    remedies: |_| remedies(&[&READ_SCHANNEL, &ENABLE_TLS12]),
};

fn look(host: &Snapshot) -> Detection {
    let Some(all) = protocols(host) else { return Detection::Unknown(Vec::new()) };
    let is = |one: &Protocol, state: State| one.state == state;
    let current = |one: &&Protocol| one.version >= ProtocolVersion::TLS12;
    if all.iter().filter(current).any(|one| is(one, State::On)) {
        return Detection::RuledOut;
    }
    let counted = || all.iter().filter(|one| one.version >= ProtocolVersion::TLS10);
    if counted().any(|one| is(one, State::Unread)) {
        return Detection::Unknown(Vec::new());
    }
    let gone: Vec<&Protocol> = counted().filter(|one| one.by_default && !is(one, State::On)).collect();
    // What the build never had is not switched off.
    if !gone.iter().copied().any(|one| current(&one)) && counted().any(|one| is(one, State::On)) {
        return Detection::RuledOut;
    }
    let old = counted().find(|one| is(one, State::On));
    let proof = told_by_schannel(host, proof(&gone));
    let proof = match old {
        Some(old) => {
            let text =
                format!("{} is left: current mstsc takes it, and clients that demand TLS 1.2 do not", old.version);
            proof.and(text, [old.fact.clone()], 0).severity(Severity::Degrades)
        }
        None => proof,
    };
    if counted().any(|one| is(one, State::OnRequest)) {
        let asks = "whether the listener asks for what is only not on by default: a probe tells";
        return Detection::Likely(proof.missing(asks));
    }
    Detection::Confirmed(proof)
}

fn proof(gone: &[&Protocol]) -> Proof {
    gone.iter().enumerate().fold(Proof::default(), |proof, (place, one)| {
        let how = if one.state == State::OnRequest { "is not on by default" } else { "is switched off" };
        let text = format!("{} {how} for servers ({})", one.version, one.place);
        proof.and(text, [one.fact.clone()], if place == 0 { 25 } else { 0 })
    })
}

/// Schannel had no protocol for a server's credentials (error state 10013).
fn told_by_schannel(host: &Snapshot, proof: Proof) -> Proof {
    let says = |name: &str, value: &str, event: &HostEvent| {
        event.field(name).is_some_and(|text| text.eq_ignore_ascii_case(value))
    };
    let events = lately(host, "Schannel", &[36871], 24 * 30);
    let mut ours =
        events.into_iter().filter(|one| says("Type", "server", one.event) && says("ErrorState", "10013", one.event));
    ours.next_back().into_iter().fold(proof, |proof, last| {
        let text =
            format!("event 36871 at {}, of type server and error state 10013, says that none is left", last.when());
        proof.and(text, [last.fact], 5)
    })
}

const READ_SCHANNEL: Step = Step {
    title: "See which protocols are switched off and whether by hand or policy; 36871 of type server with error state 10013 at the start of the service says that none is left",
    commands: &[
        r"Get-ChildItem 'HKLM:\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols' -Recurse -ErrorAction SilentlyContinue | Get-ItemProperty | Format-List PSPath, Enabled, DisabledByDefault",
        "Get-WinEvent -FilterHashtable @{LogName='System'; ProviderName='Schannel'; Id=36871,36874} -MaxEvents 20 | Format-List TimeCreated, Id, Message",
    ],
    cmd: &[
        r"reg query HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols /s",
        r#"wevtutil qe System /q:"*[System[Provider[@Name='Schannel'] and (EventID=36871 or EventID=36874)]]" /c:20 /rd:true /f:text"#,
    ],
    ..READ
};

const ENABLE_TLS12: Step = Step {
    title: "Allow TLS 1.2 for servers again, and restart the machine; on Server 2008 R2 and Windows 7 update KB3080079 has to be there first",
    safety: Safety::Disruptive,
    interrupts: "Schannel reads its protocols when the machine starts: it has to be restarted",
    commands: &[
        r"if (-not (Test-Path 'HKLM:\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Server')) { New-Item 'HKLM:\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Server' -Force }",
        r"Set-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Server' Enabled 1 -Type DWord",
        r"Set-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Server' DisabledByDefault 0 -Type DWord",
        "Restart-Computer",
    ],
    cmd: &[
        r#"reg add "HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Server" /v Enabled /t REG_DWORD /d 1 /f"#,
        r#"reg add "HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Server" /v DisabledByDefault /t REG_DWORD /d 0 /f"#,
        "shutdown /r /t 0",
    ],
    undo: "set both values back to what they were before, or delete them where they were absent, and restart again",
    ..READ
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::snapshot::RegistryValue;
    use crate::testing::Machine;
    use crate::{Certainty, Verdict, judge};

    fn set(machine: Machine, versions: &[&str], name: &str, number: u32) -> Machine {
        let root = r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols";
        versions.iter().fold(machine, |machine, version| {
            machine.value(&format!("{root}\\{version}\\Server"), name, RegistryValue::Dword(number))
        })
    }

    fn off(versions: &[&str]) -> Machine {
        set(Machine::healthy(), versions, "Enabled", 0)
    }

    #[test]
    fn fires_where_none_is_left() {
        let server: &[_] = &[("Type", "server"), ("ErrorState", "10013")];
        for machine in [off(&["TLS 1.0", "TLS 1.1", "TLS 1.2"]), off(&["TLS 1.0", "TLS 1.1", "TLS 1.2"]).on_disk()] {
            let diagnosis = judge(&machine.event("System", "Schannel", 36871, 60, server).evidence());
            let root = diagnosis.root().unwrap();
            assert_eq!((root.cause.id, root.certainty), ("schannel-protocol-disabled", Certainty::Confirmed));
            assert_eq!(diagnosis.verdict, Verdict::Broken);
            assert!(root.proof.items.iter().any(|item| item.text.contains("36871")));
        }
    }

    #[test]
    fn degrades_where_only_old_versions_are_left() {
        let diagnosis = judge(&off(&["TLS 1.2"]).evidence());
        assert_eq!(diagnosis.root().unwrap().cause.id, "schannel-protocol-disabled");
        assert_eq!(diagnosis.verdict, Verdict::Warning);
    }

    #[test]
    fn near_misses_hardening_and_what_the_build_never_had() {
        assert_eq!(look(&off(&["TLS 1.0", "TLS 1.1"]).snapshot()), Detection::RuledOut);
        assert_eq!(look(&off(&["TLS 1.2"]).build(20348, "Server").snapshot()), Detection::RuledOut);
        assert_eq!(look(&Machine::healthy().build(7601, "Server").snapshot()), Detection::RuledOut);
    }

    #[test]
    fn likely_where_a_program_could_still_ask_for_it() {
        let machine = set(off(&["TLS 1.0", "TLS 1.1"]), &["TLS 1.2"], "DisabledByDefault", 1);
        assert!(matches!(look(&machine.snapshot()), Detection::Likely(_)));
    }

    #[test]
    fn unknown_where_nothing_was_read() {
        assert_eq!(look(&Machine::unread().snapshot()), Detection::Unknown(Vec::new()));
        let no_registry = Machine::unread().build(17763, "Server");
        assert_eq!(look(&no_registry.snapshot()), Detection::Unknown(Vec::new()));
    }
}
