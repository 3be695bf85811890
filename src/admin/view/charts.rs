//! The last day as small charts.

use std::fmt::Write as _;
use std::time::SystemTime;

use super::html::Html;
use super::parts::section as labelled;
use super::words::{clock, number};
use crate::admin::status::{Day, Status};
use crate::history::STEP;

/// So many steps are a bar: a quarter of an hour, which a phone has room for.
const STEPS: usize = 3;
/// In the units of the drawing.
const BAR: usize = 4;
const GAP: usize = 1;
const HEIGHT: u64 = 40;
const WIDTH: usize = 96 * BAR;

/// What is drawn: a list of numbers in one colour, on top of those before it.
struct Series<'a> {
    class: &'static str,
    steps: &'a [u64],
}

pub(super) fn section(html: &mut Html, status: &Status) {
    let day = &status.day;
    let series = |class, steps| Series { class, steps };
    labelled(html, "day", "The last 24 hours", |html| {
        chart(html, "Associations", &[series("flow", &day.associations)], day);
        chart(html, "Objects stored", &[series("flow", &day.objects)], day);
        let refused = [series("bad", &day.refused), series("quiet", &day.failed)];
        chart(html, "Refused", &refused, day);
        html.element("p", &[("class", "small axis")], |html| {
            for at in [0, day.associations.len() / 2, day.associations.len()] {
                html.leaf("span", &[], &clock(beginning(day, at)));
            }
        });
        html.element("p", &[("class", "small")], |html| {
            html.leaf("span", &[("class", "key quiet"), ("aria-hidden", "true")], "");
            html.text(" failed before a request, such as in TLS. A bar is 15 minutes, in UTC.");
        });
        reasons(html, day);
    });
}

fn beginning(day: &Day, step: usize) -> SystemTime {
    let steps = u32::try_from(step).unwrap_or(u32::MAX);
    day.from.checked_add(STEP.saturating_mul(steps)).unwrap_or(day.from)
}

fn chart(html: &mut Html, name: &str, series: &[Series<'_>], day: &Day) {
    let bars: Vec<Vec<u64>> = series.iter().map(|it| bars(it.steps)).collect();
    let count = bars.first().map_or(0, Vec::len);
    let stacked = |at: usize| bars.iter().filter_map(move |it| it.get(at)).sum::<u64>();
    let most = (0..count).map(stacked).max().unwrap_or(0);
    let total: u64 = bars.first().map_or(0, |first| first.iter().sum());
    let highest = (0..count).find(|at| stacked(*at) == most).unwrap_or(0);
    let highest = clock(beginning(day, highest * STEPS));
    let peak = format!("most in 15 minutes: {} at {highest}", number(most));
    let told = match most {
        0 => format!("{name}: none"),
        _ => format!("{name}: {}, {peak}", number(total)),
    };
    html.element("figure", &[], |html| {
        html.element("figcaption", &[], |html| {
            html.leaf("span", &[], name);
            html.leaf("strong", &[("class", "number")], &number(total));
        });
        let frame = format!("0 0 {WIDTH} {HEIGHT}");
        let attributes = [
            ("viewBox", &*frame),
            ("preserveAspectRatio", "none"),
            ("role", "img"),
            ("aria-label", &told),
        ];
        html.element("svg", &attributes, |html| {
            html.leaf("title", &[], &told);
            let mut below = vec![0; count];
            for (series, bars) in series.iter().zip(&bars) {
                let path = path(bars, &mut below, most.max(1));
                html.element("path", &[("class", series.class), ("d", &path)], |_| ());
            }
        });
    });
}

fn bars(steps: &[u64]) -> Vec<u64> {
    steps.chunks(STEPS).map(|steps| steps.iter().sum()).collect()
}

/// A rectangle for each bar that is not empty, on top of what is `below`, which grows by it.
fn path(bars: &[u64], below: &mut [u64], most: u64) -> String {
    let mut path = String::new();
    for (at, (bar, below)) in bars.iter().zip(below).enumerate().filter(|(_, (bar, _))| **bar > 0) {
        // One is to be seen, however many there were at another time.
        let height = (bar.saturating_mul(HEIGHT) / most).max(2);
        let (x, y) = (at * BAR, HEIGHT.saturating_sub(*below));
        let width = BAR - GAP;
        let _ = write!(path, "M{x} {y}h{width}v-{height}h-{width}z");
        *below += height;
    }
    path
}

/// The most frequent reasons.
fn reasons(html: &mut Html, day: &Day) {
    const MOST: usize = 6;
    let would_be = |event: &str| event == "would-refuse";
    let refused = day.reasons.iter().filter(|reason| !would_be(reason.event.code()));
    let refused: Vec<_> = refused.take(MOST).collect();
    if refused.is_empty() {
        return;
    }
    html.element("ul", &[("class", "reasons")], |html| {
        for reason in refused {
            html.element("li", &[], |html| {
                html.leaf("code", &[], reason.reason);
                html.leaf("span", &[("class", "number")], &number(reason.count));
            });
        }
    });
}
