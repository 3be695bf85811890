//! The command line, and the amounts that follow from it.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// What is measured, and how much of it.
#[derive(Parser)]
#[command(name = "compare", about = "pacsgate beside blind TLS proxies")]
pub(crate) struct Options {
    /// What to measure.
    #[arg(value_enum, default_values_t = [Part::All])]
    parts: Vec<Part>,
    /// How often each proxy is measured in turn; figures are medians. Memory and delays, which
    /// vary less, are measured a quarter as often.
    #[arg(long, default_value_t = 12)]
    rounds: usize,
    /// Small amounts: shows that everything works, the figures mean little.
    #[arg(long)]
    pub(crate) short: bool,
    /// Idle associations held at once.
    #[arg(long, default_value_t = 1_000)]
    idle: usize,
    /// Stalled handshakes, and as many stalled requests.
    #[arg(long, default_value_t = 500)]
    stalled: usize,
    /// Another build of pacsgate, which is measured beside this one, and nothing else but in
    /// the parts `beside` and `calls`.
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
    /// C-ECHO beside 64 associations that store.
    Beside,
    /// System calls for each C-ECHO, small C-STORE and association.
    Calls,
    /// Everything.
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
    pub(crate) const EACH: [Self; 11] = [
        Self::Stream,
        Self::Edge,
        Self::Churn,
        Self::Idle,
        Self::Stall,
        Self::Memory,
        Self::Strangers,
        Self::Crowd,
        Self::Guesses,
        Self::Beside,
        Self::Calls,
    ];
}

impl Options {
    pub(crate) fn wants(&self, part: Part) -> bool {
        self.parts.contains(&part) || self.parts.contains(&Part::All)
    }

    /// The part that is wanted alone.
    pub(crate) fn only(&self) -> Option<Part> {
        if let [part] = *self.parts.as_slice() { Some(part) } else { None }
    }

    pub(crate) fn rounds(&self) -> usize {
        if self.short { 1 } else { self.rounds.max(1) }
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
