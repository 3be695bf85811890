//! Which SOP classes a command may name on a presentation context.
//!
//! Mostly the context's own. The standard has commands name another one on the contexts of meta
//! SOP classes (PS3.4 section H.3.2: their members) and of the two that read or announce what
//! another class has made (PS3.4 sections F.8 and F.9).

use super::operation::Operation::{NAction, NCreate, NDelete, NEventReport, NGet, NSet};
use super::operation::Operations;
use crate::wire::uid::Uid;

/// A SOP class that a command names on a context of another.
struct Named {
    context: &'static str,
    sop_class: &'static str,
    operations: Operations,
}

const GRAYSCALE: &str = "1.2.840.10008.5.1.1.9";
const COLOR: &str = "1.2.840.10008.5.1.1.18";
const FILM_SESSION: &str = "1.2.840.10008.5.1.1.1";
const FILM_BOX: &str = "1.2.840.10008.5.1.1.2";
const GRAYSCALE_IMAGE_BOX: &str = "1.2.840.10008.5.1.1.4";
const COLOR_IMAGE_BOX: &str = "1.2.840.10008.5.1.1.4.1";
const PRINTER: &str = "1.2.840.10008.5.1.1.16";
const MPPS: &str = "1.2.840.10008.3.1.2.3.3";
const MPPS_RETRIEVE: &str = "1.2.840.10008.3.1.2.3.4";
const MPPS_NOTIFICATION: &str = "1.2.840.10008.3.1.2.3.5";

const FILM: Operations = Operations::NONE.and_by_requestor(&[NCreate, NSet, NAction, NDelete]);
const BOX: Operations = Operations::NONE.and_by_requestor(&[NSet]);
const STATUS: Operations =
    Operations::NONE.and_by_requestor(&[NGet]).and_by_acceptor(&[NEventReport]);

const fn named(context: &'static str, sop_class: &'static str, operations: Operations) -> Named {
    Named { context, sop_class, operations }
}

static NAMED: [Named; 10] = [
    named(GRAYSCALE, FILM_SESSION, FILM),
    named(GRAYSCALE, FILM_BOX, FILM),
    named(GRAYSCALE, GRAYSCALE_IMAGE_BOX, BOX),
    named(GRAYSCALE, PRINTER, STATUS),
    named(COLOR, FILM_SESSION, FILM),
    named(COLOR, FILM_BOX, FILM),
    named(COLOR, COLOR_IMAGE_BOX, BOX),
    named(COLOR, PRINTER, STATUS),
    named(MPPS_RETRIEVE, MPPS, Operations::NONE.and_by_requestor(&[NGet])),
    named(MPPS_NOTIFICATION, MPPS, Operations::NONE.and_by_acceptor(&[NEventReport])),
];

/// What a command on a context of the one SOP class may do with the other, as far as the context
/// permits it at all; `None` where it may not name it.
pub fn on_context(context: &Uid, sop_class: &Uid) -> Option<Operations> {
    if context == sop_class {
        // A meta SOP class has no instances of its own.
        let is_meta = matches!(context.as_str(), GRAYSCALE | COLOR);
        return (!is_meta).then_some(Operations::ALL);
    }
    let (context, sop_class) = (context.as_str(), sop_class.as_str());
    let row = NAMED.iter().find(|row| row.context == context && row.sop_class == sop_class);
    row.map(|row| row.operations)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::table;
    use crate::side::Side;

    fn uid(text: &str) -> Uid {
        text.parse().unwrap()
    }

    #[test]
    fn a_command_names_the_sop_class_of_its_context() {
        let ct = uid("1.2.840.10008.5.1.4.1.1.2");
        assert_eq!(on_context(&ct, &ct), Some(Operations::ALL));
        assert_eq!(on_context(&ct, &uid("1.2.840.10008.5.1.4.1.1.4")), None);
    }

    #[test]
    fn a_meta_sop_class_is_named_by_its_members_only() {
        assert_eq!(on_context(&uid(GRAYSCALE), &uid(GRAYSCALE)), None);
        assert_eq!(on_context(&uid(GRAYSCALE), &uid(COLOR_IMAGE_BOX)), None);
        let printer = on_context(&uid(COLOR), &uid(PRINTER)).unwrap();
        assert!(
            printer.allows(Side::Requestor, NGet) && printer.allows(Side::Acceptor, NEventReport)
        );
        assert!(!printer.allows(Side::Requestor, NDelete));
    }

    #[test]
    fn members_may_do_on_a_meta_context_what_they_may_on_their_own() {
        for row in &NAMED[..8] {
            let own =
                table().find(|group| group.sop_classes.iter().any(|c| c.uid == row.sop_class));
            assert_eq!(own.unwrap().operations, row.operations, "{}", row.sop_class);
        }
    }
}
