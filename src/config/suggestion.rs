//! What could have been meant.

use std::fmt;

/// What could have been meant.
#[derive(Debug)]
pub(super) enum Suggestion {
    /// The nearest valid word.
    Nearest(Box<str>),
    /// Nothing is near: all that is valid.
    OneOf(Vec<Box<str>>),
    /// Nothing is near, and there is too much to list: what to do instead.
    Instead(&'static str),
}

impl Suggestion {
    /// The candidate that is nearest to the wrong word, or else all of them.
    pub(super) fn new<S: AsRef<str>>(wrong: &str, candidates: impl IntoIterator<Item = S>) -> Self {
        let candidates: Vec<S> = candidates.into_iter().collect();
        let words = || candidates.iter().map(AsRef::as_ref);
        let wrong = wrong.to_lowercase();
        let similarity = |word: &str| strsim::jaro_winkler(&wrong, &word.to_lowercase());
        let scored = words().map(|word| (similarity(word), word));
        match scored.max_by(|(a, _), (b, _)| a.total_cmp(b)) {
            Some((score, word)) if score >= NEAR => Self::Nearest(word.into()),
            _ => Self::OneOf(words().map(Into::into).collect()),
        }
    }

    /// The candidate that differs in few letters behind the prefix of all, or else what to do
    /// instead.
    pub(super) fn alike<S: AsRef<str>>(
        wrong: &str,
        prefix: &str,
        candidates: impl IntoIterator<Item = S>,
        instead: &'static str,
    ) -> Self {
        let behind = |word: &str| word.strip_prefix(prefix).unwrap_or(word).to_lowercase();
        let wrong = behind(wrong);
        let similarity =
            |word: &S| strsim::normalized_damerau_levenshtein(&wrong, &behind(word.as_ref()));
        let scored = candidates.into_iter().map(|word| (similarity(&word), word));
        match scored.max_by(|(a, _), (b, _)| a.total_cmp(b)) {
            Some((score, word)) if score >= ALIKE => Self::Nearest(word.as_ref().into()),
            _ => Self::Instead(instead),
        }
    }

    /// The same with a prefix before each word.
    pub(super) fn behind(self, prefix: &str) -> Self {
        let whole = |word: Box<str>| format!("{prefix}{word}").into_boxed_str();
        match self {
            Self::Nearest(word) => Self::Nearest(whole(word)),
            Self::OneOf(words) => Self::OneOf(words.into_iter().map(whole).collect()),
            Self::Instead(what) => Self::Instead(what),
        }
    }
}

/// The part of the letters that two names share, from which on one is meant by the other.
const ALIKE: f64 = 0.7;

/// The Jaro-Winkler similarity from which on a guess helps more than it misleads.
const NEAR: f64 = 0.8;

impl fmt::Display for Suggestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nearest(word) => write!(f, "did you mean `{word}`?"),
            Self::OneOf(words) if words.is_empty() => f.write_str("none is known"),
            Self::OneOf(words) => write!(f, "known are {}", words.join(", ")),
            Self::Instead(what) => f.write_str(what),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_the_nearest_word_or_lists_all() {
        let words = ["calling_ae", "certificate", "from"];
        let told = |wrong: &str| Suggestion::new(wrong, words).to_string();
        assert_eq!(told("calling_title"), "did you mean `calling_ae`?");
        assert_eq!(told("form"), "did you mean `from`?");
        assert_eq!(told("xyz"), "known are calling_ae, certificate, from");
        assert_eq!(Suggestion::new("x", [""; 0]).to_string(), "none is known");
    }
}
