//! Which requests may pass.

use super::command::Command;
use super::contexts::{Context, Contexts, Enforcement};
use super::forbidden::Forbidden;
use super::operations::Outstanding;
use super::shared::Awaited;
use crate::direction::System;
use crate::services::{self, Operation};
use crate::side::Side;

/// What the inspector does with a C-CANCEL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cancel {
    Forward,
    /// What it would cancel has ended meanwhile or was cancelled before, so it says nothing more.
    TooLate,
}

/// Judges a request of a known operation on its context. Whether the requestor `is_getting` says that
/// the PACS has heard of a C-GET that has not ended.
pub(super) fn judge(
    from: Side,
    operation: Operation,
    command: &Command,
    contexts: &Contexts,
    is_getting: bool,
) -> Result<(), Forbidden> {
    let context = contexts.get(command.context).ok_or(Forbidden::Operation)?;
    let class = command.sop_class.as_ref().ok_or(Forbidden::SopClass)?;
    let on_class = services::on_context(&context.abstract_syntax, class);
    let on_class = on_class.ok_or(Forbidden::SopClass)?;
    if !context.operations.allows(from, operation) || !on_class.allows(from, operation) {
        return Err(Forbidden::Operation);
    }
    if from == Side::Acceptor && operation == Operation::CStore && !is_getting {
        return Err(Forbidden::StoreOutsideGet);
    }
    // Where the PACS has objects moved from the device is the PACS's affair.
    let may_move = || command.destination.is_some_and(|title| contexts.may_move_to(&title));
    if contexts.system(from) == System::Peer && operation == Operation::CMove && !may_move() {
        return Err(Forbidden::MoveDestination);
    }
    Ok(())
}

/// Whether a peer could be permitted what was just forbidden: what the rules of messages forbid, nobody.
pub(super) fn could_be_permitted(
    from: Side,
    operation: Operation,
    why: Forbidden,
    command: &Command,
    contexts: &Contexts,
) -> bool {
    match why {
        Forbidden::Operation => {
            let Some(context) = contexts.get(command.context) else { return false };
            let class = command.sop_class.as_ref();
            let on_class = class.and_then(|it| services::on_context(&context.abstract_syntax, it));
            let permissible = services::everything(&context.abstract_syntax);
            // What the PACS stores is a part of a C-GET that is under way.
            (from, operation) != (Side::Acceptor, Operation::CStore)
                && permissible.allows(from, operation)
                && on_class.is_some_and(|it| it.allows(from, operation))
        }
        Forbidden::MoveDestination => command.destination.is_some(),
        Forbidden::UnknownCommand
        | Forbidden::SopClass
        | Forbidden::ReceivingAe
        | Forbidden::StoreOutsideGet
        | Forbidden::UnrequestedObject
        | Forbidden::UnrequestedReport
        | Forbidden::Cancel => false,
    }
}

/// Judges whether anybody has asked for what a PACS sends, where somebody has to.
pub(super) fn is_awaited(
    from: Side,
    operation: Operation,
    command: &Command,
    awaited: Option<&dyn Awaited>,
) -> Result<(), Forbidden> {
    let Some(awaited) = awaited.filter(|_| from == Side::Requestor) else { return Ok(()) };
    let is_commitment = || command.sop_class.as_ref().is_some_and(services::is_storage_commitment);
    if operation == Operation::CStore && !awaited.object(command.originator.as_ref()) {
        return Err(Forbidden::UnrequestedObject);
    }
    if operation == Operation::NEventReport && is_commitment() && !awaited.report() {
        return Err(Forbidden::UnrequestedReport);
    }
    Ok(())
}

/// Whether what a request says of the originator of a C-MOVE (PS3.7 section 9.1.1.1) may go on: a
/// peer speaks for itself. Whom the PACS names is the PACS's affair.
pub(super) fn is_own_move(
    from: Side,
    operation: Operation,
    command: &Command,
    contexts: &Contexts,
) -> bool {
    contexts.system(from) == System::Pacs
        || operation != Operation::CStore
        || command.originator.is_some_and(|title| contexts.titles().contains(&title))
}

/// Judges a C-CANCEL. It may cross the final response on its way.
pub(super) fn cancel(
    from: Side,
    message_id: u16,
    command: &Command,
    contexts: &Contexts,
    outstanding: &mut Outstanding,
) -> Result<Cancel, Forbidden> {
    let context = contexts.get(command.context);
    let is_enforced = contexts.enforcement() == Enforcement::Enforced;
    let may_cancel = |context: &Context| match is_enforced {
        true => context.operations.allows_cancel(from),
        // What was let pass may be cancelled.
        false => services::everything(&context.abstract_syntax).allows_cancel(from),
    };
    if !context.is_some_and(may_cancel) {
        return Err(Forbidden::Cancel);
    }
    let is_awaited = outstanding.cancel(from, message_id, command.context);
    Ok(if is_awaited { Cancel::Forward } else { Cancel::TooLate })
}

/// Whether a response may name this SOP class on its context; it need not name one.
pub(super) fn may_answer_for(command: &Command, contexts: &Contexts) -> bool {
    let Some(class) = &command.sop_class else { return true };
    let context = contexts.get(command.context);
    context.is_some_and(|it| services::on_context(&it.abstract_syntax, class).is_some())
}
