//! `check`: all that `run` would say of a configuration, without serving.

mod against;

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

pub use against::{Against, Unasked};

use crate::cli::text::counted;
use crate::cli::{Check, Exit};
use crate::config::{Errors, Finding, Loaded, Location, Settings};

/// Writes what was found as the arguments ask for it.
///
/// The result is [`Exit::Success`] for a good configuration, which has no errors and, with
/// `strict`, no warnings and ends no association of the gate that it was held `against`, and
/// [`Exit::Configuration`] for a bad one.
///
/// # Errors
///
/// What kept the findings from being written.
pub fn report(
    check: &Check,
    loaded: &Result<Settings, Errors>,
    against: Option<&Against>,
    out: &mut impl Write,
) -> io::Result<Exit> {
    let report = Report::new(loaded, against, check.strict);
    if check.json {
        serde_json::to_writer(&mut *out, &report)?;
        writeln!(out)?;
    } else {
        report.write(check.path(), out)?;
    }
    out.flush()?;
    Ok(if report.good { Exit::Success } else { Exit::Configuration })
}

/// The document of `--json`; its fields are explained in the help.
#[derive(Serialize)]
struct Report<'a> {
    good: bool,
    strict: bool,
    findings: Vec<Line<'a>>,
    loaded: Option<Count>,
    running: Option<&'a Against>,
}

#[derive(Serialize)]
struct Line<'a> {
    severity: Severity,
    #[serde(flatten)]
    place: PlaceOf<'a>,
    key: Option<&'a str>,
    message: &'a str,
    /// The line as `run` writes it.
    #[serde(skip)]
    text: String,
}

/// Where it stands, with null for what the place does not have.
#[derive(Default, Serialize)]
struct PlaceOf<'a> {
    file: Option<Cow<'a, str>>,
    line: Option<usize>,
    column: Option<usize>,
    variable: Option<&'a str>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Severity {
    Error,
    Warning,
}

#[derive(Serialize)]
struct Count {
    listeners: usize,
    pacs: usize,
    peers: usize,
    configuration_files: usize,
    other_files: usize,
}

impl<'a> Report<'a> {
    fn new(
        loaded: &'a Result<Settings, Errors>,
        running: Option<&'a Against>,
        strict: bool,
    ) -> Self {
        let unwise = Severity::of_what_is_unwise(strict);
        let (mut findings, warnings) = match loaded {
            Ok(settings) => (Vec::new(), settings.warnings.as_slice()),
            Err(errors) => {
                (errors.iter().map(|one| line(Severity::Error, one)).collect(), errors.warnings())
            }
        };
        findings.extend(warnings.iter().map(|one| line(unwise, one)));
        let ends_none = running.is_none_or(|running| running.ends.is_empty());
        let good = findings.iter().all(|line: &Line<'_>| line.severity == Severity::Warning);
        let good = good && (ends_none || !strict);
        Self { good, strict, findings, loaded: loaded.as_ref().ok().map(Count::of), running }
    }

    fn write(&self, path: &Path, out: &mut impl Write) -> io::Result<()> {
        for Line { severity, text, .. } in &self.findings {
            writeln!(out, "{}: {text}", severity.name())?;
        }
        let told = self.of_running();
        for (severity, text) in &told {
            writeln!(out, "{}: {text}", severity.name())?;
        }
        if let Some(running) = self.running {
            writeln!(out, "{}", running.sum())?;
        }
        let all = self.findings.len() + told.len();
        let severities = self.findings.iter().map(|line| line.severity);
        let severities = severities.chain(told.iter().map(|(severity, _)| *severity));
        let errors = severities.filter(|severity| *severity == Severity::Error).count();
        let (errors, warnings) =
            (counted(errors, "error"), counted(all.saturating_sub(errors), "warning"));
        match &self.loaded {
            Some(count) if all == 0 => writeln!(out, "good: {}: {count}", path.display()),
            Some(count) if self.good => {
                writeln!(out, "good, with {warnings}: {}: {count}", path.display())
            }
            _ => writeln!(out, "bad: {}: {errors}, {warnings}", path.display()),
        }
    }
}

impl Report<'_> {
    /// What is to be told of the running gate. That a device's certificate ends soon is never an
    /// error: among many devices one always does, and no reload changes it.
    fn of_running(&self) -> Vec<(Severity, String)> {
        let Some(Against { ends, certificates, .. }) = self.running else { return Vec::new() };
        let unwise = Severity::of_what_is_unwise(self.strict);
        let ends = ends.iter().map(|end| (unwise, end.text()));
        let ending = certificates.iter().map(|one| (Severity::Warning, one.message.clone()));
        ends.chain(ending).collect()
    }
}

fn line(severity: Severity, finding: &Finding) -> Line<'_> {
    let Finding { location, key, what } = finding;
    let place = match location {
        Location::Text { file, line, column } => {
            PlaceOf { line: Some(*line), column: Some(*column), ..PlaceOf::file(file) }
        }
        Location::File(file) => PlaceOf::file(file),
        Location::Variable(name) => PlaceOf { variable: Some(name), ..PlaceOf::default() },
    };
    let key = Some(key.as_str()).filter(|key| !key.is_empty());
    Line { severity, place, key, message: what, text: finding.to_string() }
}

impl<'a> PlaceOf<'a> {
    fn file(file: &'a Path) -> Self {
        Self { file: Some(file.to_string_lossy()), ..Self::default() }
    }
}

impl Severity {
    const fn of_what_is_unwise(strict: bool) -> Self {
        if strict { Self::Error } else { Self::Warning }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

impl Count {
    fn of(settings: &Settings) -> Self {
        let Loaded { peers, files, named } = settings.loaded;
        Self {
            listeners: settings.listeners.len(),
            pacs: settings.site.targets.len(),
            peers,
            configuration_files: files,
            other_files: named,
        }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, {} PACS, {}, from {} and {} of certificates, keys and revocation lists",
            counted(self.listeners, "listener"),
            self.pacs,
            counted(self.peers, "peer"),
            counted(self.configuration_files, "configuration file"),
            counted(self.other_files, "file"),
        )
    }
}
