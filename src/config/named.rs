//! Files that the configuration names.

use std::path::PathBuf;

use super::files;
use super::mistake::Mistake;
use super::node::Node;
use super::problems::Problems;
use super::section::At;
use super::source::Place;
use crate::x509::pem::PemFault;

/// A file with what was read from it.
pub(super) struct Loaded<T> {
    pub(super) place: Place,
    pub(super) path: PathBuf,
    pub(super) readable_by_others: bool,
    pub(super) content: T,
}

/// A path as it is written.
pub(super) fn path(node: &Node) -> Result<PathBuf, Mistake> {
    node.text().map(PathBuf::from)
}

/// Reads a file whose path counts from the directory of the file that names it.
pub(super) fn load<T>(
    key: &str,
    at: &At<PathBuf>,
    parse: fn(&[u8]) -> Result<T, PemFault>,
    problems: &mut Problems,
) -> Option<Loaded<T>> {
    let path = problems.sources.base(at.place).join(&at.value);
    let shown = path.display();
    let parsed = files::read(&path).map_err(|fault| format!("{shown}: {fault}"));
    let parsed = parsed.and_then(|contents| {
        let content = parse(&contents.bytes).map_err(|fault| format!("{shown}: {fault}"))?;
        Ok((content, contents.readable_by_others))
    });
    match parsed {
        Ok((content, readable_by_others)) => {
            problems.named.insert(path.clone());
            Some(Loaded { place: at.place, path, readable_by_others, content })
        }
        Err(mistake) => {
            problems.mistake(at.place, key, &mistake);
            None
        }
    }
}
