//! The inputs.

use super::deflated::repeating;
use super::elements::{element, explicit_element, little};
use super::harm::Harm;
use super::nested::{
    DEPTH, PRIVATE, REFERENCED_IMAGE, big_endian, explicit_defined, explicit_undefined,
    implicit_defined, implicit_undefined,
};
use super::play::{Attack, directly, through_the_gate};
use super::servers::{ESCAPED, FOREIGN_LIST, Kind};
use crate::support::associate::{
    Associate, CT, DEFLATED, EXPLICIT, IMPLICIT, Item, STUDY_FIND, VERIFICATION,
};
use crate::support::dimse::{INSTANCE, command, find_rq, store_rq, uid, us};
use crate::support::exchange::fragments;
use crate::support::pdu::{COMMAND, LAST, p_data, release_rq};
use pacsgate_core::transfer_syntax::TransferSyntax;

/// An input that harms a server.
pub(super) struct Row {
    pub(super) server: Kind,
    /// The class of bug, with the number of an example where there is one.
    pub(super) class: &'static str,
    pub(super) does: &'static str,
    pub(super) harm: Harm,
    /// The event and the reason with which the gate stops it.
    pub(super) stopped: (&'static str, &'static str),
    /// Makes the bytes for a server that is called by this title.
    pub(super) attack: fn(&str) -> Attack,
}

/// The data set is answered by the gate.
const DEEP: (&str, &str) = ("unsound", "sequence-depth");
/// The request goes on in a form that does no harm.
pub(super) const CAPPED: (&str, &str) = ("closed", "released");
const BIG_ENDIAN: &str = "1.2.840.10008.1.2.2";
const WORKLIST_FIND: &str = "1.2.840.10008.5.1.4.31";
const SHUTDOWN: &str = "1.2.276.0.7230010.3.4.1915765545.18030.917282194.0";
const REQUEST_ATTRIBUTES: (u16, u16) = (0x0040, 0x0275);
const STUDY_MOVE: &str = "1.2.840.10008.5.1.4.1.2.2.2";
const STUDY_GET: &str = "1.2.840.10008.5.1.4.1.2.2.3";
const NESTED: &str = "nested sequences exhaust the stack";
const BOMB: &str = "decompression bomb";
const INJECTION: &str = "titles in a shell command (the class of CVE-2026-5663)";
const HELD: &str = "one connection holds all";
const WHOLE: &str = "an identifier is held whole";
const WIDE: &str = "time by the square of the elements";
const PATTERN: &str = "time by the power of the wildcards";
const SEQUENCE_TYPE: &str = "type confusion (CVE-2026-44628)";
/// Large enough to bury the rest of the server's memory, small enough for a quick test.
const LEAKED: Harm = Harm::Leaks(12 * 1024);

/// Of the 258 MB to which a deflated data set of 1.7 MB grows.
const SWOLLEN: Harm = Harm::Swells(200 * 1024);
/// What a server takes for an identifier that is long.
const HELD_WHOLE: Harm = Harm::Swells(200 * 1024);
/// A title that a shell takes for a command which makes [`ESCAPED`].
const COMMAND_TITLE: &str = "`>../../escaped`";

/// Each line is a row and its two tests: the server, the class, what is sent, the harm, how the
/// gate stops it, and the bytes.
macro_rules! rows {
    ($($name:ident: $server:ident, $class:expr, $does:literal, $harm:expr, $stopped:expr,
        $attack:expr;)*) => {$(
        mod $name {
            use super::*;

            pub(super) static ROW: Row = Row {
                server: Kind::$server,
                class: $class,
                does: $does,
                harm: $harm,
                stopped: $stopped,
                attack: $attack,
            };

            #[test]
            #[ignore = "needs DCMTK, Orthanc and pynetdicom: run tests/all"]
            fn harms_the_server() {
                directly(&ROW);
            }

            #[test]
            #[ignore = "needs DCMTK, Orthanc and pynetdicom: run tests/all"]
            fn does_no_harm_through_the_gate() {
                through_the_gate(&ROW);
            }
        }
    )*

        /// All rows with their names.
        pub(super) static TABLE: &[(&str, &Row)] = &[$((stringify!($name), &$name::ROW)),*];
    };
}

rows! {
    storescp_nested_implicit_undefined: Storescp, NESTED,
        "C-STORE of nested sequences, Implicit VR, undefined lengths", Harm::Dies, DEEP,
        |called| store(called, IMPLICIT, &implicit(implicit_undefined(REFERENCED_IMAGE)));
    storescp_nested_implicit_defined: Storescp, NESTED,
        "C-STORE of nested sequences, Implicit VR, defined lengths", Harm::Dies, DEEP,
        |called| store(called, IMPLICIT, &implicit(implicit_defined(REFERENCED_IMAGE)));
    storescp_nested_explicit_undefined: Storescp, NESTED,
        "C-STORE of nested sequences, Explicit VR, undefined lengths", Harm::Dies, DEEP,
        |called| store(called, EXPLICIT, &explicit(explicit_undefined(REFERENCED_IMAGE, *b"SQ")));
    storescp_nested_explicit_defined: Storescp, NESTED,
        "C-STORE of nested sequences, Explicit VR, defined lengths", Harm::Dies, DEEP,
        |called| store(called, EXPLICIT, &explicit(explicit_defined(REFERENCED_IMAGE)));
    storescp_nested_private_sequence: Storescp, NESTED,
        "C-STORE of nested private sequences, Explicit VR", Harm::Dies, DEEP,
        |called| store(called, EXPLICIT, &explicit(explicit_defined(PRIVATE)));
    storescp_nested_private_undefined: Storescp, NESTED,
        "C-STORE of nested private elements of undefined length", Harm::Dies, DEEP,
        |called| store(called, IMPLICIT, &implicit(implicit_undefined(PRIVATE)));
    storescp_nested_in_un: Storescp, NESTED,
        "C-STORE of sequences in an element of VR UN and undefined length", Harm::Dies, DEEP,
        |called| store(called, EXPLICIT, &explicit(in_un()));
    storescp_nested_in_vendor_sequence: Storescp, NESTED,
        "C-STORE of sequences in an element that a vendor's dictionary knows", Harm::Dies, DEEP,
        |called| store(called, IMPLICIT, &implicit(in_vendor_sequence()));
    storescp_nested_behind_a_delimiter: Storescp, NESTED,
        "C-STORE of sequences behind a delimiter in an element that a vendor's dictionary knows",
        Harm::Dies, ("unsound", "not-an-item"),
        |called| store(called, IMPLICIT, &nested_behind_a_delimiter());
    storescp_nested_big_endian: Storescp, NESTED,
        "C-STORE of nested sequences, Big Endian", Harm::Dies, DEEP,
        |called| store(called, BIG_ENDIAN, &big_endian(REFERENCED_IMAGE));
    storescp_nested_in_command: Storescp, NESTED,
        "nested sequences in a command set", Harm::Dies,
        ("closed", "requestor-command-too-long"),
        |called| nested_command(called);
    wlmscpfs_nested_in_command: Wlmscpfs, NESTED,
        "nested sequences in a command set", Harm::Dies,
        ("closed", "requestor-command-too-long"),
        |called| nested_command(called);
    orthanc_nested_in_command: Orthanc, NESTED,
        "nested sequences in a command set", Harm::Dies,
        ("closed", "requestor-command-too-long"),
        |called| nested_command(called);
    orthanc_nested_implicit_undefined: Orthanc, NESTED,
        "C-STORE of nested sequences, Implicit VR, undefined lengths", Harm::Dies, DEEP,
        |called| store(called, IMPLICIT, &implicit(implicit_undefined(REFERENCED_IMAGE)));
    orthanc_nested_implicit_defined: Orthanc, NESTED,
        "C-STORE of nested sequences, Implicit VR, defined lengths", Harm::Dies, DEEP,
        |called| store(called, IMPLICIT, &implicit(implicit_defined(REFERENCED_IMAGE)));
    orthanc_nested_explicit_defined: Orthanc, NESTED,
        "C-STORE of nested sequences, Explicit VR, defined lengths", Harm::Dies, DEEP,
        |called| store(called, EXPLICIT, &explicit(explicit_defined(REFERENCED_IMAGE)));
    orthanc_nested_in_un: Orthanc, NESTED,
        "C-STORE of sequences in an element of VR UN and undefined length", Harm::Dies, DEEP,
        |called| store(called, EXPLICIT, &explicit(in_un()));
    orthanc_nested_in_vendor_sequence: Orthanc, NESTED,
        "C-STORE of sequences in an element that a vendor's dictionary knows", Harm::Dies, DEEP,
        |called| store(called, IMPLICIT, &implicit(in_vendor_sequence()));
    orthanc_nested_behind_a_delimiter: Orthanc, NESTED,
        "C-STORE of sequences behind a delimiter in an element that a vendor's dictionary knows",
        Harm::Dies, ("unsound", "not-an-item"),
        |called| store(called, IMPLICIT, &nested_behind_a_delimiter());
    orthanc_nested_in_query: Orthanc, NESTED,
        "C-FIND with nested sequences in its identifier", Harm::Dies, DEEP,
        |called| message(called, STUDY_FIND, IMPLICIT, &find_rq(1), &nested_query());
    orthanc_nested_in_move: Orthanc, NESTED,
        "C-MOVE with nested sequences in its identifier", Harm::Dies, DEEP,
        |called| message(called, STUDY_MOVE, IMPLICIT, &retrieve(STUDY_MOVE, 0x21), &nested_query());
    orthanc_nested_in_get: Orthanc, NESTED,
        "C-GET with nested sequences in its identifier", Harm::Dies, DEEP,
        |called| message(called, STUDY_GET, IMPLICIT, &retrieve(STUDY_GET, 0x10), &nested_query());
    wlmscpfs_nested_in_query: Wlmscpfs, NESTED,
        "C-FIND of the work list with nested sequences in its identifier", Harm::Dies, DEEP,
        |called| worklist(called, IMPLICIT, &implicit_undefined(REFERENCED_IMAGE));
    wlmscpfs_nested_defined_in_query: Wlmscpfs, NESTED,
        "the same with defined lengths", Harm::Dies, DEEP,
        |called| worklist(called, IMPLICIT, &implicit_defined(REFERENCED_IMAGE));

    orthanc_endless_query: Orthanc, WHOLE,
        "C-FIND with a value of 40 MiB", HELD_WHOLE, ("unsound", "identifier-length"),
        |called| message(called, STUDY_FIND, IMPLICIT, &find_rq(1), &endless_query(40));
    qrscp_endless_query: Qrscp, WHOLE,
        "C-FIND with a value of 80 MiB", HELD_WHOLE, ("unsound", "identifier-length"),
        |called| message(called, STUDY_FIND, IMPLICIT, &find_rq(1), &endless_query(80));
    wlmscpfs_endless_query: Wlmscpfs, WHOLE,
        "C-FIND of the work list with a value of 120 MiB", HELD_WHOLE,
        ("unsound", "identifier-length"),
        |called| worklist(called, IMPLICIT, &endless(120));
    dcmqrscp_wide_query: Dcmqrscp, WIDE,
        "C-FIND with 60,000 empty elements", Harm::Computes, ("unsound", "item-elements"),
        |called| message(called, STUDY_FIND, IMPLICIT, &find_rq(1), &wide_query());
    orthanc_wide_query: Orthanc, WIDE,
        "C-FIND with 60,000 empty elements", Harm::Computes, ("unsound", "item-elements"),
        |called| message(called, STUDY_FIND, IMPLICIT, &find_rq(1), &wide_query());
    dcmqrscp_pattern: Dcmqrscp, PATTERN,
        "C-FIND for a name with eleven `*`", Harm::Blocks, ("unsound", "wildcards"),
        |called| message(called, STUDY_FIND, IMPLICIT, &find_rq(1), &pattern_query());
    wlmscpfs_pattern: Wlmscpfs, PATTERN,
        "C-FIND of the work list for a name with eleven `*`", Harm::Blocks,
        ("unsound", "wildcards"),
        |called| worklist(called, IMPLICIT, &pattern());

    wlmscpfs_scheduled_step_as_text: Wlmscpfs, SEQUENCE_TYPE,
        "C-FIND with (0040,0100), a sequence, as LO", Harm::Dies, ("unsound", "sequence-vr"),
        |called| worklist(called, EXPLICIT, &text((0x0040, 0x0100)));
    wlmscpfs_referenced_study_as_text: Wlmscpfs, SEQUENCE_TYPE,
        "C-FIND with (0008,1110), a sequence, as LO", Harm::Dies, ("unsound", "sequence-vr"),
        |called| worklist(called, EXPLICIT, &text((0x0008, 0x1110)));
    wlmscpfs_referenced_patient_as_text: Wlmscpfs, SEQUENCE_TYPE,
        "C-FIND with (0008,1120), a sequence, as LO", Harm::Dies, ("unsound", "sequence-vr"),
        |called| worklist(called, EXPLICIT, &text((0x0008, 0x1120)));
    wlmscpfs_procedure_code_as_text: Wlmscpfs, SEQUENCE_TYPE,
        "C-FIND with (0032,1064), a sequence, as LO", Harm::Dies, ("unsound", "sequence-vr"),
        |called| worklist(called, EXPLICIT, &text((0x0032, 0x1064)));
    wlmscpfs_referenced_study_as_unknown: Wlmscpfs, SEQUENCE_TYPE,
        "C-FIND with (0008,1110), a sequence, as UN", Harm::Dies, ("unsound", "sequence-vr"),
        |called| worklist(called, EXPLICIT, &unknown((0x0008, 0x1110)));
    wlmscpfs_scheduled_step_as_unknown: Wlmscpfs, SEQUENCE_TYPE,
        "C-FIND with (0040,0100), a sequence, as UN", Harm::Dies, ("unsound", "sequence-vr"),
        |called| worklist(called, EXPLICIT, &unknown((0x0040, 0x0100)));
    wlmscpfs_foreign_work_list: Wlmscpfs, "path in a title (CVE-2026-52868)",
        "C-FIND under a called title that leads to another directory", Harm::Reads,
        ("refused", "called-title"),
        |_| worklist(FOREIGN_LIST, IMPLICIT, &any_patient());
    wlmscpfs_path_behind_a_delimiter: WlmscpfsKeeping, "path in a patient ID",
        "the same behind a delimiter in an element that a vendor's dictionary knows", Harm::Writes,
        ("unsound", "not-an-item"),
        |called| worklist(called, IMPLICIT, &path_behind_a_delimiter());
    wlmscpfs_path_in_patient_id: WlmscpfsKeeping, "path in a patient ID",
        "C-FIND for a patient ID that leads out of the storage", Harm::Writes,
        ("unsound", "path-characters"),
        |called| worklist(called, IMPLICIT, &element((0x0010, 0x0020), ESCAPED.as_bytes()));

    qrscp_path_in_both_uids: Qrscp, "path in a UID (CVE-2026-56445)",
        "C-STORE whose SOP Instance UID leads out of the storage", Harm::Writes,
        ("closed", "requestor-malformed-command"),
        |called| path(called, ESCAPED);
    qrscp_path_in_the_data_set: Qrscp, "path in a UID (CVE-2026-56445)",
        "the same in the data set alone", Harm::Writes, ("unsound", "malformed-identifier"),
        |called| path(called, INSTANCE);
    qrscp_path_in_a_second_uid: Qrscp, "path in a UID (CVE-2026-56445)",
        "the same in a second (0008,0018) behind a sound one", Harm::Writes, ("unsound", "duplicate-element"),
        |called| store(called, IMPLICIT, &second_uid());
    qrscp_path_as_unknown: Qrscp, "path in a UID (CVE-2026-56445)",
        "the same with VR UN", Harm::Writes, ("unsound", "identifier-vr"),
        |called| store(called, EXPLICIT, &path_as_unknown());
    qrscp_path_in_hidden_elements: Qrscp, "path in a UID (CVE-2026-56445)",
        "Explicit VR in a context of Implicit VR", Harm::Writes, ("unsound", "mistakable-vr"),
        |called| store(called, IMPLICIT, &path_as_unknown());
    qrscp_path_behind_an_undefined_text: Qrscp, "path in a UID (CVE-2026-56445)",
        "the same in what a text of undefined length holds for others", Harm::Writes,
        ("unsound", "undefined-length"),
        |called| store(called, IMPLICIT, &path_behind_an_undefined_text());

    storescp_parent_directory_as_study: StorescpSorting, "path in a UID",
        "C-STORE whose Study Instance UID is `..`", Harm::Writes, ("unsound", "malformed-identifier"),
        |called| store(called, IMPLICIT, &of_study(".."));

    orthanc_wide_data_set: Orthanc, WIDE,
        "C-STORE of 60,000 elements beside each other, in 0.6 MB", Harm::Computes,
        ("closed", "requestor-unsound-data-set"),
        |called| store(called, IMPLICIT, &wide());
    orthanc_private_creators: Orthanc, WIDE,
        "C-STORE of 16,000 private groups, each with its creator", Harm::Computes,
        ("unsound", "private-creators"),
        |called| store(called, IMPLICIT, &private_groups());
    orthanc_rows_and_columns_as_ul: OrthancShowing,
        "sizes beyond 32 bits (CVE-2026-5442, CVE-2026-5443)",
        "C-STORE of an image of 65,536 Rows and Columns, as UL, and a look at its preview",
        Harm::Dies, ("unsound", "image-geometry"),
        |called| store(called, EXPLICIT, &image_of_ul());
    orthanc_nested_and_shown: OrthancShowing, NESTED,
        "C-STORE of 1,800 nested items, and a look at its elements", Harm::Dies, DEEP,
        |called| store(called, EXPLICIT, &nested_and_stored());

    storescp_repeated_identity: Storescp, "leak in association requests (CVE-2026-50254)",
        "requests with four user identities", LEAKED, ("refused", "second-user-identity"),
        |called| identities(called);
    wlmscpfs_repeated_identity: Wlmscpfs, "leak in association requests (CVE-2026-50254)",
        "requests with four user identities", LEAKED, ("refused", "second-user-identity"),
        |called| identities(called);
    orthanc_repeated_identity: Orthanc, "leak in association requests (CVE-2026-50254)",
        "requests with four user identities", LEAKED, ("refused", "second-user-identity"),
        |called| identities(called);

    storescp_half_a_request: Storescp, HELD,
        "half a request, then silence", Harm::Blocks, ("refused", "request-timeout"),
        |called| half(called);
    wlmscpfs_half_a_request: Wlmscpfs, HELD,
        "half a request, then silence", Harm::Blocks, ("refused", "request-timeout"),
        |called| half(called);
    orthanc_half_a_request: Orthanc, HELD,
        "half a request, then silence", Harm::Blocks, ("refused", "request-timeout"),
        |called| half(called);
    storescp_silence: Storescp, HELD,
        "a connection that says nothing", Harm::Blocks, ("refused", "request-timeout"),
        |_| silence();
    orthanc_silence: Orthanc, HELD,
        "a connection that says nothing", Harm::Blocks, ("refused", "request-timeout"),
        |_| silence();

    storescp_no_context: Storescp, HELD,
        "a request without a presentation context", Harm::Blocks,
        ("refused", "no-presentation-context"),
        |called| alone(&Associate::request("CT1", called));
    orthanc_no_context: Orthanc, HELD,
        "a request without a presentation context", Harm::Blocks,
        ("refused", "no-presentation-context"),
        |called| alone(&Associate::request("CT1", called));
    storescp_no_transfer_syntax: Storescp, HELD,
        "a presentation context without a transfer syntax", Harm::Blocks,
        ("refused", "no-transfer-syntax"),
        |called| alone(&Associate::request("CT1", called).context(1, VERIFICATION, &[]));
    orthanc_no_transfer_syntax: Orthanc, HELD,
        "a presentation context without a transfer syntax", Harm::Blocks,
        ("refused", "no-transfer-syntax"),
        |called| alone(&Associate::request("CT1", called).context(1, VERIFICATION, &[]));
    storescp_51_transfer_syntaxes: Storescp, HELD,
        "a presentation context with 51 transfer syntaxes", Harm::Blocks,
        ("refused", "no-permitted-service"),
        |called| alone(&many_transfer_syntaxes(called));
    orthanc_51_transfer_syntaxes: Orthanc, HELD,
        "a presentation context with 51 transfer syntaxes", Harm::Blocks,
        ("refused", "no-permitted-service"),
        |called| alone(&many_transfer_syntaxes(called));
    storescp_51_known_transfer_syntaxes: Storescp, HELD,
        "the same with 51 of DICOM's own, of which the gate asks for 50", Harm::Blocks,
        CAPPED, |called| capped(called);
    orthanc_51_known_transfer_syntaxes: Orthanc, HELD,
        "the same with 51 of DICOM's own, of which the gate asks for 50", Harm::Blocks,
        CAPPED, |called| capped(called);

    storescp_command_in_the_calling_title: StorescpRunning, INJECTION,
        "C-STORE under a calling title that a shell would run", Harm::Writes,
        ("refused", "calling-title"),
        |called| storing(&Associate::request(COMMAND_TITLE, called));
    storescp_command_in_the_called_title: StorescpRunning, INJECTION,
        "C-STORE under a called title that a shell would run", Harm::Writes,
        ("refused", "called-title"),
        |_| storing(&Associate::request("CT1", COMMAND_TITLE));

    dcmqrscp_shutdown_class: Dcmqrscp, "private shutdown SOP class",
        "a request for DCMTK's shutdown class", Harm::Dies, ("refused", "no-permitted-service"),
        |called| alone(&Associate::request("CT1", called).context(1, SHUTDOWN, &[IMPLICIT]));

    storescp_deflated_bomb: StorescpDeflated, BOMB,
        "C-STORE of 1.7 MB that grow to 258 MB", SWOLLEN, ("refused", "no-permitted-service"),
        |called| bomb(called);
    orthanc_deflated_bomb: Orthanc, BOMB,
        "C-STORE of 1.7 MB that grow to 258 MB", SWOLLEN, ("refused", "no-permitted-service"),
        |called| bomb(called);
    qrscp_deflated_bomb: Qrscp, BOMB,
        "C-STORE of 1.7 MB that grow to 258 MB", SWOLLEN, ("refused", "no-permitted-service"),
        |called| bomb(called);
    storescp_deflated_nested: StorescpDeflated, NESTED,
        "C-STORE of nested sequences, deflated to 4 kB", Harm::Dies,
        ("refused", "no-permitted-service"),
        |called| deflated_nested(called);
    orthanc_deflated_nested: Orthanc, NESTED,
        "C-STORE of nested sequences, deflated to 4 kB", Harm::Dies,
        ("refused", "no-permitted-service"),
        |called| deflated_nested(called);
}

fn alone(request: &Associate) -> Attack {
    Attack { request: request.encode(), behind: Vec::new(), rounds: 1 }
}

fn many_transfer_syntaxes(called: &str) -> Associate {
    let names: Vec<_> = (0..51).map(|number| format!("2.25.{number}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    Associate::request("CT1", called).context(1, VERIFICATION, &names)
}

fn storing(request: &Associate) -> Attack {
    let request = request.clone().context(1, CT, &[IMPLICIT]);
    let set = fragments(1, &[instance(INSTANCE), study()].concat(), 16_000);
    let behind = [p_data(1, COMMAND | LAST, &store_rq(1)), set].concat();
    Attack { request: request.encode(), behind, rounds: 1 }
}

fn bomb(called: &str) -> Attack {
    const BLOCKS: usize = 1_000_000;
    let length = u32::try_from(BLOCKS * 258).unwrap();
    let (tag, value) = (little((0x7fe0, 0x0010)), (length + 2).to_le_bytes());
    let head = explicit([tag.as_slice(), b"OW\0\0", &value, &[0, 0]].concat());
    store(called, DEFLATED, &repeating(&head, 1, BLOCKS))
}

fn deflated_nested(called: &str) -> Attack {
    let one = &explicit_undefined(REFERENCED_IMAGE, *b"SQ")[..20];
    // 258 bytes hold 12 sequences and a part of the next.
    store(called, DEFLATED, &repeating(&explicit(one.to_vec()), 20, DEPTH / 12))
}

fn message(called: &str, class: &str, transfer: &str, command: &[u8], set: &[u8]) -> Attack {
    let request = Associate::request("CT1", called).context(1, class, &[transfer]);
    let behind = [p_data(1, COMMAND | LAST, command), fragments(1, set, 16_000)].concat();
    Attack { request: request.encode(), behind, rounds: 1 }
}

fn store(called: &str, transfer: &str, set: &[u8]) -> Attack {
    message(called, CT, transfer, &store_rq(1), set)
}

fn worklist(called: &str, transfer: &str, identifier: &[u8]) -> Attack {
    let find = command(&[
        uid(0x0002, WORKLIST_FIND),
        us(0x0100, 0x0020),
        us(0x0110, 1),
        us(0x0700, 0),
        us(0x0800, 1),
    ]);
    message(called, WORKLIST_FIND, transfer, &find, identifier)
}

fn retrieve(class: &str, code: u16) -> Vec<u8> {
    let mut elements = vec![uid(0x0002, class), us(0x0100, code), us(0x0110, 1)];
    if class == STUDY_MOVE {
        elements.push(us(0x0600, u16::from_le_bytes(*b"CT")));
    }
    elements.extend([us(0x0700, 0), us(0x0800, 1)]);
    command(&elements)
}

fn nested_command(called: &str) -> Attack {
    let set = [
        command(&[
            uid(0x0002, VERIFICATION),
            us(0x0100, 0x0030),
            us(0x0110, 1),
            us(0x0800, 0x0101),
        ]),
        implicit_undefined(REFERENCED_IMAGE),
    ];
    // Long fragments: the gate's limit of their number must not hide the rule at work.
    let set = set.concat();
    let count = set.len().div_ceil(16_000);
    let parts = set.chunks(16_000).enumerate();
    let control = |number| if number + 1 == count { COMMAND | LAST } else { COMMAND };
    let behind = parts.flat_map(|(number, part)| p_data(1, control(number), part)).collect();
    Attack { request: Associate::echo("CT1", called).encode(), behind, rounds: 1 }
}

fn identities(called: &str) -> Attack {
    let identity = || Item::identity(1, &[b'u'; 15_000], b"");
    let request = (0..4).fold(Associate::echo("CT1", called), |it, _| it.with_user(identity()));
    Attack { request: request.encode(), behind: Vec::new(), rounds: 400 }
}

/// More transfer syntaxes than DCMTK takes, all of which the gate permits.
fn capped(called: &str) -> Attack {
    let names = TransferSyntax::all().take(51).map(|it| it.uid()).collect::<Vec<_>>();
    assert_eq!(names.len(), 51);
    let request = Associate::request("CT1", called).context(1, VERIFICATION, &names);
    Attack { request: request.encode(), behind: release_rq(), rounds: 1 }
}

/// A path behind the identifier that a checker may look at.
fn second_uid() -> Vec<u8> {
    let path = element((0x0008, 0x0018), ESCAPED.as_bytes());
    [instance(INSTANCE), path, study()].concat()
}

/// A reader that goes by the dictionary ends the text at the first delimiter and reads on behind it;
/// all that is the value of a private element for one that opens a sequence.
fn path_behind_an_undefined_text() -> Vec<u8> {
    let ends = [ITEM_END, SEQUENCE_END].concat();
    let covering_both = [little((0x0042, 0x0011)).as_slice(), &[16, 0, 0, 0]].concat();
    let path = element((0x0008, 0x0018), ESCAPED.as_bytes());
    let hidden = element((0x0009, 0x1010), &[SEQUENCE_END, &path, &covering_both].concat());
    let text = [little((0x4008, 0x0300)).as_slice(), &[0xff; 4], ITEM_OPEN].concat();
    [instance(INSTANCE), study(), text, hidden, ends].concat()
}

fn half(called: &str) -> Attack {
    let request = Associate::echo("CT1", called).encode()[..60].to_vec();
    Attack { request, behind: Vec::new(), rounds: 1 }
}

fn silence() -> Attack {
    Attack { request: Vec::new(), behind: Vec::new(), rounds: 1 }
}

fn path(called: &str, instance_of_the_command: &str) -> Attack {
    let request = command(&[
        uid(0x0002, CT),
        us(0x0100, 0x0001),
        us(0x0110, 1),
        us(0x0700, 0),
        us(0x0800, 1),
        uid(0x1000, instance_of_the_command),
    ]);
    message(called, CT, IMPLICIT, &request, &[instance(ESCAPED), study()].concat())
}

fn path_as_unknown() -> Vec<u8> {
    let class = explicit_element((0x0008, 0x0016), *b"UI", CT);
    let study = [
        explicit_element((0x0010, 0x0010), *b"PN", "DOE"),
        explicit_element((0x0010, 0x0020), *b"LO", "4711"),
        explicit_element((0x0020, 0x000d), *b"UI", "2.25.79"),
        explicit_element((0x0020, 0x000e), *b"UI", "2.25.80"),
    ];
    let study = study.concat();
    [class, explicit_element((0x0008, 0x0018), *b"UN", ESCAPED), study].concat()
}

/// SOP class and instance, Implicit VR.
fn instance(uid: &str) -> Vec<u8> {
    [element((0x0008, 0x0016), CT.as_bytes()), element((0x0008, 0x0018), uid.as_bytes())].concat()
}

fn study() -> Vec<u8> {
    let patient = [element((0x0010, 0x0010), b"DOE "), element((0x0010, 0x0020), b"4711")].concat();
    let study = element((0x0020, 0x000d), b"2.25.79");
    [patient, study, element((0x0020, 0x000e), b"2.25.80")].concat()
}

fn of_study(uid: &str) -> Vec<u8> {
    let patient = [element((0x0010, 0x0010), b"DOE "), element((0x0010, 0x0020), b"4711")].concat();
    let study = element((0x0020, 0x000d), uid.as_bytes());
    [instance(INSTANCE), patient, study, element((0x0020, 0x000e), b"2.25.80")].concat()
}

fn wide() -> Vec<u8> {
    let tags =
        (0..60_000_u16).map(|number| (0x1001 + 2 * (number / 20_000), 0x1000 + number % 20_000));
    [instance(INSTANCE), study(), tags.flat_map(|tag| element(tag, b"ab")).collect()].concat()
}

fn private_groups() -> Vec<u8> {
    let groups = (0..16_000).map(|number| 0x1001 + 2 * number);
    let group =
        |group| [element((group, 0x0010), b"VENDOR"), element((group, 0x1000), b"ab")].concat();
    [instance(INSTANCE), study(), groups.flat_map(group).collect()].concat()
}

/// Identifiers and patient in Explicit VR.
fn explicit_study() -> Vec<u8> {
    let patient = [
        explicit_element((0x0010, 0x0010), *b"PN", "DOE"),
        explicit_element((0x0010, 0x0020), *b"LO", "4711"),
        explicit_element((0x0020, 0x000d), *b"UI", "2.25.79"),
        explicit_element((0x0020, 0x000e), *b"UI", "2.25.80"),
    ];
    explicit(patient.concat())
}

/// Rows times columns is zero in 32 bits.
fn image_of_ul() -> Vec<u8> {
    let binary = |tag: (u16, u16), vr: &[u8; 2], value: &[u8]| {
        let length = u16::try_from(value.len()).unwrap().to_le_bytes();
        [little(tag).as_slice(), vr, &length, value].concat()
    };
    let us = |element: u16, value: u16| binary((0x0028, element), b"US", &value.to_le_bytes());
    let ul = |element: u16| binary((0x0028, element), b"UL", &0x1_0000_u32.to_le_bytes());
    let size = [
        us(0x0002, 1),
        explicit_element((0x0028, 0x0004), *b"CS", "MONOCHROME2"),
        ul(0x0010),
        ul(0x0011),
        us(0x0100, 16),
        us(0x0101, 12),
        us(0x0102, 11),
        us(0x0103, 0),
    ];
    let pixels = [little((0x7fe0, 0x0010)).as_slice(), b"OW\0\0", &8192_u32.to_le_bytes()].concat();
    [explicit_study(), size.concat(), pixels, vec![1; 8192]].concat()
}

fn nested_and_stored() -> Vec<u8> {
    let nested = explicit_defined(REQUEST_ATTRIBUTES);
    // Defined lengths: the innermost are a sound sequence of themselves.
    [explicit_study(), nested[nested.len() - 20 * 1_800..].to_vec()].concat()
}

fn any_patient() -> Vec<u8> {
    [element((0x0010, 0x0010), b""), element((0x0010, 0x0020), b"")].concat()
}

fn implicit(nested: Vec<u8>) -> Vec<u8> {
    [instance(INSTANCE), nested].concat()
}

fn explicit(nested: Vec<u8>) -> Vec<u8> {
    let head = [
        explicit_element((0x0008, 0x0016), *b"UI", CT),
        explicit_element((0x0008, 0x0018), *b"UI", INSTANCE),
    ];
    [head.concat(), nested].concat()
}

fn nested_query() -> Vec<u8> {
    [element((0x0008, 0x0052), b"STUDY "), implicit_undefined(REFERENCED_IMAGE)].concat()
}

fn at_the_level_of_studies(keys: &[u8]) -> Vec<u8> {
    [&element((0x0008, 0x0052), b"STUDY "), keys].concat()
}

fn endless_query(mebibytes: usize) -> Vec<u8> {
    at_the_level_of_studies(&endless(mebibytes))
}

fn endless(mebibytes: usize) -> Vec<u8> {
    let document = element((0x0042, 0x0011), &vec![1; mebibytes << 20]);
    [element((0x0010, 0x0020), b""), document].concat()
}

/// Private elements, which no server looks for.
fn wide_query() -> Vec<u8> {
    let keys = (0x1000..0x1000 + 60_000).flat_map(|number| element((0x0101, number), b""));
    at_the_level_of_studies(&keys.collect::<Vec<_>>())
}

fn pattern_query() -> Vec<u8> {
    at_the_level_of_studies(&pattern())
}

/// For a name that nearly matches a patient of the server.
fn pattern() -> Vec<u8> {
    element((0x0010, 0x0010), &[&b"*a".repeat(10)[..], b"*b"].concat())
}

/// An element of VR UN and undefined length, whose content is in Implicit VR.
fn in_un() -> Vec<u8> {
    let open = [&little(PRIVATE), b"UN\0\0\xff\xff\xff\xff".as_slice(), ITEM_OPEN].concat();
    [open, implicit_undefined(PRIVATE)].concat()
}

fn in_vendor_sequence() -> Vec<u8> {
    let creator = element((0x2001, 0x0010), b"Philips Imaging DD 001");
    let nested = implicit_defined(REFERENCED_IMAGE);
    assert_eq!(nested.len(), 16 * DEPTH);
    let item = element((0xfffe, 0xe000), &nested);
    [creator, element((0x2001, 0x105f), &item)].concat()
}

const ITEM_OPEN: &[u8] = b"\xfe\xff\x00\xe0\xff\xff\xff\xff";
const ITEM_END: &[u8] = b"\xfe\xff\x0d\xe0\0\0\0\0";
const SEQUENCE_END: &[u8] = b"\xfe\xff\xdd\xe0\0\0\0\0";

/// What a vendor's dictionary knows as a sequence ends at a delimiter, however long it is; what
/// stands behind that are elements of the data set.
fn behind_a_delimiter(hidden: &[u8]) -> Vec<u8> {
    // All of DCMTK's programs have this vendor in their dictionary.
    let creator = element((0x0009, 0x0010), b"DCMTK_ANONYMIZER");
    [creator, element((0x0009, 0x1000), &[SEQUENCE_END, hidden].concat())].concat()
}

fn nested_behind_a_delimiter() -> Vec<u8> {
    let nested = implicit_undefined(REQUEST_ATTRIBUTES);
    let ends = [ITEM_END, SEQUENCE_END].concat().repeat(DEPTH);
    let hidden = behind_a_delimiter(&[nested, ends].concat());
    [instance(INSTANCE), hidden, study()].concat()
}

fn path_behind_a_delimiter() -> Vec<u8> {
    let hidden = behind_a_delimiter(&element((0x0010, 0x0020), ESCAPED.as_bytes()));
    [hidden, element((0x0010, 0x0020), b"1 ")].concat()
}

fn unknown(tag: (u16, u16)) -> Vec<u8> {
    explicit_element(tag, *b"UN", "")
}

fn text(tag: (u16, u16)) -> Vec<u8> {
    explicit_element(tag, *b"LO", "abcd")
}
