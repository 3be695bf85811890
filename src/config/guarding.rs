//! How the data sets of a peer or a PACS are judged: the same keys in both tables, and those of a peer
//! alone.

use pacsgate_core::data_set::{Bounds, Deviation, Widths};
use pacsgate_core::inspector::{Guarding, Mode};

use super::limits::{self, Limits};
use super::mistake::{Caution, Mistake};
use super::node::Node;
use super::section::Section;

const MODES: [(&str, Mode); 2] = [("refuse", Mode::Refuse), ("report", Mode::Report)];

/// Reads `guard`, `tolerate`, and how much a data set may have.
pub(super) fn read(table: &mut Section<'_>, limits: &Limits) -> Guarding {
    let tolerated = table.any_list("tolerate", deviation);
    Guarding {
        mode: mode(table),
        tolerated: tolerated.into_iter().map(|deviation| deviation.value).collect(),
        elements: table.or("elements", limits.elements, limits::elements),
        bounds: Bounds::USUAL,
        widths: widths(table, limits),
    }
}

/// Reads what bounds the data sets of a peer besides; nothing a PACS sends has these bounds.
pub(super) fn bounds(table: &mut Section<'_>, limits: &Limits) -> Bounds {
    Bounds {
        identifier: table.or("identifier", limits.identifier, limits::length),
        attributes: table.or("attributes", limits.attributes, limits::length),
        item_elements: table.or("item_elements", limits.item_elements, limits::item_elements),
        wildcards: table.or("wildcards", limits.wildcards, limits::wildcards),
    }
}

fn widths(table: &mut Section<'_>, limits: &Limits) -> Widths {
    Widths {
        elements: table.or("level_elements", limits.level_elements, limits::level_elements),
        creators: table.or("private_creators", limits.private_creators, limits::private_creators),
    }
}

/// Reporting is for a while, so it is warned of.
fn mode(table: &mut Section<'_>) -> Mode {
    let Some(mode) = table.optional("guard", |node| node.one_of("a mode of the guard", &MODES))
    else {
        return Mode::default();
    };
    if mode.value == Mode::Report {
        let key = table.path("guard");
        table.problems.caution(mode.place, key, &Caution::GuardReports);
    }
    mode.value
}

fn deviation(node: &Node) -> Result<Deviation, Mistake> {
    node.word(
        "a deviation that can be tolerated",
        Deviation::TOLERABLE.map(|deviation| deviation.code()),
    )
}
