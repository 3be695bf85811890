//! Files that the configuration names.

use std::path::PathBuf;
use std::time::SystemTime;

use super::files::{self, Contents};
use super::lookalike;
use super::mistake::Mistake;
use super::node::Node;
use super::problems::Problems;
use super::section::At;
use super::source::Place;
use crate::host::Access;
use crate::x509::pem::PemFault;

/// A file with what was read from it.
pub(super) struct Loaded<T> {
    pub(super) place: Place,
    pub(super) path: PathBuf,
    pub(super) readable_by_others: bool,
    pub(super) content: T,
}

/// A file, and the place that names it.
pub(super) struct Origin {
    pub(super) place: Place,
    pub(super) path: PathBuf,
}

impl<T> Loaded<T> {
    pub(super) fn origin(&self) -> Origin {
        Origin { place: self.place, path: self.path.clone() }
    }
}

/// A path as it is written.
pub(super) fn path(node: &Node) -> Result<PathBuf, Mistake> {
    let text = node.text()?;
    match foreign(text) {
        Some(mistake) => Err(mistake),
        None => Ok(text.into()),
    }
}

/// What people write where a path belongs, and what is none on this system.
fn foreign(text: &str) -> Option<Mistake> {
    if text.contains("-----BEGIN") {
        let kinds = [("PRIVATE KEY", "a private key"), ("CRL", "a revocation list")];
        let kind = kinds.iter().find(|(mark, _)| text.contains(mark));
        let what = kind.map_or("a certificate", |(_, what)| what);
        return Some(Mistake::Content(what));
    }
    if let Some(path) = text.strip_prefix("file://") {
        return Some(Mistake::FileUrl(text.into(), path.into()));
    }
    if text.contains("://") {
        return Some(Mistake::RemoteUrl(text.into()));
    }
    let mut start = text.chars();
    let drive = start.next().is_some_and(|letter| letter.is_ascii_alphabetic());
    if drive && start.next() == Some(':') || text.contains('\\') {
        return Some(Mistake::WindowsPath(text.into()));
    }
    text.contains(char::is_control).then(|| Mistake::ControlInPath(text.into()))
}

/// Reads a file whose path counts from the directory of the file that names it.
pub(super) fn load<T>(
    key: &str,
    at: &At<PathBuf>,
    parse: fn(&[u8]) -> Result<T, PemFault>,
    problems: &mut Problems,
) -> Option<Loaded<T>> {
    let Loaded { place, path, readable_by_others, content } = read(key, at, problems)?;
    match parse(&content) {
        Ok(content) => {
            problems.named.insert(path.clone());
            Some(Loaded { place, path, readable_by_others, content })
        }
        Err(fault) => {
            problems.mistake(place, key, &format!("{}: {fault}", path.display()));
            None
        }
    }
}

/// The same, as it is.
pub(super) fn read(
    key: &str,
    at: &At<PathBuf>,
    problems: &mut Problems,
) -> Option<Loaded<Vec<u8>>> {
    let path = problems.sources.base(at.place).join(&at.value);
    match files::read(&path, problems.trust) {
        Ok(Contents { bytes, readable_by_others }) => {
            problems.opened(at.place, key, &path, Access::Read);
            Some(Loaded { place: at.place, path, readable_by_others, content: bytes })
        }
        Err(fault) => {
            let shown = path.display();
            let told = match lookalike::first(&at.value.to_string_lossy()) {
                Some(found) => format!("{shown}: {fault}; its name has {found}"),
                None => format!("{shown}: {fault}"),
            };
            problems.unread(at.place, key, &fault, &told);
            None
        }
    }
}

/// Warns of what in a file is at an end of its time, as `judge` says of the one at a place.
pub(super) fn dates<T>(
    key: &str,
    file: &Loaded<Vec<T>>,
    judge: impl Fn(usize, &T, SystemTime) -> Option<String>,
    problems: &mut Problems,
) {
    for (at, der) in file.content.iter().enumerate() {
        if let Some(sentence) = judge(at, der, problems.now) {
            problems.caution(file.place, key, &format!("{}: {sentence}", file.path.display()));
        }
    }
}
