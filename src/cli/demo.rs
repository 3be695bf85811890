//! `pacsgate demo`: a PACS, the gate before it, and requestors good and bad, on one machine.
//!
//! - `site`: throw-away certificates and a real configuration in a directory.
//! - `pacs`, `object`: the PACS behind, and what is stored in it.
//! - `play`, `trail`: what is tried, what is heard, and what the audit says of it.
//! - `commands`: what to paste afterwards.
//!
//! The gate is the daemon's own, started from files. Nothing listens but on loopback.

mod commands;
mod error;
mod object;
mod pacs;
mod play;
mod site;
mod trail;

use std::fmt;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::SystemTime;

use clap::Args;

use super::Exit;
use super::text::paragraph;
use super::trail::Line;
use crate::config;
use crate::inherited::Inherited;
use crate::server::{Server, StopSignals};
use error::DemoError;
use pacs::Pacs;
use play::{Scene, Seen, Stage, differences, scenes};
use site::Site;
use trail::Trail;

/// The arguments of `demo`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Demo {
    /// Only play the scenes: exit 0 if every answer was the expected one, 1 otherwise
    #[arg(long)]
    once: bool,
    /// Where the PACS puts what it is sent; without it, into memory
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

impl Demo {
    /// Plays on standard output; without `--once`, stays up until a signal comes.
    ///
    /// # Errors
    ///
    /// [`Exit::Failure`] where an answer was not the expected one, or where the play cannot be.
    pub async fn run(self) -> Result<(), Exit> {
        match self.perform().await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Exit::Failure),
            Err(error) => {
                // A closed standard error leaves nobody to tell.
                let _ = writeln!(io::stderr(), "{error}");
                Err(Exit::Failure)
            }
        }
    }

    /// True where every answer was the expected one.
    async fn perform(&self) -> Result<bool, DemoError> {
        // Before there is a directory to be left behind.
        let stop = StopSignals::new()?;
        let pacs = Pacs::start(self.folder.clone()).await.map_err(DemoError::Pacs)?;
        let site = Site::new(pacs.address())?;
        let done = self.before(&site, &pacs, stop).await;
        site.remove()?;
        done
    }

    /// Starts the gate before the PACS, and ends it whatever happens.
    async fn before(
        &self,
        site: &Site,
        pacs: &Pacs,
        mut stop: StopSignals,
    ) -> Result<bool, DemoError> {
        // The environment of whoever tries this belongs to another gate.
        let settings = config::load_with(&site.path("pacsgate.toml"), [], SystemTime::now());
        let server = Server::start(settings.map_err(DemoError::Configuration)?, Inherited::none())?;
        let done = self.on_stage(site, pacs, &server, &mut stop).await;
        server.stop(stop.wait()).await;
        done
    }

    async fn on_stage(
        &self,
        site: &Site,
        pacs: &Pacs,
        gate: &Server,
        stop: &mut StopSignals,
    ) -> Result<bool, DemoError> {
        let gate = gate.addresses().next().ok_or(DemoError::Name)?;
        let trail = Trail::follow(&site.path("audit.log")).map_err(DemoError::Audit)?;
        let mut stage = Stage::new(site, gate, pacs, trail)?;
        self.introduce(gate, pacs.address(), site);
        let failed = tokio::select! {
            failed = play(&mut stage) => failed?,
            // A play that was cut short has shown nothing.
            () = stop.wait() => return Ok(false),
        };
        conclude(failed);
        if !self.once {
            offer(site, gate);
            tokio::select! {
                error = watch(&mut stage.trail) => return Err(DemoError::Audit(error)),
                () = stop.wait() => {}
            }
        }
        Ok(failed == 0)
    }

    fn introduce(&self, gate: SocketAddr, pacs: SocketAddr, site: &Site) {
        say("gate", format_args!("{gate}, TLS; its audit: {}", site.path("audit.log").display()));
        match &self.folder {
            Some(folder) => {
                say(
                    "PACS",
                    format_args!("{pacs}, trusts anybody; stores into {}", folder.display()),
                );
            }
            None => say("PACS", format_args!("{pacs}, trusts anybody; stores into memory")),
        }
    }
}

/// Plays every scene; returns how many did not go as expected.
async fn play(stage: &mut Stage<'_>) -> Result<usize, DemoError> {
    let mut failed = 0;
    for (number, scene) in (1..).zip(scenes()) {
        let seen = stage.play(&scene).await?;
        let differences = differences(&scene.expected, &seen);
        failed += usize::from(!differences.is_empty());
        tell(number, &scene, &seen, &differences);
    }
    Ok(failed)
}

/// Tells what others try, until the audit cannot be read.
async fn watch(trail: &mut Trail) -> io::Error {
    loop {
        match trail.next_end().await {
            Ok(line) => follow(&line),
            Err(error) => return error,
        }
    }
}

fn tell(number: usize, scene: &Scene, seen: &Seen, differences: &[String]) {
    blank();
    paragraph(&mut io::stdout(), &format!("{number}."), 4, scene.what);
    say("answer", &seen.told);
    say(
        "PACS",
        match seen.connections {
            0 => "heard nothing of it".to_owned(),
            1 => "one connection".to_owned(),
            many => format!("{many} connections"),
        },
    );
    why(&seen.line);
    for difference in differences {
        say("WRONG", difference);
    }
}

/// The audit's reason and advice.
fn why(line: &Line) {
    let reason = line.reason.as_deref().unwrap_or("none");
    match &line.detail {
        Some(detail) if detail != reason => say("reason", format_args!("{reason}: {detail}")),
        _ => say("reason", reason),
    }
    if let Some(advice) = &line.advice {
        say("advice", advice);
    }
}

fn conclude(failed: usize) {
    blank();
    match failed {
        0 => say("", "Every answer was the expected one."),
        failed => say("", format_args!("{failed} answers were not the expected ones: see WRONG.")),
    }
}

fn offer(site: &Site, gate: SocketAddr) {
    blank();
    paragraph(&mut io::stdout(), "", 0, "Now you: paste these into another terminal.");
    for (what, command) in commands::commands(site, gate) {
        // A closed standard output leaves nobody to tell.
        let _ = writeln!(io::stdout(), "\n# {what}\n{command}");
    }
    blank();
    paragraph(&mut io::stdout(), "", 0, "What the gate makes of them appears here; Ctrl-C ends.");
}

/// What somebody else has tried.
fn follow(line: &Line) {
    blank();
    paragraph(&mut io::stdout(), "*", 4, headline(line));
    if let Some(wire) = &line.wire {
        say("answer", wire);
    }
    why(line);
}

/// How it ended, and who called whom, as far as it came to that.
fn headline(line: &Line) -> String {
    if line.calling.is_none() && line.called.is_none() {
        return format!("{}: a connection without a request", line.event);
    }
    let title = |title: &Option<String>| title.clone().unwrap_or_else(|| "?".to_owned());
    format!("{}: {} calls {}", line.event, title(&line.calling), title(&line.called))
}

fn say(label: &str, text: impl fmt::Display) {
    paragraph(&mut io::stdout(), &format!("    {label}"), 12, text);
}

fn blank() {
    let _ = writeln!(io::stdout());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_who_called_whom_where_there_was_a_request() {
        let mut line = Line { event: "failed".to_owned(), ..Line::default() };
        assert_eq!(headline(&line), "failed: a connection without a request");
        line.calling = Some("CT1".to_owned());
        line.called = Some("PACS".to_owned());
        assert_eq!(headline(&line), "failed: CT1 calls PACS");
    }
}
