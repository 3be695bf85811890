//! `[admin]`: where the gate tells the administrator of this machine how it is.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use super::finding::Location;
use super::mistake::Mistake;
use super::named;
use super::node::Node;
use super::problems::Problems;
use super::section::{At, Section};
use super::value;
use crate::host::sockets;

/// The admin endpoint.
#[derive(Debug, Default)]
pub struct Admin {
    /// Where it answers, and where each stands; none without the table.
    pub bind: Vec<(Endpoint, Location)>,
}

/// An address that only this machine reaches.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Endpoint {
    /// A port of the loopback interface; port 0 lets the system choose.
    Tcp(SocketAddr),
    /// A Unix socket.
    Unix(PathBuf),
}

/// The section with its places.
#[derive(Default)]
pub(super) struct Read {
    pub(super) bind: Vec<At<Endpoint>>,
}

/// Addresses of one gate.
const MOST: usize = 8;
/// Bytes of a path that a socket may have (unix(7)); shorter by those of the name under which it is
/// made.
const LONGEST: usize = 107 - sockets::LONGER;

pub(super) fn read(table: Option<Section<'_>>) -> Read {
    let Some(mut table) = table else { return Read::default() };
    let mut bind = table.list("bind", endpoint);
    if let Some(at) = bind.get(MOST) {
        let place = at.place;
        table.mistake_at("bind", Some(place), &Mistake::AdminAddresses(MOST));
    }
    for At { place, value } in &mut bind {
        let Endpoint::Unix(path) = value else { continue };
        *path = table.problems.sources.base(*place).join(&*path);
        if path.as_os_str().len() > LONGEST {
            table.mistake_at("bind", Some(*place), &Mistake::SocketPath(LONGEST));
        }
    }
    for (index, at) in bind.iter().enumerate() {
        // Those of TCP are compared with those of all listeners.
        let is_path = matches!(at.value, Endpoint::Unix(_));
        let first = bind.iter().take(index).find(|first| is_path && first.value == at.value);
        if let Some(first) = first {
            let first = table.problems.locate(first.place);
            table.mistake_at("bind", Some(at.place), &Mistake::AdminTwice(first));
        }
    }
    table.finish();
    Read { bind }
}

fn endpoint(node: &Node) -> Result<Endpoint, Mistake> {
    let text = node.text()?;
    if let Some(address) = value::bind(text) {
        let is_loopback = address.ip().to_canonical().is_loopback();
        let refused = || Mistake::AdminElsewhere(address);
        return is_loopback.then_some(Endpoint::Tcp(address)).ok_or_else(refused);
    }
    // A slip in an address, or a URL, does not become a file.
    let is_path = text.starts_with('/') || text.contains(['/', '.']) && !text.contains(':');
    if !is_path || text.ends_with('/') || text.parse::<IpAddr>().is_ok() {
        return Err(Mistake::AdminAddress(text.into()));
    }
    named::path(node).map(Endpoint::Unix)
}

impl Read {
    /// The ports of TCP.
    pub(super) fn ports(&self) -> impl Iterator<Item = At<SocketAddr>> {
        self.bind.iter().filter_map(|at| match at.value {
            Endpoint::Tcp(address) => Some(At { place: at.place, value: address }),
            Endpoint::Unix(_) => None,
        })
    }

    /// The paths of Unix sockets.
    pub(super) fn sockets(&self) -> impl Iterator<Item = At<&Path>> {
        self.bind.iter().filter_map(|at| match &at.value {
            Endpoint::Tcp(_) => None,
            Endpoint::Unix(path) => Some(At { place: at.place, value: path.as_path() }),
        })
    }

    pub(super) fn into_admin(self, problems: &Problems) -> Admin {
        let located = |at: At<Endpoint>| (at.value, problems.locate(at.place));
        Admin { bind: self.bind.into_iter().map(located).collect() }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => path.display().fmt(f),
        }
    }
}
