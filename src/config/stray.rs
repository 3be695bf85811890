//! The keys of a peer whose line `[peer.NAME]` was forgotten, and which so are in the table before
//! it, or in none.

use config::{Value, ValueKind};

use super::node::{self, Table};
use super::source::Place;

/// Keys that no other table has.
const OWN: [&str; 7] =
    ["contact", "calling_ae", "from", "pacs", "services", "sop_classes", "move_to"];
/// Keys that come with them.
const MORE: [&str; 20] = [
    "certificate",
    "accept_eku",
    "user_identity",
    "issuer",
    "subjects",
    "ae_claim",
    "claims",
    "users",
    "tolerate",
    "guard",
    "elements",
    "identifier",
    "attributes",
    "item_elements",
    "wildcards",
    "level_elements",
    "private_creators",
    "associations",
    "objects_per_hour",
    "objects_per_study",
];

/// Takes them out: where the first of them stands, and which it is. A single one is rather a slip
/// in a key of that table.
pub(super) fn take(table: &mut Table) -> Option<(Place, String)> {
    // [pacs.NAME] makes a table `pacs`.
    let is_key = |value: &Value| !matches!(value.kind, ValueKind::Table(_));
    let of = |names: &[&str]| {
        let found = table.iter().filter(|(key, value)| names.contains(&&***key) && is_key(value));
        found.map(|(key, _)| key.clone()).collect::<Vec<_>>()
    };
    let (own, more) = (of(&OWN), of(&MORE));
    if own.len() < 2 {
        return None;
    }
    let taken = own.into_iter().chain(more);
    taken.filter_map(|key| Some((node::place(&table.remove(&key)?)?, key))).min()
}
