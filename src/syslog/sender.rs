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
use super::state::Position;
use super::tail::Tail;
use super::unacknowledged::Socket;
use crate::config::Collector;

/// Between two attempts to connect, at first and at last.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LAST_PAUSE: Duration = Duration::from_secs(8);
/// How long the end waits for what is under way.
const LAST_WORDS: Duration = Duration::from_millis(800);
/// The same of a connection, or a write, that has only begun.
const LAST_WRITE: Duration = Duration::from_millis(400);
/// How long is listened for the reason when a write has failed.
const LAST_LISTENING: Duration = Duration::from_millis(100);
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
            let link = tokio::select! {
                link = Link::to(&collector) => link,
                () = closing(self.closing, self.stirred) => return,
            };
            let end = match link {
                Ok(link) => {
                    let mut talk = Talk::over(link.socket.clone(), self.spool.borrow().sent());
                    talk.is_tls = collector.tls.is_some();
                    let end = self.converse(link, &mut talk, &collector).await;
                    if talk.has_arrived {
                        pause = FIRST_PAUSE;
                    }
                    end
                }
                Err(trouble) => End::Lost(trouble),
            };
            match end {
                End::Closing => return,
                End::Redirected => continue,
                End::Lost(trouble) => self.report(&collector, Some(&trouble)),
            }
            if self.rest(pause).await.is_err() {
                return;
            }
            pause = LAST_PAUSE.min(pause * 2);
        }
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

    /// Sends over one connection until it ends. However it ends, the spool goes on where it is not known
    /// that everything has arrived.
    async fn converse(&mut self, link: Link, talk: &mut Talk, collector: &Collector) -> End {
        let (mut reader, mut writer) = tokio::io::split(link.stream);
        let mut gone = pin!(gone(&mut reader));
        // What had arrived as the last one ended: behind it a full spool sends nothing, and so no look
        // would find it.
        self.spool.borrow_mut().settle(talk.begin);
        loop {
            if talk.tail.next_look().is_some_and(|left| left.is_zero()) {
                self.look(talk);
                // Not at once: TLS 1.3 refuses a certificate when messages are under way already.
                talk.has_arrived |= talk.tail.arrived() > talk.begin;
                if talk.has_arrived {
                    self.report(collector, None);
                }
            }
            let next = if talk.tail.is_long() { None } else { self.spool.borrow_mut().frame() };
            let ended = match next {
                Some(frame) => tokio::select! {
                    // What is written to a collector that has gone is lost.
                    biased;
                    trouble = &mut gone => Some(End::Lost(trouble)),
                    written = write(&mut writer, &frame) => match written {
                        Ok(()) => {
                            let behind = self.spool.borrow_mut().has_left(frame.len());
                            talk.tail.left(frame.len(), behind);
                            None
                        }
                        // What it has said before may say why.
                        Err(error) => {
                            let said = timeout(LAST_LISTENING, &mut gone).await;
                            let unsaid = |_| Trouble::from(error);
                            Some(End::Lost(said.unwrap_or_else(unsaid)))
                        }
                    },
                    Ok(()) = self.destination.changed() => Some(End::Redirected),
                    () = closing(self.closing, self.stirred) => Some(End::Closing),
                    () = sleep(SILENCE) => Some(End::Lost(Trouble::Stalled)),
                },
                None if self.closing.get() && !talk.tail.is_long() => Some(End::Closing),
                None => tokio::select! {
                    trouble = &mut gone => Some(End::Lost(trouble)),
                    () = self.stirred.notified() => None,
                    () = sleep(talk.tail.next_look().unwrap_or(SILENCE)) => None,
                    Ok(()) = self.destination.changed() => Some(End::Redirected),
                },
            };
            match ended {
                None => {}
                Some(End::Lost(trouble)) => return self.lost(talk, trouble).await,
                Some(end) => {
                    self.finish(talk, &mut writer).await;
                    return end;
                }
            }
        }
    }

    /// Sees how much has arrived.
    fn look(&self, talk: &mut Talk) {
        let began = Instant::now();
        let left = match &talk.socket {
            Some(socket) => socket.unacknowledged(),
            // Nobody knows: what is taken for arrived is sent again for longer.
            None => Some(0),
        };
        left.into_iter().for_each(|left| talk.tail.acknowledged_but(left));
        talk.tail.looked(began);
        // What is saved is what was read as well: a gate that is killed sends the rest again.
        self.spool.borrow_mut().settle(talk.tail.read());
    }

    /// The connection is lost: what has not arrived goes over the next one. Who closes it over TCP has
    /// read what has; otherwise the system would have reset it. The end of TLS says nothing of that.
    async fn lost(&self, talk: &mut Talk, trouble: Trouble) -> End {
        let is_closed = matches!(trouble, Trouble::Closed) && !talk.is_tls;
        if is_closed {
            // The system may reset it a moment after the collector has said that nothing more comes.
            sleep(LAST_LISTENING).await;
        }
        self.look(talk);
        let is_there = talk.socket.as_ref().is_some_and(|it| it.unacknowledged().is_some());
        let is_read = is_closed && is_there;
        let to = if is_read { talk.tail.arrived() } else { talk.tail.read() };
        self.spool.borrow_mut().rewind(to);
        End::Lost(trouble)
    }

    /// Where the next start begins, and the next connection.
    fn stop_at(&self, talk: &Talk, has_ended: bool) {
        let is_gone = talk.socket.as_ref().is_some_and(|it| it.unacknowledged().is_none());
        let to = if is_gone { talk.tail.read() } else { talk.tail.arrived() };
        let mut spool = self.spool.borrow_mut();
        if !has_ended || is_gone {
            spool.rewind(to);
        }
        spool.arrived(to);
    }

    /// Ends the connection in good order: what has not arrived in time is sent again.
    async fn finish(&self, talk: &mut Talk, writer: &mut (impl AsyncWrite + Unpin)) {
        let settle = async {
            loop {
                self.look(talk);
                if talk.tail.is_empty() || talk.socket.is_none() {
                    return;
                }
                sleep(GLANCE).await;
            }
        };
        let has_ended = timeout(LAST_WORDS, settle).await.is_ok();
        self.stop_at(talk, has_ended);
        let _ = timeout(GLANCE, writer.shutdown()).await;
    }
}

/// What is known of one connection.
struct Talk {
    tail: Tail,
    socket: Option<Socket>,
    is_tls: bool,
    begin: Position,
    /// Something has been acknowledged, and the collector has not gone at once.
    has_arrived: bool,
}

impl Talk {
    fn over(socket: Option<Socket>, begin: Position) -> Self {
        Self { tail: Tail::new(begin), socket, is_tls: false, begin, has_arrived: false }
    }
}

/// Returns a moment after nothing more will come: a write that has not ended by then hangs.
async fn closing(closing: &Cell<bool>, stirred: &Notify) {
    while !closing.get() {
        stirred.notified().await;
    }
    sleep(LAST_WRITE).await;
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
            Err(error) => return error.into(),
        }
    }
}
