//! What a decision looks at.

use std::net::IpAddr;

use super::reach::{Awaits, Everything};
use crate::certificate::Accepted;
use crate::direction::Direction;
use crate::wire::associate::ReceivedRq;

/// What a decision looks at.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Whether a peer comes, or a PACS.
    pub direction: Direction,
    /// What it has shown before its request.
    pub shown: Shown<'a>,
    /// Where the connection comes from.
    pub source: IpAddr,
    /// The request, parsed.
    pub request: &'a ReceivedRq,
    /// What is still to come outward.
    pub awaits: &'a dyn Awaits,
}

impl<'a> Facts<'a> {
    /// Of a peer that asks for a PACS.
    pub const fn inward(shown: Shown<'a>, source: IpAddr, request: &'a ReceivedRq) -> Self {
        Self { direction: Direction::Inward, shown, source, request, awaits: &Everything }
    }
}

/// What a requestor has shown before its request.
#[derive(Clone, Copy, Debug)]
pub enum Shown<'a> {
    /// The certificate that the TLS handshake accepted.
    Certificate(&'a Accepted),
    /// No certificate, in a TLS handshake that asked for one.
    Nothing,
    /// Its address alone: it came without TLS.
    Plain,
}

impl<'a> Shown<'a> {
    /// The certificate, if there is one.
    pub const fn certificate(self) -> Option<&'a Accepted> {
        match self {
            Self::Certificate(accepted) => Some(accepted),
            Self::Nothing | Self::Plain => None,
        }
    }
}
