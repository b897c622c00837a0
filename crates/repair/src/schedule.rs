//! A task of Windows' own scheduler that takes a repair back, or makes one that cuts off whoever asked for it.
//!
//! Tasks are described in XML, whose times do not depend on the language of Windows (schtasks has it from Vista on).

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// How long a task that is started at once is kept, at least.
const KEPT: SignedDuration = SignedDuration::from_hours(1);

/// A task, which runs as SYSTEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Its name.
    pub name: String,
    /// The program, with its whole path.
    pub program: String,
    /// What it is given.
    pub arguments: String,
    /// When it runs.
    pub when: When,
}

/// When a task runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// At this time, or later where the machine was off then.
    At(Timestamp),
    /// When it is asked to, which is now. Windows forgets it by itself.
    Asked(Timestamp),
}

impl Task {
    /// The task that takes a repair back unless it was confirmed. The program lies beside the journals.
    pub fn revert(id: &str, program: String, at: Timestamp) -> Self {
        Self { name: name(id), program, arguments: undo(id), when: When::At(at) }
    }

    /// What is run, as a person would type it.
    pub fn command(&self) -> String {
        let program = &self.program;
        if program.contains(' ') {
            format!("\"{program}\" {}", self.arguments)
        } else {
            format!("{program} {}", self.arguments)
        }
    }

    /// Its description, as schtasks /create /xml reads it: UTF-16 with a mark.
    pub fn xml(&self) -> Vec<u8> {
        let text = self.text();
        [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
    }

    /// How schtasks is called to register it from a file.
    pub fn register(&self, file: &str) -> Vec<String> {
        ["/create", "/tn", &self.name, "/xml", file, "/f"].map(str::to_owned).into()
    }

    /// How schtasks is asked to show it again.
    pub fn query(&self) -> Vec<String> {
        ["/query", "/tn", &self.name, "/xml"].map(str::to_owned).into()
    }

    /// Whether this is what schtasks shows of it, in whichever encoding.
    pub fn is_shown_by(&self, said: &[u8]) -> bool {
        let said: Vec<u8> = said.iter().copied().filter(|byte| *byte != 0).collect();
        String::from_utf8_lossy(&said).contains(&escaped(&self.arguments))
    }

    /// Its elements stand in the order of the schema where that has one ([MS-TSCH] 2.5). What the scheduler takes to be so
    /// anyway is left out, but for what it does with a laptop's batteries.
    fn text(&self) -> String {
        let (trigger, settings) = self.when.xml();
        let [program, arguments] = [&self.program, &self.arguments].map(|text| escaped(text));
        format!(
            r#"<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><Description>rdpdoctor</Description></RegistrationInfo>
  <Triggers><TimeTrigger>{trigger}</TimeTrigger></Triggers>
  <Principals><Principal id="Author"><UserId>S-1-5-18</UserId><RunLevel>HighestAvailable</RunLevel></Principal></Principals>
  <Settings>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    {settings}
    <ExecutionTimeLimit>PT1H</ExecutionTimeLimit>
  </Settings>
  <Actions Context="Author"><Exec><Command>{program}</Command><Arguments>{arguments}</Arguments></Exec></Actions>
</Task>
"#
        )
    }
}

impl When {
    /// The contents of the trigger, and a setting.
    fn xml(self) -> (String, &'static str) {
        match self {
            Self::At(at) => {
                let start = format!("<StartBoundary>{}</StartBoundary>", moment(at));
                (start, "<StartWhenAvailable>true</StartWhenAvailable>")
            }
            // It is not made up for, so that it does not run twice; a task that can be forgotten has an end.
            Self::Asked(at) => {
                let end = at.checked_add(KEPT).unwrap_or(at);
                let from = format!("<StartBoundary>{}</StartBoundary>", moment(at));
                let until = format!("<EndBoundary>{}</EndBoundary>", moment(end));
                (from + &until, "<DeleteExpiredTaskAfter>PT0S</DeleteExpiredTaskAfter>")
            }
        }
    }
}

/// In UTC, without fractions of a second.
fn moment(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn undo(id: &str) -> String {
    format!("host undo {id} --yes --unless-confirmed")
}

/// The name of the task of a repair.
pub fn name(id: &str) -> String {
    format!("rdpdoctor-{id}")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: &str = "2026-11-21T12:30:00.5Z";

    fn revert() -> Task {
        Task::revert("20261121-120000", r"C:\Program Data & more\rdpdoctor.exe".to_owned(), AT.parse().unwrap())
    }

    fn read(task: &Task) -> String {
        let units: Vec<u16> = task.xml().chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        String::from_utf16(&units).unwrap()
    }

    #[test]
    fn a_task_says_when_what_and_as_whom() {
        let (task, text) = (revert(), read(&revert()));
        assert!(text.starts_with('\u{feff}'));
        for part in [
            "<TimeTrigger><StartBoundary>2026-11-21T12:30:00Z</StartBoundary></TimeTrigger>",
            "<UserId>S-1-5-18</UserId>",
            "<StartWhenAvailable>true</StartWhenAvailable>",
            r"<Command>C:\Program Data &amp; more\rdpdoctor.exe</Command>",
            "<Arguments>host undo 20261121-120000 --yes --unless-confirmed</Arguments>",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert_eq!(task.register("t.xml").join(" "), "/create /tn rdpdoctor-20261121-120000 /xml t.xml /f");
        let typed = r#""C:\Program Data & more\rdpdoctor.exe" host undo 20261121-120000 --yes --unless-confirmed"#;
        assert_eq!(task.command(), typed);
    }

    #[test]
    fn a_task_that_is_asked_for_runs_once_and_is_forgotten() {
        let text = read(&Task { when: When::Asked(AT.parse().unwrap()), ..revert() });
        let trigger =
            "<StartBoundary>2026-11-21T12:30:00Z</StartBoundary><EndBoundary>2026-11-21T13:30:00Z</EndBoundary>";
        assert!(text.contains(trigger) && text.contains("<DeleteExpiredTaskAfter>PT0S</DeleteExpiredTaskAfter>"));
        assert!(!text.contains("StartWhenAvailable"));
    }

    #[test]
    fn what_schtasks_shows_is_the_task_or_is_not() {
        let task = revert();
        let shown = read(&task);
        assert!(task.is_shown_by(shown.as_bytes()) && task.is_shown_by(&task.xml()));
        assert!(!task.is_shown_by(shown.replace("120000", "120001").as_bytes()));
    }
}
