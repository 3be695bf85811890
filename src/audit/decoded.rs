//! Texts of data sets in their character set (PS3.3 section C.12.1.1.2), for the one stream that has
//! patients.

use encoding_rs::{
    EUC_KR, Encoding, GB18030, GBK, ISO_2022_JP, ISO_8859_2, ISO_8859_3, ISO_8859_4, ISO_8859_5,
    ISO_8859_6, ISO_8859_7, ISO_8859_8, ISO_8859_15, SHIFT_JIS, UTF_8, WINDOWS_874, WINDOWS_1252,
    WINDOWS_1254,
};

/// The longest text: that of a person name in one of its forms, many times.
const MOST: usize = 256;

/// Defined terms, and what decodes them. Those with code extensions that another one has as well are not
/// there twice: what ISO 2022 switches to is met by what it switches to first.
const SETS: [(&str, &Encoding); 19] = [
    ("ISO_IR 100", WINDOWS_1252),
    ("ISO_IR 101", ISO_8859_2),
    ("ISO_IR 109", ISO_8859_3),
    ("ISO_IR 110", ISO_8859_4),
    ("ISO_IR 144", ISO_8859_5),
    ("ISO_IR 127", ISO_8859_6),
    ("ISO_IR 126", ISO_8859_7),
    ("ISO_IR 138", ISO_8859_8),
    ("ISO_IR 148", WINDOWS_1254),
    ("ISO_IR 203", ISO_8859_15),
    ("ISO_IR 13", SHIFT_JIS),
    ("ISO_IR 166", WINDOWS_874),
    ("ISO_IR 192", UTF_8),
    ("GB18030", GB18030),
    ("GBK", GBK),
    ("ISO_IR 87", ISO_2022_JP),
    ("ISO_IR 159", ISO_2022_JP),
    ("ISO_IR 149", EUC_KR),
    ("ISO_IR 58", GBK),
];

/// The text of a value. What its character set does not have is replaced; without one that is known,
/// it is taken for UTF-8, or else for Latin alphabet No. 1.
pub(super) fn decoded(value: &[u8], character_set: &[u8]) -> String {
    let named = character_set.split(|byte| *byte == b'\\').rev().find_map(set);
    let usual = if std::str::from_utf8(value).is_ok() { UTF_8 } else { WINDOWS_1252 };
    let encoding = named.unwrap_or(usual);
    // These are designated where they begin, which their own decoders do not know.
    let value = match encoding {
        it if it == EUC_KR => without(value, b"\x1b$)C"),
        it if it == GBK => without(value, b"\x1b$)A"),
        _ => value.to_vec(),
    };
    let (text, _) = encoding.decode_without_bom_handling(&value);
    text.chars().take(MOST).collect()
}

fn set(term: &[u8]) -> Option<&'static Encoding> {
    let term = std::str::from_utf8(term).ok()?.trim();
    let plain = term.replace("ISO 2022 IR ", "ISO_IR ");
    SETS.iter().find(|(name, _)| *name == plain).map(|(_, encoding)| *encoding)
}

fn without(value: &[u8], escape: &[u8]) -> Vec<u8> {
    let mut rest = value;
    let mut out = Vec::with_capacity(value.len());
    while let [first, behind @ ..] = rest {
        if let Some(behind) = rest.strip_prefix(escape) {
            rest = behind;
        } else {
            out.push(*first);
            rest = behind;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_examples_of_the_standard() {
        // PS3.5 annexes H, I and J.
        let japanese = b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B";
        assert_eq!(decoded(japanese, b"\\ISO 2022 IR 87"), "Yamada^Tarou=山田^太郎");
        let korean = b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7";
        assert_eq!(decoded(korean, b"\\ISO 2022 IR 149"), "Hong^Gildong=洪^吉洞");
        let chinese = b"Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab";
        assert_eq!(decoded(chinese, b"GB18030"), "Wang^XiaoDong=王^小东");
    }

    #[test]
    fn makes_a_text_of_anything() {
        assert_eq!(decoded(b"M\xfcller", b"ISO_IR 100"), "Müller");
        assert_eq!(decoded(b"M\xfcller", b""), "Müller");
        assert_eq!(decoded("Müller".as_bytes(), b"nothing known"), "Müller");
        assert_eq!(decoded(b"M\xfcller", b"ISO_IR 192"), "M\u{fffd}ller");
        assert_eq!(decoded(&[b'x'; 5000], b"").len(), MOST);
    }
}
