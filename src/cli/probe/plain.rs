//! `probe --plain`: can the PACS be reached around the gate?

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;

use super::steps::{Step, Titles, failed, note, resolve, say};
use crate::cli::Exit;
use crate::cli::client::association::{self, Failure, VERIFICATION};
use crate::cli::client::dial::{self, Shown};
use crate::cli::client::link::{Link, LinkError};
use crate::config::Address;

/// Tries every address of the host. Success is that none of them lets us in, and that it is
/// the network that says so.
pub(super) async fn run(target: &Address, titles: &Titles, patience: Duration) -> Result<(), Exit> {
    let mut open = None;
    let mut shown = Vec::new();
    let addresses = resolve(target, patience).await.map_err(|_told| Exit::Usage)?;
    for address in addresses {
        match dial::connect(address, patience).await {
            Ok(socket) => open = open.or(Some((address, socket))),
            Err(error) => {
                let shows = error.shows();
                say(Step::Tcp, format_args!("{shows}: {address}: {error}"));
                shown.push(shows);
            }
        }
    }
    if let Some((address, socket)) = open {
        return Err(is_open(address, socket, titles, patience).await);
    }
    if let Some(warning) = in_vain(&shown) {
        note(format_args!("Warning: {warning}."));
        return Err(Exit::Usage);
    }
    note(format_args!("Good: {target} cannot be reached from here."));
    note("A wrong address or port looks the same: on the gate, this command must find it open.");
    Ok(())
}

/// Why the attempts show nothing, if so. A second address without a route, as one of IPv6 often
/// is, does not matter.
fn in_vain(shown: &[Shown]) -> Option<&'static str> {
    if shown.contains(&Shown::Nothing) {
        return Some("not every address could be tried, so this shows nothing");
    }
    let is_closed = shown.contains(&Shown::Closed);
    (!is_closed).then_some(
        "this machine has no route there, so no firewall was asked and this shows nothing; run it \
         on a machine in a modality's network",
    )
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
        // A plain listener of the gate answers whom it does not know as a PACS may.
        Ok(()) | Err(_) => {
            "If this is the PACS, close this port to every network but the gate's: as it is, the gate \
             protects nothing. If it is a plain listener of the gate, close it to all but its devices, or its \
             PACS, and give the address of the PACS here."
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

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::cli::client::dial::Unconnected;

    #[test]
    fn is_content_only_where_the_network_has_answered() {
        use Shown::{Closed, NoRoute, Nothing};
        let kinds = [
            (io::ErrorKind::ConnectionRefused, Closed),
            (io::ErrorKind::HostUnreachable, Closed),
            (io::ErrorKind::NetworkUnreachable, NoRoute),
            (io::ErrorKind::PermissionDenied, Nothing),
        ];
        for (kind, shown) in kinds {
            assert_eq!(Unconnected::Failed(kind.into()).shows(), shown);
        }
        assert_eq!(Unconnected::TimedOut.shows(), Closed);
        assert_eq!((in_vain(&[Closed]), in_vain(&[NoRoute, Closed])), (None, None));
        assert!(in_vain(&[NoRoute]).is_some_and(|told| told.contains("no route")));
        assert!(in_vain(&[Closed, Nothing]).is_some());
    }
}
