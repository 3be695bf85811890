//! `hash-password`: a line for the file of passwords.

mod entry;
mod terminal;

use std::io::{self, IsTerminal, Write};

use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::spawn_blocking;

use self::entry::{Entry, EntryFault};
use self::terminal::Quiet;
use super::Exit;
use crate::host::words;
use crate::identity::password::{Cost, Hash, NameFault, name};

/// Shorter ones are guessed from a stolen file.
const SHORT: usize = 12;

/// The arguments of `hash-password`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct HashPassword {
    /// The user's name as the device sends it; without one, only the hash is printed
    #[arg(long, value_name = "NAME", value_parser = user)]
    pub user: Option<String>,
}

fn user(text: &str) -> Result<String, NameFault> {
    name(text).map(str::to_owned)
}

impl HashPassword {
    /// Asks for a password and prints what the file of passwords has of it.
    ///
    /// # Errors
    ///
    /// There is no password to be had, or none that can be taken; standard error says why.
    pub async fn run(self) -> Result<(), Exit> {
        let is_terminal = io::stdin().is_terminal();
        let entry = if is_terminal { self.ask_twice().await } else { Entry::read(io::stdin()) };
        let line = entry.and_then(|entry| self.line(&entry)).map_err(|fault| {
            tell(&fault);
            Exit::Failure
        })?;
        writeln!(io::stdout(), "{line}").map_err(|error| {
            tell(&words(&error));
            Exit::Failure
        })
    }

    async fn ask_twice(&self) -> Result<Entry, EntryFault> {
        let mut signals = Signals::new()?;
        let _quiet = Quiet::new()?;
        let of = self.user.as_ref().map(|user| format!(" of {user}")).unwrap_or_default();
        prompt(&format!("Password{of}: "));
        let first = signals.or_entry().await?;
        prompt("Again: ");
        if signals.or_entry().await? == first { Ok(first) } else { Err(EntryFault::Differ) }
    }

    fn line(&self, entry: &Entry) -> Result<String, EntryFault> {
        if entry.characters() < SHORT {
            tell(&format_args!(
                "warning: the password has less than {SHORT} characters; whoever gets hold of the file \
                 may guess it"
            ));
        }
        let hash = Hash::new(Cost::USUAL, entry.bytes())?.text(Cost::USUAL);
        let user = self.user.as_ref().map(|user| format!("{user}:")).unwrap_or_default();
        Ok(format!("{user}{hash}"))
    }
}

/// What would end the process, before the terminal is in order again.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
    quit: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            quit: signal(SignalKind::quit())?,
        })
    }

    /// A line of standard input, unless one of them comes first.
    async fn or_entry(&mut self) -> Result<Entry, EntryFault> {
        tokio::select! {
            read = spawn_blocking(|| Entry::read(io::stdin())) => {
                read.unwrap_or(Err(EntryFault::Interrupted))
            }
            _ = self.interrupt.recv() => Err(EntryFault::Interrupted),
            _ = self.terminate.recv() => Err(EntryFault::Interrupted),
            _ = self.hangup.recv() => Err(EntryFault::Interrupted),
            _ = self.quit.recv() => Err(EntryFault::Interrupted),
        }
    }
}

// A closed standard error leaves nobody to tell.

fn prompt(text: &str) {
    let _ = write!(io::stderr(), "{text}");
}

fn tell(text: &impl std::fmt::Display) {
    let _ = writeln!(io::stderr(), "{text}");
}
