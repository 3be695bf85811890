//! Drop-in files as the commands write them: a few `[peer]` tables each, for people to read, complete
//! and move. What is there already is never written over, and of several files either all come to be
//! or none.

use std::fmt::{self, Display};
use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use toml::Value;

use crate::host::words;

/// Root writes them, the gate's group reads them.
pub const MODE: u32 = 0o640;
/// What temporary files have from their start.
const OWNER_ONLY: u32 = 0o600;
/// The longest line of a remark.
const COLUMNS: usize = 100;

/// A `[peer.NAME]` table.
#[derive(Clone, Debug, Default)]
pub struct Peer {
    /// The table's name, of `[a-z0-9_-]`; see [`name`].
    pub name: String,
    /// What stands above it, a remark each.
    pub remarks: Vec<String>,
    /// Its keys, in this order.
    pub keys: Vec<Key>,
    /// Those of its `reach`; without any, it has none.
    pub reach: Vec<Key>,
}

/// A key with its value.
#[derive(Clone, Debug)]
pub struct Key {
    key: &'static str,
    value: Option<Value>,
    remark: Option<String>,
}

impl Key {
    /// What is known.
    pub fn new(key: &'static str, value: impl Into<Value>) -> Self {
        Self { key, value: Some(value.into()), remark: None }
    }

    /// What somebody has to fill in: the gate does not load the table before.
    pub fn gap(key: &'static str, what_belongs_there: impl Into<String>) -> Self {
        Self { key, value: None, remark: Some(what_belongs_there.into()) }
    }

    /// The same with a remark above it.
    #[must_use]
    pub fn with(mut self, remark: impl Into<String>) -> Self {
        self.remark = Some(remark.into());
        self
    }

    /// A list of texts.
    pub fn list<T: ToString>(key: &'static str, texts: impl IntoIterator<Item = T>) -> Self {
        let texts = texts.into_iter().map(|text| Value::String(text.to_string()));
        Self::new(key, texts.collect::<Vec<_>>())
    }
}

impl Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.remarks.iter().try_for_each(|text| remark(f, text))?;
        writeln!(f, "[peer.{}]", self.name)?;
        self.keys.iter().try_for_each(|key| write!(f, "{key}"))?;
        if !self.reach.is_empty() {
            writeln!(f, "\n[peer.{}.reach]", self.name)?;
            self.reach.iter().try_for_each(|key| write!(f, "{key}"))?;
        }
        Ok(())
    }
}

impl Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.value, &self.remark) {
            (Some(value), told) => {
                told.iter().try_for_each(|text| remark(f, text))?;
                writeln!(f, "{} = {value}", self.key)
            }
            (None, told) => {
                remark(f, &format!("GAP: {}", told.as_deref().unwrap_or_default()))?;
                writeln!(f, "{} = []", self.key)
            }
        }
    }
}

/// Comment lines. Whatever a file or a peer has put into the text, it ends no comment.
fn remark(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let text = text.replace(|letter: char| letter.is_control(), " ");
    let mut line = String::from("#");
    for word in text.split_whitespace() {
        if line.len() > 1 && line.chars().count() + 1 + word.chars().count() > COLUMNS {
            writeln!(f, "{line}")?;
            line.truncate(1);
        }
        line.push(' ');
        line.push_str(word);
    }
    writeln!(f, "{line}")
}

/// The longest name of a table: it is the name of a file as well.
const LONGEST: usize = 40;

/// A table's name after an AE title or another text, with a letter or digit first; `device` where
/// nothing of it may stand in one.
pub fn name(text: &str) -> String {
    let usual = |letter: char| match letter.to_ascii_lowercase() {
        letter if letter.is_ascii_alphanumeric() || "_-".contains(letter) => Some(letter),
        ' ' | '.' => Some('-'),
        _ => None,
    };
    let usual = text.trim().chars().filter_map(usual);
    let name = usual.skip_while(|letter| !letter.is_ascii_alphanumeric());
    let name: String = name.take(LONGEST).collect();
    if name.is_empty() { "device".to_owned() } else { name }
}

/// The same, under a number if it is not free.
pub fn free_name(text: &str, is_free: impl Fn(&str) -> bool) -> String {
    let name = name(text);
    let numbered = (2_u32..).map(|number| format!("{name}-{number}"));
    let mut names = std::iter::once(name.clone()).chain(numbered);
    names.find(|name| is_free(name)).unwrap_or(name)
}

/// Why files were not written. None of them has been.
#[derive(Debug, thiserror::Error)]
pub enum NotWritten {
    /// Nothing that exists is written over.
    #[error(
        "{0} is there already, and nothing is written over: move it away, or write to another folder"
    )]
    Exists(PathBuf),
    /// Nobody has made the folder.
    #[error("there is no folder {0}: make it first, or correct the path")]
    NoFolder(PathBuf),
    /// The folder or a file in it cannot be written.
    #[error("{0} cannot be written: {words}", words = words(.1))]
    Failed(PathBuf, io::Error),
}

/// Puts a file in the place of one that is there, in one step, with the group and the mode of that.
///
/// # Errors
///
/// It is not there, or cannot be written.
pub fn replace(path: &Path, content: &[u8]) -> Result<(), NotWritten> {
    let failed = |error| NotWritten::Failed(path.to_owned(), error);
    // What a link leads to is replaced, not the link.
    let target = path.canonicalize().map_err(failed)?;
    let before = fs::metadata(&target).map_err(failed)?;
    let folder = target.parent().unwrap_or(Path::new("."));
    let mode = before.mode() & 0o777;
    let file = written(folder, content, before.gid(), mode).map_err(failed)?;
    file.persist(&target).map_err(|error| failed(error.error))?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

/// Writes new files into a folder, which is there: all of them or none. Their group is the folder's,
/// where that is allowed, and their mode 640.
///
/// # Errors
///
/// One of them is there already, or cannot be written.
pub fn write_new(folder: &Path, files: &[(String, String)]) -> Result<(), NotWritten> {
    write_new_as(folder, files, MODE)
}

/// The same for files that may hold anything, with this mode.
///
/// # Errors
///
/// As of [`write_new`].
pub fn write_new_as<T: AsRef<[u8]>>(
    folder: &Path,
    files: &[(String, T)],
    mode: u32,
) -> Result<(), NotWritten> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| NotWritten::Failed(path, error)
    };
    let group = match fs::metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(NotWritten::NoFolder(folder.to_owned()));
        }
        other => other.map_err(failed(folder))?.gid(),
    };
    let prepare = |(name, content): &(String, T)| {
        let path = folder.join(name);
        let file = written(folder, content.as_ref(), group, mode).map_err(failed(&path))?;
        Ok((path, file))
    };
    let prepared = files.iter().map(prepare).collect::<Result<Vec<_>, NotWritten>>()?;
    let mut kept: Vec<PathBuf> = Vec::new();
    for (path, file) in prepared {
        if let Err(error) = file.persist_noclobber(&path) {
            for path in &kept {
                // It was made a moment ago, by us; what cannot be removed is at least named.
                let _ = fs::remove_file(path);
            }
            let error = error.error;
            let is_there = error.kind() == io::ErrorKind::AlreadyExists;
            return Err(if is_there { NotWritten::Exists(path) } else { failed(&path)(error) });
        }
        kept.push(path);
    }
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed(folder))
}

fn written(folder: &Path, content: &[u8], group: u32, mode: u32) -> io::Result<NamedTempFile> {
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(content)?;
    // Only root may give a file to a group that it is not in.
    let _ = fchown(file.as_file(), None, Some(group));
    // A new file is its owner's alone, and USB sticks refuse every change of a mode.
    if mode != OWNER_ONLY {
        file.as_file().set_permissions(Permissions::from_mode(mode))?;
    }
    file.as_file().sync_all()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_a_table_that_reads_as_it_was_meant() {
        let peer = Peer {
            name: name("CT 1"),
            remarks: vec!["seen\n[peer.evil] at 10.1.2.3".to_owned()],
            keys: vec![
                Key::gap("certificate", "what the device shows"),
                Key::list("calling_ae", ["CT 1", "a\"b\\c"]).with("as it was typed"),
            ],
            reach: vec![Key::new("address", "10.1.2.3:104"), Key::new("plain", true)],
        };
        let text = peer.to_string();
        let read: toml::Table = text.parse().unwrap();
        let table = &read["peer"]["ct-1"];
        assert_eq!(read["peer"].as_table().unwrap().len(), 1, "{text}");
        assert_eq!(table["calling_ae"][1].as_str(), Some("a\"b\\c"));
        assert_eq!(table["certificate"].as_array().unwrap().len(), 0);
        assert_eq!(table["reach"]["plain"].as_bool(), Some(true));
        assert!(text.contains("# GAP: what the device shows\ncertificate = []\n"), "{text}");
    }

    #[test]
    fn breaks_long_remarks() {
        let remarks = vec!["word ".repeat(60)];
        let text = Peer { name: "a".to_owned(), remarks, ..Peer::default() }.to_string();
        assert!(text.lines().all(|line| line.len() <= COLUMNS), "{text}");
    }

    #[test]
    fn writes_all_files_or_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| (name.to_owned(), "text\n".to_owned());
        write_new(folder.path(), &[file("b.toml")]).unwrap();
        let mode = folder.path().join("b.toml").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, MODE);
        let error = write_new(folder.path(), &[file("a.toml"), file("b.toml")]).unwrap_err();
        assert!(matches!(error, NotWritten::Exists(path) if path.ends_with("b.toml")));
        let left = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 1, "nothing half written");
        let error = write_new(&folder.path().join("new"), &[file("a.toml")]).unwrap_err();
        assert!(error.to_string().ends_with("new: make it first, or correct the path"), "{error}");
    }

    #[test]
    fn names_tables_as_the_configuration_wants_them() {
        assert_eq!(name("CT_Room 4.b"), "ct_room-4-b");
        assert_eq!(name("\u{e9}\u{1b}"), "device");
        assert_eq!(name("--write"), "write", "no option of a command");
        assert_eq!(name("_-."), "device");
        assert_eq!(name(&"x".repeat(300)).len(), LONGEST);
    }
}
