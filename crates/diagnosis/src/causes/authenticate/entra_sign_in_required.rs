use super::remedies::READ_FAILURES;
use super::signs::unmeasured;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Place, Severity, Stage};

/// An Entra joined computer knows the account of the cloud, and not the one that was typed.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "entra-sign-in-required",
    stage: Stage::Authenticate,
    severity: Severity::Blocks,
    title: "The server expects a Microsoft Entra sign-in",
    prior: -6,
    explains: &["logon-refused"],
    page: include_str!("entra-sign-in-required.md"),
    detect: unmeasured,
    remedies: |_| remedies(&[&READ_JOIN, &SIGN_IN, &NAME_IT, &READ_FAILURES]),
};

const READ_JOIN: Step = Step {
    title: "On both computers: see whether they are joined to Entra (AzureAdJoined), to a domain (DomainJoined) and to which tenant",
    commands: &["dsregcmd /status"],
    ..READ
};

const SIGN_IN: Step = Step {
    title: "Let the client sign in to Entra: in mstsc, Advanced, \"Use a web account to sign in to the remote computer\" (enablerdsaadauth:i:1 in the .rdp file), and ask for the computer by its name, not by address; FreeRDP 3 has /sec:aad",
    place: Place::Client,
    ..READ
};

const NAME_IT: Step = Step {
    title: "Or, from a client that is joined or registered with the same tenant: log on as AzureAD\\USER@DOMAIN, an account that is among the server's Remote Desktop Users",
    place: Place::Client,
    ..READ
};
