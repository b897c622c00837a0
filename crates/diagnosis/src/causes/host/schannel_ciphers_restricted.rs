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
    remedies: |_| remedies(&[&READ_SUITES, &RESTORE]),
};

const READ_SUITES: Step = Step {
    title: "See which suites are left and which policy or value took the others; 36874 says that a client had none in common with the server",
    commands: &[
        "Get-TlsCipherSuite | Format-Table Name",
        r"Get-ItemProperty 'HKLM:\SOFTWARE\Policies\Microsoft\Cryptography\Configuration\SSL\00010002' -ErrorAction SilentlyContinue | Select-Object Functions",
        r"Get-ChildItem 'HKLM:\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Ciphers', 'HKLM:\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Hashes', 'HKLM:\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\KeyExchangeAlgorithms' -ErrorAction SilentlyContinue | Get-ItemProperty | Format-List PSPath, Enabled",
    ],
    cmd: &[
        r"reg query HKLM\SOFTWARE\Policies\Microsoft\Cryptography\Configuration\SSL\00010002 /v Functions",
        r"reg query HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL /s",
    ],
    ..READ
};

const RESTORE: Step = Step {
    title: "Give the list back that this build has by default, or add the ECDHE suites with AES-GCM to it; where a policy sets the list, change the policy",
    safety: Safety::Manual,
    interrupts: "a group policy writes its list again at the next refresh; the machine has to be restarted",
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
