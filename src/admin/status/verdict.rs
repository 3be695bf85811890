//! Whether all is well, and if not, what is most urgent.

use serde::Serialize;

/// How urgent something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::admin) enum State {
    /// Nothing is to be done.
    Well,
    /// Something is to be looked at.
    Look,
    /// Something does not work.
    Act,
}

/// What is most urgent, and what else there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in crate::admin) struct Verdict {
    pub(in crate::admin) state: State,
    pub(in crate::admin) sentence: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(in crate::admin) what_to_do: String,
    /// The number of the refusal that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::admin) refusal: Option<u64>,
    /// What else is not well, in sentences.
    pub(in crate::admin) more: Vec<String>,
}

impl Verdict {
    /// Nothing is known.
    pub(super) const fn nothing() -> Self {
        Self {
            state: State::Well,
            sentence: String::new(),
            what_to_do: String::new(),
            refusal: None,
            more: Vec::new(),
        }
    }
}

/// Something that is not well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Concern {
    pub(super) state: State,
    pub(super) sentence: String,
    pub(super) what_to_do: String,
    /// The number of the refusal that it is.
    pub(super) refusal: Option<u64>,
}

impl Concern {
    pub(super) fn new(
        state: State,
        sentence: impl Into<String>,
        what_to_do: impl Into<String>,
    ) -> Self {
        Self { state, sentence: sentence.into(), what_to_do: what_to_do.into(), refusal: None }
    }
}

/// How many sentences follow the first one.
const MORE: usize = 8;

/// The first of the most urgent ones, of concerns that come in the order of their weight.
pub(super) fn of(mut concerns: Vec<Concern>, well: &str) -> Verdict {
    concerns.sort_by_key(|concern| std::cmp::Reverse(concern.state));
    let mut concerns = concerns.into_iter();
    let Some(Concern { state, sentence, what_to_do, refusal }) = concerns.next() else {
        return Verdict { sentence: well.to_owned(), ..Verdict::nothing() };
    };
    let mut more: Vec<_> = concerns.by_ref().take(MORE).map(|concern| concern.sentence).collect();
    match concerns.count() {
        0 => {}
        left => more.push(format!("And {left} more.")),
    }
    Verdict { state, sentence, what_to_do, refusal, more }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn concern(state: State, sentence: &str) -> Concern {
        Concern::new(state, sentence, format!("mend {sentence}"))
    }

    #[test]
    fn is_well_where_nothing_is_to_be_done() {
        let verdict = of(Vec::new(), "All is well.");
        assert_eq!((verdict.state, &*verdict.sentence), (State::Well, "All is well."));
        assert!(verdict.what_to_do.is_empty() && verdict.more.is_empty());
    }

    #[test]
    fn puts_the_first_of_the_most_urgent_above_the_others() {
        let concerns = vec![
            concern(State::Look, "a"),
            concern(State::Act, "b"),
            concern(State::Look, "c"),
            concern(State::Act, "d"),
        ];
        let verdict = of(concerns, "");
        assert_eq!((verdict.state, &*verdict.sentence), (State::Act, "b"));
        assert_eq!(verdict.what_to_do, "mend b");
        assert_eq!(verdict.more, ["d", "a", "c"]);
    }

    #[test]
    fn counts_what_it_does_not_say() {
        let concerns = (0..20).map(|at| concern(State::Look, &at.to_string())).collect();
        let verdict = of(concerns, "");
        assert_eq!(verdict.more.len(), MORE + 1);
        assert_eq!(verdict.more.last().unwrap(), "And 11 more.");
    }
}
