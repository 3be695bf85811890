//! All that passes on one leg of the way.

use crate::support::PATIENCE;
use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Takes each connection on to its target, and keeps what passes.
pub(crate) struct Tap {
    pub(crate) address: SocketAddr,
    streams: Arc<Mutex<Vec<Stream>>>,
}

/// One direction of one connection.
#[derive(Clone, Default)]
struct Stream {
    bytes: Vec<u8>,
    is_over: bool,
}

/// A part of a data set by which it is known: too long to come about by chance.
const PART: usize = 16;

impl Tap {
    pub(crate) fn before(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let streams = Arc::<Mutex<Vec<Stream>>>::default();
        let all = Arc::clone(&streams);
        thread::spawn(move || {
            for from in listener.incoming() {
                let (from, to) = (from.unwrap(), TcpStream::connect(target).unwrap());
                let back = (to.try_clone().unwrap(), from.try_clone().unwrap());
                for (from, to) in [(from, to), back] {
                    let (number, all) = (add(&all), Arc::clone(&all));
                    thread::spawn(move || copy(from, to, number, &all));
                }
            }
        });
        Self { address, streams }
    }

    /// What has passed, once all connections are over: each of them twice.
    pub(crate) fn seen(&self) -> Vec<Vec<u8>> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let streams = self.streams.lock().unwrap().clone();
            if streams.iter().all(|stream| stream.is_over) {
                return streams.into_iter().map(|stream| stream.bytes).collect();
            }
            assert!(Instant::now() < deadline, "a connection does not end");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Whether every byte belongs to a record of TLS (RFC 8446 section 5.1).
pub(crate) fn is_tls(mut stream: &[u8]) -> bool {
    while let [20..=23, 3, 1..=3, high, low, rest @ ..] = stream {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let Some(next) = rest.get(length..) else { return false };
        stream = next;
    }
    stream.is_empty()
}

/// Whether these bytes are somewhere in it.
pub(crate) fn has(stream: &[u8], part: &[u8]) -> bool {
    stream.windows(part.len()).any(|window| window == part)
}

/// Whether any part of these data sets is somewhere in it.
pub(crate) fn shows(stream: &[u8], data_sets: &[Vec<u8>]) -> bool {
    let parts: HashSet<&[u8]> = data_sets.iter().flat_map(|it| it.chunks_exact(PART)).collect();
    stream.windows(PART).any(|window| parts.contains(window))
}

fn add(streams: &Mutex<Vec<Stream>>) -> usize {
    let mut streams = streams.lock().unwrap();
    streams.push(Stream::default());
    streams.len() - 1
}

fn copy(mut from: TcpStream, mut to: TcpStream, number: usize, streams: &Mutex<Vec<Stream>>) {
    let mut buffer = vec![0; 65_536];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        streams.lock().unwrap()[number].bytes.extend(&buffer[..count]);
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
    streams.lock().unwrap()[number].is_over = true;
}
