//! The tests of services that come with pynetdicom, through a gate that permits all of them.
//!
//! `docs/peers.md` has how many there are, and those that the gate does not let pass, from here.

use crate::matrix::front::Front;
use crate::matrix::installed::{python, run_for, script};
use crate::support::configuration::pacs;
use crate::support::dcmtk::{settings, words};
use crate::support::settings::Settings;
use crate::support::site::GATE_NAME;
use pacsgate_core::services::{Operation, Service, SopClass, table, unnamed};
use pacsgate_core::side::Side;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;
use std::thread;
use std::time::Duration;

/// How many tests there are in the installed version.
pub(crate) const TESTS: usize = 774;

/// A test, or several of one name, that cannot pass.
pub(crate) struct NotThrough {
    pub(crate) name: &'static str,
    pub(crate) tests: usize,
    pub(crate) why: &'static str,
}

pub(crate) const NOT_THROUGH: [NotThrough; 8] = [
    NotThrough {
        name: "test_bad_request",
        tests: 31,
        why: "expects the PACS to abort after a C-STORE on the context of another service; the \
              gate refuses the command, and the association lives on",
    },
    NotThrough {
        name: "test_bad_req_identifier",
        tests: 5,
        why: "sends an identifier with a VR that does not exist, cut inside an element",
    },
    NotThrough {
        name: "test_scp_failed_ds_decode",
        tests: 2,
        why: "sends an object with a VR that does not exist, cut inside an element",
    },
    NotThrough {
        name: "test_status_enum",
        tests: 1,
        why: "sends an object with a VR that does not exist, cut inside an element",
    },
    NotThrough {
        name: "test_scp_cancelled",
        tests: 3,
        why: "sends a C-CANCEL on a context that was not accepted",
    },
    NotThrough {
        name: "test_scp_handler_sop_extended",
        tests: 1,
        why: "negotiates for SOP classes that it does not propose",
    },
    NotThrough {
        name: "test_scp_handler_move_origin",
        tests: 2,
        why: "names another system than itself as the originator of a C-MOVE, which the gate drops",
    },
    NotThrough {
        name: "test_unrestricted",
        tests: 1,
        why: "stores an object that belongs to no study",
    },
];

/// They wait more than they work, each for a PACS that starts and stops.
const SHARES: usize = 8;
/// The whole of a share, beside all that runs at the same time.
const LONGEST: Duration = Duration::from_mins(10);
/// UIDs that the tests invent for queries, retrieval and storage.
const INVENTED: [&str; 3] = ["1.2.3", "1.2.3.4", "1.2.840.10008.1.1.1.1.1.1.1.1"];
/// Where the PACS of the tests send objects.
const DESTINATIONS: [&str; 4] = ["ANY-SCP", "PYNETDICOM", "TESTMOVE", "TESTDEST"];

#[test]
#[ignore = "needs pynetdicom: run tests/all"]
fn what_pynetdicom_tests_of_services_passes_through_the_gate() {
    let shares: Vec<_> = reserved_ports()
        .into_iter()
        .enumerate()
        .map(|(share, ports)| {
            thread::spawn(move || {
                let front = front(ports[0]);
                let first = told(&front, ports, &json!({ "share": share, "of": SHARES }));
                // Many of these tests are in a hurry: alone, and once more, they say what they say.
                let again = json!({ "only": unexpected(&first) });
                let second = if unexpected(&first).is_empty() {
                    json!({ "passed": 0, "failed": [] })
                } else {
                    told(&front, ports, &again)
                };
                (first, second)
            })
        })
        .collect();
    let (mut run, mut not_through) = (0, BTreeMap::new());
    for share in shares {
        let (first, second) = share.join().unwrap();
        assert_eq!(failed(&second), [""; 0], "these pass without the gate");
        run += passed(&first) + failed(&first).len();
        for name in failed(&first).iter().map(|it| name(it)).filter(|it| is_expected(it)) {
            *not_through.entry(name.to_owned()).or_insert(0) += 1;
        }
    }
    assert_eq!(run, TESTS);
    let expected = NOT_THROUGH.iter().map(|it| (it.name.to_owned(), it.tests));
    assert_eq!(not_through, expected.collect());
}

/// A gate before the PACS of the tests, with every service and every SOP class.
fn front(port: u16) -> Front {
    let address = (Ipv4Addr::LOCALHOST, port).into();
    let mut settings = settings(Settings::new(address)).services(&every_service());
    settings.archive = pacs(format!("127.0.0.1:{port}"), &["ANY-SCP"]);
    settings.archive.insert("associations", "200".into());
    settings.ct1.insert("calling_ae", r#"["PYNETDICOM"]"#.into());
    settings.ct1.insert("move_to", format!("{DESTINATIONS:?}"));
    settings.ct1.insert("associations", "200".into());
    Front::with(settings)
}

fn every_service() -> String {
    let names = Service::NAMED.iter().filter_map(|it| it.name()).map(|it| format!("{it:?}"));
    let by_class = unnamed()
        .flat_map(|row| row.sop_classes.iter().flat_map(|class| both_roles(class, row.operations)));
    // Where the standard has the PACS report, some tests have the requestor report.
    let report = Operation::NEventReport;
    let reported = table().filter(|group| group.operations.allows(Side::Acceptor, report));
    let reported = reported.flat_map(|group| group.sop_classes);
    let reports = reported.map(|it| granted(it.uid, "scp", &[report]));
    let composite = [Operation::CFind, Operation::CGet, Operation::CMove, Operation::CStore];
    let invented = INVENTED.iter().map(|uid| granted(uid, "scu", &composite));
    let all = names.chain(by_class).chain(reports).chain(invented);
    format!("[{}]", all.collect::<Vec<_>>().join(", "))
}

fn both_roles(class: &SopClass, operations: &[Operation]) -> Vec<String> {
    let roles = if operations.is_empty() { &[][..] } else { &["scu", "scp"] };
    roles.iter().map(|role| granted(class.uid, role, operations)).collect()
}

fn granted(uid: &str, role: &str, operations: &[Operation]) -> String {
    let names: Vec<_> = operations.iter().map(|it| it.name()).collect();
    format!("{{ sop_class = {uid:?}, role = {role:?}, operations = {names:?} }}")
}

/// Two ports a share, below those that the kernel gives to whoever asks, as each is closed and
/// opened again with every test.
fn reserved_ports() -> Vec<[u16; 2]> {
    let free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    let from = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    let ports: Vec<_> = (from..).filter(free).take(2 * SHARES).collect();
    ports.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect()
}

fn told(front: &Front, [pacs, other]: [u16; 2], which: &Value) -> Value {
    let mut order = json!({
        "gate": front.gate.address.port(),
        "pacs": pacs,
        "other": other,
        "tls": front.certificates(),
        "name": GATE_NAME,
    });
    order.as_object_mut().unwrap().extend(which.as_object().unwrap().clone());
    let mut command = Command::new(python());
    command.args(["-B", "-m", "pytest", "--quiet", "--tb=short", "-p", "no:cacheprovider"]);
    command
        .args(["-p", "own_tests", "--pyargs"])
        .args(MODULES.map(|it| format!("pynetdicom.tests.test_service_{it}")));
    command.env("PYTHONPATH", script("")).env("OWN_TESTS", order.to_string());
    let said = words(&run_for(LONGEST, &mut command));
    let last = said.lines().rev().find_map(|line| serde_json::from_str(line).ok());
    let told = last.unwrap_or_else(|| panic!("it does not say how it went:\n{said}"));
    if which.get("only").is_some() {
        println!("{said}");
    }
    told
}

const MODULES: [&str; 8] = [
    "class",
    "n",
    "non_patient",
    "qr",
    "relevant_patient",
    "storage",
    "substance_admin",
    "verification",
];

fn passed(told: &Value) -> usize {
    usize::try_from(told["passed"].as_u64().unwrap()).unwrap()
}

fn failed(told: &Value) -> Vec<&str> {
    told["failed"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect()
}

fn unexpected(told: &Value) -> Vec<&str> {
    failed(told).into_iter().filter(|it| !is_expected(name(it))).collect()
}

fn is_expected(name: &str) -> bool {
    NOT_THROUGH.iter().any(|it| it.name == name)
}

/// The name of a test's function.
fn name(test: &str) -> &str {
    let last = test.rsplit("::").next().unwrap_or(test);
    last.split('[').next().unwrap_or(last)
}
