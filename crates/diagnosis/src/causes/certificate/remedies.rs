//! Remedies around the listener's certificate, shared by the causes of this stage.

use super::stored;
use crate::evidence::Evidence;
use crate::server::served;
use crate::{Place, Remedy, Safety};

/// What mends a certificate depends on who made it.
pub(super) fn replace(evidence: &Evidence) -> Vec<Remedy> {
    let leaf = served(evidence).map(|served| served.leaf).or_else(|| stored(evidence).map(|used| used.leaf));
    let Some(leaf) = leaf else { return vec![look(), restart(), rebind(), on_xrdp()] };
    if leaf.is_windows_self_signed() {
        return vec![look(), restart(), make_anew()];
    }
    if leaf.self_issued { vec![look(), make_anew(), on_xrdp()] } else { vec![look(), rebind(), on_xrdp()] }
}

/// Shows which certificate the listener uses, and why.
pub(super) fn look() -> Remedy {
    Remedy {
        title: "See which certificate the listener uses; a thumbprint in SSLCertificateSHA1Hash means that somebody chose one".into(),
        place: Place::Server,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: vec![
            r"Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp' SSLCertificateSHA1Hash -ErrorAction SilentlyContinue".into(),
            r"Get-ChildItem 'Cert:\LocalMachine\Remote Desktop', Cert:\LocalMachine\My | Format-List Subject, Issuer, NotBefore, NotAfter, HasPrivateKey, Thumbprint".into(),
            "Get-WinEvent -FilterHashtable @{LogName='System'; ProviderName='Microsoft-Windows-TerminalServices-RemoteConnectionManager'; Id=1051,1052,1053,1054,1055,1056,1057,1058} -MaxEvents 20 | Format-List TimeCreated, Id, Message".into(),
        ],
        cmd: vec![
            r#"reg query "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp" /v SSLCertificateSHA1Hash"#.into(),
            r#"certutil -store "Remote Desktop""#.into(),
            "certutil -store My".into(),
            r#"wevtutil qe System /q:"*[System[Provider[@Name='Microsoft-Windows-TerminalServices-RemoteConnectionManager'] and (EventID >= 1051 and EventID <= 1058)]]" /c:20 /rd:true /f:text"#.into(),
        ],
        undo: "nothing is changed".into(),
    }
}

/// Gives Windows the occasion to replace its own certificate.
fn restart() -> Remedy {
    Remedy {
        title: "Restart SessionEnv, which replaces an expired self-signed certificate, then TermService; event 1056 says that it worked, 1057 or 1058 why not".into(),
        place: Place::Server,
        safety: Safety::Disruptive,
        interrupts: "restarting TermService cuts off every Remote Desktop session: have another way in; clients warn once of the new certificate".into(),
        commands: vec!["Restart-Service SessionEnv -Force".into(), "Restart-Service TermService -Force".into()],
        cmd: restart_in_cmd(),
        undo: "nothing to take back: no certificate is removed and no setting is changed".into(),
    }
}

/// Makes Windows forget its own certificate, so that it makes another.
fn make_anew() -> Remedy {
    let mut cmd = vec![
        r#"reg export "HKLM\SOFTWARE\Microsoft\SystemCertificates\Remote Desktop" "%ProgramData%\rdp-store-before.reg""#
            .to_owned(),
        r#"certutil -delstore "Remote Desktop" THUMBPRINT"#.to_owned(),
    ];
    cmd.extend(restart_in_cmd());
    Remedy {
        title: "On Windows, only where SSLCertificateSHA1Hash is absent: save and remove the self-signed certificate, and let Windows make another".into(),
        place: Place::Server,
        safety: Safety::Disruptive,
        interrupts: "every Remote Desktop session, when TermService restarts: have another way in; clients warn once of the new certificate. Without event 1056 afterwards there is no certificate at all".into(),
        commands: vec![
            r#"reg export "HKLM\SOFTWARE\Microsoft\SystemCertificates\Remote Desktop" "$env:ProgramData\rdp-store-before.reg""#.into(),
            r"Get-ChildItem 'Cert:\LocalMachine\Remote Desktop' | Remove-Item".into(),
            "Restart-Service SessionEnv -Force".into(),
            "Restart-Service TermService -Force".into(),
            "Get-WinEvent -FilterHashtable @{LogName='System'; ProviderName='Microsoft-Windows-TerminalServices-RemoteConnectionManager'; Id=1056,1057,1058} -MaxEvents 3 | Format-List TimeCreated, Id, Message".into(),
        ],
        cmd,
        undo: "reg import the saved file and restart both services; where Windows made a new key meanwhile, the old certificate cannot be used again".into(),
    }
}

/// Binds another certificate of the machine store.
fn rebind() -> Remedy {
    Remedy {
        title: "On Windows: enrol or import a certificate with its key into LocalMachine\\My, let NETWORK SERVICE read the key, and bind it; in a deployment with a Connection Broker, change it there instead".into(),
        place: Place::Server,
        safety: Safety::Manual,
        interrupts: "nothing that runs: sessions go on, new connections get the new certificate".into(),
        commands: vec![
            "Get-CimInstance -Namespace root/cimv2/TerminalServices -ClassName Win32_TSGeneralSetting -Filter \"TerminalName='RDP-Tcp'\" | Select-Object SSLCertificateSHA1Hash, SSLCertificateSHA1HashType".into(),
            "Get-CimInstance -Namespace root/cimv2/TerminalServices -ClassName Win32_TSGeneralSetting -Filter \"TerminalName='RDP-Tcp'\" | Set-CimInstance -Property @{SSLCertificateSHA1Hash='THUMBPRINT'}".into(),
        ],
        cmd: vec![
            // Newer Windows has no wmic, older no Get-CimInstance.
            r#"powershell -NoProfile -Command "Get-WmiObject -Namespace root\cimv2\TerminalServices -Class Win32_TSGeneralSetting -Filter 'TerminalName=''RDP-Tcp''' | Format-List SSLCertificateSHA1Hash, SSLCertificateSHA1HashType""#.into(),
            r#"powershell -NoProfile -Command "Set-WmiInstance -Path (Get-WmiObject -Namespace root\cimv2\TerminalServices -Class Win32_TSGeneralSetting -Filter 'TerminalName=''RDP-Tcp''').__PATH -Arguments @{SSLCertificateSHA1Hash='THUMBPRINT'}""#.into(),
        ],
        undo: "bind the thumbprint that was read before in the same way".into(),
    }
}

/// The files of xrdp may be links to what other services use, so new ones are made beside them.
fn on_xrdp() -> Remedy {
    Remedy {
        title: "On xrdp: make a new key and certificate beside the old ones, and name them in xrdp.ini".into(),
        place: Place::Server,
        safety: Safety::Disruptive,
        interrupts: "restarting xrdp cuts off its connections; the sessions behind them go on; clients warn once of the new certificate".into(),
        commands: vec![
            "sudo openssl req -x509 -newkey rsa:2048 -sha256 -nodes -days 825 -subj \"/CN=$(hostname -f)\" -addext \"subjectAltName=DNS:$(hostname -f)\" -addext extendedKeyUsage=serverAuth -keyout /etc/xrdp/rdp-key.pem -out /etc/xrdp/rdp-cert.pem".into(),
            "sudo chown root:xrdp /etc/xrdp/rdp-key.pem && sudo chmod 640 /etc/xrdp/rdp-key.pem".into(),
            "sudo sed -i.before -e 's|^ *certificate *=.*|certificate=/etc/xrdp/rdp-cert.pem|' -e 's|^ *key_file *=.*|key_file=/etc/xrdp/rdp-key.pem|' /etc/xrdp/xrdp.ini".into(),
            "sudo systemctl restart xrdp".into(),
        ],
        cmd: Vec::new(),
        undo: "sudo mv /etc/xrdp/xrdp.ini.before /etc/xrdp/xrdp.ini && sudo systemctl restart xrdp".into(),
    }
}

fn restart_in_cmd() -> Vec<String> {
    let steps =
        ["stop SessionEnv /y", "start SessionEnv", "stop TermService /y", "start TermService", "start UmRdpService"];
    steps.iter().map(|step| format!("net {step}")).collect()
}
