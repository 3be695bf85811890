//! Verifying passwords: few at a time, in turns, by threads that serve nobody else.

use std::fmt;
use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use pacsgate_core::policy::Denial;
use tokio::task::spawn_blocking;
use zeroize::Zeroizing;

use super::attempts::{Attempts, Claim};
use super::cost::Cost;
use super::file::Passwords;
use super::hash::{Exhausted, Hash, Memory};
use crate::net::Source;
use crate::timers::timeout;
use crate::turns::{Held, Turns, Whose};

/// At most so many hashings at once, however many cores there are: their memory is 256 MiB then,
/// where each has the most that a file may ask for.
const AT_ONCE: usize = 4;
/// At most so many wait of one peer, or of one source without one: about a second of hashings. More
/// would wait for nothing.
const WAITING: usize = 64;

/// Verifies passwords, for the whole gate.
pub struct Hashing {
    turns: Arc<Turns<Asker>>,
    attempts: Arc<Attempts>,
    memories: Arc<Mutex<Vec<Memory>>>,
    computed: Arc<AtomicU64>,
}

/// In whose turn a password is verified.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Asker {
    /// A peer's, by its name. Peers have every other turn, however many strangers there are.
    Peer(Arc<str>),
    /// That of a source which is no peer's.
    Stranger(Source),
}

/// A name and a password to be verified.
pub struct Attempt<'a> {
    /// In whose turn.
    pub asker: Asker,
    /// Whose wrong passwords are counted together.
    pub claim: Claim,
    /// The name, as it was sent.
    pub user: &'a [u8],
    /// The password, as it was sent.
    pub password: &'a [u8],
    /// Whether a right one lets anybody in. If not, it counts as a wrong one: that it was right would
    /// show else in how many may still be tried.
    pub is_of_use: bool,
}

impl Hashing {
    /// One core is always left to associations, where there are several.
    pub fn of_machine() -> Self {
        let cores = available_parallelism().map_or(1, NonZero::get);
        Self::new(cores.saturating_sub(1).clamp(1, AT_ONCE))
    }

    /// So many at once.
    pub fn new(most: usize) -> Self {
        let (attempts, memories) = (Arc::default(), Arc::default());
        Self { turns: Turns::new(most), attempts, memories, computed: Arc::default() }
    }

    /// How many passwords were hashed, right or wrong.
    pub fn computed(&self) -> u64 {
        self.computed.load(Ordering::Relaxed)
    }

    /// Verifies a password within a time. A user that does not exist, or nobody at all, takes as long
    /// as one with another password. Nothing is computed once this future has been dropped, but for
    /// what has begun.
    ///
    /// # Errors
    ///
    /// The name or the password is wrong, too many have been wrong, or there was no time.
    pub async fn verify(
        &self,
        passwords: &Passwords,
        attempt: Attempt<'_>,
        within: Duration,
    ) -> Result<Arc<str>, Denial> {
        let verified = timeout(within, self.verified(passwords, attempt)).await;
        verified.unwrap_or(Err(Denial::PasswordBusy))
    }

    async fn verified(
        &self,
        passwords: &Passwords,
        attempt: Attempt<'_>,
    ) -> Result<Arc<str>, Denial> {
        let Attempt { asker, claim, user, password, is_of_use } = attempt;
        self.may(claim)?;
        let is_known = matches!(asker, Asker::Peer(_));
        let whose = Whose { source: asker, is_known };
        if self.turns.waiting(&whose) >= WAITING {
            return Err(Denial::PasswordBusy);
        }
        let turn = self.turns.hold(whose).await;
        // Of many that came at once the first ones have been wrong meanwhile. Those that compute
        // beside this one may still be: there are few.
        self.may(claim)?;
        let job = Job {
            found: passwords.find(user),
            cost: passwords.cost,
            password: Zeroizing::new(password.to_vec()),
            claim,
            is_of_use,
            attempts: Arc::clone(&self.attempts),
            memories: Arc::clone(&self.memories),
            computed: Arc::clone(&self.computed),
            turn,
        };
        match spawn_blocking(|| job.run()).await {
            Ok(Ok(verified)) => verified,
            Ok(Err(error)) => {
                tracing::error!(%error, "a password was not verified");
                Err(Denial::PasswordBusy)
            }
            // What a panic says is told on standard error by itself.
            Err(_) => Err(Denial::PasswordBusy),
        }
    }

    fn may(&self, claim: Claim) -> Result<(), Denial> {
        let used_up = self.attempts.are_used_up(claim, Instant::now());
        if used_up { Err(Denial::PasswordAttempts) } else { Ok(()) }
    }
}

/// What a thread does in its turn, whether or not somebody still waits for it.
struct Job {
    found: Option<(Arc<str>, Hash)>,
    cost: Cost,
    password: Zeroizing<Vec<u8>>,
    claim: Claim,
    is_of_use: bool,
    attempts: Arc<Attempts>,
    memories: Arc<Mutex<Vec<Memory>>>,
    computed: Arc<AtomicU64>,
    /// Given up when all is done.
    turn: Held<Asker>,
}

impl Job {
    fn run(self) -> Result<Result<Arc<str>, Denial>, Exhausted> {
        let Self { found, cost, password, claim, is_of_use, attempts, memories, computed, turn } =
            self;
        computed.fetch_add(1, Ordering::Relaxed);
        let free = || memories.lock().unwrap_or_else(PoisonError::into_inner);
        let mut memory = free().pop().unwrap_or_default();
        let verified = match found {
            None => {
                Hash::of_nobody(cost, &password, &mut memory)?;
                Err(Denial::UserUnknown)
            }
            Some((name, hash)) if hash.is_of(cost, &password, &mut memory)? => Ok(name),
            Some(_) => Err(Denial::PasswordWrong),
        };
        // One for each turn, so that there are never more than may compute.
        free().push(memory);
        if verified.is_err() || !is_of_use {
            attempts.failed(claim, Instant::now());
        }
        drop(turn);
        Ok(verified)
    }
}

impl fmt::Debug for Hashing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hashing").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
