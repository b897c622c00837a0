//! Remedies around the listener's security settings, shared by several causes.

use crate::{Place, Remedy, Safety};

/// Reads the listener's security settings; those of a policy win.
pub(in crate::causes) fn read() -> Remedy {
    Remedy {
        title: "Read the listener's security settings; where a policy sets one, the policy wins".into(),
        place: Place::Server,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: vec![
            r"Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp' | Select-Object SecurityLayer, UserAuthentication, MinEncryptionLevel, fAllowSecProtocolNegotiation".into(),
            r"Get-ItemProperty 'HKLM:\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services' -ErrorAction SilentlyContinue | Select-Object SecurityLayer, UserAuthentication, MinEncryptionLevel".into(),
        ],
        cmd: vec![
            r#"reg query "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp""#.into(),
            r#"reg query "HKLM\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services""#.into(),
        ],
        undo: "nothing is changed".into(),
    }
}

/// Sets the security layer to TLS.
pub(in crate::causes) fn allow_tls() -> Remedy {
    Remedy {
        title: "Set the security layer to TLS (2) and restart the service; change a policy where one sets it".into(),
        place: Place::Server,
        safety: Safety::Disruptive,
        interrupts: "restarting TermService cuts off every Remote Desktop session: have another way in".into(),
        commands: vec![
            r"Set-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp' SecurityLayer 2 -Type DWord".into(),
            "Restart-Service TermService -Force".into(),
        ],
        cmd: vec![
            r#"reg add "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp" /v SecurityLayer /t REG_DWORD /d 2 /f"#.into(),
            "net stop TermService /y".into(),
            "net start TermService".into(),
            "net start UmRdpService".into(),
        ],
        undo: "set SecurityLayer back to the value read before, and restart TermService again".into(),
    }
}

/// The same for xrdp.
pub(in crate::causes) fn allow_tls_on_xrdp() -> Remedy {
    Remedy {
        title: "On xrdp: set security_layer=negotiate in xrdp.ini and make sure that xrdp can read its key".into(),
        place: Place::Server,
        safety: Safety::Disruptive,
        interrupts:
            "restarting xrdp cuts off its connections; the sessions behind them go on and can be taken up again".into(),
        commands: vec![
            "grep -E '^ *(security_layer|certificate|key_file) *=' /etc/xrdp/xrdp.ini".into(),
            "sudo sed -i.before 's/^ *security_layer *=.*/security_layer=negotiate/' /etc/xrdp/xrdp.ini".into(),
            "sudo systemctl restart xrdp".into(),
        ],
        cmd: Vec::new(),
        undo: "sudo mv /etc/xrdp/xrdp.ini.before /etc/xrdp/xrdp.ini && sudo systemctl restart xrdp".into(),
    }
}

/// No client without TLS gets in to xrdp.
pub(in crate::causes) fn demand_tls_on_xrdp() -> Remedy {
    Remedy {
        title: "On xrdp: set security_layer=tls in xrdp.ini; clients without TLS are then refused".into(),
        place: Place::Server,
        safety: Safety::Disruptive,
        interrupts:
            "restarting xrdp cuts off its connections; the sessions behind them go on and can be taken up again".into(),
        commands: vec![
            "sudo sed -i.before 's/^ *security_layer *=.*/security_layer=tls/' /etc/xrdp/xrdp.ini".into(),
            "sudo systemctl restart xrdp".into(),
        ],
        cmd: Vec::new(),
        undo: "sudo mv /etc/xrdp/xrdp.ini.before /etc/xrdp/xrdp.ini && sudo systemctl restart xrdp".into(),
    }
}
