//! `[gate]`: what the gate says of itself.

use pacsgate_core::wire::title::AeTitle;

use super::pacs::title;
use super::section::Section;

/// What the gate calls itself where it asks a PACS how it is.
const TITLE: &str = "PACSGATE";

/// The gate's own title; `None` where it is no title, which is reported.
pub(super) fn read(table: Option<Section<'_>>) -> Option<AeTitle> {
    let Some(mut table) = table else { return TITLE.parse().ok() };
    let has_title = table.has("ae_title");
    let told = table.optional("ae_title", title);
    table.finish();
    if has_title { told.map(|at| at.value) } else { TITLE.parse().ok() }
}
