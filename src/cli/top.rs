//! `top`: how the gate on this machine is, in a terminal, for those who have only ssh.
//!
//! - `status`: what the admin endpoint says of it; `screen`: how that is shown, made of `section`s;
//! - `live`: the terminal, and who types there.

mod live;
mod screen;
mod section;
mod status;
#[cfg(test)]
mod tests;

use std::io::{self, IsTerminal, Write};

use clap::Args;

use self::screen::Screen;
use self::status::Status;
use super::endpoint;
use super::exit::Exit;
use crate::config::Endpoint;
use crate::host::words;

/// Where no terminal says how wide it is.
const COLUMNS: usize = 100;

/// The arguments of `top`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Top {
    /// Where its admin endpoint answers, as in `admin.bind`: the path of a socket, or an address of
    /// loopback with its port
    #[arg(long, value_name = "SOCKET", default_value = endpoint::SOCKET)]
    #[arg(value_parser = endpoint::parse)]
    pub socket: Endpoint,
    /// Print all of it once, as plain text
    #[arg(long)]
    pub once: bool,
}

impl Top {
    /// Shows it until somebody quits.
    ///
    /// # Errors
    ///
    /// Failure if nobody answers, or the terminal does not; wrong usage if there is none. What is wrong
    /// has been written to standard error.
    pub async fn run(&self) -> Result<(), Exit> {
        let is_terminal = io::stdout().is_terminal() && io::stdin().is_terminal();
        if !is_terminal && !self.once {
            tell("this is no terminal: add --once for plain text");
            return Err(Exit::Usage);
        }
        let status = Status::ask(&self.socket).await.map_err(|why| {
            tell(&why);
            Exit::Failure
        })?;
        let screen = Screen::new(status);
        let done = if self.once {
            print(&screen, &mut io::stdout().lock())
        } else {
            live::show(screen, &self.socket).await
        };
        done.map_err(|error| {
            tell(words(&error));
            Exit::Failure
        })
    }
}

fn print(screen: &Screen, out: &mut impl Write) -> io::Result<()> {
    let size = rustix::termios::tcgetwinsize(io::stdout());
    let columns = size.map_or(COLUMNS, |size| usize::from(size.ws_col));
    let columns = if columns == 0 { COLUMNS } else { columns };
    for line in screen.lines(columns, usize::MAX, false) {
        writeln!(out, "{}", line.to_string().trim_end())?;
    }
    out.flush()
}

fn tell(what: impl std::fmt::Display) {
    // A closed standard error leaves nobody to tell.
    let _ = writeln!(io::stderr(), "{what}");
}
