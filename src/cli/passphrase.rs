//! The passphrase of a CA's key: out of a file, or typed on a terminal.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::typed::{Entry, EntryFault, once, twice};
use crate::ca::Passphrase;
use crate::host::words;

/// Shorter ones are guessed by whoever finds the stick.
const SHORT: usize = 12;
const WHAT: &str = "passphrase";

/// Why there is no passphrase.
#[derive(Debug, thiserror::Error)]
pub(super) enum PassphraseFault {
    /// Nobody is there to be asked.
    #[error("there is no terminal to ask for the passphrase: give it with --passphrase-file FILE")]
    NoTerminal,
    /// What the system says of the file.
    #[error("{}: {}", .0.display(), words(.1))]
    File(PathBuf, io::Error),
    /// None that can be taken.
    #[error(transparent)]
    Entry(#[from] EntryFault),
}

/// That of a key that there is.
pub(super) async fn known(file: Option<&Path>) -> Result<Passphrase, PassphraseFault> {
    let entry = match file {
        Some(path) => read(path)?,
        None => {
            on_a_terminal()?;
            once("Passphrase of the CA's key: ", WHAT).await?
        }
    };
    passphrase(entry)
}

/// That of a new key.
pub(super) async fn new(file: Option<&Path>) -> Result<Passphrase, PassphraseFault> {
    let entry = match file {
        Some(path) => read(path)?,
        None => {
            on_a_terminal()?;
            twice("Passphrase for the CA's key: ", WHAT).await?
        }
    };
    if entry.characters() < SHORT {
        // A closed standard error leaves nobody to tell.
        let _ = writeln!(
            io::stderr(),
            "warning: the passphrase has less than {SHORT} characters; whoever gets hold of the folder \
             may guess it"
        );
    }
    passphrase(entry)
}

fn passphrase(entry: Entry) -> Result<Passphrase, PassphraseFault> {
    let passphrase = Passphrase::new(entry.into_bytes());
    passphrase.ok_or(PassphraseFault::Entry(EntryFault::Empty(WHAT)))
}

/// The first line of a file; `-` is the standard input.
fn read(path: &Path) -> Result<Entry, PassphraseFault> {
    if path == Path::new("-") {
        return Ok(Entry::read(io::stdin(), WHAT)?);
    }
    let file = File::open(path);
    let file = file.map_err(|error| PassphraseFault::File(path.to_owned(), error))?;
    Ok(Entry::read(file, WHAT)?)
}

fn on_a_terminal() -> Result<(), PassphraseFault> {
    if io::stdin().is_terminal() { Ok(()) } else { Err(PassphraseFault::NoTerminal) }
}
