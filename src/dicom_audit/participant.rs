//! Who takes part: `ActiveParticipant`.

use std::net::IpAddr;

use super::code::Code;
use super::xml::Xml;

/// A system that takes part.
#[derive(Clone, Debug, Default)]
pub struct Party {
    /// Its AE title, or what else it is known by. Where nothing is known, its address.
    pub id: String,
    /// What else it is known by: of a DICOM application, its titles.
    pub other_id: Option<String>,
    /// Its name in the configuration.
    pub name: Option<String>,
    /// Where it is: an address, or else a name.
    pub at: Option<String>,
}

/// A process of this machine.
#[derive(Clone, Debug)]
pub struct Process {
    /// Its number, the user id of an application.
    pub id: u32,
    /// The name of the machine.
    pub host: String,
}

/// A participant as it is written.
#[derive(Clone, Debug)]
pub(super) struct Participant {
    pub(super) party: Party,
    pub(super) is_requestor: bool,
    pub(super) role: Option<Code>,
}

impl Participant {
    pub(super) fn write(&self, out: &mut Xml) {
        let Self { party: Party { id, other_id, name, at }, is_requestor, role } = self;
        out.open("ActiveParticipant");
        out.attribute("UserID", id);
        out.optional("AlternativeUserID", other_id.as_deref());
        out.optional("UserName", name.as_deref());
        out.attribute("UserIsRequestor", if *is_requestor { "true" } else { "false" });
        if let Some(at) = at {
            out.attribute("NetworkAccessPointID", at);
            let is_address = at.parse::<IpAddr>().is_ok();
            out.attribute("NetworkAccessPointTypeCode", if is_address { "2" } else { "1" });
        }
        if let Some(role) = role {
            role.write("RoleIDCode", out);
        }
        out.close();
    }
}

impl From<&Process> for Party {
    fn from(process: &Process) -> Self {
        Self {
            id: process.id.to_string(),
            other_id: None,
            name: Some("pacsgate".to_owned()),
            at: Some(process.host.clone()),
        }
    }
}
