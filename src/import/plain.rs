//! Text of a file, shown to people.

/// The longest text of a file that is shown.
const LONGEST: usize = 300;

/// Text of a file as it may be shown: letters and digits of any script and what ASCII prints; nothing
/// that a terminal obeys or nobody sees.
pub fn plain(text: &str) -> String {
    let shown = |letter: char| match letter {
        ' '..='~' => letter,
        letter if letter.is_alphanumeric() => letter,
        letter if letter.is_whitespace() => ' ',
        _ => '?',
    };
    let mut plain: String = text.trim().chars().take(LONGEST).map(shown).collect();
    if text.trim().chars().nth(LONGEST).is_some() {
        plain.push_str("...");
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_nothing_that_a_terminal_obeys() {
        assert_eq!(plain("R\u{f6}ntgen\u{1b}[2J\u{202e}\n1"), "R\u{f6}ntgen?[2J? 1");
        assert!(plain(&"x".repeat(10_000)).len() < 310);
    }
}
