//! The gate's folder: what is there stays as it is.

use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Group, Uid};

use super::arguments::DIR;
use super::fault::Fault;
use super::told::{Piece, say};
use crate::cli::text::quoted;
use crate::drop_in;
use crate::host::{Barrier, Service, Trust, regular};

const GROUP: &str = "pacsgate";
/// The gate's group reads, and nobody else.
const MODE: u32 = 0o750;
/// As the gate itself reads.
const MAX_FILE: u64 = 16 * 1024 * 1024;

/// Where the gate's files are.
pub(super) struct Folder {
    path: PathBuf,
    group: Option<Gid>,
}

impl Folder {
    /// A folder in which this user can make the gate's files.
    ///
    /// # Errors
    ///
    /// That of the package, and somebody else than root, or no group of the gate.
    pub(super) fn of(path: &Path) -> Result<Self, Fault> {
        let is_usual = path == Path::new(DIR);
        if !Uid::effective().is_root() {
            let own = || Self { path: path.to_owned(), group: None };
            return if is_usual { Err(Fault::NotRoot(path.to_owned())) } else { Ok(own()) };
        }
        let group = Group::from_name(GROUP).map_err(|error| file(path)(error.into()))?;
        if is_usual && group.is_none() {
            return Err(Fault::NoGroup);
        }
        Ok(Self { path: path.to_owned(), group: group.map(|group| group.gid) })
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Judges the way to these files as the gate does that is going to read them, before anything is
    /// made: no key is put where others may write, and no link is followed to there.
    ///
    /// # Errors
    ///
    /// Somebody else could change them; a link that leads nowhere, or no file, is in the place of one;
    /// there is nowhere to make the folder.
    pub(super) fn judge(&self, names: &[&str]) -> Result<(), Fault> {
        let above = std::path::absolute(&self.path).map_err(file(&self.path))?;
        if let Some(above) = above.parent() {
            fs::metadata(above).map_err(file(above))?;
        }
        let trust = Trust::of(&Service::of(None).unwrap_or_default());
        names.iter().try_for_each(|name| {
            let path = self.path(name);
            match trust.file(&path) {
                Ok(_) => Ok(()),
                Err(Barrier::System(error)) if error.kind() == io::ErrorKind::NotFound => {
                    let is_link = fs::symlink_metadata(&path).is_ok();
                    if is_link { Err(Fault::Astray(path)) } else { Ok(()) }
                }
                Err(Barrier::System(error)) => Err(Fault::File(path, error)),
                Err(barrier) => Err(Fault::Barrier(path, barrier)),
            }
        })
    }

    /// Makes the folders that are missing.
    pub(super) fn make(&self) -> Result<(), Fault> {
        let mut has_made = false;
        for path in [self.path.clone(), self.path("conf.d"), self.path("tls")] {
            let is_new = self.make_one(&path).map_err(file(&path))?;
            if is_new { Piece::Made } else { Piece::There }.tell(&path);
            has_made |= is_new;
        }
        if has_made && self.group.is_none() && Uid::effective().is_root() {
            say("", self.without_group());
        }
        Ok(())
    }

    /// What root has to do where the package is not installed.
    fn without_group(&self) -> String {
        let path = quoted(&self.path.display().to_string());
        format!(
            "This machine has no group {GROUP}, so that only root can read what is made here, and the \
             gate should not run as root. Make its user (systemd-sysusers, or the package), and then let \
             its group read: chgrp -R {GROUP} {path}"
        )
    }

    fn make_one(&self, path: &Path) -> io::Result<bool> {
        match DirBuilder::new().mode(0o700).create(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {
                return Ok(false);
            }
            other => other?,
        }
        if let Some(group) = self.group {
            chown(path, None, Some(group.as_raw()))?;
        }
        fs::set_permissions(path, Permissions::from_mode(MODE))?;
        Ok(true)
    }

    /// Writes a file unless it is there.
    pub(super) fn put(&self, name: &str, content: &[u8]) -> Result<Piece, Fault> {
        let path = self.path(name);
        let piece = if path.exists() {
            Piece::There
        } else {
            let (folder, name) = match name.rsplit_once('/') {
                Some((folder, name)) => (self.path(folder), name),
                None => (self.path.clone(), name),
            };
            drop_in::write_new_as(&folder, &[(name.to_owned(), content)], drop_in::MODE)?;
            Piece::Made
        };
        piece.tell(&path);
        Ok(piece)
    }
}

/// What the system says, with the path.
pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> Fault + '_ {
    |error| Fault::File(path.to_owned(), error)
}

/// A file, up to what an honest one has.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Fault> {
    let mut content = Vec::new();
    let open = regular(path).map_err(file(path))?;
    open.take(MAX_FILE + 1).read_to_end(&mut content).map_err(file(path))?;
    if content.len() as u64 > MAX_FILE {
        return Err(file(path)(io::Error::other("is larger than 16 MiB")));
    }
    Ok(content)
}
