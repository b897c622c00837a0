use super::signs::open_from_outside;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Safety, Severity, Stage};

/// Strangers guess passwords through the network.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "brute-force-attack",
    stage: Stage::Host,
    severity: Severity::Degrades,
    title: "Strangers try passwords on this server",
    prior: -3,
    explains: &["account-locked", "backlog-full"],
    page: include_str!("brute-force-attack.md"),
    detect: open_from_outside,
    remedies: |_| remedies(&[&READ_LOGONS, &SHUT_OUT]),
};

const READ_LOGONS: Step = Step {
    title: "See who tries, from where and how often: failed logons of type 3, and connections that end at once",
    commands: &[
        "Get-WinEvent -FilterHashtable @{LogName='Security'; Id=4625} -MaxEvents 500 | ForEach-Object { $_.Properties[19].Value } | Group-Object | Sort-Object Count -Descending | Select-Object -First 20 Count, Name",
        "Get-WinEvent -FilterHashtable @{LogName='Microsoft-Windows-RemoteDesktopServices-RdpCoreTS/Operational'; Id=131,140} -MaxEvents 50 | Format-List TimeCreated, Id, Message",
    ],
    cmd: &["wevtutil qe Security /q:*[System[EventID=4625]] /c:50 /rd:true /f:text"],
    ..READ
};

const SHUT_OUT: Step = Step {
    title: "Take the port off the Internet: a VPN, an RD Gateway, or firewall rules that allow known addresses only; keep NLA on and lock accounts for a while after failures",
    safety: Safety::Manual,
    interrupts: "whoever comes from another address no longer gets in: put your own network for NETWORK, the one you come from included",
    commands: &[
        "Get-NetFirewallRule -Group '@FirewallAPI.dll,-28752' -Direction Inbound | Get-NetFirewallAddressFilter | Format-List InstanceID, RemoteAddress",
        "Get-NetFirewallRule -Group '@FirewallAPI.dll,-28752' -Direction Inbound | Set-NetFirewallRule -RemoteAddress NETWORK",
    ],
    cmd: &[r#"netsh advfirewall firewall set rule group="@FirewallAPI.dll,-28752" new remoteip=NETWORK"#],
    undo: "Get-NetFirewallRule -Group '@FirewallAPI.dll,-28752' -Direction Inbound | Set-NetFirewallRule -RemoteAddress Any, or the addresses that the first command showed",
    ..READ
};
