//! docs/rules.md: every rule for what comes over the wire, with its one reason.

use pacsgate_core::data_set::{DataSetError, Deviation, Tolerance};
use pacsgate_core::inspector::{CommandError, Fault, Tidied};
use pacsgate_core::policy::AcFault;
use pacsgate_core::reason::{Answer, Explained, Ground};
use pacsgate_core::side::Side;
use pacsgate_core::wire::associate::{AssociateError, Note};
use std::fmt::{Display, Write as _};

use super::made::worded;

/// A rule: its code, its sentence, its reason, and what the gate does where it is broken.
struct Rule {
    code: &'static str,
    sentence: String,
    ground: Ground,
    done: String,
}

impl Rule {
    fn new(code: &'static str, sentence: impl Display, ground: Ground, done: String) -> Self {
        Self { code, sentence: worded(&sentence.to_string()), ground, done }
    }

    fn entry(&self) -> String {
        let (reason, done, why) = match self.ground {
            Ground::Meaning(who) => ("meaning", self.done.as_str(), format!("  - {who}\n")),
            Ground::Harm(how) => ("harm", self.done.as_str(), format!("  - {how}\n")),
            Ground::Form(done) => ("form", done, String::new()),
        };
        format!("- `{}` ({reason}): {}\n  - the gate {done}\n{why}", self.code, self.sentence)
    }
}

pub(crate) fn rules() -> String {
    let mut page = String::new();
    for (title, rules) in [
        ("Associations", associations()),
        ("Commands", commands()),
        ("Framing and messages", framing()),
        ("Data sets", data_sets()),
    ] {
        let entries: String = rules.iter().map(Rule::entry).collect();
        write!(page, "\n## {title}\n\n{entries}").unwrap();
    }
    page + "\n"
}

fn associations() -> Vec<Rule> {
    let errors = AssociateError::ALL.iter().map(|error| {
        let done = if !error.is_of_request() {
            format!("answers the acceptor {}", error.abort_to_acceptor())
        } else if error.answer() == Answer::Close {
            "closes the connection".to_owned()
        } else {
            format!("answers {}", error.answer())
        };
        Rule::new(error.code(), error, error.ground().unwrap(), done)
    });
    let faults = AcFault::ALL.iter().map(|fault| {
        let done = format!("answers the acceptor {}", fault.answer());
        Rule::new(fault.code(), fault, fault.ground().unwrap(), done)
    });
    let notes = Note::ALL
        .iter()
        .map(|note| Rule::new(note.code(), note, note.ground().unwrap(), String::new()));
    errors.chain(faults).chain(notes).collect()
}

fn commands() -> Vec<Rule> {
    let errors = CommandError::ALL.iter().map(|error| {
        let done = format!("answers {}", Fault::Command(*error).answer());
        Rule::new(error.code(), error, error.ground().unwrap(), done)
    });
    errors.chain(tidied(true)).collect()
}

fn framing() -> Vec<Rule> {
    let faults = Fault::ALL.iter().filter_map(|fault| {
        let done = format!("answers {}", fault.answer());
        let code = fault.by(Side::Requestor).code().strip_prefix("requestor-")?;
        Some(Rule::new(code, fault, fault.ground()?, done))
    });
    faults.chain(tidied(false)).collect()
}

fn tidied(is_of_command: bool) -> impl Iterator<Item = Rule> {
    let of_framing = [Tidied::OddFragment, Tidied::SecondRequest];
    let all = Tidied::ALL.iter().filter(move |it| of_framing.contains(it) != is_of_command);
    all.map(|it| Rule::new(it.code(), it, it.ground().unwrap(), String::new()))
}

fn data_sets() -> Vec<Rule> {
    let errors = DataSetError::ALL.iter().filter_map(|error| {
        let done = match error.deviation().map(Deviation::tolerance) {
            None => "refuses it",
            Some(Tolerance::Tolerable) => {
                "refuses it, but from a PACS and where `tolerate` names it"
            }
            Some(Tolerance::Named) => "refuses it, but where `tolerate` names it",
            Some(Tolerance::Pacs) => "refuses it, but from a PACS",
            Some(Tolerance::Always) => panic!("{error} is never refused"),
        };
        Some(Rule::new(error.code(), error, error.ground()?, done.into()))
    });
    let deviations = Deviation::ALL.iter().filter_map(|deviation| {
        Some(Rule::new(deviation.code(), deviation, deviation.ground()?, String::new()))
    });
    errors.chain(deviations).collect()
}

#[test]
fn a_rule_that_refuses_is_one_of_meaning_or_harm_and_the_others_are_form() {
    for rule in [associations(), commands(), framing(), data_sets()].into_iter().flatten() {
        let is_form = matches!(rule.ground, Ground::Form(_));
        assert_eq!(is_form, rule.done.is_empty(), "{}", rule.code);
    }
}

#[test]
fn all_that_ends_an_association_is_a_rule_but_for_what_ends_it_by_its_number() {
    let without: Vec<_> = Fault::ALL.iter().filter(|fault| fault.ground().is_none()).collect();
    // The two that hold a rule of a command or a data set, and the two limits on what is refused.
    assert!(matches!(
        without[..],
        [Fault::Command(_), Fault::ForbiddenRequests, Fault::SwallowedTooMuch, Fault::DataSet(_)]
    ));
}
