use super::signs::by_origin;
use crate::causes::step::{READ, Step, remedies};
use crate::evidence::Snapshot;
use crate::evidence::snapshot::Build;
use crate::view::origin_fact;
use crate::{Cause, Detection, Place, Proof, Safety, Severity, Stage};

/// A known fault of one release of a client.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "client-defect",
    stage: Stage::Client,
    severity: Severity::Blocks,
    title: "A known fault of this release of the client",
    prior: -3,
    explains: &[],
    page: include_str!("client-defect.md"),
    detect: |evidence| by_origin(evidence, look),
    remedies: |_| remedies(&[&OTHER, &UPDATE]),
};

/// Windows 11 24H2 from KB5050094 up to, and without, KB5053656.
const DROPS: (u32, std::ops::Range<u32>) = (26100, 3037..3624);

/// Faults of clients that a build does not tell stay open.
fn look(origin: &Snapshot) -> Detection {
    let (number, revisions) = DROPS;
    let has = |build: &&Build| {
        let client = build.is_server() == Some(false);
        client && build.number == number && build.revision.is_some_and(|revision| revisions.contains(&revision))
    };
    let Some(build) = origin.build.observed().filter(has) else { return Detection::Unknown(Vec::new()) };
    let text = format!(
        "Windows {number}.{}: sessions through UDP to Server 2016 and older end after 65 seconds; KB5053656 mends it",
        build.revision.unwrap_or_default()
    );
    let proof = Proof::of(text, [origin_fact(&["build"])], 18).severity(Severity::Degrades);
    Detection::Likely(proof.missing("whether it is that: not every server is met by it"))
}

const OTHER: Step = Step {
    title: "Connect from the same machine with another client, or with another release of this one: where that works, the client is at fault",
    place: Place::Client,
    commands: &["mstsc /v:HOST", "xfreerdp /v:HOST /log-level:DEBUG"],
    ..READ
};

const UPDATE: Step = Step {
    title: "Update the client, or go back to the last release that worked; look in its issue tracker for the message",
    place: Place::Client,
    safety: Safety::Manual,
    undo: "install the other release again",
    ..READ
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::snapshot::Reading;
    use crate::judge;
    use crate::testing::Machine;

    fn build(number: u32, revision: u32) -> Machine {
        Machine::healthy().build(number, "Client").with(|it| {
            let Reading::Observed(build) = &mut it.build else { return };
            build.revision = Some(revision);
        })
    }

    #[test]
    fn fires_on_the_builds_that_have_it() {
        let diagnosis = judge(&build(26100, 3194).as_origin());
        assert_eq!(diagnosis.root().unwrap().cause.id, "client-defect");
        assert_eq!(diagnosis.root().unwrap().severity, Severity::Degrades);
    }

    #[test]
    fn near_miss_the_update_that_mends_it_another_release_and_a_server() {
        for machine in
            [build(26100, 3624), build(26100, 2894), build(22631, 3194), build(26100, 3194).build(26100, "Server")]
        {
            assert_eq!(look(&machine.snapshot()), Detection::Unknown(Vec::new()));
        }
    }

    #[test]
    fn unknown_without_a_build() {
        assert_eq!(look(&Machine::unread().snapshot()), Detection::Unknown(Vec::new()));
    }
}
