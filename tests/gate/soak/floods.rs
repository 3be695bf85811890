//! What floods the gate, each from a hundred addresses and as fast as it can.

use crate::support::associate::Associate;
use crate::support::authority::{Authority, Profile};
use crate::support::pdu::abort;
use crate::support::requestor::{Caller, Requestor, connect_from, reset_when_dropped};
use crate::support::site::{CT1_NAME, GATE_NAME, site};
use rustls::ClientConnection;
use rustls::pki_types::ServerName;
use std::collections::VecDeque;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, Scope};
use std::time::Duration;

/// Connections that one flood holds at a time.
const HELD: usize = 400;
/// As much of a request as the gate takes, less its header and its last bytes.
const HALF: usize = 256 * 1024 - 16;
/// What a slow request brings at a time, and how long it waits for the next.
const PIECE: usize = 16 * 1024;
const SLOWLY: Duration = Duration::from_millis(50);

/// One connection of a flood, with whatever is to be held of it.
type Flood = fn(&Means, [u8; 4]) -> io::Result<Held>;

const EACH: [(&str, Flood); 10] = [
    ("silent", |means, from| means.plain(from, b"")),
    ("garbage", |means, from| means.plain(from, b"garbage!")),
    ("plain DICOM", |means, from| means.plain(from, &means.request)),
    ("HTTP", |means, from| means.plain(from, b"GET / HTTP/1.1\r\n\r\n")),
    ("a hello, then nothing", |means, from| means.plain(from, &means.hello)),
    ("nine CAs of one name", |means, from| means.call(&means.nine, from).map(Held::Tls)),
    ("a stolen certificate", |means, from| means.stolen(from).map(Held::Tls)),
    ("half a request", Means::half),
    ("aborting associations", Means::aborting),
    ("refused requests", Means::refused),
];

/// The floods under way, with how many connections each has made.
pub(super) struct Floods(Vec<(&'static str, Arc<AtomicU64>)>);

/// What the floods are made with.
struct Means {
    gate: SocketAddr,
    stolen: Caller,
    nine: Caller,
    request: Vec<u8>,
    /// The same again and again: it costs the gate a signature, and a stranger nothing.
    hello: Vec<u8>,
}

#[expect(dead_code, reason = "what is held is never used")]
enum Held {
    Plain(TcpStream),
    Tls(Box<Requestor>),
    Nothing,
}

impl Floods {
    pub(super) fn start<'a>(
        scope: &'a Scope<'a, '_>,
        gate: SocketAddr,
        stop: &'a AtomicBool,
    ) -> Self {
        let authorities = [(); 9].map(|()| Authority::root("one name"));
        let nine = authorities[0].issue(&Profile::client(CT1_NAME)).among(&authorities);
        let stolen = Caller::with(&site().ct1);
        let means = Arc::new(Means {
            gate,
            hello: hello(&stolen),
            stolen,
            nine: Caller::with(&nine),
            request: Associate::echo("CT1", "PACS").encode(),
        });
        Self(
            EACH.map(|(name, flood)| {
                let (count, means) = (Arc::new(AtomicU64::new(0)), Arc::clone(&means));
                let counter = Arc::clone(&count);
                scope.spawn(move || run(flood, &means, &counter, stop));
                (name, count)
            })
            .into(),
        )
    }

    pub(super) fn sent(&self) -> Vec<(&'static str, u64)> {
        self.0.iter().map(|(name, count)| (*name, count.load(Ordering::Relaxed))).collect()
    }
}

fn run(flood: Flood, means: &Means, count: &AtomicU64, stop: &AtomicBool) {
    yield_to_others();
    let mut held = VecDeque::new();
    for number in (0_u64..).take_while(|_| !stop.load(Ordering::Relaxed)) {
        let from = [127, 0, 1, u8::try_from(number % 100).unwrap()];
        // What is refused at once is refused: the next one tries again.
        held.extend(flood(means, from));
        count.fetch_add(1, Ordering::Relaxed);
        if held.len() > HELD {
            held.pop_front();
        }
    }
}

impl Means {
    fn plain(&self, from: [u8; 4], bytes: &[u8]) -> io::Result<Held> {
        let mut socket = connect_from(from, self.gate)?;
        reset_when_dropped(&socket);
        socket.write_all(bytes)?;
        Ok(Held::Plain(socket))
    }

    fn call(&self, caller: &Caller, from: [u8; 4]) -> io::Result<Box<Requestor>> {
        let requestor = caller.call_from(from, self.gate)?;
        reset_when_dropped(requestor.socket());
        Ok(Box::new(requestor))
    }

    fn stolen(&self, from: [u8; 4]) -> io::Result<Box<Requestor>> {
        self.call(&self.stolen, from)
    }

    fn half(&self, from: [u8; 4]) -> io::Result<Held> {
        let mut requestor = self.stolen(from)?;
        let length = u32::try_from(HALF + 8).map_err(io::Error::other)?;
        requestor.try_send(&[&[1, 0][..], &length.to_be_bytes()].concat())?;
        thread::spawn(move || {
            for _ in 0..HALF / PIECE {
                thread::sleep(SLOWLY);
                if requestor.try_send(&[0; PIECE]).is_err() {
                    return;
                }
            }
            thread::sleep(SLOWLY);
        });
        Ok(Held::Nothing)
    }

    fn aborting(&self, from: [u8; 4]) -> io::Result<Held> {
        let mut requestor = self.stolen(from)?;
        requestor.try_send(&self.request)?;
        requestor.try_send(&abort(0, 0))?;
        Ok(Held::Tls(requestor))
    }

    fn refused(&self, from: [u8; 4]) -> io::Result<Held> {
        let mut requestor = self.stolen(from)?;
        requestor.try_send(&Associate::echo("STOLEN", "PACS").encode())?;
        Ok(Held::Tls(requestor))
    }
}

fn hello(caller: &Caller) -> Vec<u8> {
    let name = ServerName::try_from(GATE_NAME).unwrap();
    let mut client = ClientConnection::new(Arc::new(caller.config()), name).unwrap();
    let mut hello = Vec::new();
    client.write_tls(&mut hello).unwrap();
    hello
}

/// Gives this thread a lower priority: on one machine with the gate, the load is to slow it down by
/// what it sends, and not by what sending costs.
fn yield_to_others() {
    let thread = std::fs::read_link("/proc/thread-self").unwrap();
    let _ = Command::new("renice")
        .args(["--relative", "-n", "10", "-p"])
        .arg(thread.file_name().unwrap())
        .output();
}
