//! Where the lines go.

use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::host::{Trust, words};
use crate::journal::{self, Priority};

/// Where the audit is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// A file, appended to; created with mode 0640; opened again when it was renamed or removed.
    File(PathBuf),
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdout => f.write_str("standard output"),
            Self::Stderr => f.write_str("standard error"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

/// An open destination.
pub(super) struct Sink {
    output: Output,
    // The last write ended inside a line.
    torn: bool,
    in_journal: bool,
    name: String,
}

enum Output {
    Stream(Box<dyn Write + Send>),
    File(RotatedFile),
}

/// A write that ended early: the first `written` bytes are out.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) written: usize,
    pub(super) error: io::Error,
}

impl Sink {
    pub(super) fn open(destination: &Destination) -> io::Result<Self> {
        // The descriptor itself: what is written in bursts needs no second buffer, and after an
        // error a buffer would hold lines that were counted as lost.
        let stream = |fd: io::Result<OwnedFd>| {
            let fd = fd?;
            let in_journal = journal::reads(&fd);
            let name = destination.to_string();
            Ok(Self { in_journal, name, ..Self::stream(Box::new(File::from(fd))) })
        };
        match destination {
            Destination::Stdout => stream(io::stdout().as_fd().try_clone_to_owned()),
            Destination::Stderr => stream(io::stderr().as_fd().try_clone_to_owned()),
            Destination::File(path) => {
                let file = RotatedFile::open(path)?;
                let name = destination.to_string();
                Ok(Self { output: Output::File(file), torn: false, in_journal: false, name })
            }
        }
    }

    /// An unbuffered writer: it is never flushed.
    pub(super) fn stream(stream: Box<dyn Write + Send>) -> Self {
        Self { output: Output::Stream(stream), torn: false, in_journal: false, name: String::new() }
    }

    /// Where it leads, for the operational log.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// What a line of this priority begins with.
    pub(super) fn mark(&self, priority: Priority) -> Option<Priority> {
        self.in_journal.then_some(priority)
    }

    /// Writes whole lines.
    pub(super) fn write(&mut self, lines: &[u8]) -> Result<(), Broken> {
        let output: &mut dyn Write = match &mut self.output {
            Output::Stream(stream) => stream,
            Output::File(rotated) => {
                self.torn &= !rotated.follow();
                &mut rotated.file
            }
        };
        if self.torn {
            // What a full disk cut off stays on a line of its own.
            output.write_all(b"\n").map_err(|error| Broken { written: 0, error })?;
            self.torn = false;
        }
        let result = write_all(output, lines);
        if let Err(Broken { written, .. }) = &result {
            let last = written.checked_sub(1).and_then(|last| lines.get(last));
            self.torn = last.is_some_and(|&byte| byte != b'\n');
        }
        result
    }
}

/// As `Write::write_all`, which does not tell how much was written.
fn write_all(output: &mut dyn Write, bytes: &[u8]) -> Result<(), Broken> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let error = match output.write(rest) {
            Ok(0) => ErrorKind::WriteZero.into(),
            Ok(count) => {
                rest = rest.get(count..).unwrap_or_default();
                continue;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => error,
        };
        return Err(Broken { written: bytes.len() - rest.len(), error });
    }
    Ok(())
}

/// Of a new file.
const MODE: u32 = 0o640;

/// A file that follows its name when logrotate moves it away.
struct RotatedFile {
    path: PathBuf,
    file: File,
    id: FileId,
    reported: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct FileId {
    device: u64,
    inode: u64,
}

impl RotatedFile {
    fn open(path: &Path) -> io::Result<Self> {
        let file = Trust::own().append(path, MODE)?;
        let id = FileId::of(&file.metadata()?);
        Ok(Self { path: path.to_owned(), file, id, reported: false })
    }

    /// Opens the name again where it is no longer this file's. True if that was done.
    fn follow(&mut self) -> bool {
        let named = std::fs::metadata(&self.path);
        if named.is_ok_and(|named| FileId::of(&named) == self.id) {
            return false;
        }
        match Self::open(&self.path) {
            Ok(file) => {
                *self = file;
                true
            }
            Err(error) => {
                self.report(&error);
                false
            }
        }
    }

    // The old file is still open: the lines go there until the name can be opened.
    fn report(&mut self, error: &io::Error) {
        if !std::mem::replace(&mut self.reported, true) {
            let (path, error) = (self.path.display(), words(error));
            tracing::error!(%error, %path, "the audit file was moved and cannot be opened again");
        }
    }
}

impl FileId {
    fn of(metadata: &std::fs::Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn open(path: &Path) -> Sink {
        Sink::open(&Destination::File(path.to_owned())).unwrap()
    }

    #[test]
    fn appends_and_is_not_readable_by_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.log");
        open(&path).write(b"1\n").unwrap();
        open(&path).write(b"2\n").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"1\n2\n");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o137, 0);
    }

    #[test]
    fn reopens_after_rotation() {
        let folder = tempfile::tempdir().unwrap();
        let (path, old) = (folder.path().join("audit.log"), folder.path().join("audit.log.1"));
        let mut sink = open(&path);
        sink.write(b"1\n").unwrap();
        fs::rename(&path, &old).unwrap();
        sink.write(b"2\n").unwrap();
        fs::remove_file(&path).unwrap();
        sink.write(b"3\n").unwrap();
        assert_eq!(fs::read(&old).unwrap(), b"1\n");
        assert_eq!(fs::read(&path).unwrap(), b"3\n");
    }

    #[test]
    fn follows_no_link_that_somebody_else_could_have_laid() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("audit.log"), folder.path().join("other"));
        std::os::unix::fs::symlink(&other, &path).unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let told = Sink::open(&Destination::File(path.clone())).err().unwrap().to_string();
        assert!(told.contains(", mode 0777) is writable by others than its owner; "), "{told}");
        assert!(!other.exists());
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        open(&path).write(b"1\n").unwrap();
        assert_eq!(fs::read(&other).unwrap(), b"1\n");
    }

    #[test]
    fn goes_on_in_a_file_that_was_emptied_in_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.log");
        let mut sink = open(&path);
        sink.write(b"1\n").unwrap();
        File::create(&path).unwrap();
        sink.write(b"2\n").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"2\n");
    }

    #[test]
    fn keeps_the_old_file_when_the_name_cannot_be_opened() {
        let folder = tempfile::tempdir().unwrap();
        let (path, old) = (folder.path().join("audit.log"), folder.path().join("audit.log.1"));
        let mut sink = open(&path);
        fs::rename(&path, &old).unwrap();
        fs::create_dir(&path).unwrap();
        sink.write(b"1\n").unwrap();
        assert_eq!(fs::read(&old).unwrap(), b"1\n");
    }

    #[test]
    fn reports_a_full_disk() {
        let broken = open(Path::new("/dev/full")).write(b"1\n").unwrap_err();
        assert_eq!((broken.written, broken.error.kind()), (0, ErrorKind::StorageFull));
    }

    #[test]
    fn reports_a_closed_pipe() {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let broken = Sink::stream(Box::new(writer)).write(b"1\n").unwrap_err();
        assert_eq!(broken.error.kind(), ErrorKind::BrokenPipe);
    }

    #[test]
    fn ends_a_line_that_was_cut_off_before_the_next() {
        let (reader, writer) = io::pipe().unwrap();
        let mut sink = Sink::stream(Box::new(Cut { writer, writes: vec![9, 3] }));
        assert_eq!(sink.write(b"1\n2 is long\n").unwrap_err().written, 3);
        sink.write(b"3\n").unwrap();
        drop(sink);
        assert_eq!(io::read_to_string(reader).unwrap(), "1\n2\n3\n");
    }

    /// Takes so many bytes a write, from the last number to the first; 9 is a full disk.
    struct Cut {
        writer: io::PipeWriter,
        writes: Vec<usize>,
    }

    impl Write for Cut {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            match self.writes.pop() {
                Some(9) => Err(ErrorKind::StorageFull.into()),
                Some(count) => self.writer.write(&bytes[..count]),
                None => self.writer.write(bytes),
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
}
