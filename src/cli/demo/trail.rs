//! The audit trail as a reader of its file sees it.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use tokio::time::{Instant, sleep};

/// How often the file is looked at: a file does not say that it has grown.
const LOOK: Duration = Duration::from_millis(10);
/// The same while nothing is expected.
const IDLE_LOOK: Duration = Duration::from_millis(200);
/// How long a line may take to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the demo reads of an audit line.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Line {
    pub(super) event: String,
    pub(super) source: Option<SocketAddr>,
    pub(super) calling: Option<String>,
    pub(super) called: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) detail: Option<String>,
    pub(super) wire: Option<String>,
    pub(super) advice: Option<String>,
}

/// Follows the file.
pub(super) struct Trail {
    file: File,
    begun: Vec<u8>,
    waiting: VecDeque<Line>,
}

impl Line {
    /// Whether a connection has ended with this line.
    pub(super) fn is_an_end(&self) -> bool {
        matches!(self.event.as_str(), "closed" | "refused" | "failed")
    }
}

impl Trail {
    pub(super) fn follow(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        Ok(Self { file, begun: Vec::new(), waiting: VecDeque::new() })
    }

    /// The line in which the connection from `source` ended.
    pub(super) async fn end_of(&mut self, source: SocketAddr) -> io::Result<Line> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            while let Some(line) = self.next()? {
                if line.source == Some(source) && line.is_an_end() {
                    return Ok(line);
                }
            }
            sleep(LOOK).await;
        }
        Err(ErrorKind::TimedOut.into())
    }

    /// The next line in which any connection ended; waits as long as it takes.
    pub(super) async fn next_end(&mut self) -> io::Result<Line> {
        loop {
            match self.next()? {
                Some(line) if line.is_an_end() => return Ok(line),
                Some(_) => {}
                None => sleep(IDLE_LOOK).await,
            }
        }
    }

    fn next(&mut self) -> io::Result<Option<Line>> {
        if self.waiting.is_empty() {
            self.file.read_to_end(&mut self.begun)?;
            let whole = self.begun.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            let lines: Vec<u8> = self.begun.drain(..whole).collect();
            // A line that is none of ours has no end of a connection in it.
            let lines = lines.split(|byte| *byte == b'\n').map(serde_json::from_slice);
            self.waiting.extend(lines.filter_map(Result::ok));
        }
        Ok(self.waiting.pop_front())
    }
}
