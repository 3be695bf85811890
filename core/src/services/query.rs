//! The SOP classes of query and retrieve (PS3.4 annexes C and K, and those of objects without a
//! patient).

use super::sop_class::SopClass;

/// The information models that are queried with C-FIND.
#[rustfmt::skip]
pub(super) static FIND: [SopClass; 10] = [
    SopClass::new("1.2.840.10008.5.1.4.1.1.200.4", "ProtocolApprovalInformationModelFind"),
    SopClass::new("1.2.840.10008.5.1.4.1.2.1.1", "PatientRootQueryRetrieveInformationModelFind"),
    SopClass::new("1.2.840.10008.5.1.4.1.2.2.1", "StudyRootQueryRetrieveInformationModelFind"),
    SopClass::new("1.2.840.10008.5.1.4.1.2.3.1", "PatientStudyOnlyQueryRetrieveInformationModelFind"),
    SopClass::new("1.2.840.10008.5.1.4.20.1", "DefinedProcedureProtocolInformationModelFind"),
    SopClass::new("1.2.840.10008.5.1.4.38.2", "HangingProtocolInformationModelFind"),
    SopClass::new("1.2.840.10008.5.1.4.39.2", "ColorPaletteQueryRetrieveInformationModelFind"),
    SopClass::new("1.2.840.10008.5.1.4.43.2", "GenericImplantTemplateInformationModelFind"),
    SopClass::new("1.2.840.10008.5.1.4.44.2", "ImplantAssemblyTemplateInformationModelFind"),
    SopClass::new("1.2.840.10008.5.1.4.45.2", "ImplantTemplateGroupInformationModelFind"),
];

/// The information models that are retrieved from with C-MOVE.
#[rustfmt::skip]
pub(super) static MOVE: [SopClass; 11] = [
    SopClass::new("1.2.840.10008.5.1.4.1.1.200.5", "ProtocolApprovalInformationModelMove"),
    SopClass::new("1.2.840.10008.5.1.4.1.2.1.2", "PatientRootQueryRetrieveInformationModelMove"),
    SopClass::new("1.2.840.10008.5.1.4.1.2.2.2", "StudyRootQueryRetrieveInformationModelMove"),
    SopClass::new("1.2.840.10008.5.1.4.1.2.3.2", "PatientStudyOnlyQueryRetrieveInformationModelMove"),
    SopClass::new("1.2.840.10008.5.1.4.1.2.4.2", "CompositeInstanceRootRetrieveMove"),
    SopClass::new("1.2.840.10008.5.1.4.20.2", "DefinedProcedureProtocolInformationModelMove"),
    SopClass::new("1.2.840.10008.5.1.4.38.3", "HangingProtocolInformationModelMove"),
    SopClass::new("1.2.840.10008.5.1.4.39.3", "ColorPaletteQueryRetrieveInformationModelMove"),
    SopClass::new("1.2.840.10008.5.1.4.43.3", "GenericImplantTemplateInformationModelMove"),
    SopClass::new("1.2.840.10008.5.1.4.44.3", "ImplantAssemblyTemplateInformationModelMove"),
    SopClass::new("1.2.840.10008.5.1.4.45.3", "ImplantTemplateGroupInformationModelMove"),
];

/// The information models that are retrieved from with C-GET.
#[rustfmt::skip]
pub(super) static GET: [SopClass; 12] = [
    SopClass::new("1.2.840.10008.5.1.4.1.1.200.6", "ProtocolApprovalInformationModelGet"),
    SopClass::new("1.2.840.10008.5.1.4.1.2.1.3", "PatientRootQueryRetrieveInformationModelGet"),
    SopClass::new("1.2.840.10008.5.1.4.1.2.2.3", "StudyRootQueryRetrieveInformationModelGet"),
    SopClass::new("1.2.840.10008.5.1.4.1.2.3.3", "PatientStudyOnlyQueryRetrieveInformationModelGet"),
    SopClass::new("1.2.840.10008.5.1.4.1.2.4.3", "CompositeInstanceRootRetrieveGet"),
    SopClass::new("1.2.840.10008.5.1.4.1.2.5.3", "CompositeInstanceRetrieveWithoutBulkDataGet"),
    SopClass::new("1.2.840.10008.5.1.4.20.3", "DefinedProcedureProtocolInformationModelGet"),
    SopClass::new("1.2.840.10008.5.1.4.38.4", "HangingProtocolInformationModelGet"),
    SopClass::new("1.2.840.10008.5.1.4.39.4", "ColorPaletteQueryRetrieveInformationModelGet"),
    SopClass::new("1.2.840.10008.5.1.4.43.4", "GenericImplantTemplateInformationModelGet"),
    SopClass::new("1.2.840.10008.5.1.4.44.4", "ImplantAssemblyTemplateInformationModelGet"),
    SopClass::new("1.2.840.10008.5.1.4.45.4", "ImplantTemplateGroupInformationModelGet"),
];

/// The worklist that a modality queries.
#[rustfmt::skip]
pub(super) static WORKLIST: [SopClass; 1] = [
    SopClass::new("1.2.840.10008.5.1.4.31", "ModalityWorklistInformationModelFind"),
];
