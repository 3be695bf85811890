//! The SOP classes of print management (PS3.4 annex H), apart from the retired ones.

use super::sop_class::SopClass;

/// One context for film session, film box, image box and printer together.
#[rustfmt::skip]
pub(super) static META: [SopClass; 2] = [
    SopClass::new("1.2.840.10008.5.1.1.9", "BasicGrayscalePrintManagementMeta"),
    SopClass::new("1.2.840.10008.5.1.1.18", "BasicColorPrintManagementMeta"),
];

/// Film sessions and film boxes.
#[rustfmt::skip]
pub(super) static FILM: [SopClass; 2] = [
    SopClass::new("1.2.840.10008.5.1.1.1", "BasicFilmSession"),
    SopClass::new("1.2.840.10008.5.1.1.2", "BasicFilmBox"),
];

/// What is filled in after the film box has made it.
#[rustfmt::skip]
pub(super) static BOX: [SopClass; 3] = [
    SopClass::new("1.2.840.10008.5.1.1.4", "BasicGrayscaleImageBox"),
    SopClass::new("1.2.840.10008.5.1.1.4.1", "BasicColorImageBox"),
    SopClass::new("1.2.840.10008.5.1.1.15", "BasicAnnotationBox"),
];

/// The VOI LUT of an image box.
#[rustfmt::skip]
pub(super) static VOI_LUT_BOX: [SopClass; 1] = [
    SopClass::new("1.2.840.10008.5.1.1.22", "VOILUTBox"),
];

/// The presentation LUT of a film session.
#[rustfmt::skip]
pub(super) static PRESENTATION_LUT: [SopClass; 1] = [
    SopClass::new("1.2.840.10008.5.1.1.23", "PresentationLUT"),
];

/// What tells of its state by itself and when asked.
#[rustfmt::skip]
pub(super) static STATUS: [SopClass; 2] = [
    SopClass::new("1.2.840.10008.5.1.1.14", "PrintJob"),
    SopClass::new("1.2.840.10008.5.1.1.16", "Printer"),
];

/// What the printer can do.
#[rustfmt::skip]
pub(super) static CONFIGURATION: [SopClass; 1] = [
    SopClass::new("1.2.840.10008.5.1.1.16.376", "PrinterConfigurationRetrieval"),
];
