//! The task that reads the keys of an issuer again and again. Whoever verifies a token never waits
//! for it; what is read badly changes nothing but the log, until the keys are too old.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::spawn_blocking;
use tokio::time::Instant as Moment;

use super::fetch::{FetchFault, Fetcher};
use super::file::{FileFault, Watched};
use super::keys::{Keys, KeysFault};
use super::reading::read;
use super::store::{KeyStore, Shared, Source};
use crate::timers::sleep_until;

/// Watches the source of these keys from now on, if that is not done yet, until they are dropped. To be
/// called inside a runtime.
pub(super) fn watch(store: &KeyStore) {
    let shared = &store.shared;
    store.watched_by(|| tokio::spawn(run(Arc::clone(shared))).abort_handle());
}

/// Never returns.
async fn run(shared: Arc<Shared>) {
    let mut reader = match &shared.source {
        Source::File(path) => Reader::File(Watched::new(path.clone())),
        Source::Url(fetcher, _) => Reader::Url(fetcher),
    };
    let mut told = Told::default();
    let mut failures = 0;
    loop {
        match reader.read(shared.pace.patience).await {
            Ok(keys) => {
                failures = 0;
                let is_new = keys.is_some();
                keys.map_or_else(|| shared.confirm(), |keys| shared.keep(keys));
                told.sound(&shared, is_new);
            }
            Err(trouble) => {
                failures += 1;
                told.trouble(&shared, &trouble);
            }
        }
        wait(&shared, failures, &mut told).await;
    }
}

/// Until the next read. A `kid` that nobody knows makes it sooner.
async fn wait(shared: &Shared, failures: u32, told: &mut Told) {
    // What was wanted until now was read just now.
    tokio::select! {
        biased;
        () = shared.wanted.notified() => {}
        () = std::future::ready(()) => {}
    }
    let now = Moment::now();
    let next = now + until_next(shared, failures);
    let on_demand = now + shared.pace.soonest;
    let stale = shared
        .held()
        .and_then(|held| Moment::from_std(held.read).checked_add(shared.pace.max_stale));
    tokio::select! {
        () = sleep_until(next) => {}
        () = async {
            shared.wanted.notified().await;
            sleep_until(on_demand).await;
        } => {}
        () = async {
            // Just behind it.
            sleep_until(stale.unwrap_or(next) + Duration::from_millis(1)).await;
            told.stale(shared);
            sleep_until(next).await;
        } => {}
    }
}

/// A tenth more or less, so that many gates do not ask at once. A file is looked at as often as ever.
fn until_next(shared: &Shared, failures: u32) -> Duration {
    let pace = &shared.pace;
    let Source::Url(..) = shared.source else { return pace.every };
    let doubled = pace
        .again
        .saturating_mul(1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX));
    let usual = if failures == 0 { pace.every } else { doubled.min(pace.every) };
    let chance = u32::try_from(RandomState::new().hash_one(()) % 201).unwrap_or(100);
    usual * (900 + chance) / 1000
}

enum Reader<'a> {
    File(Watched),
    Url(&'a Fetcher),
}

/// Why there are no new keys.
#[derive(Debug)]
enum Trouble {
    File(FileFault),
    Fetch(FetchFault),
    Keys(KeysFault),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(fault) => fault.fmt(f),
            Self::Fetch(fault) => fault.fmt(f),
            Self::Keys(fault) => fault.fmt(f),
        }
    }
}

impl Reader<'_> {
    /// The keys; `None` if they are what they were.
    async fn read(&mut self, patience: Duration) -> Result<Option<Keys>, Trouble> {
        match self {
            Self::File(watched) => watched.look(patience).await.map_err(Trouble::File),
            Self::Url(fetcher) => {
                let bytes = fetcher.fetch(patience).await.map_err(Trouble::Fetch)?;
                // A megabyte takes milliseconds.
                let keys = spawn_blocking(move || read(&bytes)).await;
                let keys = keys.map_err(|_| Trouble::Fetch(FetchFault::Broken))?;
                keys.map(Some).map_err(Trouble::Keys)
            }
        }
    }
}

/// What the log has heard last: it hears of each change once.
#[derive(Debug, Default)]
struct Told {
    trouble: Option<String>,
    keys: Option<(usize, usize)>,
    is_stale: bool,
}

impl Told {
    fn sound(&mut self, shared: &Shared, is_new: bool) {
        let keys = shared.held().map(|held| (held.keys.count(), held.keys.passed_over()));
        let is_over = self.trouble.take().is_some() | std::mem::take(&mut self.is_stale);
        if is_over || is_new && keys != self.keys {
            let (issuer, (keys, passed_over)) = (&shared.issuer, keys.unwrap_or_default());
            let source = &shared.source;
            tracing::info!(%issuer, keys, passed_over, "the keys of an issuer are read from {source}");
        }
        self.keys = keys;
    }

    fn trouble(&mut self, shared: &Shared, trouble: &Trouble) {
        let trouble = trouble.to_string();
        if self.trouble.as_ref() == Some(&trouble) {
            return;
        }
        let (issuer, source) = (&shared.issuer, &shared.source);
        if shared.held().is_some_and(|held| !shared.is_stale(&held, Instant::now())) {
            tracing::error!(
                %issuer,
                "the keys of an issuer cannot be read, and the old ones are used until max_stale: \
                 {source}: {trouble}"
            );
        } else {
            tracing::error!(
                %issuer,
                "the keys of an issuer cannot be read, and its tokens are refused: {source}: {trouble}"
            );
        }
        self.trouble = Some(trouble);
    }

    fn stale(&mut self, shared: &Shared) {
        let is_stale = shared.held().is_some_and(|held| shared.is_stale(&held, Instant::now()));
        if is_stale && !self.is_stale {
            let issuer = &shared.issuer;
            tracing::error!(
                %issuer,
                "the keys of an issuer are older than max_stale: its tokens are refused as \
                 token-keys-stale"
            );
            self.is_stale = true;
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Url(fetcher, _) => f.write_str(&fetcher.url()),
        }
    }
}
