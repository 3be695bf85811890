//! What it is about: `ParticipantObjectIdentification`.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::code::{self, Code};
use super::xml::Xml;

/// A patient, as the data sets show them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patient {
    /// The patient ID.
    pub id: String,
    /// The patient's name.
    pub name: String,
}

/// A study, and what of it was transferred.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Study {
    /// Its Study Instance UID.
    pub uid: String,
    /// The accession numbers that were met.
    pub accessions: Vec<String>,
    /// By SOP class.
    pub instances: Vec<Instances>,
}

/// Instances of one SOP class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Instances {
    /// The SOP Class UID.
    pub class: String,
    /// How many there are.
    pub count: u64,
    /// The SOP Instance UIDs, perhaps not of all.
    pub uids: Vec<String>,
}

/// An object as it is written.
#[derive(Clone, Debug)]
pub(super) enum Object {
    Patient(Patient),
    Study(Study),
    /// What was asked for: the SOP class, the transfer syntax and the identifier.
    Query {
        class: String,
        syntax: String,
        identifier: Vec<u8>,
        is_cut: bool,
    },
    /// What an alert is about, and what it says: pairs of a kind and a value.
    Subject {
        id: String,
        details: Vec<(&'static str, String)>,
    },
}

/// PS3.15 section A.5.1.2: the kind of an object, and what it is there for.
const PERSON: &str = "1";
const SYSTEM: &str = "2";
const OF_PATIENT: &str = "1";
const OF_REPORT: &str = "3";
const OF_RESOURCE: &str = "13";
/// In the place of an ID or a name that a data set does not have.
const UNKNOWN: &str = "unknown";

impl Object {
    pub(super) fn write(&self, out: &mut Xml) {
        match self {
            Self::Patient(patient) => {
                begin(out, known(&patient.id), PERSON, OF_PATIENT, code::PATIENT);
                out.leaf("ParticipantObjectName", known(&patient.name));
            }
            Self::Study(study) => study.write(out),
            Self::Query { class, syntax, identifier, is_cut } => {
                begin(out, known(class), SYSTEM, OF_REPORT, code::SOP_CLASS);
                out.leaf("ParticipantObjectQuery", &BASE64_STANDARD.encode(identifier));
                detail("TransferSyntax", syntax, out);
                if *is_cut {
                    let told = format!("only its first {} bytes are here", identifier.len());
                    detail("Identifier Too Long", &told, out);
                }
            }
            Self::Subject { id, details } => {
                begin(out, known(id), SYSTEM, OF_RESOURCE, code::NODE);
                out.leaf("ParticipantObjectName", known(id));
                details.iter().for_each(|(kind, value)| detail(kind, value, out));
            }
        }
        out.close();
    }
}

impl Study {
    fn write(&self, out: &mut Xml) {
        begin(out, known(&self.uid), SYSTEM, OF_REPORT, code::STUDY);
        out.leaf("ParticipantObjectName", known(&self.uid));
        out.open("ParticipantObjectDescription");
        for number in &self.accessions {
            out.open("Accession");
            out.attribute("Number", number);
            out.close();
        }
        for Instances { class, count, uids } in &self.instances {
            out.open("SOPClass");
            out.attribute("UID", class);
            out.attribute("NumberOfInstances", &count.to_string());
            for uid in uids {
                out.open("Instance");
                out.attribute("UID", uid);
                out.close();
            }
            out.close();
        }
        out.close();
    }
}

fn begin(out: &mut Xml, id: &str, kind: &str, role: &str, code: Code) {
    out.open("ParticipantObjectIdentification");
    out.attribute("ParticipantObjectID", id);
    out.attribute("ParticipantObjectTypeCode", kind);
    out.attribute("ParticipantObjectTypeCodeRole", role);
    code.write("ParticipantObjectIDTypeCode", out);
}

/// A value of any bytes, which the standard has in base 64.
fn detail(kind: &str, value: &str, out: &mut Xml) {
    out.open("ParticipantObjectDetail");
    out.attribute("type", kind);
    out.attribute("value", &BASE64_STANDARD.encode(value));
    out.close();
}

fn known(text: &str) -> &str {
    if text.trim().is_empty() { UNKNOWN } else { text }
}
