use rdpdoctor_diagnosis::{Remedy, Safety};

/// The commands of a remedy for one shell.
pub(crate) struct Shell<'a> {
    pub(crate) name: &'static str,
    pub(crate) commands: &'a [String],
}

/// A twin for `cmd.exe` is there where the first commands are PowerShell's.
pub(crate) fn shells(remedy: &Remedy) -> Vec<Shell<'_>> {
    let first = if remedy.cmd.is_empty() { "Shell" } else { "PowerShell" };
    let shells = [(first, &remedy.commands), ("cmd.exe", &remedy.cmd)];
    let shells = shells.into_iter().filter(|(_, commands)| !commands.is_empty());
    shells.map(|(name, commands)| Shell { name, commands }).collect()
}

/// The class that colours what it puts at risk.
pub(crate) fn tone(remedy: &Remedy) -> &'static str {
    match remedy.safety {
        Safety::Safe => "good",
        Safety::Disruptive => "caution",
        Safety::Manual => "open",
    }
}
