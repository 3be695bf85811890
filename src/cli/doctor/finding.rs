//! What was found, how bad it is, and what to do.

use std::fmt;

use serde::Serialize;

/// How bad something is; the worst is the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Severity {
    /// As it should be.
    Good,
    /// Worth knowing.
    Low,
    /// To be mended in the next weeks.
    Medium,
    /// To be mended in days.
    High,
    /// Patient data is open now.
    Critical,
}

impl Severity {
    /// From the worst on.
    pub(super) const ALL: [Self; 5] =
        [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Good];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One line of the report. Text of a peer in it has been escaped.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Finding {
    pub(super) code: &'static str,
    pub(super) severity: Severity,
    /// The address, or the file.
    pub(super) place: String,
    pub(super) title: String,
    pub(super) meaning: String,
    pub(super) remedy: String,
    pub(super) evidence: Option<String>,
}

impl Finding {
    pub(super) fn new(
        severity: Severity,
        code: &'static str,
        place: impl fmt::Display,
        title: impl Into<String>,
    ) -> Self {
        let (meaning, remedy) = (String::new(), String::new());
        let (place, title) = (place.to_string(), title.into());
        Self { code, severity, place, title, meaning, remedy, evidence: None }
    }

    pub(super) fn means(mut self, meaning: impl Into<String>) -> Self {
        self.meaning = meaning.into();
        self
    }

    pub(super) fn cure(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = remedy.into();
        self
    }

    pub(super) fn shown(mut self, evidence: impl fmt::Display) -> Self {
        self.evidence = Some(evidence.to_string());
        self
    }

    /// The same as it is seen from a place that sees more than others do.
    pub(super) fn seen_from_the_gate(mut self) -> Self {
        if self.severity > Severity::Low {
            self.severity = Severity::Low;
            self.meaning.push_str(
                " Seen from the gate, which may reach more than others: how bad it is, only a machine in \
                 another network can tell.",
            );
        }
        self
    }
}
