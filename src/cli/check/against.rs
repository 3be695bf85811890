//! What a reload would end: the associations of the running gate, judged by the configuration that
//! was loaded. And what ends without one: the certificates of its peers.

use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pacsgate_core::direction::Direction;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::basis::{Basis, NoBasis, Withdrawal, Written};
use crate::cli::text::counted;
use crate::host::words;
use crate::last_seen::Ending;
use crate::overview::{Heading, SCHEMA};
use crate::site::Site;

/// How long the gate may be silent.
const PATIENCE: Duration = Duration::from_secs(10);
/// More than the longest line: a chain and a request, each byte of them a number.
const LINE: u64 = 1 << 20;

/// Why the running gate could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum Unasked {
    /// Nobody answers.
    #[error(
        "cannot ask the running gate by {}: {}; it has to run, with RuntimeDirectory=pacsgate in its \
         unit, and root or its own user has to ask", .0.display(), words(.1)
    )]
    Silent(PathBuf, io::Error),
    /// It says something else.
    #[error("what the socket says is not known: it is no gate's, or that of another version")]
    Foreign,
    /// One of its associations is no use.
    #[error(transparent)]
    NoBasis(#[from] NoBasis),
}

/// What is open, and what of it a reload would end.
#[derive(Debug, Serialize)]
pub struct Against {
    /// How many associations are open.
    open: usize,
    /// Those that a reload would end.
    pub(super) ends: Vec<End>,
    /// The certificates that peers have shown last and that end soon.
    pub(super) certificates: Vec<Ending>,
}

/// An association that a reload would end.
#[derive(Debug, Serialize)]
pub(super) struct End {
    peer: String,
    pacs: String,
    listener: String,
    source: String,
    calling_ae: String,
    called_ae: String,
    message: String,
    #[serde(skip)]
    direction: Direction,
}

impl Against {
    /// Asks the gate at a socket, and judges what it says by this site.
    ///
    /// # Errors
    ///
    /// Why there is no answer.
    pub fn running(socket: &Path, site: &Site) -> Result<Self, Unasked> {
        let silent = |error: io::Error| {
            // That is how the time-out of a socket is told.
            let is_late = error.kind() == io::ErrorKind::WouldBlock;
            let error = if is_late { io::ErrorKind::TimedOut.into() } else { error };
            Unasked::Silent(socket.to_owned(), error)
        };
        let stream = UnixStream::connect(socket).map_err(silent)?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(silent)?;
        let mut lines = BufReader::new(stream);
        let Heading { schema: SCHEMA, associations: open, certificates } =
            next(&mut lines, silent)?
        else {
            return Err(Unasked::Foreign);
        };
        let mut ends = Vec::new();
        for _ in 0..open {
            let basis = next::<Written>(&mut lines, silent)?.read()?;
            if let Err(why) = basis.judge(site) {
                ends.push(End::of(&basis, &why));
            }
        }
        let certificates = (0..certificates).map(|_| next(&mut lines, silent));
        Ok(Self { open, ends, certificates: certificates.collect::<Result<_, _>>()? })
    }

    /// What it comes to, in one line.
    pub(super) fn sum(&self) -> String {
        let ended = match self.ends.len() {
            0 => "none".to_owned(),
            some => some.to_string(),
        };
        format!("a reload would end {ended} of {}", counted(self.open, "open association"))
    }
}

fn next<T: DeserializeOwned>(
    lines: &mut impl BufRead,
    silent: impl FnOnce(io::Error) -> Unasked,
) -> Result<T, Unasked> {
    let mut line = Vec::new();
    lines.take(LINE).read_until(b'\n', &mut line).map_err(silent)?;
    serde_json::from_slice(&line).map_err(|_| Unasked::Foreign)
}

impl End {
    fn of(basis: &Basis, why: &Withdrawal) -> Self {
        let request = &basis.request.request;
        Self {
            peer: basis.peer.to_string(),
            pacs: basis.pacs.to_string(),
            listener: basis.listener.to_string(),
            source: basis.source.to_string(),
            calling_ae: request.calling.to_string(),
            called_ae: request.called.to_string(),
            message: why.to_string(),
            direction: basis.way.direction,
        }
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let Self { peer, pacs, source, calling_ae, called_ae, message, direction, .. } = self;
        let (by, to) = match direction {
            Direction::Inward => (format!("peer {peer}"), format!("PACS {pacs}")),
            Direction::Outward => (format!("PACS {pacs}"), format!("peer {peer}")),
        };
        format!(
            "a reload would end an association of {by} ({calling_ae:?} from {source}) to \
             {called_ae:?}, {to}: {message}"
        )
    }
}
