//! The coded concepts of the messages (PS3.16 annex B, CID 400 to 404).

use super::xml::Xml;

/// A coded concept: its code, whose it is, and what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Code {
    code: &'static str,
    system: &'static str,
    meaning: &'static str,
}

const fn dcm(code: &'static str, meaning: &'static str) -> Code {
    Code { code, system: "DCM", meaning }
}

pub(super) const APPLICATION_ACTIVITY: Code = dcm("110100", "Application Activity");
pub(super) const BEGIN_TRANSFERRING: Code = dcm("110102", "Begin Transferring DICOM Instances");
pub(super) const TRANSFERRED: Code = dcm("110104", "DICOM Instances Transferred");
pub(super) const QUERY: Code = dcm("110112", "Query");
pub(super) const SECURITY_ALERT: Code = dcm("110113", "Security Alert");
pub(super) const USER_AUTHENTICATION: Code = dcm("110114", "User Authentication");

pub(super) const APPLICATION_START: Code = dcm("110120", "Application Start");
pub(super) const APPLICATION_STOP: Code = dcm("110121", "Application Stop");
pub(super) const LOGIN: Code = dcm("110122", "Login");
pub(super) const LOGOUT: Code = dcm("110123", "Logout");
pub(super) const NODE_AUTHENTICATION: Code = dcm("110126", "Node Authentication");
pub(super) const SOFTWARE_CONFIGURATION: Code = dcm("110131", "Software Configuration");
pub(super) const RESTRICTED_FUNCTION: Code = dcm("110132", "Use of Restricted Function");
pub(super) const RECORDING_STOPPED: Code = dcm("110133", "Audit Recording Stopped");

pub(super) const APPLICATION: Code = dcm("110150", "Application");
pub(super) const DESTINATION: Code = dcm("110152", "Destination Role ID");
pub(super) const SOURCE: Code = dcm("110153", "Source Role ID");

pub(super) const STUDY: Code = dcm("110180", "Study Instance UID");
pub(super) const SOP_CLASS: Code = dcm("110181", "SOP Class UID");
pub(super) const NODE: Code = dcm("110182", "Node ID");
pub(super) const PATIENT: Code = Code { code: "2", system: "RFC-3881", meaning: "Patient Number" };

impl Code {
    /// An element that has nothing but the code.
    pub(super) fn write(self, element: &'static str, out: &mut Xml) {
        let Self { code, system, meaning } = self;
        out.open(element);
        out.attribute("csd-code", code);
        out.attribute("codeSystemName", system);
        out.attribute("originalText", meaning);
        out.close();
    }
}
