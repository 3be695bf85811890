//! `unknown`: the certificates of nobody that were refused lately, each with what lets its device in.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use clap::Args;
use pacsgate_core::wire::title::AeTitle;
use serde::Serialize;
use toml::Value;

use super::Exit;
use super::explain::{load, tell};
use super::files::CONFIG;
use super::text::{self, counted, paragraph};
use super::trail::{self, Line, Shown, harmless};
use crate::config;
use crate::drop_in;
use crate::host::words;
use crate::suggest::certificate::{OF_NOBODY, Recognition, VOUCHED_FOR};
use crate::x509::validity;

/// That are told apart, of those with a CA of the gate and of the others, which a stranger can make as
/// many of as it likes.
const MOST: usize = 1_000;
/// Titles and addresses of one of them.
const MOST_OF_ONE: usize = 5;
const INDENT: usize = 16;
/// The longest time that may be looked back.
const YEARS: Duration = Duration::from_secs(10 * 365 * 86_400);

/// The arguments of `unknown`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The main configuration file, which says where the audit is
    #[arg(short, long, value_name = "FILE", default_value = CONFIG)]
    pub config: PathBuf,
    /// The audit; `-` is the standard input. Left out: the file of the configuration, or what is piped
    /// in
    #[arg(long, value_name = "FILE")]
    pub audit: Option<PathBuf>,
    /// How far to look back
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = back)]
    pub since: Duration,
    /// Write one JSON object for programs instead of lines for people
    #[arg(long)]
    pub json: bool,
}

fn back(text: &str) -> Result<Duration, String> {
    config::duration(text, &(Duration::from_secs(1)..=YEARS)).map_err(|fault| fault.to_string())
}

/// What the audit has of one certificate.
#[derive(Serialize)]
struct Certificate {
    sha256: String,
    count: u64,
    last: String,
    reason: String,
    common_name: Option<String>,
    not_after: String,
    calling_ae: Vec<String>,
    called_ae: Vec<String>,
    sources: Vec<String>,
    /// The value of `certificate` of a peer that has it.
    certificate: String,
}

/// The document of `--json`; its fields are explained in the help.
#[derive(Default, Serialize)]
struct Report {
    certificates: Vec<Certificate>,
    /// How many more there were.
    more: u64,
}

impl Unknown {
    /// Lists them on standard output, the last seen first.
    ///
    /// # Errors
    ///
    /// Failure if there is no audit or it cannot be read, configuration if that does not load; what is
    /// wrong has been written to standard error.
    pub fn run(&self) -> Result<(), Exit> {
        let failure = |problem: &dyn std::fmt::Display| {
            tell(problem);
            Exit::Failure
        };
        let audit = match &self.audit {
            Some(path) => trail::open(Some(path), &config::Log::default().audit),
            None => trail::open(None, &load(&self.config)?.log.audit),
        };
        let audit = audit.map_err(|error| failure(&error))?;
        let since = SystemTime::now().checked_sub(self.since).unwrap_or(SystemTime::UNIX_EPOCH);
        let mut found = Found::since(&validity::date(validity::since_epoch(since)).to_string());
        trail::each(audit, |line: Line| found.take(&line))
            .map_err(|error| failure(&words(&error)))?;
        let report = found.report();
        let written = report.write(self.json, &mut io::stdout().lock());
        text::written(written).map_err(|error| failure(&words(&error)))
    }
}

/// Those that were found.
struct Found {
    /// As the audit writes times, which sort as texts.
    since: String,
    vouched_for: Kept,
    others: Kept,
}

/// Those that were seen last, by their digests.
#[derive(Default)]
struct Kept {
    certificates: BTreeMap<String, Certificate>,
    /// The lines of those for which there was no room.
    more: u64,
}

impl Found {
    fn since(since: &str) -> Self {
        Self { since: since.to_owned(), vouched_for: Kept::default(), others: Kept::default() }
    }

    fn take(&mut self, line: &Line) {
        let reason = line.reason();
        let is_of_nobody = OF_NOBODY.contains(&reason) && line.time >= self.since;
        let Some(shown) = line.certificate.as_ref().filter(|_| is_of_nobody) else { return };
        if config::sha256(&shown.sha256).is_err() {
            return;
        }
        if reason == VOUCHED_FOR {
            self.others.certificates.remove(&shown.sha256);
            self.vouched_for.take(shown, reason, line);
        } else {
            self.others.take(shown, reason, line);
        }
    }

    fn report(self) -> Report {
        let Self { vouched_for, others, .. } = self;
        let both = vouched_for.certificates.into_values().chain(others.certificates.into_values());
        let mut certificates: Vec<_> = both.collect();
        certificates.sort_by(|one, other| other.last.cmp(&one.last));
        Report { certificates, more: vouched_for.more + others.more }
    }
}

impl Kept {
    fn take(&mut self, shown: &Shown, reason: &str, line: &Line) {
        if !self.certificates.contains_key(&shown.sha256) && self.certificates.len() >= MOST {
            let oldest = self.certificates.values().min_by(|one, other| one.last.cmp(&other.last));
            let oldest = oldest.map(|oldest| oldest.sha256.clone());
            let gone = oldest.and_then(|oldest| self.certificates.remove(&oldest));
            self.more += gone.map_or(0, |gone| gone.count);
        }
        let certificate = self.certificates.entry(shown.sha256.clone());
        certificate.or_insert_with(|| Certificate::of(shown, reason)).again(line);
    }
}

impl Certificate {
    fn of(shown: &Shown, reason: &str) -> Self {
        Self {
            sha256: shown.sha256.clone(),
            count: 0,
            last: String::new(),
            reason: reason.to_owned(),
            common_name: shown.common_name.as_deref().map(harmless),
            not_after: harmless(&shown.not_after),
            calling_ae: Vec::new(),
            called_ae: Vec::new(),
            sources: Vec::new(),
            certificate: Recognition::of(shown, reason == VOUCHED_FOR).to_string(),
        }
    }

    fn again(&mut self, line: &Line) {
        self.count += 1;
        self.last = harmless(&line.time).max(std::mem::take(&mut self.last));
        add(&mut self.sources, Some(line.address()));
        add(&mut self.calling_ae, line.calling.as_deref());
        add(&mut self.called_ae, line.called.as_deref());
    }

    /// Something by which its table may be called.
    fn name(&self) -> String {
        drop_in::name(self.calling_ae.first().map(String::as_str).unwrap_or_default())
    }
}

fn add(list: &mut Vec<String>, text: Option<&str>) {
    let Some(text) = text.map(harmless).filter(|text| !text.is_empty()) else { return };
    if list.len() < MOST_OF_ONE && !list.contains(&text) {
        list.push(text);
    }
}

impl Report {
    fn write(&self, json: bool, out: &mut impl Write) -> io::Result<()> {
        if json {
            serde_json::to_writer(&mut *out, self)?;
            writeln!(out)?;
            return out.flush();
        }
        for certificate in &self.certificates {
            certificate.tell(out)?;
        }
        let count = counted(self.certificates.len(), "unknown certificate");
        match self.more {
            0 => writeln!(out, "{count}")?,
            more => writeln!(out, "{count}, and {more} more lines of others")?,
        }
        out.flush()
    }
}

impl Certificate {
    fn tell(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "{}", self.sha256)?;
        let times = if self.count == 1 { "once" } else { &format!("{} times", self.count) };
        let rows = [
            ("  refused", format!("{times}, last at {}, as {}", self.last, self.reason)),
            ("  common name", self.common_name.clone().unwrap_or_default()),
            ("  ends", self.not_after.clone()),
            ("  from", self.sources.join(", ")),
            ("  calling", self.calling_ae.join(", ")),
            ("  called", self.called_ae.join(", ")),
        ];
        for (label, text) in rows.into_iter().filter(|(_, text)| !text.is_empty()) {
            paragraph(out, label, INDENT, text);
        }
        let is_title = |title: &&String| title.parse::<AeTitle>().is_ok();
        let titles = self.calling_ae.iter().filter(is_title).cloned().map(Value::from).collect();
        writeln!(
            out,
            "  If you know the device and it may connect; its titles are what it claims itself:\n\n    \
             [peer.{}]\n    certificate = {}\n    calling_ae = {}\n    pacs = []\n    services \
             = []\n",
            self.name(),
            self.certificate,
            Value::Array(titles),
        )
    }
}
