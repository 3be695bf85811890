//! Whether the PACS answers the gate's machine.

use std::time::Duration;

use pacsgate_core::wire::reject::Reject;

use super::configuration::Pacs;
use super::told::say;
use crate::cli::client::association::{self, Failure, VERIFICATION};
use crate::cli::client::dial;
use crate::cli::client::link::{Link, LinkError};

const PATIENCE: Duration = Duration::from_secs(5);
/// What the gate calls itself here; devices have titles of their own.
const CALLING: &str = "PACSGATE";

/// Tries a C-ECHO, and says what came of it. A PACS that does not answer yet keeps nobody from going on.
pub(super) async fn ask(pacs: &Pacs) {
    let Pacs { address, title } = pacs;
    let heading = |text: &str| say("PACS", format_args!("{address}, {title}: {text}"));
    match echo(pacs).await {
        Ok(()) => heading("answers C-ECHO."),
        Err(Trouble::Answered(why)) => heading(&why),
        Err(Trouble::Silent(why, cure)) => {
            heading(&format!("NO ANSWER: {why}."));
            say("", cure);
            say(
                "",
                "All else is done. Once the PACS answers, try it through the gate with `pacsgate probe`.",
            );
        }
    }
}

enum Trouble {
    /// It is there, and that is what matters.
    Answered(String),
    /// Why it seems not to be, and what to do.
    Silent(String, &'static str),
}

const NAME: &str = "Correct its address in pacsgate.toml, or the name server.";
const PORT: &str = "Is it running, is this its DICOM port, and does its firewall let this machine in? The \
    address is in pacsgate.toml.";
const TITLE: &str = "Correct `called_ae` in pacsgate.toml: it is the PACS's AE title, in capitals or not \
    as the PACS has it. Or let the PACS accept associations from this machine.";
const TLS: &str = "It speaks TLS at this port: give its other one, or a table [pacs.archive.tls] \
    (docs/configuration.md).";

async fn echo(pacs: &Pacs) -> Result<(), Trouble> {
    let silent = |why: &dyn ToString, cure| Trouble::Silent(why.to_string(), cure);
    let addresses = dial::resolve(&pacs.address, PATIENCE).await;
    let addresses = addresses.map_err(|error| silent(&error, NAME))?;
    let mut last = None;
    for address in addresses {
        match dial::connect(address, PATIENCE).await {
            Ok(socket) => return ask_over(Link::new(socket, PATIENCE), &pacs.title).await,
            Err(error) => last = Some(error),
        }
    }
    let why = last.map(|error| error.to_string()).unwrap_or_default();
    Err(Trouble::Silent(why, PORT))
}

async fn ask_over(mut link: Link<tokio::net::TcpStream>, title: &str) -> Result<(), Trouble> {
    let request = association::request(CALLING, title, VERIFICATION);
    let request = request.map_err(|error| Trouble::Silent(error.to_string(), TITLE))?;
    association::open(&mut link, &request).await.map_err(|failure| of_association(&failure))?;
    let echoed = association::echo(&mut link).await;
    // In good order, for its log; how it answers changes nothing.
    let _ = association::release(&mut link).await;
    echoed.map_err(|failure| Trouble::Answered(format!("accepts associations; C-ECHO: {failure}.")))
}

fn of_association(failure: &Failure) -> Trouble {
    match failure {
        Failure::Rejected(Reject::CALLING_TITLE) => Trouble::Answered(format!(
            "answers. It accepts only titles that it knows, and {CALLING} is none of them: nothing to \
             do, as the gate passes on the titles of the devices."
        )),
        Failure::ContextRefused(_) => {
            Trouble::Answered("accepts associations, though no C-ECHO.".to_owned())
        }
        Failure::Link(LinkError::WantsTls) => {
            Trouble::Silent("TLS is spoken there".to_owned(), TLS)
        }
        Failure::Rejected(_) => Trouble::Silent(failure.to_string(), TITLE),
        Failure::Link(_) | Failure::Aborted(_) | Failure::Status(_) | Failure::Unexpected => {
            Trouble::Silent(failure.to_string(), PORT)
        }
    }
}
