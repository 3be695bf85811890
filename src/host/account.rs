//! An account of this machine, and what the modes of files let it do.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Group, Uid, User, getgrouplist};

/// A user with its groups.
#[derive(Clone, Debug)]
pub struct Account {
    name: String,
    uid: u32,
    group: String,
    groups: Vec<u32>,
}

/// What somebody wants of a file or a folder, as the bits of a mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To read a file.
    Read,
    /// To write to a file.
    Write,
    /// To go through a folder.
    Enter,
    /// To see what is in a folder.
    List,
    /// To make files in a folder.
    Make,
}

/// A file or a folder whose mode is in the way, and what to do.
#[derive(Clone, Debug)]
pub struct Obstacle {
    /// Where it is.
    pub path: PathBuf,
    account: String,
    access: Access,
    owner: String,
    mode: u32,
    cure: String,
}

/// As many symbolic links as Linux follows.
pub(super) const MAX_LINKS: usize = 40;

impl Account {
    /// The account of a name, or of a number; `None` if there is none.
    ///
    /// # Errors
    ///
    /// What the system says where it cannot tell.
    pub fn named(name: &str) -> io::Result<Option<Self>> {
        let user = match name.parse() {
            Ok(uid) => User::from_uid(Uid::from_raw(uid))?,
            Err(_) => User::from_name(name)?,
        };
        let Some(user) = user else { return Ok(None) };
        let c_name = std::ffi::CString::new(user.name.as_str())?;
        let groups = getgrouplist(&c_name, user.gid)?;
        Ok(Some(Self {
            uid: user.uid.as_raw(),
            group: group_name(user.gid.as_raw()),
            groups: groups.into_iter().map(Gid::as_raw).collect(),
            name: user.name,
        }))
    }

    /// The user's number.
    pub(super) const fn uid(&self) -> u32 {
        self.uid
    }

    /// Whether it is root.
    pub const fn is_root(&self) -> bool {
        self.uid == 0
    }

    /// What `install` takes to give something to it.
    pub fn owner(&self) -> String {
        format!("-o {} -g {} ", self.name, self.group)
    }

    /// Adds groups of this machine by their names; the first of them becomes its own.
    pub(super) fn join(&mut self, own: Option<&str>, others: &[String]) {
        let gid = |name: &str| Some(Group::from_name(name).ok()??.gid.as_raw());
        if let Some((own, gid)) = own.and_then(|own| Some((own, gid(own)?))) {
            own.clone_into(&mut self.group);
            self.groups.push(gid);
        }
        self.groups.extend(others.iter().filter_map(|name| gid(name)));
    }

    /// All that keeps it from a file or a folder, those on the way included.
    ///
    /// What is not there is no obstacle. Neither is what has an access control list, which says
    /// more than a mode.
    pub fn obstacles(&self, path: &Path, access: Access) -> Vec<Obstacle> {
        let way = way(path).into_iter().map(|folder| (folder, Access::Enter));
        let all = way.chain([(path.to_owned(), access)]);
        all.filter_map(|(path, access)| self.obstacle(path, access)).collect()
    }

    fn obstacle(&self, path: PathBuf, access: Access) -> Option<Obstacle> {
        let metadata = fs::metadata(&path).ok()?;
        if self.may(&metadata, access) || has_list(&path) {
            return None;
        }
        let owner = format!("{}:{}", user_name(metadata.uid()), group_name(metadata.gid()));
        let cure = self.cure(&path, &metadata, access);
        let (account, mode) = (self.name.clone(), metadata.mode() & 0o7777);
        Some(Obstacle { path, account, access, owner, mode, cure })
    }

    fn may(&self, metadata: &Metadata, access: Access) -> bool {
        let mode = metadata.mode();
        let granted = if metadata.uid() == self.uid {
            mode >> 6
        } else if self.groups.contains(&metadata.gid()) {
            mode >> 3
        } else {
            mode
        };
        self.is_root() || granted & access.bits() == access.bits()
    }

    fn cure(&self, path: &Path, metadata: &Metadata, access: Access) -> String {
        let (path, letters) = (path.display(), access.letters());
        let run = if matches!(access, Access::Write) || metadata.uid() == self.uid {
            format!("run `chown {} {path} && chmod u+{letters} {path}`", self.name)
        } else if self.groups.contains(&metadata.gid()) {
            format!("run `chmod g+{letters} {path}`")
        } else {
            format!("run `chgrp {} {path} && chmod g+{letters} {path}`", self.group)
        };
        match access {
            Access::Read | Access::Write | Access::List => run,
            // It may be of many, such as a home or /var/log.
            Access::Enter => format!("{run}, or move what the gate needs to another folder"),
            Access::Make => format!(
                "name a file in a folder of its own, as `install -d {}-m 750 FOLDER` makes it",
                self.owner()
            ),
        }
    }
}

/// The folders on the way to a file, those behind symbolic links included.
fn way(path: &Path) -> BTreeSet<PathBuf> {
    let mut folders = BTreeSet::new();
    let mut at = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    for _ in 0..MAX_LINKS {
        let real = at.ancestors().skip(1).filter_map(|folder| fs::canonicalize(folder).ok());
        folders.extend(real);
        let (Ok(target), Some(folder)) = (fs::read_link(&at), at.parent()) else { break };
        at = folder.join(target);
    }
    let real = fs::canonicalize(path).unwrap_or_default();
    folders.extend(real.ancestors().skip(1).map(Path::to_owned));
    folders
}

/// Whether there is a POSIX access control list (acl(5)).
fn has_list(path: &Path) -> bool {
    let mut none: [u8; 0] = [];
    rustix::fs::getxattr(path, "system.posix_acl_access", &mut none).is_ok_and(|length| length > 0)
}

pub(super) fn user_name(uid: u32) -> String {
    let user = User::from_uid(Uid::from_raw(uid)).ok().flatten();
    user.map_or_else(|| uid.to_string(), |user| user.name)
}

pub(super) fn group_name(gid: u32) -> String {
    let group = Group::from_gid(Gid::from_raw(gid)).ok().flatten();
    group.map_or_else(|| gid.to_string(), |group| group.name)
}

impl Access {
    const fn bits(self) -> u32 {
        match self {
            Self::Read => 0o4,
            Self::Write => 0o2,
            Self::Enter => 0o1,
            Self::List => 0o5,
            Self::Make => 0o3,
        }
    }

    const fn letters(self) -> &'static str {
        match self {
            Self::Read => "r",
            Self::Write => "w",
            Self::Enter => "x",
            Self::List => "rx",
            Self::Make => "wx",
        }
    }

    const fn verb(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write to",
            Self::Enter => "enter",
            Self::List => "list",
            Self::Make => "make a file in",
        }
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, account, access, owner, mode, cure } = self;
        let (verb, path) = (access.verb(), path.display());
        write!(
            f,
            "the user {account}, as whom the gate is to run, cannot {verb} {path} ({owner}, mode \
             {mode:04o}); {cure}"
        )
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    /// Somebody who owns nothing here and is in no group.
    fn stranger() -> Account {
        let (name, group) = ("stranger".to_owned(), "strangers".to_owned());
        Account { name, uid: u32::MAX - 7, group, groups: Vec::new() }
    }

    fn file(path: &Path, mode: u32) {
        if !path.exists() {
            fs::write(path, "").unwrap();
        }
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn judges_by_the_bits_of_the_first_of_owner_group_and_others() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
        file(&path, 0o640);
        let metadata = fs::metadata(&path).unwrap();
        let owner = Account { uid: metadata.uid(), ..stranger() };
        let member = Account { groups: vec![metadata.gid()], ..stranger() };
        let may = |account: &Account, access| account.obstacle(path.clone(), access).is_none();
        assert!(may(&owner, Access::Read) && may(&owner, Access::Write));
        assert!(may(&member, Access::Read) && !may(&member, Access::Write));
        assert!(!may(&stranger(), Access::Read));
        file(&path, 0o044);
        let outsider = Account { uid: metadata.uid().wrapping_add(1), ..stranger() };
        assert!(may(&outsider, Access::Read) && may(&member, Access::Read));
        // Root may always.
        assert_eq!(may(&owner, Access::Read), metadata.uid() == 0);
        assert!(may(&Account { uid: 0, ..stranger() }, Access::Write));
    }

    #[test]
    fn finds_the_folders_behind_each_symbolic_link() {
        let directory = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(directory.path()).unwrap();
        for name in ["tls", "live", "archive"] {
            fs::create_dir(root.join(name)).unwrap();
            file(&root.join(name), 0o755);
        }
        file(&root, 0o755);
        file(&root.join("archive/key1.pem"), 0o644);
        symlink("../archive/key1.pem", root.join("live/key.pem")).unwrap();
        symlink(root.join("live/key.pem"), root.join("tls/key.pem")).unwrap();
        let met = || {
            let all = stranger().obstacles(&root.join("tls/key.pem"), Access::Read);
            let below = all.iter().filter_map(|one| one.path.strip_prefix(&root).ok());
            below.map(Path::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(met(), Vec::<PathBuf>::new());
        for name in ["tls", "live", "archive", ""] {
            file(&root.join(name), 0o700);
            assert_eq!(met(), [Path::new(name)], "{name}");
            file(&root.join(name), 0o755);
        }
        assert_eq!(stranger().obstacles(&root.join("none/key.pem"), Access::Read).len(), 0);
    }

    #[test]
    fn says_what_to_run() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        file(&path, 0o600);
        let told = |account: &Account, access| {
            let told = account.obstacle(path.clone(), access).unwrap().to_string();
            told.replace(&path.display().to_string(), "KEY").split_once("; ").unwrap().1.to_owned()
        };
        let group = fs::metadata(&path).unwrap().gid();
        let member = Account { groups: vec![group], ..stranger() };
        assert_eq!(told(&stranger(), Access::Read), "run `chgrp strangers KEY && chmod g+r KEY`");
        assert_eq!(told(&member, Access::Read), "run `chmod g+r KEY`");
        assert_eq!(told(&member, Access::Write), "run `chown stranger KEY && chmod u+w KEY`");
        let made = "name a file in a folder of its own, as `install -d -o stranger -g strangers -m \
                    750 FOLDER` makes it";
        assert_eq!(told(&stranger(), Access::Make), made);
    }
}
