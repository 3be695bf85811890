//! The files in `tests/vectors`: for each error and each note a PDU that yields exactly it, and sound
//! ones.
//!
//! `cargo test -p pacsgate-core --test wire -- --ignored write_the_vectors` writes them anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use pacsgate_core::wire::associate::{AssociateError as E, Note, Notes};
use pacsgate_core::wire::pdu::PduType;
use pacsgate_core::wire::title::TitleError;

use crate::build::{
    Bytes, CT_IMAGE, IMPLICIT, Judged, VERIFICATION, accepted, answer_with_results,
    answer_with_user, application_context, bare_user, body, common_extended, context, extended,
    fixed, header, identity, implementation_class, item, judge_answer, judge_request,
    maximum_length, pdu, request_with_contexts, request_with_user, result, role, sized, user,
    verification,
};

const PACS: &[u8; 16] = b"PACS            ";
const LEFT_OVER: &[u8; 16] = b"TEST\0EVIL       ";
const CT1: &[u8; 16] = b"CT1             ";

/// Captured from real devices and programs, so no code here makes them.
const CAPTURED: &[&str] = &["request/sound-dcmtk-echoscu.bin", "request/sound-dcmtk-findscu.bin"];

#[test]
fn each_error_has_a_vector() {
    let made: BTreeSet<_> =
        refused_requests().into_iter().chain(refused_answers()).map(|(e, _)| e.code()).collect();
    let all: BTreeSet<_> = E::ALL.iter().map(|error| error.code()).collect();
    assert_eq!(made, all);
}

#[test]
fn an_error_is_of_a_request_if_a_request_can_have_it() {
    let of_requests: BTreeSet<_> = refused_requests().iter().map(|(e, _)| e.code()).collect();
    for error in E::ALL {
        assert_eq!(error.is_of_request(), of_requests.contains(error.code()), "{error:?}");
    }
}

#[test]
fn the_committed_files_are_the_vectors() {
    let committed: BTreeSet<_> = files("request").into_iter().chain(files("answer")).collect();
    let made: BTreeSet<_> =
        vectors().into_keys().chain(CAPTURED.iter().copied().map(str::to_owned)).collect();
    assert_eq!(committed, made);
    for (name, bytes) in vectors() {
        assert!(read(&name) == bytes, "{name} is not what is made here");
    }
}

#[test]
fn each_refused_request_yields_exactly_its_error() {
    for (error, _) in refused_requests() {
        let file = read(&path("request", error.code()));
        assert_eq!(judge_request(&file).unwrap_err(), error);
    }
}

#[test]
fn each_refused_answer_yields_exactly_its_error() {
    for (error, _) in refused_answers() {
        let file = read(&path("answer", error.code()));
        assert_eq!(judge_answer(&file).unwrap_err(), error);
    }
}

#[test]
fn each_note_has_a_vector_that_yields_it_alone() {
    let codes: BTreeSet<_> =
        noted_requests().into_iter().chain(noted_answers()).map(|(note, _)| note.code()).collect();
    let all: BTreeSet<_> = Note::ALL.iter().map(|note| note.code()).collect();
    assert_eq!(codes, all);
    let alone = |note: Note, notes: &Notes| {
        let noted: Vec<_> = notes.iter().map(|(noted, _)| noted).collect();
        assert_eq!(noted, [note]);
    };
    for (note, _) in noted_requests() {
        let received = judge_request(&read(&path("request", &noted(note)))).unwrap();
        alone(note, &received.notes);
        let sent = received.request.encode().unwrap();
        let again = judge_request(&sent).unwrap().notes;
        assert!(only_of(&again, Note::LeadingZeros) || only_of(&again, Note::OddMaximum), "{note}");
    }
    for (note, _) in noted_answers() {
        let judged = judge_answer(&read(&path("answer", &noted(note)))).unwrap();
        let Judged::Ac(received) = judged else { panic!("{note} is of an A-ASSOCIATE-AC") };
        alone(note, &received.notes);
        let sent = received.answer.encode().unwrap();
        let Ok(Judged::Ac(again)) = judge_answer(&sent) else { panic!("{note}") };
        assert_eq!(again.notes, Notes::default(), "{note}");
    }
}

/// Whether nothing else was noted.
fn only_of(notes: &Notes, allowed: Note) -> bool {
    notes.iter().all(|(note, _)| note == allowed)
}

fn noted(note: Note) -> String {
    format!("noted-{}", note.code())
}

#[test]
fn each_sound_vector_passes() {
    for name in files("request").iter().filter(|name| name.contains("/sound-")) {
        assert!(judge_request(&read(name)).is_ok(), "{name}");
    }
    for name in files("answer").iter().filter(|name| name.contains("/sound-")) {
        assert!(judge_answer(&read(name)).is_ok(), "{name}");
    }
}

#[test]
fn a_captured_request_is_sent_as_dcmtk_sent_it() {
    for name in CAPTURED {
        let file = read(name);
        let sent = judge_request(&file).unwrap().request.encode().unwrap();
        assert_eq!(sent.len(), file.len());
        // DCMTK sets a reserved byte of each context to FF; it is sent as 0.
        assert!(file.iter().zip(&sent).all(|pair| matches!(pair, (0xff, 0)) || pair.0 == pair.1));
    }
}

#[test]
#[ignore = "writes files"]
fn write_the_vectors() {
    for (name, bytes) in vectors() {
        fs::write(root().join(name), bytes).unwrap();
    }
}

fn vectors() -> BTreeMap<String, Bytes> {
    let of_error = |(error, bytes): (E, Bytes)| (error.code().to_owned(), bytes);
    let of_note = |(note, bytes): (Note, Bytes)| (noted(note), bytes);
    let sound = |(name, bytes): (&str, Bytes)| (name.to_owned(), bytes);
    let requests = refused_requests().into_iter().map(of_error);
    let requests = requests.chain(noted_requests().into_iter().map(of_note));
    let requests = requests.chain(sound_requests().into_iter().map(sound));
    let answers = refused_answers().into_iter().map(of_error);
    let answers = answers.chain(noted_answers().into_iter().map(of_note));
    let answers = answers.chain(sound_answers().into_iter().map(sound));
    let requests = requests.map(|(name, bytes)| (path("request", &name), bytes));
    let answers = answers.map(|(name, bytes)| (path("answer", &name), bytes));
    requests.chain(answers).collect()
}

fn path(direction: &str, name: &str) -> String {
    format!("{direction}/{name}.bin")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors")
}

fn files(direction: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(direction)).unwrap();
    let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
    entries.map(|entry| format!("{direction}/{}", name(entry.unwrap()))).collect()
}

#[expect(clippy::disallowed_methods, reason = "core reads no file, its tests do")]
fn read(name: &str) -> Bytes {
    fs::read(root().join(name)).unwrap()
}

fn rq(body: &[u8]) -> Bytes {
    pdu(1, body)
}

fn ac(body: &[u8]) -> Bytes {
    pdu(2, body)
}

/// A request whose items are these.
fn items(items: &[Bytes]) -> Bytes {
    rq(&body(items))
}

fn titled(called: &[u8; 16], calling: &[u8; 16]) -> Bytes {
    let items = [application_context(), verification(1), user(&[])].concat();
    rq(&[fixed(1, called, calling), items].concat())
}

fn contexts(contexts: &[Bytes]) -> Bytes {
    rq(&request_with_contexts(contexts))
}

/// A request whose item 50 has these sub-items behind what must be in it.
fn with_user(sub_items: &[Bytes]) -> Bytes {
    rq(&request_with_user(sub_items))
}

/// A request whose item 50 has these sub-items alone.
fn with_bare_user(sub_items: &[Bytes]) -> Bytes {
    items(&[application_context(), verification(1), bare_user(sub_items)])
}

fn refused_requests() -> Vec<(E, Bytes)> {
    [refused_headers(), refused_items(), refused_contexts(), refused_user()].concat()
}

fn refused_headers() -> Vec<(E, Bytes)> {
    let other_version =
        [fixed(2, PACS, CT1), application_context(), verification(1), user(&[])].concat();
    vec![
        (E::UnknownPdu(0x16), vec![0x16, 3, 1, 2, 0, 1]),
        (E::UnexpectedPdu(PduType::Data), header(4, 12)),
        (E::AbortInsteadOfRequest, pdu(7, &[0; 4])),
        (E::PduTooShort(67), pdu(1, &[0; 67])),
        (E::PduTooLong(256 * 1024 + 1), header(1, 256 * 1024 + 1)),
        (E::ProtocolVersion, rq(&other_version)),
        (E::CalledTitle(TitleError::Blank), titled(b"                ", CT1)),
        (E::CallingTitle(TitleError::LeftOver(*LEFT_OVER)), titled(PACS, LEFT_OVER)),
    ]
}

fn refused_items() -> Vec<(E, Bytes)> {
    let (context, user) = (verification(1), user(&[]));
    let cut = [request_with_user(&[]), vec![0x60, 0, 0]].concat();
    let overrun = [request_with_user(&[]), vec![0x60, 0, 0, 1]].concat();
    let foreign = item(0x10, "1.2.840.10008.3.1.1.2");
    vec![
        (E::CutItemHeader, rq(&cut)),
        (E::ItemOverrun(0x60), rq(&overrun)),
        (E::NoApplicationContext, items(&[context.clone(), user.clone()])),
        (E::ForeignApplicationContext, items(&[foreign, context.clone(), user.clone()])),
        (E::NoContext, items(&[application_context(), user.clone()])),
        (E::SecondUserInformation, items(&[application_context(), context, user.clone(), user])),
    ]
}

fn refused_contexts() -> Vec<(E, Bytes)> {
    let abstract_syntax = || item(0x30, VERIFICATION);
    let transfer_syntax = || item(0x40, IMPLICIT);
    vec![
        (E::EvenContextId(2), contexts(&[verification(2)])),
        (E::RepeatedContextId(1), contexts(&[verification(1), verification(1)])),
        (
            E::SecondAbstractSyntax,
            contexts(&[context(1, &[abstract_syntax(), abstract_syntax(), transfer_syntax()])]),
        ),
        (E::NoAbstractSyntax, contexts(&[context(1, &[transfer_syntax()])])),
        (E::NoTransferSyntax, contexts(&[context(1, &[abstract_syntax()])])),
    ]
}

fn refused_user() -> Vec<(E, Bytes)> {
    let class = implementation_class;
    let long_window = item(0x53, [0, 1, 0, 1, 0]);
    let identity = || identity(1, "someone", "");
    vec![
        (E::MisplacedItem(0x59), with_user(&[item(0x59, sized(""))])),
        (E::ItemTooShort(0x51), with_bare_user(&[item(0x51, [0, 0, 64]), class()])),
        (E::TrailingBytes(0x53), with_user(&[long_window])),
        (E::SecondMaximumLength, with_user(&[maximum_length(8192)])),
        (E::MaximumLength(13), with_bare_user(&[maximum_length(13), class()])),
        (E::RoleValue(2), with_user(&[role(CT_IMAGE, 2, 0)])),
        (E::ContradictingRoles, with_user(&[role(CT_IMAGE, 1, 0), role(CT_IMAGE, 1, 1)])),
        (
            E::ContradictingExtended,
            with_user(&[extended(CT_IMAGE, &[1]), extended(CT_IMAGE, &[1, 1])]),
        ),
        (E::SecondIdentity, with_user(&[identity(), identity()])),
    ]
}

/// What devices get wrong and every server takes alike.
fn noted_requests() -> Vec<(Note, Bytes)> {
    let length = || maximum_length(16_384);
    let behind = |more: Bytes| rq(&[request_with_user(&[]), more].concat());
    let many: Vec<Bytes> = (0..129).map(|n| extended(&format!("1.2.{n}"), &[1])).collect();
    let with_syntaxes = |one: &str, two: &str| {
        contexts(&[context(1, &[item(0x30, VERIFICATION), item(0x40, one), item(0x40, two)])])
    };
    vec![
        (Note::UnknownItem(0x60), behind(item(0x60, "unknown"))),
        (Note::UnknownUserItem(0x5a), with_user(&[item(0x5a, [1, 2, 3])])),
        (Note::SurplusItem(0x51), behind(maximum_length(8192))),
        (Note::NotForwarded(0x53), with_user(&[item(0x53, [0, 1, 0, 1])])),
        (Note::VersionName, with_user(&[item(0x55, "$(reboot)")])),
        (Note::Repeated(0x51), with_user(&[length()])),
        (Note::NulPaddedTitle, titled(PACS, b"CT1\0\0\0\0\0\0\0\0\0\0\0\0\0")),
        (Note::PaddedUid, with_syntaxes("1.2.840.10008.1.2\0", "1.2.840.10008.1.2.1")),
        (Note::LeadingZeros, with_syntaxes("1.02.3", "1.2.840.10008.1.2.1")),
        (Note::NoUserInformation, items(&[application_context(), verification(1)])),
        (Note::NoMaximumLength, with_bare_user(&[implementation_class()])),
        (Note::NoImplementationClass, with_bare_user(&[length()])),
        (Note::ImplementationClass, with_bare_user(&[length(), item(0x52, "1.2.x")])),
        (Note::TransferSyntax, with_syntaxes("1.2.x", "1.2.840.10008.1.2.1")),
        (Note::BadRole, with_user(&[role("..", 1, 0)])),
        (Note::BadExtended, with_user(&[extended("", &[1])])),
        (Note::ExtendedForm, with_user(&[extended(CT_IMAGE, b"$(reboot)")])),
        (Note::ExtendedOverflow, with_user(&many)),
        (Note::OddMaximum, with_bare_user(&[maximum_length(16_383), implementation_class()])),
    ]
}

fn refused_answers() -> Vec<(E, Bytes)> {
    let results = |results: &[Bytes]| ac(&answer_with_results(results));
    let many: Vec<Bytes> = (0..129).map(|_| accepted(1)).collect();
    vec![
        (E::UnknownPdu(0), header(0, 4)),
        (E::UnexpectedPdu(PduType::ReleaseRq), pdu(5, &[0; 4])),
        (E::PduTooShort(0), header(2, 0)),
        (E::PduTooLong(u32::MAX), header(2, u32::MAX)),
        (E::RejectLength(5), header(3, 5)),
        (E::AbortLength(0), header(7, 0)),
        (E::TooManyResults, results(&many)),
    ]
}

/// What servers get wrong and every device takes alike.
fn noted_answers() -> Vec<(Note, Bytes)> {
    let results = |results: &[Bytes]| ac(&answer_with_results(results));
    let syntax = || item(0x40, IMPLICIT);
    let with_application_context = |context: Bytes| ac(&body(&[context, accepted(1), user(&[])]));
    vec![
        (Note::SurplusItem(0x58), ac(&answer_with_user(&[identity(1, "someone", "")]))),
        (Note::Repeated(0x52), ac(&answer_with_user(&[implementation_class()]))),
        (Note::NoUserInformation, ac(&body(&[application_context(), accepted(1)]))),
        (Note::NoApplicationContext, with_application_context(Vec::new())),
        (Note::ApplicationContext, with_application_context(item(0x10, "1.2.3"))),
        (Note::RejectedTransferSyntax, results(&[result(1, 3, &[])])),
        (Note::AcceptedTransferSyntax, results(&[result(1, 0, &[syntax(), syntax()])])),
        (Note::ContextResult(5), results(&[result(1, 5, &[syntax()])])),
        (Note::EvenContextId(0), results(&[accepted(0)])),
        (Note::SmallerMaximum, ac(&answer_with_user(&[maximum_length(8192)]))),
    ]
}

fn sound_requests() -> Vec<(&'static str, Bytes)> {
    let everything = request_with_user(&[
        item(0x53, [0, 1, 0, 1]),
        role(CT_IMAGE, 0, 1),
        item(0x55, "OFFIS_DCMTK_367"),
        extended(CT_IMAGE, &[2, 0, 3, 0, 1, 0]),
        common_extended(CT_IMAGE),
        identity(2, "someone", "a passcode"),
        item(0x5a, [1, 2, 3]),
    ]);
    let everything = [everything, item(0x60, "unknown")].concat();
    let all_contexts: Vec<Bytes> = (0..128).map(|n| verification(2 * n + 1)).collect();
    let reverse = body(&[user(&[]), verification(3), verification(1), application_context()]);
    let unsound = context(3, &[item(0x30, "1.2/3"), item(0x40, IMPLICIT)]);
    let padded = context(1, &[item(0x30, "1.2.840.10008.1.1\0"), item(0x40, "1.02.3 ")]);
    vec![
        ("sound-every-user-item", rq(&everything)),
        ("sound-all-context-ids", contexts(&all_contexts)),
        ("sound-reverse-order", rq(&reverse)),
        ("sound-unsound-context", contexts(&[verification(1), unsound, verification(5)])),
        ("sound-padded-uids", contexts(&[padded])),
        ("sound-nul-padded-titles", titled(b"PACS\0\0\0\0\0\0\0\0\0\0\0\0", b" CT1\0           ")),
    ]
}

fn sound_answers() -> Vec<(&'static str, Bytes)> {
    let rubbish = result(5, 3, &[item(0x40, [0xff; 3])]);
    let old = body(&[
        item(0x10, "1.2.3"),
        accepted(1),
        result(3, 4, &[]),
        rubbish,
        bare_user(&[maximum_length(0)]),
    ]);
    let everything = answer_with_user(&[
        item(0x53, [0, 0, 0, 0]),
        role(CT_IMAGE, 0, 1),
        item(0x55, "OLD PACS"),
        extended(CT_IMAGE, &[1]),
        common_extended(CT_IMAGE),
        item(0x59, sized("")),
        item(0xff, ""),
    ]);
    vec![
        ("sound-accepted", ac(&answer_with_results(&[accepted(1)]))),
        ("sound-old-pacs", ac(&old)),
        ("sound-every-user-item", ac(&everything)),
        ("sound-no-result", ac(&answer_with_results(&[]))),
        ("sound-twice-answered", ac(&answer_with_results(&[accepted(1), accepted(1)]))),
        ("sound-reject", pdu(3, &[0, 1, 1, 7])),
        ("sound-abort", pdu(7, &[0, 0, 2, 0])),
    ]
}
