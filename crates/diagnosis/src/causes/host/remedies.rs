//! Remedies that several causes of this stage share.

use crate::Safety;
use crate::causes::step::{READ, Step};

/// Whether the service runs, and what ended it.
pub(super) const READ_SERVICES: Step = Step {
    title: "See whether the services run, how they are meant to start, and what ended them",
    commands: &[
        "Get-CimInstance Win32_Service -Filter \"Name='TermService' or Name='UmRdpService' or Name='SessionEnv' or Name='RpcSs' or Name='CryptSvc' or Name='KeyIso'\" | Format-Table Name, State, StartMode, StartName, ExitCode",
        "Get-WinEvent -FilterHashtable @{LogName='System'; ProviderName='Service Control Manager'; Id=7000,7001,7009,7023,7031,7034,7040} -MaxEvents 20 | Format-List TimeCreated, Id, Message",
    ],
    cmd: &[
        "sc queryex TermService & sc qc TermService",
        "wevtutil qe System /q:\"*[System[Provider[@Name='Service Control Manager'] and (EventID=7000 or EventID=7001 or EventID=7009 or EventID=7023 or EventID=7031 or EventID=7034 or EventID=7040)]]\" /c:20 /rd:true /f:text",
    ],
    ..READ
};

/// What the listener is set to, and whether it listens.
pub(super) const READ_LISTENER: Step = Step {
    title: "See whether the listener exists, what it is set to, and on which port it says that it listens (event 129)",
    commands: &[
        "qwinsta",
        r"Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp' | Format-List fEnableWinStation, PortNumber, LanAdapter, PdName, WdName, LoadableProtocol_Object",
        "netstat -ano -p tcp | Select-String LISTENING",
        "Get-WinEvent -FilterHashtable @{LogName='Microsoft-Windows-RemoteDesktopServices-RdpCoreTS/Operational'; Id=129} -MaxEvents 5 | Format-List TimeCreated, Message",
        "Get-WinEvent -FilterHashtable @{LogName='Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational'; Id=258,259,262} -MaxEvents 10 | Format-List TimeCreated, Id, Message",
    ],
    cmd: &[
        "qwinsta",
        r#"reg query "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp""#,
        "netstat -ano -p tcp",
        "wevtutil qe Microsoft-Windows-RemoteDesktopServices-RdpCoreTS/Operational /q:*[System[EventID=129]] /c:5 /rd:true /f:text",
    ],
    ..READ
};

/// The rules of Windows' own firewall for Remote Desktop, named without regard to the language.
pub(super) const ENABLE_RULES: Step = Step {
    title: "Enable the firewall's own rules for Remote Desktop; limit them to the networks that need them, and never switch the firewall off",
    safety: Safety::Manual,
    interrupts: "nothing; whoever the rules let in can reach the port",
    commands: &["Get-NetFirewallRule -Group '@FirewallAPI.dll,-28752' | Enable-NetFirewallRule"],
    cmd: &["netsh advfirewall firewall set rule group=\"@FirewallAPI.dll,-28752\" new enable=yes"],
    undo: "Get-NetFirewallRule -Group '@FirewallAPI.dll,-28752' | Disable-NetFirewallRule, for the rules that were off before",
    ..READ
};

/// The services in the order in which they make a certificate and take it up.
pub(super) const RESTART: Step = Step {
    title: "Restart SessionEnv, which makes the certificate, and then TermService, which takes it up",
    safety: Safety::Disruptive,
    interrupts: "restarting TermService cuts off every Remote Desktop session: have another way in",
    commands: &["Restart-Service SessionEnv -Force", "Restart-Service TermService -Force"],
    cmd: &[
        "net stop SessionEnv /y & net start SessionEnv",
        "net stop TermService /y & net start TermService & net start UmRdpService",
    ],
    undo: "there is nothing to take back: users connect again",
    ..READ
};

/// Why a certificate could not be made, replaced or used.
pub(super) const READ_CERTIFICATE_EVENTS: Step = Step {
    title: "Read why the certificate cannot be used: 1057 and 1058 carry the reason in words, 36870 the key, 1056 a success; 36870 with a reason of 0x8009030D means access",
    commands: &[
        "Get-WinEvent -FilterHashtable @{LogName='System'; ProviderName='Microsoft-Windows-TerminalServices-RemoteConnectionManager'; Id=1051,1053,1054,1055,1056,1057,1058,1059} -MaxEvents 20 | Format-List TimeCreated, Id, Message",
        "Get-WinEvent -FilterHashtable @{LogName='System'; ProviderName='Schannel'; Id=36870,36871} -MaxEvents 10 | Format-List TimeCreated, Id, Message",
    ],
    cmd: &[
        "wevtutil qe System /q:\"*[System[Provider[@Name='Microsoft-Windows-TerminalServices-RemoteConnectionManager'] and (EventID >= 1051 and EventID <= 1059)]]\" /c:20 /rd:true /f:text",
        "wevtutil qe System /q:\"*[System[Provider[@Name='Schannel'] and (EventID=36870 or EventID=36871)]]\" /c:10 /rd:true /f:text",
    ],
    ..READ
};

/// The certificate, its key file, whom that belongs to and who may read it.
pub(super) const READ_KEY: Step = Step {
    title: "See the certificate and its key file: the part of the file's name after the underscore must be this machine's MachineGuid, and NETWORK SERVICE (S-1-5-20) must be able to read it",
    commands: &[
        r"Get-ChildItem 'Cert:\LocalMachine\Remote Desktop' | Format-List Subject, NotBefore, NotAfter, HasPrivateKey, Thumbprint",
        r"(Get-ItemProperty 'HKLM:\SOFTWARE\Microsoft\Cryptography').MachineGuid",
        r"Get-ChildItem C:\ProgramData\Microsoft\Crypto\RSA\MachineKeys\f686aace6942fb7f7ceb231212eef4a4_* -Force | Format-List Name, Length, LastWriteTime",
        r"icacls C:\ProgramData\Microsoft\Crypto\RSA\MachineKeys\f686aace6942fb7f7ceb231212eef4a4_*",
        r"icacls C:\ProgramData\Microsoft\Crypto\RSA\MachineKeys",
    ],
    cmd: &[
        r#"certutil -store "Remote Desktop""#,
        r"reg query HKLM\SOFTWARE\Microsoft\Cryptography /v MachineGuid",
        r"dir /a C:\ProgramData\Microsoft\Crypto\RSA\MachineKeys\f686aace6942fb7f7ceb231212eef4a4_*",
        r"icacls C:\ProgramData\Microsoft\Crypto\RSA\MachineKeys\f686aace6942fb7f7ceb231212eef4a4_*",
    ],
    ..READ
};

/// Only files of this name belong to the service's own key.
pub(super) const MAKE_ANEW: Step = Step {
    title: "Where SSLCertificateSHA1Hash names no other certificate: move the key files of this name aside, save and remove the self-signed certificate, and restart both services; event 1056 says that Windows made new ones",
    safety: Safety::Disruptive,
    interrupts: "every Remote Desktop session is cut off: have another way in; clients warn once of the new certificate",
    commands: &[
        r"New-Item -ItemType Directory C:\rdp-key-before -Force; icacls C:\rdp-key-before /inheritance:r /grant:r '*S-1-5-32-544:(OI)(CI)F'",
        r"reg export 'HKLM\SOFTWARE\Microsoft\SystemCertificates\Remote Desktop' C:\rdp-key-before\store.reg",
        r"Move-Item C:\ProgramData\Microsoft\Crypto\RSA\MachineKeys\f686aace6942fb7f7ceb231212eef4a4_* C:\rdp-key-before -Force",
        r"Get-ChildItem 'Cert:\LocalMachine\Remote Desktop' | Remove-Item",
        "Restart-Service SessionEnv -Force; Restart-Service TermService -Force",
    ],
    cmd: &[
        r"md C:\rdp-key-before & icacls C:\rdp-key-before /inheritance:r /grant:r *S-1-5-32-544:(OI)(CI)F",
        r#"reg export "HKLM\SOFTWARE\Microsoft\SystemCertificates\Remote Desktop" C:\rdp-key-before\store.reg"#,
        r"move C:\ProgramData\Microsoft\Crypto\RSA\MachineKeys\f686aace6942fb7f7ceb231212eef4a4_* C:\rdp-key-before",
        r#"reg delete "HKLM\SOFTWARE\Microsoft\SystemCertificates\Remote Desktop\Certificates" /f"#,
        "net stop SessionEnv /y & net start SessionEnv",
        "net stop TermService /y & net start TermService & net start UmRdpService",
    ],
    undo: r"move the files back, reg import C:\rdp-key-before\store.reg, and restart both services again",
    ..READ
};
