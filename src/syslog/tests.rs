//! A collector that hangs: what it has not taken is sent to the next one.

use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::*;
use crate::config::{Address, Content, Location};
use crate::journal::Priority;

const MESSAGES: u64 = 600;
const PATIENCE: Duration = Duration::from_secs(30);

fn collector(listener: &TcpListener, folder: &Path) -> Collector {
    let port = listener.local_addr().unwrap().port();
    Collector {
        name: "siem".into(),
        address: Address { host: "127.0.0.1".into(), port },
        tls: None,
        content: Content::Json,
        spool: folder.to_owned(),
        spool_size: 64 << 20,
        spool_at: Location::Text { file: folder.to_owned(), line: 1, column: 1 },
    }
}

fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

fn message() -> Message {
    let text = Text::Ascii(vec![b'x'; 20_000]);
    let (time, priority) = (SystemTime::UNIX_EPOCH, Priority::Info);
    Message { time, priority, id: "test", data: Vec::new(), text }
}

fn start(collector: &Collector) -> Outlet {
    Outlet::start(collector, Box::new(|_| message())).unwrap()
}

/// An outlet whose write hangs, with more than all buffers hold, and the connection.
fn hanging(listener: &TcpListener, folder: &Path) -> (Outlet, TcpStream) {
    let outlet = start(&collector(listener, folder));
    (0..MESSAGES).for_each(|_| outlet.send(message()));
    let (held, _) = listener.accept().unwrap();
    // Nothing moves any more.
    let mut before = 0;
    loop {
        std::thread::sleep(Duration::from_millis(500));
        let mut waiting = vec![0; 32 << 20];
        let now = held.peek(&mut waiting).unwrap();
        if now > 0 && now == before {
            break;
        }
        before = now;
    }
    assert_eq!(outlet.lost().load(Ordering::Relaxed), 0);
    (outlet, held)
}

/// The numbers of messages that come, up to the last one.
fn numbers(mut stream: TcpStream, last: u64) -> Vec<u64> {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut bytes = Vec::new();
    let end = format!("sequenceId=\"{last}\"");
    let mut buffer = vec![0; 1 << 20];
    while !bytes.windows(end.len()).any(|it| it == end.as_bytes()) {
        match stream.read(&mut buffer).unwrap() {
            0 => break,
            count => bytes.extend(buffer.get(..count).unwrap().iter().filter(|it| **it != b'x')),
        }
    }
    let text = String::from_utf8(bytes).unwrap();
    let shown = text.split("sequenceId=\"").skip(1);
    shown.filter_map(|it| it.split('"').next()?.parse().ok()).collect()
}

/// What was acknowledged is in the hands of the one that hangs: everything else comes to the other.
fn assert_complete(mut held: TcpStream, came: &[u64]) {
    held.set_nonblocking(true).unwrap();
    let mut taken = vec![0; 32 << 20];
    let count = held.read(&mut taken).unwrap();
    let whole = count as u64 / 20_200;
    assert!(came.first().unwrap() <= &(whole + 1), "{whole} and {came:?}");
    assert!(came.is_sorted() && came.last() == Some(&MESSAGES), "{came:?}");
    assert_eq!(came.len() as u64, MESSAGES + 1 - came.first().unwrap());
}

#[test]
fn a_stop_while_the_collector_hangs_loses_nothing() {
    let (folder, first, second) = (tempfile::tempdir().unwrap(), listener(), listener());
    let (outlet, held) = hanging(&first, folder.path());
    let closing = outlet.close();
    closing.wait(Instant::now() + PATIENCE);
    let outlet = start(&collector(&second, folder.path()));
    let (stream, _) = second.accept().unwrap();
    assert_complete(held, &numbers(stream, MESSAGES));
    drop(outlet);
}

#[test]
fn another_collector_after_a_reload_need_not_wait_for_one_that_hangs() {
    let (folder, first, second) = (tempfile::tempdir().unwrap(), listener(), listener());
    let (outlet, held) = hanging(&first, folder.path());
    outlet.redirection().send_replace(collector(&second, folder.path()));
    second.set_nonblocking(true).unwrap();
    let begun = Instant::now();
    let stream = loop {
        match second.accept() {
            Ok((stream, _)) => break stream,
            Err(_) => assert!(begun.elapsed() < link::SILENCE / 2, "it waits"),
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    stream.set_nonblocking(false).unwrap();
    assert_complete(held, &numbers(stream, MESSAGES));
}

#[test]
fn a_collector_that_closes_in_two_steps_with_messages_unread_gets_them_again() {
    const FEW: u64 = 3;
    let (folder, listener) = (tempfile::tempdir().unwrap(), listener());
    let outlet = start(&collector(&listener, folder.path()));
    (0..FEW).for_each(|_| outlet.send(message()));
    let (held, _) = listener.accept().unwrap();
    let begun = Instant::now();
    while held.peek(&mut vec![0; 1 << 20]).unwrap() < 20_000 * 3 {
        assert!(begun.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(10));
    }
    held.shutdown(std::net::Shutdown::Write).unwrap();
    drop(held);
    let (stream, _) = listener.accept().unwrap();
    assert_eq!(numbers(stream, FEW), [1, 2, 3]);
}

#[test]
fn a_full_spool_that_has_arrived_has_room_again_whoever_closes_behind_it() {
    let (folder, absent) = (tempfile::tempdir().unwrap(), listener());
    let address = absent.local_addr().unwrap();
    let small = Collector { spool_size: 1 << 20, ..collector(&absent, folder.path()) };
    drop(absent);
    let outlet = start(&small);
    let begun = Instant::now();
    while outlet.lost().load(Ordering::Relaxed) == 0 {
        assert!(begun.elapsed() < PATIENCE);
        outlet.send(message());
        std::thread::sleep(Duration::from_millis(2));
    }
    let present = TcpListener::bind(address).unwrap();
    let (mut first, _) = present.accept().unwrap();
    first.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    let taken = io::copy(&mut first, &mut io::sink()).unwrap_err();
    assert_eq!(taken.kind(), io::ErrorKind::WouldBlock, "it has said all");
    drop(first);
    let (mut second, _) = present.accept().unwrap();
    second.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let begun = Instant::now();
    while second.read(&mut [0; 100]).is_err() {
        assert!(begun.elapsed() < PATIENCE, "nothing comes any more");
        outlet.send(message());
    }
    outlet.close().wait(Instant::now() + PATIENCE);
}
