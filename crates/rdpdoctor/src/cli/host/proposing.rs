//! What to type next, where a repair exists for what was found.

use std::path::{Path, PathBuf};

use rdpdoctor_diagnosis::report::Report;
use rdpdoctor_diagnosis::{Certainty, Place, Remedy, Safety};
use rdpdoctor_repair::action;

/// Whose repair it is, and from where it can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) enum Whose {
    /// That of the machine that we run on.
    Here,
    /// That of a disk that is mounted here.
    Disk(PathBuf),
    /// That of a machine of which the collector script printed this: it can be planned here, and made there.
    Collection(PathBuf),
    /// That of a machine of which too little is here.
    Elsewhere,
}

/// Puts the repair by this program before all other remedies of the root cause, where there is one for it.
pub(in crate::cli) fn propose(report: &mut Report, whose: &Whose) {
    let Some(root) = report.root_cause.as_deref() else { return };
    if action::for_cause(root).next().is_none() {
        return;
    }
    let is_mended = |cause: &str, certainty| cause == root && certainty >= Certainty::Likely;
    let finding = report.findings.iter_mut().find(|finding| is_mended(&finding.cause, finding.certainty));
    if let Some(finding) = finding {
        finding.remedies.insert(0, remedy(whose));
    }
}

fn remedy(whose: &Whose) -> Remedy {
    let (title, place, arguments) = match whose {
        Whose::Here => ("See how rdpdoctor would mend it: this only shows the plan", Place::Server, String::new()),
        Whose::Disk(folder) => {
            ("See how rdpdoctor would mend it on the disk: this only shows the plan", Place::Here, offline(folder))
        }
        Whose::Collection(file) => (
            "Let rdpdoctor plan the repair here, as lines to type in cmd.exe on the server",
            Place::Here,
            format!(" --collected {} --format cmd", quoted(file)),
        ),
        Whose::Elsewhere => {
            ("See how rdpdoctor would mend it on that machine: this only shows the plan", Place::Server, String::new())
        }
    };
    let undo = match whose {
        Whose::Collection(_) => "the lines at the end of what it prints take it back".to_owned(),
        Whose::Disk(folder) => taken_back(&offline(folder)),
        Whose::Here | Whose::Elsewhere => taken_back(""),
    };
    Remedy {
        title: title.to_owned(),
        place,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: vec![format!("rdpdoctor host fix{arguments}")],
        cmd: Vec::new(),
        undo,
    }
}

fn taken_back(arguments: &str) -> String {
    format!("the plan changes nothing; after --apply: rdpdoctor host undo{arguments}")
}

/// The option that names a disk.
pub(super) fn offline(folder: &Path) -> String {
    format!(" --offline {}", quoted(folder))
}

/// A path as it can be typed: cmd.exe and PowerShell know double quotes, and a backslash before one takes its meaning.
pub(super) fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |it: char| it.is_alphanumeric() || "/\\:._-+".contains(it);
    if !text.is_empty() && text.chars().all(is_plain) && (cfg!(windows) || !text.contains('\\')) {
        text
    } else if cfg!(windows) {
        format!("\"{}\"", text.trim_end_matches('\\'))
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_names_what_was_looked_at() {
        let typed = |whose| remedy(&whose).commands.concat();
        assert_eq!(typed(Whose::Here), "rdpdoctor host fix");
        assert_eq!(typed(Whose::Elsewhere), "rdpdoctor host fix");
        assert_eq!(typed(Whose::Disk("/mnt/c".into())), "rdpdoctor host fix --offline /mnt/c");
        let collected = typed(Whose::Collection("ts01.json".into()));
        assert_eq!(collected, "rdpdoctor host fix --collected ts01.json --format cmd");
    }

    #[test]
    #[cfg(not(windows))]
    fn paths_are_quoted_as_the_shell_takes_them() {
        for (path, typed) in
            [("/mnt/my disk", "'/mnt/my disk'"), ("it's", "'it'\\''s'"), ("$(x)", "'$(x)'"), ("", "''")]
        {
            assert_eq!(quoted(Path::new(path)), typed);
        }
    }

    #[test]
    #[cfg(windows)]
    fn paths_are_quoted_as_the_shell_takes_them() {
        for (path, typed) in [("D:\\", "D:\\"), ("E:\\my disk\\", "\"E:\\my disk\""), ("a b", "\"a b\"")] {
            assert_eq!(quoted(Path::new(path)), typed);
        }
    }
}
