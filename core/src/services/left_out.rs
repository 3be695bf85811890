//! SOP classes of the standard that no named service covers. They are known by keyword, so that
//! `{ sop_class = "...", operations = [...] }` can name them.

use super::sop_class::SopClass;

/// They list or move a whole archive: nobody gets that by a word that means something smaller.
#[rustfmt::skip]
pub(super) static INVENTORY: [SopClass; 6] = [
    SopClass::new("1.2.840.10008.5.1.4.1.1.201.1", "InventoryStorage"),
    SopClass::new("1.2.840.10008.5.1.4.1.1.201.2", "InventoryFind"),
    SopClass::new("1.2.840.10008.5.1.4.1.1.201.3", "InventoryMove"),
    SopClass::new("1.2.840.10008.5.1.4.1.1.201.4", "InventoryGet"),
    SopClass::new("1.2.840.10008.5.1.4.1.1.201.5", "InventoryCreation"),
    SopClass::new("1.2.840.10008.5.1.4.1.1.201.6", "RepositoryQuery"),
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

/// Retired, rare, real-time, or of a file set rather than a network.
#[rustfmt::skip]
pub(super) static OTHERS: [SopClass; 35] = [
    SopClass::new("1.2.840.10008.1.3.10", "MediaStorageDirectoryStorage"),
    SopClass::new("1.2.840.10008.1.9", "BasicStudyContentNotification"),
    SopClass::new("1.2.840.10008.1.20.2", "StorageCommitmentPullModel"),
    SopClass::new("1.2.840.10008.1.40", "ProceduralEventLogging"),
    SopClass::new("1.2.840.10008.1.42", "SubstanceAdministrationLogging"),
    SopClass::new("1.2.840.10008.3.1.2.1.1", "DetachedPatientManagement"),
    SopClass::new("1.2.840.10008.3.1.2.2.1", "DetachedVisitManagement"),
    SopClass::new("1.2.840.10008.3.1.2.3.1", "DetachedStudyManagement"),
    SopClass::new("1.2.840.10008.3.1.2.3.2", "StudyComponentManagement"),
    SopClass::new("1.2.840.10008.3.1.2.5.1", "DetachedResultsManagement"),
    SopClass::new("1.2.840.10008.3.1.2.6.1", "DetachedInterpretationManagement"),
    SopClass::new("1.2.840.10008.5.1.1.4.2", "ReferencedImageBox"),
    SopClass::new("1.2.840.10008.5.1.1.24", "ImageOverlayBox"),
    SopClass::new("1.2.840.10008.5.1.1.24.1", "BasicPrintImageOverlayBox"),
    SopClass::new("1.2.840.10008.5.1.1.26", "PrintQueueManagement"),
    SopClass::new("1.2.840.10008.5.1.1.31", "PullPrintRequest"),
    SopClass::new("1.2.840.10008.5.1.1.33", "MediaCreationManagement"),
    SopClass::new("1.2.840.10008.5.1.1.40", "DisplaySystem"),
    SopClass::new("1.2.840.10008.5.1.4.32.1", "GeneralPurposeWorklistInformationModelFind"),
    SopClass::new("1.2.840.10008.5.1.4.32.2", "GeneralPurposeScheduledProcedureStep"),
    SopClass::new("1.2.840.10008.5.1.4.32.3", "GeneralPurposePerformedProcedureStep"),
    SopClass::new("1.2.840.10008.5.1.4.33", "InstanceAvailabilityNotification"),
    SopClass::new("1.2.840.10008.5.1.4.34.2", "RTConventionalMachineVerificationTrial"),
    SopClass::new("1.2.840.10008.5.1.4.34.3", "RTIonMachineVerificationTrial"),
    SopClass::new("1.2.840.10008.5.1.4.34.8", "RTConventionalMachineVerification"),
    SopClass::new("1.2.840.10008.5.1.4.34.9", "RTIonMachineVerification"),
    SopClass::new("1.2.840.10008.5.1.4.37.1", "GeneralRelevantPatientInformationQuery"),
    SopClass::new("1.2.840.10008.5.1.4.37.2", "BreastImagingRelevantPatientInformationQuery"),
    SopClass::new("1.2.840.10008.5.1.4.37.3", "CardiacRelevantPatientInformationQuery"),
    SopClass::new("1.2.840.10008.5.1.4.41", "ProductCharacteristicsQuery"),
    SopClass::new("1.2.840.10008.5.1.4.42", "SubstanceApprovalQuery"),
    SopClass::new("1.2.840.10008.10.1", "VideoEndoscopicImageRealTimeCommunication"),
    SopClass::new("1.2.840.10008.10.2", "VideoPhotographicImageRealTimeCommunication"),
    SopClass::new("1.2.840.10008.10.3", "AudioWaveformRealTimeCommunication"),
    SopClass::new("1.2.840.10008.10.4", "RenditionSelectionDocumentRealTimeCommunication"),
];

/// Refused in every form: commands on their contexts name their members, and which these are is
/// known of the living ones only (`naming`).
#[rustfmt::skip]
pub(super) static RETIRED_META: [SopClass; 7] = [
    SopClass::new("1.2.840.10008.3.1.2.1.4", "DetachedPatientManagementMeta"),
    SopClass::new("1.2.840.10008.3.1.2.5.4", "DetachedResultsManagementMeta"),
    SopClass::new("1.2.840.10008.3.1.2.5.5", "DetachedStudyManagementMeta"),
    SopClass::new("1.2.840.10008.5.1.1.9.1", "ReferencedGrayscalePrintManagementMeta"),
    SopClass::new("1.2.840.10008.5.1.1.18.1", "ReferencedColorPrintManagementMeta"),
    SopClass::new("1.2.840.10008.5.1.1.32", "PullStoredPrintManagementMeta"),
    SopClass::new("1.2.840.10008.5.1.4.32", "GeneralPurposeWorklistManagementMeta"),
];

/// Refused in every form: their commands name one SOP class on the contexts of another
/// (PS3.4 section CC.2), so a context does not yet say what is permitted on it.
#[rustfmt::skip]
pub(super) static UNIFIED_PROCEDURE_STEP: [SopClass; 9] = [
    SopClass::new("1.2.840.10008.5.1.4.34.4.1", "UnifiedProcedureStepPushTrial"),
    SopClass::new("1.2.840.10008.5.1.4.34.4.2", "UnifiedProcedureStepWatchTrial"),
    SopClass::new("1.2.840.10008.5.1.4.34.4.3", "UnifiedProcedureStepPullTrial"),
    SopClass::new("1.2.840.10008.5.1.4.34.4.4", "UnifiedProcedureStepEventTrial"),
    SopClass::new("1.2.840.10008.5.1.4.34.6.1", "UnifiedProcedureStepPush"),
    SopClass::new("1.2.840.10008.5.1.4.34.6.2", "UnifiedProcedureStepWatch"),
    SopClass::new("1.2.840.10008.5.1.4.34.6.3", "UnifiedProcedureStepPull"),
    SopClass::new("1.2.840.10008.5.1.4.34.6.4", "UnifiedProcedureStepEvent"),
    SopClass::new("1.2.840.10008.5.1.4.34.6.5", "UnifiedProcedureStepQuery"),
];

/// All of them.
pub(super) fn all() -> impl Iterator<Item = &'static SopClass> {
    INVENTORY
        .iter()
        .chain(&INDUSTRIAL)
        .chain(&OTHERS)
        .chain(&RETIRED_META)
        .chain(&UNIFIED_PROCEDURE_STEP)
}
