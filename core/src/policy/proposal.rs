//! Which of the proposed contexts, roles and negotiations the PACS may be asked for.

use std::collections::HashMap;

use super::reach::Awaited;
use super::remark::{Remark, Remarks};
use super::rights::{Get, Rights};
use super::trace::Finding;
use crate::services::{self, Operation, Operations};
use crate::side::Side;
use crate::transfer_syntax::TransferSyntax;
use crate::wire::associate::{
    ContextId, ContextRejection, ExtendedNegotiation, ProposedContext, ReceivedRq, RoleSelection,
};
use crate::wire::uid::Uid;

/// A proposed context that the PACS is not asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// Its id.
    pub id: ContextId,
    /// Its abstract syntax; `None` where that may be the UID which is none.
    pub abstract_syntax: Option<Uid>,
    /// Why.
    pub why: Removal,
}

crate::reasons! {
    /// Why a proposed context is removed, with what the requestor is told (PS3.8 table 9-18).
    pub enum Removal -> ContextRejection {
        NotPermitted: "not-permitted",
            "the peer's services do not cover its SOP class",
            "If the device may use this SOP class, add its service, or the SOP class if it has none, to \
             `services` of its [peer] table." => ContextRejection::User;
        NotListed: "not-in-sop-classes",
            "the peer's services cover its SOP class, and its `sop_classes` do not",
            "If the device may use this SOP class, add it to `sop_classes` of its [peer] table."
            => ContextRejection::User;
        NotReceived: "not-received",
            "the peer's `reach` has no service for its SOP class",
            "If the device may receive this SOP class, add its service, or the SOP class, to `services` of its \
             [peer.NAME.reach] table." => ContextRejection::User;
        NotRequested: "not-requested",
            "nobody has asked the PACS for it",
            "Retrieve again through the gate, or write `after = \"any\"` in the [peer.NAME.reach] table if \
             the PACS sends by rules of its own." => ContextRejection::User;
        TransferSyntaxes: "transfer-syntaxes",
            "none of its transfer syntaxes can be inspected",
            "Let the device propose Implicit or Explicit VR Little Endian too; no key permits what \
             cannot be inspected." => ContextRejection::TransferSyntaxes;
        Unsound: "unsound-uid",
            "one of its UIDs is not well-formed",
            "Report the UID to the device's vendor; no key permits it." => ContextRejection::User;
    }
}

/// A request after the judgement of its contexts.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// The ids of all proposed contexts, in their order.
    pub(super) order: Vec<ContextId>,
    pub(super) kept: Vec<ProposedContext>,
    /// What may be sent on each kept context, in the same order.
    pub(super) operations: Vec<Operations>,
    pub(super) removed: Vec<Removed>,
    pub(super) roles: Vec<RoleSelection>,
    pub(super) extended: Vec<ExtendedNegotiation>,
    pub(super) remarks: Remarks,
}

/// The most transfer syntaxes that the PACS is asked for in one context. The standard knows no
/// limit; servers made with DCMTK have one of 50, and hang behind it until the connection ends.
const MAX_TRANSFER_SYNTAXES: usize = 50;

enum Proposal<'a> {
    Sound(&'a ProposedContext),
    Unsound(ContextId),
}

/// What a peer asks a PACS for.
pub(super) fn judge(received: &ReceivedRq, rights: &Rights) -> Judged {
    let get = get_among(&received.request.contexts, rights);
    judge_each(received, |sop_class| {
        let is_left_out = rights.leave_out(sop_class, get);
        let why = if is_left_out { Removal::NotListed } else { Removal::NotPermitted };
        (rights.operations(sop_class, get), why)
    })
}

/// What anybody asks a PACS for, where the policy is only reported: a context is removed if no peer could
/// be permitted it. `permitted` is what may be sent on a SOP class by the rights.
pub(super) fn judge_reporting(
    received: &ReceivedRq,
    permitted: impl Fn(&Uid) -> Operations,
) -> Judged {
    let mut judged = judge_each(received, |it| (services::everything(it), Removal::NotPermitted));
    let classes = judged.kept.iter().map(|context| &context.abstract_syntax);
    judged.operations = classes.map(permitted).collect();
    judged
}

/// What a PACS asks a peer for, as far as that is awaited.
pub(super) fn judge_outward(received: &ReceivedRq, rights: &Rights, awaited: Awaited) -> Judged {
    judge_each(received, |sop_class| {
        let operations = rights.operations(sop_class, Get::NotProposed);
        let is_received = !operations.is_empty();
        let why = if is_received { Removal::NotRequested } else { Removal::NotReceived };
        (awaited.among(sop_class, operations), why)
    })
}

/// `of` says what may be sent on a SOP class, and why its context is removed if that is nothing.
fn judge_each(received: &ReceivedRq, of: impl Fn(&Uid) -> (Operations, Removal)) -> Judged {
    let mut judged = Judged::default();
    for proposal in in_order(received) {
        match proposal {
            Proposal::Unsound(id) => judged.remove(id, None, Removal::Unsound),
            Proposal::Sound(context) => {
                let (operations, why) = of(&context.abstract_syntax);
                judged.context(context, operations, why);
            }
        }
    }
    judged.negotiations(received);
    judged
}

impl Judged {
    pub(super) fn finding(&self) -> Finding {
        let removed = count(self.removed.len());
        match count(self.kept.len()) {
            0 => Finding::NoContextLeft { removed },
            kept => Finding::ContextsLeft { kept, removed },
        }
    }

    /// The same of what a PACS asks for.
    pub(super) fn finding_outward(&self) -> Finding {
        let is_unasked = |removed: &Removed| removed.why == Removal::NotRequested;
        let removed = count(self.removed.len());
        match count(self.kept.len()) {
            0 if self.removed.iter().any(is_unasked) => Finding::NothingRequested { removed },
            0 => Finding::NothingReceived { removed },
            kept => Finding::ContextsLeft { kept, removed },
        }
    }

    /// `why` is for a context without operations.
    fn context(&mut self, context: &ProposedContext, operations: Operations, why: Removal) {
        let abstract_syntax = context.abstract_syntax.clone();
        if operations.is_empty() {
            return self.remove(context.id, Some(abstract_syntax), why);
        }
        let transfer_syntaxes = self.inspectable(&context.transfer_syntaxes);
        if transfer_syntaxes.is_empty() {
            return self.remove(context.id, Some(abstract_syntax), Removal::TransferSyntaxes);
        }
        self.order.push(context.id);
        self.operations.push(operations);
        self.kept.push(ProposedContext { id: context.id, abstract_syntax, transfer_syntaxes });
    }

    fn remove(&mut self, id: ContextId, abstract_syntax: Option<Uid>, why: Removal) {
        self.order.push(id);
        self.removed.push(Removed { id, abstract_syntax, why });
    }

    // Each once: a context's list stays bounded by the table, whatever was sent.
    fn inspectable(&mut self, proposed: &[Uid]) -> Vec<Uid> {
        let mut kept = Vec::new();
        for syntax in proposed {
            if TransferSyntax::find(syntax).is_none() {
                self.remarks.add(Remark::TransferSyntaxRemoved);
            } else if kept.contains(syntax) {
                self.remarks.add(Remark::TransferSyntaxRepeated);
            } else if kept.len() == MAX_TRANSFER_SYNTAXES {
                self.remarks.add(Remark::TransferSyntaxOverflow);
            } else {
                kept.push(syntax.clone());
            }
        }
        kept
    }

    fn negotiations(&mut self, received: &ReceivedRq) {
        let user = &received.request.user;
        let classes = self.kept.iter().map(|context| &context.abstract_syntax);
        let permitted: HashMap<_, _> = classes.zip(self.operations.iter().copied()).collect();
        let remarks = &mut self.remarks;
        self.roles = user
            .roles
            .iter()
            .filter_map(|role| clipped(role, permitted.get(&role.sop_class).copied(), remarks))
            .collect();
        let mut extended = user.extended.clone();
        extended.retain(|item| permitted.contains_key(&item.sop_class));
        let gone = user.extended.len().saturating_sub(extended.len());
        (0..gone).for_each(|_| remarks.add(Remark::ExtendedRemoved));
        self.extended = extended;
    }
}

// A storage context that only `get` grants has a use beside a context on which C-GET may be sent.
fn get_among(contexts: &[ProposedContext], rights: &Rights) -> Get {
    let is_get = |context: &ProposedContext| {
        rights
            .operations(&context.abstract_syntax, Get::NotProposed)
            .allows(Side::Requestor, Operation::CGet)
            && context.transfer_syntaxes.iter().any(|uid| TransferSyntax::find(uid).is_some())
    };
    if contexts.iter().any(is_get) { Get::Proposed } else { Get::NotProposed }
}

fn in_order(received: &ReceivedRq) -> Vec<Proposal<'_>> {
    let mut proposals: Vec<_> = received.request.contexts.iter().map(Proposal::Sound).collect();
    for unsound in &received.unsound {
        let position = unsound.position.min(proposals.len());
        proposals.insert(position, Proposal::Unsound(unsound.id));
    }
    proposals
}

fn clipped(
    role: &RoleSelection,
    operations: Option<Operations>,
    remarks: &mut Remarks,
) -> Option<RoleSelection> {
    let operations = operations.unwrap_or(Operations::NONE);
    let scu = role.scu && operations.requestor_is_scu();
    let scp = role.scp && operations.requestor_is_scp();
    if !scu && !scp {
        remarks.add(Remark::RoleRemoved);
        return None;
    }
    if (scu, scp) != (role.scu, role.scp) {
        remarks.add(Remark::RoleClipped);
    }
    Some(RoleSelection { sop_class: role.sop_class.clone(), scu, scp })
}

// There are at most 128 contexts.
fn count(contexts: usize) -> u8 {
    u8::try_from(contexts).unwrap_or(u8::MAX)
}
