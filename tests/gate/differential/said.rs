//! What a reader finds in an association request, in words that all readers share.

use dicom_ul::pdu::{AssociationRQ, Pdu, UserVariableItem, read_pdu};
use pacsgate_core::wire::associate::{APPLICATION_CONTEXT, AssociateRq, MAX_ASSOCIATE_LENGTH};
use serde::Deserialize;

/// Every value of a request. Lists keep the order of the wire.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Said {
    pub(super) called: String,
    pub(super) calling: String,
    pub(super) application: String,
    /// Id, abstract syntax, transfer syntaxes.
    pub(super) contexts: Vec<(u8, String, Vec<String>)>,
    pub(super) maximum: u32,
    pub(super) class: String,
    pub(super) version: Option<String>,
    /// SOP class, SCU, SCP.
    pub(super) roles: Vec<(String, bool, bool)>,
    /// SOP class, application information in hexadecimal digits.
    pub(super) extended: Vec<(String, String)>,
    /// Items of other types: there is none that could be meant for a PACS.
    pub(super) others: Vec<String>,
}

impl Said {
    /// What the gate has judged.
    pub(super) fn judged(request: &AssociateRq) -> Self {
        let user = &request.user;
        let context = |it: &pacsgate_core::wire::associate::ProposedContext| {
            let syntaxes = it.transfer_syntaxes.iter().map(ToString::to_string).collect();
            (it.id.value(), it.abstract_syntax.to_string(), syntaxes)
        };
        Self {
            called: request.called.to_string(),
            calling: request.calling.to_string(),
            application: APPLICATION_CONTEXT.into(),
            contexts: request.contexts.iter().map(context).collect(),
            maximum: user.maximum_length,
            class: user.implementation_class.to_string(),
            // Every reader here trims it at both ends.
            version: user.implementation_version.map(|name| name.as_str().trim().to_owned()),
            roles: user.roles.iter().map(|it| (it.sop_class.to_string(), it.scu, it.scp)).collect(),
            extended: user
                .extended
                .iter()
                .map(|it| (it.sop_class.to_string(), hex(&it.information)))
                .collect(),
            others: Vec::new(),
        }
    }

    /// What dicom-ul reads.
    pub(super) fn by_dicom_ul(bytes: &[u8]) -> Self {
        let pdu = read_pdu(bytes, MAX_ASSOCIATE_LENGTH, true).unwrap().unwrap();
        let Pdu::AssociationRQ(request) = pdu else { panic!("{pdu:?} is no request") };
        Self::of_dicom_ul(request)
    }

    fn of_dicom_ul(request: AssociationRQ) -> Self {
        let contexts = request.presentation_contexts.into_iter();
        let mut said = Self {
            called: request.called_ae_title,
            calling: request.calling_ae_title,
            application: request.application_context_name,
            contexts: contexts
                .map(|it| (it.id, it.abstract_syntax, it.transfer_syntaxes))
                .collect(),
            maximum: 0,
            class: String::new(),
            version: None,
            roles: Vec::new(),
            extended: Vec::new(),
            others: Vec::new(),
        };
        for item in request.user_variables {
            said.take(item);
        }
        said
    }

    fn take(&mut self, item: UserVariableItem) {
        match item {
            UserVariableItem::MaxLength(length) => self.maximum = length,
            UserVariableItem::ImplementationClassUID(uid) => self.class = uid,
            UserVariableItem::ImplementationVersionName(name) => self.version = Some(name),
            UserVariableItem::ScuScpRoleSelectionSubItem(uid, roles) => {
                self.roles.push((uid, roles.scu, roles.scp));
            }
            UserVariableItem::SopClassExtendedNegotiationSubItem(uid, information) => {
                self.extended.push((uid, hex(&information)));
            }
            UserVariableItem::Unknown(..) | UserVariableItem::UserIdentityItem(_) => {
                self.others.push(format!("{item:?}"));
            }
        }
    }
}

/// Hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
