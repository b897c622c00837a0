//! The machine that is changed: this one, or a disk that is mounted here.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::Args;
use rdpdoctor_machine::offline::{Disk, recover};
use rdpdoctor_repair::Subject;
use rdpdoctor_repair::place;

use super::Failure;
use crate::output::complain;

/// Which machine's repairs are meant.
#[derive(Debug, Args)]
pub(in crate::cli) struct Whose {
    /// Those of the Windows on a disk that is mounted here, instead of the running one
    #[arg(long, value_name = "DIR")]
    offline: Option<PathBuf>,
}

impl Whose {
    /// Where its journals are.
    pub(super) fn journals(&self) -> Result<PathBuf, Failure> {
        let drive = drive(self.offline.as_deref())?;
        if !drive.is_dir() {
            return Err(Failure::Work(anyhow!("{}: no folder: name one at which a disk is mounted", drive.display())));
        }
        Ok(place::at(&drive))
    }

    /// The machine, to be changed.
    pub(super) fn subject(&self) -> Result<Box<dyn Subject>, Failure> {
        subject(self.offline.as_deref())
    }
}

/// Refuses where this machine is meant and we are no administrators; a disk says by itself what it does not let us.
pub(super) fn may_change(offline: Option<&Path>) -> Result<(), Failure> {
    if offline.is_some() { Ok(()) } else { elevated() }
}

/// The machine, to be changed: this one, or the one on a disk.
pub(super) fn subject(offline: Option<&Path>) -> Result<Box<dyn Subject>, Failure> {
    match offline {
        Some(folder) => on_disk(folder),
        None => here(),
    }
}

/// Where the system drive is.
pub(super) fn drive(offline: Option<&Path>) -> Result<PathBuf, Failure> {
    match offline {
        Some(folder) => Ok(folder.to_owned()),
        None => system_drive(),
    }
}

/// The folder of journals is there; originals of hives are kept in it, and put back first where a write was cut off.
fn on_disk(folder: &Path) -> Result<Box<dyn Subject>, Failure> {
    let at = |error: &dyn std::fmt::Display| anyhow!("{}: {error}", folder.display());
    let kept = place::at(folder).join("hives");
    if !kept.is_dir() {
        fs::create_dir(&kept).map_err(|error| at(&error))?;
    }
    for hive in recover(folder, &kept).map_err(|error| at(&error))? {
        complain(&format!("writing the hive {hive} was cut off: it is what it was before again"));
    }
    let disk = Disk::open(folder).map_err(|error| at(&error))?;
    Ok(Box::new(disk.for_writing(&kept).map_err(|error| at(&error))?))
}

#[cfg(windows)]
fn elevated() -> Result<(), Failure> {
    if rdpdoctor_machine::live::is_elevated()? {
        return Ok(());
    }
    let message = "changing this machine takes an administrator's rights: open the command prompt with \"Run as \
        administrator\" and type the same there";
    Err(Failure::Work(anyhow!(message)))
}

#[cfg(windows)]
fn here() -> Result<Box<dyn Subject>, Failure> {
    elevated()?;
    Ok(Box::new(rdpdoctor_machine::live::Live::open()?))
}

#[cfg(windows)]
fn system_drive() -> Result<PathBuf, Failure> {
    Ok(PathBuf::from(format!("{}\\", rdpdoctor_machine::live::system_drive()?)))
}

#[cfg(not(windows))]
fn elevated() -> Result<(), Failure> {
    Err(no_windows())
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
