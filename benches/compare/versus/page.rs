//! The figures in Markdown, and where they go.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::time::SystemTime;

use super::peer::Peer;
use super::plot;
use super::results::Results;
use crate::options::Options;
use crate::report;

const PAGE: &str = "performance.md";
const PICTURE: &str = "performance.svg";
/// Between these stands what a run writes.
const BEGIN: &str = "<!-- figures of a run: begin -->\n";
const END: &str = "<!-- figures of a run: end -->";
/// Fewer rounds show little on a machine whose speed drifts.
const ENOUGH_ROUNDS: usize = 8;

/// Prints the figures, or writes them into the folder that `--write` names.
pub(crate) fn publish(results: &Results, options: &Options) -> io::Result<()> {
    let preface = preface(results, options)?;
    let Some(folder) = &options.write else {
        return write!(io::stdout().lock(), "\n{preface}\n{}", results.tables());
    };
    let picture = format!("![The figures as bars]({PICTURE})");
    let part = format!("{BEGIN}\n{preface}\n{picture}\n\n{}{END}", results.tables());
    replace(&folder.join(PAGE), &part)?;
    fs::write(folder.join(PICTURE), plot::draw(results, &report::machine()?))
}

fn preface(results: &Results, options: &Options) -> io::Result<String> {
    let rounds = options.rounds_of_versus();
    let mut said = String::new();
    if options.short {
        said +=
            "**A short run: it shows that everything works, and its figures mean nothing.**\n\n";
    } else if rounds < ENOUGH_ROUNDS {
        said += &format!("**Of {rounds} rounds only, and so of little weight.**\n\n");
    }
    let date = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let date = date.split('T').next().unwrap_or_default();
    let is_copy = |peer: &Peer| matches!(peer, Peer::BestCopy | Peer::PlainCopy);
    let named = results.peers.iter().filter(|peer| !is_copy(peer));
    let named = named.map(|peer| peer.name_and_version()).collect::<io::Result<Vec<_>>>()?;
    said += &format!(
        "{date}, on {}; {}. Rounds: {rounds}. Each figure is the median of all rounds, with \
         the least and the most in brackets; ratios are taken round by round.\n",
        report::machine()?,
        named.join(", ")
    );
    let left_out = results.left_out.iter();
    let left_out = left_out.map(|(peer, package)| format!("{} ({package})", peer.name()));
    let left_out = left_out.collect::<Vec<_>>().join(", ");
    if !left_out.is_empty() {
        said += &format!("\n**Left out, for the package is not installed: {left_out}.**\n");
    }
    Ok(said)
}

/// Makes sure that there is a place for the figures, before they are measured.
pub(crate) fn find_place(options: &Options) -> io::Result<()> {
    let Some(folder) = &options.write else { return Ok(()) };
    around_figures(&folder.join(PAGE)).map(|_| ())
}

/// Puts `part` in the place of what stands between the marks.
fn replace(file: &Path, part: &str) -> io::Result<()> {
    let (before, after) = around_figures(file)?;
    fs::write(file, format!("{before}{part}{after}"))
}

/// What stands before and after the marks.
fn around_figures(file: &Path) -> io::Result<(String, String)> {
    let unread = |error| io::Error::other(format!("{}: {error}", file.display()));
    let text = fs::read_to_string(file).map_err(unread)?;
    let around = text.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before.to_owned(), after.to_owned()))
    });
    let missing = || io::Error::other(format!("{} has no place for figures", file.display()));
    around.ok_or_else(missing)
}
