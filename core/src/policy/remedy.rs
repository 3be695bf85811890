//! What the administrator does about contexts that were taken out.

use std::borrow::Cow;

use super::proposal::{Removal, Removed};
use crate::reason::Explained;
use crate::services;
use crate::wire::uid::Uid;

/// What helps: services by their names where some are missing, otherwise what is the same for all.
pub fn remedy(removed: &[Removed]) -> Option<Cow<'static, str>> {
    let (first, rest) = removed.split_first()?;
    let is_alike = rest.iter().all(|removed| removed.why == first.why);
    let missing = removed.iter().filter(|removed| removed.why == Removal::NotPermitted);
    let missing: Vec<_> = missing.filter_map(|removed| removed.abstract_syntax.as_ref()).collect();
    match (missing.is_empty(), is_alike) {
        (false, true) => Some(add(&missing)),
        (false, false) => Some(add(&missing) + " Of the others see `why` in `contexts`."),
        (true, true) => first.why.advice().map(Cow::Borrowed),
        (true, false) => None,
    }
}

/// Names what would have to be in `services`.
fn add(sop_classes: &[&Uid]) -> Cow<'static, str> {
    let mut wanted: Vec<Cow<'static, str>> = Vec::new();
    let mut beyond = "";
    for sop_class in sop_classes {
        let entry = match services::name_of(sop_class) {
            Some(name) => Cow::Owned(format!("`{name}`")),
            None if services::is_permissible(sop_class) => Cow::Borrowed(BY_UID),
            None => {
                beyond = " No key permits the rest.";
                continue;
            }
        };
        if !wanted.contains(&entry) {
            wanted.push(entry);
        }
    }
    if wanted.is_empty() {
        return Cow::Borrowed("Configure the device: no key permits these SOP classes.");
    }
    let wanted = wanted.join(", ");
    Cow::Owned(format!(
        "If the device may do what it asks for, add to `services` of its [peer] table: \
         {wanted}.{beyond}"
    ))
}

const BY_UID: &str = "`{ sop_class, operations }` for what no service covers";
