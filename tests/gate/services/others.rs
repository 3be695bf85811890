//! Services of one or two SOP classes, each with what it may do and with something that it may not.

use super::conversation::{Conversation, statuses};
use super::outcome::{NOT_AUTHORIZED, assert_did, assert_forbade, forbidden, released};
use super::scripted::{Scripted, VERIFICATION, request};
use serde_json::{Value, json};

const RELEVANT_PATIENT: &str = "1.2.840.10008.5.1.4.37.1";
const INSTANCE_AVAILABILITY: &str = "1.2.840.10008.5.1.4.33";
const PRODUCT_QUERY: &str = "1.2.840.10008.5.1.4.41";
const SUBSTANCE_LOGGING: &str = "1.2.840.10008.1.42";
const EVENT_LOGGING: &str = "1.2.840.10008.1.40";
const MEDIA_CREATION: &str = "1.2.840.10008.5.1.1.33";
const RT_VERIFICATION: &str = "1.2.840.10008.5.1.4.34.8";
const INSTANCE: &str = "2.25.4001";

#[test]
#[ignore = "needs pynetdicom: run tests/all"]
fn relevant_patient_information_is_queried() {
    let keyword = "GeneralRelevantPatientInformationQuery";
    Service {
        name: "relevant-patient",
        contexts: &[RELEVANT_PATIENT],
        permitted: &[("c-find", RELEVANT_PATIENT, keyword)],
        forbidden: ("n-get", RELEVANT_PATIENT, keyword),
    }
    .is_tried();
}

#[test]
#[ignore = "needs pynetdicom: run tests/all"]
fn the_availability_of_instances_is_notified() {
    let keyword = "InstanceAvailabilityNotification";
    Service {
        name: "instance-availability",
        contexts: &[INSTANCE_AVAILABILITY],
        permitted: &[("n-create", INSTANCE_AVAILABILITY, keyword)],
        forbidden: ("n-set", INSTANCE_AVAILABILITY, keyword),
    }
    .is_tried();
}

#[test]
#[ignore = "needs pynetdicom: run tests/all"]
fn substances_are_queried_and_their_administration_is_logged() {
    Service {
        name: "substance-administration",
        contexts: &[PRODUCT_QUERY, SUBSTANCE_LOGGING],
        permitted: &[
            ("c-find", PRODUCT_QUERY, "ProductCharacteristicsQuery"),
            ("n-action", SUBSTANCE_LOGGING, "SubstanceAdministrationLogging"),
        ],
        forbidden: ("n-get", SUBSTANCE_LOGGING, "SubstanceAdministrationLogging"),
    }
    .is_tried();
}

#[test]
#[ignore = "needs pynetdicom: run tests/all"]
fn events_of_a_procedure_are_logged() {
    Service {
        name: "event-logging",
        contexts: &[EVENT_LOGGING],
        permitted: &[("n-action", EVENT_LOGGING, "ProceduralEventLogging")],
        forbidden: ("n-delete", EVENT_LOGGING, "ProceduralEventLogging"),
    }
    .is_tried();
}

#[test]
#[ignore = "needs pynetdicom: run tests/all"]
fn media_are_created() {
    let keyword = "MediaCreationManagement";
    Service {
        name: "media-creation",
        contexts: &[MEDIA_CREATION],
        permitted: &[
            ("n-create", MEDIA_CREATION, keyword),
            ("n-action", MEDIA_CREATION, keyword),
            ("n-get", MEDIA_CREATION, keyword),
        ],
        forbidden: ("n-delete", MEDIA_CREATION, keyword),
    }
    .is_tried();
}

#[test]
#[ignore = "needs pynetdicom: run tests/all"]
fn a_treatment_machine_is_verified() {
    let keyword = "RTConventionalMachineVerification";
    Service {
        name: "rt-verification",
        contexts: &[RT_VERIFICATION],
        permitted: &[
            ("n-create", RT_VERIFICATION, keyword),
            ("n-set", RT_VERIFICATION, keyword),
            ("n-action", RT_VERIFICATION, keyword),
            ("n-get", RT_VERIFICATION, keyword),
            ("n-delete", RT_VERIFICATION, keyword),
        ],
        forbidden: ("n-event-report", RT_VERIFICATION, keyword),
    }
    .is_tried();
}

/// An operation, the SOP class that it names, and its keyword.
type Operation = (&'static str, &'static str, &'static str);

struct Service<'a> {
    name: &'static str,
    contexts: &'a [&'static str],
    permitted: &'a [Operation],
    forbidden: Operation,
}

impl Service<'_> {
    fn is_tried(&self) {
        let pacs = Scripted::start();
        let front = pacs.front(&format!(r#"["echo", "{}"]"#, self.name));
        let mut steps: Vec<_> = self.permitted.iter().map(step).collect();
        steps.extend([step(&self.forbidden), json!({ "do": "c-echo" })]);
        let contexts = [self.contexts, &[VERIFICATION]].concat();
        let answers = Conversation::on(&contexts, json!(steps)).answers(&front);
        let mut expected = vec![Some(0); self.permitted.len()];
        expected.extend([Some(NOT_AUTHORIZED), Some(0)]);
        assert_eq!(statuses(&answers), expected, "{answers:?}");
        let seen = self.permitted.iter().map(|(what, class, _)| {
            let what = if *what == "n-action" { "n-action 1" } else { what };
            request(what, class, class)
        });
        let echo = std::iter::once(request("c-echo", "", ""));
        assert_eq!(pacs.saw(), seen.chain(echo).collect::<Vec<_>>());
        let (closed, stopped) = released(front.gate);
        let done = |(what, _, keyword): &Operation| ("requestor", *what, *keyword, "0000", 1);
        let mut did: Vec<_> = self.permitted.iter().map(done).collect();
        did.push(("requestor", "c-echo", "Verification", "0000", 1));
        assert_did(&closed, &did);
        let (what, _, keyword) = self.forbidden;
        let why = forbidden("requestor", what, keyword, "requestor-operation", 1);
        assert_forbade(&closed, &stopped, &[why]);
    }
}

fn step((operation, class, _): &Operation) -> Value {
    let attributes = json!({ "PatientID": "4711" });
    match *operation {
        "c-find" => json!({ "do": "c-find", "on": class, "keys": attributes }),
        operation => json!({
            "do": operation,
            "class": class,
            "instance": INSTANCE,
            "type": 1,
            "attributes": attributes,
        }),
    }
}
