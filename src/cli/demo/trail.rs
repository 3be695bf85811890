//! The audit trail as a reader of its file sees it.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::cli::trail::Line;

/// How often the file is looked at: a file does not say that it has grown.
const LOOK: Duration = Duration::from_millis(10);
/// The same while nothing is expected.
const IDLE_LOOK: Duration = Duration::from_millis(200);
/// How long a line may take to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// Follows the file.
pub(super) struct Trail {
    file: File,
    begun: Vec<u8>,
    waiting: VecDeque<Line>,
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
                if line.source.parse() == Ok(source) && is_an_end(&line) {
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
                Some(line) if is_an_end(&line) => return Ok(line),
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

/// Whether a connection has ended with this line.
fn is_an_end(line: &Line) -> bool {
    matches!(line.event.as_str(), "closed" | "refused" | "failed")
}
