//! The gate beside the TLS proxies of other projects and the blind copies, under every load.
//!
//! Rounds go through the loads, and in each through the proxies in turn; each round begins with another
//! proxy. Any failure ends the run: what was refused has cost less, and is no figure.

pub(crate) mod beside;
pub(crate) mod load;
mod morning;
mod page;
pub(crate) mod peer;
mod plot;
mod results;
mod senders;
mod settings;
mod streams;

use std::io;

use load::Case;
use peer::Peer;
use results::{Results, Sample};

use crate::ground::Ground;
use crate::proxy::Process;
use crate::report::progress;

/// Measures, then prints or writes.
pub(crate) fn run(ground: &Ground<'_>) -> io::Result<()> {
    let options = ground.options;
    page::find_place(options)?;
    let (mut peers, mut left_out) = (Vec::new(), Vec::new());
    for peer in options.proxies.iter().copied() {
        match peer.missing() {
            Some(package) => left_out.push((peer, package)),
            None => peers.push(peer),
        }
    }
    for (peer, package) in &left_out {
        progress(&format!("left out: {}, for {package} is not installed", peer.name()));
    }
    let started = peers.iter().map(|&peer| Ok((peer, ground.start_peer(peer)?)));
    let started = started.collect::<io::Result<Vec<_>>>()?;

    let mut results = Results::of(peers, left_out);
    let rounds = options.rounds_of_versus();
    for round in 0..rounds {
        for load in &options.loads {
            progress(&format!("versus, round {} of {rounds}, {}", round + 1, load.title()));
            let cases = load.cases(round, options.short).into_iter();
            for case in cases.filter(|case| case.to_string().contains(&options.only)) {
                measure(ground, case, &started, round, &mut results)?;
            }
        }
    }
    for (number, (_, process)) in started.iter().enumerate() {
        let peak = process.usage().peak()? / 1024.0;
        results.record(number, Sample::new("Peak memory", "of the whole run, MB", 1, peak));
    }
    page::publish(&results, ground.options)
}

/// One case of one round, of each proxy.
fn measure(
    ground: &Ground<'_>,
    case: Case,
    started: &[(Peer, Process)],
    round: usize,
    results: &mut Results,
) -> io::Result<()> {
    let numbered = started.iter().enumerate();
    let others = numbered.clone().take(round % started.len().max(1));
    for (number, (peer, process)) in numbered.skip(round % started.len().max(1)).chain(others) {
        let samples = case.measure(ground, *peer, process);
        let samples = samples
            .map_err(|error| io::Error::other(format!("{case}, {}: {error}", peer.name())))?;
        for sample in samples {
            results.record(number, sample);
        }
    }
    Ok(())
}
