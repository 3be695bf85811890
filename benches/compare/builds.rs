//! Two builds of pacsgate beside each other: this one and another, in the same rounds.

use std::io;
use std::path::Path;

use crate::churn;
use crate::ground::Ground;
use crate::proxy::Process;
use crate::report::{Figures, Table, progress};
use crate::stream;

/// Measures and prints.
pub(crate) fn run(ground: &Ground<'_>, other: &Path) -> io::Result<()> {
    let builds = [ground.start_build(None)?, ground.start_build(Some(other))?];
    let mut shown = vec![<[Figures; 2]>::default(); stream::CASES.len() + 1];
    for round in 1..=ground.options.rounds() {
        progress(&format!("builds, round {round}"));
        for (case, shown) in shown.iter_mut().enumerate() {
            for (build, shown) in builds.iter().zip(shown) {
                shown.push(cost(ground, build, case)?);
            }
        }
    }
    let mut table = Table::new(&["case", "this build", "other build", "other / this"]);
    let names = stream::CASES.iter().map(|case| format!("{}, CPU s/GB", case.name));
    let names = names.chain(["CPU ms/association".to_owned()]);
    for (name, [this, other]) in names.zip(&shown) {
        table.row([name, this.show(3), other.show(3), other.ratio(this).show(3)]);
    }
    table.print("Builds", &format!("CPU of this pacsgate and of {}.", other.display()))
}

/// CPU seconds for each GB, or milliseconds for each association where there is no such case.
fn cost(ground: &Ground<'_>, build: &Process, case: usize) -> io::Result<f64> {
    match stream::CASES.get(case) {
        Some(case) => Ok(stream::measure(ground, build, case)?.0),
        None => churn::cost(ground, build),
    }
}
