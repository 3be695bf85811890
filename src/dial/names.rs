//! The addresses of names, remembered for a minute, so that no association waits for the resolver while
//! others come.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::config::Address;

/// As old as that, they are looked up anew beside whoever uses them.
const FRESH: Duration = Duration::from_secs(20);
/// So long after a look-up that has brought nothing the next one begins.
const AGAIN: Duration = Duration::from_secs(5);
/// As old as that, nobody uses them: a PACS that has moved is found, even if something else listens at
/// its old address.
const KEPT: Duration = Duration::from_secs(60);

/// What names had lately. They are the configuration's, and so as few.
#[derive(Debug, Default)]
pub(super) struct Names(Mutex<HashMap<Address, Known>>);

#[derive(Debug)]
struct Known {
    addresses: Vec<SocketAddr>,
    since: Instant,
    /// When it is looked up anew.
    due: Instant,
}

/// What a name had lately.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Recalled {
    pub(super) addresses: Vec<SocketAddr>,
    /// The caller is to have it looked up anew; nobody else is told so.
    pub(super) is_due: bool,
}

impl Names {
    pub(super) fn recall(&self, address: &Address) -> Option<Recalled> {
        let mut all = self.lock();
        let known = all.get_mut(address)?;
        let now = Instant::now();
        if now >= known.since + KEPT {
            return None;
        }
        let is_due = now >= known.due;
        if is_due {
            known.due = now + AGAIN;
        }
        Some(Recalled { addresses: known.addresses.clone(), is_due })
    }

    pub(super) fn learn(&self, address: &Address, addresses: &[SocketAddr]) {
        let mut all = self.lock();
        // Those that no configuration has any more are not looked up again.
        all.retain(|_, known| known.since.elapsed() < KEPT);
        let (addresses, since) = (addresses.to_vec(), Instant::now());
        all.insert(address.clone(), Known { addresses, since, due: since + FRESH });
    }

    pub(super) fn forget(&self, address: &Address) {
        self.lock().remove(address);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Address, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn are_looked_up_once_when_they_are_old_and_used_no_more_when_they_are_too_old() {
        let (names, pacs): (_, Address) = (Names::default(), "pacs.example:104".parse().unwrap());
        let at = |text: &str| vec![text.parse().unwrap()];
        let recalled =
            |addresses: &Vec<_>, is_due| Some(Recalled { addresses: addresses.clone(), is_due });
        let (old, new) = (at("192.0.2.1:104"), at("192.0.2.2:104"));
        assert_eq!(names.recall(&pacs), None);
        names.learn(&pacs, &old);
        assert_eq!(names.recall(&pacs), recalled(&old, false));
        assert_eq!(names.recall(&"pacs.example:105".parse().unwrap()), None);
        advance(FRESH).await;
        assert_eq!(names.recall(&pacs), recalled(&old, true));
        assert_eq!(names.recall(&pacs), recalled(&old, false));
        // Nothing came of it.
        advance(AGAIN).await;
        assert_eq!(names.recall(&pacs), recalled(&old, true));
        assert_eq!(names.recall(&pacs), recalled(&old, false));
        names.learn(&pacs, &new);
        assert_eq!(names.recall(&pacs), recalled(&new, false));
        advance(KEPT).await;
        assert_eq!(names.recall(&pacs), None);
        names.learn(&"other.example:104".parse().unwrap(), &old);
        assert_eq!(names.lock().len(), 1);
        names.forget(&"other.example:104".parse().unwrap());
        assert!(names.lock().is_empty());
    }
}
