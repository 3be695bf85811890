//! Requesting and accepting associations, with dicom-ul's encoding of the PDUs.

use std::io::{self, Read};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dicom_ul::pdu::{
    AssociationAC, AssociationRJ, AssociationRJResult,
    AssociationRJServiceProviderPresentationReason, AssociationRJSource, AssociationRQ,
    MAXIMUM_PDU_SIZE, Pdu, PresentationContextProposed, PresentationContextResult,
    PresentationContextResultReason, RequestorRoles, UserIdentity, UserIdentityType,
    UserVariableItem, read_pdu, write_pdu,
};

/// The calling title.
pub(crate) const CALLING: &str = "LOAD";
/// The called title.
pub(crate) const CALLED: &str = "PACS";
/// The maximum length that both sides announce, in bytes: longer than any PDU here.
const MAXIMUM_LENGTH: u32 = 1024 * 1024;

const APPLICATION_CONTEXT: &str = "1.2.840.10008.3.1.1.1";
const IMPLICIT_LITTLE: &str = "1.2.840.10008.1.2";
/// Under the arc that X.660 sets aside for examples.
const IMPLEMENTATION_CLASS: &str = "2.999.1";

/// A presentation context that the requestor proposes.
#[derive(Clone, Copy)]
pub(crate) struct Context {
    pub(crate) id: u8,
    pub(crate) sop_class: &'static str,
}

/// For C-ECHO.
pub(crate) const VERIFICATION: Context = Context { id: 1, sop_class: "1.2.840.10008.1.1" };
/// For C-STORE, in both directions.
pub(crate) const CT_IMAGE: Context = Context { id: 3, sop_class: "1.2.840.10008.5.1.4.1.1.2" };
/// For C-GET.
pub(crate) const STUDY_GET: Context = Context { id: 5, sop_class: "1.2.840.10008.5.1.4.1.2.2.3" };

/// For C-FIND.
pub(crate) const STUDY_FIND: Context = Context { id: 7, sop_class: "1.2.840.10008.5.1.4.1.2.2.1" };

const CONTEXTS: [Context; 4] = [VERIFICATION, CT_IMAGE, STUDY_GET, STUDY_FIND];

/// The A-ASSOCIATE-RQ that every requestor here sends.
pub(crate) fn request() -> io::Result<Vec<u8>> {
    request_as(CALLING, None)
}

/// The same under another title, and with a user name and a password.
pub(crate) fn request_as(calling: &str, user: Option<(&str, &str)>) -> io::Result<Vec<u8>> {
    let roles = RequestorRoles { scu: true, scp: true };
    let mut user_variables = user_information("COMPARE");
    user_variables
        .push(UserVariableItem::ScuScpRoleSelectionSubItem(CT_IMAGE.sop_class.to_owned(), roles));
    if let Some((name, password)) = user {
        let (name, password) = (name.as_bytes().to_vec(), password.as_bytes().to_vec());
        let kind = UserIdentityType::UsernamePassword;
        let identity = UserIdentity::new(false, kind, name, password);
        user_variables.push(UserVariableItem::UserIdentityItem(identity));
    }
    encode(&Pdu::AssociationRQ(AssociationRQ {
        protocol_version: 1,
        calling_ae_title: calling.to_owned(),
        called_ae_title: CALLED.to_owned(),
        application_context_name: APPLICATION_CONTEXT.to_owned(),
        presentation_contexts: CONTEXTS.map(propose).to_vec(),
        user_variables,
    }))
}

/// Reads the answer to [`request`] and makes sure that every context was accepted; when the first byte of
/// the request came to the sink.
pub(crate) fn expect_acceptance(stream: &mut impl Read) -> io::Result<SystemTime> {
    let pdu = read(stream)?;
    let Pdu::AssociationAC(answer) = &pdu else {
        return Err(io::Error::other(format!("not accepted: {}", pdu.short_description())));
    };
    let accepted = |context: &PresentationContextResult| {
        context.reason == PresentationContextResultReason::Acceptance
    };
    if answer.presentation_contexts.iter().filter(|context| accepted(context)).count()
        == CONTEXTS.len()
    {
        return told(&answer.user_variables).ok_or_else(|| io::Error::other("no time is told"));
    }
    Err(io::Error::other(format!("contexts rejected: {:?}", answer.presentation_contexts)))
}

/// The A-ASSOCIATE-RJ of a PACS that is busy.
pub(crate) fn rejection() -> io::Result<Vec<u8>> {
    encode(&Pdu::AssociationRJ(AssociationRJ {
        result: AssociationRJResult::Transient,
        source: AssociationRJSource::ServiceProviderPresentation(
            AssociationRJServiceProviderPresentationReason::TemporaryCongestion,
        ),
    }))
}

/// Reads a request and returns the answer that accepts everything in it, and tells when its first byte
/// has come.
pub(crate) fn accept(stream: &mut impl Read, came: SystemTime) -> io::Result<Vec<u8>> {
    let pdu = read(stream)?;
    let Pdu::AssociationRQ(request) = pdu else {
        return Err(io::Error::other(format!("not a request: {}", pdu.short_description())));
    };
    let is_role =
        |item: &UserVariableItem| matches!(item, UserVariableItem::ScuScpRoleSelectionSubItem(..));
    let mut user_variables = user_information(&tell(came)?);
    user_variables.extend(request.user_variables.into_iter().filter(is_role));
    encode(&Pdu::AssociationAC(AssociationAC {
        protocol_version: 1,
        calling_ae_title: request.calling_ae_title,
        called_ae_title: request.called_ae_title,
        application_context_name: APPLICATION_CONTEXT.to_owned(),
        presentation_contexts: request.presentation_contexts.iter().map(grant).collect(),
        user_variables,
    }))
}

fn propose(context: Context) -> PresentationContextProposed {
    PresentationContextProposed {
        id: context.id,
        abstract_syntax: context.sop_class.to_owned(),
        transfer_syntaxes: vec![IMPLICIT_LITTLE.to_owned()],
    }
}

fn grant(context: &PresentationContextProposed) -> PresentationContextResult {
    PresentationContextResult {
        id: context.id,
        reason: PresentationContextResultReason::Acceptance,
        transfer_syntax: IMPLICIT_LITTLE.to_owned(),
    }
}

/// A time as the name of a version: nanoseconds in hexadecimal fill its sixteen characters.
fn tell(time: SystemTime) -> io::Result<String> {
    let since = time.duration_since(UNIX_EPOCH).map_err(io::Error::other)?;
    Ok(format!("{:016x}", since.as_nanos()))
}

fn told(items: &[UserVariableItem]) -> Option<SystemTime> {
    let name = items.iter().find_map(|item| {
        if let UserVariableItem::ImplementationVersionName(name) = item { Some(name) } else { None }
    });
    let nanoseconds = u64::from_str_radix(name?, 16).ok()?;
    Some(UNIX_EPOCH + Duration::from_nanos(nanoseconds))
}

fn user_information(version: &str) -> Vec<UserVariableItem> {
    vec![
        UserVariableItem::MaxLength(MAXIMUM_LENGTH),
        UserVariableItem::ImplementationClassUID(IMPLEMENTATION_CLASS.to_owned()),
        UserVariableItem::ImplementationVersionName(version.to_owned()),
    ]
}

fn encode(pdu: &Pdu) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    write_pdu(&mut bytes, pdu).map_err(io::Error::other)?;
    Ok(bytes)
}

fn read(stream: &mut impl Read) -> io::Result<Pdu> {
    let mut header = [0; 6];
    stream.read_exact(&mut header)?;
    let [_, _, length @ ..] = header;
    let length = u32::from_be_bytes(length).min(MAXIMUM_PDU_SIZE);
    let mut pdu = header.to_vec();
    stream.take(length.into()).read_to_end(&mut pdu)?;
    read_pdu(pdu.as_slice(), MAXIMUM_PDU_SIZE, false)
        .map_err(io::Error::other)?
        .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}
