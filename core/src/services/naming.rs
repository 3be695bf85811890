//! Which SOP classes a command may name on a presentation context.
//!
//! Mostly the context's own. The standard has commands name another one on the contexts of meta
//! SOP classes (PS3.4 section H.3.2: their members), of the two that read or announce what another
//! class has made (PS3.4 sections F.8 and F.9), and of those that share the Unified Procedure Step
//! (PS3.4 section CC.3.1: UPS Push).

use super::operation::Operation::{NAction, NCreate, NDelete, NEventReport, NGet, NSet};
use super::operation::Operations;
use crate::wire::uid::Uid;

/// SOP classes that commands name on the contexts of others.
struct Named {
    contexts: &'static [&'static str],
    sop_classes: &'static [&'static str],
    /// Which commands, whoever may send them.
    operations: Operations,
    /// The SOP classes of the contexts are meta SOP classes: they have no instances of their own.
    are_meta: bool,
}

const GRAYSCALE: &str = "1.2.840.10008.5.1.1.9";
const COLOR: &str = "1.2.840.10008.5.1.1.18";
const REFERENCED_GRAYSCALE: &str = "1.2.840.10008.5.1.1.9.1";
const REFERENCED_COLOR: &str = "1.2.840.10008.5.1.1.18.1";
const PULL_PRINT: &str = "1.2.840.10008.5.1.1.32";
const FILM_SESSION: &str = "1.2.840.10008.5.1.1.1";
const FILM_BOX: &str = "1.2.840.10008.5.1.1.2";
const GRAYSCALE_IMAGE_BOX: &str = "1.2.840.10008.5.1.1.4";
const COLOR_IMAGE_BOX: &str = "1.2.840.10008.5.1.1.4.1";
const REFERENCED_IMAGE_BOX: &str = "1.2.840.10008.5.1.1.4.2";
const PULL_PRINT_REQUEST: &str = "1.2.840.10008.5.1.1.31";
const PRINTER: &str = "1.2.840.10008.5.1.1.16";
const MPPS: &str = "1.2.840.10008.3.1.2.3.3";
const MPPS_RETRIEVE: &str = "1.2.840.10008.3.1.2.3.4";
const MPPS_NOTIFICATION: &str = "1.2.840.10008.3.1.2.3.5";
const UPS_PUSH: &str = "1.2.840.10008.5.1.4.34.6.1";
/// Watch, pull, event and query.
const UPS_OTHERS: [&str; 4] = [
    "1.2.840.10008.5.1.4.34.6.2",
    "1.2.840.10008.5.1.4.34.6.3",
    "1.2.840.10008.5.1.4.34.6.4",
    "1.2.840.10008.5.1.4.34.6.5",
];
const UPS_TRIAL_PUSH: &str = "1.2.840.10008.5.1.4.34.4.1";
const UPS_TRIAL_OTHERS: [&str; 3] =
    ["1.2.840.10008.5.1.4.34.4.2", "1.2.840.10008.5.1.4.34.4.3", "1.2.840.10008.5.1.4.34.4.4"];
const DETACHED_PATIENT_META: &str = "1.2.840.10008.3.1.2.1.4";
const DETACHED_RESULTS_META: &str = "1.2.840.10008.3.1.2.5.4";
const DETACHED_STUDY_META: &str = "1.2.840.10008.3.1.2.5.5";
const DETACHED_PATIENT: [&str; 2] = ["1.2.840.10008.3.1.2.1.1", "1.2.840.10008.3.1.2.2.1"];
const DETACHED_STUDY_AND_RESULTS: [&str; 4] = [
    "1.2.840.10008.3.1.2.3.1",
    "1.2.840.10008.3.1.2.3.2",
    "1.2.840.10008.3.1.2.5.1",
    "1.2.840.10008.3.1.2.6.1",
];
const GENERAL_PURPOSE_META: &str = "1.2.840.10008.5.1.4.32";
const GENERAL_PURPOSE: [&str; 3] =
    ["1.2.840.10008.5.1.4.32.1", "1.2.840.10008.5.1.4.32.2", "1.2.840.10008.5.1.4.32.3"];

const FILM: Operations = Operations::of_either(&[NCreate, NSet, NAction, NDelete]);
const BOX: Operations = Operations::of_either(&[NSet]);
const STATUS: Operations = Operations::of_either(&[NGet, NEventReport]);
const STEP: Operations = Operations::of_either(&[NCreate, NSet, NGet, NAction, NEventReport]);

const fn member(
    contexts: &'static [&'static str],
    sop_classes: &'static [&'static str],
    operations: Operations,
) -> Named {
    Named { contexts, sop_classes, operations, are_meta: true }
}

const fn named(
    contexts: &'static [&'static str],
    sop_classes: &'static [&'static str],
    operations: Operations,
) -> Named {
    Named { contexts, sop_classes, operations, are_meta: false }
}

// Of retired meta SOP classes, which are given by UID only, all that the editions have as members.
static NAMED: [Named; 13] = [
    member(&[GRAYSCALE, COLOR], &[FILM_SESSION, FILM_BOX], FILM),
    member(&[GRAYSCALE], &[GRAYSCALE_IMAGE_BOX], BOX),
    member(&[COLOR], &[COLOR_IMAGE_BOX], BOX),
    member(&[GRAYSCALE, COLOR], &[PRINTER], STATUS),
    named(&[MPPS_RETRIEVE], &[MPPS], Operations::of_either(&[NGet])),
    named(&[MPPS_NOTIFICATION], &[MPPS], Operations::of_either(&[NEventReport])),
    named(&UPS_OTHERS, &[UPS_PUSH], STEP),
    named(&UPS_TRIAL_OTHERS, &[UPS_TRIAL_PUSH], STEP),
    member(
        &[REFERENCED_GRAYSCALE, REFERENCED_COLOR],
        &[FILM_SESSION, FILM_BOX, REFERENCED_IMAGE_BOX, PRINTER],
        Operations::ALL,
    ),
    member(&[PULL_PRINT], &[PULL_PRINT_REQUEST, PRINTER], Operations::ALL),
    member(&[DETACHED_PATIENT_META], &DETACHED_PATIENT, Operations::ALL),
    member(
        &[DETACHED_RESULTS_META, DETACHED_STUDY_META],
        &DETACHED_STUDY_AND_RESULTS,
        Operations::ALL,
    ),
    member(&[GENERAL_PURPOSE_META], &GENERAL_PURPOSE, Operations::ALL),
];

/// What a command on a context of the one SOP class may do with the other, as far as the context
/// permits it at all; `None` where it may not name it.
pub fn on_context(context: &Uid, sop_class: &Uid) -> Option<Operations> {
    let (context, sop_class) = (context.as_str(), sop_class.as_str());
    let mut rows = NAMED.iter().filter(|row| row.contexts.contains(&context));
    if context == sop_class {
        return (!rows.any(|row| row.are_meta)).then_some(Operations::ALL);
    }
    rows.find(|row| row.sop_classes.contains(&sop_class)).map(|row| row.operations)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::Operation::CFind;
    use crate::services::{Operation, SopClass, table};
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
        for (meta, printer) in [(GRAYSCALE, GRAYSCALE_IMAGE_BOX), (COLOR, COLOR_IMAGE_BOX)] {
            for member in [FILM_SESSION, FILM_BOX, printer, PRINTER] {
                let own = table().find(|it| it.sop_classes.iter().any(|class| class.uid == member));
                let own = own.unwrap().operations;
                let on_meta = on_context(&uid(meta), &uid(member)).unwrap();
                for operation in Operation::ALL {
                    let is_own = own.allows(Side::Requestor, operation)
                        || own.allows(Side::Acceptor, operation);
                    assert_eq!(on_meta.allows(Side::Requestor, operation), is_own, "{member}");
                }
            }
        }
    }

    #[test]
    fn commands_about_a_procedure_step_name_ups_push_on_every_context_of_it() {
        for context in UPS_OTHERS {
            let step = on_context(&uid(context), &uid(UPS_PUSH)).unwrap();
            assert!(step.allows(Side::Requestor, NAction) && step.allows(Side::Requestor, NGet));
            assert!(!step.allows(Side::Requestor, CFind));
            // A query names the class of its context (PS3.4 section CC.2.8).
            let own = on_context(&uid(context), &uid(context)).unwrap();
            assert!(own.allows(Side::Requestor, CFind));
            assert_eq!(on_context(&uid(UPS_PUSH), &uid(context)), None);
        }
    }

    #[test]
    fn every_meta_sop_class_is_named_by_members() {
        let metas = SopClass::all().filter(|class| class.keyword.ends_with("Meta"));
        let metas: Vec<_> = metas.map(|class| uid(class.uid)).collect();
        assert_eq!(metas.len(), 9);
        for meta in metas {
            assert_eq!(on_context(&meta, &meta), None);
            let mut others = SopClass::all().map(|class| uid(class.uid));
            assert!(others.any(|member| on_context(&meta, &member).is_some()), "{meta}");
        }
    }
}
