//! `suggest`: the peers that the audit shows, as files that the gate reads.

mod report;
mod unused;

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, BufRead, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use clap::Args;

use super::Exit;
use super::explain::{load, tell};
use super::files::CONFIG;
use super::{text, trail};
use crate::config::{self, Settings};
use crate::drop_in;
use crate::host::words;
use crate::suggest::gathered::Gathered;
use crate::suggest::known::Known;
use crate::suggest::line::Line;
use report::Report;
use unused::Unused;

/// The longest time that may be looked back.
const YEARS: Duration = Duration::from_secs(10 * 365 * 86_400);

/// The arguments of `suggest`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Suggest {
    /// The audit, in one file or several; `-` is the standard input. Left out: the file of the
    /// configuration, or what is piped in
    #[arg(value_name = "FILE")]
    pub audit: Vec<PathBuf>,
    /// The main configuration file: what it permits is left out
    #[arg(short, long, value_name = "FILE", default_value = CONFIG)]
    pub config: PathBuf,
    /// Write a file for each new peer into this directory, where there must be none of these names; the
    /// rest is printed
    #[arg(long, value_name = "DIR", conflicts_with_all = ["json", "unused"])]
    pub write: Option<PathBuf>,
    /// How far to look back; left out: as far as the audit goes
    #[arg(long, value_name = "TIME", value_parser = back)]
    pub since: Option<Duration>,
    /// Instead, list what the peers of the configuration may do and did not in this time, such as 90d
    #[arg(long, value_name = "TIME", value_parser = back, conflicts_with = "since")]
    pub unused: Option<Duration>,
    /// Write one JSON object for programs instead of files for the gate
    #[arg(long)]
    pub json: bool,
}

fn back(text: &str) -> Result<Duration, String> {
    config::duration(text, &(Duration::from_secs(1)..=YEARS)).map_err(|fault| fault.to_string())
}

impl Suggest {
    /// Prints them, or writes them into a directory.
    ///
    /// # Errors
    ///
    /// Failure if there is no audit, it cannot be read, or a file cannot be written; configuration if
    /// that does not load; what is wrong has been written to standard error.
    pub fn run(&self) -> Result<(), Exit> {
        let settings = load(&self.config)?;
        let known = Known { peers: &settings.site.tables.peers, pacs: &settings.site.tables.pacs };
        let since = self.from();
        let gathered = self.gathered(since, &settings, &known)?;
        if self.unused.is_some() {
            let unused = Unused::of(&gathered, since, &known, &settings);
            let written = unused.write(self.json, &mut io::stdout().lock());
            return text::written(written).map_err(|error| failure(&words(&error)));
        }
        let report = Report::of(&gathered, &known, &settings);
        let mut out = io::stdout().lock();
        let written = if self.json {
            report.write_json(&mut out)
        } else {
            self.write_files(&report)?;
            report.write(self.write.as_deref(), &mut out)
        };
        let written = written.and_then(|()| out.flush());
        text::written(written).map_err(|error| failure(&words(&error)))
    }

    /// From when on lines count.
    fn from(&self) -> SystemTime {
        let back = self.unused.or(self.since);
        let since = back.and_then(|back| SystemTime::now().checked_sub(back));
        since.unwrap_or(SystemTime::UNIX_EPOCH)
    }

    fn gathered(
        &self,
        since: SystemTime,
        settings: &Settings,
        known: &Known<'_>,
    ) -> Result<Gathered, Exit> {
        let mut gathered = Gathered::between(since, SystemTime::now());
        let named = self.audit.iter().map(|path| Some(path.as_path()));
        let left_out = self.audit.is_empty().then_some(None);
        let mut read = BTreeSet::new();
        for path in named.chain(left_out) {
            // Read twice, everything in it would have happened twice.
            let id = path.and_then(file_id);
            if let (Some(path), Some(id)) = (path, id)
                && !read.insert(id)
            {
                tell(format_args!(
                    "{}: is read already, under this or another name",
                    path.display()
                ));
                continue;
            }
            let audit = trail::open(path, &settings.log.audit).map_err(|error| failure(&error))?;
            read_file(path, audit, &mut gathered, known)?;
        }
        Ok(gathered)
    }

    fn write_files(&self, report: &Report) -> Result<(), Exit> {
        let Some(folder) = &self.write else { return Ok(()) };
        let file = |peer: &drop_in::Peer| (format!("{}.toml", peer.name), peer.to_string());
        let files: Vec<_> = report.new.iter().map(|new| file(&new.table)).collect();
        drop_in::write_new(folder, &files).map_err(|error| failure(&error))
    }
}

/// Takes every line. A file in which there is none of an audit is another one than was meant.
fn read_file(
    path: Option<&Path>,
    audit: impl BufRead,
    gathered: &mut Gathered,
    known: &Known<'_>,
) -> Result<(), Exit> {
    let mut is_audit = false;
    let read = trail::each(audit, |line: Line| is_audit |= gathered.take(&line, known));
    let name = path.map_or_else(|| "the audit".to_owned(), |path| path.display().to_string());
    let foreign = read.map_err(|error| failure(&format_args!("{name}: {}", words(&error))))?;
    gathered.foreign = gathered.foreign.saturating_add(foreign);
    if foreign > 0 && !is_audit {
        return Err(failure(&format_args!(
            "{name}: has no line of an audit; a compressed one is read by zcat FILE | pacsgate suggest -"
        )));
    }
    Ok(())
}

/// Which file it is, whatever it is called; `None` for what is no file.
fn file_id(path: &Path) -> Option<(u64, u64)> {
    let metadata = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    Some((metadata.dev(), metadata.ino()))
}

fn failure(problem: &dyn std::fmt::Display) -> Exit {
    tell(problem);
    Exit::Failure
}
