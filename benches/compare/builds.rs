//! Two builds of pacsgate beside each other: this one and another, in the same rounds.

use std::io;
use std::path::Path;

use crate::churn;
use crate::ground::Ground;
use crate::proxy::Process;
use crate::report::{Figures, Table, progress};
use crate::stream;
use crate::versus::beside;

/// Measures and prints.
pub(crate) fn run(ground: &Ground<'_>, other: &Path) -> io::Result<()> {
    let builds = [ground.start_build(None)?, ground.start_build(Some(other))?];
    let mut rows: Vec<(String, [Figures; 2])> = Vec::new();
    for round in 1..=ground.options.rounds() {
        progress(&format!("builds, round {round}"));
        for (at, build) in builds.iter().enumerate() {
            for (row, (name, value)) in costs(ground, build)?.into_iter().enumerate() {
                if rows.len() <= row {
                    rows.push((name, <[Figures; 2]>::default()));
                }
                let figures = rows.get_mut(row).and_then(|(_, builds)| builds.get_mut(at));
                figures.into_iter().for_each(|figures| figures.push(value));
            }
        }
    }
    let mut table = Table::new(&["case", "this build", "other build", "other / this"]);
    for (name, [this, other]) in rows {
        table.row([name, this.show(3), other.show(3), other.ratio(&this).show(3)]);
    }
    table.print("Builds", &format!("This pacsgate and {}.", other.display()))
}

/// What one round shows of a build.
fn costs(ground: &Ground<'_>, build: &Process) -> io::Result<Vec<(String, f64)>> {
    let streams = stream::CASES.iter().map(|case| {
        let (cpu, _) = stream::measure(ground, build, case)?;
        Ok((format!("{}, CPU s/GB", case.name), cpu))
    });
    let mut costs = streams.collect::<io::Result<Vec<_>>>()?;
    costs.push(("CPU ms/association".to_owned(), churn::cost(ground, build)?));
    let beside = beside::measure(ground, build)?;
    costs.extend(beside.into_iter().map(|it| (format!("beside 64 streams: {}", it.row), it.value)));
    Ok(costs)
}
