//! CPU time for each GB of a gate at the edge and of the central gate behind it.
//!
//! The load speaks no TLS. The edge takes it and is a client with TLS towards the central gate, which has
//! the sink behind it: the same bytes cost both, once each. The central gate alone, with the load's own
//! TLS before it, is measured in turn: an edge must not make its work dearer either.

use std::io;

use crate::ground::Ground;
use crate::proxy::{Process, Proxy};
use crate::report::{Figures, Table, progress};
use crate::requestor::Requestor;
use crate::stream::{self, CASES, Case};

/// CPU seconds for each GB.
#[derive(Clone, Default)]
struct Shown {
    edge: Figures,
    central: Figures,
    alone: Figures,
}

/// Measures and prints.
pub(crate) fn run(ground: &Ground<'_>) -> io::Result<()> {
    let central = ground.start(Proxy::Pacsgate)?;
    let edge = ground.start_edge(&central)?;
    let mut shown = vec![Shown::default(); CASES.len()];
    for round in 1..=ground.options.rounds() {
        progress(&format!("edge, round {round}"));
        for (case, shown) in CASES.iter().zip(&mut shown) {
            let (at_edge, behind_it) = measure(ground, &edge, &central, case)?;
            shown.edge.push(at_edge);
            shown.central.push(behind_it);
            shown.alone.push(stream::measure(ground, &central, case)?.0);
        }
    }
    print(&shown)
}

/// What passes both gates costs each of them; the load connects to the edge.
fn measure(
    ground: &Ground<'_>,
    edge: &Process,
    central: &Process,
    case: &Case,
) -> io::Result<(f64, f64)> {
    let mut requestor = Requestor::associate_plain(edge.address)?;
    let meters = (edge.usage().meter()?, central.usage().meter()?);
    let amount = case.play(&mut requestor, ground.options)?;
    let cpu = (meters.0.seconds()?, meters.1.seconds()?);
    requestor.release()?;
    Ok((cpu.0 / amount, cpu.1 / amount))
}

fn print(shown: &[Shown]) -> io::Result<()> {
    let mut table = Table::new(&[
        "case",
        "edge, CPU s/GB",
        "central behind it",
        "central alone",
        "edge / central",
        "edge / alone",
    ]);
    let mean =
        |of: fn(&Shown) -> &Figures| Figures::mean(&shown.iter().map(of).collect::<Vec<_>>());
    let all = Shown {
        edge: mean(|shown| &shown.edge),
        central: mean(|shown| &shown.central),
        alone: mean(|shown| &shown.alone),
    };
    let names = CASES.iter().map(|case| case.name).chain(["all of them"]);
    for (name, Shown { edge, central, alone }) in names.zip(shown.iter().chain([&all])) {
        table.row([
            name.to_owned(),
            edge.show(2),
            central.show(2),
            alone.show(2),
            edge.ratio(central).show(2),
            edge.ratio(alone).show(2),
        ]);
    }
    table.print(
        "Edge",
        "CPU of a gate at the edge, plain towards the load, and of the central gate behind it, for \
         the same GB of data sets. Target: the edge at most 1 of the central gate.",
    )
}
