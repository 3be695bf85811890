//! `probe --plain`: can the PACS be reached around the gate?

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;

use super::steps::{Step, Titles, failed, note, refused_by, resolve, say};
use crate::cli::Exit;
use crate::cli::client::association::{self, Failure, VERIFICATION};
use crate::cli::client::dial;
use crate::cli::client::link::{Link, LinkError};
use crate::config::Address;

/// Tries every address of the host. Success is that none of them lets us in, and that it is
/// the network that says so.
pub(super) async fn run(target: &Address, titles: &Titles, patience: Duration) -> Result<(), Exit> {
    let mut open = None;
    let mut untried = false;
    for address in resolve(target, patience).await? {
        match dial::connect(address, patience).await {
            Ok(socket) => open = open.or(Some((address, socket))),
            Err(error) => {
                untried |= !error.is_the_networks();
                refused_by(address, &error);
            }
        }
    }
    if let Some((address, socket)) = open {
        return Err(is_open(address, socket, titles, patience).await);
    }
    if untried {
        return Err(failed(Step::Tcp, "not every address could be tried: this shows nothing"));
    }
    note(format_args!("Good: {target} cannot be reached from here."));
    note("A wrong address or port looks the same: on the gate, this command must find it open.");
    Ok(())
}

async fn is_open(
    address: SocketAddr,
    socket: TcpStream,
    titles: &Titles,
    patience: Duration,
) -> Exit {
    let exit = failed(Step::Tcp, format_args!("{address} is open from here"));
    let answer = ask(socket, titles, patience).await;
    say(Step::Association, in_words(&answer));
    note(match answer {
        Err(Failure::Link(LinkError::WantsTls)) => {
            "If this is the gate, all is well there: give the address of the PACS instead."
        }
        Ok(()) | Err(_) => {
            "Close this port to every network but the gate's: as it is, the gate protects nothing."
        }
    });
    exit
}

/// Whether an association without TLS is accepted.
async fn ask(
    socket: TcpStream,
    Titles { calling, called }: &Titles,
    patience: Duration,
) -> Result<(), Failure> {
    let mut link = Link::new(socket, patience);
    association::open(&mut link, &association::request(calling, called, VERIFICATION)?).await?;
    // In good order, for the log of the PACS; how it answers changes nothing.
    let _ = association::release(&mut link).await;
    Ok(())
}

fn in_words(answer: &Result<(), Failure>) -> String {
    match answer {
        Ok(()) => "ACCEPTED without TLS or certificate: anybody is let in".to_owned(),
        Err(failure @ (Failure::Rejected(_) | Failure::Aborted(_))) => {
            format!("DICOM is spoken there: {failure}")
        }
        Err(Failure::Link(LinkError::TimedOut)) => {
            "no answer to an association request in time; the port is open still".to_owned()
        }
        Err(failure) => format!("no association: {failure}"),
    }
}
