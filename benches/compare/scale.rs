//! What an association and a GB cost with ever more peers, with ever more associations at once, and with
//! another worker.

use std::io;
use std::time::{Duration, Instant};

use crate::at_once::at_once;
use crate::churn;
use crate::ground::Ground;
use crate::pdv::Object;
use crate::proxy::{Process, WORKERS};
use crate::report::{Figures, Table, progress};
use crate::requestor::Requestor;
use crate::stream;

const PEERS: [u32; 3] = [10, 1_000, 100_000];
const AT_ONCE: [u64; 4] = [1, 10, 100, 1_000];
/// As many store together where workers are compared.
const STREAMS: u64 = 64;
/// A CT image; twice as many of them as the most associations, so that each stores two.
const OBJECT: Object = Object { pixels: 512 * 1024, pdu: 16 * 1024 };
const OBJECTS: u64 = 2_000;

/// Measures and prints.
pub(crate) fn run(ground: &Ground<'_>) -> io::Result<()> {
    among_peers(ground)?;
    associations(ground)?;
    workers(ground)
}

#[derive(Clone, Default)]
struct AmongPeers {
    resident: Figures,
    association: Figures,
    gigabyte: Figures,
}

fn among_peers(ground: &Ground<'_>) -> io::Result<()> {
    let gates: Vec<_> =
        PEERS.into_iter().map(|peers| ground.start_among(peers)).collect::<io::Result<_>>()?;
    let mut shown = vec![AmongPeers::default(); PEERS.len()];
    let [first, ..] = &stream::CASES;
    for round in 1..=ground.options.rounds() {
        progress(&format!("scale among peers, round {round}"));
        for (gate, shown) in gates.iter().zip(&mut shown) {
            shown.association.push(churn::cost(ground, gate)?);
            shown.gigabyte.push(stream::measure(ground, gate, first)?.0);
            shown.resident.push(gate.usage().resident()? / 1024.0);
        }
    }
    let columns =
        ["peers", "resident MB", "CPU ms/association", "of the first", "CPU s/GB", "of the first"];
    let mut table = Table::new(&columns);
    let base = shown.first().cloned().unwrap_or_default();
    for (peers, shown) in PEERS.into_iter().zip(&shown) {
        table.row([
            peers.to_string(),
            shown.resident.show(1),
            shown.association.show(2),
            shown.association.ratio(&base.association).show(2),
            shown.gigabyte.show(2),
            shown.gigabyte.ratio(&base.gigabyte).show(2),
        ]);
    }
    table.print("Scale: peers", "The gate alone, with ever more peers in its configuration.")
}

#[derive(Clone, Default)]
struct AtOnce {
    association: Figures,
    rate: Figures,
    gigabyte: Figures,
    moved: Figures,
    memory: Figures,
}

fn associations(ground: &Ground<'_>) -> io::Result<()> {
    let most = if ground.options.short { 100 } else { u64::MAX };
    let counts: Vec<_> = AT_ONCE.into_iter().filter(|count| *count <= most).collect();
    let mut shown = vec![AtOnce::default(); counts.len()];
    for round in 1..=ground.options.rounds() {
        progress(&format!("scale at once, round {round}"));
        for (count, shown) in counts.iter().zip(&mut shown) {
            // A new process each time: what an allocator has kept would hide what associations need.
            let gate = ground.start_build(None)?;
            measure(ground, &gate, *count, shown)?;
        }
    }
    let columns = [
        "associations",
        "CPU ms for one more",
        "of the first",
        "CPU s/GB over all",
        "of the first",
        "KB each at the peak",
    ];
    let mut table = Table::new(&columns);
    let base = shown.first().cloned().unwrap_or_default();
    for (count, shown) in counts.iter().zip(&shown) {
        table.row([
            count.to_string(),
            shown.association.show(2),
            shown.association.ratio(&base.association).show(2),
            shown.gigabyte.show(2),
            shown.gigabyte.ratio(&base.gigabyte).show(2),
            shown.memory.show(1),
        ]);
    }
    table.print(
        "Scale: associations",
        "The gate alone, with so many associations at once: what another one costs beside them while they are \
         idle, then what a GB costs that they store together, and the memory that each needed for it at most.",
    )
}

fn workers(ground: &Ground<'_>) -> io::Result<()> {
    let counts: Vec<_> = (1..=WORKERS).collect();
    let mut shown = vec![AtOnce::default(); counts.len()];
    for round in 1..=ground.options.rounds() {
        progress(&format!("scale of workers, round {round}"));
        for (workers, shown) in counts.iter().zip(&mut shown) {
            measure(ground, &ground.start_with_workers(*workers)?, STREAMS, shown)?;
        }
    }
    let columns = [
        "workers",
        "CPU ms/association",
        "of the first",
        "associations/s",
        "CPU s/GB",
        "of the first",
        "GB/s",
    ];
    let mut table = Table::new(&columns);
    let base = shown.first().cloned().unwrap_or_default();
    for (workers, shown) in counts.iter().zip(&shown) {
        table.row([
            workers.to_string(),
            shown.association.show(2),
            shown.association.ratio(&base.association).show(2),
            shown.rate.show(0),
            shown.gigabyte.show(2),
            shown.gigabyte.ratio(&base.gigabyte).show(2),
            shown.moved.show(2),
        ]);
    }
    table.print(
        "Scale: workers",
        "The gate alone, with one worker thread and with two: associations by two requestors beside 64 that are \
         idle, then what these store together. Workers that wait for each other would cost more; what \
         moves in a second is shared with the load and the PACS, which have the same cores.",
    )
}

/// What another association costs beside `count` idle ones, and a GB that these then store.
fn measure(ground: &Ground<'_>, gate: &Process, count: u64, shown: &mut AtOnce) -> io::Result<()> {
    let base = gate.usage().resident()?;
    let idle = (0..count).map(|_| {
        let mut requestor = Requestor::associate(gate.address, &ground.tls)?;
        requestor.echo()?;
        Ok(requestor)
    });
    let requestors = idle.collect::<io::Result<Vec<_>>>()?;
    let (association, rate) = churn::associations(ground, gate)?;
    shown.association.push(association);
    shown.rate.push(rate);
    let each = ground.options.amount(OBJECTS).div_ceil(count);
    let (meter, start) = (gate.usage().meter()?, Instant::now());
    let requestors = at_once(requestors, |mut requestor| {
        (0..each).try_for_each(|_| requestor.store(OBJECT, Duration::ZERO))?;
        Ok(requestor)
    })?;
    let (seconds, elapsed) = (meter.seconds()?, start.elapsed());
    let gigabytes = (each * count * OBJECT.pixels) as f64 / stream::GB;
    shown.gigabyte.push(seconds / gigabytes);
    shown.moved.push(gigabytes / elapsed.as_secs_f64());
    shown.memory.push((gate.usage().peak()? - base) / count as f64);
    requestors.into_iter().try_for_each(Requestor::release)
}
