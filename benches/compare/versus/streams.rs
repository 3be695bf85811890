//! C-STORE up and C-GET down, over few and many associations at once.

use std::io;
use std::time::{Duration, Instant};

use super::load::Case;
use super::results::Sample;
use crate::at_once::at_once;
use crate::ground::Ground;
use crate::pdv::Object;
use crate::proxy::Process;
use crate::requestor::Requestor;
use crate::stream::{CT, GB, Way};

/// How many associations at once.
const AT_ONCE: [u64; 4] = [1, 4, 16, 64];
/// The same for a short run.
const AT_ONCE_IN_SHORT: [u64; 2] = [1, 16];
/// Where the memory is read, too.
const MOST: u64 = 64;

/// One kind of object in one direction.
pub(crate) struct Kind {
    name: &'static str,
    way: Way,
    object: Object,
    /// Of all associations together; each of [`AT_ONCE`] divides it.
    count: u64,
    measure: Measure,
}

/// By what the cost is counted.
#[derive(Clone, Copy)]
enum Measure {
    Bytes,
    Objects,
}

/// A multi-frame object, in the PDUs of a fast sender.
const LARGE: Object = Object { pixels: 8 * 1024 * 1024, pdu: 128 * 1024 };
/// A CT image of 512 x 512 pixels, in PDUs of the usual length.
const CT_SIZE: Object = Object { pixels: CT, pdu: 16 * 1024 };
/// A presentation state, a structured report: what is not the pixels counts.
const SMALL: Object = Object { pixels: 4 * 1024, pdu: 16 * 1024 };

static KINDS: [Kind; 6] = [
    Kind::new("up, large", Way::Up, LARGE, 64, Measure::Bytes),
    Kind::new("up, CT", Way::Up, CT_SIZE, 1024, Measure::Bytes),
    Kind::new("up, 4 KB", Way::Up, SMALL, 8192, Measure::Objects),
    Kind::new("down, large", Way::Down, LARGE, 64, Measure::Bytes),
    Kind::new("down, CT", Way::Down, CT_SIZE, 1024, Measure::Bytes),
    Kind::new("down, 4 KB", Way::Down, SMALL, 8192, Measure::Objects),
];

impl Kind {
    const fn new(
        name: &'static str,
        way: Way,
        object: Object,
        count: u64,
        measure: Measure,
    ) -> Self {
        Self { name, way, object, count, measure }
    }

    fn play(&self, count: u64, requestor: &mut Requestor) -> io::Result<()> {
        match self.way {
            Way::Up => (0..count).try_for_each(|_| requestor.store(self.object, Duration::ZERO)),
            Way::Down => requestor.get(count, self.object, Duration::ZERO),
        }
    }
}

pub(crate) fn cases(short: bool) -> Vec<Case> {
    let at_once: &[u64] = if short { &AT_ONCE_IN_SHORT } else { &AT_ONCE };
    let of = |kind| at_once.iter().map(move |&associations| Case::Stream(kind, associations));
    KINDS.iter().flat_map(of).collect()
}

/// How a case is called.
pub(crate) fn row(kind: &Kind, associations: u64) -> String {
    format!("{} x {associations}", kind.name)
}

pub(crate) fn measure(
    ground: &Ground<'_>,
    process: &Process,
    kind: &Kind,
    associations: u64,
) -> io::Result<Vec<Sample>> {
    let each = (ground.options.amount(kind.count) / associations).max(1);
    let requestors = (0..associations).map(|_| Requestor::associate(process.address, &ground.tls));
    let requestors = requestors.collect::<io::Result<Vec<_>>>()?;
    let (meter, start) = (process.usage().meter()?, Instant::now());
    let requestors = at_once(requestors, |mut requestor| {
        kind.play(each, &mut requestor)?;
        Ok(requestor)
    })?;
    let (elapsed, cpu) = (start.elapsed().as_secs_f64(), meter.seconds()?);

    let row = row(kind, associations);
    let count = (each * associations) as f64;
    let mut samples = match kind.measure {
        Measure::Bytes => {
            let amount = count * kind.object.pixels as f64 / GB;
            vec![
                Sample::new("CPU seconds for each GB", row.clone(), 3, cpu / amount),
                Sample::new("GB a second", row.clone(), 2, amount / elapsed),
            ]
        }
        Measure::Objects => vec![
            Sample::new("CPU us for each object of 4 KB", row.clone(), 1, cpu * 1e6 / count),
            Sample::new("Objects of 4 KB a second", row.clone(), 0, count / elapsed),
        ],
    };
    if associations == MOST {
        let table = "Resident memory with 64 associations at work, MB";
        samples.push(Sample::new(table, row, 1, process.usage().resident()? / 1024.0));
    }
    requestors.into_iter().try_for_each(Requestor::release)?;
    Ok(samples)
}
