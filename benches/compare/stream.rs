//! CPU time of the proxy for each GB, up (C-STORE) and down (C-GET).

use std::io::{self, BufRead, Write};
use std::time::{Duration, Instant};

use crate::ground::Ground;
use crate::options::Options;
use crate::pdv::Object;
use crate::proxy::{Process, Proxy};
use crate::report::{Figures, Table, progress};
use crate::requestor::Requestor;

pub(crate) const GB: f64 = 1e9;
/// Bytes in one measurement: little, for other work on the machine then hits all proxies alike.
const AMOUNT: u64 = 500_000_000;
const LARGE: u64 = 64 * 1024 * 1024;
/// A CT image of 512 x 512 pixels.
pub(crate) const CT: u64 = 512 * 1024;

#[derive(Clone, Copy)]
pub(crate) enum Way {
    Up,
    Down,
}

pub(crate) struct Case {
    pub(crate) name: &'static str,
    way: Way,
    object: Object,
}

pub(crate) const CASES: [Case; 5] = [
    Case::new("up, PDUs of 16 KiB", Way::Up, LARGE, 16 * 1024),
    Case::new("up, PDUs of 128 KiB", Way::Up, LARGE, 128 * 1024),
    Case::new("up, CT images, 16 KiB", Way::Up, CT, 16 * 1024),
    Case::new("down, PDUs of 16 KiB", Way::Down, LARGE, 16 * 1024),
    Case::new("down, PDUs of 128 KiB", Way::Down, LARGE, 128 * 1024),
];

impl Case {
    const fn new(name: &'static str, way: Way, pixels: u64, pdu: u32) -> Self {
        Self { name, way, object: Object { pixels, pdu } }
    }

    /// Moves what is to be moved; how many GB that was.
    pub(crate) fn play<S: BufRead + Write>(
        &self,
        requestor: &mut Requestor<S>,
        options: &Options,
    ) -> io::Result<f64> {
        let count = options.amount(AMOUNT).div_ceil(self.object.pixels);
        match self.way {
            Way::Up => (0..count).try_for_each(|_| requestor.store(self.object, Duration::ZERO))?,
            Way::Down => requestor.get(count, self.object, Duration::ZERO)?,
        }
        Ok((count * self.object.pixels) as f64 / GB)
    }
}

/// What one proxy showed in one case.
#[derive(Clone, Default)]
struct Shown {
    cpu: Figures,
    rate: Figures,
}

/// Measures and prints.
pub(crate) fn run(ground: &Ground<'_>) -> io::Result<()> {
    let proxies = ground.start_each()?;
    let mut shown = vec![vec![Shown::default(); proxies.len()]; CASES.len()];
    for round in 1..=ground.options.rounds() {
        progress(&format!("stream, round {round}"));
        for (case, shown) in CASES.iter().zip(&mut shown) {
            for ((_, process), shown) in proxies.iter().zip(shown) {
                let (cpu, rate) = measure(ground, process, case)?;
                shown.cpu.push(cpu);
                shown.rate.push(rate);
            }
        }
    }
    print(&shown)
}

/// CPU seconds for each GB, and GB for each second.
pub(crate) fn measure(
    ground: &Ground<'_>,
    process: &Process,
    case: &Case,
) -> io::Result<(f64, f64)> {
    let mut requestor = Requestor::associate(process.address, &ground.tls)?;
    let (meter, start) = (process.usage().meter()?, Instant::now());
    let amount = case.play(&mut requestor, ground.options)?;
    let (elapsed, cpu) = (start.elapsed(), meter.seconds()?);
    requestor.release()?;
    Ok((cpu / amount, amount / elapsed.as_secs_f64()))
}

fn print(shown: &[Vec<Shown>]) -> io::Result<()> {
    let mut table =
        Table::new(&["case", "proxy", "CPU s/GB", "GB/s", "CPU / plain copy", "CPU / best copy"]);
    for (case, shown) in CASES.iter().zip(shown) {
        let plain = &Proxy::PlainCopy.among(shown)?.cpu;
        let best = &Proxy::BestCopy.among(shown)?.cpu;
        for (proxy, shown) in Proxy::EACH.into_iter().zip(shown) {
            table.row([
                case.name.to_owned(),
                proxy.name().to_owned(),
                shown.cpu.show(2),
                shown.rate.show(2),
                shown.cpu.ratio(plain).show(2),
                shown.cpu.ratio(best).show(2),
            ]);
        }
    }
    table.print(
        "Stream",
        "CPU of the proxy alone for a GB of data sets. Target: pacsgate at most 1.15 of the best \
         blind copy.",
    )
}
