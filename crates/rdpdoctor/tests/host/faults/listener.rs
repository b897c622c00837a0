//! The switch, the service, the listener, and who is let in by it.

use super::{are_named, are_not_named, blocks, degrades, findings, informs};

const SERVER: &str = r"SYSTEM\ControlSet002\Control\Terminal Server";
const LISTENER: &str = r"SYSTEM\ControlSet002\Control\Terminal Server\WinStations\RDP-Tcp";
const POLICY: &str = r"SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services";
const SERVICE: &str = r"SYSTEM\ControlSet002\Services\TermService";
const PARAMETERS: &str = r"SYSTEM\ControlSet002\Services\TermService\Parameters";
const RPC: &str = r"SYSTEM\ControlSet002\Services\RpcSs";
const RULES: &str = r"SYSTEM\ControlSet002\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules";

const DISABLED: &str = r#""Start"=dword:00000004"#;
const OFF: &str = r#""fDenyTSConnections"=dword:00000001"#;
const ON: &str = r#""fDenyTSConnections"=dword:00000000"#;
/// The rule of Remote Desktop for port 3390.
const MOVED_RULE: &str = r#""RemoteDesktop-UserMode-In-TCP"="v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=3390|App=%SystemRoot%\\system32\\svchost.exe|Svc=termservice|Name=@FirewallAPI.dll,-28775|""#;

#[test]
fn the_switch() {
    are_named(&[
        blocks("rdp-disabled", &[(SERVER, OFF)]),
        blocks("rdp-disabled", &[(SERVER, r#""fDenyTSConnections"=-"#)]),
        blocks("rdp-disabled", &[(POLICY, OFF)]),
        blocks("rdp-disabled", &[(POLICY, OFF), (SERVER, OFF)]),
    ]);
    are_not_named(&[
        ("rdp-disabled", &[(SERVER, OFF), (POLICY, ON)]),
        ("policy-conflict", &[(POLICY, ON)]),
        // Another control set than the one in use.
        ("rdp-disabled", &[(r"SYSTEM\ControlSet001\Control\Terminal Server", OFF)]),
    ]);
}

#[test]
fn the_service() {
    are_named(&[
        blocks("service-stopped", &[(SERVICE, DISABLED)]),
        blocks("service-stopped", &[(RPC, DISABLED)]),
        // DependOnService: TermDD.
        blocks(
            "service-stopped",
            &[
                (SERVICE, r#""DependOnService"=hex(7):54,00,65,00,72,00,6d,00,44,00,44,00,00,00,00,00"#),
                (r"SYSTEM\ControlSet002\Services\TermDD", DISABLED),
            ],
        ),
        blocks("service-stopped", &[(r"-SYSTEM\ControlSet002\Services\TermService", "")]),
        degrades("service-stopped", &[(SERVICE, r#""ObjectName"="localSystem""#)]),
        blocks("service-stopped", &[(SERVICE, r#""ObjectName"="NT AUTHORITY\\LocalService""#)]),
        blocks("service-stopped", &[(SERVICE, r#""ObjectName"=".\\admin""#)]),
        degrades("termsrv-patched", &[(PARAMETERS, r#""ServiceDll"="C:\\Program Files\\RDP Wrapper\\rdpwrap.dll""#)]),
    ]);
    are_not_named(&[
        ("service-stopped", &[(SERVICE, r#""Start"=dword:00000002"#)]),
        ("service-stopped", &[(SERVICE, r#""ObjectName"="NT AUTHORITY\\NETWORK SERVICE""#)]),
        ("service-stopped", &[(r"SYSTEM\ControlSet002\Services\TermDD", DISABLED)]),
        ("termsrv-patched", &[(PARAMETERS, r#""ServiceDll"="C:\\Windows\\System32\\TERMSRV.DLL""#)]),
    ]);
}

#[test]
fn the_listener() {
    are_named(&[
        blocks("listener-disabled", &[(LISTENER, r#""fEnableWinStation"=dword:00000000"#)]),
        blocks("listener-disabled", &[(r"-SYSTEM\ControlSet002\Control\Terminal Server\WinStations\RDP-Tcp", "")]),
        blocks("listener-disabled", &[(LISTENER, r#""LoadableProtocol_Object"=-"#)]),
        degrades("listener-disabled", &[(LISTENER, r#""LanAdapter"=dword:00000002"#)]),
        degrades("port-changed", &[(LISTENER, r#""PortNumber"=dword:00000d3e"#), (RULES, MOVED_RULE)]),
        blocks("connection-limit-low", &[(LISTENER, r#""MaxInstanceCount"=dword:00000000"#)]),
        degrades("connection-limit-low", &[(LISTENER, r#""MaxInstanceCount"=dword:00000001"#)]),
        degrades("connection-limit-low", &[(POLICY, r#""MaxInstanceCount"=dword:00000002"#)]),
    ]);
    are_not_named(&[
        ("listener-disabled", &[(LISTENER, r#""LanAdapter"=dword:00000000"#)]),
        ("connection-limit-low", &[(LISTENER, r#""MaxInstanceCount"=dword:ffffffff"#)]),
        ("connection-limit-low", &[(LISTENER, r#""MaxInstanceCount"=dword:00000014"#)]),
    ]);
}

#[test]
fn what_the_listener_demands() {
    const NO_NLA: &str = r#""UserAuthentication"=dword:00000000"#;
    are_named(&[
        degrades("nla-disabled", &[(LISTENER, NO_NLA)]),
        degrades("nla-disabled", &[(LISTENER, NO_NLA), (POLICY, NO_NLA)]),
        degrades("security-layer-weak", &[(LISTENER, r#""SecurityLayer"=dword:00000000"#)]),
        degrades(
            "security-layer-weak",
            &[(LISTENER, "\"SecurityLayer\"=dword:00000001\n\"UserAuthentication\"=dword:00000000")],
        ),
        blocks("security-layer-weak", &[(LISTENER, r#""SecurityLayer"=dword:00000007"#)]),
        blocks("security-layer-weak", &[(POLICY, r#""SecurityLayer"=dword:00000007"#)]),
        degrades("fips-mode", &[(LISTENER, r#""MinEncryptionLevel"=dword:00000004"#)]),
        informs(
            "fips-mode",
            &[(r"SYSTEM\ControlSet002\Control\Lsa\FipsAlgorithmPolicy", r#""Enabled"=dword:00000001"#)],
        ),
        informs("policy-conflict", &[(LISTENER, NO_NLA), (POLICY, r#""UserAuthentication"=dword:00000001"#)]),
    ]);
    are_not_named(&[
        ("security-layer-weak", &[(LISTENER, r#""SecurityLayer"=dword:00000001"#)]),
        ("nla-disabled", &[(LISTENER, NO_NLA), (POLICY, r#""UserAuthentication"=dword:00000001"#)]),
        ("fips-mode", &[(LISTENER, r#""MinEncryptionLevel"=dword:00000003"#)]),
        ("fips-mode", &[(r"SYSTEM\ControlSet002\Control\Lsa\FipsAlgorithmPolicy", r#""Enabled"=dword:00000000"#)]),
    ]);
}

#[test]
fn what_a_policy_takes_back() {
    let all = [
        ("nla-disabled", r#""UserAuthentication"=dword:00000000"#),
        ("security-layer-weak", r#""SecurityLayer"=dword:00000000"#),
        ("fips-mode", r#""MinEncryptionLevel"=dword:00000004"#),
    ];
    for (root, value) in all {
        let Some((found, code)) = findings(&[(POLICY, value)]) else { return };
        let named: Vec<(&str, &str)> = found.iter().map(|(cause, severity)| (&**cause, &**severity)).collect();
        assert_eq!(named, [(root, "degrades"), ("policy-conflict", "degrades")]);
        assert_ne!(code, 1);
    }
}
