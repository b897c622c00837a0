use super::{by_server, may_be_server, remedies};
use crate::causes::host::signs::setting_of;
use crate::causes::logged::{Logged, MANAGER, lately};
use crate::causes::policy::{Side, naming, with_author};
use crate::evidence::{Evidence, Snapshot};
use crate::{Cause, Detection, Place, Proof, Remedy, Safety, Severity, Stage};

/// A session host that can give out no licence.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "license-unavailable",
    stage: Stage::Session,
    severity: Severity::Blocks,
    title: "No Remote Desktop licence is to be had",
    prior: -3,
    explains: &[],
    page: include_str!("license-unavailable.md"),
    detect: |evidence| by_server(evidence, look),
    remedies,
};

/// The days of grace are over; the higher numbers are those of releases from 1803 on.
const OVER: [u32; 3] = [1069, 1128, 50280];
/// No mode or no server is named, or none answers, or the days of grace end soon.
const AHEAD: [u32; 7] = [1068, 1129, 1130, 1131, 50281, 50282, 50283];

const HOURS: i64 = 72;

fn look(host: &Snapshot) -> Detection {
    if !may_be_server(host) {
        return Detection::Unknown(Vec::new());
    }
    let newest = |ids: &[u32]| lately(host, MANAGER, ids, HOURS).pop();
    match (newest(&OVER), newest(&AHEAD)) {
        (Some(over), _) => ended(host, &over),
        (None, Some(ahead)) => Detection::Confirmed(proof(&ahead, 15).severity(Severity::Degrades)),
        (None, None) => Detection::Unknown(Vec::new()),
    }
}

/// A mode that was chosen since may have mended it.
fn ended(host: &Snapshot, over: &Logged<'_>) -> Detection {
    let (mode, fact) = setting_of(host, "licensing-mode");
    let proof = proof(over, 20);
    match mode.number() {
        Some(2 | 4) => {
            let text = "a licensing mode is set by now";
            Detection::Likely(proof.and(text, [fact], -5).missing("whether a licence server has answered since"))
        }
        Some(_) => {
            let proof = proof.and("no licensing mode is set (LicensingMode)", [fact], 5);
            Detection::Confirmed(with_author(proof, host, Side::Server, "licensing-mode"))
        }
        None => Detection::Confirmed(proof),
    }
}

fn proof(logged: &Logged<'_>, decibans: i16) -> Proof {
    let what = match logged.event.id {
        1069 | 1128 | 50280 => "the days of grace are over, and only administrators (/admin) still get in",
        1068 => "no licensing mode is set, and only the days of grace let people in",
        1129 | 50281 => "the days of grace end soon",
        1130 | 50282 => "no licence server is named",
        _ => "no licence server answered",
    };
    let text = format!("event {} at {}: {what}", logged.event.id, logged.when());
    Proof::of(text, [logged.fact.clone()], decibans)
}

fn remedies(evidence: &Evidence) -> Vec<Remedy> {
    let configure = naming(vec![configure_licensing()], evidence.host.as_deref(), look);
    [vec![read_licensing(), remedies::connect_as_administrator()], configure].concat()
}

fn read_licensing() -> Remedy {
    Remedy {
        title: "See which licensing mode and licence servers the session host has, how much of the grace period is left, and what it wrote".into(),
        place: Place::Server,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: vec!["Invoke-CimMethod -InputObject (Get-CimInstance -Namespace root/cimv2/TerminalServices -ClassName Win32_TerminalServiceSetting) -MethodName GetSpecifiedLicenseServerList".into(), "Get-CimInstance -Namespace root/cimv2/TerminalServices -ClassName Win32_TerminalServiceSetting | Format-List LicensingType, LicensingName".into(), "Invoke-CimMethod -InputObject (Get-CimInstance -Namespace root/cimv2/TerminalServices -ClassName Win32_TerminalServiceSetting) -MethodName GetGracePeriodDays".into(), "Get-WinEvent -LogName 'Microsoft-Windows-TerminalServices-RemoteConnectionManager/Admin' -MaxEvents 20 | Format-List TimeCreated, Id, Message".into()],
        cmd: vec![r#"reg query "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\RCM\Licensing Core""#.into(), r#"reg query "HKLM\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services" /v LicenseServers"#.into(), "wevtutil qe Microsoft-Windows-TerminalServices-RemoteConnectionManager/Admin /c:20 /rd:true /f:text".into()],
        undo: "nothing is changed".into(),
    }
}

fn configure_licensing() -> Remedy {
    Remedy {
        title: "Name a licence server that has licences for this release, and the licensing mode, by policy or in the deployment".into(),
        place: Place::Server,
        safety: Safety::Manual,
        interrupts: "nothing that runs; new connections follow the new setting".into(),
        commands: vec![r"Set-ItemProperty 'HKLM:\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services' LicenseServers 'LICENSESERVER' -Type String".into(), r"Set-ItemProperty 'HKLM:\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services' LicensingMode 4 -Type DWord".into()],
        cmd: vec![r#"reg add "HKLM\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services" /v LicenseServers /d LICENSESERVER /f"#.into(), r#"reg add "HKLM\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services" /v LicensingMode /t REG_DWORD /d 4 /f"#.into()],
        undo: "set both values back to what they were before, or delete them where they were absent (mode 4 is per user, 2 per device)".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Machine;
    use crate::{Verdict, judge};

    const ADMIN: &str = "Microsoft-Windows-TerminalServices-RemoteConnectionManager/Admin";

    fn said(id: u32, minutes: i64) -> Machine {
        Machine::healthy().event(ADMIN, MANAGER, id, minutes, &[])
    }

    #[test]
    fn blocks_when_the_days_of_grace_are_over() {
        for id in OVER {
            let diagnosis = judge(&said(id, 60).evidence());
            assert_eq!(
                (diagnosis.root().unwrap().cause.id, diagnosis.verdict),
                ("license-unavailable", Verdict::Broken)
            );
        }
    }

    #[test]
    fn endangers_while_they_last() {
        for id in AHEAD {
            let diagnosis = judge(&said(id, 60).evidence());
            let root = diagnosis.root().unwrap();
            assert_eq!((root.cause.id, root.severity), ("license-unavailable", Severity::Degrades));
        }
    }

    #[test]
    fn a_mode_that_is_set_makes_it_less_sure() {
        assert!(matches!(look(&said(1069, 60).dword("licensing-mode", 4).snapshot()), Detection::Likely(_)));
    }

    #[test]
    fn near_miss_an_event_of_last_week_and_a_client_edition() {
        assert_eq!(look(&said(1069, 60 * 24 * 7).snapshot()), Detection::Unknown(Vec::new()));
        assert_eq!(look(&said(1069, 60).build(19045, "Client").snapshot()), Detection::Unknown(Vec::new()));
    }
}
