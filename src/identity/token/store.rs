//! The keys that an issuer has now.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::fetch::Fetcher;
use super::keys::Keys;

/// Between two looks at a file.
const CHECK: Duration = Duration::from_secs(5);
/// For a file system that does not answer, or a server.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two times that a `kid` nobody knows has keys fetched: whoever sends tokens could otherwise
/// have the gate ask as often as they like.
const SOONEST: Duration = Duration::from_secs(60);
/// Until a URL that gave no keys is asked again; each failure doubles it, up to `refresh`.
const AGAIN: Duration = Duration::from_secs(5);

/// Where keys are read.
#[derive(Clone, Debug)]
pub enum Source {
    /// A file, JWK set or PEM.
    File(PathBuf),
    /// A URL that gives a JWK set, and how often it is asked.
    Url(Box<Fetcher>, Duration),
}

/// How often and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pace {
    /// Between two reads.
    pub(super) every: Duration,
    pub(super) patience: Duration,
    pub(super) soonest: Duration,
    pub(super) again: Duration,
    /// How old the last good read may be.
    pub(super) max_stale: Duration,
}

/// The keys of an issuer, and the task that keeps them fresh, which ends with this.
#[derive(Debug)]
pub struct KeyStore {
    pub(super) shared: Arc<Shared>,
    watcher: OnceLock<Watcher>,
}

/// What the task has as well.
#[derive(Debug)]
pub(super) struct Shared {
    /// The name of the `[issuer]` table, for the log.
    pub(super) issuer: Arc<str>,
    pub(super) source: Source,
    pub(super) pace: Pace,
    /// Told of a `kid` that no key has.
    pub(super) wanted: Notify,
    held: ArcSwapOption<Held>,
}

/// Keys, and when they were last known to be the right ones.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) keys: Arc<Keys>,
    pub(super) read: Instant,
}

#[derive(Debug)]
struct Watcher(AbortHandle);

impl Drop for Watcher {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl KeyStore {
    /// Of this issuer, with the keys that were read, if any were. They serve until the last good read
    /// is `max_stale` old.
    pub fn new(issuer: Arc<str>, source: Source, keys: Option<Keys>, max_stale: Duration) -> Self {
        let every = match &source {
            Source::File(_) => CHECK,
            Source::Url(_, refresh) => *refresh,
        };
        let pace = Pace { every, patience: PATIENCE, soonest: SOONEST, again: AGAIN, max_stale };
        Self::paced(issuer, source, keys, pace)
    }

    pub(super) fn paced(issuer: Arc<str>, source: Source, keys: Option<Keys>, pace: Pace) -> Self {
        let shared =
            Shared { issuer, source, pace, wanted: Notify::new(), held: ArcSwapOption::empty() };
        if let Some(keys) = keys {
            shared.keep(keys);
        }
        Self { shared: Arc::new(shared), watcher: OnceLock::new() }
    }

    /// Watched by this task from now on, if it is not watched yet.
    pub(super) fn watched_by(&self, task: impl FnOnce() -> AbortHandle) {
        self.watcher.get_or_init(|| Watcher(task()));
    }

    #[cfg(test)]
    pub(super) fn watcher(&self) -> AbortHandle {
        self.watcher.get().unwrap().0.clone()
    }

    /// The keys, unless they are too old.
    pub(super) fn now(&self, now: Instant) -> Option<Arc<Keys>> {
        let held = self.shared.held.load();
        let held = held.as_ref().filter(|held| !self.shared.is_stale(held, now))?;
        Some(Arc::clone(&held.keys))
    }

    /// Somebody has shown a `kid` that no key has: the issuer may have a new one.
    pub(super) fn want(&self) {
        self.shared.wanted.notify_one();
    }

    /// Whether nothing but time is between this and another one, which may go on in its place.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let (one, other) = (&self.shared, &other.shared);
        one.issuer == other.issuer && one.pace == other.pace && self.has_source_of(&other.source)
    }

    /// Takes the keys that another one has of the same URL.
    pub(super) fn take_over(&self, other: &Self) {
        if self.has_source_of(&other.shared.source) {
            self.shared.held.store(other.shared.held.load_full());
        }
    }

    /// Of a file, the configuration has just read what is in it.
    fn has_source_of(&self, other: &Source) -> bool {
        match (&self.shared.source, other) {
            (Source::Url(one, _), Source::Url(other, _)) => one.is_like(other),
            (Source::File(_), _) | (Source::Url(..), Source::File(_)) => false,
        }
    }
}

impl Shared {
    pub(super) fn held(&self) -> Option<Arc<Held>> {
        self.held.load_full()
    }

    /// These keys were read now.
    pub(super) fn keep(&self, keys: Keys) {
        let held = Held { keys: Arc::new(keys), read: Instant::now() };
        self.held.store(Some(Arc::new(held)));
    }

    /// The keys are still the right ones.
    pub(super) fn confirm(&self) {
        if let Some(held) = self.held() {
            let held = Held { keys: Arc::clone(&held.keys), read: Instant::now() };
            self.held.store(Some(Arc::new(held)));
        }
    }

    pub(super) fn is_stale(&self, held: &Held, now: Instant) -> bool {
        now.saturating_duration_since(held.read) > self.pace.max_stale
    }
}
