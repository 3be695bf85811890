//! `pacsgate probe`: what a requestor meets, step by step, in words.

mod from_pacs;
mod plain;
mod steps;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use pacsgate_core::wire::title::AeTitle;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;

use self::steps::{Step, Titles, failed, note, refused_by, resolve, say};
use super::Exit;
use super::client::association::{self, Failure, VERIFICATION};
use super::client::dial;
use super::client::link::{Link, LinkError};
use super::client::tls::{self, Files};
use crate::config::{Address, UnitFault, duration};

/// The arguments of `probe`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(
    after_help = "Exit codes: 0 the C-ECHO succeeded, or with --from-pacs something may pass to a device; 1 otherwise; 64 wrong \
    arguments or files. With --plain: 0 no connection is possible; 1 TCP connects; 64 it could not be tried, as \
    the name has no address, or this machine no route."
)]
pub struct Probe {
    /// Where to connect: the gate, or with --plain the PACS itself
    #[arg(value_name = "HOST:PORT")]
    target: Address,
    /// Show that HOST:PORT, the PACS itself, cannot be reached from here
    #[arg(long, conflicts_with_all = ["certificate", "key", "ca", "name", "without_tls", "from_pacs"])]
    plain: bool,
    /// Speak to a listener without TLS, as a device without TLS does
    #[arg(long, conflicts_with_all = ["certificate", "key", "ca", "name"])]
    without_tls: bool,
    /// Play the PACS at an outward listener: ask for all that a PACS sends a device, and store nothing
    #[arg(long)]
    from_pacs: bool,
    /// The calling AE title
    #[arg(long, value_name = "TITLE", required_unless_present = "plain", value_parser = title)]
    calling: Option<AeTitle>,
    /// The called AE title
    #[arg(long, value_name = "TITLE", required_unless_present = "plain", value_parser = title)]
    called: Option<AeTitle>,
    /// The client certificate with its chain, leaf first (PEM)
    #[arg(long, value_name = "FILE", required_unless_present_any = ["plain", "without_tls"])]
    certificate: Option<PathBuf>,
    /// The client certificate's key (PEM, without a passphrase)
    #[arg(long, value_name = "FILE", required_unless_present_any = ["plain", "without_tls"])]
    key: Option<PathBuf>,
    /// The CAs that the server's certificate must come from (PEM)
    #[arg(long, value_name = "FILE", required_unless_present_any = ["plain", "without_tls"])]
    ca: Option<PathBuf>,
    /// The name in the server's certificate, where it is not HOST
    #[arg(long, value_name = "NAME", value_parser = server_name)]
    name: Option<ServerName<'static>>,
    /// How long each step may take
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = patience)]
    timeout: Duration,
}

fn title(text: &str) -> Result<AeTitle, String> {
    AeTitle::parse(text.as_bytes()).map_err(|error| format!("the title {error}"))
}

fn server_name(text: &str) -> Result<ServerName<'static>, String> {
    ServerName::try_from(text.to_owned()).map_err(|error| error.to_string())
}

/// Between these two a person still waits, and a network may still answer.
fn patience(text: &str) -> Result<Duration, UnitFault> {
    duration(text, &(Duration::from_millis(10)..=Duration::from_secs(600)))
}

impl Probe {
    /// Probes, and says on standard output what it met.
    ///
    /// # Errors
    ///
    /// [`Exit::Failure`] where it did not go as it should, [`Exit::Usage`] where the files given
    /// cannot serve.
    pub async fn run(self) -> Result<(), Exit> {
        if self.plain {
            return plain::run(
                &self.target,
                &self.titles("PACSGATE-PROBE", "ANY-SCP"),
                self.timeout,
            )
            .await;
        }
        if self.without_tls {
            let socket = self.dial().await?;
            return self.ask(socket.local_addr().ok(), socket).await;
        }
        let tls = tls::config(&self.files()).map_err(|error| {
            // A closed standard error leaves nobody to tell.
            let _ = writeln!(io::stderr(), "{error}");
            Exit::Usage
        })?;
        let name = self.server_name()?;
        let socket = self.dial().await?;
        let from = socket.local_addr().ok();
        let stream = match tls::handshake(tls, name.clone(), socket, self.timeout).await {
            Ok(stream) => stream,
            Err(trouble) => return Err(failed(Step::Tls, trouble)),
        };
        let version = stream.get_ref().1.protocol_version();
        let version = if version == Some(rustls::ProtocolVersion::TLSv1_2) { "1.2" } else { "1.3" };
        let name = name.to_str();
        say(Step::Tls, format_args!("TLS {version}, the server proved its identity as {name}"));
        self.ask(from, stream).await
    }

    /// What a requestor asks for, over whatever carries it.
    async fn ask<S>(&self, from: Option<SocketAddr>, stream: S) -> Result<(), Exit>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    {
        let mut link = Link::new(stream, self.timeout);
        let asked = if self.from_pacs {
            from_pacs::run(&mut link, &self.titles("", "")).await
        } else {
            self.echo(&mut link).await
        };
        if let (Err(_), Some(from)) = (&asked, from) {
            note(format_args!("The reason is in the gate's audit, at the source {from}."));
        }
        asked
    }

    fn files(&self) -> Files<'_> {
        Files {
            ca: self.ca.as_deref().unwrap_or(Path::new("")),
            identity: self.certificate.as_deref().zip(self.key.as_deref()),
        }
    }

    fn titles(&self, calling: &str, called: &str) -> Titles {
        let or = |title: Option<AeTitle>, usual: &str| {
            title.map_or_else(|| usual.to_owned(), |title| title.as_str().to_owned())
        };
        Titles { calling: or(self.calling, calling), called: or(self.called, called) }
    }

    fn server_name(&self) -> Result<ServerName<'static>, Exit> {
        match &self.name {
            Some(name) => Ok(name.clone()),
            None => server_name(&self.target.host).map_err(|error| failed(Step::Name, error)),
        }
    }

    async fn dial(&self) -> Result<TcpStream, Exit> {
        let addresses = resolve(&self.target, self.timeout).await?;
        for address in addresses {
            match dial::connect(address, self.timeout).await {
                Ok(socket) => {
                    say(Step::Tcp, format_args!("connected to {address}"));
                    return Ok(socket);
                }
                Err(error) => refused_by(address, &error),
            }
        }
        Err(Exit::Failure)
    }

    async fn echo<S>(&self, link: &mut Link<S>) -> Result<(), Exit>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    {
        let Titles { calling, called } = self.titles("", "");
        let request = association::request(&calling, &called, VERIFICATION);
        let request = request.map_err(|error| failed(Step::Association, error))?;
        association::open(link, &request).await.map_err(|failure| {
            // TLS 1.3 tells of a refused certificate only now.
            let of_tls = matches!(failure, Failure::Link(LinkError::Tls(_)));
            failed(if of_tls { Step::Tls } else { Step::Association }, failure)
        })?;
        say(Step::Association, format_args!("accepted: {calling} may call {called}"));
        association::echo(link).await.map_err(|failure| failed(Step::Echo, failure))?;
        say(Step::Echo, "status 0000H, success");
        association::release(link).await.map_err(|failure| failed(Step::Release, failure))?;
        say(Step::Release, "done");
        Ok(())
    }
}
