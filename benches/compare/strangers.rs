//! CPU time of the gate for what a stranger may do to it, beside an honest handshake.
//!
//! Every case comes from addresses of its own, under the first of which the audit says what became of
//! it. From each come so few connections that none is delayed for those before.

mod acts;
mod chains;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::Ipv4Addr;

use pacsgate::slowing::FREE;
use serde_json::Value;

pub(crate) use self::acts::Act;
pub(crate) use self::chains::self_signed;
use crate::ground::Ground;
use crate::proxy::{Process, Proxy};
use crate::report::{Figures, Table, progress};

/// Connections of each kind in one measurement.
const CONNECTIONS: u64 = 200;

/// One kind of connection.
struct Case {
    name: &'static str,
    act: Act,
    /// The first of its addresses.
    source: Ipv4Addr,
    played: u32,
    cpu: Figures,
}

/// Measures and prints.
pub(crate) fn run(ground: &Ground<'_>) -> io::Result<()> {
    let process = ground.start(Proxy::Pacsgate)?;
    progress("strangers, certificates");
    let acts = acts::each(ground)?;
    let mut cases: Vec<_> = acts
        .into_iter()
        .zip(16..)
        .map(|((name, act), second)| Case {
            name,
            act,
            source: Ipv4Addr::new(127, second, 0, 0),
            played: 0,
            cpu: Figures::default(),
        })
        .collect();
    for round in 1..=ground.options.rounds() {
        progress(&format!("strangers, round {round}"));
        for case in &mut cases {
            measure(ground, &process, case)?;
        }
    }
    print(&cases, &endings(ground)?)
}

fn measure(ground: &Ground<'_>, process: &Process, case: &mut Case) -> io::Result<()> {
    let count = ground.options.amount(CONNECTIONS);
    let before = process.usage().cpu_exact()?;
    for _ in 0..count {
        let from = Ipv4Addr::from(u32::from(case.source) + case.played / FREE);
        case.played += 1;
        let played = case.act.play(from, process.address);
        played.map_err(|error| io::Error::other(format!("{}: {error}", case.name)))?;
    }
    case.cpu.push((process.usage().cpu_exact()? - before) * 1e3 / count as f64);
    Ok(())
}

/// What the audit says of the first connections from each address.
fn endings(ground: &Ground<'_>) -> io::Result<BTreeMap<String, String>> {
    let audit = fs::read_to_string(ground.audit())?;
    let lines = audit.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    Ok(lines
        .filter_map(|line| Some((source(&line)?, line.get("reason")?.as_str()?.to_owned())))
        .collect())
}

fn source(line: &Value) -> Option<String> {
    let (address, _port) = line.get("source")?.as_str()?.rsplit_once(':')?;
    Some(address.to_owned())
}

fn print(cases: &[Case], endings: &BTreeMap<String, String>) -> io::Result<()> {
    let Some(honest) = cases.first() else { return Ok(()) };
    let mut table = Table::new(&["connection", "CPU ms", "CPU / honest", "ended as"]);
    for case in cases {
        let ending = endings.get(&case.source.to_string()).map_or("-", String::as_str);
        table.row([
            case.name.to_owned(),
            case.cpu.show(3),
            case.cpu.ratio(&honest.cpu).show(2),
            ending.to_owned(),
        ]);
    }
    table.print(
        "Strangers",
        "CPU time of the gate for each connection, from accepting it to closing it. Target: at \
         most twice an honest handshake.",
    )
}
