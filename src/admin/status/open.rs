//! Who is connected.

use std::time::SystemTime;

use pacsgate_core::side::Side;
use serde::Serialize;

use super::time::rfc3339;
use crate::audit::PeerText;
use crate::basis::Basis;
use crate::measures::Flow;
use crate::register::Register;

/// How many are told one by one, the oldest first.
const MOST: usize = 200;

/// An association that is open.
#[derive(Debug, Serialize)]
pub(in crate::admin) struct Open {
    pub(in crate::admin) peer: String,
    pub(in crate::admin) pacs: String,
    pub(in crate::admin) direction: &'static str,
    pub(in crate::admin) listener: String,
    pub(in crate::admin) source: String,
    pub(in crate::admin) calling: PeerText,
    pub(in crate::admin) called: PeerText,
    #[serde(serialize_with = "rfc3339")]
    pub(in crate::admin) since: SystemTime,
    /// From both sides, like the objects.
    pub(in crate::admin) bytes: u64,
    pub(in crate::admin) objects: u64,
}

/// Those that are open, and how many more there are.
pub(super) fn all(register: &Register) -> (Vec<Open>, usize) {
    let open = register.flowing();
    let more = open.len().saturating_sub(MOST);
    (open.iter().take(MOST).map(|(basis, flow)| Open::of(basis, flow)).collect(), more)
}

impl Open {
    fn of(basis: &Basis, flow: &Flow) -> Self {
        let request = &basis.request.request;
        Self {
            peer: basis.peer.to_string(),
            pacs: basis.pacs.to_string(),
            direction: basis.way.direction.name(),
            listener: basis.listener.to_string(),
            source: basis.source.to_canonical().to_string(),
            calling: request.calling.into(),
            called: request.called.into(),
            since: flow.since,
            bytes: both(|side| flow.bytes(side)),
            objects: both(|side| flow.objects(side)),
        }
    }
}

fn both(of: impl Fn(Side) -> u64) -> u64 {
    of(Side::Requestor).saturating_add(of(Side::Acceptor))
}
