//! Heap allocations of the gate for one C-ECHO, one small C-STORE and one association, counted by
//! valgrind: the same whatever else the machine does.

use std::io;
use std::path::Path;

use crate::calls::{CASES, Case, Place};
use crate::ground::Ground;
use crate::report::{Table, progress};
use crate::requestor::Requestor;

/// Where Debian puts it.
const VALGRIND: &str = "/usr/bin/valgrind";
/// Of each case, beyond the first ones, which fill pools and tables that stay.
const TIMES: u64 = 100;
const FIRST: u64 = 20;

/// What was allocated in the life of a process.
struct Heap {
    blocks: f64,
    bytes: f64,
}

/// Measures and prints.
pub(crate) fn run(ground: &Ground<'_>) -> io::Result<()> {
    if !Path::new(VALGRIND).exists() {
        progress(&format!("{VALGRIND} is not there: allocations are not counted"));
        return Ok(());
    }
    let mut table = Table::new(&["operation", "allocations", "bytes"]);
    for (name, case) in CASES {
        progress(&format!("allocations, {name}"));
        let times = ground.options.amount(TIMES);
        let (few, many) = (heap(ground, case, FIRST)?, heap(ground, case, FIRST + times)?);
        let each = |few: f64, many: f64| format!("{:.1}", (many - few) / times as f64);
        table.row([name.to_owned(), each(few.blocks, many.blocks), each(few.bytes, many.bytes)]);
    }
    table.print(
        "Allocations",
        "Heap allocations of pacsgate for each operation, and how many bytes they have together.",
    )
}

/// What a gate has allocated in a life with so many of these.
fn heap(ground: &Ground<'_>, case: Case, times: u64) -> io::Result<Heap> {
    let gate = ground.start_counted(Path::new(VALGRIND))?;
    let mut requestor = Requestor::associate(gate.process.address, &ground.tls)?;
    let place = Place { ground, process: &gate.process };
    (0..times).try_for_each(|_| case(&place, &mut requestor))?;
    requestor.release()?;
    totals(&gate.end()?)
}

/// The totals among what valgrind has said.
fn totals(said: &str) -> io::Result<Heap> {
    let numbers = said.lines().find_map(|line| {
        let (_, total) = line.split_once("Total:")?;
        let mut words = total.split_ascii_whitespace().map(|word| word.replace(',', ""));
        let mut numbers = words.by_ref().filter_map(|word| word.parse::<f64>().ok());
        Some(Heap { bytes: numbers.next()?, blocks: numbers.next()? })
    });
    numbers.ok_or_else(|| io::Error::other(format!("valgrind told no total:\n{said}")))
}
