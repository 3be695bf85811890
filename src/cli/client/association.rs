//! An association as its requestor: the request, C-ECHO, C-STORE, the release.

use dicom_ul::pdu::{
    AssociationAC, AssociationRQ, PDataValue, PDataValueType, Pdu, PresentationContextProposed,
    PresentationContextResultReason, UserVariableItem,
};
use pacsgate_core::wire::reject::{Abort, Reject};
use tokio::io::{AsyncRead, AsyncWrite};

use super::command::{
    AFFECTED_INSTANCE, AFFECTED_SOP_CLASS, C_ECHO, C_STORE, COMMAND_FIELD, Command, MESSAGE_ID,
    MESSAGE_ID_RESPONDED_TO, PRIORITY, RESPONSE, STATUS,
};
use super::link::{Heard, Link, LinkError, MAX_PDU, encode};

/// PS3.7 section A.2.1.
pub(in crate::cli) const APPLICATION_CONTEXT: &str = "1.2.840.10008.3.1.1.1";
pub(in crate::cli) const IMPLICIT_VR_LITTLE_ENDIAN: &str = "1.2.840.10008.1.2";
pub(in crate::cli) const VERIFICATION: &str = "1.2.840.10008.1.1";
/// A UID of the kind that anybody may make from a UUID (PS3.5 section B.2).
pub(in crate::cli) const IMPLEMENTATION: &str = "2.25.35939425637859135455084883234822793126";

/// The context of what is done.
pub(in crate::cli) const CONTEXT: u8 = 1;
const MESSAGE: u16 = 1;
/// More PDUs than any response comes in: a peer cannot keep us waiting with empty ones.
const PIECES: usize = 16;
/// PDV header: length, context id, message control header.
const PDV_OVERHEAD: usize = 6;

/// Why an association brought no success.
#[derive(Debug)]
pub(in crate::cli) enum Failure {
    Rejected(Reject),
    Aborted(Abort),
    /// The association stands, and the one thing that was asked for is refused.
    ContextRefused(PresentationContextResultReason),
    /// The answer to the operation, other than 0000H.
    Status(u16),
    /// A PDU that does not belong here, or a command that answers nothing that was asked.
    Unexpected,
    Link(LinkError),
}

/// What is stored.
pub(in crate::cli) struct Object<'a> {
    pub(in crate::cli) sop_class: &'a str,
    pub(in crate::cli) instance: &'a str,
    pub(in crate::cli) data_set: &'a [u8],
}

/// A request for one SOP class in Implicit VR Little Endian.
pub(in crate::cli) fn request(
    calling: &str,
    called: &str,
    sop_class: &str,
) -> Result<Vec<u8>, LinkError> {
    request_of(calling, called, &[(CONTEXT, sop_class)], Vec::new())
}

/// A request for several, each with the id of its context, and with more items of the user information.
pub(in crate::cli) fn request_of(
    calling: &str,
    called: &str,
    sop_classes: &[(u8, &str)],
    more: Vec<UserVariableItem>,
) -> Result<Vec<u8>, LinkError> {
    let contexts = sop_classes.iter().map(|(id, sop_class)| PresentationContextProposed {
        id: *id,
        abstract_syntax: (*sop_class).to_owned(),
        transfer_syntaxes: vec![IMPLICIT_VR_LITTLE_ENDIAN.to_owned()],
    });
    encode(&Pdu::AssociationRQ(AssociationRQ {
        protocol_version: 1,
        calling_ae_title: calling.to_owned(),
        called_ae_title: called.to_owned(),
        application_context_name: APPLICATION_CONTEXT.to_owned(),
        presentation_contexts: contexts.collect(),
        user_variables: user_variables().into_iter().chain(more).collect(),
    }))
}

/// What either side says of itself.
pub(in crate::cli) fn user_variables() -> Vec<UserVariableItem> {
    vec![
        UserVariableItem::MaxLength(MAX_PDU),
        UserVariableItem::ImplementationClassUID(IMPLEMENTATION.to_owned()),
        UserVariableItem::ImplementationVersionName("PACSGATE".to_owned()),
    ]
}

/// Opens the association, whatever is accepted.
pub(in crate::cli) async fn open_any<S: AsyncRead + AsyncWrite + Unpin>(
    link: &mut Link<S>,
    request: &[u8],
) -> Result<AssociationAC, Failure> {
    let Pdu::AssociationAC(answer) = pdu(link.ask(request).await)? else {
        return Err(Failure::Unexpected);
    };
    Ok(answer)
}

/// Opens the association.
pub(in crate::cli) async fn open<S: AsyncRead + AsyncWrite + Unpin>(
    link: &mut Link<S>,
    request: &[u8],
) -> Result<(), Failure> {
    accepted(&open_any(link, request).await?)
}

fn accepted(answer: &AssociationAC) -> Result<(), Failure> {
    let ours = answer.presentation_contexts.iter().find(|context| context.id == CONTEXT);
    match ours.map(|context| &context.reason) {
        Some(PresentationContextResultReason::Acceptance) => Ok(()),
        Some(other) => Err(Failure::ContextRefused(other.clone())),
        None => Err(Failure::Unexpected),
    }
}

/// C-ECHO.
pub(in crate::cli) async fn echo<S: AsyncRead + AsyncWrite + Unpin>(
    link: &mut Link<S>,
) -> Result<(), Failure> {
    let command =
        Command::new(C_ECHO).number(MESSAGE_ID, MESSAGE).uid(AFFECTED_SOP_CLASS, VERIFICATION);
    let request = message(PDataValueType::Command, true, command.encode());
    let answer = link.ask(&encode(&request)?).await;
    judge(link, answer, C_ECHO).await
}

/// C-STORE.
pub(in crate::cli) async fn store<S: AsyncRead + AsyncWrite + Unpin>(
    link: &mut Link<S>,
    object: &Object<'_>,
) -> Result<(), Failure> {
    let command = Command::new(C_STORE)
        .number(MESSAGE_ID, MESSAGE)
        .number(PRIORITY, 0)
        .uid(AFFECTED_SOP_CLASS, object.sop_class)
        .uid(AFFECTED_INSTANCE, object.instance)
        .with_data_set();
    link.send(&message(PDataValueType::Command, true, command.encode())).await?;
    let mut fragments = object.data_set.chunks(MAX_PDU as usize - PDV_OVERHEAD).peekable();
    while let Some(fragment) = fragments.next() {
        let is_last = fragments.peek().is_none();
        link.send(&message(PDataValueType::Data, is_last, fragment.to_vec())).await?;
    }
    let answer = link.receive().await;
    judge(link, answer, C_STORE).await
}

/// Releases the association in good order.
pub(in crate::cli) async fn release<S: AsyncRead + AsyncWrite + Unpin>(
    link: &mut Link<S>,
) -> Result<(), Failure> {
    if pdu(link.ask(&encode(&Pdu::ReleaseRQ)?).await)? != Pdu::ReleaseRP {
        return Err(Failure::Unexpected);
    }
    link.close().await;
    Ok(())
}

fn message(value_type: PDataValueType, is_last: bool, data: Vec<u8>) -> Pdu {
    let value = PDataValue { presentation_context_id: CONTEXT, value_type, is_last, data };
    Pdu::PData { data: vec![value] }
}

/// Collects the response to a request: a command may come in pieces.
async fn judge<S: AsyncRead + AsyncWrite + Unpin>(
    link: &mut Link<S>,
    first: Result<Heard, LinkError>,
    asked: u16,
) -> Result<(), Failure> {
    let mut heard = first;
    let mut command = Vec::new();
    for _ in 0..PIECES {
        let Pdu::PData { data } = pdu(heard)? else { return Err(Failure::Unexpected) };
        for value in data {
            if value.value_type != PDataValueType::Command {
                return Err(Failure::Unexpected);
            }
            command.extend(value.data);
            if value.is_last {
                return status(&command, asked);
            }
        }
        heard = link.receive().await;
    }
    Err(Failure::Unexpected)
}

fn status(command: &[u8], asked: u16) -> Result<(), Failure> {
    let answer = Command::parse(command).ok_or(Failure::Unexpected)?;
    let is_ours = answer.number_of(COMMAND_FIELD) == Some(asked | RESPONSE)
        && answer.number_of(MESSAGE_ID_RESPONDED_TO) == Some(MESSAGE);
    match answer.number_of(STATUS) {
        Some(0) if is_ours => Ok(()),
        Some(status) if is_ours => Err(Failure::Status(status)),
        _ => Err(Failure::Unexpected),
    }
}

fn pdu(heard: Result<Heard, LinkError>) -> Result<Pdu, Failure> {
    match heard? {
        Heard::Pdu(pdu) => Ok(pdu),
        Heard::Rejected(reject) => Err(Failure::Rejected(reject)),
        Heard::Aborted(abort) => Err(Failure::Aborted(abort)),
    }
}

impl From<LinkError> for Failure {
    fn from(error: LinkError) -> Self {
        Self::Link(error)
    }
}
