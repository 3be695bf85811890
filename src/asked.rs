//! What peers have asked a PACS to send them, by the clock of this machine. A reload does not touch it; a
//! restart forgets it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use pacsgate_core::asked::Asked;
use pacsgate_core::inspector::{Awaited, Requests};
use pacsgate_core::policy::Awaits;
use pacsgate_core::wire::title::AeTitle;

/// The memory of what was asked.
#[derive(Debug)]
pub struct Memory {
    began: Instant,
    asked: Mutex<Asked>,
}

/// An inward association, whose peer asks.
#[derive(Debug)]
struct Asking {
    memory: Arc<Memory>,
    pacs: Arc<str>,
    calling: AeTitle,
}

/// An outward association, on which the PACS sends.
#[derive(Debug)]
struct Sending {
    memory: Arc<Memory>,
    pacs: Arc<str>,
    titles: Arc<[AeTitle]>,
    called: AeTitle,
    window: Duration,
}

impl Memory {
    /// Nothing was asked.
    pub fn new() -> Arc<Self> {
        Arc::new(Self { began: Instant::now(), asked: Mutex::default() })
    }

    /// For an association of a peer that calls by this title.
    pub fn of_peer(self: &Arc<Self>, pacs: &Arc<str>, calling: AeTitle) -> Arc<dyn Requests> {
        Arc::new(Asking { memory: Arc::clone(self), pacs: Arc::clone(pacs), calling })
    }

    /// For an association of a PACS to a peer with these titles, of which it has called one.
    pub fn of_pacs(
        self: &Arc<Self>,
        pacs: &Arc<str>,
        titles: &Arc<[AeTitle]>,
        called: AeTitle,
        window: Duration,
    ) -> Arc<dyn Awaited> {
        let (memory, pacs, titles) = (Arc::clone(self), Arc::clone(pacs), Arc::clone(titles));
        Arc::new(Sending { memory, pacs, titles, called, window })
    }

    fn asked(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }
}

impl Requests for Asking {
    fn moves(&self, to: &AeTitle) {
        let now = self.memory.now();
        self.memory.asked().moves(&self.pacs, self.calling, *to, now);
    }

    fn commits(&self) {
        let now = self.memory.now();
        self.memory.asked().commits(&self.pacs, self.calling, now);
    }
}

impl Awaited for Sending {
    fn object(&self, originator: Option<&AeTitle>) -> bool {
        let now = self.memory.now();
        self.memory.asked().objects(&self.pacs, self.called, originator, self.window, now)
    }

    fn report(&self) -> bool {
        let now = self.memory.now();
        self.memory.asked().report(&self.pacs, &self.titles, now)
    }
}

impl Awaits for Memory {
    fn objects(&self, pacs: &Arc<str>, to: &AeTitle, window: Duration) -> bool {
        self.asked().objects(pacs, *to, None, window, self.now())
    }

    fn report(&self, pacs: &Arc<str>, to: &[AeTitle]) -> bool {
        self.asked().report(pacs, to, self.now())
    }
}
