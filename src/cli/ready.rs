//! `ready`: whether new associations may come to the gate that runs on this machine. For whatever asks
//! by an exit code: Kubernetes, keepalived, a monitor.

use std::io::{self, Write};
use std::time::Duration;

use clap::Args;
use serde::Deserialize;

use super::endpoint::{self, NoPage, Page};
use super::exit::Exit;
use super::trail::harmless;
use crate::config::{self, Endpoint};

/// What the endpoint answers where all is well (RFC 9110, 15.3.1).
const OK: u16 = 200;
/// And where it is not.
const UNAVAILABLE: u16 = 503;

/// The arguments of `ready`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Ready {
    /// Where its admin endpoint answers, as in `admin.bind`: the path of a socket, or an address of
    /// loopback with its port
    #[arg(long, value_name = "SOCKET", default_value = endpoint::SOCKET)]
    #[arg(value_parser = endpoint::parse)]
    pub socket: Endpoint,
    /// Ask only whether the gate moves, as it does while it stops, or while its PACS is down: one that
    /// does not is to be restarted
    #[arg(long)]
    pub alive: bool,
    /// Ready, too, while no address of a PACS is alive: such a gate still tells each device so, which is
    /// more than nobody does where every gate has the same PACS
    #[arg(long, conflicts_with = "alive")]
    pub without_pacs: bool,
    /// How long the answer may take
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = patience)]
    pub timeout: Duration,
}

fn patience(text: &str) -> Result<Duration, String> {
    let range = Duration::from_millis(10)..=Duration::from_secs(60);
    config::duration(text, &range).map_err(|fault| fault.to_string())
}

/// What `/readyz` says.
#[derive(Deserialize)]
struct Readiness {
    ready: bool,
    configuration: String,
    version: String,
    draining: bool,
    #[serde(default)]
    targets: Vec<Target>,
}

/// A PACS.
#[derive(Deserialize)]
struct Target {
    pacs: String,
    /// Whether it is asked how it is.
    #[serde(default)]
    is_asked: bool,
    /// Which of its addresses is used; `None` where none is alive.
    in_use: Option<usize>,
}

impl Ready {
    /// Says on standard output what the gate says.
    ///
    /// # Errors
    ///
    /// Failure if it is not ready, or with `alive` does not move, or if nobody answers.
    pub async fn run(&self) -> Result<(), Exit> {
        let (is_good, told) = match self.ask().await {
            Ok(answer) => answer,
            Err(why) => {
                // A closed standard error leaves nobody to tell.
                let _ = writeln!(io::stderr(), "{why}");
                return Err(Exit::Failure);
            }
        };
        // Nor does a closed standard output: the exit code is what is asked for.
        let _ = writeln!(io::stdout(), "{told}");
        if is_good { Ok(()) } else { Err(Exit::Failure) }
    }

    async fn ask(&self) -> Result<(bool, String), NoPage> {
        let path = if self.alive { "/healthz" } else { "/readyz" };
        let page = Page::get(&self.socket, path, self.timeout).await?;
        let is_good = match page.status {
            OK => true,
            UNAVAILABLE => false,
            _ => return Err(NoPage::Foreign(self.socket.clone())),
        };
        if self.alive {
            return Ok((is_good, harmless(&page.text())));
        }
        let readiness: Readiness = page.read(&self.socket)?;
        let is_good = if self.without_pacs { !readiness.draining } else { is_good };
        Ok((is_good, harmless(&readiness.words())))
    }
}

impl Readiness {
    fn words(&self) -> String {
        let Self { configuration, version, .. } = self;
        let serves = format!("configuration {configuration}, pacsgate {version}");
        if self.ready {
            return format!("ready: {serves}");
        }
        let stops = self.draining.then(|| "it is stopping".to_owned());
        let down = self.targets.iter().filter(|target| target.is_asked && target.in_use.is_none());
        let down = down.map(|target| format!("no address of the PACS {} is alive", target.pacs));
        let why = stops.into_iter().chain(down).collect::<Vec<_>>().join("; ");
        format!("not ready: {why}; {serves}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(json: &str) -> String {
        serde_json::from_str::<Readiness>(json).unwrap().words()
    }

    #[test]
    fn says_why_it_is_not_ready() {
        let ready = r#"{"ready":true,"configuration":"ab","version":"1","draining":false}"#;
        assert_eq!(words(ready), "ready: configuration ab, pacsgate 1");
        let stops = r#"{"ready":false,"configuration":"ab","version":"1","draining":true}"#;
        assert_eq!(words(stops), "not ready: it is stopping; configuration ab, pacsgate 1");
        let down = r#"{"ready":false,"configuration":"ab","version":"1","draining":false,"targets":[
            {"pacs":"archive","is_asked":true,"in_use":null,"addresses":[]},
            {"pacs":"worklist","is_asked":true,"in_use":1},
            {"pacs":"printer","is_asked":false,"in_use":null}]}"#;
        let told =
            "not ready: no address of the PACS archive is alive; configuration ab, pacsgate 1";
        assert_eq!(words(down), told);
    }
}
