//! Turns at what costs CPU before anybody is known: the arithmetic of TLS handshakes.
//!
//! A handshake computes for some tenths of a millisecond without a pause. Few of them do so at a
//! time, so that an association never waits for more than these; and those that wait are served
//! source by source, so that a source with a hundred handshakes delays its own. Sources from which
//! a peer has come before have every other turn, however many strangers there are.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::future::{Future, poll_fn};
use std::num::NonZero;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::thread::available_parallelism;

use crate::net::Source;

/// Who computes, and who waits for it.
#[derive(Debug)]
pub struct Turns {
    state: Mutex<State>,
}

/// Whose turn it is about.
#[derive(Clone, Copy, Debug)]
pub struct Whose {
    /// Where the connection comes from.
    pub source: Source,
    /// Whether a peer has come from there before.
    pub is_known: bool,
}

#[derive(Debug)]
struct State {
    /// How many more may compute.
    free: usize,
    /// The number that the next one gets only grows.
    next: u64,
    known: Line,
    strangers: Line,
    /// The strangers' turn is next, if both wait.
    is_strangers: bool,
}

/// Those who wait: the sources in the order of their turns, and of each source the oldest first.
#[derive(Debug, Default)]
struct Line {
    sources: VecDeque<Source>,
    waiting: HashMap<Source, BTreeMap<u64, Waker>>,
}

/// A handshake's place in the order, given up when dropped.
struct Turn<'a> {
    turns: &'a Turns,
    whose: Whose,
    number: u64,
    at: At,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Rest,
    Waiting,
}

impl Turns {
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
    pub async fn take<F: Future>(&self, whose: Whose, future: F) -> F::Output {
        let mut future = pin!(future);
        let mut turn = Turn { turns: self, whose, number: 0, at: At::Rest };
        poll_fn(|cx| {
            let computing = ready!(turn.poll(cx));
            let polled = future.as_mut().poll(cx);
            drop(computing);
            polled
        })
        .await
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to compute; the next one has it when this is dropped.
struct Computing<'a>(&'a Turns);

impl Drop for Computing<'_> {
    fn drop(&mut self) {
        let next = {
            let mut state = self.0.state();
            state.free += 1;
            state.pass_on()
        };
        next.into_iter().for_each(Waker::wake);
    }
}

impl<'a> Turn<'a> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Computing<'a>> {
        let mut state = self.turns.state();
        if self.at == At::Waiting && !state.line(self.whose).renew(self.whose, self.number, cx) {
            // It was called, which has taken the right for it.
            self.at = At::Rest;
            return Poll::Ready(Computing(self.turns));
        }
        if self.at == At::Rest {
            if state.free > 0 {
                state.free -= 1;
                return Poll::Ready(Computing(self.turns));
            }
            self.number = state.next;
            state.next += 1;
            state.line(self.whose).enter(self.whose.source, self.number, cx.waker().clone());
            self.at = At::Waiting;
        }
        Poll::Pending
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.at == At::Waiting {
            let mut state = self.turns.state();
            if !state.line(self.whose).leave(self.whose.source, self.number) {
                drop(state);
                // It was called and does not come.
                drop(Computing(self.turns));
            }
        }
    }
}

impl State {
    fn line(&mut self, whose: Whose) -> &mut Line {
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

impl Line {
    fn enter(&mut self, source: Source, number: u64, waker: Waker) {
        let of_source = self.waiting.entry(source).or_default();
        if of_source.is_empty() {
            self.sources.push_back(source);
        }
        of_source.insert(number, waker);
    }

    /// Whether it still waits; then this is how it is woken.
    fn renew(&mut self, whose: Whose, number: u64, cx: &Context<'_>) -> bool {
        let waiting = self.waiting.get_mut(&whose.source).and_then(|all| all.get_mut(&number));
        let Some(waker) = waiting else { return false };
        waker.clone_from(cx.waker());
        true
    }

    /// Whether it still waited.
    fn leave(&mut self, source: Source, number: u64) -> bool {
        let Some(of_source) = self.waiting.get_mut(&source) else { return false };
        let waited = of_source.remove(&number).is_some();
        if of_source.is_empty() {
            self.waiting.remove(&source);
            self.sources.retain(|other| *other != source);
        }
        waited
    }

    /// The oldest of the source whose turn it is; the source's next turn comes after all others'.
    fn call(&mut self) -> Option<Waker> {
        let source = self.sources.pop_front()?;
        let of_source = self.waiting.get_mut(&source)?;
        let called = of_source.pop_first();
        if of_source.is_empty() {
            self.waiting.remove(&source);
        } else {
            self.sources.push_back(source);
        }
        called.map(|(_number, waker)| waker)
    }
}

#[cfg(test)]
mod tests;
