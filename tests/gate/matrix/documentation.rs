//! `docs/peers.md` says what these tests run: it is made from their tables.

use super::archives::Kind;
use super::front::Version;
use super::installed::{node_modules, python, run};
use super::operations::{ARCHIVES, VERSIONS};
use super::profiles::{Expected, PROFILES, PROGRAMS};
use super::requestors::{Operation, Requestor};
use super::samples::{ENCAPSULATED, Exception, NOT_WALKED, UNSOUND, stored_samples};
use crate::documentation::made::{holds, table};
use crate::own_tests::{NOT_THROUGH, TESTS};
use crate::services::TRIED;
use crate::support::dcmtk::words;
use pacsgate_core::transfer_syntax::{TransferSyntax, Walk};
use std::path::Path;
use std::process::Command;

/// Each peer with the version that the page speaks of.
const PEERS: [(&str, &str, &str); 10] = [
    ("DCMTK", "3.6.7", "requestors over TLS, and the PACS storescp, dcmqrscp and wlmscpfs"),
    ("Orthanc", "1.10.1", "PACS"),
    ("stunnel", "5.68", "TLS client before getscu and movescu, which have none in Debian"),
    ("HAProxy", "2.6.12", "balancer before the gate, and before a PACS that is told the source"),
    ("keepalived", "2.2.7", "checks the files of config/nodes"),
    ("pynetdicom", "3.0.4", "requestor over TLS, and PACS for MPPS, commitment and print"),
    ("pydicom", "3.0.2", "sample objects"),
    ("pydicom-data", "1.0.0", "more sample objects"),
    ("dcmjs-dimse", "0.3.3", "requestor over TLS"),
    ("kubernetes-validate", "1.37.0", "checks packaging/kubernetes by the schemas of Kubernetes"),
];

#[test]
fn the_page_of_peers_says_what_is_run() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/peers.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, page()).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap();
    assert!(found == page(), "docs/peers.md is old: run this test with UPDATE_DOCS=1");
}

#[test]
fn the_page_names_every_sample_that_the_gate_does_not_store() {
    let rows = UNSOUND.iter().map(|it| {
        let names = it.files.iter().map(|file| format!("`{}`", file.trim_end_matches(".dcm")));
        let names = names.collect::<Vec<_>>().join(", ");
        [names, format!("`{}`", it.error.code()), it.why.to_owned()]
    });
    holds("data-sets", "samples", &table(["samples", "rule", "why"], &rows.collect::<Vec<_>>()));
}

#[test]
#[ignore = "needs all peers: run tests/all"]
fn the_installed_peers_are_those_of_the_page() {
    for (peer, version, _) in PEERS {
        let printed = words(&run(&mut asking_for_its_version(peer)));
        // Debian's own number comes behind a hyphen.
        let is_it = |word: &str| word.trim_start_matches('v').split('-').next() == Some(version);
        let is_it = printed.split_whitespace().any(is_it);
        assert!(is_it, "docs/peers.md speaks of {peer} {version}; this one says: {printed}");
    }
}

fn asking_for_its_version(peer: &str) -> Command {
    let with = |program: &Path, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(arguments);
        command
    };
    match peer {
        "DCMTK" => with(Path::new("/usr/bin/echoscu"), &["--version"]),
        "Orthanc" => with(Path::new("/usr/sbin/Orthanc"), &["--version"]),
        "HAProxy" => with(Path::new("/usr/sbin/haproxy"), &["-v"]),
        "keepalived" => with(Path::new("/usr/sbin/keepalived"), &["--version"]),
        "stunnel" => with(Path::new("/usr/bin/stunnel4"), &["-version"]),
        "dcmjs-dimse" => {
            let mut node = with(Path::new("node"), &["-p", "require('dcmjs-dimse').version"]);
            node.env("NODE_PATH", node_modules());
            node
        }
        _ => {
            // It brings a package of another name.
            let package = match peer {
                "pydicom-data" => "data_store",
                "kubernetes-validate" => "kubernetes_validate",
                same => same,
            };
            let program = format!("import {package} as it; print(it.__version__)");
            with(&python(), &["-c", &program])
        }
    }
}

fn page() -> String {
    let parts = [
        INTRODUCTION.to_owned(),
        peers(),
        tls_profiles(),
        operations(),
        services(),
        own_tests(),
        objects(),
    ];
    parts.join("\n")
}

const INTRODUCTION: &str = "# Peers that the gate is tested with

`tests/all` installs these programs where they are missing and runs what this page lists. The page
is made from the tables of the tests in `tests/gate`; `UPDATE_DOCS=1 cargo test --test gate
page_of_peers` writes it anew.
";

fn peers() -> String {
    let rows = PEERS.map(|(peer, version, part)| format!("| {peer} | {version} | {part} |\n"));
    format!("| peer | version | part |\n|---|---|---|\n{}", rows.concat())
}

fn tls_profiles() -> String {
    let rows = PROFILES.iter().map(|profile| {
        let offered = profile.capped.map_or("as the profile has it", |version| match version {
            Version::Tls12 => "TLS 1.2 at most",
            Version::Tls13 => "TLS 1.3 at most",
        });
        let result = match profile.expected {
            Expected::Connects(version) => format!("connects with TLS {}", version.number()),
            Expected::Refused(reason) => format!("refused: `{reason}`"),
        };
        format!("| `{}` {} | {offered} | {result} |\n", profile.option, profile.name)
    });
    format!(
        "## TLS profiles of DCMTK\n\n`{}`, each in every profile.\n\n\
         | profile | version offered | result |\n|---|---|---|\n{}",
        PROGRAMS.join("`, `"),
        rows.collect::<String>()
    )
}

fn operations() -> String {
    let names = Operation::ALL.map(Operation::name);
    let versions = VERSIONS.map(Version::number);
    let rows = Requestor::ALL.into_iter().flat_map(|requestor| {
        let cells = format!("same as direct |{}", " same as direct |".repeat(names.len() - 1));
        ARCHIVES.map(|kind| format!("| {} | {} | {cells}\n", requestor.name(), kind.name()))
    });
    format!(
        "## Operations\n\nEach operation is done directly, then through the gate with TLS {}. The \
         answers are\nequal word for word, and the objects of C-GET and those at the destination \
         of C-MOVE byte for\nbyte. The destinations are listed in `move_to`; the PACS \
         reaches them, each a storescp, without\nthe gate.\n\n| requestor | PACS | {} |\n|---|---{}|\n{}",
        versions.join(" and TLS "),
        names.join(" | "),
        "|---".repeat(names.len()),
        rows.collect::<String>()
    )
}

fn services() -> String {
    let rows = TRIED.iter().map(|it| {
        format!(
            "- `{}`, from {} to {}\n  - permitted: {}\n  - forbidden: {}\n",
            it.service, it.requestors, it.pacs, it.permitted, it.forbidden
        )
    });
    format!(
        "## Services\n\nWhat is permitted is done; what is forbidden, the gate answers itself, \
         with the status 0124H\n(refused: not authorized), the other side never hears of it, and \
         the association lives on. Where no\npermitted context is left, the association is \
         rejected instead. The audit names all of it.\n\n{}",
        rows.collect::<String>()
    )
}

fn own_tests() -> String {
    let rows =
        NOT_THROUGH.iter().map(|it| format!("| `{}` | {} | {} |\n", it.name, it.tests, it.why));
    let passed = TESTS - NOT_THROUGH.iter().map(|it| it.tests).sum::<usize>();
    format!(
        "## Tests of pynetdicom\n\nOf the {TESTS} tests of services that come with pynetdicom, \
         {passed} pass through the gate when it permits\nevery service, with requestor and PACS \
         on its two sides. The others do what the gate refuses:\n\n\
         | test | cases | why |\n|---|---|---|\n{}",
        rows.collect::<String>()
    )
}

fn objects() -> String {
    let kinds = [Kind::Storescp, Kind::Dcmqrscp, Kind::Orthanc];
    let rows = kinds.map(|kind| {
        format!("| {} | {} | all but those below |\n", kind.name(), stored_samples(kind))
    });
    let unsound = UNSOUND.iter().flat_map(|it| {
        it.files.iter().map(|file| format!("| `{file}` | {} | {} |\n", it.error, it.why))
    });
    let refused = NOT_WALKED.iter().map(|exception| {
        let Exception { file, transfer_syntax, why } = exception;
        format!("| `{file}` | {transfer_syntax} | {why} |\n")
    });
    let encapsulated = TransferSyntax::all().filter(|it| it.walk() == Walk::Encapsulated).count();
    format!(
        "## Objects\n\npynetdicom sends every file of pydicom and pydicom-data that names its SOP \
         class, instance and\ntransfer syntax, as it is, one association each. What the PACS stores \
         of them directly, it stores\nthrough the gate, with the same bytes, unless its data set \
         breaks a rule.\n\n\
         | PACS | stored directly | of these identical through the gate |\n|---|---|---|\n{}\n\
         Of the {encapsulated} encapsulated transfer syntaxes that the gate permits, storescp \
         takes {ENCAPSULATED}. An object under\neach of these names arrives identical, too.\n\n\
         The gate refuses, as `no-permitted-service`, whatever the PACS would do:\n\n\
         | sample | transfer syntax | reason |\n|---|---|---|\n{}\n\
         With the status C000H and this comment it refuses, of those that some PACS stores:\n\n\
         | sample | error comment | why |\n|---|---|---|\n{}",
        rows.concat(),
        refused.collect::<String>(),
        unsound.collect::<String>()
    )
}
