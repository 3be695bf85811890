//! The configuration of the gate on this machine, as far as a CA changes it: the tables of devices and
//! the revocation lists.
//!
//! It is read without being judged: before the first device there is none that would load.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::ca;
use crate::cli::files::CONFIG;
use crate::drop_in::{self, NotWritten};
use crate::host::{regular, words};
use crate::x509::{issuing, pem, reading};

/// As the gate itself reads.
const MAX_FILE: u64 = 16 * 1024 * 1024;
const BEGIN: &str = "-----BEGIN X509 CRL-----";
const END: &str = "-----END X509 CRL-----";

/// A gate's files.
#[derive(Debug)]
pub(super) struct Gate {
    /// The main file.
    pub(super) main: PathBuf,
    files: Vec<(PathBuf, Table)>,
}

/// Why a gate cannot be served.
#[derive(Debug, thiserror::Error)]
pub(super) enum GateFault {
    /// What the system says of a file.
    #[error("{}: {}", .0.display(), words(.1))]
    File(PathBuf, io::Error),
    /// No TOML.
    #[error("{} is no TOML; `pacsgate check` says where", .0.display())]
    Syntax(PathBuf),
    /// Nobody has said which.
    #[error("{main} has several PACS; say with --pacs which the device may reach: {names}", main = .0.display(), names = .1)]
    WhichPacs(PathBuf, String),
    /// Not one of them.
    #[error("{main} has no PACS {pacs:?}; it has: {names}", main = .0.display(), pacs = .1, names = .2)]
    NoPacs(PathBuf, String, String),
    /// A file could not be written.
    #[error(transparent)]
    NotWritten(#[from] NotWritten),
}

/// What became of a device's table.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Placed {
    /// It is a new file.
    New(PathBuf),
    /// It stands in the file of before.
    Renewed(PathBuf),
    /// The device is configured elsewhere, or by hand.
    Elsewhere(PathBuf),
}

impl Gate {
    /// The gate that a command is for, by its main file; that of the package where there is one and nobody
    /// says otherwise.
    pub(super) fn find(named: Option<&Path>, none: bool) -> Result<Option<Self>, GateFault> {
        let usual = Path::new(CONFIG);
        match named {
            _ if none => Ok(None),
            Some(path) => Self::read(path).map(Some),
            None if usual.exists() => Self::read(usual).map(Some),
            None => Ok(None),
        }
    }

    fn read(main: &Path) -> Result<Self, GateFault> {
        let mut files = vec![(main.to_owned(), table(main)?)];
        for path in drop_ins(&conf_d(main))? {
            let table = table(&path)?;
            files.push((path, table));
        }
        Ok(Self { main: main.to_owned(), files })
    }

    /// Whether it is the one of the package, which systemd knows.
    pub(super) fn is_usual(&self) -> bool {
        self.main == Path::new(CONFIG)
    }

    /// The PACS that a device may reach: those given, or the only one.
    pub(super) fn pacs(&self, given: &[String]) -> Result<Vec<String>, GateFault> {
        let mut known: Vec<_> = self.tables("pacs").map(|(_, name, _)| name.to_owned()).collect();
        known.sort();
        let main = || self.main.clone();
        if let Some(name) = given.iter().find(|name| !known.contains(name)) {
            return Err(GateFault::NoPacs(main(), name.clone(), known.join(", ")));
        }
        match (given, known.len()) {
            ([], 0 | 1) => Ok(known),
            ([], _) => Err(GateFault::WhichPacs(main(), known.join(", "))),
            (given, _) => Ok(given.to_vec()),
        }
    }

    /// By which name it knows a CA, where it knows several.
    pub(super) fn name_of(&self, ca: &[u8]) -> Option<String> {
        let named = |(path, tls): (&Path, &Table)| {
            let cas = tls.get("client_ca")?.as_table()?;
            let holds = |value: &&Value| value.as_str().is_some_and(|file| holds(path, file, ca));
            cas.iter().find(|(_, value)| holds(value)).map(|(name, _)| name.clone())
        };
        self.listeners().find_map(named)
    }

    /// Whether a listener trusts this CA.
    pub(super) fn trusts(&self, ca: &[u8]) -> bool {
        self.listeners().any(|(path, tls)| match tls.get("client_ca") {
            Some(Value::String(file)) => holds(path, file, ca),
            Some(Value::Table(cas)) => {
                cas.values().filter_map(Value::as_str).any(|file| holds(path, file, ca))
            }
            _ => false,
        })
    }

    /// Whether a table has this name.
    pub(super) fn has_peer(&self, name: &str) -> bool {
        self.tables("peer").any(|(_, known, _)| known == name)
    }

    /// Another device that has this title.
    pub(super) fn other_with(&self, title: &str, name: &str) -> Option<&str> {
        let has = |table: &Table| {
            let titles = table.get("calling_ae").and_then(Value::as_array);
            titles.is_some_and(|titles| titles.iter().any(|one| one.as_str() == Some(title)))
        };
        let mut others = self.tables("peer").filter(|(_, other, _)| *other != name);
        others.find(|(.., table)| has(table)).map(|(_, other, _)| other)
    }

    /// Puts a device's table among the drop-in files.
    pub(super) fn place(&self, name: &str, table: &ca::Table) -> Result<Placed, GateFault> {
        let path = conf_d(&self.main).join(format!("{name}.toml"));
        let found = self.tables("peer").find(|(_, known, _)| *known == name);
        if let Some((found, ..)) = found {
            let is_ours = table.before.as_ref().is_some_and(|before| {
                read(found).is_ok_and(|content| content == before.as_bytes())
            });
            if is_ours {
                drop_in::replace(found, table.text.as_bytes())?;
                return Ok(Placed::Renewed(found.to_owned()));
            }
            return Ok(Placed::Elsewhere(found.to_owned()));
        }
        drop_in::write_new(&conf_d(&self.main), &[(format!("{name}.toml"), table.text.clone())])?;
        Ok(Placed::New(path))
    }

    /// Puts a revocation list in the place of the one before, wherever a listener names that.
    pub(super) fn take_list(&self, list: &str, ca: &[u8]) -> Result<Vec<PathBuf>, GateFault> {
        let mut taken = Vec::new();
        for (file, tls) in self.listeners() {
            let named = match tls.get("client_crl") {
                Some(Value::String(path)) => vec![path.as_str()],
                Some(Value::Array(paths)) => paths.iter().filter_map(Value::as_str).collect(),
                _ => Vec::new(),
            };
            for path in named.into_iter().map(|path| folder_of(file).join(path)) {
                let Ok(content) = read(&path) else { continue };
                let Some(new) = with_list(&content, list, ca) else { continue };
                if !taken.contains(&path) {
                    drop_in::replace(&path, &new)?;
                    taken.push(path);
                }
            }
        }
        Ok(taken)
    }

    /// The TLS of all listeners, with the files that they are in.
    fn listeners(&self) -> impl Iterator<Item = (&Path, &Table)> {
        let listeners = self.tables("listener");
        listeners.filter_map(|(path, _, table)| Some((path, table.get("tls")?.as_table()?)))
    }

    fn tables<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a Path, &'a str, &'a Table)> {
        self.files.iter().flat_map(move |(path, root)| {
            let tables = root.get(kind).and_then(Value::as_table).into_iter().flatten();
            tables.filter_map(|(name, value)| {
                Some((path.as_path(), name.as_str(), value.as_table()?))
            })
        })
    }
}

/// A file with this list in the place of the one by the same CA; `None` if there is none.
fn with_list(content: &[u8], list: &str, ca: &[u8]) -> Option<Vec<u8>> {
    let is_ours = |section: &[u8]| {
        let lists = pem::crls(section).unwrap_or_default();
        lists.iter().any(|der| is_list_of(der, ca))
    };
    let Ok(text) = str::from_utf8(content) else {
        return is_ours(content).then(|| list.as_bytes().to_vec());
    };
    let mut new = String::new();
    let (mut rest, mut is_in) = (text, false);
    while let Some((before, _)) = rest.split_once(BEGIN) {
        let section = rest.get(before.len()..)?;
        let end = section.find(END)? + END.len();
        let (section, after) = section.split_at_checked(end)?;
        new.push_str(before);
        let ours = is_ours(section.as_bytes());
        new.push_str(if ours { list.trim_end() } else { section });
        (rest, is_in) = (after, is_in || ours);
    }
    new.push_str(rest);
    is_in.then(|| new.into_bytes())
}

fn is_list_of(list: &[u8], ca: &[u8]) -> bool {
    let list = x509_parser::parse_x509_crl(list);
    let list = list.ok().map(|(_, list)| list).zip(reading::whole(ca));
    list.is_some_and(|(list, ca)| issuing::is_of(&list, &ca))
}

fn holds(file: &Path, path: &str, ca: &[u8]) -> bool {
    let content = read(&folder_of(file).join(path)).unwrap_or_default();
    pem::certificates(&content).is_ok_and(|found| found.iter().any(|der| der.as_ref() == ca))
}

fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if folder.as_os_str().is_empty() => PathBuf::from("."),
        Some(folder) => folder.to_owned(),
        None => PathBuf::from("/"),
    }
}

fn conf_d(main: &Path) -> PathBuf {
    folder_of(main).join("conf.d")
}

fn drop_ins(folder: &Path) -> Result<Vec<PathBuf>, GateFault> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(|error| GateFault::File(folder.to_owned(), error))?,
    };
    let is_read = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(".toml") && !name.starts_with('.')
    };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut paths: Vec<_> = paths.filter(is_read).collect();
    paths.sort();
    Ok(paths)
}

fn table(path: &Path) -> Result<Table, GateFault> {
    let content = read(path).map_err(|error| GateFault::File(path.to_owned(), error))?;
    let text = String::from_utf8(content).ok();
    let read = text.and_then(|text| text.parse().ok());
    read.ok_or_else(|| GateFault::Syntax(path.to_owned()))
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    regular(path)?.take(MAX_FILE + 1).read_to_end(&mut content)?;
    if content.len() as u64 > MAX_FILE {
        return Err(io::Error::other("is larger than 16 MiB"));
    }
    Ok(content)
}
