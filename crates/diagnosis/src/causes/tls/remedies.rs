//! Remedies that several causes of this stage share.

use crate::{Place, Remedy, Safety};

/// The server's own reason.
pub(super) fn read_events() -> Remedy {
    Remedy {
        title: "Read the server's own reason; 36874 and 36888 may also stem from scanners and from this probe".into(),
        place: Place::Server,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: vec![
            "Get-WinEvent -FilterHashtable @{LogName='System'; ProviderName='Schannel'; Id=36870,36871,36874,36888} -MaxEvents 20 | Format-List TimeCreated, Id, Message".into(),
            "Get-WinEvent -FilterHashtable @{LogName='System'; ProviderName='Microsoft-Windows-TerminalServices-RemoteConnectionManager'; Id=1057,1058} -MaxEvents 20 | Format-List TimeCreated, Id, Message".into(),
        ],
        cmd: vec![
            r#"wevtutil qe System /q:"*[System[Provider[@Name='Schannel'] and (EventID=36870 or EventID=36871 or EventID=36874 or EventID=36888)]]" /c:20 /rd:true /f:text"#.into(),
            r#"wevtutil qe System /q:"*[System[Provider[@Name='Microsoft-Windows-TerminalServices-RemoteConnectionManager'] and (EventID=1057 or EventID=1058)]]" /c:20 /rd:true /f:text"#.into(),
        ],
        undo: "nothing is changed".into(),
    }
}

/// The same for xrdp.
pub(super) fn read_xrdp() -> Remedy {
    Remedy {
        title: "On xrdp: read its log and which TLS versions, cipher suites, certificate and key it is set to".into(),
        place: Place::Server,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: vec![
            "sudo tail -n 50 /var/log/xrdp.log".into(),
            "grep -E '^ *(certificate|key_file|ssl_protocols|tls_ciphers) *=' /etc/xrdp/xrdp.ini".into(),
        ],
        cmd: Vec::new(),
        undo: "nothing is changed".into(),
    }
}

/// Which versions and suites Schannel may use.
pub(super) fn read_schannel() -> Remedy {
    Remedy {
        title: "See which TLS versions and cipher suites are switched off on the server, and by which policy".into(),
        place: Place::Server,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: vec![
            r"Get-ChildItem 'HKLM:\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols' -Recurse | Get-ItemProperty | Format-List PSPath, Enabled, DisabledByDefault".into(),
            r"Get-ItemProperty 'HKLM:\SOFTWARE\Policies\Microsoft\Cryptography\Configuration\SSL\00010002' -ErrorAction SilentlyContinue | Select-Object Functions".into(),
            r"(Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Cryptography\Configuration\Local\SSL\00010002').Functions".into(),
            r"Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Ciphers\*', 'HKLM:\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\KeyExchangeAlgorithms\*' -ErrorAction SilentlyContinue | Format-List PSChildName, Enabled, ServerMinKeyBitLength".into(),
        ],
        cmd: vec![
            r"reg query HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL /s".into(),
            r"reg query HKLM\SOFTWARE\Policies\Microsoft\Cryptography\Configuration\SSL\00010002 /v Functions".into(),
            r"reg query HKLM\SYSTEM\CurrentControlSet\Control\Cryptography\Configuration\Local\SSL\00010002 /v Functions".into(),
        ],
        undo: "nothing is changed".into(),
    }
}

/// Lets Schannel's server side use TLS 1.2.
pub(super) fn enable_tls12() -> Remedy {
    Remedy {
        title: "Switch TLS 1.2 on for servers, and restart Windows; on 2008 R2 install KB3080079 first".into(),
        place: Place::Server,
        safety: Safety::Disruptive,
        interrupts: "Windows must be restarted: Schannel reads these values when it starts".into(),
        commands: vec![
            r"$key = 'HKLM:\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Server'".into(),
            r"reg export 'HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL' C:\schannel-before.reg".into(),
            "if (-not (Test-Path $key)) { New-Item $key -Force }".into(),
            "Set-ItemProperty $key Enabled 1 -Type DWord".into(),
            "Set-ItemProperty $key DisabledByDefault 0 -Type DWord".into(),
            "Restart-Computer".into(),
        ],
        cmd: vec![
            r"reg export HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL C:\schannel-before.reg".into(),
            r#"reg add "HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Server" /v Enabled /t REG_DWORD /d 1 /f"#.into(),
            r#"reg add "HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Server" /v DisabledByDefault /t REG_DWORD /d 0 /f"#.into(),
            "shutdown /r /t 60".into(),
        ],
        undo: r"give both values back what C:\schannel-before.reg says, or delete them where it has none, and restart"
            .into(),
    }
}

/// Gives Schannel its own list of suites back.
pub(super) fn restore_suites() -> Remedy {
    Remedy {
        title: "Take the policy's list of cipher suites away, so that the build's own list counts; set the policy itself to \"Not configured\"".into(),
        place: Place::Server,
        safety: Safety::Disruptive,
        interrupts: "Windows must be restarted; a list may be a demand of compliance, so ask whose it is".into(),
        commands: vec![
            r"reg export 'HKLM\SOFTWARE\Policies\Microsoft\Cryptography\Configuration\SSL\00010002' C:\suites-before.reg".into(),
            r"Remove-ItemProperty 'HKLM:\SOFTWARE\Policies\Microsoft\Cryptography\Configuration\SSL\00010002' Functions".into(),
            "Restart-Computer".into(),
        ],
        cmd: vec![
            r"reg export HKLM\SOFTWARE\Policies\Microsoft\Cryptography\Configuration\SSL\00010002 C:\suites-before.reg".into(),
            r"reg delete HKLM\SOFTWARE\Policies\Microsoft\Cryptography\Configuration\SSL\00010002 /v Functions /f".into(),
            "shutdown /r /t 60".into(),
        ],
        undo: r"reg import C:\suites-before.reg, and restart".into(),
    }
}

/// Sets TLS versions and suites of xrdp to what current clients have.
pub(super) fn widen_xrdp() -> Remedy {
    Remedy {
        title: "On xrdp: allow TLS 1.2 and 1.3 and OpenSSL's default suites".into(),
        place: Place::Server,
        safety: Safety::Disruptive,
        interrupts:
            "restarting xrdp cuts off its connections; the sessions behind them go on and can be taken up again".into(),
        commands: vec![
            "sudo sed -i.before -e 's/^ *ssl_protocols *=.*/ssl_protocols=TLSv1.2, TLSv1.3/' -e 's/^ *tls_ciphers *=.*/#&/' /etc/xrdp/xrdp.ini".into(),
            "sudo systemctl restart xrdp".into(),
        ],
        cmd: Vec::new(),
        undo: "sudo mv /etc/xrdp/xrdp.ini.before /etc/xrdp/xrdp.ini && sudo systemctl restart xrdp".into(),
    }
}
