use super::signs::unless_client_is_served;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Safety, Severity, Stage};

/// Hardening has left the listener too few suites, hashes or key exchanges.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "schannel-ciphers-restricted",
    stage: Stage::Host,
    severity: Severity::Blocks,
    title: "Cipher suites that clients need are switched off on the server",
    prior: -3,
    explains: &["cipher-suite-mismatch", "handshake-reset"],
    page: include_str!("schannel-ciphers-restricted.md"),
    detect: unless_client_is_served,
    remedies: |_| remedies(&[&READ_SUITES, &RESTORE_LIST, &ALLOW_ALGORITHMS]),
};

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
