//! What an input does to a server, and how that shows.

use super::servers::{FOREIGN_PATIENT, Server, Usage};
use crate::support::PATIENCE;
use std::thread;
use std::time::{Duration, Instant};

/// The harm that a row does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Harm {
    /// The process ends by a signal.
    Dies,
    /// Nobody else is served while the connection stays open.
    Blocks,
    /// It keeps at least this many KiB.
    Leaks(u64),
    /// It takes at least this many KiB more for a while.
    Swells(u64),
    /// It takes at least so many hundredths of a second of a processor.
    Toils(u64),
    /// It writes a file outside its storage.
    Writes,
    /// It hands out what lies outside its storage.
    Reads,
}

/// How long a good peer waits for a server that is not harmed.
const SOON: Duration = Duration::from_secs(3);

impl Harm {
    /// Whether the server shows this harm.
    pub(super) fn shows(self, server: &mut Server, before: Usage, heard: &[u8]) -> bool {
        match self {
            Self::Dies => server.dies(SOON),
            Self::Blocks => server.is_alive() && !server.serves(SOON),
            Self::Leaks(growth) => server.usage().memory >= before.memory + growth,
            Self::Swells(growth) => server.usage().peak >= before.memory + growth,
            Self::Toils(time) => toils(server, before.processor + time),
            Self::Writes => server.escaped(),
            Self::Reads => reveals(heard),
        }
    }

    /// The server shows no harm of any kind.
    pub(super) fn assert_none(self, server: &mut Server, before: Usage, heard: &[u8]) {
        assert!(server.is_alive(), "the server is gone:\n{}", server.log());
        assert!(!server.escaped(), "a file outside its storage");
        assert!(!reveals(heard), "the patient of another work list");
        let bound = if let Self::Leaks(growth) = self { growth / 2 } else { 32 * 1024 };
        let now = server.usage();
        let grown = now.peak.saturating_sub(before.memory);
        assert!(grown < bound, "it has grown by {grown} KiB");
        if let Self::Toils(time) = self {
            let taken = now.processor - before.processor;
            assert!(taken < time / 2, "it has taken {taken} hundredths of a second");
        }
    }
}

/// It works on, whether anybody waits for it or not.
fn toils(server: &mut Server, until: u64) -> bool {
    let deadline = Instant::now() + PATIENCE;
    while server.is_alive() && server.usage().processor < until {
        if Instant::now() > deadline {
            return false;
        }
        thread::sleep(Duration::from_millis(50));
    }
    server.is_alive()
}

fn reveals(heard: &[u8]) -> bool {
    heard.windows(FOREIGN_PATIENT.len()).any(|part| part == FOREIGN_PATIENT.as_bytes())
}
