//! pacsgate beside blind TLS proxies, each one a process of its own before the same sink.
//!
//! `cargo bench --bench compare -- [stream|edge|churn|idle|stall|memory|strangers|crowd|guesses|scale|calls|allocations|all] [--rounds N] [--short]`
//! `cargo bench --bench compare -- versus [--rounds N] [--short] [--write]`
//! `cargo bench --bench compare -- --other FILE [--rounds N] [--short]`
//!
//! What is measured is the proxy's process alone: its CPU time and resident memory are read from
//! `/proc`. Rounds go through the proxies in turn, because figures of one machine drift by more
//! than the proxies differ: only ratios within one run count. Nothing here asserts a time; the
//! exit code tells whether everything worked.

mod allocations;
mod association;
mod at_once;
mod blind;
mod builds;
mod calls;
mod churn;
#[path = "../../tests/gate/support/configuration.rs"]
mod configuration;
mod crowd;
mod edge;
mod ground;
mod guesses;
mod idle;
mod material;
mod memory;
mod message;
mod options;
mod pdv;
mod proxy;
mod report;
mod requestor;
mod scale;
mod sink;
mod stall;
mod strangers;
mod stream;
mod usage;
mod versus;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use ground::Ground;
use options::{Options, Part, Role};

fn main() -> ExitCode {
    let options = Options::parse();
    let outcome = match options.role {
        Some(role) => play(role, &options),
        None => measure(&options),
    };
    let Err(error) = outcome else { return ExitCode::SUCCESS };
    let _ = writeln!(io::stderr(), "compare: {error}");
    ExitCode::FAILURE
}

fn play(role: Role, options: &Options) -> io::Result<()> {
    match role {
        Role::Sink => sink::run(options.faults),
        Role::Plain => blind::run(blind::Shape::Plain, options),
        Role::ReadAhead => blind::run(blind::Shape::ReadAhead, options),
    }
}

fn measure(options: &Options) -> io::Result<()> {
    let ground = Ground::prepare(options)?;
    report::heading()?;
    if let Some(other) = &options.other {
        return builds::run(&ground, other);
    }
    if options.wants_versus() {
        versus::run(&ground)?;
    }
    for part in Part::EACH {
        if !options.wants(part) {
            continue;
        }
        match part {
            Part::Stream => stream::run(&ground)?,
            Part::Edge => edge::run(&ground)?,
            Part::Churn => churn::run(&ground)?,
            Part::Idle => idle::run(&ground)?,
            Part::Stall => stall::run(&ground)?,
            Part::Memory => memory::run(&ground)?,
            Part::Strangers => strangers::run(&ground)?,
            Part::Crowd => crowd::run(&ground)?,
            Part::Guesses => guesses::run(&ground)?,
            Part::Scale => scale::run(&ground)?,
            Part::Calls => calls::run(&ground)?,
            Part::Allocations => allocations::run(&ground)?,
            Part::Versus | Part::All => {}
        }
    }
    Ok(())
}
