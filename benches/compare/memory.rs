//! Peak resident memory of the proxy with large data sets and readers that stop.

use std::io;
use std::time::Duration;

use crate::ground::Ground;
use crate::pdv::Object;
use crate::proxy::{Process, Proxy};
use crate::report::{Table, progress};
use crate::requestor::Requestor;

const LARGE: u64 = 2 * 1024 * 1024 * 1024;
const STOPPED: u64 = 256 * 1024 * 1024;
const PDU: u32 = 128 * 1024;
const PAUSE: Duration = Duration::from_secs(5);

/// What a proxy is put through, each in a new process.
const CASES: [(&str, Case); 4] = [
    ("data set up", Case::Up(LARGE, Duration::ZERO)),
    ("data set down", Case::Down(LARGE, Duration::ZERO)),
    ("PACS stops reading", Case::Up(STOPPED, PAUSE)),
    ("requestor stops reading", Case::Down(STOPPED, PAUSE)),
];

#[derive(Clone, Copy)]
enum Case {
    Up(u64, Duration),
    Down(u64, Duration),
}

/// Measures and prints.
pub(crate) fn run(ground: &Ground<'_>) -> io::Result<()> {
    let mut table = Table::new(&["proxy", "case", "peak MB", "over idle MB"]);
    for proxy in Proxy::EACH {
        for (name, case) in CASES {
            progress(&format!("memory, {}, {name}", proxy.name()));
            let process = ground.start(proxy)?;
            let idle = process.usage().peak()? / 1024.0;
            pass(ground, &process, case)?;
            let peak = process.usage().peak()? / 1024.0;
            let cells = [peak, peak - idle].map(|value| format!("{value:.1}"));
            table.row([proxy.name().to_owned(), name.to_owned()].into_iter().chain(cells));
        }
    }
    table.print(
        "Memory",
        &format!(
            "Peak resident memory with one data set of {} MiB, and with one of {} MiB whose reader \
             stops for {} s. Target: under 50 MB.",
            ground.options.amount(LARGE) >> 20,
            ground.options.amount(STOPPED) >> 20,
            PAUSE.as_secs()
        ),
    )
}

fn pass(ground: &Ground<'_>, process: &Process, case: Case) -> io::Result<()> {
    let object = |bytes| Object { pixels: ground.options.amount(bytes), pdu: PDU };
    let mut requestor = Requestor::associate(process.address, &ground.tls)?;
    match case {
        Case::Up(bytes, pause) => requestor.store(object(bytes), pause)?,
        Case::Down(bytes, pause) => requestor.get(1, object(bytes), pause)?,
    }
    requestor.release()
}
