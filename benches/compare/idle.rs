//! Resident memory of the proxy for each idle association.

use std::io;
use std::time::Duration;

use crate::ground::Ground;
use crate::pdv::Object;
use crate::proxy::{Process, Proxy};
use crate::report::{Figures, Table, progress};
use crate::requestor::Requestor;

/// Stored over each association before it is idle again.
const OBJECT: Object = Object { pixels: 256 * 1024, pdu: 16 * 1024 };

#[derive(Clone, Default)]
struct Shown {
    base: Figures,
    echoed: Figures,
    stored: Figures,
}

/// Measures and prints.
pub(crate) fn run(ground: &Ground<'_>) -> io::Result<()> {
    let mut shown = vec![Shown::default(); Proxy::EACH.len()];
    for round in 1..=ground.options.fewer_rounds() {
        progress(&format!("idle, round {round}"));
        for (proxy, shown) in Proxy::EACH.into_iter().zip(&mut shown) {
            let [base, echoed, stored] = measure(ground, &ground.start(proxy)?)?;
            shown.base.push(base);
            shown.echoed.push(echoed);
            shown.stored.push(stored);
        }
    }
    let mut table = Table::new(&[
        "proxy",
        "base MB",
        "KB/association after C-ECHO",
        "KB/association after C-STORE",
    ]);
    for (proxy, shown) in Proxy::EACH.into_iter().zip(&shown) {
        table.row([
            proxy.name().to_owned(),
            shown.base.show(1),
            shown.echoed.show(1),
            shown.stored.show(1),
        ]);
    }
    table.print(
        "Idle",
        &format!(
            "Resident memory with {} established associations that are silent after a C-ECHO, \
             then after a C-STORE of 256 KiB over each. Target: at most 12 KB.",
            ground.options.idle()
        ),
    )
}

/// MiB of a process without associations, then KiB for each that is idle after a C-ECHO and after a
/// C-STORE. It is to be a new one: what an allocator has kept would hide what associations need.
pub(crate) fn measure(ground: &Ground<'_>, process: &Process) -> io::Result<[f64; 3]> {
    let base = process.usage().resident()?;
    let mut requestors = Vec::new();
    for _ in 0..ground.options.idle() {
        let mut requestor = Requestor::associate(process.address, &ground.tls)?;
        requestor.echo()?;
        requestors.push(requestor);
    }
    let count = requestors.len() as f64;
    let echoed = (process.usage().resident()? - base) / count;
    requestors.iter_mut().try_for_each(|requestor| requestor.store(OBJECT, Duration::ZERO))?;
    let stored = (process.usage().resident()? - base) / count;
    requestors.into_iter().try_for_each(Requestor::release)?;
    Ok([base / 1024.0, echoed, stored])
}
