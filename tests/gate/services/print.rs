//! `print`: a whole job on the context of the meta SOP class, whose members the commands name.

use super::conversation::{Conversation, statuses};
use super::outcome::{
    NOT_AUTHORIZED, assert_did, assert_forbade, assert_forbade_nothing, forbidden, released,
};
use super::scripted::{
    FILM_BOX, FILM_SESSION, GRAYSCALE_IMAGE_BOX, GRAYSCALE_PRINT, PRESENTATION_LUT, PRINTER,
    Scripted, VERIFICATION, request,
};
use serde_json::{Value, json};

const THE_PRINTER: &str = "1.2.840.10008.5.1.1.17";
const SESSION: &str = "2.25.2001";
const FILM: &str = "2.25.2002";
const IMAGE: &str = "2.25.2002.1";

#[test]
#[ignore = "needs pynetdicom: run tests/all"]
fn a_job_is_printed_from_session_to_deletion() {
    let pacs = Scripted::start();
    let front = pacs.front(r#"["print"]"#);
    let answers = Conversation::on(&[GRAYSCALE_PRINT], job()).answers(&front);
    assert_eq!(statuses(&answers), [Some(0); 8]);
    assert_eq!(answers[0]["attributes"]["PrinterStatus"], "NORMAL");
    let saw = [
        ("n-get", PRINTER),
        ("n-create", FILM_SESSION),
        ("n-create", FILM_BOX),
        ("n-set", GRAYSCALE_IMAGE_BOX),
        ("n-set", FILM_SESSION),
        ("n-action 1", FILM_BOX),
        ("n-delete", FILM_BOX),
        ("n-delete", FILM_SESSION),
    ];
    assert_eq!(pacs.saw(), saw.map(|(what, named)| request(what, GRAYSCALE_PRINT, named)));
    let (closed, stopped) = released(front.gate);
    let did = [
        ("n-get", "Printer"),
        ("n-create", "BasicFilmSession"),
        ("n-create", "BasicFilmBox"),
        ("n-set", "BasicGrayscaleImageBox"),
        ("n-set", "BasicFilmSession"),
        ("n-action", "BasicFilmBox"),
        ("n-delete", "BasicFilmBox"),
        ("n-delete", "BasicFilmSession"),
    ];
    assert_did(&closed, &did.map(|(what, named)| ("requestor", what, named, "0000", 1)));
    assert_forbade_nothing(&closed, &stopped);
}

/// A film of 14 by 17 inches at 320 dots an inch: longer than any other attributes may be.
#[test]
#[ignore = "needs pynetdicom: run tests/all"]
fn a_whole_film_is_set() {
    let pacs = Scripted::start();
    let front = pacs.front(r#"["print"]"#);
    let mut job = job();
    let pixels = json!([{ "BitsAllocated": 8, "PixelData": 4480 * 5440 }]);
    job[3]["attributes"]["BasicGrayscaleImageSequence"] = pixels;
    let answers = Conversation::on(&[GRAYSCALE_PRINT], job).answers(&front);
    assert_eq!(statuses(&answers), [Some(0); 8]);
    let (closed, stopped) = released(front.gate);
    assert_eq!(closed.get("unsound"), None, "{closed}");
    assert_forbade_nothing(&closed, &stopped);
}

#[test]
#[ignore = "needs pynetdicom: run tests/all"]
fn an_event_of_the_printer_reaches_the_requestor() {
    let event = json!([{ "do": "event", "class": PRINTER, "context": GRAYSCALE_PRINT }]);
    let pacs = Scripted::asking(&json!([]), &event);
    let front = pacs.front(r#"["echo", "print"]"#);
    let steps = json!([{ "do": "c-echo" }, { "do": "report" }]);
    let answers = Conversation::on(&[GRAYSCALE_PRINT, VERIFICATION], steps).answers(&front);
    let received = &answers[1]["received"][0];
    assert_eq!([&received["context"], &received["class"]], [GRAYSCALE_PRINT, PRINTER]);
    assert_eq!(pacs.told(), [("n-event-report".to_owned(), 0)]);
    let (closed, stopped) = released(front.gate);
    assert_did(
        &closed,
        &[
            ("requestor", "c-echo", "Verification", "0000", 1),
            ("acceptor", "n-event-report", "Printer", "0000", 1),
        ],
    );
    assert_forbade_nothing(&closed, &stopped);
}

#[test]
#[ignore = "needs pynetdicom: run tests/all"]
fn what_has_no_place_on_the_meta_context_is_answered_by_the_gate() {
    let pacs = Scripted::start();
    let front = pacs.front(r#"["echo", "print"]"#);
    let printer = member("n-get", PRINTER, THE_PRINTER, &json!(null));
    // pynetdicom announces an empty data set and never sends it.
    let copies = json!({ "NumberOfCopies": "1" });
    let lut = json!({ "PresentationLUTShape": "IDENTITY" });
    let steps = json!([
        member("n-delete", PRINTER, THE_PRINTER, &json!(null)),
        member("n-create", PRESENTATION_LUT, "2.25.2003", &lut),
        member("n-create", GRAYSCALE_PRINT, "2.25.2004", &copies),
        member("n-create", GRAYSCALE_IMAGE_BOX, "2.25.2005", &copies),
        printer,
        { "do": "c-echo" },
    ]);
    let answers = Conversation::on(&[GRAYSCALE_PRINT, VERIFICATION], steps).answers(&front);
    let refused = Some(NOT_AUTHORIZED);
    assert_eq!(statuses(&answers), [refused, refused, refused, refused, Some(0), Some(0)]);
    assert_eq!(pacs.saw(), [request("n-get", GRAYSCALE_PRINT, PRINTER), request("c-echo", "", "")]);
    let (closed, stopped) = released(front.gate);
    assert_did(
        &closed,
        &[
            ("requestor", "n-get", "Printer", "0000", 1),
            ("requestor", "c-echo", "Verification", "0000", 1),
        ],
    );
    let operation = "requestor-operation";
    let sop_class = "requestor-foreign-sop-class";
    let expected = [
        ("n-delete", "Printer", operation),
        ("n-create", "PresentationLUT", sop_class),
        ("n-create", "BasicGrayscalePrintManagementMeta", sop_class),
        ("n-create", "BasicGrayscaleImageBox", operation),
    ];
    let expected = expected.map(|(what, named, why)| forbidden("requestor", what, named, why, 1));
    assert_forbade(&closed, &stopped, &expected);
}

fn job() -> Value {
    let session = json!({ "NumberOfCopies": "1", "MediumType": "PAPER" });
    let film = json!({
        "ImageDisplayFormat": "STANDARD\\1,1",
        "ReferencedFilmSessionSequence": [
            { "ReferencedSOPClassUID": FILM_SESSION, "ReferencedSOPInstanceUID": SESSION },
        ],
    });
    let image = json!({
        "ImageBoxPosition": 1,
        "BasicGrayscaleImageSequence": [{ "Rows": 512, "Columns": 512, "BitsAllocated": 8 }],
    });
    let mut print = member("n-action", FILM_BOX, FILM, &json!(null));
    print["type"] = json!(1);
    json!([
        member("n-get", PRINTER, THE_PRINTER, &json!(null)),
        member("n-create", FILM_SESSION, SESSION, &session),
        member("n-create", FILM_BOX, FILM, &film),
        member("n-set", GRAYSCALE_IMAGE_BOX, IMAGE, &image),
        member("n-set", FILM_SESSION, SESSION, &json!({ "NumberOfCopies": "2" })),
        print,
        member("n-delete", FILM_BOX, FILM, &json!(null)),
        member("n-delete", FILM_SESSION, SESSION, &json!(null)),
    ])
}

/// A step that names a SOP class on the context of the meta SOP class.
fn member(operation: &str, named: &str, instance: &str, attributes: &Value) -> Value {
    let mut step =
        json!({ "do": operation, "class": named, "instance": instance, "on": GRAYSCALE_PRINT });
    if !attributes.is_null() {
        step["attributes"] = attributes.clone();
    }
    step
}
