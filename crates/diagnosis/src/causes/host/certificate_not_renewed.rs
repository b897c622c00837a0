use super::remedies::{READ_CERTIFICATE_EVENTS, READ_KEY, RESTART};
use super::signs::{key_works, unless};
use crate::causes::certificate::certificate_expired;
use crate::causes::step::{READ, Step, remedies};
use crate::evidence::Evidence;
use crate::{Cause, Detection, Safety, Severity, Stage};

/// The certificate that Windows makes for half a year has ended, and its successor could not be made.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "certificate-not-renewed",
    stage: Stage::Host,
    severity: Severity::Blocks,
    title: "Windows could not replace its expired Remote Desktop certificate",
    prior: 0,
    explains: &["certificate-expired", "handshake-reset", "private-key-unusable"],
    page: include_str!("certificate-not-renewed.md"),
    detect: unless_renewed,
    remedies: |_| remedies(&[&READ_CERTIFICATE_EVENTS, &READ_KEY, &RESTART, &FORGET]),
};

/// A key that works with a certificate that is past its end is what a failed renewal may look like.
fn unless_renewed(evidence: &Evidence) -> Detection {
    let expired = !matches!((certificate_expired::CAUSE.detect)(evidence), Detection::RuledOut | Detection::Unknown(_));
    unless(evidence, |address| key_works(address) && !expired)
}

const FORGET: Step = Step {
    title: "Where nothing is wrong with the key, and SSLCertificateSHA1Hash names no other certificate: save and remove the expired one, and restart both services; without event 1056 soon after, import the copy again",
    safety: Safety::Disruptive,
    interrupts: "every Remote Desktop session is cut off; clients warn once of the new certificate",
    commands: &[
        r"reg export 'HKLM\SOFTWARE\Microsoft\SystemCertificates\Remote Desktop' C:\rdp-store-before.reg",
        r"Get-ChildItem 'Cert:\LocalMachine\Remote Desktop' | Where-Object NotAfter -lt (Get-Date) | Remove-Item",
        "Restart-Service SessionEnv -Force; Restart-Service TermService -Force",
    ],
    cmd: &[
        r#"reg export "HKLM\SOFTWARE\Microsoft\SystemCertificates\Remote Desktop" C:\rdp-store-before.reg"#,
        r#"certutil -delstore "Remote Desktop" THUMBPRINT"#,
        "net stop SessionEnv /y & net start SessionEnv",
        "net stop TermService /y & net start TermService & net start UmRdpService",
    ],
    undo: r"reg import C:\rdp-store-before.reg, and restart both services again",
    ..READ
};
