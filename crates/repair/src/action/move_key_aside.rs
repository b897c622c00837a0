use super::own_certificate::{broken, key_aside};
use super::{Action, Ground, Restart};
use crate::step::Step;

pub(super) const ACTION: Action = Action {
    id: "move-key-aside",
    causes: &["cloned-machine-keys", "machine-keys-missing", "stale-key-container"],
    title: "Move the file of Remote Desktop's own key out of the way, and no other",
    interrupts: "restarting TermService cuts off every Remote Desktop session",
    risk: "until Windows has made a new key, nobody gets in",
    restart: Restart::Services,
    page: include_str!("move-key-aside.md"),
    steps,
};

fn steps(ground: &Ground<'_>) -> Result<Vec<Step>, String> {
    broken(ground)?;
    key_aside(ground)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{KEY_FILE, World, on};
    use rdpdoctor_diagnosis::testing::CertificateMaker;

    const OTHER: &str = r"ProgramData\Microsoft\Crypto\RSA\MachineKeys\f686aace6942fb7f7ceb231212eef4a4_11111111-2222-3333-4444-555555555555";
    const IIS: &str = r"ProgramData\Microsoft\Crypto\RSA\MachineKeys\6de9cb26d2b98c01ec4e9e8b34824aa2_0b1c2d3e-4f50-4162-8374-95a6b7c8d9e0";

    fn aside(path: &str) -> Step {
        Step::MoveAside { path: path.to_owned() }
    }

    fn watched() -> Step {
        Step::WatchFile { path: KEY_FILE.to_owned(), aside: None }
    }

    #[test]
    fn only_files_of_the_container_are_moved() {
        let ended = CertificateMaker::windows("TS01").valid(-200, -17);
        let world = World::server().holds(&ended).file(IIS, 2000);
        assert_eq!(on(&world, steps), Ok(vec![aside(KEY_FILE)]));
        let hollow = World::server().without_file(KEY_FILE).file(KEY_FILE, 0).file(IIS, 2000);
        assert_eq!(on(&hollow, steps), Ok(vec![aside(KEY_FILE)]));
        let cloned = World::server().without_file(KEY_FILE).file(OTHER, 2000).file(IIS, 2000);
        assert_eq!(on(&cloned, steps), Ok(vec![watched(), aside(OTHER)]));
        let gone = World::server().without_file(KEY_FILE).file(IIS, 2000);
        assert_eq!(on(&gone, steps), Ok(vec![watched()]));
    }

    #[test]
    fn a_key_that_works_stays() {
        assert!(on(&World::server(), steps).unwrap_err().contains("in date"));
    }
}
