//! The admin endpoint: how the gate is, told to whoever is on this machine. It changes nothing.
//!
//! It answers on loopback and on Unix sockets, in a thread with a runtime of its own, so that no
//! question takes a worker from an association, and an overloaded gate can still say that it is.
//!
//! - `socket`: where it listens; `guests`: who is connected, so many and so long at the most.
//! - `answer`: what a request gets; `host`: which requests are somebody else's.
//! - `offer`: what the answers are made from; `page`: what they have in common.
//! - `status` and `view`: how all is, for programs and, as a page, for people.
//! - `health`: whether the gate moves, and is ready; `metrics` with `now` and `ends`: numbers for
//!   Prometheus; `associations`: who is connected.

mod answer;
mod associations;
mod ends;
mod guests;
mod health;
mod host;
mod metrics;
mod now;
mod offer;
mod page;
mod socket;
mod status;
pub(crate) mod view;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::thread;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use self::guests::Guests;
use self::offer::Offer;
use self::socket::Socket;
use crate::config::{self, Endpoint, Finding, Location};
use crate::gate::Gate;
use crate::host::words;
use crate::pulse::Pulse;

/// The endpoint; it answers no more when this is dropped.
pub struct Admin {
    guests: Arc<Guests>,
    /// Started with the first address.
    thread: Option<Thread>,
    doors: BTreeMap<Endpoint, Door>,
}

/// An address at which it answers.
struct Door {
    socket: Arc<Socket>,
    accepts: AbortHandle,
}

/// The thread that serves; it ends when this is dropped.
struct Thread {
    runtime: Handle,
    _end: oneshot::Sender<()>,
}

/// Sockets that are bound and wait for somebody to accept.
pub struct Bound(Vec<(Endpoint, Option<Socket>)>);

impl Admin {
    /// Answers nowhere yet.
    pub fn new(gate: Arc<Gate>, pulse: Pulse) -> Self {
        let guests = Guests::new(Offer { gate, pulse });
        Self { guests: Arc::new(guests), thread: None, doors: BTreeMap::new() }
    }

    /// Binds every address that is not open yet, and a socket whose name leads to it no more.
    ///
    /// # Errors
    ///
    /// The first that cannot be bound, or that there is no thread to serve them. Nothing has changed
    /// then.
    pub fn bind(&mut self, admin: config::Admin) -> Result<Bound, Finding> {
        let mut sockets = Bound(Vec::new());
        for (endpoint, place) in admin.bind {
            let is_open = self.doors.get(&endpoint).is_some_and(|door| door.socket.is_found());
            let opened = if is_open { None } else { Some(self.open(&endpoint, place)) };
            match opened.transpose() {
                Ok(socket) => sockets.0.push((endpoint, socket)),
                Err(finding) => {
                    sockets.give_up();
                    return Err(finding);
                }
            }
        }
        Ok(sockets)
    }

    fn open(&mut self, endpoint: &Endpoint, place: Location) -> Result<Socket, Finding> {
        let opened = self.runtime().and_then(|runtime| {
            let _inside = runtime.enter();
            Socket::bind(endpoint)
        });
        opened.map_err(|error| no_socket(endpoint, place, &error))
    }

    fn runtime(&mut self) -> io::Result<Handle> {
        if let Some(thread) = &self.thread {
            return Ok(thread.runtime.clone());
        }
        let thread = Thread::start()?;
        let runtime = thread.runtime.clone();
        self.thread = Some(thread);
        Ok(runtime)
    }

    /// Answers at these and at no others.
    pub fn exchange(&mut self, Bound(sockets): Bound) {
        let mut before = std::mem::take(&mut self.doors);
        for (endpoint, socket) in sockets {
            let known = before.remove(&endpoint);
            let door = match socket {
                Some(socket) => {
                    // It has lost its name.
                    known.into_iter().for_each(Door::close);
                    self.accept(socket)
                }
                None => known,
            };
            self.doors.extend(door.map(|door| (endpoint, door)));
        }
        for (endpoint, door) in before {
            tracing::info!("the admin endpoint is at {endpoint} no more");
            door.close();
        }
        if self.doors.is_empty() {
            self.thread = None;
        }
    }

    fn accept(&self, socket: Socket) -> Option<Door> {
        tracing::info!("the admin endpoint is at {socket}");
        let (socket, guests) = (Arc::new(socket), Arc::clone(&self.guests));
        let accepting = guests::accept(Arc::clone(&socket), guests);
        let task = self.thread.as_ref()?.runtime.spawn(accepting);
        Some(Door { socket, accepts: task.abort_handle() })
    }
}

impl Bound {
    fn give_up(self) {
        self.0.iter().filter_map(|(_, socket)| socket.as_ref()).for_each(Socket::remove);
    }
}

impl Drop for Admin {
    fn drop(&mut self) {
        std::mem::take(&mut self.doors).into_values().for_each(Door::close);
    }
}

impl Door {
    fn close(self) {
        // The name goes first: whoever comes next finds it free, and loses nothing of its own.
        self.socket.remove();
        self.accepts.abort();
    }
}

impl Thread {
    fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (end, ended) = oneshot::channel::<()>();
        let serve = move || {
            // It is only ever dropped.
            let _ = runtime.block_on(ended);
        };
        thread::Builder::new().name("admin".to_owned()).spawn(serve)?;
        Ok(Self { runtime: handle, _end: end })
    }
}

fn no_socket(endpoint: &Endpoint, location: Location, error: &io::Error) -> Finding {
    let (why, cure) = (words(error), socket::cure(endpoint, error));
    let what = format!("cannot answer at {endpoint}: {why}{cure}");
    Finding { location, key: "admin.bind".to_owned(), what }
}
