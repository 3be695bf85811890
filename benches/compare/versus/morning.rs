//! A hospital's morning in a few seconds: many who do little, and a few who do much.
//!
//! Everyone does the same work at the same pace before each proxy, so that its CPU time can be compared.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use super::results::Sample;
use crate::at_once::at_once;
use crate::ground::Ground;
use crate::pdv::Object;
use crate::proxy::Process;
use crate::report::{Figures, micros};
use crate::requestor::Requestor;
use crate::stream::CT;

const IMAGE: Object = Object { pixels: CT, pdu: 16 * 1024 };
/// A mammogram with many slices.
const LARGE: Object = Object { pixels: 64 * 1024 * 1024, pdu: 128 * 1024 };

/// Someone who comes through the proxy.
#[derive(Clone, Copy)]
enum Visitor {
    /// Asks for studies, looks at the list, and fetches a few images.
    Workstation,
    /// Sends series, with an association for each.
    Scanner,
    /// Sends one large object.
    Mammograph,
    /// Opens an association, asks, and leaves again.
    Device,
    /// Sends C-ECHO all the time; its round trips are what is measured.
    Watch,
}

const VISITORS: [(Visitor, u64); 5] = [
    (Visitor::Workstation, 12),
    (Visitor::Scanner, 3),
    (Visitor::Mammograph, 2),
    (Visitor::Device, 8),
    (Visitor::Watch, 1),
];

pub(crate) fn measure(ground: &Ground<'_>, process: &Process) -> io::Result<Vec<Sample>> {
    let visitors = VISITORS.into_iter();
    let visitors = visitors.flat_map(|(who, count)| (0..count).map(move |number| (who, number)));
    let (meter, start) = (process.usage().meter()?, Instant::now());
    let times = at_once(visitors, |(who, number)| {
        let visit = Visit { ground, process };
        // Nobody begins at the same time as another.
        thread::sleep(Duration::from_millis(17) * u32::try_from(number).unwrap_or_default());
        visit.of(who)
    })?;
    let (elapsed, cpu) = (start.elapsed().as_secs_f64(), meter.seconds()?);
    let watched = times.last().cloned().unwrap_or_default();
    let table = "A hospital's morning";
    Ok(vec![
        Sample::new(table, "CPU seconds for all of it", 3, cpu),
        Sample::new(table, "seconds until all is done", 2, elapsed),
        Sample::new(table, "C-ECHO p50, us", 0, watched.median()),
        Sample::new(table, "C-ECHO p99, us", 0, watched.percentile(99)),
    ])
}

struct Visit<'a> {
    ground: &'a Ground<'a>,
    process: &'a Process,
}

impl Visit<'_> {
    /// The round trips of the one who watches.
    fn of(&self, who: Visitor) -> io::Result<Figures> {
        match who {
            Visitor::Workstation => self.workstation()?,
            Visitor::Scanner => self.scanner()?,
            Visitor::Mammograph => self.mammograph()?,
            Visitor::Device => self.device()?,
            Visitor::Watch => return self.watch(),
        }
        Ok(Figures::default())
    }

    fn workstation(&self) -> io::Result<()> {
        let mut requestor = self.associate()?;
        for _ in 0..self.times(16) {
            requestor.find()?;
            think(100);
        }
        requestor.get(4, IMAGE, Duration::ZERO)?;
        requestor.release()
    }

    fn scanner(&self) -> io::Result<()> {
        for _ in 0..2 {
            let mut requestor = self.associate()?;
            for _ in 0..self.times(48) {
                requestor.store(IMAGE, Duration::ZERO)?;
                think(15);
            }
            requestor.release()?;
        }
        Ok(())
    }

    fn mammograph(&self) -> io::Result<()> {
        think(400);
        let mut requestor = self.associate()?;
        requestor.store(LARGE, Duration::ZERO)?;
        requestor.release()
    }

    fn device(&self) -> io::Result<()> {
        for _ in 0..self.times(16) {
            let mut requestor = self.associate()?;
            requestor.find()?;
            requestor.release()?;
            think(100);
        }
        Ok(())
    }

    fn watch(&self) -> io::Result<Figures> {
        let mut requestor = self.associate()?;
        let mut times = Figures::default();
        for _ in 0..self.times(320) {
            let start = Instant::now();
            requestor.echo()?;
            times.push(micros(start.elapsed()));
            think(5);
        }
        requestor.release()?;
        Ok(times)
    }

    fn associate(&self) -> io::Result<Requestor> {
        Requestor::associate(self.process.address, &self.ground.tls)
    }

    fn times(&self, full: u64) -> u64 {
        self.ground.options.amount(full)
    }
}

fn think(milliseconds: u64) {
    thread::sleep(Duration::from_millis(milliseconds));
}
