//! The folder on a machine in which its journals lie, for administrators alone.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rdpdoctor_machine::change::Unchanged;
use rdpdoctor_machine::security::{Descriptor, Sid};
use thiserror::Error;

use crate::Subject;
use crate::journal::{Folder, PLACE};

/// SYSTEM and Administrators, here and below; nothing is inherited from ProgramData, in which everybody may create.
const FOR_ADMINISTRATORS: &str = "O:BAG:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)";

/// Why there is no folder for the journal.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PlaceError {
    /// Somebody else made it, and may have left something in it.
    #[error("{PLACE} belongs to {0}: look what is in it, and remove it")]
    Foreign(Sid),
    /// A link or a file in its place.
    #[error("{PLACE} is a link or a file: remove it")]
    NoFolder,
    /// What the operating system said.
    #[error("{PLACE} cannot be made or looked at")]
    System(#[from] io::Error),
    /// The disk takes no change.
    #[error("the disk is mounted read-only: mount it for writing")]
    ReadOnly,
    /// It could not be limited to administrators.
    #[error("{PLACE} cannot be limited to administrators: {0}")]
    Unprotected(Unchanged),
}

/// The folder, and what is to be said of it.
#[derive(Debug)]
pub struct Place {
    /// The folder.
    pub folder: Folder,
    /// That it could not be limited to administrators, where the file system does not know them.
    pub warning: Option<String>,
}

/// The folder as it was made or found; nothing is written to it before it is protected.
#[derive(Debug)]
pub struct Made {
    path: PathBuf,
    is_new: bool,
}

impl Made {
    /// Makes the folder below the system drive that is mounted or runs at `drive`, or takes the one that is there.
    pub fn at(drive: &Path) -> Result<Self, PlaceError> {
        let path = at(drive);
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_dir() => Ok(Self { path, is_new: false }),
            Ok(_) => Err(PlaceError::NoFolder),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                create(&path).map_err(uncreated)?;
                Ok(Self { path, is_new: true })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Lets administrators alone into it. One that somebody else made is not taken.
    pub fn protect(self, subject: &dyn Subject) -> Result<Place, PlaceError> {
        if let Some(owner) = foreign_owner(subject).filter(|_| !self.is_new) {
            return Err(PlaceError::Foreign(owner));
        }
        let warning = match protect(subject) {
            Ok(()) => None,
            // Wine and foreign file systems keep no Windows permissions.
            Err(why) if !is_enforced(subject) => Some(why.to_string()),
            Err(why) => return Err(PlaceError::Unprotected(why)),
        };
        Ok(Place { folder: Folder::at(self.path), warning })
    }
}

/// The folder of journals below a system drive, whether it is there or not.
pub fn at(drive: &Path) -> PathBuf {
    PLACE.split('\\').fold(drive.to_owned(), |path, name| path.join(name))
}

fn uncreated(error: io::Error) -> PlaceError {
    if error.kind() == io::ErrorKind::ReadOnlyFilesystem { PlaceError::ReadOnly } else { error.into() }
}

fn create(path: &Path) -> io::Result<()> {
    if let Some(above) = path.parent().filter(|above| !above.exists()) {
        fs::create_dir(above)?;
    }
    private(path)
}

#[cfg(unix)]
fn private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().mode(0o700).create(path)
}

/// Permissions follow at once, before anything lies in it.
#[cfg(not(unix))]
fn private(path: &Path) -> io::Result<()> {
    fs::create_dir(path)
}

fn protect(subject: &dyn Subject) -> Result<(), Unchanged> {
    let descriptor: Descriptor = FOR_ADMINISTRATORS.parse().map_err(|_| Unchanged::NotKept)?;
    let bytes = descriptor.to_bytes().map_err(|_| Unchanged::NotKept)?;
    subject.set_descriptor(PLACE, &bytes)
}

/// Whoever owns it, where that is neither SYSTEM nor the administrators. Everybody may create in ProgramData.
fn foreign_owner(subject: &dyn Subject) -> Option<Sid> {
    let bytes = subject.file(PLACE).ok()??.descriptor.ok()?;
    let owner = Descriptor::read(&bytes).ok()?.owner?;
    let is_ours = owner == Sid::SYSTEM || owner == Sid::ADMINISTRATORS || !is_enforced(subject);
    (!is_ours).then_some(owner)
}

/// Whether permissions are more than made up: those of the system's own folder tell.
fn is_enforced(subject: &dyn Subject) -> bool {
    let read = || Descriptor::read(&subject.file("Windows").ok()??.descriptor.ok()?).ok();
    let trusted_installer = Sid::of_service("TrustedInstaller");
    read().and_then(|windows| windows.owner).is_some_and(|owner| owner == trusted_installer || owner == Sid::SYSTEM)
}
