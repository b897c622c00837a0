use super::unless_answered;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Place, Safety, Severity, Stage};

/// The client's own firewall or permission holds the packets back.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "client-firewall",
    stage: Stage::Client,
    severity: Severity::Blocks,
    title: "The client's own firewall or permission holds the connection back",
    prior: -6,
    explains: &["port-filtered"],
    page: include_str!("client-firewall.md"),
    detect: unless_answered,
    remedies: |_| remedies(&[&TRY, &ALLOW]),
};

const TRY: Step = Step {
    title: "Try from another machine in the same network, and from this one to another server: where only this client fails, look at what filters its outgoing connections",
    place: Place::Client,
    commands: &[
        "Test-NetConnection HOST -Port 3389",
        "Get-NetFirewallRule -Direction Outbound -Action Block -Enabled True | Format-Table DisplayName, Profile, Program",
    ],
    cmd: &["netsh advfirewall firewall show rule name=all dir=out"],
    ..READ
};

const ALLOW: Step = Step {
    title: "Let the client out: change the rule or the security suite that blocks it; on an iPhone, iPad or Mac allow the app to use the local network in the privacy settings",
    place: Place::Client,
    safety: Safety::Manual,
    undo: "set the rule back",
    ..READ
};
