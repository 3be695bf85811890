//! A C-ECHO on its own association beside many that store without a pause: promise 7 of the gate is
//! that one association delays nobody else.

use std::io::{self, BufRead, Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, Scope};
use std::time::{Duration, Instant};

use crate::ground::Ground;
use crate::haproxy;
use crate::pdv::Object;
use crate::proxy::Process;
use crate::report::{Figures, Table, micros, progress};
use crate::requestor::Requestor;

/// Associations that store at once.
const STREAMS: u64 = 64;
/// Long ones, so that an association has always something to move.
const OBJECT: Object = Object { pixels: 16 * 1024 * 1024, pdu: 16 * 1024 };
/// Until all streams run at their pace.
const WARMING_UP: Duration = Duration::from_secs(1);
/// How long C-ECHO is sent beside them, in sixteenths of a second.
const SIXTEENTHS: u64 = 48;
/// Between two of them.
const PAUSE: Duration = Duration::from_millis(2);
/// A thread for each stream.
const STACK: usize = 512 * 1024;

#[derive(Clone, Default)]
struct Shown {
    median: Figures,
    slow: Figures,
    rate: Figures,
    cpu: Figures,
    /// Of all rounds.
    all: Figures,
}

/// Measures and prints.
pub(crate) fn run(ground: &Ground<'_>, other: Option<&Path>) -> io::Result<()> {
    let proxies = start(ground, other)?;
    let mut shown = vec![Shown::default(); proxies.len()];
    for round in 1..=ground.options.rounds() {
        progress(&format!("beside, round {round}"));
        for ((_, process), shown) in proxies.iter().zip(&mut shown) {
            measure(ground, process, shown)?;
        }
    }
    let gate = shown.first().cloned().unwrap_or_default();
    let columns = ["proxy", "p50 ms", "p99 ms", "p99 of all ms", "GB/s", "CPU s/GB", "CPU to gate"];
    let mut table = Table::new(&columns);
    for ((name, _), shown) in proxies.iter().zip(&shown) {
        table.row([
            (*name).to_owned(),
            shown.median.show(1),
            shown.slow.show(1),
            format!("{:.1}", shown.all.percentile(99)),
            shown.rate.show(2),
            shown.cpu.show(3),
            shown.cpu.ratio(&gate.cpu).show(2),
        ]);
    }
    table.print(
        "Beside",
        &format!(
            "C-ECHO on its own association beside {STREAMS} that store, and what these move \
             meanwhile. Target: a p99 of at most HAProxy's."
        ),
    )
}

/// All proxies, and HAProxy where it is installed; or two builds of the gate.
pub(crate) fn start(
    ground: &Ground<'_>,
    other: Option<&Path>,
) -> io::Result<Vec<(&'static str, Process)>> {
    if let Some(other) = other {
        let builds = [ground.start_build(None)?, ground.start_build(Some(other))?];
        return Ok(["this build", "other build"].into_iter().zip(builds).collect());
    }
    let mut proxies = Vec::new();
    for (proxy, process) in ground.start_each()? {
        proxies.push((proxy.name(), process));
    }
    match ground.start_haproxy()? {
        Some(process) => proxies.push(("HAProxy", process)),
        None => progress(&format!("{} is not there and is left out", haproxy::PROGRAM)),
    }
    Ok(proxies)
}

fn measure(ground: &Ground<'_>, process: &Process, shown: &mut Shown) -> io::Result<()> {
    let (stop, moved) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        let load = Load { ground, process, stop: &stop, moved: &moved };
        let streams = load.start(scope);
        let outcome = streams.and_then(|streams| {
            thread::sleep(WARMING_UP);
            echoes(&load, shown)?;
            stop.store(true, Ordering::Relaxed);
            streams.into_iter().try_for_each(|stream| {
                stream.join().unwrap_or_else(|_| Err(io::Error::other("a stream panicked")))
            })
        });
        stop.store(true, Ordering::Relaxed);
        outcome
    })
}

fn echoes(load: &Load<'_>, shown: &mut Shown) -> io::Result<()> {
    let mut requestor = Requestor::associate(load.process.address, &load.ground.tls)?;
    let time = Duration::from_millis(load.ground.options.amount(SIXTEENTHS) * 1000 / 16);
    let mut times = Figures::default();
    let (began, cpu) = (Instant::now(), load.process.usage().cpu_exact()?);
    let before = load.moved.load(Ordering::Relaxed);
    while began.elapsed() < time {
        let start = Instant::now();
        requestor.echo()?;
        times.push(micros(start.elapsed()) / 1e3);
        thread::sleep(PAUSE);
    }
    let elapsed = began.elapsed().as_secs_f64();
    let moved = (load.moved.load(Ordering::Relaxed) - before) as f64 / 1e9;
    shown.rate.push(moved / elapsed);
    shown.cpu.push((load.process.usage().cpu_exact()? - cpu) / moved);
    shown.median.push(times.median());
    shown.slow.push(times.percentile(99));
    shown.all.extend(&times);
    requestor.release()
}

/// What stores beside the C-ECHO.
struct Load<'a> {
    ground: &'a Ground<'a>,
    process: &'a Process,
    stop: &'a AtomicBool,
    moved: &'a AtomicU64,
}

type Stream<'scope> = thread::ScopedJoinHandle<'scope, io::Result<()>>;

impl<'a> Load<'a> {
    fn start<'scope>(&self, scope: &'scope Scope<'scope, '_>) -> io::Result<Vec<Stream<'scope>>>
    where
        'a: 'scope,
    {
        let mut streams = Vec::new();
        for _ in 0..STREAMS {
            let requestor = Requestor::associate(self.process.address, &self.ground.tls)?;
            let (stop, moved) = (self.stop, self.moved);
            let mut requestor = requestor.through(|inner| Counted { inner, stop, moved });
            let stream = thread::Builder::new().stack_size(STACK);
            streams.push(stream.spawn_scoped(scope, move || {
                loop {
                    let stored = requestor.store(OBJECT, Duration::ZERO);
                    if stop.load(Ordering::Relaxed) {
                        return Ok(());
                    }
                    stored?;
                }
            })?);
        }
        Ok(streams)
    }
}

/// Counts what is written, and takes no more once it is to stop.
struct Counted<'a, S> {
    inner: S,
    stop: &'a AtomicBool,
    moved: &'a AtomicU64,
}

impl<S: Read> Read for Counted<'_, S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buf)
    }
}

impl<S: BufRead> BufRead for Counted<'_, S> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.inner.consume(count);
    }
}

impl<S: Write> Write for Counted<'_, S> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(io::Error::other("stopped"));
        }
        let count = self.inner.write(buf)?;
        self.moved.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
