//! The texts that a configuration comes from, and the places in them.

use std::path::{Path, PathBuf};

use super::finding::Location;

/// The texts of one configuration in the order in which they were read.
pub(super) struct Sources(Vec<Source>);

enum Source {
    File {
        path: PathBuf,
        text: String,
        lines: Vec<usize>,
    },
    /// A directory, or what is in one and is not read.
    Unread(PathBuf),
    Variable(String),
}

/// A place in one of the [`Sources`]; sorts as an administrator reads them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    source: usize,
    part: Part,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// The source as a whole.
    Whole,
    /// From an offset in bytes on.
    Offset(usize),
    /// The text of a variable.
    Variable,
}

impl Place {
    /// The main file, which is always the first of the [`Sources`].
    pub(super) const MAIN: Self = Self { source: 0, part: Part::Whole };

    pub(super) const fn at(self, offset: usize) -> Self {
        Self { source: self.source, part: Part::Offset(offset) }
    }

    /// Whether both are in one source.
    pub(super) const fn is_in(self, other: Self) -> bool {
        self.source == other.source
    }

    pub(super) const fn is_variable(self) -> bool {
        matches!(self.part, Part::Variable)
    }

    /// The place as the origin of a value of `config`.
    pub(super) fn to_origin(self) -> String {
        match self.part {
            Part::Whole => format!("{}", self.source),
            Part::Offset(offset) => format!("{}:{offset}", self.source),
            Part::Variable => format!("{}:variable", self.source),
        }
    }

    pub(super) fn of_origin(origin: &str) -> Option<Self> {
        let (source, part) = match origin.split_once(':') {
            None => (origin, Part::Whole),
            Some((source, "variable")) => (source, Part::Variable),
            Some((source, offset)) => (source, Part::Offset(offset.parse().ok()?)),
        };
        Some(Self { source: source.parse().ok()?, part })
    }
}

impl Sources {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    /// A file whose text is not known, or not yet.
    pub(super) fn add_file(&mut self, path: PathBuf) -> Place {
        self.add(Source::File { path, text: String::new(), lines: Vec::new() }, Part::Whole)
    }

    /// What is spoken of and holds nothing of the configuration.
    pub(super) fn add_unread(&mut self, path: PathBuf) -> Place {
        self.add(Source::Unread(path), Part::Whole)
    }

    /// An environment variable.
    pub(super) fn add_variable(&mut self, name: String) -> Place {
        self.add(Source::Variable(name), Part::Variable)
    }

    fn add(&mut self, source: Source, part: Part) -> Place {
        self.0.push(source);
        Place { source: self.0.len() - 1, part }
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

    /// The directory from which relative paths count: for variables, that of the main file.
    pub(super) fn base(&self, place: Place) -> &Path {
        let file = if place.is_variable() { Place::MAIN } else { place };
        let Some(Source::File { path, .. }) = self.0.get(file.source) else {
            return Path::new("");
        };
        path.parent().unwrap_or(Path::new(""))
    }

    /// What an administrator is told of a place.
    pub(super) fn locate(&self, place: Place) -> Location {
        match (self.0.get(place.source), place.part) {
            (Some(Source::Variable(name)), _) => Location::Variable(name.clone()),
            (Some(Source::File { path, text, lines }), Part::Offset(offset)) => {
                let line = lines.partition_point(|&start| start <= offset);
                let start = line.checked_sub(1).and_then(|at| lines.get(at)).copied().unwrap_or(0);
                let before = text.get(start..offset).unwrap_or_default();
                // A byte order mark is no character of the first line.
                let column = before.trim_start_matches('\u{feff}').chars().count() + 1;
                Location::Text { file: path.clone(), line: line + 1, column }
            }
            (Some(Source::File { path, .. }), Part::Whole | Part::Variable) => {
                Location::File(path.clone())
            }
            (Some(Source::Unread(path)), _) => Location::File(path.clone()),
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
    #[test]
    fn a_place_survives_as_an_origin() {
        let mut sources = Sources::new();
        let file = sources.add_file("a.toml".into());
        for place in [file, file.at(0), file.at(70_000), sources.add_variable("A".into())] {
            assert_eq!(Place::of_origin(&place.to_origin()), Some(place));
        }
        assert_eq!((file, Place::of_origin("")), (Place::MAIN, None));
    }
}
