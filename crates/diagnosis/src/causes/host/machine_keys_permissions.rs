use super::remedies::{READ_CERTIFICATE_EVENTS, READ_KEY};
use super::signs::unless_key_works;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Safety, Severity, Stage};

/// The key file is there, and NETWORK SERVICE may not read it.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "machine-keys-permissions",
    stage: Stage::Host,
    severity: Severity::Blocks,
    title: "The Remote Desktop service may not read the private key of its certificate",
    prior: -3,
    explains: &["certificate-not-renewed", "handshake-reset", "private-key-unusable"],
    page: include_str!("machine-keys-permissions.md"),
    detect: unless_key_works,
    remedies: |_| remedies(&[&READ_CERTIFICATE_EVENTS, &READ_KEY, &GRANT, &RESTORE_FOLDER]),
};

const GRANT: Step = Step {
    title: "Where NETWORK SERVICE (S-1-5-20) lacks the right to read: give it back on this file alone, and restart the service",
    safety: Safety::Disruptive,
    interrupts: "restarting TermService cuts off every Remote Desktop session: have another way in",
    commands: &[
        r"$key = Get-Item C:\ProgramData\Microsoft\Crypto\RSA\MachineKeys\f686aace6942fb7f7ceb231212eef4a4_* -Force",
        r"icacls $key.FullName /save C:\rdp-key-before.acl",
        "icacls $key.FullName /remove:d '*S-1-5-20'",
        "icacls $key.FullName /grant '*S-1-5-20:R'",
        "Restart-Service TermService -Force",
    ],
    cmd: &[
        r"icacls C:\ProgramData\Microsoft\Crypto\RSA\MachineKeys\f686aace6942fb7f7ceb231212eef4a4_* /save C:\rdp-key-before.acl",
        r"icacls C:\ProgramData\Microsoft\Crypto\RSA\MachineKeys\f686aace6942fb7f7ceb231212eef4a4_* /remove:d *S-1-5-20",
        r"icacls C:\ProgramData\Microsoft\Crypto\RSA\MachineKeys\f686aace6942fb7f7ceb231212eef4a4_* /grant *S-1-5-20:R",
        "net stop TermService /y & net start TermService & net start UmRdpService",
    ],
    undo: r"icacls C:\ProgramData\Microsoft\Crypto\RSA\MachineKeys /restore C:\rdp-key-before.acl, and restart the service",
    ..READ
};

const RESTORE_FOLDER: Step = Step {
    title: "Where the folder itself lost its rights too: give it back what Windows ships (Everyone may read and create, Administrators may do all), on the folder alone, never with /T",
    safety: Safety::Manual,
    interrupts: "nothing; without it the next renewal fails in the same way",
    commands: &[
        r"icacls C:\ProgramData\Microsoft\Crypto\RSA\MachineKeys /save C:\machine-keys-before.acl",
        r"$folder = Get-Acl C:\ProgramData\Microsoft\Crypto\RSA\MachineKeys",
        "$folder.SetSecurityDescriptorSddlForm('D:PAI(A;;0x12019f;;;WD)(A;;FA;;;BA)', 'Access')",
        r"Set-Acl C:\ProgramData\Microsoft\Crypto\RSA\MachineKeys $folder",
    ],
    cmd: &[
        r"icacls C:\ProgramData\Microsoft\Crypto\RSA\MachineKeys /save C:\machine-keys-before.acl",
        r"icacls C:\ProgramData\Microsoft\Crypto\RSA\MachineKeys /inheritance:r /grant:r *S-1-1-0:(R,W) /grant:r *S-1-5-32-544:F",
    ],
    undo: r"icacls C:\ProgramData\Microsoft\Crypto\RSA /restore C:\machine-keys-before.acl",
    ..READ
};
