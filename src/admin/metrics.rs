//! `/metrics`: for Prometheus, in the text format of OpenMetrics or, where that is not asked for, in its
//! own. How long the answer is follows from the configuration, whatever peers do.

use std::fmt;

use hyper::StatusCode;
use hyper::header::{ACCEPT, HeaderMap};
use prometheus_client::encoding::{prometheus_text, text};
use prometheus_client::registry::Registry;

use super::offer::Offer;
use super::page::Page;
use super::{ends, now};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What every name begins with.
const PREFIX: &str = "pacsgate";

/// All metrics.
pub(super) fn all(offer: &Offer, headers: &HeaderMap) -> Page {
    let mut registry = Registry::with_prefix(PREFIX);
    offer.gate.measures.register(&mut registry);
    now::register(offer, &mut registry);
    ends::register(&offer.gate, &mut registry);
    let (kind, encoded) = encoded(&registry, takes_open_metrics(headers));
    match encoded {
        Ok(content) => Page { status: StatusCode::OK, kind, content },
        // A text takes all that is written to it.
        Err(fmt::Error) => {
            Page { status: StatusCode::INTERNAL_SERVER_ERROR, kind, content: String::new() }
        }
    }
}

fn encoded(registry: &Registry, open: bool) -> (&'static str, Result<String, fmt::Error>) {
    let mut content = String::new();
    let (kind, written) = if open {
        (OPEN_METRICS, text::encode(&mut content, registry))
    } else {
        (prometheus_text::CONTENT_TYPE, prometheus_text::encode(&mut content, registry))
    };
    (kind, written.map(|()| content))
}

/// Prometheus names both, the better one first.
fn takes_open_metrics(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|kind| {
        kind.split(';').next().is_some_and(|kind| kind.trim() == "application/openmetrics-text")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_who_takes_open_metrics() {
        let takes = |accept: &str| {
            takes_open_metrics(&HeaderMap::from_iter([(ACCEPT, accept.parse().unwrap())]))
        };
        let prometheus = "application/openmetrics-text;version=1.0.0,application/\
                          openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5";
        assert!(takes(prometheus));
        assert!(!takes("text/plain;version=0.0.4") && !takes("*/*"));
        assert!(!takes_open_metrics(&HeaderMap::new()));
    }
}
