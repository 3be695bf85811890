//! SOP classes and operations, as the configuration names them.

use pacsgate_core::services::{Operation, SopClass};
use pacsgate_core::wire::uid::Uid;

use super::mistake::Mistake;
use super::node::Node;
use super::suggestion::Suggestion;

pub(super) fn operation(node: &Node) -> Result<Operation, Mistake> {
    node.word("an operation", Operation::ALL.map(Operation::name))
}

pub(super) fn sop_class(node: &Node) -> Result<Uid, Mistake> {
    let text = node.text()?;
    SopClass::uid_of(text).map_err(|_| match text.parse::<Uid>() {
        Err(fault) if text.starts_with(|first: char| first.is_ascii_digit()) => {
            Mistake::Uid(text.into(), fault)
        }
        _ => Mistake::SopClass(text.into(), nearest_sop_class(text)),
    })
}

fn nearest_sop_class(text: &str) -> Suggestion {
    match Suggestion::new(text, SopClass::all().map(|class| class.keyword)) {
        nearest @ Suggestion::Nearest(_) => nearest,
        Suggestion::OneOf(_) | Suggestion::Instead(_) => {
            Suggestion::Instead("see table A-1 of PS3.6")
        }
    }
}
