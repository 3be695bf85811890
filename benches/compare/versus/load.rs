//! The loads, and the cases that each of them consists of.

use std::fmt;
use std::io;

use clap::ValueEnum;

use super::peer::Peer;
use super::results::Sample;
use super::{beside, morning, senders, streams};
use crate::ground::Ground;
use crate::proxy::Process;
use crate::{churn, idle};

/// Memory is measured in one round of so many: it varies little.
const ROUNDS_FOR_IDLE: usize = 4;

/// What is asked of the proxies.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Load {
    /// C-STORE and C-GET over 1, 4, 16 and 64 associations at once.
    Streams,
    /// 60 senders with an association for each image.
    Senders,
    /// Full handshake, C-ECHO and release.
    Associations,
    /// C-ECHO alone.
    Echoes,
    /// C-ECHO beside 64 associations that store without a pause.
    Beside,
    /// Associations that are silent.
    Idle,
    /// What a hospital does in the morning, in a few seconds.
    Morning,
}

/// What is measured at a time.
#[derive(Clone, Copy)]
pub(crate) enum Case {
    Stream(&'static streams::Kind, u64),
    Senders,
    Associations,
    Echoes,
    Beside,
    Idle,
    Morning,
}

impl Load {
    pub(crate) const EACH: [Self; 7] = [
        Self::Streams,
        Self::Senders,
        Self::Associations,
        Self::Echoes,
        Self::Beside,
        Self::Idle,
        Self::Morning,
    ];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Streams => "streams",
            Self::Senders => "senders",
            Self::Associations => "associations",
            Self::Echoes => "echoes",
            Self::Beside => "echoes beside streams",
            Self::Idle => "idle associations",
            Self::Morning => "a morning",
        }
    }

    /// What is measured in this round.
    pub(crate) fn cases(self, round: usize, short: bool) -> Vec<Case> {
        match self {
            Self::Streams => streams::cases(short),
            Self::Senders => vec![Case::Senders],
            Self::Associations => vec![Case::Associations],
            Self::Echoes => vec![Case::Echoes],
            Self::Beside => vec![Case::Beside],
            Self::Idle if round.is_multiple_of(ROUNDS_FOR_IDLE) => vec![Case::Idle],
            Self::Idle => Vec::new(),
            Self::Morning => vec![Case::Morning],
        }
    }
}

impl Case {
    pub(crate) fn measure(
        self,
        ground: &Ground<'_>,
        peer: Peer,
        process: &Process,
    ) -> io::Result<Vec<Sample>> {
        match self {
            Self::Stream(kind, associations) => {
                streams::measure(ground, process, kind, associations)
            }
            Self::Senders => senders::measure(ground, process),
            Self::Associations => associations(ground, process),
            Self::Echoes => echoes(ground, process),
            Self::Beside => beside::measure(ground, process),
            Self::Idle => idle(ground, peer),
            Self::Morning => morning::measure(ground, process),
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stream(kind, associations) => f.write_str(&streams::row(kind, *associations)),
            Self::Senders => f.write_str(Load::Senders.title()),
            Self::Associations => f.write_str(Load::Associations.title()),
            Self::Echoes => f.write_str(Load::Echoes.title()),
            Self::Beside => f.write_str(Load::Beside.title()),
            Self::Idle => f.write_str(Load::Idle.title()),
            Self::Morning => f.write_str(Load::Morning.title()),
        }
    }
}

fn associations(ground: &Ground<'_>, process: &Process) -> io::Result<Vec<Sample>> {
    let (cpu, rate) = churn::associations(ground, process)?;
    let opening = churn::openings(ground, process)?;
    let table = "An association: full handshake, C-ECHO, release";
    let first = |percent, times: f64| {
        Sample::new(table, format!("first byte at the PACS p{percent}, us"), 0, times)
    };
    Ok(vec![
        Sample::new(table, "CPU ms an association", 3, cpu),
        Sample::new(table, "CPU ms until it is open", 3, opening.cpu),
        first(50, opening.first_byte.median()),
        first(99, opening.first_byte.percentile(99)),
        Sample::new(table, "associations a second", 0, rate),
    ])
}

fn echoes(ground: &Ground<'_>, process: &Process) -> io::Result<Vec<Sample>> {
    let (median, slow) = churn::echoes(ground, process)?;
    let table = "C-ECHO, nothing beside it";
    Ok(vec![
        Sample::new(table, "round trip p50, us", 0, median),
        Sample::new(table, "round trip p99, us", 0, slow),
    ])
}

fn idle(ground: &Ground<'_>, peer: Peer) -> io::Result<Vec<Sample>> {
    let [base, echoed, stored] = idle::measure(ground, &ground.start_peer(peer)?)?;
    let table = "Resident memory of idle associations";
    Ok(vec![
        Sample::new(table, "without any, MB", 1, base),
        Sample::new(table, "KB each, after a C-ECHO", 1, echoed),
        Sample::new(table, "KB each, after a C-STORE of 256 KiB", 1, stored),
    ])
}
