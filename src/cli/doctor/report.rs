//! The report: a summary at the top, then what was found, the worst first.

use std::io::{self, Write};

use serde::Serialize;

use super::finding::{Finding, Severity};
use crate::cli::Exit;
use crate::cli::text::{counted, paragraph};

const INDENT: usize = 11;

/// The document of `--json`; its fields are explained in the help.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) date: String,
    pub(super) version: &'static str,
    /// The addresses of this machine.
    pub(super) from: Vec<String>,
    pub(super) at_gate: bool,
    pub(super) touched: Vec<String>,
    pub(super) worst: Severity,
    pub(super) summary: String,
    pub(super) open: usize,
    pub(super) closed: usize,
    /// What was not tried, and why.
    pub(super) not_tried: Vec<String>,
    pub(super) findings: Vec<Finding>,
}

impl Report {
    /// Sorts what was found, and sums it up.
    pub(super) fn conclude(&mut self) {
        self.findings.sort_by(|one, other| {
            let of = |it: &Finding| (std::cmp::Reverse(it.severity), it.place.clone(), it.code);
            of(one).cmp(&of(other))
        });
        self.worst = self.findings.iter().map(|it| it.severity).max().unwrap_or(Severity::Good);
        let verdict = match self.worst {
            Severity::Critical => "Patient data is open to strangers. Act today.",
            Severity::High => "The perimeter has holes. Mend them this week.",
            Severity::Medium => "No open door was found, but there is something to mend.",
            Severity::Low => "Nothing serious was found.",
            Severity::Good => "Nothing was found that has to be mended.",
        };
        let count = |severity| self.findings.iter().filter(|it| it.severity == severity).count();
        let counts = Severity::ALL.map(|it| format!("{} {it}", count(it))).join(", ");
        self.summary = format!(
            "{verdict} {counts}. {}, {} closed or silent.",
            counted(self.open, "open port"),
            self.closed
        );
    }

    /// The exit code by the worst.
    pub(super) const fn exit(&self) -> Result<(), Exit> {
        match self.worst {
            Severity::Good | Severity::Low => Ok(()),
            Severity::Medium => Err(Exit::Medium),
            Severity::High => Err(Exit::High),
            Severity::Critical => Err(Exit::Critical),
        }
    }

    /// # Errors
    ///
    /// The system's.
    pub(super) fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, self)?;
        writeln!(out)?;
        out.flush()
    }

    /// # Errors
    ///
    /// The system's.
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "\nSecurity report on the DICOM perimeter")?;
        writeln!(out, "======================================")?;
        paragraph(out, "Date", INDENT, &self.date);
        paragraph(out, "From", INDENT, self.from());
        paragraph(out, "By", INDENT, format_args!("pacsgate {} doctor", self.version));
        paragraph(out, "Summary", INDENT, &self.summary);
        for what in &self.not_tried {
            paragraph(out, "Not tried", INDENT, what);
        }
        for finding in &self.findings {
            write_one(finding, out)?;
        }
        out.flush()
    }

    fn from(&self) -> String {
        let place =
            if self.at_gate { "the gate's machine" } else { "a machine that is not the gate" };
        format!("{place}, with {}", self.from.join(", "))
    }
}

fn write_one(finding: &Finding, out: &mut impl Write) -> io::Result<()> {
    let Finding { severity, place, title, meaning, remedy, evidence, .. } = finding;
    writeln!(out)?;
    paragraph(out, &severity.name().to_uppercase(), INDENT, format_args!("{title} ({place})"));
    let lines = [
        ("  means", meaning.as_str()),
        ("  do", remedy),
        ("  seen", evidence.as_deref().unwrap_or_default()),
    ];
    for (label, text) in lines.into_iter().filter(|(_, text)| !text.is_empty()) {
        paragraph(out, label, INDENT, text);
    }
    Ok(())
}
