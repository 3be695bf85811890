//! The file as text, with the places of its bytes.

use super::device::Place;
use super::found::{Fault, LARGEST, Problem};

/// A file.
pub(super) struct Text {
    text: String,
    /// Where each line begins.
    starts: Vec<usize>,
}

impl Text {
    /// UTF-8, or UTF-16 with its mark, as spreadsheets write it.
    pub(super) fn decoded(bytes: &[u8]) -> Result<Self, Fault> {
        if u64::try_from(bytes.len()).is_ok_and(|length| length > LARGEST) {
            return Err(Fault { place: Place::START, problem: Problem::Large });
        }
        let text = match bytes {
            [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
            [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
            [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest),
            _ => utf8(bytes),
        }?;
        let text = Self::new(text);
        match text.text.find('\0') {
            Some(at) => Err(Fault { place: text.place(at), problem: Problem::Nul }),
            None => Ok(text),
        }
    }

    fn new(text: String) -> Self {
        let starts = text.match_indices('\n').map(|(at, _)| at + 1);
        let starts = std::iter::once(0).chain(starts).collect();
        Self { text, starts }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// The place of a byte.
    pub(super) fn place(&self, at: usize) -> Place {
        let line = self.starts.partition_point(|start| *start <= at).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        let before = self.text.get(start..at.max(start)).unwrap_or_default();
        Place { line, column: before.chars().count() + 1 }
    }

    /// The same with comments of C and C++ blanked out, so that places stay; in quotes there are none.
    pub(super) fn without_comments(&self) -> Result<Self, Fault> {
        match blanked(&self.text) {
            Ok(text) => Ok(Self::new(text)),
            Err(at) => Err(Fault { place: self.place(at), problem: Problem::Comment }),
        }
    }

    /// The lines, each with the byte at which it begins.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
        self.starts.iter().copied().zip(lines)
    }
}

fn utf8(bytes: &[u8]) -> Result<String, Fault> {
    match str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => {
            let before =
                String::from_utf8_lossy(bytes.get(..error.valid_up_to()).unwrap_or_default());
            let text = Text::new(before.into_owned());
            Err(Fault { place: text.place(error.valid_up_to()), problem: Problem::Encoding })
        }
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Fault> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    let damaged = Fault { place: Place::START, problem: Problem::Utf16 };
    if rest.is_empty() { text.map_err(|_| damaged) } else { Err(damaged) }
}

/// Every comment as blanks of the same length; where it begins if it does not end.
pub(super) fn blanked(text: &str) -> Result<String, usize> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut is_quoted = false;
    while let Some(letter) = rest.chars().next() {
        let comment = if is_quoted { None } else { comment(rest) };
        let length = match comment {
            Some(None) => return Err(text.len() - rest.len()),
            Some(Some(length)) => {
                let comment = rest.get(..length).unwrap_or_default();
                out.extend(comment.chars().map(|it| if it == '\n' { '\n' } else { ' ' }));
                length
            }
            None => {
                let is_escape = is_quoted && letter == '\\';
                let taken: String = rest.chars().take(if is_escape { 2 } else { 1 }).collect();
                // A quote on a line of its own does not swallow the file.
                is_quoted = (is_quoted != (letter == '"')) && letter != '\n';
                out.push_str(&taken);
                taken.len()
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok(out)
}

/// How long the comment is that begins here; inside `None` if it has no end.
fn comment(text: &str) -> Option<Option<usize>> {
    if text.starts_with("//") {
        return Some(Some(text.find('\n').unwrap_or(text.len())));
    }
    let inside = text.strip_prefix("/*")?;
    Some(inside.find("*/").map(|end| end + 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_spreadsheets_write() {
        let text = "title\nR\u{f6}ntgen\n";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let files = [
            text.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            [&[0xff, 0xfe], &*little].concat(),
            [&[0xfe, 0xff], &*big].concat(),
        ];
        for file in files {
            assert_eq!(Text::decoded(&file).ok().unwrap().as_str(), text);
        }
    }

    #[test]
    fn refuses_what_is_no_text_and_says_where() {
        let refused = |bytes: &[u8]| Text::decoded(bytes).err().unwrap();
        let fault = refused(b"title\nR\xf6ntgen");
        assert_eq!((fault.place.line, fault.place.column), (2, 2));
        assert_eq!(fault.problem, Problem::Encoding);
        assert_eq!(refused(b"t\0i\0").problem, Problem::Nul);
        assert_eq!(refused(b"\xff\xfea").problem, Problem::Utf16);
        assert_eq!(refused(b"\xff\xfe\x00\xd8a\x00").problem, Problem::Utf16);
        let large = vec![b'a'; usize::try_from(LARGEST).unwrap() + 1];
        assert_eq!(refused(&large).problem, Problem::Large);
    }

    #[test]
    fn blanks_comments_and_leaves_places() {
        let text = "a /* b\n c */ d \"/* \\\" // */\" // e\nf";
        let blank = "a     \n      d \"/* \\\" // */\"     \nf";
        assert_eq!(blanked(text), Ok(blank.to_owned()));
        assert_eq!(blanked("a\n/* b"), Err(2));
    }
}
