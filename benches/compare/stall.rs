//! A good peer's delay while others stall in the handshake and in the request.

use std::io;
use std::net::TcpStream;
use std::time::Instant;

use crate::ground::Ground;
use crate::proxy::{Process, Proxy};
use crate::report::{Figures, Table, micros, progress};
use crate::requestor::{Requestor, stall_in_handshake, stall_in_request};

/// Associations of the good peer in one measurement.
const ASSOCIATIONS: u64 = 300;

#[derive(Clone, Default)]
struct Shown {
    alone: Times,
    beside: Times,
    delay: Figures,
}

/// Milliseconds of one peer's associations, for each round.
#[derive(Clone, Default)]
struct Times {
    median: Figures,
    slow: Figures,
}

/// Measures and prints.
pub(crate) fn run(ground: &Ground<'_>) -> io::Result<()> {
    let mut shown = vec![Shown::default(); Proxy::EACH.len()];
    for round in 1..=ground.options.fewer_rounds() {
        progress(&format!("stall, round {round}"));
        for (proxy, shown) in Proxy::EACH.into_iter().zip(&mut shown) {
            measure(ground, proxy, shown)?;
        }
    }
    let mut table = Table::new(&[
        "proxy",
        "alone p50 ms",
        "p99 ms",
        "beside stalled p50 ms",
        "p99 ms",
        "delay of the median ms",
    ]);
    for (proxy, shown) in Proxy::EACH.into_iter().zip(&shown) {
        table.row([
            proxy.name().to_owned(),
            shown.alone.median.show(2),
            shown.alone.slow.show(2),
            shown.beside.median.show(2),
            shown.beside.slow.show(2),
            shown.delay.show(2),
        ]);
    }
    table.print(
        "Stall",
        &format!(
            "From connecting to the response to C-ECHO, alone and beside {0} stalled handshakes \
             and {0} stalled requests. Target: a delay of at most 50 ms.",
            ground.options.stalled()
        ),
    )
}

fn measure(ground: &Ground<'_>, proxy: Proxy, shown: &mut Shown) -> io::Result<()> {
    let process = ground.start(proxy)?;
    let alone = shown.alone.measure(ground, &process)?;
    let stalled = stall(ground, &process)?;
    let beside = shown.beside.measure(ground, &process)?;
    shown.delay.push(beside - alone);
    stalled.iter().try_for_each(still_open)
}

fn stall(ground: &Ground<'_>, process: &Process) -> io::Result<Vec<TcpStream>> {
    let mut stalled = Vec::new();
    for _ in 0..ground.options.stalled() {
        stalled.push(stall_in_handshake(process.address, &ground.tls)?);
        stalled.push(stall_in_request(process.address, &ground.tls)?);
    }
    Ok(stalled)
}

/// A connection that the proxy had ended would have delayed nobody.
fn still_open(socket: &TcpStream) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    match socket.peek(&mut [0]) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
        _ => Err(io::Error::other("a stalled connection was ended during the measurement")),
    }
}

impl Times {
    /// Returns the median.
    fn measure(&mut self, ground: &Ground<'_>, process: &Process) -> io::Result<f64> {
        let mut times = Figures::default();
        for _ in 0..ground.options.amount(ASSOCIATIONS) {
            let start = Instant::now();
            let mut requestor = Requestor::associate(process.address, &ground.tls)?;
            requestor.echo()?;
            times.push(micros(start.elapsed()) / 1e3);
            requestor.release()?;
        }
        self.median.push(times.median());
        self.slow.push(times.percentile(99));
        Ok(times.median())
    }
}
