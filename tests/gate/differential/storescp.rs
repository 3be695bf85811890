//! DCMTK's reader of association requests: what `storescp` prints of them.

use super::said::Said;
use crate::matrix::archives::free_address;
use crate::matrix::supervised::Supervised;
use crate::support::PATIENCE;
use crate::support::pdu::Pdu;
use std::io::Write;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const BEGIN: &str = "D: ====================== BEGIN A-ASSOCIATE-RQ =====================";
const END: &str = "D: ======================= END A-ASSOCIATE-RQ ======================";

/// UIDs by the names that it prints.
const NAMES: [(&str, &str); 12] = [
    ("VerificationSOPClass", "1.2.840.10008.1.1"),
    ("CTImageStorage", "1.2.840.10008.5.1.4.1.1.2"),
    ("MRImageStorage", "1.2.840.10008.5.1.4.1.1.4"),
    ("FINDStudyRootQueryRetrieveInformationModel", "1.2.840.10008.5.1.4.1.2.2.1"),
    ("MOVEStudyRootQueryRetrieveInformationModel", "1.2.840.10008.5.1.4.1.2.2.2"),
    ("GETStudyRootQueryRetrieveInformationModel", "1.2.840.10008.5.1.4.1.2.2.3"),
    ("StorageCommitmentPushModelSOPClass", "1.2.840.10008.1.20.1"),
    ("LittleEndianImplicit", "1.2.840.10008.1.2"),
    ("LittleEndianExplicit", "1.2.840.10008.1.2.1"),
    ("BigEndianExplicit", "1.2.840.10008.1.2.2"),
    ("JPEGBaseline", "1.2.840.10008.1.2.4.50"),
    ("JPEGLossless:Non-hierarchical-1stOrderPrediction", "1.2.840.10008.1.2.4.70"),
];

/// The lines of its report on each request, in the same order.
pub(super) fn read(requests: &[Vec<u8>]) -> Vec<Vec<String>> {
    let directory = TempDir::new().unwrap();
    let port = free_address().port();
    let folder = directory.path().to_str().unwrap().to_owned();
    let command = ["/usr/bin/storescp", "-d", "-od", &folder, &port.to_string()];
    let server = Supervised::start(directory, &command.map(Into::into));
    for request in requests {
        let mut socket = connect(port);
        socket.write_all(request).unwrap();
        Pdu::read(&mut socket).unwrap();
    }
    let log = server.log();
    let reports = log.split(BEGIN).skip(1).map(|rest| rest.split(END).next().unwrap());
    reports.map(|report| normalized(&report.lines().map(bare).collect::<Vec<_>>())).collect()
}

fn connect(port: u16) -> TcpStream {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match TcpStream::connect(("127.0.0.1", port)) {
            Ok(socket) => return socket,
            Err(error) => assert!(Instant::now() < deadline, "storescp: {error}"),
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn bare(line: &str) -> &str {
    line.strip_prefix("D: ").unwrap_or(line)
}

/// The lines about the request itself, without alignment, with UIDs instead of names.
fn normalized(report: &[&str]) -> Vec<String> {
    let others = ["Our ", "Responding ", "Accepted ", "User Identity "];
    let lines = report.iter().filter(|line| !line.is_empty());
    let lines = lines.filter(|line| !others.iter().any(|other| line.trim().starts_with(other)));
    lines.map(|line| with_uids(&spaced(line))).collect()
}

fn spaced(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn with_uids(line: &str) -> String {
    if let Some((_, uid)) = line.split_once(" (1.") {
        // Behind the name of a SOP class with information stands its UID.
        return format!("1.{}", uid.trim_end_matches(')'));
    }
    match line.split_once('=') {
        Some((before, name)) if before.is_empty() || before == "Abstract Syntax: " => {
            let known = NAMES.iter().find(|(known, _)| *known == name);
            format!("{before}{}", known.map_or(name, |(_, uid)| uid))
        }
        _ => line.to_owned(),
    }
}

/// What it has to print of a request.
pub(super) fn words_of(said: &Said) -> Vec<String> {
    let mut words = vec![
        format!("Their Implementation Class UID: {}", said.class),
        format!("Their Implementation Version Name: {}", said.version.clone().unwrap_or_default()),
        format!("Application Context Name: {}", said.application),
        format!("Calling Application Name: {}", said.calling),
        format!("Called Application Name: {}", said.called),
        format!("Their Max PDU Receive Size: {}", said.maximum),
        "Presentation Contexts:".to_owned(),
    ];
    for (id, class, syntaxes) in &said.contexts {
        words.push(format!("Context ID: {id} (Proposed)"));
        words.push(format!("Abstract Syntax: {class}"));
        words.push(format!("Proposed SCP/SCU Role: {}", role(said, class)));
        words.push("Proposed Transfer Syntax(es):".to_owned());
        words.extend(syntaxes.iter().cloned());
    }
    if said.extended.is_empty() {
        words.push("Requested Extended Negotiation: none".to_owned());
    } else {
        words.push("Requested Extended Negotiation:".to_owned());
    }
    for (class, information) in &said.extended {
        words.push(class.clone());
        let bytes: Vec<_> = information
            .as_bytes()
            .chunks(2)
            .map(|digits| format!("0x{}", str::from_utf8(digits).unwrap()))
            .collect();
        words.push(format!("[{}]", bytes.join(", ")));
    }
    // The gate's own business.
    words.push("Requested User Identity Negotiation: none".to_owned());
    words.iter().map(|line| spaced(line)).collect()
}

fn role(said: &Said, class: &str) -> &'static str {
    match said.roles.iter().find(|(of, ..)| of == class) {
        Some((_, true, true)) => "SCP/SCU",
        Some((_, false, true)) => "SCP",
        Some((_, true, false)) => "SCU",
        Some((_, false, false)) | None => "Default",
    }
}
