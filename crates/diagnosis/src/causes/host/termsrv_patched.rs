use super::signs::open_from_outside;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Safety, Severity, Stage};

/// The service runs a patched or wrapped termsrv.dll.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "termsrv-patched",
    stage: Stage::Host,
    severity: Severity::Blocks,
    title: "The service does not run Windows' own termsrv.dll",
    prior: -6,
    explains: &["connection-closed-early", "handshake-reset", "port-closed", "service-stopped"],
    page: include_str!("termsrv-patched.md"),
    detect: open_from_outside,
    remedies: |_| remedies(&[&READ_DLL, &RESTORE]),
};

const READ_DLL: Step = Step {
    title: "See which file the service loads, whether it is Microsoft's own, and whether it crashes",
    commands: &[
        r"(Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Services\TermService\Parameters').ServiceDll",
        r"sfc /verifyfile=$env:SystemRoot\System32\termsrv.dll",
        r"Get-AuthenticodeSignature $env:SystemRoot\System32\termsrv.dll | Format-List Status, StatusMessage, SignerCertificate",
        "Get-WinEvent -FilterHashtable @{LogName='Application'; ProviderName='Application Error'; Id=1000} -MaxEvents 20 | Where-Object Message -match 'termsrv|rdp' | Format-List TimeCreated, Message",
    ],
    cmd: &[
        r"reg query HKLM\SYSTEM\CurrentControlSet\Services\TermService\Parameters /v ServiceDll",
        r"sfc /verifyfile=%SystemRoot%\System32\termsrv.dll",
        "wevtutil qe Application /q:\"*[System[Provider[@Name='Application Error'] and EventID=1000]]\" /c:20 /rd:true /f:text",
    ],
    ..READ
};

const RESTORE: Step = Step {
    title: "Give Windows' own file back: remove the wrapper, point ServiceDll to System32, repair the file, restart",
    safety: Safety::Disruptive,
    interrupts: "restarting TermService cuts off every Remote Desktop session, and more sessions at a time than Windows allows are no longer to be had",
    commands: &[
        r"Set-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Services\TermService\Parameters' ServiceDll '%SystemRoot%\System32\termsrv.dll' -Type ExpandString",
        r"sfc /scanfile=$env:SystemRoot\System32\termsrv.dll",
        "Restart-Service TermService -Force",
    ],
    cmd: &[
        r"reg add HKLM\SYSTEM\CurrentControlSet\Services\TermService\Parameters /v ServiceDll /t REG_EXPAND_SZ /d ^%SystemRoot^%\System32\termsrv.dll /f",
        r"sfc /scanfile=%SystemRoot%\System32\termsrv.dll",
        "net stop TermService /y",
        "net start TermService",
        "net start UmRdpService",
    ],
    undo: "set ServiceDll back to the value read before, and restart TermService",
    ..READ
};
