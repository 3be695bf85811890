//! `report_only_until` and `report_only_from` of a listener.

use std::time::SystemTime;

use ipnet::IpNet;
use pacsgate_core::direction::Direction;

use super::mistake::{Caution, Mistake, Outage};
use super::node::Node;
use super::section::{At, Section};
use super::value;
use crate::report_only::{LONGEST, ReportOnly};

const UNTIL: &str = "report_only_until";
const FROM: &str = "report_only_from";
/// Wider networks are not those of a site.
const WIDEST_IPV4: u8 = 8;
const WIDEST_IPV6: u8 = 32;

/// `None` where neither is there, or something is wrong with them, which is reported.
pub(super) fn read(table: &mut Section<'_>, direction: Direction) -> Option<ReportOnly> {
    let has = (table.has(UNTIL), table.has(FROM));
    let until = table.optional(UNTIL, moment);
    let from = table.optional_list(FROM, network);
    match has {
        (false, false) => return None,
        (true, true) => {}
        (true, false) => table.mistake_at(FROM, None, &Mistake::ReportOnlyOf(UNTIL)),
        (false, true) => table.mistake_at(UNTIL, None, &Mistake::ReportOnlyOf(FROM)),
    }
    let until = until?;
    if direction == Direction::Outward {
        table.mistake_at(UNTIL, Some(until.place), &Mistake::ReportOnlyOutward);
    }
    let from = from.iter().map(|at| at.value).collect();
    let report_only = ReportOnly { until: until.value, from };
    warn(table, &until, &report_only);
    Some(report_only)
}

/// There is always something to say of it.
fn warn(table: &mut Section<'_>, until: &At<SystemTime>, report_only: &ReportOnly) {
    let (key, now) = (table.path(UNTIL), table.problems.now);
    let from: Vec<_> = report_only.from.iter().map(ToString::to_string).collect();
    match until.value.duration_since(now) {
        Ok(left) if left > LONGEST => {
            table.problems.outage(until.place, key, &Outage::ReportOnlyTooFar);
        }
        Ok(left) if !left.is_zero() => {
            let caution = Caution::ReportsOnly { from: from.join(", "), until: report_only.end() };
            table.problems.caution(until.place, key, &caution);
        }
        Ok(_) | Err(_) => table.problems.caution(until.place, key, &Caution::ReportOnlyIsOver),
    }
}

fn moment(node: &Node) -> Result<SystemTime, Mistake> {
    let text = node.text()?;
    let is_day = text.len() == "2026-12-20".len();
    let whole = if is_day { format!("{text}T00:00:00Z") } else { text.to_owned() };
    humantime::parse_rfc3339(&whole).map_err(|_| Mistake::Moment(text.into()))
}

fn network(node: &Node) -> Result<IpNet, Mistake> {
    let network: IpNet = node.parsed(value::network, Mistake::Network)?;
    let widest = if network.addr().is_ipv4() { WIDEST_IPV4 } else { WIDEST_IPV6 };
    if network.prefix_len() < widest { Err(Mistake::WideReportOnly(network)) } else { Ok(network) }
}
