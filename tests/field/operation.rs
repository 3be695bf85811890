//! The operations that the reports are about, in their proper form.

use crate::message::said;
use crate::object::{INSTANCE, STUDY, implicit};
use crate::patches::servers::TITLE;
use crate::play::Play;
use crate::recorder::{Proposal, Recorder, usual};
use crate::support::associate::{Associate, IMPLICIT, Item, STUDY_FIND, STUDY_GET};
use crate::support::dimse::{command, echo_rq, uid, us};

/// Modality Performed Procedure Step.
pub(crate) const MPPS: &str = "1.2.840.10008.3.1.2.3.3";
/// Basic Grayscale Print Management.
pub(crate) const GRAYSCALE_PRINT: &str = "1.2.840.10008.5.1.1.9";

/// A service by its class, as in the configuration.
pub(crate) fn by_class(class: &str, operation: &str) -> String {
    format!("{{ sop_class = {class:?}, operations = [{operation:?}] }}")
}

/// The command of a C-STORE of the instance that is made here.
pub(crate) fn store_rq(class: &str) -> Vec<u8> {
    command(&store_elements(class, INSTANCE))
}

/// The elements of a C-STORE.
pub(crate) fn store_elements(class: &str, instance: &str) -> Vec<Vec<u8>> {
    vec![
        uid(0x0002, class),
        us(0x0100, 0x0001),
        us(0x0110, 7),
        us(0x0700, 0),
        us(0x0800, 1),
        uid(0x1000, instance),
    ]
}

/// The command of a C-FIND, with the message id 1.
pub(crate) fn find_rq(class: &str) -> Vec<u8> {
    query_rq(class, 0x0020)
}

/// The command of a C-CANCEL of what has the message id 1.
pub(crate) fn cancel_rq() -> Vec<u8> {
    command(&[us(0x0100, 0x0fff), us(0x0120, 1), us(0x0800, 0x0101)])
}

/// The elements of a response to the C-GET of [`getting`], which no data set follows.
pub(crate) fn get_response(status: u16) -> Vec<Vec<u8>> {
    vec![
        uid(0x0002, STUDY_GET),
        us(0x0100, 0x8010),
        us(0x0120, 1),
        us(0x0800, 0x0101),
        us(0x0900, status),
    ]
}

/// The keys of a query or a retrieval.
pub(crate) fn keys() -> Vec<u8> {
    [implicit(0x0008_0052, b"STUDY"), implicit(0x0020_000d, STUDY.as_bytes())].concat()
}

/// A play with one context, 1, for this class.
pub(crate) fn on(class: &str) -> Play {
    Play::of(&Associate::request("CT1", TITLE).context(1, class, &[IMPLICIT]))
}

/// A play of one C-ECHO.
pub(crate) fn echoing() -> Play {
    Play::of(&Associate::echo("CT1", TITLE)).say(&said(1, &echo_rq(1), None))
}

/// A play of one C-FIND in this model.
pub(crate) fn finding(class: &str) -> Play {
    on(class).say(&said(1, &find_rq(class), Some(&keys())))
}

/// A play of one C-FIND for studies.
pub(crate) fn querying() -> Play {
    finding(STUDY_FIND)
}

/// A request for a C-GET of this class, which is on context 3.
pub(crate) fn get_request(class: &str) -> Associate {
    Associate::request("CT1", TITLE)
        .context(1, STUDY_GET, &[IMPLICIT])
        .context(3, class, &[IMPLICIT])
        .with_user(Item::roles(class, 0, 1))
}

/// A play of one C-GET.
pub(crate) fn getting(request: &Associate) -> Play {
    Play::of(request).say(&said(1, &query_rq(STUDY_GET, 0x0010), Some(&keys())))
}

/// A PACS that brings such an object for a C-GET: what it says depends on who asks.
pub(crate) fn bringing(
    class: &'static str,
    object: impl Fn(&Proposal) -> Vec<u8> + Send + Sync + 'static,
) -> Recorder {
    Recorder::new(
        move |proposal| proposal.accepted().with_user(Item::roles(class, 0, 1)),
        move |proposal, message| match message.command {
            0x0010 => object(proposal),
            0x8001 => said(1, &command(&get_response(0)), None),
            _ => usual(message),
        },
    )
}

fn query_rq(class: &str, field: u16) -> Vec<u8> {
    command(&[uid(0x0002, class), us(0x0100, field), us(0x0110, 1), us(0x0700, 0), us(0x0800, 1)])
}
