//! `hash-password`: a line for the file of passwords.

use std::io::{self, IsTerminal, Write};

use clap::Args;

use super::Exit;
use super::typed::{Entry, EntryFault, twice};
use crate::host::words;
use crate::identity::password::{Cost, Hash, NameFault, name};

/// Shorter ones are guessed from a stolen file.
const SHORT: usize = 12;
const WHAT: &str = "password";

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
        let of = self.user.as_ref().map(|user| format!(" of {user}")).unwrap_or_default();
        let entry = if io::stdin().is_terminal() {
            twice(&format!("Password{of}: "), WHAT).await
        } else {
            Entry::read(io::stdin(), WHAT)
        };
        let line = entry.and_then(|entry| self.line(&entry)).map_err(|fault| {
            tell(&fault);
            Exit::Failure
        })?;
        writeln!(io::stdout(), "{line}").map_err(|error| {
            tell(&words(&error));
            Exit::Failure
        })
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

// A closed standard error leaves nobody to tell.

fn tell(text: &impl std::fmt::Display) {
    let _ = writeln!(io::stderr(), "{text}");
}
