//! Files that nobody else may change: those of a configuration, and those that it names.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::host::{Barrier, Distrust, Trust, words};

/// Longer than any honest file: a bundle of CAs, a CRL with a hundred thousand entries, or the
/// table of ten thousand peers.
const MAX_FILE: u64 = 16 * 1024 * 1024;
const OTHERS_READ: u32 = 0o004;

/// Why a file cannot serve.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileFault {
    /// The operating system's reason.
    #[error("cannot be read: {}{}", words(.0), cure(.0))]
    Unreadable(io::Error),
    /// Nothing is there.
    #[error("no such file; correct the path")]
    Absent,
    /// A directory, a device or a pipe.
    #[error("is not a regular file")]
    NotAFile,
    /// Longer than any honest file.
    #[error("is larger than {} MiB", MAX_FILE / (1024 * 1024))]
    TooLarge,
    /// Somebody else may write it, or put another in its place: they could give themselves access.
    #[error(transparent)]
    Distrust(Distrust),
    /// Not UTF-8, as TOML demands.
    #[error("is not UTF-8 text; save it in that encoding")]
    NotUtf8,
}

impl FileFault {
    /// The folder or the link that is to blame, if it is not the file itself.
    pub(super) fn on_the_way(&self) -> Option<&Path> {
        if let Self::Distrust(distrust) = self { distrust.on_the_way() } else { None }
    }
}

impl From<Barrier> for FileFault {
    fn from(barrier: Barrier) -> Self {
        match barrier {
            Barrier::System(error) if error.kind() == io::ErrorKind::NotFound => Self::Absent,
            Barrier::System(error) => Self::Unreadable(error),
            Barrier::NotAFile => Self::NotAFile,
            Barrier::Distrust(distrust) => Self::Distrust(distrust),
        }
    }
}

fn cure(error: &io::Error) -> &'static str {
    if error.kind() == io::ErrorKind::PermissionDenied {
        return "; give it and its folder to a group of this user (chgrp), with `chmod g+r` on the \
                file and `chmod g+x` on the folder";
    }
    ""
}

/// What was read from a file.
pub(super) struct Contents {
    pub(super) bytes: Vec<u8>,
    pub(super) readable_by_others: bool,
}

/// Reads a regular file that nobody else may change, up to [`MAX_FILE`].
pub(super) fn read(path: &Path, trust: Trust) -> Result<Contents, FileFault> {
    let (file, mode) = trust.file(path)?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(FileFault::Unreadable)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(FileFault::TooLarge);
    }
    Ok(Contents { bytes, readable_by_others: mode & OTHERS_READ != 0 })
}

/// What is in the directory of the drop-in files, each in name order.
#[derive(Default)]
pub(super) struct DropIns {
    /// The drop-in files.
    pub(super) files: Vec<PathBuf>,
    /// What looks as if it were meant to be one.
    pub(super) passed_over: Vec<PathBuf>,
}

/// The drop-in files of a directory; none if there is no such directory.
pub(super) fn drop_ins(directory: &Path, trust: Trust) -> Result<DropIns, FileFault> {
    // Whoever may write here could add a peer.
    let entries = match trust.folder(directory).map_err(FileFault::from) {
        Err(FileFault::Absent) => return Ok(DropIns::default()),
        other => other?,
    };
    let mut found = DropIns::default();
    for entry in entries {
        let entry = entry.map_err(|error| FileFault::Unreadable(error.into()))?;
        let file_name = OsStr::from_bytes(entry.file_name().to_bytes());
        let (path, name) = (directory.join(file_name), file_name.to_string_lossy());
        if is_left_behind(&name) {
            continue;
        }
        if name.ends_with(".toml") { found.files.push(path) } else { found.passed_over.push(path) }
    }
    found.files.sort();
    found.passed_over.sort();
    Ok(found)
}

/// Whether a name is one that editors and package managers leave behind, or that somebody has
/// chosen so that the file is not read.
fn is_left_behind(name: &str) -> bool {
    const ENDS: [&str; 19] = [
        "~",
        "#",
        ".bak",
        ".orig",
        ".old",
        ".save",
        ".swp",
        ".tmp",
        ".rpmnew",
        ".rpmsave",
        ".rpmorig",
        ".dpkg-old",
        ".dpkg-new",
        ".dpkg-dist",
        ".dpkg-tmp",
        ".disabled",
        ".off",
        ".example",
        ".md",
    ];
    name.starts_with('.') || name == "README" || ENDS.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};

    use super::*;

    #[test]
    fn lists_drop_ins_in_name_order_and_leaves_out_what_is_none() {
        let directory = tempfile::tempdir().unwrap();
        let left = [".hidden.toml", ".a.toml.swp", "a.toml.orig", "a.toml~", "#a.toml#", "README"];
        let meant = ["ct2", "ct3.tml", "ct4.toml.txt", "ct5.TOML"];
        for name in ["b.toml", "a.toml"].iter().chain(&left).chain(&meant) {
            fs::write(directory.path().join(name), "").unwrap();
        }
        fs::create_dir(directory.path().join("radiology")).unwrap();
        let found = drop_ins(directory.path(), Trust::own()).unwrap();
        let names = |paths: &[PathBuf]| {
            let names = paths.iter().map(|path| path.file_name().unwrap().to_owned());
            names.collect::<Vec<_>>()
        };
        assert_eq!(names(&found.files), ["a.toml", "b.toml"]);
        assert_eq!(names(&found.passed_over), [&meant[..], &["radiology"]].concat());
    }

    #[test]
    fn has_no_drop_ins_without_a_directory() {
        let directory = tempfile::tempdir().unwrap();
        assert!(drop_ins(&directory.path().join("conf.d"), Trust::own()).unwrap().files.is_empty());
    }

    #[test]
    fn says_how_a_file_becomes_readable() {
        let told = FileFault::Unreadable(io::ErrorKind::PermissionDenied.into()).to_string();
        let cure = "; give it and its folder to a group of this user (chgrp), with `chmod g+r` on \
                    the file and `chmod g+x` on the folder";
        assert!(told.starts_with("cannot be read: ") && told.ends_with(cure), "{told}");
    }

    #[test]
    fn refuses_a_file_that_is_too_large() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("large");
        File::create(&path).unwrap().set_len(MAX_FILE + 1).unwrap();
        assert!(matches!(read(&path, Trust::own()), Err(FileFault::TooLarge)));
    }

    #[test]
    fn refuses_what_is_not_a_regular_file() {
        let directory = tempfile::tempdir().unwrap();
        assert!(matches!(read(directory.path(), Trust::own()), Err(FileFault::NotAFile)));
    }
}
