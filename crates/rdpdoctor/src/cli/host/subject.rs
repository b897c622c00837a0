//! The machine that is changed: this one, or a disk that is mounted here.

use std::path::{Path, PathBuf};

use clap::Args;
use rdpdoctor_repair::Subject;
use rdpdoctor_repair::place;

use super::Failure;

/// Which machine's repairs are meant.
#[derive(Debug, Args)]
pub(in crate::cli) struct Whose {
    /// Those of the Windows on a disk that is mounted here, instead of the running one
    #[arg(long, value_name = "DIR")]
    offline: Option<PathBuf>,
}

impl Whose {
    /// Where its system drive is.
    pub(super) fn drive(&self) -> Result<PathBuf, Failure> {
        drive(self.offline.as_deref())
    }

    /// Where its journals are.
    pub(super) fn journals(&self) -> Result<PathBuf, Failure> {
        Ok(place::at(&self.drive()?))
    }

    /// The machine, to be changed.
    pub(super) fn subject(&self) -> Result<Box<dyn Subject>, Failure> {
        subject(self.offline.as_deref())
    }
}

/// The machine, to be changed: this one, for which administrators alone may ask, or the one on a disk.
pub(super) fn subject(offline: Option<&Path>) -> Result<Box<dyn Subject>, Failure> {
    match offline {
        Some(folder) => on_disk(folder),
        None => here(),
    }
}

pub(super) fn drive(offline: Option<&Path>) -> Result<PathBuf, Failure> {
    match offline {
        Some(folder) => Ok(folder.to_owned()),
        None => system_drive(),
    }
}

fn on_disk(folder: &Path) -> Result<Box<dyn Subject>, Failure> {
    Err(Failure::Work(anyhow::anyhow!("{}: disks cannot be changed yet", folder.display())))
}

#[cfg(windows)]
fn here() -> Result<Box<dyn Subject>, Failure> {
    use rdpdoctor_machine::live::{Live, is_elevated};
    if !is_elevated()? {
        let message = "changing this machine takes an administrator's rights: open the command prompt with \"Run as \
            administrator\" and type the same there";
        return Err(Failure::Work(anyhow::anyhow!(message)));
    }
    Ok(Box::new(Live::open()?))
}

#[cfg(windows)]
fn system_drive() -> Result<PathBuf, Failure> {
    Ok(PathBuf::from(format!("{}\\", rdpdoctor_machine::live::system_drive()?)))
}

#[cfg(not(windows))]
fn here() -> Result<Box<dyn Subject>, Failure> {
    Err(no_windows())
}

#[cfg(not(windows))]
fn system_drive() -> Result<PathBuf, Failure> {
    Err(no_windows())
}

#[cfg(not(windows))]
fn no_windows() -> Failure {
    Failure::Usage("this is no Windows: name a disk that is mounted here with --offline DIR".to_owned())
}
