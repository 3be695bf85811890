//! `init`: from a package that was installed to a gate that waits for its first device.
//!
//! - `arguments`, `answers`: what is given, and what is asked for.
//! - `authority`: what comes from the CA, which is made if there is none.
//! - `folder`: the gate's files, of which none that is there is touched; `configuration`: the main one.
//! - `pacs`: whether it answers; `told`: what is said of all that; `fault`: what is in the way.

mod answers;
mod arguments;
mod authority;
mod configuration;
mod fault;
mod folder;
mod pacs;
mod told;

use std::io::{self, Write};
use std::path::Path;

pub use self::arguments::Init;

use self::answers::{Answers, Needed};
use self::arguments::{CA, DIR};
use self::configuration::Main;
use self::fault::Fault;
use self::folder::Folder;
use self::told::{Piece, say};
use super::Exit;
use super::explain::tell;
use super::text::quoted;

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
        folder.judge(&authority::FILES)?;
        let main = Main::read(&folder.path(configuration::FILE))?;
        let servers = authority::missing_servers(&folder, main.as_ref())?;
        let needed =
            Needed { pacs: main.is_none(), name: !servers.is_empty() && self.client_ca.is_none() };
        let answers = self.answers(needed)?;
        let mut papers = self.papers(&servers).await?;
        folder.make()?;
        papers.hand_out(&folder, main.as_ref())?;
        self.serve(&folder, &mut papers, &servers, &answers)?;
        self.unused_names(servers.is_empty());
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

    /// What was given for certificates that are there.
    fn unused_names(&self, are_there: bool) {
        let is_given = !self.names.is_empty() || !self.ips.is_empty();
        if are_there && is_given {
            say(
                "",
                "--name and --ip were not used: the gate has its certificates already. `pacsgate ca server \
                 --dns NAME --replace` makes another, and once more with `--key ecdsa` the second one.",
            );
        }
    }

    /// What is left to be done.
    fn next(&self, has_peers: bool) {
        let usual = self.dir == Path::new(DIR);
        let start = match usual {
            true => "systemctl enable --now pacsgate".to_owned(),
            false => format!("pacsgate run --config {}", self.main()),
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
            command.push_str(&format!(" --ca {}", quoted(&self.ca.display().to_string())));
        }
        if self.dir != Path::new(DIR) {
            command.push_str(&format!(" --gate {}", self.main()));
        }
        command
    }

    /// The main file, for a shell.
    fn main(&self) -> String {
        quoted(&self.dir.join(configuration::FILE).display().to_string())
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
