//! The SOP classes of the standard apart from storage, each in the table of what is done with it.
//! From [`INVENTORY_FIND`] on, they are those that no named service covers.

use super::sop_class::SopClass;

/// The SOP class of C-ECHO.
#[rustfmt::skip]
pub(super) static VERIFICATION: [SopClass; 1] = [
    SopClass::new("1.2.840.10008.1.1", "Verification"),
];

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

/// One context for film session, film box, image box and printer together.
#[rustfmt::skip]
pub(super) static PRINT_META: [SopClass; 2] = [
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
pub(super) static FILM_CONTENT: [SopClass; 3] = [
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
pub(super) static PRINT_STATUS: [SopClass; 2] = [
    SopClass::new("1.2.840.10008.5.1.1.14", "PrintJob"),
    SopClass::new("1.2.840.10008.5.1.1.16", "Printer"),
];

/// What the printer can do.
#[rustfmt::skip]
pub(super) static PRINT_CONFIGURATION: [SopClass; 1] = [
    SopClass::new("1.2.840.10008.5.1.1.16.376", "PrinterConfigurationRetrieval"),
];

/// Patients, or what is relevant of them for an examination.
#[rustfmt::skip]
pub(super) static RELEVANT_PATIENT: [SopClass; 3] = [
    SopClass::new("1.2.840.10008.5.1.4.37.1", "GeneralRelevantPatientInformationQuery"),
    SopClass::new("1.2.840.10008.5.1.4.37.2", "BreastImagingRelevantPatientInformationQuery"),
    SopClass::new("1.2.840.10008.5.1.4.37.3", "CardiacRelevantPatientInformationQuery"),
];

/// Where objects can be retrieved from.
#[rustfmt::skip]
pub(super) static INSTANCE_AVAILABILITY: [SopClass; 1] = [
    SopClass::new("1.2.840.10008.5.1.4.33", "InstanceAvailabilityNotification"),
];

/// Contrast agents and drugs: what they are, and whether the patient may have them.
#[rustfmt::skip]
pub(super) static SUBSTANCE_QUERY: [SopClass; 2] = [
    SopClass::new("1.2.840.10008.5.1.4.41", "ProductCharacteristicsQuery"),
    SopClass::new("1.2.840.10008.5.1.4.42", "SubstanceApprovalQuery"),
];

/// What a patient was given.
#[rustfmt::skip]
pub(super) static SUBSTANCE_LOGGING: [SopClass; 1] = [
    SopClass::new("1.2.840.10008.1.42", "SubstanceAdministrationLogging"),
];

/// What happens in a procedure.
#[rustfmt::skip]
pub(super) static EVENT_LOGGING: [SopClass; 1] = [
    SopClass::new("1.2.840.10008.1.40", "ProceduralEventLogging"),
];

/// The making of discs.
#[rustfmt::skip]
pub(super) static MEDIA_CREATION: [SopClass; 1] = [
    SopClass::new("1.2.840.10008.5.1.1.33", "MediaCreationManagement"),
];

/// The verification of a treatment machine before it treats.
#[rustfmt::skip]
pub(super) static RT_VERIFICATION: [SopClass; 2] = [
    SopClass::new("1.2.840.10008.5.1.4.34.8", "RTConventionalMachineVerification"),
    SopClass::new("1.2.840.10008.5.1.4.34.9", "RTIonMachineVerification"),
];

/// Procedure steps of any kind, ordered and announced.
#[rustfmt::skip]
pub(super) static UPS: [SopClass; 2] = [
    SopClass::new("1.2.840.10008.5.1.4.34.6.1", "UnifiedProcedureStepPush"),
    SopClass::new("1.2.840.10008.5.1.4.34.6.4", "UnifiedProcedureStepEvent"),
];

/// The same steps, queried besides: by who performs them, follows them, or only looks.
#[rustfmt::skip]
pub(super) static UPS_QUERIED: [SopClass; 3] = [
    SopClass::new("1.2.840.10008.5.1.4.34.6.2", "UnifiedProcedureStepWatch"),
    SopClass::new("1.2.840.10008.5.1.4.34.6.3", "UnifiedProcedureStepPull"),
    SopClass::new("1.2.840.10008.5.1.4.34.6.5", "UnifiedProcedureStepQuery"),
];

/// Lists of a whole archive: nobody gets these by a word that means something smaller.
#[rustfmt::skip]
pub(super) static INVENTORY_FIND: [SopClass; 2] = [
    SopClass::new("1.2.840.10008.5.1.4.1.1.201.2", "InventoryFind"),
    SopClass::new("1.2.840.10008.5.1.4.1.1.201.6", "RepositoryQuery"),
];

/// An archive's inventories, retrieved to a destination.
#[rustfmt::skip]
pub(super) static INVENTORY_MOVE: [SopClass; 1] = [
    SopClass::new("1.2.840.10008.5.1.4.1.1.201.3", "InventoryMove"),
];

/// An archive's inventories, retrieved on the same association.
#[rustfmt::skip]
pub(super) static INVENTORY_GET: [SopClass; 1] = [
    SopClass::new("1.2.840.10008.5.1.4.1.1.201.4", "InventoryGet"),
];

/// The making of an inventory.
#[rustfmt::skip]
pub(super) static INVENTORY_CREATION: [SopClass; 1] = [
    SopClass::new("1.2.840.10008.5.1.4.1.1.201.5", "InventoryCreation"),
];

/// The inventories themselves.
#[rustfmt::skip]
pub(super) static INVENTORY: [SopClass; 1] = [
    SopClass::new("1.2.840.10008.5.1.4.1.1.201.1", "InventoryStorage"),
];

/// Security screening (DICOS) and material testing (DICONDE) are not medical.
#[rustfmt::skip]
pub(super) static INDUSTRIAL: [SopClass; 12] = [
    SopClass::new("1.2.840.10008.5.1.4.1.1.501.1", "DICOSCTImageStorage"),
    SopClass::new("1.2.840.10008.5.1.4.1.1.501.2.1", "DICOSDigitalXRayImageStorageForPresentation"),
    SopClass::new("1.2.840.10008.5.1.4.1.1.501.2.2", "DICOSDigitalXRayImageStorageForProcessing"),
    SopClass::new("1.2.840.10008.5.1.4.1.1.501.3", "DICOSThreatDetectionReportStorage"),
    SopClass::new("1.2.840.10008.5.1.4.1.1.501.4", "DICOS2DAITStorage"),
    SopClass::new("1.2.840.10008.5.1.4.1.1.501.5", "DICOS3DAITStorage"),
    SopClass::new("1.2.840.10008.5.1.4.1.1.501.6", "DICOSQuadrupoleResonanceStorage"),
    SopClass::new("1.2.840.10008.5.1.4.1.1.601.1", "EddyCurrentImageStorage"),
    SopClass::new("1.2.840.10008.5.1.4.1.1.601.2", "EddyCurrentMultiFrameImageStorage"),
    SopClass::new("1.2.840.10008.5.1.4.1.1.601.3", "ThermographyImageStorage"),
    SopClass::new("1.2.840.10008.5.1.4.1.1.601.4", "ThermographyMultiFrameImageStorage"),
    SopClass::new("1.2.840.10008.5.1.4.1.1.601.5", "UltrasoundWaveformStorage"),
];

/// The state of a display, for its quality assurance.
#[rustfmt::skip]
pub(super) static DISPLAY_SYSTEM: [SopClass; 1] = [
    SopClass::new("1.2.840.10008.5.1.1.40", "DisplaySystem"),
];

/// Storage commitment that the PACS was asked to find out about. Retired.
#[rustfmt::skip]
pub(super) static COMMITMENT_PULL: [SopClass; 1] = [
    SopClass::new("1.2.840.10008.1.20.2", "StorageCommitmentPullModel"),
];

/// What a study consists of, sent as an object. Retired.
#[rustfmt::skip]
pub(super) static STUDY_CONTENT: [SopClass; 1] = [
    SopClass::new("1.2.840.10008.1.9", "BasicStudyContentNotification"),
];

/// Patients, visits, studies, results and interpretations, as a hospital's system manages them.
/// Retired.
#[rustfmt::skip]
pub(super) static DETACHED: [SopClass; 9] = [
    SopClass::new("1.2.840.10008.3.1.2.1.1", "DetachedPatientManagement"),
    SopClass::new("1.2.840.10008.3.1.2.2.1", "DetachedVisitManagement"),
    SopClass::new("1.2.840.10008.3.1.2.3.1", "DetachedStudyManagement"),
    SopClass::new("1.2.840.10008.3.1.2.3.2", "StudyComponentManagement"),
    SopClass::new("1.2.840.10008.3.1.2.5.1", "DetachedResultsManagement"),
    SopClass::new("1.2.840.10008.3.1.2.6.1", "DetachedInterpretationManagement"),
    SopClass::new("1.2.840.10008.3.1.2.1.4", "DetachedPatientManagementMeta"),
    SopClass::new("1.2.840.10008.3.1.2.5.4", "DetachedResultsManagementMeta"),
    SopClass::new("1.2.840.10008.3.1.2.5.5", "DetachedStudyManagementMeta"),
];

/// What printers had. Retired.
#[rustfmt::skip]
pub(super) static PRINT_RETIRED: [SopClass; 8] = [
    SopClass::new("1.2.840.10008.5.1.1.4.2", "ReferencedImageBox"),
    SopClass::new("1.2.840.10008.5.1.1.24", "ImageOverlayBox"),
    SopClass::new("1.2.840.10008.5.1.1.24.1", "BasicPrintImageOverlayBox"),
    SopClass::new("1.2.840.10008.5.1.1.26", "PrintQueueManagement"),
    SopClass::new("1.2.840.10008.5.1.1.31", "PullPrintRequest"),
    SopClass::new("1.2.840.10008.5.1.1.9.1", "ReferencedGrayscalePrintManagementMeta"),
    SopClass::new("1.2.840.10008.5.1.1.18.1", "ReferencedColorPrintManagementMeta"),
    SopClass::new("1.2.840.10008.5.1.1.32", "PullStoredPrintManagementMeta"),
];

/// The worklist before the unified one. Retired.
#[rustfmt::skip]
pub(super) static GENERAL_PURPOSE_FIND: [SopClass; 1] = [
    SopClass::new("1.2.840.10008.5.1.4.32.1", "GeneralPurposeWorklistInformationModelFind"),
];

/// Its steps. Retired.
#[rustfmt::skip]
pub(super) static GENERAL_PURPOSE_STEPS: [SopClass; 2] = [
    SopClass::new("1.2.840.10008.5.1.4.32.2", "GeneralPurposeScheduledProcedureStep"),
    SopClass::new("1.2.840.10008.5.1.4.32.3", "GeneralPurposePerformedProcedureStep"),
];

/// Its list and its steps on one context. Retired.
#[rustfmt::skip]
pub(super) static GENERAL_PURPOSE_META: [SopClass; 1] = [
    SopClass::new("1.2.840.10008.5.1.4.32", "GeneralPurposeWorklistManagementMeta"),
];

/// Trials of the verification of treatment machines.
#[rustfmt::skip]
pub(super) static RT_VERIFICATION_TRIAL: [SopClass; 2] = [
    SopClass::new("1.2.840.10008.5.1.4.34.2", "RTConventionalMachineVerificationTrial"),
    SopClass::new("1.2.840.10008.5.1.4.34.3", "RTIonMachineVerificationTrial"),
];

/// Trials of the unified procedure step.
#[rustfmt::skip]
pub(super) static UPS_TRIAL: [SopClass; 4] = [
    SopClass::new("1.2.840.10008.5.1.4.34.4.1", "UnifiedProcedureStepPushTrial"),
    SopClass::new("1.2.840.10008.5.1.4.34.4.2", "UnifiedProcedureStepWatchTrial"),
    SopClass::new("1.2.840.10008.5.1.4.34.4.3", "UnifiedProcedureStepPullTrial"),
    SopClass::new("1.2.840.10008.5.1.4.34.4.4", "UnifiedProcedureStepEventTrial"),
];

/// What is in no association: the directory of a disc (PS3.10), and what is sent by RTP (PS3.22).
#[rustfmt::skip]
pub(super) static NOT_IN_ASSOCIATIONS: [SopClass; 5] = [
    SopClass::new("1.2.840.10008.1.3.10", "MediaStorageDirectoryStorage"),
    SopClass::new("1.2.840.10008.10.1", "VideoEndoscopicImageRealTimeCommunication"),
    SopClass::new("1.2.840.10008.10.2", "VideoPhotographicImageRealTimeCommunication"),
    SopClass::new("1.2.840.10008.10.3", "AudioWaveformRealTimeCommunication"),
    SopClass::new("1.2.840.10008.10.4", "RenditionSelectionDocumentRealTimeCommunication"),
];
