//! What devices ask for beyond storing and querying.

use crate::matrix::archives::{free_address, until_it_listens};
use crate::matrix::installed::run;
use crate::matrix::supervised::Supervised;
use crate::message::said;
use crate::object::{INSTANCE, explicit, implicit, item, object, unpadded};
use crate::operation::{
    GRAYSCALE_PRINT, MPPS, bringing, by_class, finding, get_request, getting, on, store_rq,
};
use crate::patches::servers::TITLE;
use crate::play::{Play, before_pacs};
use crate::recorder::{Recorder, usual};
use crate::support::associate::{
    Associate, COMMITMENT, CT, EXPLICIT, IMPLICIT, Item, VERIFICATION,
};
use crate::support::authority::Identity;
use crate::support::dcmtk::{Credentials, words};
use crate::support::dimse::{command, echo_rq, event_rq, uid, us};
use crate::support::settings::Settings;
use crate::support::site::site;
use std::net::SocketAddr;
use std::process::Command;
use tempfile::TempDir;

/// Philips MR series data.
const PRIVATE_SERIES: &str = "1.3.46.670589.11.0.0.12.2";
/// Philips ultrasound.
const PRIVATE_ULTRASOUND: &str = "1.3.46.670589.2.5.1.1";
/// Varian's RT plan.
const PRIVATE_PLAN: &str = "1.2.246.352.70.1.70";
const UPS_PUSH: &str = "1.2.840.10008.5.1.4.34.6.1";
const UPS_PULL: &str = "1.2.840.10008.5.1.4.34.6.3";
const INSTANCE_AVAILABILITY: &str = "1.2.840.10008.5.1.4.33";
const HANGING_PROTOCOL_FIND: &str = "1.2.840.10008.5.1.4.38.2";
const COLOR_PALETTE_FIND: &str = "1.2.840.10008.5.1.4.39.2";
const RELEVANT_PATIENT: &str = "1.2.840.10008.5.1.4.37.1";
const PRINTER: &str = "1.2.840.10008.5.1.1.16";

/// A C-GET whose objects are of a private class: fo-dicom/fo-dicom#355, pydicom/pynetdicom#1006.
#[test]
fn passes_a_get_of_a_private_class() {
    let set = object(&[(0x0008_0016, PRIVATE_SERIES.as_bytes())]);
    let pacs = bringing(PRIVATE_SERIES, move |_| said(3, &store_rq(PRIVATE_SERIES), Some(&set)));
    getting(&get_request(PRIVATE_SERIES)).passes_with(&pacs, |settings| {
        let service = by_class(PRIVATE_SERIES, "c-get");
        settings.services(&format!(r#"["get", {service}]"#))
    });
}

/// A C-STORE of private classes: pydicom/pynetdicom#1006 (Philips Affiniti), #815 (Varian).
#[test]
fn passes_a_store_of_private_classes() {
    for class in [PRIVATE_ULTRASOUND, PRIVATE_PLAN] {
        let set = object(&[(0x0008_0016, class.as_bytes())]);
        let play = on(class).say(&said(1, &store_rq(class), Some(&set)));
        play.passes_with(&Recorder::good(), |settings| {
            settings.services(&format!("[{}]", by_class(class, "c-store")))
        });
    }
}

/// A query in a vendor's own model: pydicom/pynetdicom#815.
#[test]
fn passes_a_query_of_a_private_class() {
    finding(PRIVATE_PLAN).passes_with(&Recorder::good(), |settings| {
        settings.services(&format!("[{}]", by_class(PRIVATE_PLAN, "c-find")))
    });
}

/// 120 classes and more in one request, most of which are never used: pydicom/pynetdicom#434.
#[test]
fn passes_a_get_with_as_many_contexts_as_there_can_be() {
    let mut request = get_request(CT);
    for id in (5..=255).step_by(2) {
        let class = ["1.2.840.10008.5.1.4.1.1.4", CT][usize::from(id) / 2 % 2];
        request = request.context(id, class, &[EXPLICIT, IMPLICIT]);
    }
    getting(&request).passes_at(&bringing(CT, |_| said(3, &store_rq(CT), Some(&object(&[])))));
}

/// The report on the same association, and no role was negotiated: dcm4che/dcm4che#463,
/// GoogleCloudPlatform/healthcare-dicom-dicomweb-adapter#20.
#[test]
fn passes_a_commitment_that_is_reported_on_the_same_association() {
    let pacs = Recorder::answering(|message| match message.command {
        0x0130 => {
            let report = event_rq(9, COMMITMENT);
            [message.success(), said(1, &report, Some(&transaction()))].concat()
        }
        _ => usual(message),
    });
    let action = n_action(COMMITMENT, "1.2.840.10008.1.20.1.1", 1);
    // A C-ECHO of its own comes between, so that the report is there before the release.
    let play = Associate::request("CT1", TITLE).context(1, COMMITMENT, &[IMPLICIT]);
    let play = play.context(3, VERIFICATION, &[IMPLICIT]);
    Play::of(&play)
        .say(&said(1, &action, Some(&transaction())))
        .say(&said(3, &echo_rq(2), None))
        .passes_at(&pacs);
}

/// The device is the archive, and reports on an association of its own, in the exchanged role:
/// pydicom/pynetdicom#617. dcm4che could not without the item (dcm4che/dcm4che#663).
#[test]
fn passes_a_commitment_report_with_exchanged_roles() {
    let request = Associate::request("CT1", TITLE).context(1, COMMITMENT, &[IMPLICIT]);
    for request in [request.clone(), request.with_user(Item::roles(COMMITMENT, 0, 1))] {
        let play = Play::of(&request).say(&said(1, &event_rq(1, COMMITMENT), Some(&transaction())));
        play.passes_with(&Recorder::good(), |settings| {
            settings.services(r#"["storage-commitment-scp"]"#)
        });
    }
}

/// A step is pulled, and its command names the class of the push: pydicom/pynetdicom#509,
/// fo-dicom/fo-dicom#1322.
#[test]
fn passes_a_procedure_step_that_is_claimed_as_one_that_was_pushed() {
    let state = [implicit(0x0008_1195, b"1.2.3.4"), implicit(0x0074_1000, b"IN PROGRESS")];
    let action = n_action(UPS_PUSH, "1.2.3.77", 1);
    on(UPS_PULL).say(&said(1, &action, Some(&state.concat()))).passes_with(&Recorder::good(), ups);
}

/// Work items of treatment machines are queried: Piwigo/Piwigo#986, which is about fo-dicom 4.0.0.
#[test]
fn passes_a_query_for_procedure_steps() {
    finding(UPS_PULL).passes_with(&Recorder::good(), ups);
}

/// A console says IN PROGRESS a second time, as N-SET: PantelisGeorgiadis/dcmjs-dimse#49 (MinXray).
#[test]
fn passes_a_step_that_is_in_progress_twice() {
    let status = |status: &[u8]| implicit(0x0040_0252, status);
    on(MPPS)
        .say(&said(1, &n_create(MPPS, "1.2.3.77"), Some(&status(b"IN PROGRESS"))))
        .say(&said(1, &n_set(MPPS, "1.2.3.77"), Some(&status(b"IN PROGRESS"))))
        .say(&said(1, &n_set(MPPS, "1.2.3.77"), Some(&status(b"COMPLETED"))))
        .passes();
}

/// Group lengths at every level of a step, of the DVTk modality emulator:
/// PantelisGeorgiadis/dcmjs-dimse#32.
#[test]
fn passes_a_step_with_group_lengths() {
    let inner = [unpadded(0x0008_0000, &[12, 0, 0, 0]), implicit(0x0008_0050, b"A1")].concat();
    let set = [
        unpadded(0x0008_0000, &[10, 0, 0, 0]),
        implicit(0x0008_0060, b"CT"),
        unpadded(0x0040_0000, &[20, 0, 0, 0]),
        implicit(0x0040_0252, b"IN PROGRESS"),
        unpadded(0x0040_0270, &item(&inner)),
    ];
    on(MPPS).say(&said(1, &n_create(MPPS, "1.2.3.77"), Some(&set.concat()))).passes();
}

/// The archive is told that instances are available: dcm4che/dcm4chee-arc-light#1874.
#[test]
fn passes_an_instance_availability_notification() {
    let set = implicit(0x0020_000d, b"1.2.3.10");
    let play = on(INSTANCE_AVAILABILITY).say(&said(
        1,
        &n_create(INSTANCE_AVAILABILITY, "1.2.3.77"),
        Some(&set),
    ));
    play.passes_with(&Recorder::good(), |settings| {
        settings.services(r#"["instance-availability"]"#)
    });
}

/// Hanging protocols and colour palettes are queried: pydicom/pynetdicom#215.
#[test]
fn passes_queries_for_hanging_protocols_and_palettes() {
    for class in [HANGING_PROTOCOL_FIND, COLOR_PALETTE_FIND] {
        finding(class).passes();
    }
}

/// The final success of a relevant patient query brings its data set: pynetdicom's own tests. PS3.4
/// annex Q wants it in the pending response before, so the status is what passes.
#[test]
fn passes_a_relevant_patient_query() {
    let pacs = Recorder::answering(|message| {
        let found = implicit(0x0010_0010, b"DOE^JANE");
        [message.answer(0xff00, &[], Some(&found)), message.answer(0, &[], None)].concat()
    });
    finding(RELEVANT_PATIENT)
        .passes_with(&pacs, |settings| settings.services(r#"["relevant-patient"]"#));
}

/// A radiography console looks at the printer on the context of the meta class, and proposes what
/// nobody has any more: fo-dicom/fo-dicom#1523, fo-dicom/fo-dicom-samples#30 (Agfa NX).
#[test]
fn passes_a_look_at_the_printer() {
    let retired = "1.2.840.10008.5.1.1.26";
    let request = Associate::request("CT1", TITLE)
        .context(1, GRAYSCALE_PRINT, &[IMPLICIT])
        .context(3, retired, &[IMPLICIT]);
    let look = command(&[
        uid(0x0003, PRINTER),
        us(0x0100, 0x0110),
        us(0x0110, 4),
        us(0x0800, 0x0101),
        uid(0x1001, "1.2.840.10008.5.1.1.17"),
    ]);
    let printer = Recorder::new(
        |proposal| {
            let mut answer = proposal.accepted();
            let unknown = answer.contexts.iter_mut().filter(|item| item.body[0] == 3);
            unknown.for_each(|item| *item = Item::result(3, 3, None));
            answer
        },
        |_, message| message.answer(0, &[], Some(&implicit(0x2110_0010, b"NORMAL"))),
    );
    Play::of(&request).say(&said(1, &look, None)).passes_at(&printer);
}

/// A work list with a tab and a line end in one patient's name, at a real server: GE Brivo XR118
/// service manual 5461425-8EN, p. 185.
#[test]
#[ignore = "needs DCMTK: run tests/all"]
fn findscu_finds_all_of_a_work_list_with_a_line_end_in_it() {
    let names: [&[u8]; 3] = [b"DOE^JANE", b"DOE^\tJOHN\r\n", b"ROE^RICHARD"];
    let (server, address) = work_list(&names);
    let direct = findscu(address, None);
    assert_eq!(direct.matches("(Pending)").count(), 3, "{direct}\n{}", server.log());
    let gate = before_pacs(address, |settings| settings);
    let gated = findscu(gate.address, Some(&site().ct1));
    assert_eq!(gated.matches("(Pending)").count(), 3, "{gated}");
    assert!(gated.contains("Final Find Response (Success)"), "{gated}");
    assert_eq!(gate.stop().counted("closed", "released"), 1);
}

/// `wlmscpfs` with an entry for each name.
fn work_list(names: &[&[u8]]) -> (Supervised, SocketAddr) {
    let directory = TempDir::new().unwrap();
    let list = directory.path().join(TITLE);
    std::fs::create_dir(&list).unwrap();
    std::fs::write(list.join("lockfile"), "").unwrap();
    for (number, name) in names.iter().enumerate() {
        std::fs::write(list.join(format!("{number}.wl")), entry(number, name)).unwrap();
    }
    let address = free_address();
    let command = [
        "/usr/bin/wlmscpfs".into(),
        "-dfp".into(),
        directory.path().into(),
        address.port().to_string().into(),
    ];
    let server = Supervised::start(directory, &command);
    until_it_listens(address, &server);
    (server, address)
}

/// A file of a work list in Implicit VR.
fn entry(number: usize, name: &[u8]) -> Vec<u8> {
    let step = [
        implicit(0x0008_0060, b"CT"),
        implicit(0x0040_0001, b"CT1"),
        implicit(0x0040_0002, b"20260101"),
        implicit(0x0040_0003, b"0800"),
        implicit(0x0040_0006, b""),
        implicit(0x0040_0007, b"HEAD"),
        implicit(0x0040_0009, b"S1"),
    ];
    let set = [
        implicit(0x0008_0050, format!("A{number}").as_bytes()),
        implicit(0x0010_0010, name),
        implicit(0x0010_0020, format!("P{number}").as_bytes()),
        implicit(0x0010_0030, b"19700101"),
        implicit(0x0010_0040, b"F"),
        implicit(0x0020_000d, format!("1.2.3.10.{number}").as_bytes()),
        implicit(0x0032_1060, b"HEAD"),
        unpadded(0x0040_0100, &item(&step.concat())),
        implicit(0x0040_1001, b"R1"),
    ];
    let meta = [
        explicit(0x0002_0002, b"UI", b"1.2.276.0.7230010.3.1.0.1\0"),
        explicit(0x0002_0003, b"UI", format!("1.2.3.{number}\0").as_bytes()),
        explicit(0x0002_0010, b"UI", b"1.2.840.10008.1.2\0"),
    ]
    .concat();
    let length = u32::try_from(meta.len()).unwrap().to_le_bytes();
    let head = [vec![0; 128], b"DICM".to_vec(), explicit(0x0002_0000, b"UL", &length)].concat();
    [head, meta, set.concat()].concat()
}

fn findscu(address: SocketAddr, identity: Option<&Identity>) -> String {
    let mut command = Command::new("/usr/bin/findscu");
    command.args(["-v", "-W", "-aet", "CT1", "-aec", TITLE]);
    let credentials = identity.map(Credentials::of);
    if let Some(credentials) = &credentials {
        command.args(credentials.options());
    }
    command.args(["-k", "0010,0010", "-k", "0040,0100[0].0040,0001=CT1"]);
    command.args(["127.0.0.1", &address.port().to_string()]);
    words(&run(&mut command))
}

fn ups(settings: Settings) -> Settings {
    settings.services(r#"["ups"]"#)
}

/// What a commitment is about.
fn transaction() -> Vec<u8> {
    let reference =
        [implicit(0x0008_1150, CT.as_bytes()), implicit(0x0008_1155, INSTANCE.as_bytes())];
    let references = unpadded(0x0008_1199, &item(&reference.concat()));
    [implicit(0x0008_1195, b"1.2.3.4"), references].concat()
}

fn n_create(class: &str, instance: &str) -> Vec<u8> {
    command(&[
        uid(0x0002, class),
        us(0x0100, 0x0140),
        us(0x0110, 1),
        us(0x0800, 1),
        uid(0x1000, instance),
    ])
}

fn n_set(class: &str, instance: &str) -> Vec<u8> {
    command(&[
        uid(0x0003, class),
        us(0x0100, 0x0120),
        us(0x0110, 2),
        us(0x0800, 1),
        uid(0x1001, instance),
    ])
}

fn n_action(class: &str, instance: &str, action: u16) -> Vec<u8> {
    command(&[
        uid(0x0003, class),
        us(0x0100, 0x0130),
        us(0x0110, 1),
        us(0x0800, 1),
        uid(0x1001, instance),
        us(0x1008, action),
    ])
}
