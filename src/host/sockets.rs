//! Unix sockets by which the gate answers on this machine.

use std::ffi::OsString;
use std::fs::{self, Metadata, Permissions};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use socket2::{Domain, SockAddr, Socket, Type};

/// How many bytes longer than its path the name is under which a socket is made.
pub const LONGER: usize = 1 + DIGITS;
const DIGITS: usize = 3;
/// How many names are tried.
const TRIES: usize = 16;

/// The name of a socket that this process has made.
#[derive(Debug)]
pub struct Name {
    path: PathBuf,
    node: Node,
}

/// A file, whatever its name is: the device, and the inode. As long as a socket is open, nothing else has
/// its inode.
type Node = (u64, u64);

/// Listens at a path. Under its name there is never a socket that more may connect to than `mode`
/// says. One that a killed gate has left is replaced, and nothing else.
///
/// # Errors
///
/// The system's; `AddrInUse` where somebody listens there, `ResourceBusy` where that somebody takes no
/// connections, `AlreadyExists` where something else is.
pub fn listen(path: &Path, mode: u32) -> io::Result<(UnixListener, Name)> {
    let left = left_behind(path)?;
    let (socket, made) = bind_beside(path)?;
    let named = take_name(&made, path, mode, left);
    if named.is_err() {
        // It was made here.
        fs::remove_file(&made)?;
    }
    Ok((socket, Name { path: path.to_owned(), node: named? }))
}

impl Name {
    /// Where it is, or was.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the socket is still found under it.
    pub fn leads_there(&self) -> bool {
        self.path.symlink_metadata().is_ok_and(|found| node(&found) == self.node)
    }

    /// Takes it away, unless something else has it now.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn remove(&self) -> io::Result<()> {
        if self.leads_there() { fs::remove_file(&self.path) } else { Ok(()) }
    }
}

/// The socket that nobody listens at any more; `None` where there is nothing.
fn left_behind(path: &Path) -> io::Result<Option<Node>> {
    let found = match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        found => found?,
    };
    if !found.file_type().is_socket() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    // Somebody who does not accept must not make the gate wait.
    let socket = Socket::new(Domain::UNIX, Type::STREAM.nonblocking(), None)?;
    match socket.connect(&SockAddr::unix(path)?) {
        Ok(()) => Err(io::ErrorKind::AddrInUse.into()),
        Err(error) => match Errno::from_io_error(&error) {
            Some(Errno::CONNREFUSED) => Ok(Some(node(&found))),
            Some(Errno::AGAIN) => Err(io::ErrorKind::ResourceBusy.into()),
            // Of another type, and so somebody's.
            Some(Errno::PROTOTYPE) => Err(io::ErrorKind::AddrInUse.into()),
            _ => Err(error),
        },
    }
}

/// Binds under a name that nothing has: to bind replaces nothing.
fn bind_beside(path: &Path) -> io::Result<(UnixListener, PathBuf)> {
    let mut tries = 1;
    loop {
        let name = beside(path);
        match UnixListener::bind(&name) {
            Ok(socket) => return Ok((socket, name)),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && tries < TRIES => tries += 1,
            Err(error) => return Err(error),
        }
    }
}

fn take_name(made: &Path, path: &Path, mode: u32, left: Option<Node>) -> io::Result<Node> {
    fs::set_permissions(made, Permissions::from_mode(mode))?;
    let node = node(&made.symlink_metadata()?);
    match left {
        Some(left) => exchange(made, path, left)?,
        None => rename(made, path, RenameFlags::NOREPLACE)?,
    }
    Ok(node)
}

/// Gives one the name of what was left behind, which goes; what has come there meanwhile gets it back.
fn exchange(made: &Path, path: &Path, left: Node) -> io::Result<()> {
    rename(made, path, RenameFlags::EXCHANGE)?;
    match made.symlink_metadata() {
        Ok(found) if node(&found) != left => {
            rename(made, path, RenameFlags::EXCHANGE)?;
            Err(io::ErrorKind::AlreadyExists.into())
        }
        Ok(_) => fs::remove_file(made),
        // The file system has replaced it.
        Err(_) => Ok(()),
    }
}

fn rename(from: &Path, to: &Path, flags: RenameFlags) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, flags) {
        // Of such a file system, a rename is all that there is.
        Err(Errno::INVAL | Errno::NOSYS) => fs::rename(from, to),
        renamed => Ok(renamed?),
    }
}

fn node(found: &Metadata) -> Node {
    (found.dev(), found.ino())
}

/// A name under which it is made.
fn beside(path: &Path) -> PathBuf {
    let chance = RandomState::new().hash_one(path) % (1 << (4 * DIGITS));
    let mut name = OsString::from(path);
    name.push(format!(".{chance:0DIGITS$x}"));
    name.into()
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::{UnixDatagram, UnixStream};

    use super::*;

    fn refused(path: &Path) -> io::ErrorKind {
        listen(path, 0o600).unwrap_err().kind()
    }

    fn names(folder: &Path) -> Vec<OsString> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    }

    #[test]
    fn takes_the_place_of_a_socket_that_nobody_answers_at_and_of_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("admin.sock");
        let (first, _) = listen(&path, 0o660).unwrap();
        assert_eq!(refused(&path), io::ErrorKind::AddrInUse);
        drop(first);
        let (_second, name) = listen(&path, 0o600).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(name.leads_there());
        let file = folder.path().join("file");
        fs::write(&file, "kept").unwrap();
        assert_eq!(refused(&file), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&file).unwrap(), b"kept");
        let datagrams = folder.path().join("datagrams");
        let _others = UnixDatagram::bind(&datagrams).unwrap();
        assert_eq!(refused(&datagrams), io::ErrorKind::AddrInUse);
        assert_eq!(names(folder.path()), ["admin.sock", "datagrams", "file"]);
    }

    #[test]
    fn leaves_alone_what_it_has_not_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("admin.sock");
        let new = folder.path().join("admin.sock.new");
        fs::write(&new, "kept").unwrap();
        let (_socket, name) = listen(&path, 0o600).unwrap();
        assert_eq!(fs::read(&new).unwrap(), b"kept");
        assert_eq!(names(folder.path()), ["admin.sock", "admin.sock.new"]);
        fs::remove_file(&path).unwrap();
        fs::write(&path, "another").unwrap();
        assert!(!name.leads_there());
        name.remove().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"another");
    }

    #[test]
    fn gives_back_what_has_come_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("admin.sock");
        drop(UnixListener::bind(&path).unwrap());
        let left = left_behind(&path).unwrap();
        assert!(left.is_some());
        let (_socket, made) = bind_beside(&path).unwrap();
        fs::rename(&path, folder.path().join("old")).unwrap();
        fs::write(&path, "come").unwrap();
        for left in [left, None] {
            let refused = take_name(&made, &path, 0o600, left).unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
            assert_eq!(fs::read(&path).unwrap(), b"come");
            assert!(made.symlink_metadata().unwrap().file_type().is_socket());
        }
    }

    #[test]
    fn does_not_wait_for_somebody_who_takes_no_connections() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("admin.sock");
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
        socket.bind(&SockAddr::unix(&path).unwrap()).unwrap();
        socket.listen(0).unwrap();
        let _first = UnixStream::connect(&path).unwrap();
        assert_eq!(refused(&path), io::ErrorKind::ResourceBusy);
        assert_eq!(names(folder.path()), ["admin.sock"]);
    }
}
