//! The PACS's answer: judged, and turned into the one for the requestor.

use std::collections::{HashMap, HashSet};

use super::permit::{Permit, Terms, announced, capped};
use super::remark::{Remark, Remarks};
use crate::inspector::{Context, Contexts, Maxima};
use crate::reason::Ground;
use crate::transfer_syntax::TransferSyntax;
use crate::wire::associate::{
    AssociateAc, ContextAnswer, ContextId, ContextRejection, ContextResult, ExtendedNegotiation,
    Notes, ReceivedAc, RoleSelection, UserInformation,
};
use crate::wire::reject::Abort;
use crate::wire::uid::Uid;

/// Both sides agree: what to tell the requestor, and what holds from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conclusion {
    /// For the requestor: a result for each context that it proposed, in its order.
    pub answer: AssociateAc,
    /// What may pass.
    pub contexts: Contexts,
    /// What the parser dropped from the PACS's answer or tolerated.
    pub notes: Notes,
    /// What the policy took from the PACS's answer.
    pub remarks: Remarks,
}

const CHECK_THE_PACS: &str = "Check that `address` of the [pacs] table is the PACS, and report the \
                              answer to its vendor.";
/// What the acceptor itself is told (PS3.8 section 9.2, state 5).
const INVALID: Abort = Abort::INVALID_PARAMETER;

crate::reasons! {
    /// How an answer of the acceptor contradicts what it was asked.
    pub enum AcFault -> Abort {
        AcceptsUnproposed: "target-accepts-unproposed",
            "the PACS accepts a context that it was not asked for"
            is Ground::Meaning("it answers another request than the one it got"), CHECK_THE_PACS => INVALID;
        AnswersTwice: "target-answers-twice",
            "the PACS gives two different results for one context"
            is Ground::Meaning("pynetdicom takes the first of them, DCMTK the last"),
            CHECK_THE_PACS => INVALID;
    }
}

impl Permit {
    /// Judges the acceptor's answer and builds the one for the requestor.
    ///
    /// # Errors
    ///
    /// [`AcFault`] if the acceptor answers what was not asked; the association is then refused.
    pub fn conclude(&self, received: ReceivedAc) -> Result<Conclusion, AcFault> {
        conclude(&self.terms, received)
    }
}

fn conclude(terms: &Terms, received: ReceivedAc) -> Result<Conclusion, AcFault> {
    let ReceivedAc { answer: AssociateAc { results, user, .. }, notes } = received;
    let mut remarks = Remarks::default();
    let verdicts = judged(terms, &results, &mut remarks)?;
    let maxima = maxima(terms, user.maximum_length);
    let answer = AssociateAc {
        echo: terms.echo,
        results: in_order(terms, &verdicts, &mut remarks),
        user: UserInformation {
            maximum_length: maxima.from_requestor,
            implementation_class: user.implementation_class,
            implementation_version: user.implementation_version,
            roles: roles(terms, user.roles, &mut remarks),
            extended: extended(terms, user.extended, &mut remarks),
        },
        answers_identity: terms.answers_identity,
    };
    let contexts = Contexts::new(accepted(terms, &verdicts), maxima, terms.grants.clone());
    let contexts = contexts.enforced(terms.enforcement);
    Ok(Conclusion { answer, contexts, notes, remarks })
}

#[derive(Clone, Copy)]
enum Verdict<'a> {
    Accepted(&'a Uid, TransferSyntax),
    Rejected(ContextRejection),
}

impl Verdict<'_> {
    fn answer(self) -> ContextAnswer {
        match self {
            Self::Accepted(chosen, _) => ContextAnswer::Accepted(chosen.clone()),
            Self::Rejected(reason) => ContextAnswer::Rejected(reason),
        }
    }
}

/// What the PACS says of each context that it was asked for.
fn judged<'a>(
    terms: &Terms,
    results: &'a [ContextResult],
    remarks: &mut Remarks,
) -> Result<HashMap<ContextId, Verdict<'a>>, AcFault> {
    let asked: HashMap<ContextId, &[Uid]> = terms
        .request
        .contexts
        .iter()
        .map(|context| (context.id, context.transfer_syntaxes.as_slice()))
        .collect();
    let mut seen = HashMap::new();
    let mut verdicts = HashMap::new();
    for ContextResult { id, answer } in results {
        match seen.insert(*id, answer) {
            Some(before) if before == answer => {
                remarks.add(Remark::RepeatedResult);
                continue;
            }
            Some(_) => return Err(AcFault::AnswersTwice),
            None => {}
        }
        match asked.get(id) {
            Some(syntaxes) => verdicts.insert(*id, verdict(syntaxes, answer, remarks)),
            None if matches!(answer, ContextAnswer::Accepted(_)) => {
                return Err(AcFault::AcceptsUnproposed);
            }
            None => {
                remarks.add(Remark::UnproposedRejection);
                continue;
            }
        };
    }
    Ok(verdicts)
}

/// A transfer syntax that was not proposed is one that the requestor may not have: it hears that the
/// context is rejected, and so nothing is sent on it.
fn verdict<'a>(proposed: &[Uid], answer: &'a ContextAnswer, remarks: &mut Remarks) -> Verdict<'a> {
    let chosen = match answer {
        ContextAnswer::Rejected(reason) => return Verdict::Rejected(*reason),
        ContextAnswer::Accepted(chosen) => chosen,
    };
    match TransferSyntax::find(chosen).filter(|_| proposed.contains(chosen)) {
        Some(syntax) => Verdict::Accepted(chosen, syntax),
        None => {
            remarks.add(Remark::UnproposedTransferSyntax);
            Verdict::Rejected(ContextRejection::TransferSyntaxes)
        }
    }
}

fn in_order(
    terms: &Terms,
    verdicts: &HashMap<ContextId, Verdict<'_>>,
    remarks: &mut Remarks,
) -> Vec<ContextResult> {
    let removed: HashMap<ContextId, ContextRejection> =
        terms.removed.iter().map(|context| (context.id, context.why.answer())).collect();
    let mut results = Vec::with_capacity(terms.order.len());
    for &id in &terms.order {
        let verdict = removed.get(&id).copied().map(Verdict::Rejected);
        let verdict = verdict.or_else(|| verdicts.get(&id).copied()).unwrap_or_else(|| {
            remarks.add(Remark::MissingResult);
            Verdict::Rejected(ContextRejection::NoReason)
        });
        results.push(ContextResult { id, answer: verdict.answer() });
    }
    results
}

fn accepted(terms: &Terms, verdicts: &HashMap<ContextId, Verdict<'_>>) -> Vec<Context> {
    let asked = terms.request.contexts.iter().zip(&terms.operations);
    asked
        .filter_map(|(context, &operations)| match verdicts.get(&context.id)? {
            Verdict::Rejected(_) => None,
            Verdict::Accepted(_, transfer_syntax) => Some(Context {
                id: context.id,
                abstract_syntax: context.abstract_syntax.clone(),
                transfer_syntax: *transfer_syntax,
                operations,
            }),
        })
        .collect()
}

fn maxima(terms: &Terms, pacs_maximum: u32) -> Maxima {
    Maxima {
        to_acceptor: capped(pacs_maximum, u32::MAX),
        to_requestor: capped(terms.requestor_maximum, u32::MAX),
        from_requestor: announced(pacs_maximum, terms.cap),
        from_acceptor: terms.request.user.maximum_length,
    }
}

// Roles hold only if both sides name them (PS3.7 section D.3.3.4), so an answer may only take away.
fn roles(terms: &Terms, answered: Vec<RoleSelection>, remarks: &mut Remarks) -> Vec<RoleSelection> {
    let proposed = &terms.request.user.roles;
    let proposed: HashMap<_, _> = proposed.iter().map(|role| (&role.sop_class, role)).collect();
    let mut kept = Vec::new();
    for mut role in answered {
        let Some(asked) = proposed.get(&role.sop_class) else {
            remarks.add(Remark::UnproposedRole);
            continue;
        };
        if (role.scu && !asked.scu) || (role.scp && !asked.scp) {
            remarks.add(Remark::RoleExceedsProposal);
        }
        role.scu &= asked.scu;
        role.scp &= asked.scp;
        kept.push(role);
    }
    kept
}

fn extended(
    terms: &Terms,
    mut answered: Vec<ExtendedNegotiation>,
    remarks: &mut Remarks,
) -> Vec<ExtendedNegotiation> {
    let proposed: HashSet<_> =
        terms.request.user.extended.iter().map(|item| &item.sop_class).collect();
    answered.retain(|item| {
        let asked = proposed.contains(&item.sop_class);
        if !asked {
            remarks.add(Remark::UnproposedExtended);
        }
        asked
    });
    answered
}
