//! The steps of a probe, and how they are shown.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::cli::Exit;
use crate::cli::client::dial::{self, Unconnected};
use crate::cli::text::paragraph;
use crate::config::Address;

/// Who asks whom.
pub(super) struct Titles {
    pub(super) calling: String,
    pub(super) called: String,
}

/// Where it can fail.
#[derive(Clone, Copy)]
pub(super) enum Step {
    Name,
    Tcp,
    Tls,
    Association,
    Echo,
    Release,
}

impl Step {
    const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Association => "association",
            Self::Echo => "C-ECHO",
            Self::Release => "release",
        }
    }
}

pub(super) async fn resolve(target: &Address, patience: Duration) -> Result<Vec<SocketAddr>, Exit> {
    let addresses = dial::resolve(target, patience).await;
    let addresses = addresses.map_err(|error| failed(Step::Name, error))?;
    // Of an address there is nothing to be said.
    if target.host.parse::<IpAddr>().is_ok() {
        return Ok(addresses);
    }
    let list: Vec<_> = addresses.iter().map(|address| address.ip().to_string()).collect();
    say(Step::Name, format_args!("{} is {}", target.host, list.join(", ")));
    Ok(addresses)
}

pub(super) fn refused_by(address: SocketAddr, error: &Unconnected) {
    say(Step::Tcp, format_args!("FAILED: {address}: {error}"));
}

pub(super) fn failed(step: Step, why: impl fmt::Display) -> Exit {
    say(step, format_args!("FAILED: {why}"));
    Exit::Failure
}

pub(super) fn say(step: Step, what: impl fmt::Display) {
    paragraph(&mut io::stdout(), step.name(), 13, what);
}

pub(super) fn note(what: impl fmt::Display) {
    paragraph(&mut io::stdout(), "", 13, what);
}
