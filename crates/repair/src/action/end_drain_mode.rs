use rdpdoctor_machine::registry::{Data, REG_DWORD};

use super::registry::{correct, known, set};
use super::{Action, Ground, Restart};
use crate::step::Step;

pub(super) const ACTION: Action = Action {
    id: "end-drain-mode",
    causes: &["drain-mode"],
    title: "Let new sessions in again",
    interrupts: "",
    risk: "whoever drained the server may not be done: ask first",
    restart: Restart::Nothing,
    page: include_str!("end-drain-mode.md"),
    steps,
};

fn steps(ground: &Ground<'_>) -> Result<Vec<Step>, String> {
    let mut steps = correct(ground, "drain-mode", 0)?;
    steps.extend(logons(ground)?);
    Ok(steps)
}

/// Winlogon keeps its number as a text; where somebody wrote a number, a number stays.
fn logons(ground: &Ground<'_>) -> Result<Vec<Step>, String> {
    let setting = known("winstations-disabled")?;
    let key = ground.machine.key(setting.path).map_err(|why| format!("{}: {why}", setting.path))?;
    let found = key.as_ref().and_then(|key| key.value(setting.value)).map(|value| &value.data);
    let is_off =
        |data: &&Data| data.dword().is_some_and(|number| number != 0) || data.text().is_some_and(|it| it.trim() == "1");
    let zero = |data: &Data| if data.kind == REG_DWORD { Data::of_dword(0) } else { Data::of_text("0") };
    let off = found.filter(is_off).map(zero);
    Ok(off.map_or(Vec::new(), |data| set(ground.machine, setting.path, setting.value, data)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TERMINAL_SERVER, World, steps_on};

    const WINLOGON: &str = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon";

    #[test]
    fn both_switches_go_back_in_their_own_type() {
        let drained = World::server().value(TERMINAL_SERVER, "TSServerDrainMode", 2);
        let closed = drained.text(WINLOGON, "WinStationsDisabled", "1");
        assert_eq!(
            steps_on(&closed, &ACTION).unwrap(),
            [
                format!("set {TERMINAL_SERVER}, value TSServerDrainMode, to 0"),
                format!("set {WINLOGON}, value WinStationsDisabled, to \"0\""),
            ]
        );
        let number = World::server().with_key(WINLOGON).value(WINLOGON, "WinStationsDisabled", 1);
        assert_eq!(steps_on(&number, &ACTION).unwrap(), [format!("set {WINLOGON}, value WinStationsDisabled, to 0")]);
    }

    #[test]
    fn near_miss_a_server_that_is_open() {
        let open = World::server().text(WINLOGON, "WinStationsDisabled", "0");
        assert_eq!(steps_on(&open, &ACTION).unwrap(), [""; 0]);
    }
}
