//! The most telling figures as bars, in SVG.
//!
//! Written by hand: it is a page of bars, and its colours have to follow the reader's light or dark
//! page, which takes style sheets that crates for plots do not write.

use std::fmt::Write;

use super::peer::Peer;
use super::results::{Results, Row};

/// A row of a table that is drawn.
struct Panel {
    table: &'static str,
    row: &'static str,
    title: &'static str,
    better: &'static str,
}

const LESS: &str = "less is better";
const MORE: &str = "more is better";

const fn panel(
    (table, row): (&'static str, &'static str),
    title: &'static str,
    better: &'static str,
) -> Panel {
    Panel { table, row, title, better }
}

const CPU: &str = "CPU seconds for each GB";
const RATE: &str = "GB a second";
const ASSOCIATION: &str = "An association: full handshake, C-ECHO, release";

const PANELS: [Panel; 12] = [
    panel((CPU, "up, large x 1"), "CPU s/GB, C-STORE, large x 1", LESS),
    panel((CPU, "up, CT x 16"), "CPU s/GB, C-STORE, CT x 16", LESS),
    panel((CPU, "down, CT x 16"), "CPU s/GB, C-GET, CT x 16", LESS),
    panel((RATE, "up, large x 1"), "GB/s, C-STORE, large x 1", MORE),
    panel((RATE, "up, CT x 16"), "GB/s, C-STORE, CT x 16", MORE),
    panel(("CPU us for each object of 4 KB", "up, 4 KB x 16"), "CPU us, object of 4 KB x 16", LESS),
    panel((ASSOCIATION, "CPU ms an association"), "CPU ms, an association", LESS),
    panel(
        ("60 senders, an association for each CT image", "CPU ms an image"),
        "CPU ms, association and image",
        LESS,
    ),
    panel(
        ("Resident memory of idle associations", "KB each, after a C-ECHO"),
        "KB, an idle association",
        LESS,
    ),
    panel(("C-ECHO, nothing beside it", "round trip p50, us"), "C-ECHO p50, us, alone", LESS),
    panel(
        ("C-ECHO beside 64 C-STORE streams of CT images", "round trip p99, ms"),
        "C-ECHO p99, ms, 64 streams beside",
        LESS,
    ),
    panel(
        ("A hospital's morning", "CPU seconds for all of it"),
        "CPU s, a hospital's morning",
        LESS,
    ),
];

/// Panels beside each other.
const COLUMNS: usize = 3;
const PANEL_WIDTH: usize = 310;
const MARGIN: usize = 16;
/// Above the panels, for the title.
const TOP: usize = 56;
/// Above the bars of a panel.
const HEAD: usize = 42;
const LINE: usize = 20;
/// Names stand on the left of the bars, figures on the right.
const NAMES: f64 = 112.0;
const BARS: f64 = 124.0;

const STYLE: &str = "\
text{font:12px system-ui,sans-serif;fill:#1f2328}\
.title{font-size:15px;font-weight:600}\
.head{font-weight:600}\
.soft{fill:#59636e;font-size:11px}\
.bar{fill:#afb8c1}\
.own{fill:#0969da}\
.copy{fill:#d4a72c}\
.spread{stroke:#1f2328;stroke-width:1.5}\
@media(prefers-color-scheme:dark){\
text{fill:#e6edf3}\
.soft{fill:#9198a1}\
.bar{fill:#656c76}\
.own{fill:#4493f8}\
.copy{fill:#bb8009}\
.spread{stroke:#e6edf3}}";

/// The picture, below a line that names the machine.
pub(crate) fn draw(results: &Results, machine: &str) -> String {
    let panels =
        PANELS.iter().filter_map(|panel| Some((panel, results.row(panel.table, panel.row)?)));
    let panels: Vec<_> = panels.collect();
    let height = HEAD + LINE * results.peers.len() + MARGIN;
    let (whole_width, whole_height) =
        (COLUMNS * PANEL_WIDTH + MARGIN, TOP + panels.len().div_ceil(COLUMNS) * height);
    let mut drawn = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {whole_width} {whole_height}\" \
         width=\"{whole_width}\" height=\"{whole_height}\" role=\"img\" \
         aria-label=\"pacsgate beside other TLS proxies\">\n<style>{STYLE}</style>\n"
    );
    text(&mut drawn, (MARGIN as f64, 22.0), "title", "pacsgate beside other TLS proxies");
    let told = format!("{machine}. Bars: medians; lines: least to most.");
    text(&mut drawn, (MARGIN as f64, 41.0), "soft", &told);
    for (number, (panel, row)) in panels.into_iter().enumerate() {
        let x = MARGIN + number % COLUMNS * PANEL_WIDTH;
        let y = TOP + number / COLUMNS * height;
        let _ = writeln!(drawn, "<g transform=\"translate({x} {y})\">");
        draw_panel(&mut drawn, panel, row, &results.peers);
        drawn += "</g>\n";
    }
    drawn + "</svg>\n"
}

fn draw_panel(drawn: &mut String, panel: &Panel, row: &Row, peers: &[Peer]) {
    text(drawn, (0.0, 14.0), "head", panel.title);
    text(drawn, (0.0, 30.0), "soft", panel.better);
    let most = row.figures.iter().map(|figures| figures.percentile(100)).fold(0.0, f64::max);
    let wide = |value: f64| if most > 0.0 { value / most * BARS } else { 0.0 };
    for (number, (peer, figures)) in peers.iter().zip(&row.figures).enumerate() {
        let top = (HEAD + number * LINE) as f64;
        let class = match peer {
            Peer::Pacsgate => "own",
            Peer::BestCopy | Peer::PlainCopy => "copy",
            Peer::Stunnel | Peer::Haproxy | Peer::Nginx | Peer::Hitch => "bar",
        };
        let (median, middle) = (figures.median(), top + 7.0);
        text(drawn, (0.0, top + 11.0), "", peer.name());
        let _ = writeln!(
            drawn,
            "<rect class=\"{class}\" x=\"{NAMES}\" y=\"{top}\" width=\"{:.1}\" height=\"14\"/>\
             <line class=\"spread\" x1=\"{:.1}\" y1=\"{middle}\" x2=\"{:.1}\" y2=\"{middle}\"/>",
            wide(median),
            NAMES + wide(figures.percentile(0)),
            NAMES + wide(figures.percentile(100)),
        );
        let shown = format!("{median:.*}", row.decimals);
        text(drawn, (NAMES + BARS + 8.0, top + 11.0), "", &shown);
    }
}

fn text(drawn: &mut String, (x, y): (f64, f64), class: &str, text: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = writeln!(drawn, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{text}</text>");
}
