//! What the sections have in common.

use super::html::Html;

/// A section with its heading.
pub(super) fn section(
    html: &mut Html,
    id: &'static str,
    heading: &str,
    inside: impl FnOnce(&mut Html),
) {
    let labelled = format!("{id}-heading");
    html.element("section", &[("id", id), ("aria-labelledby", &labelled)], |html| {
        html.leaf("h2", &[("id", &labelled)], heading);
        inside(html);
    });
}

/// A table with its caption, for those who do not see the heading beside it.
pub(super) fn table(
    html: &mut Html,
    caption: &str,
    columns: &[(&'static str, &'static str)],
    rows: impl FnOnce(&mut Html),
) {
    html.element("table", &[], |html| {
        html.leaf("caption", &[("class", "hidden")], caption);
        html.element("thead", &[], |html| {
            html.element("tr", &[], |html| {
                for (name, class) in columns {
                    html.leaf("th", &[("scope", "col"), ("class", class)], name);
                }
            });
        });
        html.element("tbody", &[], rows);
    });
}

/// A cell, which on a narrow screen shows the name of its column.
pub(super) fn cell(html: &mut Html, (name, class): (&'static str, &'static str), text: &str) {
    html.leaf("td", &[("data-name", name), ("class", class)], text);
}
