//! Texts of data sets in their character sets (PS3.3 section C.12.1.1.2, PS3.5 section 6.1.2), for the one
//! stream that has patients.

use encoding_rs::{
    EUC_JP, EUC_KR, Encoding, GB18030, GBK, ISO_8859_2, ISO_8859_3, ISO_8859_4, ISO_8859_5,
    ISO_8859_6, ISO_8859_7, ISO_8859_8, ISO_8859_15, SHIFT_JIS, UTF_8, WINDOWS_874, WINDOWS_1252,
    WINDOWS_1254,
};

const ESCAPE: u8 = 0x1b;
/// What ends the designation of a character set: the next component is in the first one again.
const DELIMITERS: &[u8] = b"^=\\\r\n\t\x0c";
/// Stands before a character of JIS X 0212 in EUC-JP.
const SUPPLEMENT: u8 = 0x8f;

/// Defined terms, what designates them behind the escape character, and what decodes them.
const SETS: [(&str, &[u8], &Encoding); 19] = [
    ("ISO_IR 100", b"-A", WINDOWS_1252),
    ("ISO_IR 101", b"-B", ISO_8859_2),
    ("ISO_IR 109", b"-C", ISO_8859_3),
    ("ISO_IR 110", b"-D", ISO_8859_4),
    ("ISO_IR 144", b"-L", ISO_8859_5),
    ("ISO_IR 127", b"-G", ISO_8859_6),
    ("ISO_IR 126", b"-F", ISO_8859_7),
    ("ISO_IR 138", b"-H", ISO_8859_8),
    ("ISO_IR 148", b"-M", WINDOWS_1254),
    ("ISO_IR 203", b"-b", ISO_8859_15),
    ("ISO_IR 13", b")I", SHIFT_JIS),
    ("ISO_IR 166", b"-T", WINDOWS_874),
    ("ISO_IR 149", b"$)C", EUC_KR),
    ("ISO_IR 58", b"$)A", GBK),
    ("ISO_IR 87", b"$B", EUC_JP),
    ("ISO_IR 159", b"$(D", EUC_JP),
    ("ISO_IR 192", b"%G", UTF_8),
    ("GB18030", b"", GB18030),
    ("GBK", b"", GBK),
];

/// What the characters are that need no eighth bit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Low {
    /// Those of ASCII; of JIS X 0201, which has two others, as well.
    Ascii,
    /// Pairs of JIS X 0208.
    Kanji,
    /// Pairs of JIS X 0212.
    Supplement,
}

/// The text of a value. What its character sets do not have is replaced; without one that is known,
/// it is taken for UTF-8, or else for Latin alphabet No. 1.
pub(super) fn decoded(value: &[u8], character_set: &[u8]) -> String {
    let first = first(value, character_set);
    let mut pieces = value.split(|byte| *byte == ESCAPE);
    let mut text = String::with_capacity(value.len());
    first.decode(pieces.next().unwrap_or_default(), &mut text);
    let (mut low, mut high) = (Low::Ascii, first);
    for piece in pieces {
        let piece = designated(piece, &mut low, &mut high);
        match low {
            Low::Kanji => in_pairs(piece, &[], &mut text),
            Low::Supplement => in_pairs(piece, &[SUPPLEMENT], &mut text),
            Low::Ascii => {
                let ended = piece.iter().position(|byte| DELIMITERS.contains(byte));
                let (its_own, behind) = piece.split_at(ended.unwrap_or(piece.len()));
                high.decode(its_own, &mut text);
                first.decode(behind, &mut text);
                if ended.is_some() {
                    high = first;
                }
            }
        }
    }
    text
}

/// What a value begins with: the first of its sets; where that is the default one, and nothing designates
/// another, the last, which is what devices mean who leave the escape sequences out.
fn first(value: &[u8], character_set: &[u8]) -> Set {
    let mut terms = character_set.split(|byte| *byte == b'\\').map(named);
    let first = terms.next().flatten();
    let last = if value.contains(&ESCAPE) { None } else { terms.rev().flatten().next() };
    let usual = if std::str::from_utf8(value).is_ok() { UTF_8 } else { WINDOWS_1252 };
    Set(first.or(last).unwrap_or(usual))
}

fn named(term: &[u8]) -> Option<&'static Encoding> {
    let term = std::str::from_utf8(term).ok()?.trim();
    let plain = term.replace("ISO 2022 IR ", "ISO_IR ");
    SETS.iter().find(|(name, ..)| *name == plain).map(|(.., encoding)| *encoding)
}

/// What an escape character designates; what is behind its sequence. A sequence that is unknown is left
/// out by its character alone.
fn designated<'a>(piece: &'a [u8], low: &mut Low, high: &mut Set) -> &'a [u8] {
    for (begin, is) in [
        (b"(B".as_slice(), Low::Ascii),
        (b"(J", Low::Ascii),
        (b"$B", Low::Kanji),
        (b"$@", Low::Kanji),
        (b"$(D", Low::Supplement),
    ] {
        if let Some(behind) = piece.strip_prefix(begin) {
            *low = is;
            return behind;
        }
    }
    for (_, begin, encoding) in SETS.iter().filter(|(_, begin, _)| !begin.is_empty()) {
        if let Some(behind) = piece.strip_prefix(*begin) {
            *high = Set(encoding);
            return behind;
        }
    }
    piece
}

/// Pairs of seven bits each: EUC-JP has them with the eighth bit set.
fn in_pairs(piece: &[u8], before: &[u8], text: &mut String) {
    let (pairs, rest) = piece.as_chunks::<2>();
    let mut bytes = Vec::with_capacity(piece.len() * 2);
    for pair in pairs {
        bytes.extend_from_slice(before);
        bytes.extend(pair.map(|byte| byte | 0x80));
    }
    bytes.extend_from_slice(rest);
    Set(EUC_JP).decode(&bytes, text);
}

/// What decodes a part of a value.
#[derive(Clone, Copy)]
struct Set(&'static Encoding);

impl Set {
    fn decode(self, bytes: &[u8], text: &mut String) {
        text.push_str(&self.0.decode_without_bom_handling(bytes).0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_examples_of_the_standard() {
        // PS3.5 annexes H, I, J and K.
        let japanese =
            b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B";
        let text = "Yamada^Tarou=山田^太郎=やまだ^たろう";
        assert_eq!(decoded(japanese, b"\\ISO 2022 IR 87"), text);
        let narrow = b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J";
        let text = "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう";
        assert_eq!(decoded(narrow, b"ISO 2022 IR 13\\ISO 2022 IR 87"), text);
        let korean = b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf";
        let text = "Hong^Gildong=洪^吉洞=홍^길동";
        assert_eq!(decoded(korean, b"\\ISO 2022 IR 149"), text);
        let chinese = b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=";
        assert_eq!(decoded(chinese, b"\\ISO 2022 IR 58"), "Zhang^XiaoDong=张^小东=");
        let chinese = b"Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab";
        assert_eq!(decoded(chinese, b"GB18030"), "Wang^XiaoDong=王^小东");
    }

    #[test]
    fn goes_from_one_character_set_to_another_and_back_at_a_delimiter() {
        let several = b"\\ISO 2022 IR 100\\ISO 2022 IR 144\\ISO 2022 IR 159";
        let value = b"Buc^J\x1b-A\xe9r\xf4me=\x1b-L\xbb\xee\xda^x=\x1b$(D0!\x1b(B";
        assert_eq!(decoded(value, several), "Buc^Jérôme=Люк^x=丂");
        let greek = b"\xc4\xe9\xef\xed=\x1b-A\xc4^\xc4";
        assert_eq!(decoded(greek, b"ISO 2022 IR 126\\ISO 2022 IR 100"), "Διον=Ä^Δ");
        // Some devices write no escape sequences.
        assert_eq!(decoded(b"\xfb\xf3", b"\\ISO 2022 IR 149"), "洪");
    }

    #[test]
    fn makes_a_text_of_anything() {
        assert_eq!(decoded(b"M\xfcller", b"ISO_IR 100"), "Müller");
        assert_eq!(decoded(b"M\xfcller", b""), "Müller");
        assert_eq!(decoded("Müller".as_bytes(), b"nothing known"), "Müller");
        assert_eq!(decoded(b"M\xfcller", b"ISO_IR 192"), "M\u{fffd}ller");
        assert_eq!(decoded(b"\x1b$B;\x1bX\x1b", b""), ";X");
    }
}
