//! A task of Windows' own scheduler that takes a repair back, or makes one that cuts off whoever asked for it.
//!
//! Tasks are described in XML, whose times do not depend on the language of Windows (schtasks has it from Vista on).

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Its name.
    pub name: String,
    /// The program, with its whole path.
    pub program: String,
    /// What it is given.
    pub arguments: String,
    /// When it runs: also later, where the machine was off.
    pub at: Timestamp,
}

impl Task {
    /// The task that takes a repair back unless it was confirmed. The program lies beside the journals.
    pub fn revert(id: &str, program: String, at: Timestamp) -> Self {
        Self { name: name(id), program, arguments: format!("host undo {id} --yes --unless-confirmed"), at }
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

    fn text(&self) -> String {
        let at = self.at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let [program, arguments] = [&self.program, &self.arguments].map(|text| escaped(text));
        format!(
            r#"<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><Description>rdpdoctor</Description></RegistrationInfo>
  <Triggers><TimeTrigger><StartBoundary>{at}</StartBoundary><Enabled>true</Enabled></TimeTrigger></Triggers>
  <Principals><Principal id="Author"><UserId>S-1-5-18</UserId><RunLevel>HighestAvailable</RunLevel></Principal></Principals>
  <Settings>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <ExecutionTimeLimit>PT1H</ExecutionTimeLimit>
  </Settings>
  <Actions Context="Author"><Exec><Command>{program}</Command><Arguments>{arguments}</Arguments></Exec></Actions>
</Task>
"#
        )
    }
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

    #[test]
    fn a_task_says_when_what_and_as_whom() {
        let at = "2026-11-21T12:30:00Z".parse().unwrap();
        let task = Task::revert("20261121-120000", r"C:\Program Data & more\rdpdoctor.exe".to_owned(), at);
        let units: Vec<u16> = task.xml().chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        let text = String::from_utf16(&units).unwrap();
        assert!(text.starts_with('\u{feff}'));
        for part in [
            "<StartBoundary>2026-11-21T12:30:00Z</StartBoundary>",
            "<UserId>S-1-5-18</UserId>",
            r"<Command>C:\Program Data &amp; more\rdpdoctor.exe</Command>",
            "<Arguments>host undo 20261121-120000 --yes --unless-confirmed</Arguments>",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert_eq!(task.register("t.xml").join(" "), "/create /tn rdpdoctor-20261121-120000 /xml t.xml /f");
    }
}
