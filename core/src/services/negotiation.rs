//! What SOP class extended negotiation (item 56) says of a SOP class: PS3.7 section D.3.3.5 leaves
//! its form to each service class of PS3.4.

use super::operation::Operation;
use super::tables::{self, GroupSet};
use crate::side::Side;
use crate::wire::uid::Uid;

/// Storage: levels of support, of digital signatures and of coercion, each with its highest value,
/// and reserved bytes between them, sent as 0 and not tested (PS3.4 section B.3.1).
const STORAGE: [Option<u8>; 6] = [Some(3), None, Some(3), None, Some(2), None];
/// Queries and retrievals: a byte for each ability, 0 or 1 (PS3.4 sections C.5.1.1, C.5.2.1, C.5.3.1
/// and their like in annexes K and CC). The standard has up to seven, and has added to them twice.
const MOST_ABILITIES: usize = 16;
/// What a private SOP class may say.
const MOST_PRIVATE: usize = 256;

/// The application information as it goes on; `None` if it is not what the SOP class has. Readers
/// take the first bytes for granted, so it says something at least where the standard has a form.
pub(crate) fn negotiated(sop_class: &Uid, information: &[u8]) -> Option<Vec<u8>> {
    let queries = [Operation::CFind, Operation::CMove, Operation::CGet];
    if has(sop_class, Operation::CStore) {
        storage(information)
    } else if queries.into_iter().any(|operation| has(sop_class, operation)) {
        let is_sound = (1..=MOST_ABILITIES).contains(&information.len())
            && information.iter().all(|byte| *byte <= 1);
        is_sound.then(|| information.to_vec())
    } else {
        (information.len() <= MOST_PRIVATE).then(|| information.to_vec())
    }
}

fn storage(information: &[u8]) -> Option<Vec<u8>> {
    if !(1..=STORAGE.len()).contains(&information.len()) {
        return None;
    }
    let judged = information.iter().zip(STORAGE).map(|(&byte, highest)| match highest {
        Some(highest) => (byte <= highest).then_some(byte),
        None => Some(0),
    });
    judged.collect()
}

/// Whether the operation is one of the SOP class, whoever performs it.
fn has(sop_class: &Uid, operation: Operation) -> bool {
    let sides = [Side::Requestor, Side::Acceptor];
    let mut groups = GroupSet::of_sop_class(sop_class).iter();
    let mut unnamed = tables::UNNAMED.iter().filter(|row| row.operations.contains(&operation));
    groups.any(|group| sides.into_iter().any(|side| group.operations.allows(side, operation)))
        || unnamed.any(|row| row.sop_classes.iter().any(|class| class.uid == sop_class.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::SopClass;

    fn of(class: &str, information: &[u8]) -> Option<Vec<u8>> {
        negotiated(&SopClass::uid_of(class).unwrap(), information)
    }

    #[test]
    fn storage_has_three_levels_and_reserved_bytes_that_are_sent_as_zero() {
        for class in ["CTImageStorage", "KeyObjectSelectionDocumentStorage", "InventoryStorage"] {
            for sound in [&[0][..], &[3, 0, 3, 0, 2, 0], &[2, 0, 0, 0, 1]] {
                assert_eq!(of(class, sound).as_deref(), Some(sound), "{class}");
            }
            assert_eq!(of(class, &[1, 9, 1, 9, 1, 9]).unwrap(), [1, 0, 1, 0, 1, 0]);
            let odd = [&[][..], &[4], &[0, 0, 4], &[0, 0, 0, 0, 3, 0], &[0; 7]];
            assert!(odd.iter().all(|odd| of(class, odd).is_none()), "{class}");
        }
    }

    #[test]
    fn queries_and_retrievals_have_a_byte_for_each_ability() {
        for class in [
            "StudyRootQueryRetrieveInformationModelFind",
            "StudyRootQueryRetrieveInformationModelMove",
            "StudyRootQueryRetrieveInformationModelGet",
            "ModalityWorklistInformationModelFind",
            "UnifiedProcedureStepPull",
            "InventoryFind",
        ] {
            for sound in [&[0][..], &[1, 1, 1, 0, 1, 1, 1], &[1; MOST_ABILITIES]] {
                assert_eq!(of(class, sound).as_deref(), Some(sound), "{class}");
            }
            let odd = [&[][..], &[2], &[1, 0xff], b"$(id)", &[0; MOST_ABILITIES + 1]];
            assert!(odd.iter().all(|odd| of(class, odd).is_none()), "{class}");
        }
    }

    #[test]
    fn what_the_standard_has_no_form_for_is_bounded() {
        for class in ["1.2.3.4", "Verification", "ModalityPerformedProcedureStep"] {
            for sound in [&[][..], b"now", &[0xff; MOST_PRIVATE]] {
                assert_eq!(of(class, sound).as_deref(), Some(sound), "{class}");
            }
            assert_eq!(of(class, &[0; MOST_PRIVATE + 1]), None, "{class}");
        }
    }
}
