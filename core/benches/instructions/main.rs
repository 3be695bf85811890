//! How many instructions core's hot paths take, counted by callgrind (Debian's `valgrind`): the same
//! whatever else the machine does, so that a change shows which no stopwatch would.
//!
//! `cargo bench --package pacsgate-core --bench instructions [-- --write]`
//!
//! Beside each count stands that of the last values, in `README.md` beside this file, which `--write` replaces.
//! Nothing is asserted: another compiler counts differently.

mod material;

use std::collections::BTreeMap;
use std::env;
use std::fmt::Debug;
use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::io::{self, Write as _};
use std::process::{Command, ExitCode};

use pacsgate_core::data_set::Walker;
use pacsgate_core::inspector::{Inspector, Out};
use pacsgate_core::side::Side;
use pacsgate_core::transfer_syntax::Walk;
use pacsgate_core::wire::associate::ReceivedRq;

use material::{
    PDUS, RULES, body, certificate, contexts, ct_header, ct_image, identify, made, message, object,
    policy, received, request, response, small_message,
};

/// A hot path, prepared and measured once.
type Case = (&'static str, fn());

const CASES: [Case; 9] = [
    ("parse a request of 12 contexts", || parse(12)),
    ("parse a request of 128 contexts", || parse(128)),
    ("identify a peer among 10", || identify_among(10)),
    ("identify a peer among 1,000", || identify_among(1_000)),
    ("walk a CT header, implicit", || walk(Walk::ImplicitLittle)),
    ("walk a CT header, explicit", || walk(Walk::ExplicitLittle)),
    ("walk a CT image of 512 KiB", walk_image),
    ("inspect a message of 64 data PDUs", inspect),
    ("inspect a C-STORE of 4 KiB and its response", inspect_small),
];

/// The last values.
const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions/README.md");
/// Callgrind counts within this function.
const MEASURED: &str = "*instructions::measured*";

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let outcome = match arguments.iter().position(|it| it == "--case") {
        Some(at) => play(arguments.get(at + 1).map(String::as_str)),
        None => compare(arguments.iter().any(|it| it == "--write")),
    };
    let Err(error) = outcome else { return ExitCode::SUCCESS };
    let _ = writeln!(io::stderr(), "instructions: {error}");
    ExitCode::FAILURE
}

/// Prints each count beside the last one.
fn compare(writes: bool) -> io::Result<()> {
    let last = read(include_str!("README.md"));
    let mut written = heading()?;
    let mut shown = String::new();
    for (name, _) in CASES {
        let count = count(name)?;
        let _ = writeln!(written, "| {name} | {count} |");
        let _ = match last.get(name) {
            Some(&last) if last > 0 => {
                let change = (count as f64 / last as f64 - 1.0) * 100.0;
                writeln!(shown, "{name:36} {count:>12} {last:>12} {change:>+8.2}%")
            }
            _ => writeln!(shown, "{name:36} {count:>12} {:>12}", "new"),
        };
    }
    let (path, count, before) = ("hot path", "instructions", "last");
    write!(io::stdout(), "{path:36} {count:>12} {before:>12}\n{shown}")?;
    if writes { fs::write(TABLE, written) } else { Ok(()) }
}

/// What `--write` writes above the rows.
fn heading() -> io::Result<String> {
    let version = Command::new("rustc").arg("--version").output()?;
    Ok(format!(
        "# Instructions\n\nOf core's hot paths, as `cargo bench --package pacsgate-core --bench instructions -- \
         --write` counted them,\nbuilt by {}.\n\n| hot path | instructions |\n|---|---:|\n",
        String::from_utf8_lossy(&version.stdout).trim()
    ))
}

fn read(table: &str) -> BTreeMap<&str, u64> {
    let rows = table.lines().filter_map(|line| {
        let (name, count) = line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | ")?;
        Some((name, count.parse().ok()?))
    });
    rows.collect()
}

/// Runs one case under callgrind, in a process of its own.
fn count(name: &str) -> io::Result<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--collect-atstart=no"])
        .arg(format!("--toggle-collect={MEASURED}"))
        .arg(env::current_exe()?)
        .args(["--case", name])
        .output()
        .map_err(|error| io::Error::new(error.kind(), format!("valgrind: {error}")))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let count =
        said.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok());
    let count = count.filter(|count| *count > 0 && output.status.success());
    count.ok_or_else(|| io::Error::other(format!("nothing was counted of {name:?}:\n{said}")))
}

fn play(name: Option<&str>) -> io::Result<()> {
    let case = CASES.iter().find(|(it, _)| Some(*it) == name);
    let (_, run) = case.ok_or_else(|| io::Error::other("there is no such case"))?;
    run();
    Ok(())
}

/// What is counted, and nothing else is.
#[inline(never)]
fn measured<T>(work: impl FnOnce() -> T) -> T {
    black_box(work())
}

/// The second of two times: the first one makes what every further one has.
fn repeated<T, E: Debug>(mut work: impl FnMut() -> Result<T, E>) {
    made(work());
    made(measured(work));
}

fn parse(contexts: u8) {
    let pdu = made(request(contexts, 0).encode());
    repeated(|| ReceivedRq::parse(black_box(body(&pdu))));
}

fn identify_among(peers: u32) {
    let policy = policy(peers);
    let number = peers / 2;
    let (certificate, request) = (certificate(number), received(12, number));
    repeated(|| identify(&policy, black_box(&certificate), black_box(&request)));
}

fn walk(walk: Walk) {
    let header = ct_header(walk);
    let mut walkers = [(); 2].map(|()| Walker::new(walk, object(), RULES)).into_iter();
    repeated(|| walkers.next().map_or(Ok(()), |mut walker| walker.feed(black_box(&header))));
}

fn walk_image() {
    let image = ct_image(512 * 1024);
    let mut walkers =
        [(); 2].map(|()| Walker::new(Walk::ExplicitLittle, object(), RULES)).into_iter();
    repeated(|| {
        let Some(mut walker) = walkers.next() else { return Ok(()) };
        walker.feed(black_box(&image)).and_then(|()| walker.finish())
    });
}

/// In pieces of a TLS record, as they come.
fn inspect() {
    let message = message();
    assert!(message.len() > PDUS * 1024);
    let mut inspector = Inspector::new(contexts());
    let mut out = Out::default();
    out.to_acceptor.reserve(1 << 20);
    measured(|| {
        for piece in message.chunks(16 * 1024) {
            out.to_acceptor.clear();
            made(inspector.feed(Side::Requestor, black_box(piece), &mut out));
        }
    });
}

fn inspect_small() {
    let (request, response) = (small_message(), response());
    let mut inspector = Inspector::new(contexts());
    let mut out = Out::default();
    repeated(|| {
        out.to_acceptor.clear();
        out.to_requestor.clear();
        inspector.feed(Side::Requestor, black_box(&request), &mut out)?;
        inspector.feed(Side::Acceptor, black_box(&response), &mut out)
    });
    assert_eq!(out.to_acceptor.len(), request.len());
    assert_eq!(out.to_requestor.len(), response.len());
}
