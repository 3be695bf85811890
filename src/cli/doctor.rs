//! `doctor`: attacks one's own perimeter as journalists and scanners did, and writes a report.
//!
//! - `scope`: which addresses and `ports` are touched, and no others.
//! - `attack`: what a stranger meets there; `door` opens a port, `dicom` and `count` speak DICOM,
//!   `transport`, `hello` and `certificate` TLS, `web` and `tap` HTTP; `judgement` puts it into words.
//! - `machine` and `service`: from the gate's side, its configuration and its machine.
//! - `finding`, `report`: what it comes to.

mod attack;
mod certificate;
mod count;
mod dicom;
mod door;
mod finding;
mod hello;
mod judgement;
mod machine;
mod ports;
mod report;
mod scope;
mod service;
mod tap;
mod transport;
mod web;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use clap::Args;
use pacsgate_core::wire::title::AeTitle;

use self::attack::{Manner, Outcome};
use self::finding::{Finding, Severity};
use self::report::Report;
use self::scope::{Given, Scope};
use super::Exit;
use super::explain::tell;
use super::files::CONFIG;
use crate::config::{self, Errors, Settings, UnitFault, duration};
use crate::host::{self, Service, words};
use crate::version::VERSION;
use crate::x509::validity;

/// The arguments of `doctor`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Doctor {
    /// Further addresses of your own to be tried, such as those of the PACS seen from outside
    #[arg(value_name = "HOST[:PORT]")]
    addresses: Vec<Given>,
    /// The main configuration file, which says where the PACS and the gate are. Left out:
    /// /etc/pacsgate/pacsgate.toml where that exists
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A called AE title to be tried besides those of the configuration and the usual ones
    #[arg(long, value_name = "TITLE", value_parser = title)]
    title: Vec<AeTitle>,
    /// Ports to be tried at every address instead of the usual ones
    #[arg(long, value_name = "PORT", value_delimiter = ',', conflicts_with = "named_ports")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    ports: Vec<u16>,
    /// Try the ports only that the configuration and the addresses name
    #[arg(long)]
    named_ports: bool,
    /// This machine is not the gate, although it has a configuration: what is reachable from here is
    /// reachable for others
    #[arg(long)]
    elsewhere: bool,
    /// Say what would be touched, and end
    #[arg(long)]
    dry_run: bool,
    /// How long each step may take
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = patience)]
    timeout: Duration,
    /// Write one JSON object for programs instead of a report for people
    #[arg(long)]
    json: bool,
}

fn title(text: &str) -> Result<AeTitle, String> {
    AeTitle::parse(text.as_bytes()).map_err(|error| format!("the title {error}"))
}

/// Between these two a network answers, and the whole run stays bearable.
fn patience(text: &str) -> Result<Duration, UnitFault> {
    duration(text, &(Duration::from_millis(10)..=Duration::from_secs(60)))
}

/// A configuration, or why it is none.
struct Loaded {
    path: PathBuf,
    settings: Result<Settings, Errors>,
}

impl Doctor {
    /// Says what it is going to touch, does so, and reports on standard output.
    ///
    /// # Errors
    ///
    /// The exit code of the worst that was found; [`Exit::Failure`] if nothing could be tried,
    /// [`Exit::Usage`] without addresses, and [`Exit::Configuration`] if those of the configuration
    /// cannot be known.
    pub async fn run(self) -> Result<(), Exit> {
        let loaded = self.load()?;
        let settings = loaded.as_ref().and_then(|it| it.settings.as_ref().ok());
        let scope = self.scope(settings).await;
        self.announce(&scope);
        if self.dry_run {
            return Ok(());
        }
        let is_at_gate = settings.is_some_and(|it| !self.elsewhere && machine::is_gate(it));
        if scope.is_empty() {
            tell("no address could be tried");
            return Err(Exit::Failure);
        }
        let titles = dicom::titles(&self.titles(settings));
        let manner = Manner { titles, patience: self.timeout, is_at_gate };
        let mut outcome = attack::all(&scope, &manner).await;
        if let Some(Loaded { path, settings }) = &loaded {
            outcome.findings.extend(machine::of_configuration(path, settings));
        }
        if let Some(settings) = settings.filter(|_| is_at_gate) {
            outcome.findings.extend(service::examine(settings).await);
            outcome.findings.push(elsewhere());
        }
        let report = report(&scope, outcome, is_at_gate);
        let written = self.write(&report);
        written.map_err(|error| {
            tell(words(&error));
            Exit::Failure
        })?;
        report.exit()
    }

    /// The configuration, if there is one: its mistakes are findings, unless nothing else is left to
    /// be tried.
    fn load(&self) -> Result<Option<Loaded>, Exit> {
        let usual = Path::new(CONFIG);
        let path = match &self.config {
            Some(path) => path.clone(),
            None if usual.exists() => usual.to_owned(),
            None if self.addresses.is_empty() => {
                tell(format_args!(
                    "there is no {CONFIG}; give --config FILE, or addresses of your own"
                ));
                return Err(Exit::Usage);
            }
            None => return Ok(None),
        };
        let now = SystemTime::now();
        let settings = if self.elsewhere {
            config::load(&path, now)
        } else {
            config::check(&path, now, Service::of(None).unwrap_or_default())
        };
        match &settings {
            Err(errors) if self.addresses.is_empty() => {
                errors.iter().for_each(tell);
                Err(Exit::Configuration)
            }
            Err(_) | Ok(_) => Ok(Some(Loaded { path, settings })),
        }
    }

    async fn scope(&self, settings: Option<&Settings>) -> Scope {
        let mut scope = Scope::default();
        if let Some(settings) = settings {
            scope.add_configured(settings, self.timeout).await;
        }
        scope.add_given(&self.addresses, self.timeout).await;
        if !self.ports.is_empty() {
            scope.add_ports(&self.ports);
        } else if !self.named_ports {
            scope.add_ports(&ports::usual());
        }
        scope
    }

    fn titles(&self, settings: Option<&Settings>) -> Vec<String> {
        let given = self.title.iter().map(|title| title.as_str().to_owned());
        let known = settings.into_iter().flat_map(|it| it.site.policy.called_titles());
        given.chain(known.map(|title| title.as_str().to_owned())).collect()
    }

    /// Before anything is touched. With `--json` it is on standard error.
    fn announce(&self, scope: &Scope) {
        let mut lines = vec!["These addresses and ports are tried, and no others:".to_owned()];
        lines.extend(scope.touched().into_iter().map(|line| format!("  {line}")));
        lines.extend(scope.left_out.iter().map(|line| format!("  not tried: {line}")));
        lines.push("Patient data is neither asked for nor shown.".to_owned());
        for line in lines {
            // A closed output leaves nobody to tell.
            let _ = if self.json {
                writeln!(io::stderr(), "{line}")
            } else {
                writeln!(io::stdout(), "{}", wrapped(&line))
            };
        }
    }

    fn write(&self, report: &Report) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.json { report.write_json(&mut out) } else { report.write(&mut out) }
    }
}

/// A list of ports over the lines that it takes.
fn wrapped(line: &str) -> String {
    let mut out = Vec::new();
    super::text::paragraph(&mut out, "", if line.starts_with(' ') { 4 } else { 0 }, line);
    String::from_utf8_lossy(&out).trim_end().to_owned()
}

fn report(scope: &Scope, outcome: Outcome, at_gate: bool) -> Report {
    let date = validity::date(validity::since_epoch(SystemTime::now())).to_string();
    let unreached = outcome.unreached.iter().map(|(at, why)| format!("{at}: {why}"));
    let mut report = Report {
        date,
        version: VERSION,
        from: host::addresses().iter().map(ToString::to_string).collect(),
        at_gate,
        touched: scope.touched(),
        worst: Severity::Good,
        summary: String::new(),
        open: outcome.open,
        closed: outcome.closed,
        not_tried: scope.left_out.iter().cloned().chain(unreached).collect(),
        findings: outcome.findings,
    };
    report.conclude();
    report
}

/// What the gate cannot see.
fn elsewhere() -> Finding {
    Finding::new(Severity::Low, "seen-from-gate", "this machine", "The perimeter was tried from the gate only")
        .means("The gate may reach what others must not. That a stranger cannot reach the PACS is shown elsewhere.")
        .cure(
            "Run `pacsgate doctor --elsewhere`, with the addresses of the PACS and of the gate, on a machine in a \
             modality's network, and on one outside.",
        )
}
