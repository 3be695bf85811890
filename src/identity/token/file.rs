//! A file of keys that is read again when it has changed.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::Duration;

use tokio::task::{JoinHandle, spawn_blocking};

use super::keys::{Keys, KeysFault, MAX_FILE};
use super::reading::read;
use crate::host::{Barrier, Trust, words};
use crate::timers::timeout;

/// Why a file gives no keys.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileFault {
    /// Nothing that can be read is there, or somebody else could put other keys there.
    #[error("{}", barred(.0))]
    Barred(#[from] Barrier),
    /// A file system of another machine that does not answer, most likely.
    #[error("cannot be read: the file system does not answer")]
    Hangs,
    /// What is in it.
    #[error("{0}")]
    Keys(KeysFault),
}

fn barred(barrier: &Barrier) -> String {
    match barrier {
        Barrier::System(error) if error.kind() == io::ErrorKind::NotFound => "no such file".into(),
        Barrier::System(error) => format!("cannot be read: {}", words(error)),
        Barrier::NotAFile | Barrier::Distrust(_) => barrier.to_string(),
    }
}

/// By what a file that was changed or exchanged is another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    /// Of its content, and of its owner and mode, each in seconds and nanoseconds.
    changed: [(i64, i64); 2],
}

/// A file as it was last read.
#[derive(Debug)]
pub(super) struct Watched {
    path: PathBuf,
    known: Option<Stamp>,
    /// A read that was too slow: there is never a second one beside it.
    under_way: Option<JoinHandle<Looked>>,
}

type Looked = Result<(Stamp, Option<Keys>), FileFault>;

impl Watched {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self { path, known: None, under_way: None }
    }

    /// Its keys, or `None` if it is as it was. Other tasks go on meanwhile, whatever the file is.
    pub(super) async fn look(&mut self, patience: Duration) -> Result<Option<Keys>, FileFault> {
        let (path, known) = (self.path.clone(), self.known);
        let job = self.under_way.take();
        let mut job = job.unwrap_or_else(|| spawn_blocking(move || look(&path, known)));
        let Ok(looked) = timeout(patience, &mut job).await else {
            self.under_way = Some(job);
            return Err(FileFault::Hangs);
        };
        let looked = looked.unwrap_or_else(|error| Err(Barrier::System(error.into()).into()));
        // What could not be read is read again, even if it is as it was.
        self.known = looked.as_ref().ok().map(|(stamp, _)| *stamp);
        looked.map(|(_, keys)| keys)
    }
}

fn look(path: &std::path::Path, known: Option<Stamp>) -> Looked {
    // No pipe, device or folder is opened.
    let (file, _mode) = Trust::own().file(path)?;
    let stamp = Stamp::of(&file).map_err(Barrier::System)?;
    if known == Some(stamp) {
        return Ok((stamp, None));
    }
    if stamp.size > MAX_FILE as u64 {
        return Err(FileFault::Keys(KeysFault::TooLarge));
    }
    let mut bytes = Vec::new();
    // It may grow while it is read.
    let read_to_end = file.take(MAX_FILE as u64 + 1).read_to_end(&mut bytes);
    read_to_end.map_err(Barrier::System)?;
    let keys = read(&bytes).map_err(FileFault::Keys)?;
    Ok((stamp, Some(keys)))
}

impl Stamp {
    fn of(file: &File) -> io::Result<Self> {
        let of = file.metadata()?;
        Ok(Self {
            device: of.dev(),
            inode: of.ino(),
            size: of.size(),
            changed: [(of.mtime(), of.mtime_nsec()), (of.ctime(), of.ctime_nsec())],
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use rcgen::KeyPair;

    use super::*;

    #[tokio::test]
    async fn a_read_that_is_too_slow_is_waited_for_and_never_repeated_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.pem");
        let mut watched = Watched::new(path.clone());
        // In place of a file system that does not answer: a job that ends when it is told to.
        let (go_on, told) = std::sync::mpsc::channel::<()>();
        let job = move || {
            told.recv().unwrap();
            look(&path, None)
        };
        watched.under_way = Some(spawn_blocking(job));
        let soon = Duration::from_millis(10);
        for _ in 0..3 {
            assert!(matches!(watched.look(soon).await, Err(FileFault::Hangs)));
        }
        let path = watched.path.clone();
        fs::write(&path, KeyPair::generate().unwrap().public_key_pem()).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        go_on.send(()).unwrap();
        let hang = Duration::from_secs(30);
        let keys = watched.look(hang).await.unwrap();
        assert_eq!(keys.map(|keys| keys.count()), Some(1));
        assert!(watched.look(hang).await.unwrap().is_none(), "it has not changed");
    }
}
