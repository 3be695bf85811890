//! When that ends which ends while the gate runs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use super::now::{Number, unix};
use crate::gate::Gate;
use crate::site::Site;
use crate::x509::validity::Dated;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfFile {
    /// As in `peer.NAME.reach.tls`.
    table: String,
    /// What it is.
    kind: &'static str,
    /// Which of that kind it is, in the order of the table.
    number: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfPeer {
    peer: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfListener {
    listener: Arc<str>,
}

/// Adds all of it.
pub(super) fn register(gate: &Gate, to: &mut Registry) {
    let site = gate.site.now();
    let files = Family::<OfFile, Number>::default();
    for (table, ends) in tables(&site) {
        let mut numbers = BTreeMap::<Dated, u32>::new();
        for (what, end) in ends {
            let number = numbers.entry(what).or_default();
            *number += 1;
            let (table, kind, number) = (table.clone(), what.kind(), *number);
            files.get_or_create(&OfFile { table, kind, number }).set(unix(end));
        }
    }
    let help = "When a certificate, CA or revocation list ends";
    to.register("expiry_timestamp_seconds", help, files);
    let peers = Family::<OfPeer, Number>::default();
    for (peer, end) in gate.last_seen.first_ends() {
        // Those of former peers are forgotten with the next look.
        if site.policy.has_peer(&peer) {
            peers.get_or_create(&OfPeer { peer }).set(end as f64);
        }
    }
    let help = "When the first of the certificates ends that a peer has shown since the start";
    to.register("peer_certificate_expiry_timestamp_seconds", help, peers);
    let listeners = Family::<OfListener, Number>::default();
    for (listener, report_only) in site.report_only() {
        let labels = OfListener { listener: Arc::clone(listener) };
        listeners.get_or_create(&labels).set(unix(report_only.until));
    }
    let help = "From when on a listener enforces what it only reports before";
    to.register("report_only_until_timestamp_seconds", help, listeners);
}

/// The tables with TLS, and the ends of what each of them names.
fn tables(site: &Site) -> Vec<(String, Vec<(Dated, SystemTime)>)> {
    let listeners = site.servers();
    let listeners =
        listeners.map(|(name, tls)| (format!("listener.{name}.tls"), tls.each_end().collect()));
    let targets = site.clients();
    let targets = targets.map(|(table, tls)| (format!("{table}.tls"), tls.each_end().collect()));
    listeners.chain(targets).collect()
}
