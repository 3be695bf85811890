//! The patients of an association, each told when the first of its objects has passed and when the last
//! one has: bounded, whatever passes.

use pacsgate_core::inspector::{Disclosed, Object, Query};
use pacsgate_core::side::Side;

use super::decoded::decoded;
use super::disclosure::What;
use crate::dicom_audit::{Instances, Patient, Study};

/// How many patients of an association are counted at once; of more, the one that came first is told.
const PATIENTS: usize = 8;
/// How many studies of a patient, SOP classes of a study and accession numbers one message has; what
/// comes behind them is in a further one.
const STUDIES: usize = 8;
const CLASSES: usize = 8;
const ACCESSIONS: usize = 4;
/// How many SOP instances one message names. More are only counted.
const NAMED: usize = 128;

/// The patients whose objects pass.
#[derive(Debug, Default)]
pub(super) struct Disclosures(Vec<Open>);

/// A patient of whom more may come.
#[derive(Debug)]
struct Open {
    from: Side,
    patient: Patient,
    studies: Vec<Study>,
    named: usize,
    failed: u64,
}

impl Disclosures {
    /// Something has passed: what is to be told now.
    pub(super) fn add(&mut self, disclosed: &Disclosed) -> Vec<What> {
        match disclosed {
            Disclosed::Query(Query { from, sop_class, syntax, identifier, is_cut }) => {
                let class = sop_class.as_ref().map(ToString::to_string).unwrap_or_default();
                let identifier = identifier.clone();
                vec![What::Query { from: *from, class, syntax, identifier, is_cut: *is_cut }]
            }
            Disclosed::Object(object) => self.object(object),
        }
    }

    /// Nothing more passes: what is still to be told.
    pub(super) fn finish(&mut self) -> Vec<What> {
        self.0.drain(..).map(Open::end).collect()
    }

    fn object(&mut self, object: &Object) -> Vec<What> {
        let mut told = Vec::new();
        let seen = Seen::of(object);
        let is_of = |open: &Open| open.from == object.from && open.patient == seen.patient;
        let at = self.0.iter().position(is_of);
        let has_room = |at: usize| self.0.get(at).is_some_and(|open| open.has_room_for(&seen));
        let open = match at.filter(|at| has_room(*at)) {
            Some(at) => self.0.get_mut(at),
            None => {
                let leaving = at.or((self.0.len() >= PATIENTS).then_some(0));
                told.extend(leaving.map(|at| self.0.remove(at).end()));
                if at.is_none() {
                    told.push(seen.begin(object.from));
                }
                self.0.push(Open::new(object.from, seen.patient.clone()));
                self.0.last_mut()
            }
        };
        if let Some(open) = open {
            open.count(&seen, object.is_taken());
        }
        told
    }
}

/// What an object shows, as text.
struct Seen {
    patient: Patient,
    study: String,
    accession: String,
    class: String,
    instance: String,
}

impl Seen {
    fn of(object: &Object) -> Self {
        let shown = &object.shown;
        let text = |value: &[u8]| decoded(value, &shown.character_set);
        Self {
            patient: Patient { id: text(&shown.patient_id), name: text(&shown.patient_name) },
            study: text(&shown.study),
            accession: text(&shown.accession),
            class: object.sop_class.as_ref().map(ToString::to_string).unwrap_or_default(),
            instance: object.sop_instance.as_ref().map(ToString::to_string).unwrap_or_default(),
        }
    }

    fn begin(&self, from: Side) -> What {
        let mut open = Open::new(from, self.patient.clone());
        open.count(self, true);
        let Open { patient, studies, .. } = open;
        What::Transfer { from, has_ended: false, patient, studies, failed: 0 }
    }
}

impl Open {
    const fn new(from: Side, patient: Patient) -> Self {
        Self { from, patient, studies: Vec::new(), named: 0, failed: 0 }
    }

    fn end(self) -> What {
        let Self { from, patient, studies, failed, .. } = self;
        What::Transfer { from, has_ended: true, patient, studies, failed }
    }

    fn has_room_for(&self, seen: &Seen) -> bool {
        match self.studies.iter().find(|study| study.uid == seen.study) {
            None => self.studies.len() < STUDIES,
            Some(study) => {
                let is_known = study.instances.iter().any(|it| it.class == seen.class);
                let is_numbered = seen.accession.is_empty()
                    || study.accessions.contains(&seen.accession)
                    || study.accessions.len() < ACCESSIONS;
                is_numbered && (is_known || study.instances.len() < CLASSES)
            }
        }
    }

    fn count(&mut self, seen: &Seen, is_taken: bool) {
        self.failed += u64::from(!is_taken);
        let study = match self.studies.iter().position(|study| study.uid == seen.study) {
            Some(at) => self.studies.get_mut(at),
            None => {
                self.studies.push(Study { uid: seen.study.clone(), ..Study::default() });
                self.studies.last_mut()
            }
        };
        let Some(study) = study else { return };
        if !seen.accession.is_empty() && !study.accessions.contains(&seen.accession) {
            study.accessions.push(seen.accession.clone());
        }
        if !is_taken {
            return;
        }
        let class = match study.instances.iter().position(|it| it.class == seen.class) {
            Some(at) => study.instances.get_mut(at),
            None => {
                let class = seen.class.clone();
                study.instances.push(Instances { class, ..Instances::default() });
                study.instances.last_mut()
            }
        };
        let Some(class) = class else { return };
        class.count += 1;
        if self.named < NAMED {
            self.named += 1;
            class.uids.push(seen.instance.clone());
        }
    }
}

#[cfg(test)]
mod tests;
