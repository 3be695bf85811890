//! When there is a connection, and what goes over it.

use std::cell::{Cell, RefCell};
use std::io;
use std::pin::pin;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};

use super::link::{Link, SILENCE, Trouble};
use super::spool::Spool;
use super::tail::Tail;
use super::unacknowledged::Socket;
use crate::config::Collector;

/// Between two attempts to connect, at first and at last.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LAST_PAUSE: Duration = Duration::from_secs(8);
/// How long the end waits for what is under way.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// Between two looks at that.
const GLANCE: Duration = Duration::from_millis(10);

/// Sends what is in the spool.
pub(super) struct Sender<'a> {
    spool: &'a RefCell<Spool>,
    /// Something was written, or nothing more will be.
    stirred: &'a Notify,
    closing: &'a Cell<bool>,
    destination: watch::Receiver<Collector>,
    is_in_trouble: bool,
}

/// Why a connection is given up.
enum End {
    /// Everything was sent, and nothing more will come.
    Closing,
    /// A reload names another collector, or the same with other certificates.
    Redirected,
    /// It was lost.
    Lost(Trouble),
}

impl<'a> Sender<'a> {
    pub(super) const fn new(
        spool: &'a RefCell<Spool>,
        stirred: &'a Notify,
        closing: &'a Cell<bool>,
        destination: watch::Receiver<Collector>,
    ) -> Self {
        Self { spool, stirred, closing, destination, is_in_trouble: false }
    }

    /// Connects again and again, until everything is sent and nothing more will come. At the end it does
    /// not wait for a collector that is away.
    pub(super) async fn run(mut self) {
        let mut pause = FIRST_PAUSE;
        loop {
            let collector = self.destination.borrow_and_update().clone();
            let before = self.spool.borrow().sent();
            let link = tokio::select! {
                link = Link::to(&collector) => link,
                () = self.closed() => return,
            };
            let end = match link {
                Ok(link) => {
                    self.report(&collector, None);
                    self.converse(link).await
                }
                Err(trouble) => End::Lost(trouble),
            };
            match end {
                End::Closing => return,
                End::Redirected => continue,
                End::Lost(trouble) => self.report(&collector, Some(&trouble)),
            }
            if self.spool.borrow().sent() > before {
                pause = FIRST_PAUSE;
            }
            if self.rest(pause).await.is_err() {
                return;
            }
            pause = LAST_PAUSE.min(pause * 2);
        }
    }

    /// Returns when nothing more will come and a connection would come too late.
    async fn closed(&self) {
        while !self.closing.get() {
            self.stirred.notified().await;
        }
        sleep(LAST_WORDS / 2).await;
    }

    /// Waits before the next attempt; an error where none is to follow.
    async fn rest(&mut self, pause: Duration) -> Result<(), ()> {
        let mut over = pin!(sleep(pause));
        loop {
            if self.closing.get() {
                return Err(());
            }
            tokio::select! {
                () = &mut over => return Ok(()),
                () = self.stirred.notified() => {}
                changed = self.destination.changed() => return changed.map_err(|_| ()),
            }
        }
    }

    /// Says when trouble begins and when it is over.
    fn report(&mut self, collector: &Collector, trouble: Option<&Trouble>) {
        let Collector { name, address, spool, .. } = collector;
        match (std::mem::replace(&mut self.is_in_trouble, trouble.is_some()), trouble) {
            (false, Some(trouble)) => tracing::warn!(
                "the collector [syslog.{name}] at {address} is away: {trouble}; messages wait in {}",
                spool.display()
            ),
            (true, None) => tracing::info!("the collector [syslog.{name}] at {address} is back"),
            (true, Some(_)) | (false, None) => {}
        }
    }

    /// Sends over one connection until it ends.
    async fn converse(&mut self, Link { stream, socket }: Link) -> End {
        let (mut reader, mut writer) = tokio::io::split(stream);
        let mut gone = pin!(gone(&mut reader));
        let mut tail = Tail::new(self.spool.borrow().sent());
        loop {
            if tail.next_look().is_some_and(|left| left.is_zero()) {
                self.look(&mut tail, socket.as_ref());
            }
            let frame = if tail.is_long() { None } else { self.spool.borrow_mut().frame() };
            let Some(frame) = frame else {
                if self.closing.get() && !tail.is_long() {
                    self.finish(&mut tail, socket.as_ref(), &mut writer).await;
                    return End::Closing;
                }
                let look = sleep(tail.next_look().unwrap_or(SILENCE));
                tokio::select! {
                    trouble = &mut gone => return self.lost(tail, socket.as_ref(), trouble),
                    () = self.stirred.notified() => {}
                    () = look => {}
                    Ok(()) = self.destination.changed() => {
                        self.finish(&mut tail, socket.as_ref(), &mut writer).await;
                        return End::Redirected;
                    }
                }
                continue;
            };
            let written = tokio::select! {
                // What is written to a collector that has gone is lost.
                biased;
                trouble = &mut gone => return self.lost(tail, socket.as_ref(), trouble),
                written = timeout(SILENCE, write(&mut writer, &frame)) => written,
            };
            match written {
                Ok(Ok(())) => {
                    let behind = self.spool.borrow_mut().has_left(frame.len());
                    tail.left(frame.len(), behind);
                }
                Ok(Err(error)) => {
                    return self.lost(tail, socket.as_ref(), Trouble::Broken(error));
                }
                Err(_elapsed) => return self.lost(tail, socket.as_ref(), Trouble::Stalled),
            }
        }
    }

    /// Sees how much has arrived.
    fn look(&self, tail: &mut Tail, socket: Option<&Socket>) {
        let began = Instant::now();
        let left = match socket {
            Some(socket) => socket.unacknowledged(),
            // Nobody knows: what is taken for arrived is sent again for longer.
            None => Some(0),
        };
        left.into_iter().for_each(|left| tail.acknowledged_but(left));
        tail.looked(began);
        self.spool.borrow_mut().settle(tail.read());
    }

    /// The connection is lost: what has not arrived goes over the next one. Who closes it has read what
    /// has; otherwise the system would have reset it.
    fn lost(&self, mut tail: Tail, socket: Option<&Socket>, trouble: Trouble) -> End {
        self.look(&mut tail, socket);
        let is_read = matches!(trouble, Trouble::Closed) && socket.is_some();
        let to = if is_read { tail.arrived() } else { tail.read() };
        self.spool.borrow_mut().rewind(to);
        End::Lost(trouble)
    }

    /// Ends the connection in good order: what has not arrived in time is sent again.
    async fn finish(
        &self,
        tail: &mut Tail,
        socket: Option<&Socket>,
        writer: &mut (impl AsyncWrite + Unpin),
    ) {
        let settle = async {
            loop {
                self.look(tail, socket);
                if tail.is_empty() || socket.is_none() {
                    return;
                }
                sleep(GLANCE).await;
            }
        };
        if timeout(LAST_WORDS, settle).await.is_err() {
            self.spool.borrow_mut().rewind(tail.arrived());
        }
        let _ = timeout(GLANCE, writer.shutdown()).await;
    }
}

async fn write(writer: &mut (impl AsyncWrite + Unpin), frame: &[u8]) -> io::Result<()> {
    writer.write_all(frame).await?;
    writer.flush().await
}

/// Returns when the collector has closed the connection. It has nothing to say.
async fn gone(reader: &mut (impl AsyncRead + Unpin)) -> Trouble {
    let mut unheard = [0; 512];
    loop {
        match reader.read(&mut unheard).await {
            Ok(0) => return Trouble::Closed,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Trouble::Closed,
            Err(error) => return Trouble::Broken(error),
        }
    }
}
