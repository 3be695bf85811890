//! What an input does to a server, and how that shows.

use super::servers::{FOREIGN_PATIENT, Server, Usage};
use std::time::Duration;

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
    /// It computes for seconds.
    Computes,
    /// It writes a file outside its storage.
    Writes,
    /// It hands out what lies outside its storage.
    Reads,
}

/// How long a good peer waits for a server that is not harmed.
const SOON: Duration = Duration::from_secs(3);

/// How long a server computes for a request of half a megabyte that harms it, and how long for all that
/// it is asked in a test where none does.
const LONG: Duration = Duration::from_secs(2);

impl Harm {
    /// Whether the server shows this harm.
    pub(super) fn shows(self, server: &mut Server, before: Usage, heard: &[u8]) -> bool {
        match self {
            Self::Dies => server.dies(SOON),
            Self::Blocks => server.is_alive() && !server.serves(SOON),
            Self::Computes => server.computes(LONG),
            Self::Leaks(growth) => server.usage().memory >= before.memory + growth,
            Self::Swells(growth) => server.swells(before.memory + growth),
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
        if self == Self::Computes {
            let computed = server.computed();
            assert!(computed < LONG / 2, "it has computed for {computed:?}");
        }
    }
}

fn reveals(heard: &[u8]) -> bool {
    heard.windows(FOREIGN_PATIENT.len()).any(|part| part == FOREIGN_PATIENT.as_bytes())
}
