use super::on_the_client;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Place, Safety, Severity, Stage};

/// A policy of the client that does not let it connect like this.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "client-policy-forbids",
    stage: Stage::Client,
    severity: Severity::Blocks,
    title: "A policy on the client forbids the connection",
    prior: -6,
    explains: &[],
    page: include_str!("client-policy-forbids.md"),
    detect: on_the_client,
    remedies: |_| remedies(&[&SEE, &CHANGE]),
};

const SEE: Step = Step {
    title: "See which delegation, authentication and NTLM policies are set on the client",
    place: Place::Client,
    commands: &[
        r"Get-ItemProperty 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\CredentialsDelegation' -ErrorAction SilentlyContinue",
        r"Get-ItemProperty 'HKLM:\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services' -ErrorAction SilentlyContinue | Select-Object AuthenticationLevel, fDisablePasswordSaving",
        r"Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Lsa\MSV1_0' -ErrorAction SilentlyContinue | Select-Object RestrictSendingNTLMTraffic",
    ],
    cmd: &[
        r"reg query HKLM\SOFTWARE\Policies\Microsoft\Windows\CredentialsDelegation /s",
        r#"reg query "HKLM\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services""#,
        r"reg query HKLM\SYSTEM\CurrentControlSet\Control\Lsa\MSV1_0 /v RestrictSendingNTLMTraffic",
    ],
    ..READ
};

const CHANGE: Step = Step {
    title: "Have the policy allow this server by its name (TERMSRV/HOST), and give the server a certificate or Kerberos name that satisfies it",
    place: Place::Client,
    safety: Safety::Manual,
    interrupts: "what else the policy covers",
    commands: &[r"gpresult /h C:\policies.html /f"],
    cmd: &["gpresult /r /scope computer"],
    undo: "set the policy back",
};
