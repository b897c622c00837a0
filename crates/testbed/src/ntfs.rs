//! A small NTFS volume in a file, made with `mkntfs` and mounted with `ntfs-3g`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::Unavailable;
use crate::process::{find, first_use, run};

/// Enough for what tests put on it; the file is sparse.
const SIZE: u64 = 16 << 20;

/// A volume that is mounted until it is dropped.
#[derive(Debug)]
pub struct NtfsImage {
    folder: TempDir,
    is_mounted: bool,
}

impl NtfsImage {
    /// Makes an empty volume and mounts it.
    pub fn make() -> Result<Self, Unavailable> {
        let (mkntfs, _) = (find("mkntfs")?, find("ntfs-3g")?);
        let mut image = Self { folder: tempfile::tempdir()?, is_mounted: false };
        File::create(image.image())?.set_len(SIZE)?;
        run(Command::new(mkntfs).args(["-F", "-Q", "-q"]).arg(image.image()))?;
        fs::create_dir(image.path())?;
        image.mount()?;
        Ok(image)
    }

    /// Where it is mounted.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("mounted")
    }

    /// The file that holds it. Change it only while it is not mounted.
    pub fn image(&self) -> PathBuf {
        self.folder.path().join("volume.img")
    }

    /// Writes a file, given below the root of the volume (`Windows/System32/config/SYSTEM`), with the folders above.
    pub fn write(&self, path: &str, bytes: &[u8]) -> Result<PathBuf, Unavailable> {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap_or(&path))?;
        fs::write(&path, bytes)?;
        Ok(path)
    }

    /// Gives a file or folder a self-relative security descriptor.
    pub fn set_descriptor(&self, path: &str, descriptor: &[u8]) -> Result<(), Unavailable> {
        let digits: Vec<String> = descriptor.iter().map(|byte| format!("{byte:02x}")).collect();
        let value = format!("0x{}", digits.concat());
        let mut command = Command::new(find("setfattr")?);
        run(command.args(["-n", "system.ntfs_acl", "-v", &value]).arg(self.path().join(path)))
    }

    /// Marks it for a check by Windows, as a crash would. It is unmounted meanwhile.
    pub fn mark_dirty(&mut self) -> Result<(), Unavailable> {
        self.unmount()?;
        run(Command::new(find("ntfsfix")?).arg(self.image()))?;
        self.mount()
    }

    /// Unmounts it and mounts it again, so that nobody can write to it.
    pub fn remount_read_only(&mut self) -> Result<(), Unavailable> {
        self.unmount()?;
        self.mount_with(&["-o", "ro"])
    }

    /// Unmounts it and mounts it again, as ntfs-3g then sees fit.
    pub fn remount(&mut self) -> Result<(), Unavailable> {
        self.unmount()?;
        self.mount()
    }

    fn mount(&mut self) -> Result<(), Unavailable> {
        self.mount_with(&[])
    }

    fn mount_with(&mut self, options: &[&str]) -> Result<(), Unavailable> {
        let mut command = Command::new(find("ntfs-3g")?);
        first_use(command.args(options).arg(self.image()).arg(self.path()), "mounting through FUSE")?;
        self.is_mounted = true;
        Ok(())
    }

    fn unmount(&mut self) -> Result<(), Unavailable> {
        if std::mem::take(&mut self.is_mounted) {
            unmount(&self.path())?;
        }
        Ok(())
    }
}

/// Whoever is not root may unmount through FUSE's own helper only.
fn unmount(path: &Path) -> Result<(), Unavailable> {
    let by_root = run(Command::new(find("umount")?).arg(path));
    by_root.or_else(|_| run(Command::new(find("fusermount")?).arg("-u").arg(path)))
}

impl Drop for NtfsImage {
    fn drop(&mut self) {
        let _ = self.unmount();
    }
}
