//! What the verifier has seen during one handshake.
//!
//! rustls tells the verifier nothing of the connection, and shows a refused certificate to nobody
//! else. So both ends share a slot in the task for the time of the handshake: the verifier runs
//! inside the poll of the handshake, on the same task.

use std::cell::RefCell;
use std::future::Future;

use pacsgate_core::certificate::{Accepted, AcceptedBy, Certificate};

use super::fault::HandshakeFault;

tokio::task_local! {
    static SEEN: RefCell<Seen>;
}

/// The verifier's notes.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The client's leaf, once it could be read.
    pub(super) presented: Option<Box<Certificate>>,
    /// Whether it is pinned, or a configured CA has issued it.
    pub(super) is_vouched_for: bool,
    /// Whether the server has asked for a certificate, where the gate is the client.
    pub(super) was_asked: bool,
    /// Whether the server has another name than it was called by.
    pub(super) is_another: bool,
    /// What the reason does not say of a refusal.
    pub(super) more: Option<String>,
    verdict: Option<Result<AcceptedBy, HandshakeFault>>,
}

impl Seen {
    /// Why the verifier refused, if it did.
    pub(super) fn fault(&self) -> Option<HandshakeFault> {
        self.verdict.as_ref().and_then(|verdict| verdict.as_ref().err()).copied()
    }

    /// Whether the verifier had a certificate to judge.
    pub(super) const fn has_judged(&self) -> bool {
        self.verdict.is_some()
    }

    /// The accepted certificate of a handshake that has ended well.
    pub(super) fn certificate(self) -> Result<Accepted, HandshakeFault> {
        let by = self.verdict.unwrap_or(Err(HandshakeFault::Unverified))?;
        let certificate = *self.presented.ok_or(HandshakeFault::Unverified)?;
        Ok(Accepted { certificate, by })
    }
}

/// Runs a handshake and hands out what the verifier noted in it.
pub(super) async fn during<F: Future>(handshake: F) -> (F::Output, Seen) {
    SEEN.scope(RefCell::default(), async {
        let outcome = handshake.await;
        (outcome, SEEN.with(RefCell::take))
    })
    .await
}

/// Notes the client's leaf.
pub(super) fn note_presented(presented: Certificate) {
    note(|seen| seen.presented = Some(Box::new(presented)));
}

/// Notes that the leaf is one of those that the configuration speaks of, whatever is wrong with it.
pub(super) fn note_vouched_for() {
    note(|seen| seen.is_vouched_for = true);
}

/// Notes that the server has asked for a certificate.
pub(super) fn note_asked() {
    note(|seen| seen.was_asked = true);
}

/// Notes that the server's certificate is good and for another name.
pub(super) fn note_another() {
    note(|seen| seen.is_another = true);
}

/// Notes what the reason of a refusal does not say.
pub(super) fn note_more(more: Option<String>) {
    note(|seen| seen.more = more);
}

/// Notes the judgement of the leaf; a later one (its key not proven) replaces it.
pub(super) fn note_verdict(verdict: Result<AcceptedBy, HandshakeFault>) {
    note(|seen| seen.verdict = Some(verdict));
}

/// Outside of [`during`] there is nobody to tell, and no certificate comes out either.
fn note(write: impl FnOnce(&mut Seen)) {
    let _ = SEEN.try_with(|seen| write(&mut seen.borrow_mut()));
}
