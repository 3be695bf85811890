//! `probe --from-pacs`: what a PACS meets at an outward listener, with nothing stored.

use dicom_ul::pdu::{
    AssociationAC, PresentationContextResultReason, RequestorRoles, UserVariableItem,
};
use tokio::io::{AsyncRead, AsyncWrite};

use super::steps::{Step, Titles, failed, note, say};
use crate::cli::Exit;
use crate::cli::client::association::{self, CONTEXT, VERIFICATION};
use crate::cli::client::link::Link;

/// What a PACS sends, by the SOP classes that stand for it.
const SENT: [(u8, &str, &str); 3] = [
    (CONTEXT, VERIFICATION, "C-ECHO"),
    (3, "1.2.840.10008.5.1.4.1.1.2", "objects, such as CT images"),
    (5, STORAGE_COMMITMENT, "reports of storage commitments"),
];
const STORAGE_COMMITMENT: &str = "1.2.840.10008.1.20.1";

/// Queries of studies and of the work list, which no device answers: who accepts one is a PACS.
const QUERIES: [(u8, &str); 2] =
    [(7, "1.2.840.10008.5.1.4.1.2.2.1"), (9, "1.2.840.10008.5.1.4.31")];

/// Asks for all that, says what was accepted, and releases.
pub(super) async fn run<S>(link: &mut Link<S>, titles: &Titles) -> Result<(), Exit>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Titles { calling, called } = titles;
    // The PACS is the SCP of what it reports (PS3.4 section J.3.3).
    let roles = RequestorRoles { scu: false, scp: true };
    let roles = UserVariableItem::ScuScpRoleSelectionSubItem(STORAGE_COMMITMENT.to_owned(), roles);
    let mut sop_classes = SENT.map(|(id, sop_class, _)| (id, sop_class)).to_vec();
    sop_classes.extend(QUERIES);
    let request = association::request_of(calling, called, &sop_classes, vec![roles]);
    let request = request.map_err(|error| failed(Step::Association, error))?;
    let opened = association::open_any(link, &request).await;
    let answer = opened.map_err(|failure| failed(Step::Association, failure))?;
    say(Step::Association, format_args!("accepted: {calling} may call {called}"));
    let accepted = accepted(&answer);
    let verdict = verdict(called, &accepted, lets_report(&answer));
    if verdict.is_ok() && accepted.contains(&CONTEXT) {
        association::echo(link).await.map_err(|failure| failed(Step::Echo, failure))?;
        say(Step::Echo, "status 0000H, success");
    }
    association::release(link).await.map_err(|failure| failed(Step::Release, failure))?;
    say(Step::Release, "done");
    verdict
}

fn accepted(answer: &AssociationAC) -> Vec<u8> {
    let is_accepted = |reason: &_| *reason == PresentationContextResultReason::Acceptance;
    let contexts = answer.presentation_contexts.iter().filter(|it| is_accepted(&it.reason));
    contexts.map(|context| context.id).collect()
}

/// Whether the requestor may be the SCP of commitments. To a PACS, a gate lets nobody be that.
fn lets_report(answer: &AssociationAC) -> bool {
    let mut items = answer.user_variables.iter();
    items.any(|item| {
        matches!(item, UserVariableItem::ScuScpRoleSelectionSubItem(sop_class, roles)
            if sop_class == STORAGE_COMMITMENT && roles.scp)
    })
}

/// What may pass, if this leads to a device, and anything may.
fn verdict(called: &str, accepted: &[u8], lets_report: bool) -> Result<(), Exit> {
    if QUERIES.iter().any(|(id, _)| accepted.contains(id)) {
        return Err(failed(
            Step::Association,
            format_args!(
                "{called} takes queries, so that it is a PACS, and this listener is inward; nothing is shown of \
                 the way back: give the address of the outward listener, and the title of a device"
            ),
        ));
    }
    if !lets_report {
        note(format_args!("If {called} is a device, and not a PACS behind an inward listener:"));
    }
    for (id, _, what) in SENT {
        let verdict = if accepted.contains(&id) { "may pass now" } else { "not now" };
        note(format_args!("{what}: {verdict}"));
    }
    if accepted.len() < SENT.len() {
        note(
            "Why something may not: see `contexts` of the line in the gate's audit, or ask the device.",
        );
    }
    match accepted {
        [] => Err(failed(Step::Association, "nothing may pass now")),
        [..] => Ok(()),
    }
}
