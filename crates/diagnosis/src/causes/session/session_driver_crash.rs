use super::{by_server, remedies};
use crate::causes::logged::{CRASHES, Logged, SESSIONS, lately, reason, short};
use crate::evidence::{Evidence, Snapshot};
use crate::{Cause, Detection, Place, Proof, Remedy, Safety, Severity, Stage};

/// A display, input or security driver that brings the session down.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "session-driver-crash",
    stage: Stage::Session,
    severity: Severity::Blocks,
    title: "A driver or a system process of the session fails as it begins",
    prior: -6,
    explains: &[],
    page: include_str!("session-driver-crash.md"),
    detect: |evidence| by_server(evidence, look),
    remedies,
};

const HOURS: i64 = 72;
/// So many in a row, and no session since the first of them, are no accident.
const IN_A_ROW: usize = 3;

fn look(host: &Snapshot) -> Detection {
    let mut ended = lately(host, SESSIONS, &[40], HOURS);
    ended.retain(|logged| part(logged).is_some());
    let crashed = crashed(host);
    let Some((last, part)) = ended.last().and_then(|last| Some((last, part(last)?))) else {
        return match crashed {
            Some((text, fact)) => Detection::Likely(Proof::of(text, [fact], 17).severity(Severity::Degrades)),
            None => Detection::Unknown(Vec::new()),
        };
    };
    let times = if ended.len() == 1 { String::new() } else { format!(", {} times", ended.len()) };
    let text = format!("event 40 at {}{times}: a session ended because {part}", last.when());
    let mut proof = Proof::of(text, [last.fact.clone()], 20);
    if let Some((text, fact)) = crashed {
        proof = proof.and(text, [fact], 5);
    }
    Detection::Confirmed(if ended.len() >= IN_A_ROW && !recovered(host, &ended) {
        proof
    } else {
        proof.severity(Severity::Degrades)
    })
}

/// Which part failed, by the reason of event 40.
fn part(logged: &Logged<'_>) -> Option<&'static str> {
    Some(match reason(logged.event)? {
        15 => "its display driver was not ready in time",
        16 => "the Desktop Window Manager crashed",
        17 => "its display driver failed",
        18 => "its display driver could not be used",
        23 => "winlogon.exe crashed",
        24 => "csrss.exe crashed",
        _ => return None,
    })
}

/// Whether somebody got a session since the first of them.
fn recovered(host: &Snapshot, ended: &[Logged<'_>]) -> bool {
    let first = ended.first().map(|logged| logged.event.time);
    lately(host, SESSIONS, &[21, 25], HOURS).iter().any(|logged| Some(logged.event.time) > first)
}

/// The last crash of a program that every session has.
fn crashed(host: &Snapshot) -> Option<(String, String)> {
    const PROGRAMS: [&str; 4] = ["dwm.exe", "winlogon.exe", "csrss.exe", "logonui.exe"];
    let all = lately(host, CRASHES, &[1000], HOURS);
    all.iter().rev().find_map(|logged| {
        let values = || logged.event.data.iter().map(|(_, value)| value.as_str());
        let program = PROGRAMS.iter().find(|name| values().any(|value| value.eq_ignore_ascii_case(name)))?;
        let module = logged.event.field("ModuleName").filter(|module| !module.eq_ignore_ascii_case(program));
        let whose = module.map(|module| format!(" in {}", short(module))).unwrap_or_default();
        Some((format!("{program} crashed at {}{whose}", logged.when()), logged.fact.clone()))
    })
}

fn remedies(_: &Evidence) -> Vec<Remedy> {
    vec![remedies::read_session_events(), list_displays(), without_driver()]
}

fn list_displays() -> Remedy {
    Remedy {
        title: "Look for display adapters that a remote-control or virtual-monitor program has installed, and for crashes of dwm.exe, winlogon.exe or csrss.exe".into(),
        place: Place::Server,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: vec!["Get-PnpDevice -Class Display, Monitor | Format-Table Status, FriendlyName, InstanceId -AutoSize".into(), "Get-WinEvent -FilterHashtable @{LogName='Application'; ProviderName='Application Error'; Id=1000} -MaxEvents 20 | Format-List TimeCreated, Message".into()],
        cmd: vec!["pnputil /enum-devices /class Display".into(), r#"wevtutil qe Application /q:"*[System[Provider[@Name='Application Error'] and EventID=1000]]" /c:20 /rd:true /f:text"#.into()],
        undo: "nothing is changed".into(),
    }
}

fn without_driver() -> Remedy {
    Remedy {
        title: "Disable the added adapter, connect again, and then update or remove the program that brought it".into(),
        place: Place::Server,
        safety: Safety::Manual,
        interrupts: "screens that this adapter serves go dark; the program that brought it may stop".into(),
        commands: vec!["Disable-PnpDevice -InstanceId 'INSTANCE' -Confirm:$false".into()],
        cmd: vec![r#"pnputil /disable-device "INSTANCE""#.into()],
        undo: "Enable-PnpDevice -InstanceId 'INSTANCE' -Confirm:$false, or pnputil /enable-device".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Machine;
    use crate::{Certainty, Verdict, judge};

    const LOCAL: &str = "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational";

    fn ended(machine: Machine, reason: &str, minutes: i64) -> Machine {
        machine.event(LOCAL, SESSIONS, 40, minutes, &[("Session", "4"), ("Reason", reason)])
    }

    fn three() -> Machine {
        [90, 60, 30].into_iter().fold(Machine::healthy(), |machine, minutes| ended(machine, "16", minutes))
    }

    #[test]
    fn one_session_degrades_and_one_after_the_other_blocks() {
        for reason in ["15", "16", "17", "18", "23", "24"] {
            let diagnosis = judge(&ended(Machine::healthy(), reason, 30).evidence());
            let root = diagnosis.root().unwrap();
            assert_eq!(
                (root.cause.id, root.certainty, root.severity),
                ("session-driver-crash", Certainty::Confirmed, Severity::Degrades)
            );
        }
        assert_eq!(judge(&three().evidence()).verdict, Verdict::Broken);
        let recovered = three().event(LOCAL, SESSIONS, 21, 45, &[]);
        assert_ne!(judge(&recovered.evidence()).verdict, Verdict::Broken);
    }

    #[test]
    fn a_crash_of_a_program_of_every_session_names_its_module() {
        let data = [("AppName", "dwm.exe"), ("ModuleName", "virtualdisplay.dll")];
        let Detection::Likely(proof) =
            look(&Machine::healthy().event("Application", CRASHES, 1000, 30, &data).snapshot())
        else {
            panic!()
        };
        assert_eq!(proof.items[0].text, "dwm.exe crashed at 1969-12-31 23:30 UTC in virtualdisplay.dll");
    }

    #[test]
    fn near_miss_other_reasons_other_programs_and_old_events() {
        let other = Machine::healthy().event("Application", CRASHES, 1000, 30, &[("AppName", "excel.exe")]);
        let machines = [ended(Machine::healthy(), "5", 30), ended(Machine::healthy(), "16", 60 * 24 * 9), other];
        for machine in machines {
            assert_eq!(look(&machine.snapshot()), Detection::Unknown(Vec::new()));
        }
    }
}
