//! CPU time of the proxy for each association, and the round trip of C-ECHO.

use std::io;
use std::time::{Instant, SystemTime};

use crate::at_once::at_once;
use crate::ground::Ground;
use crate::proxy::{Process, Proxy};
use crate::report::{Figures, Table, micros, progress};
use crate::requestor::Requestor;

/// Requestors at work at once.
const THREADS: u64 = 2;
/// Associations of each of them in one measurement.
const ASSOCIATIONS: u64 = 250;
/// Those that are opened one after the other, and held, in one measurement.
const OPENED: u64 = 200;
/// Round trips in one measurement.
const ECHOES: u64 = 2_000;

#[derive(Clone, Default)]
struct Shown {
    cpu: Figures,
    rate: Figures,
    median: Figures,
    slow: Figures,
}

/// Measures and prints.
pub(crate) fn run(ground: &Ground<'_>) -> io::Result<()> {
    let proxies = ground.start_each()?;
    let mut shown = vec![Shown::default(); proxies.len()];
    for round in 1..=ground.options.rounds() {
        progress(&format!("churn, round {round}"));
        for ((_, process), shown) in proxies.iter().zip(&mut shown) {
            let (cpu, rate) = associations(ground, process)?;
            shown.cpu.push(cpu);
            shown.rate.push(rate);
            let (median, slow) = echoes(ground, process)?;
            shown.median.push(median);
            shown.slow.push(slow);
        }
    }
    print(&shown)
}

/// CPU milliseconds for each association.
pub(crate) fn cost(ground: &Ground<'_>, process: &Process) -> io::Result<f64> {
    Ok(associations(ground, process)?.0)
}

/// Full handshake, A-ASSOCIATE, C-ECHO and release, as often as it goes: CPU milliseconds for each, and how
/// many in a second.
pub(crate) fn associations(ground: &Ground<'_>, process: &Process) -> io::Result<(f64, f64)> {
    let each = ground.options.amount(ASSOCIATIONS);
    let (meter, start) = (process.usage().meter()?, Instant::now());
    at_once(0..THREADS, |_| (0..each).try_for_each(|_| association(ground, process)))?;
    let (elapsed, cpu) = (start.elapsed(), meter.seconds()?);
    let count = (each * THREADS) as f64;
    Ok((cpu * 1e3 / count, count / elapsed.as_secs_f64()))
}

fn association(ground: &Ground<'_>, process: &Process) -> io::Result<()> {
    let mut requestor = Requestor::associate(process.address, &ground.tls)?;
    requestor.echo()?;
    requestor.release()
}

/// What it takes to open an association.
pub(crate) struct Opening {
    /// CPU milliseconds of the proxy until it is open.
    pub(crate) cpu: f64,
    /// Microseconds from connecting until the first byte is at the PACS.
    pub(crate) first_byte: Figures,
}

/// Opens associations, one after the other: nothing of their ends is measured.
pub(crate) fn openings(ground: &Ground<'_>, process: &Process) -> io::Result<Opening> {
    let count = ground.options.amount(OPENED);
    let (meter, mut first_byte) = (process.usage().meter()?, Figures::default());
    let open = |_| {
        let start = SystemTime::now();
        let requestor = Requestor::associate(process.address, &ground.tls)?;
        let taken = requestor.heard.duration_since(start).map_err(io::Error::other)?;
        first_byte.push(micros(taken));
        Ok(requestor)
    };
    let requestors = (0..count).map(open).collect::<io::Result<Vec<_>>>()?;
    let cpu = meter.seconds()? * 1e3 / count as f64;
    requestors.into_iter().try_for_each(Requestor::release)?;
    Ok(Opening { cpu, first_byte })
}

/// Microseconds of the round trip of C-ECHO on one association: the median and the 99th percentile.
pub(crate) fn echoes(ground: &Ground<'_>, process: &Process) -> io::Result<(f64, f64)> {
    let mut requestor = Requestor::associate(process.address, &ground.tls)?;
    let mut times = Figures::default();
    for _ in 0..ground.options.amount(ECHOES) {
        let start = Instant::now();
        requestor.echo()?;
        times.push(micros(start.elapsed()));
    }
    requestor.release()?;
    Ok((times.median(), times.percentile(99)))
}

fn print(shown: &[Shown]) -> io::Result<()> {
    let plain = &Proxy::PlainCopy.among(shown)?.cpu;
    let best = &Proxy::BestCopy.among(shown)?.cpu;
    let mut table = Table::new(&[
        "proxy",
        "CPU ms/association",
        "associations/s",
        "C-ECHO p50 us",
        "C-ECHO p99 us",
        "CPU / plain copy",
        "CPU / best copy",
    ]);
    for (proxy, shown) in Proxy::EACH.into_iter().zip(shown) {
        table.row([
            proxy.name().to_owned(),
            shown.cpu.show(2),
            shown.rate.show(0),
            shown.median.show(0),
            shown.slow.show(0),
            shown.cpu.ratio(plain).show(2),
            shown.cpu.ratio(best).show(2),
        ]);
    }
    table.print(
        "Churn",
        "Full handshake, A-ASSOCIATE, C-ECHO and release by two requestors; C-ECHO alone on one \
         association.",
    )
}
