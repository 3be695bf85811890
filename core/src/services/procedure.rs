//! The SOP classes of verification, procedure steps and storage commitment (PS3.4 annexes A, F and J).

use super::sop_class::SopClass;

/// The SOP class of C-ECHO.
#[rustfmt::skip]
pub(super) static VERIFICATION: [SopClass; 1] = [
    SopClass::new("1.2.840.10008.1.1", "Verification"),
];

/// The procedure step that a modality creates and updates.
#[rustfmt::skip]
pub(super) static MPPS: [SopClass; 1] = [
    SopClass::new("1.2.840.10008.3.1.2.3.3", "ModalityPerformedProcedureStep"),
];

/// The same step, read.
#[rustfmt::skip]
pub(super) static MPPS_RETRIEVE: [SopClass; 1] = [
    SopClass::new("1.2.840.10008.3.1.2.3.4", "ModalityPerformedProcedureStepRetrieve"),
];

/// The same step, announced by the PACS.
#[rustfmt::skip]
pub(super) static MPPS_NOTIFICATION: [SopClass; 1] = [
    SopClass::new("1.2.840.10008.3.1.2.3.5", "ModalityPerformedProcedureStepNotification"),
];

/// The request to take responsibility for stored objects. The pull model is retired.
#[rustfmt::skip]
pub(super) static STORAGE_COMMITMENT: [SopClass; 1] = [
    SopClass::new("1.2.840.10008.1.20.1", "StorageCommitmentPushModel"),
];
