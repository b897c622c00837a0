use super::signs::unless_tls_is_spoken;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Safety, Severity, Stage};

/// Hardening has left the listener no TLS version.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "schannel-protocol-disabled",
    stage: Stage::Host,
    severity: Severity::Blocks,
    title: "Every TLS version that the server could use is switched off",
    prior: -3,
    explains: &["certificate-missing", "handshake-reset", "private-key-unusable", "tls-version-mismatch"],
    page: include_str!("schannel-protocol-disabled.md"),
    detect: unless_tls_is_spoken,
    remedies: |_| remedies(&[&READ_SCHANNEL, &ENABLE_TLS12]),
};

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
