//! `/associations`: who is connected, since when, and how much has come.

use std::net::IpAddr;
use std::time::SystemTime;

use humantime::format_rfc3339_seconds;
use hyper::StatusCode;
use pacsgate_core::side::Side;
use serde::Serialize;

use super::offer::Offer;
use super::page::Page;
use crate::audit::{ConnectionId, PeerText};
use crate::basis::Basis;
use crate::measures::Flow;
use crate::port::Transport;

/// What is written at the most, the oldest first: a page, not a list of thousands.
const MOST: usize = 1000;

/// All that are open.
#[derive(Serialize)]
struct Open<'a> {
    associations: Vec<Association<'a>>,
    /// How many are not written.
    more: usize,
}

#[derive(Serialize)]
struct Association<'a> {
    /// As in the audit.
    id: ConnectionId,
    listener: &'a str,
    direction: &'static str,
    plain: bool,
    peer: &'a str,
    /// Whether that has a table; it passes without one where refusals are only reported.
    known: bool,
    pacs: &'a str,
    source: IpAddr,
    #[serde(skip_serializing_if = "Option::is_none")]
    proxy: Option<IpAddr>,
    calling: PeerText,
    called: PeerText,
    since: String,
    seconds: u64,
    bytes: Amount,
    objects: Amount,
}

#[derive(Serialize)]
struct Amount {
    from_requestor: u64,
    from_acceptor: u64,
}

/// Who is connected.
pub(super) fn open(offer: &Offer) -> Page {
    let (flowing, now) = (offer.gate.register.flowing(), SystemTime::now());
    let associations = flowing.iter().take(MOST);
    let associations = associations.map(|(basis, flow)| Association::of(basis, flow, now));
    let more = flowing.len().saturating_sub(MOST);
    let open = Open { associations: associations.collect(), more };
    Page::json(StatusCode::OK, &open)
}

impl<'a> Association<'a> {
    fn of(basis: &'a Basis, flow: &Flow, now: SystemTime) -> Self {
        let request = &basis.request.request;
        let amount = |of: fn(&Flow, Side) -> u64| Amount {
            from_requestor: of(flow, Side::Requestor),
            from_acceptor: of(flow, Side::Acceptor),
        };
        Self {
            id: flow.id,
            listener: &basis.listener,
            direction: basis.way.direction.name(),
            plain: basis.way.transport == Transport::Plain,
            peer: &basis.peer,
            known: basis.is_known,
            pacs: &basis.pacs,
            source: basis.source,
            proxy: basis.balancer,
            calling: request.calling.into(),
            called: request.called.into(),
            since: format_rfc3339_seconds(flow.since).to_string(),
            seconds: now.duration_since(flow.since).unwrap_or_default().as_secs(),
            bytes: amount(Flow::bytes),
            objects: amount(Flow::objects),
        }
    }
}
