use crate::causes::step::{READ, Step, remedies};
use crate::evidence::snapshot::Build;
use crate::evidence::{Evidence, Snapshot};
use crate::{Cause, Detection, Proof, Safety, Severity, Stage};

/// An update that brought a known fault with it.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "update-regression",
    stage: Stage::Host,
    severity: Severity::Degrades,
    title: "A known fault of a Windows update",
    prior: -6,
    explains: &[],
    page: include_str!("update-regression.md"),
    detect: look,
    remedies: |_| remedies(&[&READ_UPDATES, &MEND]),
};

/// A fault that came with one update and went with another, both told by the revision of the build.
struct Fault {
    builds: &'static [u32],
    /// The revisions from the one that brought it up to, and without, the one that mended it.
    from: u32,
    until: u32,
    server: bool,
    text: &'static str,
}

/// On the server.
const SERVED: Fault = Fault {
    builds: &[26100],
    from: 3194,
    until: 3775,
    server: true,
    text: "sessions freeze soon after the connection since KB5051987, until KB5055523",
};

/// On the machine that connects.
const CONNECTING: Fault = Fault {
    builds: &[26100, 26200],
    from: 7623,
    until: 7624,
    server: false,
    text: "the credential prompt fails with 0x80080005 since KB5074109, above all in the Windows App, until the update out of band that followed",
};

/// Only faults that a build tells are found: of the others nothing is said.
fn look(evidence: &Evidence) -> Detection {
    let has = |snapshot: &Option<Box<Snapshot>>, fault: &Fault, root: &str| {
        let build = snapshot.as_deref()?.build.observed()?;
        let text = format!("Windows {}.{}: {}", build.number, build.revision?, fault.text);
        fault.is_on(build).then(|| Proof::of(text, [format!("{root}/build")], 18))
    };
    let served = has(&evidence.host, &SERVED, "/evidence/host");
    let found = served.or_else(|| has(&evidence.origin, &CONNECTING, "/evidence/origin"));
    found.map_or(Detection::Unknown(Vec::new()), |proof| {
        Detection::Likely(proof.missing("whether what people see is that fault: not every connection meets it"))
    })
}

impl Fault {
    fn is_on(&self, build: &Build) -> bool {
        let revision = build.revision.is_some_and(|revision| (self.from..self.until).contains(&revision));
        revision && self.builds.contains(&build.number) && build.is_server() == Some(self.server)
    }
}

const READ_UPDATES: Step = Step {
    title: "See the build and which updates came shortly before it began, on both sides, and compare with the known issues of that build",
    commands: &[
        r"Get-ItemProperty 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion' | Format-List ProductName, CurrentBuild, UBR",
        "Get-HotFix | Sort-Object InstalledOn -Descending | Select-Object -First 10",
    ],
    cmd: &["ver", "systeminfo"],
    ..READ
};

const MEND: Step = Step {
    title: "Install the update that mends it, or apply the Known Issue Rollback that the release notes name; take an update off only where neither exists",
    safety: Safety::Manual,
    interrupts: "updates restart the machine",
    commands: &["Start-Process ms-settings:windowsupdate"],
    cmd: &["start ms-settings:windowsupdate"],
    undo: "a Known Issue Rollback is a policy: remove it once the mending update is installed",
    ..READ
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::snapshot::Reading;
    use crate::testing::Machine;
    use crate::{Certainty, Verdict, judge};

    fn machine(number: u32, revision: u32, installation: &str) -> Machine {
        Machine::healthy().build(number, installation).with(|host| {
            let Reading::Observed(build) = &mut host.build else { return };
            build.revision = Some(revision);
        })
    }

    #[test]
    fn fires_on_the_build_of_either_side() {
        let served = judge(&machine(26100, 3476, "Server").evidence());
        let root = served.root().unwrap();
        assert_eq!(
            (root.cause.id, root.certainty, root.severity),
            ("update-regression", Certainty::Likely, Severity::Degrades)
        );
        assert_eq!(served.verdict, Verdict::Warning);
        assert!(matches!(look(&machine(26200, 7623, "Client").as_origin()), Detection::Likely(_)));
    }

    #[test]
    fn near_miss_the_update_before_the_one_that_mends_and_the_other_edition() {
        for revision in [2894, 3775, 7623] {
            assert_eq!(
                look(&machine(26100, revision, "Server").evidence()),
                Detection::Unknown(Vec::new()),
                "{revision}"
            );
        }
        assert_eq!(look(&machine(26100, 3476, "Client").evidence()), Detection::Unknown(Vec::new()));
        assert_eq!(look(&machine(26100, 7627, "Client").as_origin()), Detection::Unknown(Vec::new()));
    }

    #[test]
    fn unknown_without_a_build() {
        assert_eq!(look(&Machine::unread().evidence()), Detection::Unknown(Vec::new()));
    }
}
