//! Whose files the gate reads, and the way to them, judged folder by folder as sshd does.
//!
//! A file is as safe as the folders above it: whoever may write to one of them can put files of
//! their own in the place of the gate's. So a path is walked from `/` down with a descriptor for
//! each step, no link is followed before it was judged, and a file is read through the descriptor
//! that was judged. What is renamed meanwhile leads nowhere else.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

use nix::unistd::geteuid;
use rustix::fs::{
    Dir, FileType, Mode, OFlags, PROC_SUPER_MAGIC, Stat, fstat, fstatfs, openat, readlinkat,
};
use rustix::io::Errno;

use super::account::{MAX_LINKS, group_name, user_name};
use super::service::Service;

/// Root, and the user as whom the gate runs.
#[derive(Clone, Copy, Debug)]
pub struct Trust {
    user: u32,
}

/// Why the way to a file ends.
#[derive(Debug, thiserror::Error)]
pub enum Barrier {
    /// The system's reason.
    #[error(transparent)]
    System(io::Error),
    /// A folder, a device or a pipe in the place of a file.
    #[error("is not a regular file")]
    NotAFile,
    /// Somebody else could change what is read.
    #[error(transparent)]
    Distrust(Distrust),
}

/// A file, or a folder or a link on the way to it, that somebody else could change.
#[derive(Clone, Debug)]
pub struct Distrust {
    path: PathBuf,
    part: Part,
    fault: Fault,
    owner: String,
    mode: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Itself,
    Folder,
    Link,
}

#[derive(Clone, Debug)]
enum Fault {
    /// It must belong to one of these.
    Owner(String),
    Writable,
}

/// An open folder, link or file, and where it is.
struct Step {
    fd: OwnedFd,
    path: PathBuf,
    stat: Stat,
}

/// Where a path ends: the folder, and what it has of the name, links followed.
struct End {
    folder: Step,
    name: OsString,
    entry: Option<Step>,
}

const GROUP_OR_OTHERS_WRITE: u32 = 0o022;
const OTHERS_WRITE: u32 = 0o002;
const STICKY: u32 = 0o1000;
/// Nobody's number; what the kernel says of users whom a user namespace hides
/// (user_namespaces(7)).
const OVERFLOW: u32 = 65_534;
const ROOT: u32 = 0;

impl Trust {
    /// Of this process.
    pub fn own() -> Self {
        Self::of_user(geteuid().as_raw(), &users())
    }

    /// Whoever is hidden would pass for a user that has nobody's number.
    fn of_user(user: u32, map: &str) -> Self {
        Self { user: if is_hidden(user, map) { ROOT } else { user } }
    }

    /// Of a service: its user, if that is not whoever asks.
    pub fn of(service: &Service) -> Self {
        service.account.as_ref().map_or_else(Self::own, |account| Self { user: account.uid() })
    }

    /// Opens a regular file to be read, and says its mode.
    ///
    /// # Errors
    ///
    /// What is in the way.
    pub fn file(self, path: &Path) -> Result<(File, u32), Barrier> {
        let End { folder, name, entry } = self.walk(path, GROUP_OR_OTHERS_WRITE)?;
        let Step { path, stat, .. } = entry.ok_or(Errno::NOENT)?;
        // Before it is opened: for some devices, that is an order.
        if kind(&stat) != FileType::RegularFile {
            return Err(Barrier::NotAFile);
        }
        // What has become a pipe meanwhile must not make the gate wait.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        let opened = Step::of(openat(&folder.fd, name, flags | OFlags::CLOEXEC, no_mode())?, path)?;
        if kind(&opened.stat) != FileType::RegularFile {
            return Err(Barrier::NotAFile);
        }
        self.judge_owner(&opened, Part::Itself)?;
        opened.judge_mode(Part::Itself, GROUP_OR_OTHERS_WRITE)?;
        let mode = opened.mode();
        Ok((opened.fd.into(), mode))
    }

    /// Opens a folder of which everything is read, and in which even a sticky bit lets nobody else
    /// make a file.
    ///
    /// # Errors
    ///
    /// What is in the way.
    pub fn folder(self, path: &Path) -> Result<Dir, Barrier> {
        let end = self.walk(path, GROUP_OR_OTHERS_WRITE)?;
        let folder = end.entry.ok_or(Errno::NOENT)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = Step::of(openat(&folder.fd, ".", flags, no_mode())?, folder.path)?;
        self.judge_owner(&opened, Part::Itself)?;
        opened.judge_mode(Part::Itself, GROUP_OR_OTHERS_WRITE)?;
        Ok(Dir::new(opened.fd)?)
    }

    /// Opens a file to be appended to, and makes it with this mode if it is not there.
    ///
    /// # Errors
    ///
    /// What is in the way.
    pub fn append(self, path: &Path, mode: u32) -> Result<File, Barrier> {
        let End { folder, name, entry } = self.end_of_log(path)?;
        let mut flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::CLOEXEC;
        // The kernel's links to open files, as /dev/stdout leads to, have no way of names.
        let is_magic = entry.is_some_and(|entry| kind(&entry.stat) == FileType::Symlink);
        // A pipe that nobody reads is an error, and keeps nobody waiting (fifo(7)).
        flags.set(OFlags::NOFOLLOW | OFlags::NONBLOCK, !is_magic);
        let opened = openat(&folder.fd, &name, flags, Mode::from_raw_mode(mode))?;
        let opened = Step::of(opened, folder.path.join(name))?;
        if !is_magic {
            self.judge_owner(&opened, Part::Itself)?;
        }
        Ok(opened.fd.into())
    }

    /// Whether [`Trust::append`] would meet somebody else's folder or file.
    pub fn of_log(self, path: &Path) -> Option<Distrust> {
        self.end_of_log(path).err().and_then(Barrier::distrust)
    }

    /// A group may write to the folders above that of a log, as /var/log is of a group on many
    /// systems: what it puts there is its own, and so refused.
    fn end_of_log(self, path: &Path) -> Result<End, Barrier> {
        let end = self.walk(path, OTHERS_WRITE)?;
        end.folder.judge_mode(Part::Folder, end.folder.forbidden(GROUP_OR_OTHERS_WRITE))?;
        Ok(end)
    }

    /// Goes from `/` to the end of a path; `forbidden` are bits in the modes of folders.
    fn walk(self, path: &Path, forbidden: u32) -> Result<End, Barrier> {
        let mut ahead = names(&std::path::absolute(path).map_err(Barrier::System)?);
        let mut folder = self.root()?;
        let mut links = 0;
        while let Some(name) = ahead.pop() {
            let is_last = ahead.is_empty();
            let step = match folder.look(&name) {
                Err(Errno::NOENT) if is_last => return Ok(End { folder, name, entry: None }),
                step => step?,
            };
            if kind(&step.stat) == FileType::Symlink {
                self.judge_owner(&step, Part::Link)?;
                if is_last && step.is_in_procfs()? {
                    return Ok(End { folder, name, entry: Some(step) });
                }
                links += 1;
                if links > MAX_LINKS {
                    return Err(Errno::LOOP.into());
                }
                let target = step.target()?;
                if target.is_absolute() {
                    folder = self.root()?;
                }
                ahead.extend(names(&target));
            } else if is_last {
                self.judge_owner(&step, Part::Itself)?;
                return Ok(End { folder, name, entry: Some(step) });
            } else if kind(&step.stat) == FileType::Directory {
                self.judge_owner(&step, Part::Folder)?;
                step.judge_mode(Part::Folder, step.forbidden(forbidden))?;
                folder = step;
            } else {
                return Err(Errno::NOTDIR.into());
            }
        }
        // `names` are never none.
        Err(Errno::NOENT.into())
    }

    fn root(self) -> Result<Step, Barrier> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = Step::of(rustix::fs::open("/", flags, no_mode())?, PathBuf::from("/"))?;
        self.judge_owner(&root, Part::Folder)?;
        root.judge_mode(Part::Folder, root.forbidden(GROUP_OR_OTHERS_WRITE))?;
        Ok(root)
    }

    fn judge_owner(self, step: &Step, part: Part) -> Result<(), Barrier> {
        if [ROOT, self.user].contains(&step.stat.st_uid) {
            return Ok(());
        }
        let trusted = match self.user {
            ROOT => "root".to_owned(),
            user => format!("root or {}", user_name(user)),
        };
        Err(step.distrust(part, Fault::Owner(trusted)))
    }
}

impl Step {
    fn of(fd: OwnedFd, path: PathBuf) -> Result<Self, Errno> {
        let stat = fstat(&fd)?;
        Ok(Self { fd, path, stat })
    }

    /// What this folder has of a name.
    fn look(&self, name: &OsString) -> Result<Self, Errno> {
        let look = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        // First as a folder: only then is mounted what is mounted on demand.
        let found = match openat(&self.fd, name, look | OFlags::DIRECTORY, no_mode()) {
            Err(Errno::NOTDIR | Errno::LOOP) => openat(&self.fd, name, look, no_mode()),
            found => found,
        };
        let path = match name.to_str() {
            Some(".") => self.path.clone(),
            // The folders of this path are no links, so that above is what its words say.
            Some("..") => self.path.parent().unwrap_or(&self.path).to_owned(),
            _ => self.path.join(name),
        };
        Self::of(found?, path)
    }

    /// Where this link leads.
    fn target(&self) -> Result<PathBuf, Errno> {
        let target = readlinkat(&self.fd, "", Vec::new())?;
        Ok(OsString::from_vec(target.into_bytes()).into())
    }

    fn is_in_procfs(&self) -> Result<bool, Errno> {
        Ok(fstatfs(&self.fd)?.f_type == PROC_SUPER_MAGIC)
    }

    fn mode(&self) -> u32 {
        self.stat.st_mode & 0o7777
    }

    /// In a sticky folder only its owner renames a thing, and owners are judged.
    fn forbidden(&self, bits: u32) -> u32 {
        if self.mode() & STICKY == 0 { bits } else { 0 }
    }

    fn judge_mode(&self, part: Part, forbidden: u32) -> Result<(), Barrier> {
        if self.mode() & forbidden == 0 {
            return Ok(());
        }
        Err(self.distrust(part, Fault::Writable))
    }

    fn distrust(&self, part: Part, fault: Fault) -> Barrier {
        let (user, group) = (self.stat.st_uid, self.stat.st_gid);
        let owner = if is_hidden(user, &users()) {
            "of somebody whom PrivateUsers= hides".to_owned()
        } else {
            format!("{}:{}", user_name(user), group_name(group))
        };
        let (path, mode) = (self.path.clone(), self.mode());
        Barrier::Distrust(Distrust { path, part, fault, owner, mode })
    }
}

impl Distrust {
    /// The folder or the link that is to blame, if it is not the file itself.
    pub fn on_the_way(&self) -> Option<&Path> {
        (self.part != Part::Itself).then_some(&*self.path)
    }
}

impl std::error::Error for Distrust {}

impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, part, fault, owner, mode } = self;
        let path = path.display();
        if *part == Part::Link {
            f.write_str("the link ")?;
        }
        write!(f, "{path} ({owner}, mode {mode:04o}) ")?;
        let through_links = if *part == Part::Link { "-h " } else { "" };
        match fault {
            Fault::Owner(trusted) => {
                write!(f, "must belong to {trusted}; run `chown {through_links}root {path}`")?;
            }
            Fault::Writable => {
                write!(f, "is writable by others than its owner; run `chmod go-w {path}`")?;
            }
        }
        // It may be of many, such as a home.
        let elsewhere = ", or move what the gate needs to another folder";
        f.write_str(if *part == Part::Folder { elsewhere } else { "" })
    }
}

impl Barrier {
    /// Whom else the file would be of, if it is that.
    pub fn distrust(self) -> Option<Distrust> {
        if let Self::Distrust(distrust) = self { Some(distrust) } else { None }
    }
}

impl From<Barrier> for io::Error {
    fn from(barrier: Barrier) -> Self {
        if let Barrier::System(error) = barrier { error } else { Self::other(barrier) }
    }
}

impl From<Errno> for Barrier {
    fn from(error: Errno) -> Self {
        Self::System(error.into())
    }
}

/// The names of a path, the last one first, and at least one.
fn names(path: &Path) -> Vec<OsString> {
    let is_name = |part: &Component<'_>| !matches!(part, Component::RootDir | Component::CurDir);
    let names = path.components().rev().filter(is_name);
    let names: Vec<_> = names.map(|part| part.as_os_str().to_owned()).collect();
    if names.is_empty() { vec![".".into()] } else { names }
}

fn kind(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

/// Of what is not made.
const fn no_mode() -> Mode {
    Mode::empty()
}

/// The users of this process's user namespace (user_namespaces(7)).
fn users() -> String {
    fs::read_to_string("/proc/self/uid_map").unwrap_or_default()
}

/// Whether a number may stand for somebody whom the user namespace does not have.
fn is_hidden(user: u32, map: &str) -> bool {
    user == OVERFLOW && !map.split_whitespace().eq(["0", "0", "4294967295"])
}

#[cfg(test)]
mod tests;
