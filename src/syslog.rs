//! Messages to collectors, as syslog over TCP or TLS.
//!
//! Each collector has an [`Outlet`] with a bounded queue, and behind it a thread of its own that writes
//! every message into a bounded folder and sends from there: so nothing is lost while the collector is
//! away, nor when this process is killed. What finds no room is counted, and told in one message as
//! soon as there is room again.
//!
//! Syslog has no answer: that a message has arrived is known only as far as TCP knows it. What the
//! collector's system had not acknowledged when the connection ended, or this process, is sent again, in
//! order.
//!
//! - `message`: what a message is made of (RFC 5424), and its frame (RFC 5425, RFC 6587);
//! - `spool`, with `state`: the folder;
//! - `unacknowledged`, `tail`: what has left and may not have arrived;
//! - `link`, `sender`: the connection, and when there is one.

mod link;
mod message;
mod sender;
mod spool;
mod state;
mod tail;
mod unacknowledged;

pub use message::{Message, Text, host_name};
pub use spool::{TellLost, obstacle};

use std::cell::{Cell, RefCell};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc as done;
use std::time::Instant;

use tokio::sync::{Notify, mpsc, watch};

use crate::config::Collector;
use message::Origin;
use sender::Sender;
use spool::Spool;

/// How many messages wait for the thread at most, each of some KiB.
const CAPACITY: usize = 1024;

/// The way to one collector.
pub struct Outlet {
    queue: mpsc::Sender<Message>,
    overflow: Arc<AtomicU64>,
    lost: Arc<AtomicU64>,
    destination: watch::Sender<Collector>,
    done: done::Receiver<()>,
}

/// What changes the destination of an [`Outlet`].
pub type Redirection = watch::Sender<Collector>;

impl Outlet {
    /// Opens the folder and starts the thread. `tell` makes the message about lost ones.
    ///
    /// # Errors
    ///
    /// The folder cannot be used, or the thread cannot be started.
    pub fn start(collector: &Collector, tell: TellLost) -> io::Result<Self> {
        let lost = Arc::new(AtomicU64::new(0));
        let spool = Spool::open(collector, Origin::own(), tell, &lost)?;
        let (queue, waiting) = mpsc::channel(CAPACITY);
        let overflow = Arc::new(AtomicU64::new(0));
        let destination = watch::Sender::new(collector.clone());
        let (finished, done) = done::channel();
        let (redirected, counted) = (destination.subscribe(), Arc::clone(&overflow));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name("syslog".to_owned()).spawn(move || {
            runtime.block_on(serve(spool, waiting, &counted, redirected));
            // Name servers that are still being asked hold nobody up.
            runtime.shutdown_background();
            let _ = finished.send(());
        })?;
        Ok(Self { queue, overflow, lost, destination, done })
    }

    /// Hands a message over, and never waits: one that finds no room is counted as lost.
    pub fn send(&self, message: Message) {
        if self.queue.try_send(message).is_err() {
            self.overflow.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many messages were lost since the start.
    pub fn lost(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.lost)
    }

    /// What lets a reload change the destination.
    pub fn redirection(&self) -> Redirection {
        self.destination.clone()
    }

    /// Lets the thread send what it can send now. The rest stays in the folder.
    pub fn close(self) -> Closing {
        Closing(self.done)
    }
}

/// A thread that comes to its end.
pub struct Closing(done::Receiver<()>);

impl Closing {
    /// Waits for that, up to a moment.
    pub fn wait(self, until: Instant) {
        // There is nobody left to tell.
        let _ = self.0.recv_timeout(until.saturating_duration_since(Instant::now()));
    }
}

/// Writes and sends side by side, until the queue is closed.
async fn serve(
    spool: Spool,
    queue: mpsc::Receiver<Message>,
    overflow: &AtomicU64,
    destination: watch::Receiver<Collector>,
) {
    let (spool, stirred, closing) = (RefCell::new(spool), Notify::new(), Cell::new(false));
    let sender = Sender::new(&spool, &stirred, &closing, destination);
    let keeping = keep(&spool, queue, overflow, &stirred, &closing);
    tokio::join!(keeping, sender.run());
}

async fn keep(
    spool: &RefCell<Spool>,
    mut queue: mpsc::Receiver<Message>,
    overflow: &AtomicU64,
    stirred: &Notify,
    closing: &Cell<bool>,
) {
    while let Some(message) = queue.recv().await {
        let lost = overflow.swap(0, Ordering::Relaxed);
        let mut spool = spool.borrow_mut();
        if lost > 0 {
            spool.overflowed(lost);
        }
        spool.append(&message);
        drop(spool);
        stirred.notify_one();
    }
    closing.set(true);
    stirred.notify_one();
}

#[cfg(test)]
mod tests;
