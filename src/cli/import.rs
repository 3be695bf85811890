//! `import`: a list of devices that another program keeps, as drop-in files.

use std::io::{self, Read as _, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use pacsgate_core::wire::title::AeTitle;
use serde::Serialize;

use super::Exit;
use super::explain::{load, tell};
use super::text::counted;
use crate::config::Settings;
use crate::drop_in;
use crate::host::{regular, words};
use crate::import::{self, Fault, Finding, Format, Found, Known, Table, plain};

/// The arguments of `import`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The list; `-` is the standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// What it is. Left out: what it looks like
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// A folder, which exists, for a file NAME.toml of each device. Left out: all tables go to the
    /// standard output
    #[arg(long, value_name = "DIR")]
    pub write: Option<PathBuf>,
    /// The PACS that the devices may reach, by the name of its table. Left out: the only one of --config,
    /// or a gap
    #[arg(long, value_name = "NAME", value_parser = table_name)]
    pub pacs: Option<String>,
    /// A configuration whose peers the names and titles are compared with
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Write one JSON object for programs instead of lines for people
    #[arg(long)]
    pub json: bool,
}

fn table_name(text: &str) -> Result<String, String> {
    let is_usual =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
    let is_name = !text.is_empty() && text.bytes().all(is_usual);
    is_name.then(|| text.to_owned()).ok_or_else(|| "is no name of a table: [a-z0-9_-]".to_owned())
}

/// The document of `--json`; its fields are explained in the help.
#[derive(Serialize)]
struct Report<'a> {
    good: bool,
    format: Option<Format>,
    problems: Vec<Finding>,
    findings: &'a [Finding],
    devices: Vec<Device<'a>>,
}

#[derive(Serialize)]
struct Device<'a> {
    name: &'a str,
    line: usize,
    titles: Vec<&'a str>,
    host: Option<String>,
    port: Option<u16>,
    services: &'a [&'static str],
    gaps: &'a [&'static str],
    toml: String,
    file: Option<PathBuf>,
}

impl Import {
    /// Reads the list, and writes the tables of its devices: to the standard output or into new files.
    /// What is worth a look goes to standard error.
    ///
    /// # Errors
    ///
    /// Failure if the list cannot be read, has a mistake, or a file is there already: then nothing is
    /// written; usage for a PACS that the configuration does not have; configuration if that does not
    /// load. What is wrong has been written to standard error.
    pub fn run(&self) -> Result<(), Exit> {
        let settings = self.config.as_deref().map(load).transpose()?;
        let pacs = self.pacs(settings.as_ref())?;
        let bytes = self.bytes().map_err(|error| {
            tell(format_args!("{}: {}", self.source(), words(&error)));
            Exit::Failure
        })?;
        let known = settings.as_ref().map(known).unwrap_or_default();
        let (format, found) = import::read(&bytes, self.format, &known);
        let good = found.faults.is_empty();
        let devices = if good { &*found.devices } else { &[] };
        let tables = import::tables(devices, &known, pacs.as_deref(), &self.source());
        if let Some(folder) = self.write.as_deref().filter(|_| good) {
            written(folder, &tables)?;
        }
        let told = if self.json {
            self.report(format, &found, &tables)
        } else {
            self.lines(&found, &tables)
        };
        told.map_err(|error| {
            tell(words(&error));
            Exit::Failure
        })?;
        if good { Ok(()) } else { Err(Exit::Failure) }
    }

    /// What the file is called, for people.
    fn source(&self) -> String {
        if self.file == Path::new("-") {
            return "standard input".to_owned();
        }
        plain(&self.file.display().to_string())
    }

    fn bytes(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        // One more than is taken shows that there is more.
        let most = import::LARGEST + 1;
        if self.file == Path::new("-") {
            io::stdin().lock().take(most).read_to_end(&mut bytes)?;
        } else {
            regular(&self.file)?.take(most).read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    }

    fn pacs(&self, settings: Option<&Settings>) -> Result<Option<String>, Exit> {
        let Some(settings) = settings else { return Ok(self.pacs.clone()) };
        let mut names: Vec<&str> = settings.site.targets.keys().map(|name| &**name).collect();
        names.sort_unstable();
        match (&self.pacs, names.as_slice()) {
            (Some(name), names) if !names.contains(&name.as_str()) => {
                tell(format_args!("--pacs {name}: the configuration has {}", names.join(", ")));
                Err(Exit::Usage)
            }
            (Some(name), _) => Ok(Some(name.clone())),
            (None, [only]) => Ok(Some((*only).to_owned())),
            (None, _) => Ok(None),
        }
    }

    /// The tables on standard output, or where they were written; all else on standard error.
    fn lines(&self, found: &Found, tables: &[Table]) -> io::Result<()> {
        let source = self.source();
        for Fault { place, problem } in &found.faults {
            tell(format_args!("error: {source}:{}:{}: {problem}", place.line, place.column));
        }
        for Finding { place, message } in &found.findings {
            tell(format_args!("look at: {source}:{}:{}: {message}", place.line, place.column));
        }
        if !found.faults.is_empty() {
            tell("nothing was written");
            return Ok(());
        }
        let mut out = io::stdout().lock();
        for (at, table) in tables.iter().enumerate() {
            match &self.write {
                Some(folder) => writeln!(out, "{}", folder.join(file(table)).display())?,
                None if at > 0 => write!(out, "\n{}", table.peer)?,
                None => write!(out, "{}", table.peer)?,
            }
        }
        out.flush()?;
        let gaps: usize = tables.iter().map(|table| table.gaps.len()).sum();
        let devices = counted(tables.len(), "device");
        let gaps = counted(gaps, "gap");
        tell(format_args!("{devices}, {gaps} to fill in: look for GAP"));
        Ok(())
    }

    fn report(&self, format: Option<Format>, found: &Found, tables: &[Table]) -> io::Result<()> {
        let problem =
            |fault: &Fault| Finding { place: fault.place, message: fault.problem.to_string() };
        let devices = found.devices.iter().zip(tables).map(|(device, table)| Device {
            name: &table.peer.name,
            line: device.place.line,
            titles: device.titles.iter().map(AeTitle::as_str).collect(),
            host: device.host.as_ref().map(ToString::to_string),
            port: device.port,
            services: &device.services,
            gaps: &table.gaps,
            toml: table.peer.to_string(),
            file: self.write.as_ref().map(|folder| folder.join(file(table))),
        });
        let report = Report {
            good: found.faults.is_empty(),
            format,
            problems: found.faults.iter().map(problem).collect(),
            findings: &found.findings,
            devices: devices.collect(),
        };
        let mut out = io::stdout().lock();
        serde_json::to_writer(&mut out, &report)?;
        writeln!(out)?;
        out.flush()
    }
}

/// The peers that there are.
fn known(settings: &Settings) -> Known {
    let peers = settings.site.tables.peers_at.keys().map(ToString::to_string).collect();
    let titles = settings.site.policy.titles().map(|(title, peer)| (title, peer.to_owned()));
    Known { peers, titles: titles.collect() }
}

fn file(table: &Table) -> String {
    format!("{}.toml", table.peer.name)
}

fn written(folder: &Path, tables: &[Table]) -> Result<(), Exit> {
    let files: Vec<_> = tables.iter().map(|table| (file(table), table.peer.to_string())).collect();
    drop_in::write_new(folder, &files).map_err(|error| {
        tell(error);
        Exit::Failure
    })
}
