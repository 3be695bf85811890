//! A good peer's delay while another one shows passwords, 200 times a second.

use std::fs;
use std::io;
use std::ops::Range;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use pacsgate::identity::password::{Cost, Hash};
use rustls::ClientConfig;

use crate::ground::Ground;
use crate::proxy::Process;
use crate::report::{Figures, Table, micros, progress};
use crate::requestor::Requestor;

/// Attempts a second of the other peer.
const RATE: u32 = 200;
/// Who make them: enough for as many answers as the gate may hold back at once, for two seconds each.
const GUESSERS: u32 = 512;
/// A thread for each.
const STACK: usize = 256 * 1024;
/// The titles under which wrong passwords are spread.
pub(crate) const TITLES: u32 = 64;
/// Associations of the good peer in one measurement.
const ASSOCIATIONS: u64 = 200;
/// Between two of them.
const PAUSE: Duration = Duration::from_millis(10);

const USER: &str = "alice";
const PASSWORD: &str = "correct horse battery";

/// What the other peer shows, and under how many titles: right passwords under another one, as wrong
/// ones end the attempts of theirs.
const KINDS: [(&str, Option<Kind>); 4] = [
    ("nothing", None),
    ("wrong passwords", Some(Kind { password: "wrong", titles: 0..1 })),
    ("wrong passwords, 64 titles", Some(Kind { password: "wrong", titles: 0..TITLES })),
    ("right passwords", Some(Kind { password: PASSWORD, titles: TITLES..TITLES + 1 })),
];

struct Kind {
    password: &'static str,
    titles: Range<u32>,
}

#[derive(Clone, Default)]
struct Shown {
    median: Figures,
    slow: Figures,
    delay: Figures,
    attempts: Figures,
    accepted: Figures,
}

#[derive(Default)]
struct Attempts {
    stop: AtomicBool,
    made: AtomicU64,
    accepted: AtomicU64,
}

/// Measures and prints.
pub(crate) fn run(ground: &Ground<'_>) -> io::Result<()> {
    let process = ground.start_with_passwords(&line()?)?;
    let guesser = ground.material().client_of("guesser")?;
    let mut shown = vec![Shown::default(); KINDS.len()];
    for round in 1..=ground.options.fewer_rounds() {
        progress(&format!("guesses, round {round}"));
        let mut alone = None;
        for ((_, kind), shown) in KINDS.iter().zip(&mut shown) {
            let median = measure(ground, &process, &guesser, kind.as_ref(), shown)?;
            shown.delay.push(median - *alone.get_or_insert(median));
        }
    }
    let mut table = Table::new(&[
        "the other peer shows",
        "p50 ms",
        "p99 ms",
        "delay of the median ms",
        "attempts/s",
        "accepted/s",
    ]);
    for ((name, _), shown) in KINDS.iter().zip(&shown) {
        table.row([
            (*name).to_owned(),
            shown.median.show(2),
            shown.slow.show(2),
            shown.delay.show(2),
            shown.attempts.show(0),
            shown.accepted.show(0),
        ]);
    }
    table.print(
        "Guesses",
        "From connecting to the response to C-ECHO, beside another peer that shows 200 passwords a \
         second as far as it is answered. Target: a delay of at most 20 ms.",
    )
}

/// The line for the file, as `pacsgate hash-password` makes it.
fn line() -> io::Result<String> {
    let cost = Cost::USUAL;
    let hash = Hash::new(cost, PASSWORD.as_bytes());
    let hash = hash.map_err(|error| io::Error::other(format!("{error:?}")))?;
    Ok(format!("{USER}:{}\n", hash.text(cost)))
}

fn measure(
    ground: &Ground<'_>,
    process: &Process,
    guesser: &Arc<ClientConfig>,
    kind: Option<&Kind>,
    shown: &mut Shown,
) -> io::Result<f64> {
    let attempts = Attempts::default();
    thread::scope(|scope| {
        for number in 0..GUESSERS {
            let (Some(kind), attempts) = (kind, &attempts) else { break };
            let work = move || guess(process, guesser, kind, number, attempts);
            thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work)?;
        }
        if kind.is_some() {
            thread::sleep(Duration::from_secs(2));
        }
        let outcome = good_peer(ground, process, &attempts, shown);
        attempts.stop.store(true, Ordering::Relaxed);
        outcome
    })
}

/// Its share of the rate, from its place in the second on.
fn guess(
    process: &Process,
    guesser: &Arc<ClientConfig>,
    kind: &Kind,
    number: u32,
    attempts: &Attempts,
) {
    let pace = Duration::from_secs(1) * GUESSERS / RATE;
    let mut next = Instant::now() + Duration::from_secs(1) * number / RATE;
    let title = kind.titles.start + number % (kind.titles.end - kind.titles.start);
    let title = format!("G{title}");
    while !attempts.stop.load(Ordering::Relaxed) {
        thread::sleep(next.saturating_duration_since(Instant::now()));
        let requestor =
            Requestor::associate_as(process.address, guesser, &title, Some((USER, kind.password)));
        attempts.made.fetch_add(1, Ordering::Relaxed);
        if let Ok(requestor) = requestor {
            attempts.accepted.fetch_add(1, Ordering::Relaxed);
            let _ = requestor.release();
        }
        next = (next + pace).max(Instant::now());
    }
}

/// The median of the good peer, in milliseconds.
fn good_peer(
    ground: &Ground<'_>,
    process: &Process,
    attempts: &Attempts,
    shown: &mut Shown,
) -> io::Result<f64> {
    let counted = || [&attempts.made, &attempts.accepted].map(|it| it.load(Ordering::Relaxed));
    let (began, [made, accepted]) = (Instant::now(), counted());
    let mut times = Figures::default();
    for _ in 0..ground.options.amount(ASSOCIATIONS) {
        let start = Instant::now();
        let mut requestor = Requestor::associate(process.address, &ground.tls)?;
        requestor.echo()?;
        times.push(micros(start.elapsed()) / 1e3);
        requestor.release()?;
        thread::sleep(PAUSE);
    }
    let (elapsed, [made_since, accepted_since]) = (began.elapsed().as_secs_f64(), counted());
    shown.median.push(times.median());
    shown.slow.push(times.percentile(99));
    shown.attempts.push((made_since - made) as f64 / elapsed);
    shown.accepted.push((accepted_since - accepted) as f64 / elapsed);
    Ok(times.median())
}

/// Whatever the umask is: the gate reads no file that others may write, or read.
pub(crate) fn write(path: &std::path::Path, text: &str) -> io::Result<()> {
    fs::write(path, text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
}
