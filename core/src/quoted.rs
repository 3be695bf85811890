//! Text from outside, as people are shown it.

use std::fmt;

/// A text that is shown in quotes, escaped, and cut where it is long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quoted(Box<str>);

/// Enough to recognise a digest or a path by.
const MAX_QUOTED: usize = 100;

impl From<&str> for Quoted {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: String = self.0.chars().take(MAX_QUOTED).collect();
        let rest = if shown.len() < self.0.len() { "..." } else { "" };
        write!(f, "\"{}{rest}\"", shown.escape_debug())
    }
}

/// A key or a name as it is shown: quoted if it would have to be in TOML.
pub fn key(text: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !text.is_empty() && text.bytes().all(bare) {
        text.to_owned()
    } else {
        Quoted::from(text).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_cuts_what_it_quotes() {
        assert_eq!(Quoted::from("a\n\u{1b}[2J\"").to_string(), r#""a\n\u{1b}[2J\"""#);
        assert_eq!(Quoted::from("a".repeat(300).as_str()).to_string().len(), 105);
    }
}
