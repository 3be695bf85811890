//! C-ECHO beside associations that store as fast as they can.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::results::Sample;
use crate::at_once::at_once;
use crate::ground::Ground;
use crate::pdv::Object;
use crate::proxy::Process;
use crate::report::{Figures, micros};
use crate::requestor::Requestor;
use crate::stream::{CT, GB};

const STREAMS: usize = 64;
const IMAGE: Object = Object { pixels: CT, pdu: 16 * 1024 };
const ECHOES: u64 = 200;
/// After the streams have begun.
const PAUSE: Duration = Duration::from_millis(300);

/// The round trips and what was stored meanwhile.
struct Beside {
    is_over: AtomicBool,
    images: AtomicU64,
}

impl Beside {
    fn store(&self, mut requestor: Requestor) -> io::Result<Figures> {
        while !self.is_over.load(Ordering::Relaxed) {
            requestor.store(IMAGE, Duration::ZERO)?;
            self.images.fetch_add(1, Ordering::Relaxed);
        }
        requestor.release()?;
        Ok(Figures::default())
    }

    fn echo(&self, requestor: Requestor, count: u64) -> io::Result<Figures> {
        thread::sleep(PAUSE);
        let times = round_trips(requestor, count);
        self.is_over.store(true, Ordering::Relaxed);
        times
    }
}

pub(crate) fn measure(ground: &Ground<'_>, process: &Process) -> io::Result<Vec<Sample>> {
    let requestors = (0..=STREAMS).map(|_| Requestor::associate(process.address, &ground.tls));
    let requestors = requestors.collect::<io::Result<Vec<_>>>()?;
    let beside = Beside { is_over: false.into(), images: 0.into() };
    let echoes = ground.options.amount(ECHOES);
    let (meter, start) = (process.usage().meter()?, Instant::now());
    let times = at_once(requestors.into_iter().enumerate(), |(number, requestor)| match number {
        0 => beside.echo(requestor, echoes),
        _ => beside.store(requestor),
    })?;
    let (elapsed, cpu) = (start.elapsed().as_secs_f64(), meter.seconds()?);
    let amount = beside.images.into_inner() as f64 * CT as f64 / GB;
    let times = times.into_iter().next().unwrap_or_default();
    let table = "C-ECHO beside 64 C-STORE streams of CT images";
    Ok(vec![
        Sample::new(table, "round trip p50, ms", 1, times.median()),
        Sample::new(table, "round trip p99, ms", 1, times.percentile(99)),
        Sample::new(table, "GB a second", 2, amount / elapsed),
        Sample::new(table, "CPU seconds for each GB", 3, cpu / amount),
    ])
}

/// Milliseconds of each C-ECHO.
fn round_trips(mut requestor: Requestor, count: u64) -> io::Result<Figures> {
    let mut times = Figures::default();
    for _ in 0..count {
        let start = Instant::now();
        requestor.echo()?;
        times.push(micros(start.elapsed()) / 1e3);
    }
    requestor.release()?;
    Ok(times)
}
