//! Turns at what costs CPU: the arithmetic of TLS handshakes, and of passwords.
//!
//! A handshake computes for some tenths of a millisecond without a pause. Few of them do so at a
//! time, so that an association never waits for more than these; and those that wait are served
//! origin by origin, so that a source with a hundred handshakes delays its own. Known origins, such
//! as sources from which a peer has come before, have every other turn, however many strangers there
//! are.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::future::{Future, poll_fn};
use std::hash::Hash;
use std::num::NonZero;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::thread::available_parallelism;

use crate::net::Source;

/// Who computes, and who waits for it.
#[derive(Debug)]
pub struct Turns<K = Source> {
    state: Mutex<State<K>>,
}

/// Whose turn it is about.
#[derive(Clone, Copy, Debug)]
pub struct Whose<K = Source> {
    /// Where it comes from.
    pub source: K,
    /// Whether that is known: of a source, whether a peer has come from there before.
    pub is_known: bool,
}

/// A right to compute, for as long as it is held.
#[derive(Debug)]
pub struct Held<K: Clone + Eq + Hash>(Arc<Turns<K>>);

#[derive(Debug)]
struct State<K> {
    /// How many more may compute.
    free: usize,
    /// The number that the next one gets only grows.
    next: u64,
    known: Line<K>,
    strangers: Line<K>,
    /// The strangers' turn is next, if both wait.
    is_strangers: bool,
}

/// Those who wait: the origins in the order of their turns, and of each origin the oldest first.
#[derive(Debug)]
struct Line<K> {
    origins: VecDeque<K>,
    waiting: HashMap<K, BTreeMap<u64, Waker>>,
}

/// A place in the order, given up when dropped.
struct Turn<'a, K: Clone + Eq + Hash> {
    turns: &'a Turns<K>,
    whose: Whose<K>,
    number: u64,
    at: At,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Rest,
    Waiting,
}

impl<K: Clone + Eq + Hash> Turns<K> {
    /// One core is always left to associations, where there are several.
    pub fn of_machine() -> Arc<Self> {
        let cores = available_parallelism().map_or(1, NonZero::get);
        Self::new(cores.saturating_sub(1).max(1))
    }

    /// So many may compute at a time.
    pub fn new(most: usize) -> Arc<Self> {
        let (known, strangers) = (Line::default(), Line::default());
        let state = State { free: most, next: 0, known, strangers, is_strangers: false };
        Arc::new(Self { state: Mutex::new(state) })
    }

    /// Runs a future, each of its steps in a turn of its own.
    pub async fn take<F: Future>(&self, whose: Whose<K>, future: F) -> F::Output {
        let mut future = pin!(future);
        let mut turn = Turn { turns: self, whose, number: 0, at: At::Rest };
        poll_fn(|cx| {
            ready!(turn.poll(cx));
            let computing = Computing(self);
            let polled = future.as_mut().poll(cx);
            drop(computing);
            polled
        })
        .await
    }

    /// Waits for a turn that lasts until it is dropped, wherever that is.
    pub async fn hold(self: &Arc<Self>, whose: Whose<K>) -> Held<K> {
        let mut turn = Turn { turns: self, whose, number: 0, at: At::Rest };
        poll_fn(|cx| turn.poll(cx)).await;
        Held(Arc::clone(self))
    }

    /// How many of this origin wait.
    pub fn waiting(&self, whose: &Whose<K>) -> usize {
        self.state().line(whose).waiting.get(&whose.source).map_or(0, BTreeMap::len)
    }

    fn state(&self) -> MutexGuard<'_, State<K>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A right to compute is free again; the next one has it.
    fn give_back(&self) {
        let next = {
            let mut state = self.state();
            state.free += 1;
            state.pass_on()
        };
        next.into_iter().for_each(Waker::wake);
    }
}

/// The right to compute for one step.
struct Computing<'a, K: Clone + Eq + Hash>(&'a Turns<K>);

impl<K: Clone + Eq + Hash> Drop for Computing<'_, K> {
    fn drop(&mut self) {
        self.0.give_back();
    }
}

impl<K: Clone + Eq + Hash> Drop for Held<K> {
    fn drop(&mut self) {
        self.0.give_back();
    }
}

impl<K: Clone + Eq + Hash> Turn<'_, K> {
    /// Ready once a right to compute has been taken for it.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.turns.state();
        if self.at == At::Waiting && !state.line(&self.whose).renew(&self.whose, self.number, cx) {
            // It was called, which has taken the right for it.
            self.at = At::Rest;
            return Poll::Ready(());
        }
        if self.at == At::Rest {
            if state.free > 0 {
                state.free -= 1;
                return Poll::Ready(());
            }
            self.number = state.next;
            state.next += 1;
            let line = state.line(&self.whose);
            line.enter(&self.whose.source, self.number, cx.waker().clone());
            self.at = At::Waiting;
        }
        Poll::Pending
    }
}

impl<K: Clone + Eq + Hash> Drop for Turn<'_, K> {
    fn drop(&mut self) {
        if self.at == At::Waiting {
            let mut state = self.turns.state();
            if !state.line(&self.whose).leave(&self.whose.source, self.number) {
                drop(state);
                // It was called and does not come.
                self.turns.give_back();
            }
        }
    }
}

impl<K: Clone + Eq + Hash> State<K> {
    fn line(&mut self, whose: &Whose<K>) -> &mut Line<K> {
        if whose.is_known { &mut self.known } else { &mut self.strangers }
    }

    /// Gives a free right to the one whose turn it is, who is then to be woken.
    fn pass_on(&mut self) -> Option<Waker> {
        if self.free == 0 {
            return None;
        }
        let strangers_first = self.is_strangers;
        self.is_strangers = !strangers_first;
        let called = if strangers_first {
            self.strangers.call().or_else(|| self.known.call())
        } else {
            self.known.call().or_else(|| self.strangers.call())
        };
        self.free -= usize::from(called.is_some());
        called
    }
}

impl<K> Default for Line<K> {
    fn default() -> Self {
        Self { origins: VecDeque::new(), waiting: HashMap::new() }
    }
}

impl<K: Clone + Eq + Hash> Line<K> {
    fn enter(&mut self, origin: &K, number: u64, waker: Waker) {
        let of_origin = self.waiting.entry(origin.clone()).or_default();
        if of_origin.is_empty() {
            self.origins.push_back(origin.clone());
        }
        of_origin.insert(number, waker);
    }

    /// Whether it still waits; then this is how it is woken.
    fn renew(&mut self, whose: &Whose<K>, number: u64, cx: &Context<'_>) -> bool {
        let waiting = self.waiting.get_mut(&whose.source).and_then(|all| all.get_mut(&number));
        let Some(waker) = waiting else { return false };
        waker.clone_from(cx.waker());
        true
    }

    /// Whether it still waited.
    fn leave(&mut self, origin: &K, number: u64) -> bool {
        let Some(of_origin) = self.waiting.get_mut(origin) else { return false };
        let waited = of_origin.remove(&number).is_some();
        if of_origin.is_empty() {
            self.waiting.remove(origin);
            self.origins.retain(|other| other != origin);
        }
        waited
    }

    /// The oldest of the origin whose turn it is; the origin's next turn comes after all others'.
    fn call(&mut self) -> Option<Waker> {
        let origin = self.origins.pop_front()?;
        let of_origin = self.waiting.get_mut(&origin)?;
        let called = of_origin.pop_first();
        if of_origin.is_empty() {
            self.waiting.remove(&origin);
        } else {
            self.origins.push_back(origin);
        }
        called.map(|(_number, waker)| waker)
    }
}

#[cfg(test)]
mod tests;
