//! The server's own firewall, whose rules are values of the registry.

use super::{are_named, are_not_named, blocks, degrades};
use crate::base::Change;

const RULES: &str = r"SYSTEM\ControlSet002\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules";
const IPSEC: &str = r"SYSTEM\ControlSet002\Services\SharedAccess\Parameters\FirewallPolicy\ConSecRules";
const DOMAIN: &str = r"SYSTEM\ControlSet002\Services\SharedAccess\Parameters\FirewallPolicy\DomainProfile";
const PRIVATE: &str = r"SYSTEM\ControlSet002\Services\SharedAccess\Parameters\FirewallPolicy\StandardProfile";
const PUBLIC: &str = r"SYSTEM\ControlSet002\Services\SharedAccess\Parameters\FirewallPolicy\PublicProfile";
const POLICY_DOMAIN: &str = r"SOFTWARE\Policies\Microsoft\WindowsFirewall\DomainProfile";
const POLICY_PRIVATE: &str = r"SOFTWARE\Policies\Microsoft\WindowsFirewall\StandardProfile";
const POLICY_PUBLIC: &str = r"SOFTWARE\Policies\Microsoft\WindowsFirewall\PublicProfile";
const POLICY_RULES: &str = r"SOFTWARE\Policies\Microsoft\WindowsFirewall\FirewallRules";
const LISTENER: &str = r"SYSTEM\ControlSet002\Control\Terminal Server\WinStations\RDP-Tcp";
const APPS: &str = r"SYSTEM\ControlSet002\Services\mpssvc\Parameters\AppCs";

const DISABLED: &str = r#""Start"=dword:00000004"#;
const INACTIVE: Change = (
    RULES,
    r#""RemoteDesktop-UserMode-In-TCP"="v2.30|Action=Allow|Active=FALSE|Dir=In|Protocol=6|LPort=3389|Svc=termservice|""#,
);
const FORBIDS: &str = r#""{11111111-2222-3333-4444-555555555555}"="v2.30|Action=Block|Active=TRUE|Dir=In|Protocol=6|LPort=3389|Name=No RDP|""#;
const ALLOWS: &str = r#""{11111111-2222-3333-4444-555555555555}"="v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=3389|Name=RDP|""#;

const CAUSE: &str = "firewall-rule-disabled";

#[test]
fn each_rule_and_profile_that_shuts_the_port() {
    const ALL: &str = r#""DoNotAllowExceptions"=dword:00000001"#;
    const NO_LOCAL: &str = r#""AllowLocalPolicyMerge"=dword:00000000"#;
    are_named(&[
        blocks(CAUSE, &[INACTIVE]),
        blocks(CAUSE, &[(RULES, r#""RemoteDesktop-UserMode-In-TCP"=-"#)]),
        blocks(CAUSE, &[(RULES, FORBIDS)]),
        blocks(CAUSE, &[(POLICY_RULES, FORBIDS)]),
        blocks(CAUSE, &[(DOMAIN, ALL), (PRIVATE, ALL), (PUBLIC, ALL)]),
        blocks(CAUSE, &[(POLICY_DOMAIN, ALL), (POLICY_PRIVATE, ALL), (POLICY_PUBLIC, ALL)]),
        blocks(CAUSE, &[(POLICY_DOMAIN, NO_LOCAL), (POLICY_PRIVATE, NO_LOCAL), (POLICY_PUBLIC, NO_LOCAL)]),
        // The rule stayed behind when the port was moved.
        blocks(CAUSE, &[(LISTENER, r#""PortNumber"=dword:00000d3e"#)]),
        degrades(CAUSE, &[(PUBLIC, ALL)]),
        degrades(
            CAUSE,
            &[(
                RULES,
                r#""RemoteDesktop-UserMode-In-TCP"="v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Domain|LPort=3389|Svc=termservice|""#,
            )],
        ),
        degrades(
            CAUSE,
            &[(
                RULES,
                r#""RemoteDesktop-UserMode-In-TCP"="v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=3389|RA4=192.0.2.0/24|Svc=termservice|""#,
            )],
        ),
        degrades(CAUSE, &[(IPSEC, r#""{1}"="v2.30|Action=SecureServer|Active=TRUE|Protocol=6|EP2Port=3389|""#)]),
    ]);
}

#[test]
fn the_services_below_it() {
    are_named(&[
        blocks(CAUSE, &[(r"SYSTEM\ControlSet002\Services\MpsSvc", DISABLED)]),
        blocks(CAUSE, &[(r"SYSTEM\ControlSet002\Services\BFE", DISABLED)]),
        // REG_MULTI_SZ in the place of REG_SZ.
        blocks(CAUSE, &[(APPS, r#""DebugedLoopbackApps"=hex(7):53,00,2d,00,31,00,00,00,00,00"#)]),
    ]);
    are_not_named(&[(CAUSE, &[(APPS, r#""DebugedLoopbackApps"="S-1-15-2-1""#)])]);
}

#[test]
fn what_leaves_a_way_in() {
    const NOTHING: &str = r#""EnableFirewall"=dword:00000000"#;
    const OPEN: &str = r#""DefaultInboundAction"=dword:00000000"#;
    are_not_named(&[
        (CAUSE, &[INACTIVE, (DOMAIN, NOTHING), (PRIVATE, NOTHING), (PUBLIC, NOTHING)]),
        (CAUSE, &[INACTIVE, (POLICY_DOMAIN, NOTHING), (POLICY_PRIVATE, NOTHING), (POLICY_PUBLIC, NOTHING)]),
        (CAUSE, &[INACTIVE, (DOMAIN, OPEN), (PRIVATE, OPEN), (PUBLIC, OPEN)]),
        (CAUSE, &[INACTIVE, (RULES, ALLOWS)]),
        (CAUSE, &[INACTIVE, (POLICY_RULES, ALLOWS)]),
        (CAUSE, &[(RULES, r#""{2}"="v2.30|Action=Block|Active=TRUE|Dir=In|Protocol=17|LPort=3389|""#)]),
        (CAUSE, &[(IPSEC, r#""{1}"="v2.30|Action=SecureServer|Active=FALSE|Protocol=6|EP2Port=3389|""#)]),
    ]);
}
