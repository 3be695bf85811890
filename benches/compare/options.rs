//! The command line, and the amounts that follow from it.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, ValueEnum};

use crate::versus::load::Load;
use crate::versus::peer::Peer;

/// What is measured, and how much of it.
#[derive(Parser)]
#[command(name = "compare", about = "pacsgate beside blind TLS proxies")]
pub(crate) struct Options {
    /// What to measure.
    #[arg(value_enum, default_values_t = [Part::All])]
    parts: Vec<Part>,
    /// How often each proxy is measured in turn, 12 times by default, and 8 times in `versus`; figures
    /// are medians. Memory and delays, which vary less, are measured a quarter as often.
    #[arg(long)]
    rounds: Option<usize>,
    /// Small amounts: shows that everything works, the figures mean little.
    #[arg(long)]
    pub(crate) short: bool,
    /// The proxies of `versus`, separated by commas; otherwise all that are installed.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Peer::EACH)]
    pub(crate) proxies: Vec<Peer>,
    /// The loads of `versus`, separated by commas; otherwise all.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Load::EACH)]
    pub(crate) loads: Vec<Load>,
    /// Of `versus`, only the cases with this in their name.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) only: String,
    /// Write the figures of `versus` into performance.md in this folder, between its marks, and draw
    /// performance.svg beside it; otherwise the figures are printed.
    #[arg(long, value_name = "FOLDER", num_args = 0..=1, default_missing_value = DOCS)]
    pub(crate) write: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) faults: Faults,
    /// Idle associations held at once.
    #[arg(long, default_value_t = 1_000)]
    idle: usize,
    /// Stalled handshakes, and as many stalled requests.
    #[arg(long, default_value_t = 500)]
    stalled: usize,
    /// Another build of pacsgate, which is measured beside this one, and nothing else.
    #[arg(long, value_name = "FILE")]
    pub(crate) other: Option<PathBuf>,
    /// Where certificates, configuration and audit are kept; otherwise in a directory that is
    /// removed.
    #[arg(long)]
    pub(crate) directory: Option<PathBuf>,
    /// What this process is when the benchmark has started itself.
    #[arg(long, value_enum, hide = true)]
    pub(crate) role: Option<Role>,
    /// Where a blind copy connects to.
    #[arg(long, hide = true)]
    pub(crate) upstream: Option<SocketAddr>,
    /// Cargo passes this to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

/// Where `--write` writes if it is not told.
const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs");

/// What the sink does wrong, so that a test sees that a failure ends the run.
#[derive(Args, Clone, Copy)]
pub(crate) struct Faults {
    /// Which C-STORE the sink answers with status A700H, counted from 1.
    #[arg(long, hide = true, value_name = "N")]
    pub(crate) refuse_store: Option<u64>,
    /// Which association the sink rejects, counted from 1.
    #[arg(long, hide = true, value_name = "N")]
    pub(crate) reject_association: Option<u64>,
}

/// A part of the benchmark.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// CPU time for each GB of C-STORE and C-GET.
    Stream,
    /// CPU time for each GB of a gate at the edge and of the central gate behind it.
    Edge,
    /// CPU time for each association, and the round trip of C-ECHO.
    Churn,
    /// Resident memory of an idle association.
    Idle,
    /// A good peer's delay while others stall.
    Stall,
    /// Peak resident memory with large data sets and readers that stop.
    Memory,
    /// CPU time for what strangers do, beside an honest handshake.
    Strangers,
    /// A good peer's wait beside strangers who shake hands as fast as they can.
    Crowd,
    /// A good peer's delay beside another one that shows many passwords.
    Guesses,
    /// Cost with ever more peers, and ever more associations at once.
    Scale,
    /// System calls for each C-ECHO, small C-STORE and association.
    Calls,
    /// Heap allocations for each of these.
    Allocations,
    /// The proxies of other projects, too, under every load; no part of `all`.
    Versus,
    /// Everything but `versus`.
    All,
}

/// A process that the benchmark starts from its own executable.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// The PACS.
    Sink,
    /// The blind copy with small buffers.
    Plain,
    /// The blind copy with the best buffers.
    ReadAhead,
}

impl Part {
    pub(crate) const EACH: [Self; 12] = [
        Self::Stream,
        Self::Edge,
        Self::Churn,
        Self::Idle,
        Self::Stall,
        Self::Memory,
        Self::Strangers,
        Self::Crowd,
        Self::Guesses,
        Self::Scale,
        Self::Calls,
        Self::Allocations,
    ];
}

impl Options {
    /// Whether the proxies of other projects are measured.
    pub(crate) fn wants_versus(&self) -> bool {
        self.parts.contains(&Part::Versus)
    }

    pub(crate) fn wants(&self, part: Part) -> bool {
        self.parts.contains(&part) || self.parts.contains(&Part::All)
    }

    pub(crate) fn rounds(&self) -> usize {
        if self.short { 1 } else { self.rounds.unwrap_or(12).max(1) }
    }

    pub(crate) fn rounds_of_versus(&self) -> usize {
        if self.short { 1 } else { self.rounds.unwrap_or(8).max(1) }
    }

    pub(crate) fn fewer_rounds(&self) -> usize {
        self.rounds().div_ceil(4)
    }

    pub(crate) fn idle(&self) -> usize {
        if self.short { self.idle.min(100) } else { self.idle.max(1) }
    }

    pub(crate) fn stalled(&self) -> usize {
        if self.short { self.stalled.min(50) } else { self.stalled }
    }

    /// `full`, or a small part of it with `--short`.
    pub(crate) fn amount(&self, full: u64) -> u64 {
        if self.short { full.div_ceil(16) } else { full }
    }
}
