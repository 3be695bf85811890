//! Certificates and revocation lists, and the days until they end.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;

use super::time::rfc3339;
use crate::last_seen::LastSeen;
use crate::site::Site;
use crate::x509::validity::Dated;

/// When something ends.
#[derive(Debug, Serialize)]
pub(in crate::admin) struct End {
    /// The table in which it stands.
    pub(in crate::admin) table: String,
    pub(in crate::admin) what: &'static str,
    #[serde(serialize_with = "rfc3339")]
    pub(in crate::admin) ends: SystemTime,
    /// Whole days until then; negative where it has ended.
    pub(in crate::admin) days: i64,
}

const DAY: u64 = 86_400;
/// How many are told.
const MOST: usize = 100;

/// The first to end first, of those of the configuration and those that peers have shown last.
pub(super) fn all(site: &Site, last_seen: &LastSeen, now: SystemTime) -> Vec<End> {
    let end = |table: &str, what, ends| {
        let (table, days) = (table.to_owned(), days(ends, now));
        End { table, what, ends, days }
    };
    let mut all = Vec::new();
    for (name, tls) in site.servers() {
        let table = format!("listener.{name}.tls");
        all.extend(tls.each_end().map(|(what, ends)| end(&table, word(what), ends)));
    }
    for (table, tls) in site.clients() {
        let table = format!("{table}.tls");
        all.extend(tls.each_end().map(|(what, ends)| end(&table, word(what), ends)));
    }
    for (peer, ends) in last_seen.first_ends() {
        // Those of former peers are forgotten with the next look.
        if site.policy.has_peer(&peer)
            && let Some(ends) = UNIX_EPOCH.checked_add(Duration::from_secs(ends))
        {
            all.push(end(&format!("peer.{peer}"), "certificate shown last", ends));
        }
    }
    all.sort_by(|one, other| (one.ends, &one.table).cmp(&(other.ends, &other.table)));
    all.truncate(MOST);
    all
}

const fn word(what: Dated) -> &'static str {
    match what {
        Dated::Server => "certificate",
        Dated::Chain => "certificate of its chain",
        Dated::ClientCa => "CA",
        Dated::Crl => "revocation list",
    }
}

fn days(end: SystemTime, now: SystemTime) -> i64 {
    let whole = |seconds: u64| i64::try_from(seconds / DAY).unwrap_or(i64::MAX);
    match end.duration_since(now) {
        Ok(left) => whole(left.as_secs()),
        Err(ago) => -1 - whole(ago.duration().as_secs()),
    }
}
