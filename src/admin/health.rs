//! Whether the gate moves, and whether it is ready for more.

use hyper::StatusCode;
use serde::Serialize;

use super::offer::Offer;
use super::page::{Page, TEXT};
use crate::health::TargetStanding;
use crate::version;

/// `/healthz`: whether the accept loops and the workers answer. A gate that does not is to be
/// restarted.
pub(super) fn moves(offer: &Offer) -> Page {
    let (status, content) = match offer.pulse.trouble() {
        None => (StatusCode::OK, "ok\n".to_owned()),
        Some(trouble) => (StatusCode::SERVICE_UNAVAILABLE, format!("{trouble}\n")),
    };
    Page { status, kind: TEXT, content }
}

/// `/readyz`: whether new associations are to come here. They are not while the gate stops, nor while a
/// PACS that is asked how it is does not answer anywhere.
pub(super) fn ready(offer: &Offer) -> Page {
    let readiness = Readiness::of(offer);
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Page::json(status, &readiness)
}

/// What `/readyz` says.
#[derive(Serialize)]
struct Readiness {
    ready: bool,
    /// The digest of the configuration, by which nodes are compared.
    configuration: String,
    version: &'static str,
    draining: bool,
    /// Every PACS, and how each of its addresses is.
    targets: Vec<TargetStanding>,
}

impl Readiness {
    fn of(offer: &Offer) -> Self {
        let draining = offer.gate.live.is_draining();
        let configuration = offer.gate.site.now().digest.to_string();
        let targets = offer.gate.health.snapshot();
        let ready = !draining && !targets.iter().any(TargetStanding::is_down);
        Self { ready, configuration, version: version::line(), draining, targets }
    }
}
