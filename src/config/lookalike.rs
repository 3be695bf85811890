//! Characters that are taken for others, or that nobody sees: they come with what is pasted from
//! documents, mails and web pages.

use std::fmt;

/// A character that is easily taken for another one, or overlooked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LookAlike {
    found: char,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Space,
    Invisible,
    Quote(char),
    Dash,
    FullWidth(char),
    Letter(char),
}

/// Cyrillic and Greek letters, and behind them the Latin ones whose shape they have.
const LETTERS: [(&str, &str); 3] = [
    (
        "\u{410}\u{412}\u{421}\u{415}\u{41d}\u{406}\u{408}\u{41a}\u{41c}\u{41e}\u{420}\u{405}\
         \u{422}\u{425}",
        "ABCEHIJKMOPSTX",
    ),
    ("\u{430}\u{435}\u{43e}\u{440}\u{441}\u{445}\u{443}\u{456}\u{455}\u{458}", "aeopcxyisj"),
    (
        "\u{391}\u{392}\u{395}\u{396}\u{397}\u{399}\u{39a}\u{39c}\u{39d}\u{39f}\u{3a1}\u{3a4}\
         \u{3a5}\u{3a7}",
        "ABEZHIKMNOPTYX",
    ),
];

impl LookAlike {
    const fn of_shape(found: char) -> Option<Self> {
        let kind = match found {
            '\u{a0}'
            | '\u{1680}'
            | '\u{2000}'..='\u{200a}'
            | '\u{202f}'
            | '\u{205f}'
            | '\u{3000}' => Kind::Space,
            '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}' => Kind::Invisible,
            '\u{ab}' | '\u{bb}' | '\u{201c}'..='\u{201f}' | '\u{2033}' => Kind::Quote('"'),
            '\u{b4}' | '\u{2018}'..='\u{201b}' | '\u{2032}' | '\u{2039}' | '\u{203a}' => {
                Kind::Quote('\'')
            }
            '\u{2010}'..='\u{2015}' | '\u{2212}' => Kind::Dash,
            _ => return None,
        };
        Some(Self { found, kind })
    }

    fn find(found: char) -> Option<Self> {
        Self::of_shape(found).or_else(|| {
            let kind = full_width(found).map(Kind::FullWidth);
            Some(Self { found, kind: kind.or_else(|| letter(found).map(Kind::Letter))? })
        })
    }
}

/// The ASCII character of which this is the wide form of East Asian fonts.
fn full_width(found: char) -> Option<char> {
    const DISTANCE: u32 = 0xfee0;
    let is_wide = matches!(found, '\u{ff01}'..='\u{ff5e}');
    char::from_u32(u32::from(found).checked_sub(DISTANCE)?).filter(|_| is_wide)
}

fn letter(found: char) -> Option<char> {
    let pairs = LETTERS.iter().flat_map(|(foreign, latin)| foreign.chars().zip(latin.chars()));
    pairs.into_iter().find_map(|(foreign, latin)| (foreign == found).then_some(latin))
}

/// The first one in a text.
pub(super) fn first(text: &str) -> Option<LookAlike> {
    text.chars().find_map(LookAlike::find)
}

/// The first one outside of the strings and the comment of a line of TOML, or in a string that is
/// not closed, with its offset.
pub(super) fn in_line(line: &str) -> Option<(usize, LookAlike)> {
    let mut at = 0;
    while let Some(found) = line.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = line.get(at + found.len_utf8()..).unwrap_or_default();
        match found {
            '#' => return None,
            '"' | '\'' => match rest.find(found) {
                Some(length) => at += length + 1,
                None => return instead_of(found, rest).map(|(behind, quote)| (at + behind, quote)),
            },
            _ => {
                if let Some(found) = LookAlike::find(found) {
                    return Some((at, found));
                }
            }
        }
        at += found.len_utf8();
    }
    None
}

/// What stands for the closing quote, with its distance from the opening one.
fn instead_of(quote: char, rest: &str) -> Option<(usize, LookAlike)> {
    rest.char_indices().find_map(|(at, found)| {
        let found = LookAlike::find(found).filter(|found| found.kind == Kind::Quote(quote))?;
        Some((at + quote.len_utf8(), found))
    })
}

impl fmt::Display for LookAlike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = format!("U+{:04X}", u32::from(self.found));
        match self.kind {
            Kind::Space if self.found == '\u{a0}' => {
                write!(f, "a no-break space ({code}): type an ordinary space")
            }
            Kind::Space => write!(f, "a special space ({code}): type an ordinary one"),
            Kind::Invisible => {
                write!(f, "an invisible character ({code}): delete it, or type the text anew")
            }
            Kind::Quote(meant) => {
                write!(f, "a typographic quote ({code}): type a straight one, {meant}")
            }
            Kind::Dash => write!(f, "a dash ({code}) that is not a hyphen: type -"),
            Kind::FullWidth(meant) => write!(f, "a full-width character ({code}): type {meant}"),
            Kind::Letter(meant) => {
                write!(f, "a letter of another alphabet ({code}): type the Latin {meant}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_was_found_and_what_to_type() {
        let cases = [
            ('\u{a0}', "a no-break space (U+00A0): type an ordinary space"),
            ('\u{2009}', "a special space (U+2009): type an ordinary one"),
            ('\u{200b}', "an invisible character (U+200B): delete it, or type the text anew"),
            ('\u{feff}', "an invisible character (U+FEFF): delete it, or type the text anew"),
            ('\u{201e}', "a typographic quote (U+201E): type a straight one, \""),
            ('\u{2019}', "a typographic quote (U+2019): type a straight one, '"),
            ('\u{2013}', "a dash (U+2013) that is not a hyphen: type -"),
            ('\u{ff1d}', "a full-width character (U+FF1D): type ="),
            ('\u{421}', "a letter of another alphabet (U+0421): type the Latin C"),
            ('\u{3a7}', "a letter of another alphabet (U+03A7): type the Latin X"),
        ];
        for (character, told) in cases {
            let found = first(&format!("CT{character}1"));
            assert_eq!(found.map(|found| found.to_string()).as_deref(), Some(told));
        }
        assert_eq!(first("R\u{f6}ntgen 'CT' \"1\" - = x"), None);
    }

    #[test]
    fn looks_into_no_closed_string_and_no_comment() {
        let at = |line| in_line(line).map(|(at, _)| at);
        assert_eq!(at("a\u{a0}= 1"), Some(1));
        assert_eq!(at("a = \"\u{2013}\" \u{2013}"), Some(10));
        assert_eq!(at("a = \"CT\u{201d}"), Some(7));
        assert_eq!(at("a = \"\u{2013} CT\u{2019}s"), None);
        assert_eq!(at("a = '\u{2013}' # \u{2013}"), None);
    }

    #[test]
    fn each_foreign_letter_has_its_latin_one() {
        for (foreign, latin) in LETTERS {
            assert_eq!(foreign.chars().count(), latin.len());
        }
    }
}
