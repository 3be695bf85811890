//! The two sides of an association, as those who account for it know them.

use super::record::Record;
use super::text::PeerText;
use crate::dicom_audit::Party;

/// Where it comes from.
pub(super) fn address(record: &Record) -> String {
    record.source.ip().to_canonical().to_string()
}

/// Who came, by the title that it claims, and else by its address.
pub(super) fn requestor(record: &Record) -> Party {
    let is_outward = record.direction == "outward";
    let (first, other) =
        if is_outward { (&record.pacs, &record.peer) } else { (&record.peer, &record.pacs) };
    let name = first.as_ref().or(other.as_ref().filter(|_| is_outward)).map(ToString::to_string);
    let party = titled(record.calling.as_ref(), name, address(record));
    Party { at: Some(address(record)), ..party }
}

/// Who was asked for, by the title that was called.
pub(super) fn acceptor(record: &Record) -> Party {
    let is_outward = record.direction == "outward";
    let name = if is_outward { &record.peer } else { &record.pacs };
    let name = name.as_ref().map(ToString::to_string);
    let known = name.clone().unwrap_or_else(|| "unknown".to_owned());
    titled(record.called.as_ref(), name, known)
}

fn titled(title: Option<&PeerText>, name: Option<String>, otherwise: String) -> Party {
    let title = title.map(PeerText::as_str).filter(|title| !title.is_empty());
    Party {
        id: title.map_or(otherwise, str::to_owned),
        other_id: title.map(|title| format!("AETITLES={title}")),
        name,
        at: None,
    }
}
