//! Figures, and the tables that show them.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::thread;
use std::time::Duration;

/// Measured values of one quantity.
#[derive(Clone, Default)]
pub(crate) struct Figures(Vec<f64>);

impl Figures {
    pub(crate) fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    pub(crate) fn extend(&mut self, others: &Self) {
        self.0.extend(&others.0);
    }

    pub(crate) fn median(&self) -> f64 {
        self.percentile(50)
    }

    /// The smallest value that `percent` of all do not exceed; 0 without any value.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let sorted = self.sorted();
        let index = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
        sorted.get(index).copied().unwrap_or_default()
    }

    /// Each value divided by the one of the same round in `other`.
    pub(crate) fn ratio(&self, other: &Self) -> Self {
        self.0.iter().zip(&other.0).map(|(own, other)| own / other).collect()
    }

    /// The mean of several, round by round.
    pub(crate) fn mean(all: &[&Self]) -> Self {
        let rounds = all.iter().map(|figures| figures.0.len()).min().unwrap_or_default();
        let values = |round| all.iter().filter_map(move |figures| figures.0.get(round));
        (0..rounds).map(|round| values(round).sum::<f64>() / all.len() as f64).collect()
    }

    /// `median [min–max]`.
    pub(crate) fn show(&self, decimals: usize) -> String {
        let sorted = self.sorted();
        let (Some(low), Some(high)) = (sorted.first(), sorted.last()) else {
            return String::from("-");
        };
        format!("{:.decimals$} [{low:.decimals$}–{high:.decimals$}]", self.median())
    }

    fn sorted(&self) -> Vec<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted
    }
}

impl FromIterator<f64> for Figures {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

/// Microseconds of a duration.
pub(crate) fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// A Markdown table with one row for each proxy or case.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(columns: &[&str]) -> Self {
        Self { rows: vec![columns.iter().map(|&column| column.to_owned()).collect()] }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Prints the table below a title and a sentence that says what was done.
    pub(crate) fn print(&self, title: &str, told: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "\n### {title}\n\n{told}\n")?;
        let widths = self.widths();
        for (number, row) in self.rows.iter().enumerate() {
            writeln!(out, "| {} |", padded(row, &widths).join(" | "))?;
            if number == 0 {
                let rule: Vec<_> = widths.iter().map(|&width| "-".repeat(width)).collect();
                writeln!(out, "|-{}-|", rule.join("-|-"))?;
            }
        }
        out.flush()
    }

    fn widths(&self) -> Vec<usize> {
        let columns = self.rows.first().map_or(0, Vec::len);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
        };
        (0..columns).map(width).collect()
    }
}

fn padded(row: &[String], widths: &[usize]) -> Vec<String> {
    row.iter().zip(widths).map(|(cell, &width)| format!("{cell:width$}")).collect()
}

/// Prints what machine this is: no figure means anything without it.
pub(crate) fn heading() -> io::Result<()> {
    let cpus = fs::read_to_string("/proc/cpuinfo")?;
    let model = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown CPU", |rest| rest.trim_start_matches([' ', '\t', ':']));
    let cores = thread::available_parallelism()?;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    writeln!(
        io::stdout(),
        "{model}, {cores} cores, Linux {}, pacsgate {}. Each figure: median [min–max].",
        kernel.trim(),
        env!("CARGO_PKG_VERSION"),
    )?;
    // glibc's way to copy memory alone moves the figures by a fifth on some machines.
    match env::var("GLIBC_TUNABLES") {
        Ok(tunables) => writeln!(io::stdout(), "GLIBC_TUNABLES={tunables}"),
        Err(_) => Ok(()),
    }
}

/// Says on stderr what is being done; tables take a while.
pub(crate) fn progress(what: &str) {
    let _ = writeln!(io::stderr(), "  {what}");
}
