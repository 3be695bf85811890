//! The texts that a configuration comes from, and the places in them.

use std::path::{Path, PathBuf};

use super::finding::Location;

/// The texts of one configuration in the order in which they were read.
pub(super) struct Sources(Vec<Source>);

enum Source {
    File { path: PathBuf, text: String, lines: Vec<usize> },
    Variable { name: String, base: PathBuf },
}

/// A place in one of the [`Sources`]; sorts as an administrator reads them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    source: usize,
    /// In bytes; `None` for the source as a whole.
    offset: Option<usize>,
}

impl Place {
    pub(super) const fn at(self, offset: usize) -> Self {
        Self { source: self.source, offset: Some(offset) }
    }
}

impl Sources {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    /// A file whose text is not known, or not yet.
    pub(super) fn add_file(&mut self, path: PathBuf) -> Place {
        self.add(Source::File { path, text: String::new(), lines: Vec::new() })
    }

    /// An environment variable. Relative paths in it count from `base`.
    pub(super) fn add_variable(&mut self, name: String, base: PathBuf) -> Place {
        self.add(Source::Variable { name, base })
    }

    fn add(&mut self, source: Source) -> Place {
        self.0.push(source);
        Place { source: self.0.len() - 1, offset: None }
    }

    /// Gives a file its text, so that places in it have a line and a column.
    pub(super) fn set_text(&mut self, place: Place, new: String) {
        if let Some(Source::File { text, lines, .. }) = self.0.get_mut(place.source) {
            let ends = new.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            *lines = ends.map(|(at, _)| at + 1).collect();
            *text = new;
        }
    }

    /// How many files there are.
    pub(super) fn files(&self) -> usize {
        self.0.iter().filter(|source| matches!(source, Source::File { .. })).count()
    }

    /// The directory from which relative paths count.
    pub(super) fn base(&self, place: Place) -> &Path {
        match self.0.get(place.source) {
            Some(Source::File { path, .. }) => path.parent().unwrap_or(Path::new("")),
            Some(Source::Variable { base, .. }) => base,
            None => Path::new(""),
        }
    }

    /// What an administrator is told of a place.
    pub(super) fn locate(&self, place: Place) -> Location {
        match (self.0.get(place.source), place.offset) {
            (Some(Source::Variable { name, .. }), _) => Location::Variable(name.clone()),
            (Some(Source::File { path, .. }), None) => Location::File(path.clone()),
            (Some(Source::File { path, text, lines }), Some(offset)) => {
                let line = lines.partition_point(|&start| start <= offset);
                let start = line.checked_sub(1).and_then(|at| lines.get(at)).copied().unwrap_or(0);
                let before = text.get(start..offset).unwrap_or_default();
                // A byte order mark is no character of the first line.
                let column = before.trim_start_matches('\u{feff}').chars().count() + 1;
                Location::Text { file: path.clone(), line: line + 1, column }
            }
            (None, _) => Location::File(PathBuf::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_and_columns_in_characters() {
        let mut sources = Sources::new();
        let file = sources.add_file("a.toml".into());
        sources.set_text(file, "\u{feff}a = 1\r\nÄä = 2\n\nb".into());
        let told = |offset| sources.locate(file.at(offset)).to_string();
        assert_eq!(told(3), "a.toml:1:1");
        assert_eq!(told(7), "a.toml:1:5");
        assert_eq!(told(10), "a.toml:2:1");
        assert_eq!(told(15), "a.toml:2:4");
        assert_eq!(told(19), "a.toml:3:1");
        assert_eq!(told(20), "a.toml:4:1");
        assert_eq!(sources.locate(file).to_string(), "a.toml");
    }
}
