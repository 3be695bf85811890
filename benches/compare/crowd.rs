//! A good peer's wait while strangers shake hands as fast as they can.

use std::io;
use std::net::Ipv4Addr;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::ground::Ground;
use crate::proxy::{Process, Proxy};
use crate::report::{Figures, Table, micros, progress};
use crate::requestor::Requestor;
use crate::strangers::{Act, self_signed};

/// How many connections from how many addresses.
const CROWDS: [(u16, u16); 4] = [(0, 1), (64, 1), (64, 64), (256, 256)];
/// Associations of the good peer in one measurement.
const ASSOCIATIONS: u64 = 100;
/// Between two of them.
const PAUSE: Duration = Duration::from_millis(10);
/// A thread for each stranger.
const STACK: usize = 128 * 1024;

#[derive(Clone, Default)]
struct Shown {
    median: Figures,
    slow: Figures,
    handshakes: Figures,
    used: Figures,
}

/// Measures and prints.
pub(crate) fn run(ground: &Ground<'_>) -> io::Result<()> {
    let process = ground.start(Proxy::Pacsgate)?;
    let act = self_signed(ground)?;
    let mut shown = vec![Shown::default(); CROWDS.len()];
    for round in 1..=ground.options.fewer_rounds() {
        progress(&format!("crowd, round {round}"));
        for (crowd, shown) in CROWDS.into_iter().zip(&mut shown) {
            measure(ground, &process, &act, crowd, shown)?;
        }
    }
    let mut table =
        Table::new(&["strangers", "addresses", "p50 ms", "p99 ms", "handshakes/s", "gate's CPUs"]);
    for ((strangers, addresses), shown) in CROWDS.into_iter().zip(&shown) {
        table.row([
            strangers.to_string(),
            addresses.to_string(),
            shown.median.show(1),
            shown.slow.show(1),
            shown.handshakes.show(0),
            shown.used.show(2),
        ]);
    }
    table.print(
        "Crowd",
        "From connecting to the response to C-ECHO, beside strangers with self-signed certificates, \
         who have a lower priority (nice 10) on the same cores.",
    )
}

fn measure(
    ground: &Ground<'_>,
    process: &Process,
    act: &Act,
    (strangers, addresses): (u16, u16),
    shown: &mut Shown,
) -> io::Result<()> {
    let (stop, count) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        for number in 0..strangers {
            let [high, low] = (number % addresses).to_be_bytes();
            let from = Ipv4Addr::new(127, 0, 8 + high, low);
            let (stop, count) = (&stop, &count);
            thread::Builder::new().stack_size(STACK).spawn_scoped(scope, move || {
                yield_to_others();
                while !stop.load(Ordering::Relaxed) {
                    // One that gave way, or found no port, tries again.
                    let _ = act.play(from, process.address);
                    count.fetch_add(1, Ordering::Relaxed);
                }
            })?;
        }
        if strangers > 0 {
            thread::sleep(Duration::from_secs(1));
        }
        let outcome = good_peer(ground, process, &count, shown);
        stop.store(true, Ordering::Relaxed);
        outcome
    })
}

fn good_peer(
    ground: &Ground<'_>,
    process: &Process,
    count: &AtomicU64,
    shown: &mut Shown,
) -> io::Result<()> {
    let (began, before) = (Instant::now(), count.load(Ordering::Relaxed));
    let cpu = process.usage().cpu_exact()?;
    let mut times = Figures::default();
    for _ in 0..ground.options.amount(ASSOCIATIONS) {
        let start = Instant::now();
        let mut requestor = Requestor::associate(process.address, &ground.tls)?;
        requestor.echo()?;
        times.push(micros(start.elapsed()) / 1e3);
        requestor.release()?;
        thread::sleep(PAUSE);
    }
    let elapsed = began.elapsed().as_secs_f64();
    shown.median.push(times.median());
    shown.slow.push(times.percentile(99));
    shown.handshakes.push((count.load(Ordering::Relaxed) - before) as f64 / elapsed);
    shown.used.push((process.usage().cpu_exact()? - cpu) / elapsed);
    Ok(())
}

/// Gives this thread a lower priority, so that the load does not slow down what is measured more
/// than it must on the same machine.
fn yield_to_others() {
    let Ok(thread) = std::fs::read_link("/proc/thread-self") else { return };
    let Some(id) = thread.file_name() else { return };
    let _ = Command::new("renice").args(["--relative", "-n", "10", "-p"]).arg(id).output();
}
