//! Secrets that somebody types, without showing them.

mod entry;
mod terminal;

use std::io::{self, Write};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::spawn_blocking;

pub(super) use entry::{Entry, EntryFault};
use terminal::Quiet;

/// Asks on the terminal, once.
pub(super) async fn once(prompt: &str, what: &'static str) -> Result<Entry, EntryFault> {
    let mut signals = Signals::new()?;
    let _quiet = Quiet::new()?;
    say(prompt);
    signals.or_entry(what).await
}

/// Asks on the terminal, and again.
pub(super) async fn twice(prompt: &str, what: &'static str) -> Result<Entry, EntryFault> {
    let mut signals = Signals::new()?;
    let _quiet = Quiet::new()?;
    say(prompt);
    let first = signals.or_entry(what).await?;
    say("Again: ");
    if signals.or_entry(what).await? == first { Ok(first) } else { Err(EntryFault::Differ(what)) }
}

/// A closed standard error leaves nobody to ask.
fn say(prompt: &str) {
    let _ = write!(io::stderr(), "{prompt}");
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
    async fn or_entry(&mut self, what: &'static str) -> Result<Entry, EntryFault> {
        tokio::select! {
            read = spawn_blocking(move || Entry::read(io::stdin(), what)) => {
                read.unwrap_or(Err(EntryFault::Interrupted))
            }
            _ = self.interrupt.recv() => Err(EntryFault::Interrupted),
            _ = self.terminate.recv() => Err(EntryFault::Interrupted),
            _ = self.hangup.recv() => Err(EntryFault::Interrupted),
            _ = self.quit.recv() => Err(EntryFault::Interrupted),
        }
    }
}
