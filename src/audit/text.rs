//! Text of a peer, made harmless before anything can log it.

use std::fmt::{self, Display, Write};

use pacsgate_core::wire::title::AeTitle;
use pacsgate_core::wire::uid::Uid;
use serde::{Serialize, Serializer};

/// Text that a peer chose, escaped and capped.
///
/// Printable ASCII passes, apart from backslash and the double quote; every other byte becomes `\xNN`.
/// Text over the cap ends in `\(+N bytes)`: a peer cannot write that mark, because its own
/// backslash would be escaped.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerText(Box<str>);

impl PeerText {
    /// The cap of a title field: sixteen bytes, each of them escaped.
    pub const TITLE: usize = 4 * AeTitle::LEN;
    /// The cap of a sentence, such as the text of an error.
    pub const SENTENCE: usize = 256;
    /// The cap of a phrase, such as a note.
    pub const PHRASE: usize = 128;

    /// Escapes bytes; at most `cap` characters of the escaped text are kept.
    pub fn from_bytes(bytes: &[u8], cap: usize) -> Self {
        let mut escaper = Escaper::new(cap);
        escaper.escape(bytes);
        escaper.finish()
    }

    /// Escapes what a value displays, with never more than `cap` characters of it in memory.
    pub fn from_display(value: impl Display, cap: usize) -> Self {
        let mut escaper = Escaper::new(cap);
        // Only the value's own Display can fail; what it said before that is kept.
        let _ = write!(escaper, "{value}");
        escaper.finish()
    }

    /// The escaped text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<AeTitle> for PeerText {
    fn from(title: AeTitle) -> Self {
        Self::from_bytes(title.as_str().as_bytes(), Self::TITLE)
    }
}

impl From<&Uid> for PeerText {
    fn from(uid: &Uid) -> Self {
        Self::from_bytes(uid.as_str().as_bytes(), Uid::MAX_LEN)
    }
}

impl Display for PeerText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PeerText {
    // Not the derived one: it would escape the backslashes a second time.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

impl Serialize for PeerText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// A list of peer texts, bounded in number and length.
///
/// Where some were left out, the last text says how many.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Texts(Vec<PeerText>);

impl Texts {
    /// How many texts [`Texts::collect`] keeps.
    pub const MOST: usize = 16;

    /// Escapes what the items display, each as a phrase.
    pub fn collect<T: Display>(items: impl IntoIterator<Item = T>) -> Self {
        Self::bounded(items, Self::MOST, PeerText::PHRASE)
    }

    /// As [`Texts::collect`], at most `most` texts of `cap` characters.
    pub fn bounded<T: Display>(
        items: impl IntoIterator<Item = T>,
        most: usize,
        cap: usize,
    ) -> Self {
        let mut items = items.into_iter();
        let mut texts: Vec<_> =
            items.by_ref().take(most).map(|item| PeerText::from_display(item, cap)).collect();
        let left_out = items.count();
        if left_out > 0 {
            texts.push(PeerText(format!("\\(+{left_out})").into()));
        }
        Self(texts)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

struct Escaper {
    text: String,
    cap: usize,
    left_out: usize,
}

impl Escaper {
    fn new(cap: usize) -> Self {
        Self { text: String::new(), cap, left_out: 0 }
    }

    fn escape(&mut self, bytes: &[u8]) {
        for (position, &byte) in bytes.iter().enumerate() {
            if self.left_out > 0 || !self.push(byte) {
                self.left_out = self.left_out.saturating_add(bytes.len() - position);
                return;
            }
        }
    }

    fn push(&mut self, byte: u8) -> bool {
        let width = if passes(byte) { 1 } else { 4 };
        if self.text.len() + width > self.cap {
            return false;
        }
        if passes(byte) {
            self.text.push(char::from(byte));
            return true;
        }
        write!(self.text, "\\x{byte:02x}").is_ok()
    }

    fn finish(self) -> PeerText {
        if self.left_out == 0 {
            return PeerText(self.text.into());
        }
        PeerText(format!("{}\\(+{} bytes)", self.text, self.left_out).into())
    }
}

impl Write for Escaper {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.escape(text.as_bytes());
        Ok(())
    }
}

fn passes(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && !matches!(byte, b'\\' | b'"')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn passes_printable_ascii_as_it_is() {
        let text = "CT1 <a@b> #{}%$|;`~!";
        assert_eq!(PeerText::from_bytes(text.as_bytes(), 64).as_str(), text);
    }

    #[test]
    fn escapes_everything_else() {
        let text = PeerText::from_bytes(b"a\n\x1b[31m\0\"'\\\x7f\xe9", 64);
        assert_eq!(text.as_str(), r"a\x0a\x1b[31m\x00\x22'\x5c\x7f\xe9");
    }

    #[test]
    fn marks_what_was_cut_off() {
        let text = PeerText::from_bytes(&[b'x'; 10_000], 16);
        assert_eq!(text.as_str(), r"xxxxxxxxxxxxxxxx\(+9984 bytes)");
    }

    #[test]
    fn never_cuts_inside_an_escape() {
        let text = PeerText::from_bytes(b"abc\nd", 6);
        assert_eq!(text.as_str(), r"abc\(+2 bytes)");
    }

    #[test]
    fn cuts_a_display_written_in_pieces_once() {
        let text = PeerText::from_display(format_args!("{}{}{}", "aaaa", "\n", "b"), 5);
        assert_eq!(text.as_str(), r"aaaa\(+2 bytes)");
    }

    #[test]
    fn a_peer_cannot_imitate_the_mark() {
        let text = PeerText::from_bytes(br"x\(+2 bytes)", 64);
        assert_eq!(text.as_str(), r"x\x5c(+2 bytes)");
    }

    #[test]
    fn says_how_many_texts_were_left_out() {
        let texts = Texts::bounded(["a", "b", "c", "d"], 2, 8);
        let texts: Vec<_> = texts.0.iter().map(PeerText::as_str).collect();
        assert_eq!(texts, ["a", "b", r"\(+2)"]);
    }

    #[test]
    fn shows_the_escaped_text_in_debug_too() {
        assert_eq!(format!("{:?}", PeerText::from_bytes(b"a\n", 8)), r#""a\x0a""#);
    }

    proptest! {
        #[test]
        fn is_bounded_printable_and_decodes_to_a_prefix(bytes: Vec<u8>, cap in 0_usize..64) {
            let text = PeerText::from_bytes(&bytes, cap);
            prop_assert!(text.as_str().len() <= cap + 30);
            prop_assert!(text.as_str().bytes().all(|b| matches!(b, b' '..=b'~')));
            let kept = text.as_str().split("\\(").next().unwrap();
            prop_assert!(bytes.starts_with(&unescape(kept)));
        }
    }

    fn unescape(text: &str) -> Vec<u8> {
        let mut pieces = text.split("\\x");
        let mut bytes = pieces.next().unwrap().as_bytes().to_vec();
        for piece in pieces {
            let (digits, rest) = piece.split_at(2);
            bytes.push(u8::from_str_radix(digits, 16).unwrap());
            bytes.extend(rest.as_bytes());
        }
        bytes
    }
}
