//! The audit as `explain` and `unknown` read it: line by line, in bounded memory, from a file that may
//! hold anything.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read};
use std::path::Path;

use serde::de::DeserializeOwned;

use crate::audit::{Destination, PeerText};
pub(super) use crate::audit_line::Line;
pub(super) use crate::suggest::certificate::Shown;

/// Twice the longest line that the gate writes; what is longer is none of its lines.
const LONGEST: u64 = 72 * 1024;

/// Why there is no audit to read.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoTrail {
    /// It goes to a stream that nobody has kept.
    #[error(
        "the audit goes to the standard output or error of the gate, not to a file; name a file with \
         --audit, or pipe it: journalctl -u pacsgate -o cat | pacsgate ..."
    )]
    NotKept,
    /// Nor has anybody piped it in.
    #[error("nothing came from the standard input, and {}", Self::NotKept)]
    NothingPiped,
    /// The file cannot be opened.
    #[error("{0}: {1}")]
    Unopened(Box<str>, Box<str>),
}

/// Opens the audit: the file that is named, of which `-` is the standard input, or else the one of the
/// configuration, or else what is piped in.
///
/// # Errors
///
/// There is none, or it cannot be opened.
pub(super) fn open(
    named: Option<&Path>,
    configured: &Destination,
) -> Result<Box<dyn BufRead>, NoTrail> {
    let path = match (named, configured) {
        (Some(path), _) if path.as_os_str() == "-" => return Ok(standard_input()),
        (Some(path), _) => path,
        (None, Destination::File(path)) => path,
        (None, Destination::Stdout | Destination::Stderr) if !io::stdin().is_terminal() => {
            return piped(standard_input());
        }
        (None, Destination::Stdout | Destination::Stderr) => return Err(NoTrail::NotKept),
    };
    match File::open(path) {
        Ok(file) => Ok(Box::new(BufReader::new(file))),
        Err(error) => {
            let why = crate::host::words(&error).to_string();
            Err(NoTrail::Unopened(path.display().to_string().into(), why.into()))
        }
    }
}

fn standard_input() -> Box<dyn BufRead> {
    Box::new(BufReader::new(io::stdin()))
}

/// What was not asked for by name: jobs and remote shells have an empty standard input, which would
/// pass for an audit in which nothing has happened.
fn piped(mut input: Box<dyn BufRead>) -> Result<Box<dyn BufRead>, NoTrail> {
    match input.fill_buf() {
        Ok([]) => Err(NoTrail::NothingPiped),
        Ok(_) => Ok(input),
        Err(error) => {
            Err(NoTrail::Unopened("the standard input".into(), crate::host::words(&error).into()))
        }
    }
}

/// Every line of the audit that can be read; what is none is passed over, and how many those were is
/// returned.
pub(super) fn each<T: DeserializeOwned>(
    mut audit: impl BufRead,
    mut take: impl FnMut(T),
) -> io::Result<u64> {
    let mut bytes = Vec::new();
    let mut foreign = 0;
    loop {
        bytes.clear();
        if audit.by_ref().take(LONGEST).read_until(b'\n', &mut bytes)? == 0 {
            return Ok(foreign);
        }
        let is_short = bytes.len() < usize::try_from(LONGEST).unwrap_or(0);
        let is_whole = bytes.last() == Some(&b'\n') || is_short;
        match serde_json::from_slice(&bytes) {
            Ok(line) if is_whole => take(line),
            Ok(_) | Err(_) => foreign += 1,
        }
        if !is_whole {
            audit.skip_until(b'\n')?;
        }
    }
}

/// Text of the audit for a terminal: what the gate has escaped is left, and nothing else passes, whoever
/// has written the file.
pub(super) fn harmless(text: &str) -> String {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~');
    if text.len() <= PeerText::SENTENCE && text.bytes().all(is_plain) {
        return text.to_owned();
    }
    PeerText::from_bytes(text.as_bytes(), PeerText::SENTENCE).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(audit: &[u8]) -> Vec<String> {
        let mut ids = Vec::new();
        each(audit, |line: Line| ids.push(line.id)).unwrap();
        ids
    }

    #[test]
    fn passes_over_what_is_no_line_of_the_gate() {
        let long = format!("{{\"id\":\"{}\"}}\n", "x".repeat(80_000));
        let audit =
            [b"{\"id\":\"1\"}\n\xff\xfe\nplain text\n[1]\n", long.as_bytes(), b"{\"id\":\"2\"}"];
        assert_eq!(ids(&audit.concat()), ["1", "2"]);
        assert_eq!(ids(b""), [""; 0]);
        assert_eq!(each(&*audit.concat(), |_: Line| ()).unwrap(), 4, "the others are counted");
    }

    #[test]
    fn shows_nothing_that_a_terminal_obeys() {
        assert_eq!(harmless("CT1\\x1b"), "CT1\\x1b");
        assert_eq!(harmless("CT1\x1b[2J"), "CT1\\x1b[2J");
        assert!(harmless(&"x".repeat(10_000)).len() < 300);
    }
}
