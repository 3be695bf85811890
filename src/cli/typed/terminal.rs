//! A terminal that shows nothing of what is typed.

use std::io::{self, Stdin};

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios};
use rustix::termios::{tcgetattr, tcsetattr};

/// Shows only the ends of lines, until it is dropped.
pub(super) struct Quiet {
    terminal: Stdin,
    before: Termios,
}

impl Quiet {
    /// Standard input is a terminal.
    pub(super) fn new() -> io::Result<Self> {
        let terminal = io::stdin();
        let before = tcgetattr(&terminal)?;
        let mut quiet = before.clone();
        quiet.local_modes -= LocalModes::ECHO;
        quiet.local_modes |= LocalModes::ECHONL;
        // Whoever stops the process comes back to a terminal that shows all.
        quiet.special_codes[SpecialCodeIndex::VSUSP] = 0;
        tcsetattr(&terminal, OptionalActions::Flush, &quiet)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // There is no other terminal to say on that it failed.
        let _ = tcsetattr(&self.terminal, OptionalActions::Flush, &self.before);
    }
}
