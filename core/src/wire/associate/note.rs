//! What a parser tolerates, for the audit line.

/// What a parser dropped or tolerated, each kind counted; bounded by the number of kinds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
// Sorted, so that a request of nothing but unknown items costs no more than any other.
pub struct Notes(Vec<(Note, u32)>);

/// One kind of deviation that does not refuse an association.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
pub enum Note {
    /// An item of this unknown type was dropped.
    #[error("unknown item {0:02X} dropped")]
    UnknownItem(u8),
    /// A user information sub-item of this unknown type was dropped.
    #[error("unknown user item {0:02X} dropped")]
    UnknownUserItem(u8),
    /// A known sub-item that is not forwarded (53, 57, 58 or 59) was dropped.
    #[error("item {0:02X} not forwarded")]
    NotForwarded(u8),
    /// A version name outside the grammar was dropped.
    #[error("bad implementation version name (item 55) dropped")]
    VersionName,
    /// A role selection or extended negotiation that repeats an earlier one was dropped.
    #[error("repeated item {0:02X} dropped")]
    Repeated(u8),
    /// A title was padded with NULs.
    #[error("AE title padded with NUL")]
    NulPaddedTitle,
    /// A UID was padded.
    #[error("UID padded")]
    PaddedUid,
    /// A component of a UID has leading zeros.
    #[error("UID component with leading zeros")]
    LeadingZeros,
    /// An A-ASSOCIATE-AC had no item 52; the gate's own implementation class stands in.
    #[error("implementation class (item 52) missing, own one used")]
    NoImplementationClass,
    /// An A-ASSOCIATE-AC names another application context than DICOM's.
    #[error("foreign application context (item 10) in the answer")]
    ApplicationContext,
    /// A rejected context in an A-ASSOCIATE-AC has no transfer syntax, or one that is no UID.
    #[error("rejected context without a valid transfer syntax (item 40)")]
    RejectedTransferSyntax,
}

impl Notes {
    /// Counts one more deviation of this kind.
    pub fn add(&mut self, note: Note) {
        match self.0.binary_search_by_key(&note, |&(kind, _)| kind) {
            Ok(place) => {
                if let Some((_, count)) = self.0.get_mut(place) {
                    *count = count.saturating_add(1);
                }
            }
            Err(place) => self.0.insert(place, (note, 1)),
        }
    }

    /// Each kind once, with its count.
    pub fn iter(&self) -> impl Iterator<Item = (Note, u32)> + '_ {
        self.0.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_each_kind_once() {
        let mut notes = Notes::default();
        for note in [Note::PaddedUid, Note::UnknownItem(0x60), Note::PaddedUid] {
            notes.add(note);
        }
        let counted: Vec<_> = notes.iter().collect();
        assert_eq!(counted, [(Note::UnknownItem(0x60), 1), (Note::PaddedUid, 2)]);
    }

    #[test]
    fn names_the_item_in_hexadecimal() {
        assert_eq!(Note::NotForwarded(0x58).to_string(), "item 58 not forwarded");
        assert_eq!(Note::UnknownUserItem(0x0a).to_string(), "unknown user item 0A dropped");
    }
}
