//! The associations that are open, each with what it rests on.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::basis::Basis;
use crate::measures::Flow;

/// Who is in it is open.
#[derive(Default)]
pub struct Register(Mutex<Open>);

#[derive(Default)]
struct Open {
    associations: HashMap<u64, (Arc<Basis>, Arc<Flow>)>,
    /// The number that the next one gets only grows.
    next: u64,
}

/// An association's place, given up when dropped.
pub struct Entry {
    register: Arc<Register>,
    number: u64,
    basis: Arc<Basis>,
}

impl Register {
    /// Nobody yet.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// An association has been opened.
    #[must_use]
    pub fn enter(self: &Arc<Self>, basis: Basis, flow: Arc<Flow>) -> Entry {
        let basis = Arc::new(basis);
        let mut open = self.open();
        let number = open.next;
        open.next += 1;
        open.associations.insert(number, (Arc::clone(&basis), flow));
        drop(open);
        Entry { register: Arc::clone(self), number, basis }
    }

    /// Those that are open at this moment, the oldest first.
    pub fn now(&self) -> Vec<Arc<Basis>> {
        self.flowing().into_iter().map(|(basis, _)| basis).collect()
    }

    /// The same, each with what has come on it.
    pub fn flowing(&self) -> Vec<(Arc<Basis>, Arc<Flow>)> {
        let open = self.open();
        let mut all: Vec<_> = open.associations.iter().collect();
        all.sort_unstable_by_key(|(number, _)| **number);
        all.into_iter().map(|(_, both)| both.clone()).collect()
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deref for Entry {
    type Target = Basis;

    fn deref(&self) -> &Basis {
        &self.basis
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.register.open().associations.remove(&self.number);
    }
}
