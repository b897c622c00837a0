use super::{after_the_handshake, remedies};
use crate::evidence::Evidence;
use crate::{Cause, Place, Remedy, Safety, Severity, Stage};

/// A connection broker, or a client of it, that is set up wrongly.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "broker-misconfigured",
    stage: Stage::Session,
    severity: Severity::Blocks,
    title: "The connection broker is set up wrongly",
    prior: -6,
    explains: &[],
    page: include_str!("broker-misconfigured.md"),
    detect: after_the_handshake,
    remedies,
};

fn remedies(_: &Evidence) -> Vec<Remedy> {
    vec![remedies::read_broker_events(), read_deployment()]
}

fn read_deployment() -> Remedy {
    Remedy {
        title: "Compare the deployment with what the client asks for: the collection, the session hosts in it, and the .rdp file (loadbalanceinfo, use redirection server name)".into(),
        place: Place::Broker,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: vec!["Get-RDServer | Format-Table Server, Roles -AutoSize".into(), "Get-RDSessionCollection | Format-Table CollectionName, Size, ResourceType".into(), "Get-RDSessionHost -CollectionName COLLECTION | Format-Table SessionHost, NewConnectionAllowed".into()],
        cmd: Vec::new(),
        undo: "nothing is changed".into(),
    }
}
