//! Devices that open an association for each image, as many do.

use std::io;
use std::time::{Duration, Instant};

use super::results::Sample;
use crate::at_once::at_once;
use crate::ground::Ground;
use crate::pdv::Object;
use crate::proxy::Process;
use crate::requestor::Requestor;
use crate::stream::CT;

const SENDERS: u64 = 60;
/// Of each sender.
const IMAGES: u64 = 5;
const IMAGE: Object = Object { pixels: CT, pdu: 16 * 1024 };

pub(crate) fn measure(ground: &Ground<'_>, process: &Process) -> io::Result<Vec<Sample>> {
    let each = ground.options.amount(IMAGES);
    let send = || {
        let mut requestor = Requestor::associate(process.address, &ground.tls)?;
        requestor.store(IMAGE, Duration::ZERO)?;
        requestor.release()
    };
    let (meter, start) = (process.usage().meter()?, Instant::now());
    at_once(0..SENDERS, |_| (0..each).try_for_each(|_| send()))?;
    let (elapsed, cpu) = (start.elapsed().as_secs_f64(), meter.seconds()?);
    let images = (SENDERS * each) as f64;
    let table = "60 senders, an association for each CT image";
    Ok(vec![
        Sample::new(table, "CPU ms an image", 3, cpu * 1e3 / images),
        Sample::new(table, "images a second", 0, images / elapsed),
    ])
}
