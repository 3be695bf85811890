//! Word of other rules for an association that is open.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

use pacsgate_core::inspector::Contexts;
use tokio::sync::watch;
use tokio::time::Sleep;

use crate::basis::{Basis, Terms, Withdrawal};
use crate::gate::Gate;
use crate::relay::Rules;
use crate::site::Site;
use crate::timers::sleep;

/// Waits for the next site and judges an association by it.
pub(super) struct Renewal<'a> {
    gate: &'a Gate,
    /// By what it was judged last; replaced, so that no site outlives its time.
    judged_by: &'a mut Arc<Site>,
    change: Pin<Box<dyn Future<Output = watch::Receiver<()>> + Send>>,
    /// The site may have changed since it was judged.
    is_due: bool,
    /// Until the listener enforces, where it only reports.
    enforces: Option<Pin<Box<Sleep>>>,
}

impl<'a> Renewal<'a> {
    pub(super) fn new(gate: &'a Gate, judged_by: &'a mut Arc<Site>, basis: &Basis) -> Self {
        let change = Box::pin(next(gate.site.changes()));
        let enforces = until_enforced(judged_by, basis);
        Self { gate, judged_by, change, is_due: true, enforces }
    }

    /// Ready when it has been judged by another site.
    ///
    /// # Errors
    ///
    /// Why it would not be opened now, and how much time it has.
    pub(super) fn poll(
        &mut self,
        basis: &Basis,
        opened: &Contexts,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Rules, (Withdrawal, Duration)>> {
        loop {
            let is_over = self.enforces.as_mut().is_some_and(|it| it.as_mut().poll(cx).is_ready());
            if !std::mem::take(&mut self.is_due) && !is_over {
                let changes = ready!(self.change.as_mut().poll(cx));
                self.change = Box::pin(next(changes));
            }
            let site = self.gate.site.now();
            if is_over {
                self.enforces = until_enforced(&site, basis);
            } else if Arc::ptr_eq(&site, self.judged_by) {
                continue;
            }
            let judged = basis.under(&site, opened);
            let grace = site.limits.reload_grace;
            if !is_over {
                self.enforces = until_enforced(&site, basis);
            }
            *self.judged_by = site;
            let bind = |terms: Terms| {
                let shared = self.gate.shared(basis, &terms);
                Rules::Bind(terms.contexts, shared)
            };
            return Poll::Ready(judged.map(bind).map_err(|why| (why, grace)));
        }
    }
}

/// A sleep until the listener by which it came begins or ends to report only.
fn until_enforced(site: &Site, basis: &Basis) -> Option<Pin<Box<Sleep>>> {
    let now = SystemTime::now();
    let report_only = site.ports.get(&basis.listener)?.report_only.as_ref()?;
    let left = report_only.changes(now)?.duration_since(now).ok()?;
    Some(Box::pin(sleep(left)))
}

async fn next(mut changes: watch::Receiver<()>) -> watch::Receiver<()> {
    if changes.changed().await.is_err() {
        // The gate has gone, and every association with it.
        std::future::pending::<()>().await;
    }
    changes
}
