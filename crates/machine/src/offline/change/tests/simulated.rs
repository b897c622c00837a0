//! A disk that forgets what was not flushed, as a power cut makes it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::offline::change::rollback::SECTOR;
use crate::offline::change::storage::Storage;

/// Files that are in memory, and those of them that a cut leaves behind.
#[derive(Debug, Clone, Default)]
pub(super) struct Simulated(RefCell<Inner>);

#[derive(Debug, Clone, Default)]
struct Inner {
    files: Vec<File>,
    names: BTreeMap<PathBuf, usize>,
    kept_names: BTreeMap<PathBuf, usize>,
    /// Changes of names, each of which is kept or lost as a whole.
    pending: Vec<Vec<(PathBuf, Option<usize>)>>,
    /// Steps that still succeed.
    left: Option<usize>,
    /// Whether only one step fails.
    is_glitch: bool,
}

#[derive(Debug, Clone, Default)]
struct File {
    now: Vec<u8>,
    kept: Vec<u8>,
    pending: Vec<Step>,
}

#[derive(Debug, Clone)]
enum Step {
    Write(usize, Vec<u8>),
    Length(usize),
}

/// Which of the steps that were not flushed a cut leaves behind.
#[derive(Debug, Clone, Copy)]
pub(super) enum Luck {
    None,
    All,
    Random(u64),
}

impl Luck {
    fn holds(&mut self) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Random(seed) => {
                *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                *seed >> 40 & 1 == 1
            }
        }
    }
}

impl Step {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Length(length) => bytes.resize(*length, 0),
            Self::Write(at, new) => {
                bytes.resize(bytes.len().max(at + new.len()), 0);
                bytes[*at..at + new.len()].copy_from_slice(new);
            }
        }
    }

    /// Sector by sector, as far as fortune goes.
    fn apply_some(&self, bytes: &mut Vec<u8>, luck: &mut Luck) {
        match self {
            Self::Length(_) if luck.holds() => self.apply(bytes),
            Self::Length(_) => {}
            Self::Write(at, new) => {
                for (number, sector) in new.chunks(SECTOR).enumerate() {
                    if luck.holds() {
                        Self::Write(at + number * SECTOR, sector.to_vec()).apply(bytes);
                    }
                }
            }
        }
    }
}

impl Simulated {
    pub(super) fn with(files: &[(&Path, &[u8])]) -> Self {
        let storage = Self::default();
        for (path, bytes) in files {
            storage.create(path, bytes).unwrap();
        }
        storage.cut(Luck::All)
    }

    /// Lets only so many steps succeed.
    pub(super) fn ending_after(self, steps: usize) -> Self {
        self.0.borrow_mut().left = Some(steps);
        self
    }

    /// Lets one step fail after so many, and those behind it succeed.
    pub(super) fn failing_once_after(self, steps: usize) -> Self {
        self.0.borrow_mut().is_glitch = true;
        self.ending_after(steps)
    }

    /// What is there after the power comes back.
    pub(super) fn cut(&self, mut luck: Luck) -> Self {
        let mut inner = self.0.borrow().clone();
        for change in std::mem::take(&mut inner.pending) {
            if luck.holds() {
                rename(&mut inner.kept_names, &change);
            }
        }
        for file in &mut inner.files {
            for step in std::mem::take(&mut file.pending) {
                step.apply_some(&mut file.kept, &mut luck);
            }
            file.now.clone_from(&file.kept);
        }
        inner.names.clone_from(&inner.kept_names);
        inner.left = None;
        Self(RefCell::new(inner))
    }

    fn step<T>(&self, step: impl FnOnce(&mut Inner) -> io::Result<T>) -> io::Result<T> {
        let mut inner = self.0.borrow_mut();
        if inner.left == Some(0) {
            inner.left = inner.left.filter(|_| !inner.is_glitch);
            return Err(io::Error::other("the power is cut"));
        }
        inner.left = inner.left.map(|left| left - 1);
        step(&mut inner)
    }

    fn change(&self, path: &Path, step: Step) -> io::Result<()> {
        self.step(|inner| {
            let file = inner.file(path)?;
            step.apply(&mut file.now);
            file.pending.push(step);
            Ok(())
        })
    }

    fn name(&self, change: Vec<(PathBuf, Option<usize>)>) -> io::Result<()> {
        self.step(|inner| {
            rename(&mut inner.names, &change);
            inner.pending.push(change);
            Ok(())
        })
    }
}

impl Inner {
    fn number(&self, path: &Path) -> io::Result<usize> {
        self.names.get(path).copied().ok_or(io::ErrorKind::NotFound.into())
    }

    fn file(&mut self, path: &Path) -> io::Result<&mut File> {
        let number = self.number(path)?;
        Ok(&mut self.files[number])
    }
}

fn rename(names: &mut BTreeMap<PathBuf, usize>, change: &[(PathBuf, Option<usize>)]) {
    for (path, number) in change {
        match number {
            Some(number) => names.insert(path.clone(), *number),
            None => names.remove(path),
        };
    }
}

impl Storage for Simulated {
    fn exists(&self, path: &Path) -> io::Result<bool> {
        Ok(self.0.borrow().names.contains_key(path))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        Ok(self.0.borrow_mut().file(path)?.now.clone())
    }

    fn create(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        if self.exists(path)? {
            self.change(path, Step::Length(0))?;
        } else {
            let number = self.0.borrow().files.len();
            self.0.borrow_mut().files.push(File::default());
            self.name(vec![(path.to_owned(), Some(number))])?;
        }
        self.change(path, Step::Write(0, bytes.to_vec()))
    }

    fn write(&self, path: &Path, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.change(path, Step::Write(usize::try_from(at).unwrap(), bytes.to_vec()))
    }

    fn set_len(&self, path: &Path, length: u64) -> io::Result<()> {
        self.change(path, Step::Length(usize::try_from(length).unwrap()))
    }

    fn flush(&self, path: &Path) -> io::Result<()> {
        self.step(|inner| {
            let file = inner.file(path)?;
            file.pending.clear();
            file.kept.clone_from(&file.now);
            Ok(())
        })
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let number = self.0.borrow().number(from)?;
        self.name(vec![(from.to_owned(), None), (to.to_owned(), Some(number))])
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.name(vec![(path.to_owned(), None)])
    }

    /// There is one journal of names for all folders.
    fn flush_folder(&self, _: &Path) -> io::Result<()> {
        self.step(|inner| {
            inner.pending.clear();
            inner.kept_names.clone_from(&inner.names);
            Ok(())
        })
    }
}
