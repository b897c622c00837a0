use super::signs::{key_works, unless};
use crate::causes::step::{READ, Step, remedies};
use crate::evidence::Evidence;
use crate::server::served;
use crate::{Cause, Detection, Safety, Severity, Stage};

/// `SSLCertificateSHA1Hash` or a template names a certificate that is gone, expired, without a key or for another purpose.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "configured-certificate-missing",
    stage: Stage::Host,
    severity: Severity::Degrades,
    title: "The certificate that somebody chose for Remote Desktop cannot be used",
    prior: -6,
    explains: &["certificate-untrusted"],
    page: include_str!("configured-certificate-missing.md"),
    detect: unless_chosen_is_served,
    remedies: |_| remedies(&[&READ_CHOICE, &CHOOSE, &FORGET_CHOICE]),
};

/// Windows makes only self-signed certificates by itself: any other one was chosen, and is served.
fn unless_chosen_is_served(evidence: &Evidence) -> Detection {
    let chosen = served(evidence).is_some_and(|served| !served.leaf.self_issued);
    unless(evidence, |address| key_works(address) && chosen)
}

const READ_CHOICE: Step = Step {
    title: "See which certificate was chosen, locally or by policy, and whether it is in the store with its key, in date and for server authentication",
    commands: &[
        r"Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp' SSLCertificateSHA1Hash -ErrorAction SilentlyContinue | ForEach-Object { -join ($_.SSLCertificateSHA1Hash | ForEach-Object { '{0:X2}' -f $_ }) }",
        r"Get-ItemProperty 'HKLM:\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services' CertTemplateName -ErrorAction SilentlyContinue",
        r"Get-ChildItem Cert:\LocalMachine\My | Format-List Subject, NotAfter, HasPrivateKey, EnhancedKeyUsageList, Thumbprint",
        "Get-WinEvent -FilterHashtable @{LogName='System'; ProviderName='Microsoft-Windows-TerminalServices-RemoteConnectionManager'; Id=1051,1053,1054,1055,1059,1062,1064,1065} -MaxEvents 20 | Format-List TimeCreated, Id, Message",
    ],
    cmd: &[
        r#"reg query "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp" /v SSLCertificateSHA1Hash"#,
        r#"reg query "HKLM\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services" /v CertTemplateName"#,
        "certutil -store My",
        "wevtutil qe System /q:\"*[System[Provider[@Name='Microsoft-Windows-TerminalServices-RemoteConnectionManager'] and (EventID >= 1051 and EventID <= 1065)]]\" /c:20 /rd:true /f:text",
    ],
    ..READ
};

const CHOOSE: Step = Step {
    title: "Choose a valid certificate of LocalMachine\\My whose key NETWORK SERVICE may read; in a deployment with a broker do it in the deployment's properties",
    safety: Safety::Manual,
    interrupts: "running sessions go on; new connections meet the new certificate",
    commands: &[
        r#"$setting = Get-CimInstance -Namespace root/cimv2/TerminalServices -ClassName Win32_TSGeneralSetting -Filter "TerminalName='RDP-Tcp'""#,
        "$setting.SSLCertificateSHA1Hash",
        "Set-CimInstance -InputObject $setting -Property @{SSLCertificateSHA1Hash='THUMBPRINT'}",
    ],
    cmd: &[
        r"wmic /namespace:\\root\cimv2\TerminalServices path Win32_TSGeneralSetting get SSLCertificateSHA1Hash",
        r#"wmic /namespace:\\root\cimv2\TerminalServices path Win32_TSGeneralSetting set SSLCertificateSHA1Hash="THUMBPRINT""#,
    ],
    undo: "set the thumbprint that was shown before",
    ..READ
};

const FORGET_CHOICE: Step = Step {
    title: "Only where the chosen certificate is gone or broken, and none can take its place: forget the choice, so that Windows' self-signed one is used",
    safety: Safety::Disruptive,
    interrupts: "every Remote Desktop session is cut off; clients that trusted the authority warn from now on",
    commands: &[
        r"reg export 'HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp' C:\rdp-tcp-before.reg",
        r"Remove-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp' SSLCertificateSHA1Hash",
        "Restart-Service TermService -Force",
    ],
    cmd: &[
        r#"reg export "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp" C:\rdp-tcp-before.reg"#,
        r#"reg delete "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp" /v SSLCertificateSHA1Hash /f"#,
        "net stop TermService /y & net start TermService & net start UmRdpService",
    ],
    undo: r"reg import C:\rdp-tcp-before.reg, and restart the service",
    ..READ
};
