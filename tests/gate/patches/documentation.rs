//! `docs/virtual-patches.md` says what these tests play: it is made from their table.

use super::client;
use super::harm::Harm;
use super::rows::{CAPPED, Row, TABLE};
use super::servers::Kind;
use std::path::Path;

/// What was tried in the same way and did no harm: the input, the servers, what happened.
const NOT_LIVE: [(&str, &str, &str); 25] = [
    ("nested sequences", "qrscp", "an error status, or stored"),
    ("nested sequences", "dcmqrscp, which forks", "a child dies, the server serves on"),
    (
        "nesting in an element of VR OB, or in pixel data",
        "storescp, Orthanc",
        "the association ends",
    ),
    ("a C-ECHO with a data set", "storescp, wlmscpfs, Orthanc", "A-ABORT"),
    ("data values that lie about their length", "storescp, wlmscpfs, Orthanc, qrscp", "A-ABORT"),
    ("requests that announce up to 4 GiB", "storescp, wlmscpfs", "the connection is reset"),
    ("about 80 broken command sets", "storescp, wlmscpfs, Orthanc, qrscp", "A-ABORT or an error"),
    ("40 odd data sets", "storescp, Orthanc, qrscp", "errors, or stored"),
    ("values that announce 4 GiB", "Orthanc, qrscp", "no growth"),
    ("34 odd identifiers of queries and retrievals", "Orthanc, qrscp", "an error status"),
    ("UIDs with a path", "storescp, Orthanc", "the file's name is cleaned"),
    ("many roles and extended negotiations", "storescp", "no growth"),
    ("a value of many `*`", "Orthanc, qrscp", "matched at once"),
    (
        "a value of 59 `?`, or of `*` in one run",
        "dcmqrscp, wlmscpfs, Orthanc, qrscp",
        "matched at once",
    ),
    (
        "`*` in a Japanese text of two-byte characters",
        "wlmscpfs",
        "an error status; dcmqrscp takes them for wildcards, and the gate for halves",
    ),
    ("30,000 empty elements in one item of a sequence", "dcmqrscp, Orthanc", "0.1 s"),
    ("200,000 empty items", "dcmqrscp, wlmscpfs", "0.2 s"),
    ("50,000 empty elements", "wlmscpfs", "0.2 s; 200,000 take 3 s"),
    ("50,000 empty elements", "qrscp", "1 to 4 s, in proportion to their number"),
    (
        "a list of 10,000 UIDs, or of 10,000 empty values",
        "dcmqrscp, Orthanc",
        "0.1 s; 1 s for a C-MOVE",
    ),
    (
        "more studies than a storage area may have (CVE-2026-10194), 501 of 500",
        "dcmqrscp, which forks",
        "a child aborts, the server serves on",
    ),
    (
        "200,000 elements beside each other",
        "storescp, dcmqrscp, qrscp",
        "up to 2.5 s, and no more for each than for fewer",
    ),
    (
        "another VR than the dictionary's for 41 elements that servers read, with about 2,000 values",
        "storescp `-ss`, `-su`, `-sp`, dcmqrscp, Orthanc, qrscp",
        "errors, or stored",
    ),
    (
        "430 odd images, tables and overlays, without those of the rows above",
        "Orthanc and its pages",
        "stored, shown or not",
    ),
    ("the shutdown class", "dcmqrscp without `--allow-shutdown`", "an ordinary association"),
];

#[test]
fn the_page_of_virtual_patches_says_what_is_played() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/virtual-patches.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, page()).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == page(), "put this into docs/virtual-patches.md:\n\n{}", page());
}

fn page() -> String {
    let rows = TABLE.iter().map(|(name, row)| line(name, row));
    let rows: String = rows.chain([client::LINE.to_owned()]).collect();
    let tried: String = NOT_LIVE
        .iter()
        .map(|(input, servers, result)| format!("| {input} | {servers} | {result} |\n"))
        .collect();
    format!(
        "{INTRODUCTION}\n| row | server | class | sent | directly | through the gate |\n\
         |---|---|---|---|---|---|\n{rows}\n## Tried, and not live\n\nThese did no harm to these \
         servers when they were sent directly, so they prove nothing here.\nThey were tried once, \
         outside these tests.\n\n| input | servers | what happened |\n|---|---|---|\n{tried}\n{LIMITS}"
    )
}

fn line(name: &str, row: &Row) -> String {
    let (event, reason) = row.stopped;
    let answer = if row.stopped == CAPPED {
        "permitted, with 50".to_owned()
    } else {
        format!("{event}: `{reason}`")
    };
    let (server, harm) = (server(row.server), harm(row.harm));
    format!("| `{name}` | {server} | {} | {} | {harm} | {answer} |\n", row.class, row.does)
}

const fn server(kind: Kind) -> &'static str {
    match kind {
        Kind::Storescp => "storescp",
        Kind::StorescpDeflated => "storescp `+xd`",
        Kind::StorescpRunning => "storescp `-xcr`",
        Kind::StorescpSorting => "storescp `-su`",
        Kind::Wlmscpfs => "wlmscpfs",
        Kind::WlmscpfsKeeping => "wlmscpfs `-rff #p`",
        Kind::Dcmqrscp => "dcmqrscp `--allow-shutdown`",
        Kind::Orthanc => "Orthanc",
        Kind::OrthancShowing => "Orthanc, its pages",
        Kind::Qrscp => "qrscp",
    }
}

const fn harm(harm: Harm) -> &'static str {
    match harm {
        Harm::Dies => "the server dies",
        Harm::Blocks => "nobody else is served",
        Harm::Leaks(_) => "memory is lost for good",
        Harm::Swells(_) => "memory grows by 200 MiB",
        Harm::Computes => "it computes for seconds",
        Harm::Writes => "a file outside its storage",
        Harm::Reads => "another directory is read",
    }
}

const INTRODUCTION: &str = "# Virtual patches

Inputs that harm real servers and clients, and what the gate makes of them. Each row is played twice by
`tests/all`, each time against a fresh server. Directly, it must do the harm. Through the gate, from
a peer with all services that the row needs, the same process must go on, serve the next peer, keep
its memory and write nothing outside its storage, and the audit must name the reason.

The servers are DCMTK 3.6.7 and Orthanc 1.10.1 as Debian 12 has them, with Debian's fixes, and qrscp
of pynetdicom 3.0.4. The page is made from the table of the tests; `UPDATE_DOCS=1 cargo test --test
gate page_of_virtual_patches` writes it anew.
";

const LIMITS: &str = "## What the gate cannot stop

- **Pixel decoders.** Pixel data is delimited, never decoded. A sound data set with a hostile JPEG
  reaches the PACS.
- **What runs after storage:** viewers, converters, databases, scripts. They work on an object that
  the gate has long let through.
- **What a permitted peer may do.** It may store false images, ask for every patient, and take its
  share of the PACS's associations, for as long as its services allow. A server that serves one
  association at a time, as storescp does, is held by each that is permitted. `objects_per_hour` and
  `objects_per_study` of its table bound how fast it fills one that bears only so much, such as the
  studies of a storage area of dcmqrscp (CVE-2026-10194); what it has stored before counts there, too.
- **What few wildcards cost.** A value may have three `*`, and in a Japanese text six letters that
  dcmqrscp takes for one. Before long texts that are all alike, and that a permitted peer may have
  stored, the latter hold dcmqrscp up; `wildcards = 1` leaves two of them.
- **Bugs of another kind.** A data set that keeps every rule of the gate can still meet a fault that
  nobody knows. These rows are classes that are known, in the servers named, and no more.
- **What only a vendor's dictionary says.** The gate opens a private element of defined length without a
  VR, or of VR UN, if an item stands at its beginning, and refuses a delimiter there. A reader whose
  dictionary of vendors calls it a sequence may open it whatever stands there, as pydicom does, and
  sees elements that others do not; they stay inside that value.
- **Many items.** Orthanc takes seven seconds for a sequence of 50,000 items of one element each. Sparse
  slides are such objects, so the gate does not limit them.
- **Sound objects that fill an index.** dcmqrscp never ends reading its index once one SOP instance was
  stored under studies A, B and A again: three sound C-STOREs. Each query after that hangs until
  `index.dat` is removed.
- **What goes around the gate.**
";
