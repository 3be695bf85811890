//! `init`: from a package that was installed to a gate that waits for its first device.

mod answers;
mod authority;
mod configuration;
mod fault;
mod folder;
mod pacs;

use std::io::{self, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use pacsgate_core::certificate::{Matcher, NameFault};
use pacsgate_core::wire::title::AeTitle;

use self::answers::{Answers, Needed};
use self::configuration::Main;
use self::fault::Fault;
use self::folder::{Folder, Piece};
use super::Exit;
use super::explain::tell;
use super::text::paragraph;
use crate::config::Address;

/// Where the gate's files are.
const DIR: &str = "/etc/pacsgate";
/// Where the CA is, which only root may enter: not below the gate's folder, whose files the gate reads.
const CA: &str = "/etc/pacsgate-ca";

/// The arguments of `init`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Init {
    /// The PACS's address and DICOM port, such as 10.10.0.5:104. Left out: asked for
    #[arg(long, value_name = "HOST:PORT")]
    pacs: Option<Address>,
    /// The PACS's AE title, by which devices call it. Left out: asked for
    #[arg(long, value_name = "AE")]
    title: Option<AeTitle>,
    /// A name of the gate, by which devices connect to it; may be given several times. Left out: asked
    /// for
    #[arg(long = "name", value_name = "NAME", value_parser = dns_name)]
    names: Vec<String>,
    /// An address of the gate, for devices that connect by it and compare it with the certificate; may be
    /// given several times. Left out: those of this machine
    #[arg(long = "ip", value_name = "ADDRESS")]
    ips: Vec<IpAddr>,
    /// The port for devices with TLS
    #[arg(long, value_name = "PORT", default_value_t = 2762, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    /// The folder of the gate's files
    #[arg(long, value_name = "DIR", default_value = DIR)]
    dir: PathBuf,
    /// The folder of the CA, which is made if there is none
    #[arg(long, value_name = "DIR", default_value = CA)]
    ca: PathBuf,
    /// Read the passphrase of the CA's key from the first line of this file; `-` is the standard input.
    /// Left out: asked for
    #[arg(long, value_name = "FILE", conflicts_with = "no_passphrase")]
    passphrase_file: Option<PathBuf>,
    /// Leave a new CA's key without a passphrase
    #[arg(long)]
    no_passphrase: bool,
    /// Make no CA, as it is on another machine: the certificates (PEM) by which devices are known
    #[arg(long, value_name = "FILE", conflicts_with_all = ["ca", "passphrase_file", "no_passphrase"])]
    client_ca: Option<PathBuf>,
    /// The revocation list of that CA
    #[arg(long, value_name = "FILE", requires = "client_ca")]
    client_crl: Option<PathBuf>,
}

fn dns_name(text: &str) -> Result<String, NameFault> {
    Matcher::san_dns(text).map(|_| text.to_ascii_lowercase())
}

impl Init {
    /// Makes what is missing, and says what is there, what was made, and what to do next.
    ///
    /// # Errors
    ///
    /// Something could not be made, and standard error says what, and what to do. What was made before is
    /// whole, and the next `init` goes on from there.
    pub async fn run(self) -> Result<(), Exit> {
        self.make().await.map_err(|fault| {
            tell(&fault);
            if matches!(fault, Fault::Unasked(_)) { Exit::Usage } else { Exit::Failure }
        })
    }

    async fn make(&self) -> Result<(), Fault> {
        let folder = Folder::of(&self.dir)?;
        let main = Main::read(&folder.path(configuration::FILE))?;
        let servers = authority::missing_servers(&folder, main.as_ref())?;
        let needed =
            Needed { pacs: main.is_none(), name: !servers.is_empty() && self.client_ca.is_none() };
        let answers = self.answers(needed)?;
        let mut papers = self.papers(&servers).await?;
        folder.make()?;
        papers.hand_out(&folder, main.as_ref())?;
        self.serve(&folder, &mut papers, &servers, &answers)?;
        let asked = match (&main, &answers.pacs) {
            (None, Some(pacs)) => {
                let text = configuration::text(pacs, self.port, papers.has_list());
                folder.put(configuration::FILE, text.as_bytes())?;
                vec![pacs.clone()]
            }
            (main, _) => {
                Piece::There.tell(&folder.path(configuration::FILE));
                self.unused(main.is_some());
                main.as_ref().map(|main| main.pacs.clone()).unwrap_or_default()
            }
        };
        for pacs in &asked {
            pacs::ask(pacs).await;
        }
        self.next(main.is_some_and(|main| main.has_peers));
        Ok(())
    }

    /// What was given for a file that is there.
    fn unused(&self, is_there: bool) {
        if is_there && (self.pacs.is_some() || self.title.is_some()) {
            say(
                "",
                "--pacs and --title were not used: the file names a PACS already. Change it there.",
            );
        }
    }

    /// What is left to be done.
    fn next(&self, has_peers: bool) {
        let usual = self.dir == Path::new(DIR);
        let start = match usual {
            true => "systemctl enable --now pacsgate".to_owned(),
            false => format!("pacsgate run --config {}", self.dir.join("pacsgate.toml").display()),
        };
        let issue = (!has_peers).then(|| {
            (self.issue(), "gives the first device its certificate, and its table in conf.d")
        });
        let steps = issue.into_iter().chain([(start, "starts the gate")]);
        let mut out = io::stdout();
        // A closed standard output leaves nobody to tell; the exit code still does.
        let _ = writeln!(out, "\nNext:");
        for (command, what) in steps {
            let _ = writeln!(out, "  {command}");
            say("", what);
        }
        let _ = writeln!(
            out,
            "Then move the devices over, one at a time, and at last close the PACS to all"
        );
        let _ = writeln!(out, "but the gate (docs/firewall.md): until then nothing is protected.");
    }

    /// The command for the first device.
    fn issue(&self) -> String {
        let mut command = "pacsgate ca issue ct1 --title CT1".to_owned();
        if self.client_ca.is_some() {
            command.push_str(" --no-gate    (where the CA is; copy its table here)");
            return command;
        }
        if self.ca != Path::new(CA) {
            command.push_str(&format!(" --ca {}", self.ca.display()));
        }
        if self.dir != Path::new(DIR) {
            command.push_str(&format!(" --gate {}/pacsgate.toml", self.dir.display()));
        }
        command
    }

    fn answers(&self, needed: Needed) -> Result<Answers, Fault> {
        let given = Answers {
            pacs: None,
            names: self.names.clone(),
            ips: match self.ips.as_slice() {
                [] => answers::own_addresses(),
                given => given.to_vec(),
            },
        };
        given.complete(needed, self.pacs.clone(), self.title)
    }
}

const INDENT: usize = 8;

fn say(label: &str, text: impl std::fmt::Display) {
    paragraph(&mut io::stdout(), label, INDENT, text);
}
