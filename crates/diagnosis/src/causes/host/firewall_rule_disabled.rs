use super::remedies::ENABLE_RULES;
use super::signs::unless_tcp_connects;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Place, Safety, Severity, Stage};

/// No active rule of Windows' firewall lets the port in on the network's present profile.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "firewall-rule-disabled",
    stage: Stage::Host,
    severity: Severity::Blocks,
    title: "The server's own firewall does not let Remote Desktop in",
    prior: 0,
    explains: &["port-filtered"],
    page: include_str!("firewall-rule-disabled.md"),
    detect: unless_tcp_connects,
    remedies: |_| remedies(&[&READ_RULES, &ENABLE_RULES, &CHANGE_POLICY]),
};

const READ_RULES: Step = Step {
    title: "See which rules for Remote Desktop are active, on which profile the network is, and what a policy adds",
    commands: &[
        "Get-NetFirewallRule -Group '@FirewallAPI.dll,-28752' -PolicyStore ActiveStore | Format-Table Name, Enabled, Action, Profile, PolicyStoreSourceType",
        "Get-NetConnectionProfile | Format-Table InterfaceAlias, NetworkCategory",
        "Get-NetFirewallProfile -PolicyStore ActiveStore | Format-Table Name, Enabled, DefaultInboundAction, AllowInboundRules, AllowLocalFirewallRules",
        "Get-WinEvent -FilterHashtable @{LogName='Microsoft-Windows-Windows Firewall With Advanced Security/Firewall'; Id=2003,2004,2005,2006,2010,2033,2052,2071,2082,2097} -MaxEvents 20 | Format-List TimeCreated, Id, Message",
    ],
    cmd: &[
        "netsh advfirewall show currentprofile",
        "netsh advfirewall firewall show rule name=all dir=in verbose | findstr /i /c:3389",
        r"reg query HKLM\SOFTWARE\Policies\Microsoft\WindowsFirewall /s",
    ],
    ..READ
};

const CHANGE_POLICY: Step = Step {
    title: "Where a policy blocks it or has local rules ignored: find the policy by name, and let it carry the rule",
    place: Place::DomainController,
    safety: Safety::Manual,
    interrupts: "nothing; it holds for every machine under that policy",
    commands: &["gpresult /scope computer /v", "gpupdate /target:computer"],
    undo: "set the policy back to what it was, and run gpupdate",
    ..READ
};
