use super::{after_the_handshake, remedies};
use crate::evidence::Evidence;
use crate::{Cause, Place, Remedy, Safety, Severity, Stage};

/// A session host that can give out no licence.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "license-unavailable",
    stage: Stage::Session,
    severity: Severity::Blocks,
    title: "No Remote Desktop licence is to be had",
    prior: -3,
    explains: &[],
    page: include_str!("license-unavailable.md"),
    detect: after_the_handshake,
    remedies,
};

fn remedies(_: &Evidence) -> Vec<Remedy> {
    vec![read_licensing(), remedies::connect_as_administrator(), configure_licensing()]
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
