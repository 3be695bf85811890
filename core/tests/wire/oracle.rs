//! dicom-ul, an independent parser, reads every valid request as it is read here.

use dicom_ul::pdu::{
    AssociationAC, AssociationRQ, Pdu, PresentationContextResultReason as Reason, UserVariableItem,
    read_pdu,
};
use pacsgate_core::wire::associate::{
    AssociateAc, AssociateRq, ContextAnswer, ContextRejection, UserInformation, VersionName,
};
use proptest::prelude::*;

use crate::arbitrary;
use crate::build::APPLICATION_CONTEXT;

proptest! {
    #[test]
    fn dicom_ul_reads_the_same_request(request in arbitrary::request()) {
        let pdu = read(&request.encode().unwrap());
        let Pdu::AssociationRQ(theirs) = pdu else { panic!("{pdu:?} is no request") };
        same_request(&request, &theirs)?;
    }

    #[test]
    fn dicom_ul_reads_the_same_answer(answer in arbitrary::answer()) {
        // It decodes the titles, which nobody must test: they have to be text here.
        let mut answer = answer;
        answer.echo.0 = [b'A'; 64];
        let pdu = read(&answer.encode().unwrap());
        let Pdu::AssociationAC(theirs) = pdu else { panic!("{pdu:?} is no answer") };
        same_answer(&answer, &theirs)?;
    }
}

fn read(bytes: &[u8]) -> Pdu {
    read_pdu(bytes, 256 * 1024, true).unwrap().unwrap()
}

fn same_request(ours: &AssociateRq, theirs: &AssociationRQ) -> Result<(), TestCaseError> {
    prop_assert_eq!(theirs.protocol_version, 1);
    prop_assert_eq!(ours.called.as_str(), &theirs.called_ae_title);
    prop_assert_eq!(ours.calling.as_str(), &theirs.calling_ae_title);
    prop_assert_eq!(&theirs.application_context_name, APPLICATION_CONTEXT);
    prop_assert_eq!(ours.contexts.len(), theirs.presentation_contexts.len());
    for (ours, theirs) in ours.contexts.iter().zip(&theirs.presentation_contexts) {
        prop_assert_eq!(ours.id.value(), theirs.id);
        prop_assert_eq!(ours.abstract_syntax.as_str(), &theirs.abstract_syntax);
        let syntaxes: Vec<&str> = ours.transfer_syntaxes.iter().map(|uid| uid.as_str()).collect();
        prop_assert_eq!(&syntaxes, &theirs.transfer_syntaxes);
    }
    same_user(&ours.user, &theirs.user_variables)
}

fn same_answer(ours: &AssociateAc, theirs: &AssociationAC) -> Result<(), TestCaseError> {
    prop_assert_eq!(ours.results.len(), theirs.presentation_contexts.len());
    for (ours, theirs) in ours.results.iter().zip(&theirs.presentation_contexts) {
        prop_assert_eq!(ours.id.value(), theirs.id);
        match &ours.answer {
            ContextAnswer::Accepted(syntax) => {
                prop_assert_eq!(&theirs.reason, &Reason::Acceptance);
                prop_assert_eq!(syntax.as_str(), &theirs.transfer_syntax);
            }
            ContextAnswer::Rejected(rejection) => {
                prop_assert_eq!(&theirs.reason, &reason(*rejection));
            }
        }
    }
    same_user(&ours.user, &theirs.user_variables)
}

fn reason(rejection: ContextRejection) -> Reason {
    match rejection {
        ContextRejection::User => Reason::UserRejection,
        ContextRejection::NoReason => Reason::NoReason,
        ContextRejection::AbstractSyntax => Reason::AbstractSyntaxNotSupported,
        ContextRejection::TransferSyntaxes => Reason::TransferSyntaxesNotSupported,
    }
}

fn same_user(ours: &UserInformation, theirs: &[UserVariableItem]) -> Result<(), TestCaseError> {
    let mut read = Read::default();
    for item in theirs {
        read.take(item);
    }
    // It trims a version name at both ends.
    let version = ours.implementation_version.as_ref().map(VersionName::as_str).map(str::trim);
    let roles: Vec<_> =
        ours.roles.iter().map(|r| (r.sop_class.as_str().to_owned(), r.scu, r.scp)).collect();
    let extended: Vec<_> = ours
        .extended
        .iter()
        .map(|e| (e.sop_class.as_str().to_owned(), e.information.clone()))
        .collect();
    let expected = Read {
        maximum_length: vec![ours.maximum_length],
        class: vec![ours.implementation_class.as_str().to_owned()],
        version: version.into_iter().map(str::to_owned).collect(),
        roles,
        extended,
    };
    prop_assert_eq!(expected, read);
    Ok(())
}

#[derive(Debug, Default, PartialEq)]
struct Read {
    maximum_length: Vec<u32>,
    class: Vec<String>,
    version: Vec<String>,
    roles: Vec<(String, bool, bool)>,
    extended: Vec<(String, Vec<u8>)>,
}

impl Read {
    fn take(&mut self, item: &UserVariableItem) {
        match item {
            UserVariableItem::MaxLength(length) => self.maximum_length.push(*length),
            UserVariableItem::ImplementationClassUID(uid) => self.class.push(uid.clone()),
            UserVariableItem::ImplementationVersionName(name) => self.version.push(name.clone()),
            UserVariableItem::ScuScpRoleSelectionSubItem(uid, roles) => {
                self.roles.push((uid.clone(), roles.scu, roles.scp));
            }
            UserVariableItem::SopClassExtendedNegotiationSubItem(uid, information) => {
                self.extended.push((uid.clone(), information.clone()));
            }
            UserVariableItem::Unknown(..) | UserVariableItem::UserIdentityItem(_) => {
                panic!("{item:?} was never sent")
            }
        }
    }
}
