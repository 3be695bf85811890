//! The requestors of the matrix, all driven in the same way.

use super::archives::{Archive, STUDIES, TITLE, files_under, objects_under};
use super::front::{Front, PUBLIC_TITLE, Version};
use super::installed::{node_modules, python, run, script};
use crate::support::dcmtk::words;
use crate::support::site::GATE_NAME;
use serde_json::{Value, json};
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Requestor {
    Dcmtk,
    Pynetdicom,
    DcmjsDimse,
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Echo,
    Store,
    Find,
    Get,
    Move,
}

/// Which way it goes.
#[derive(Clone, Copy)]
pub(crate) enum Route<'a> {
    Direct,
    Gated(&'a Front, Version),
}

/// A study, with one series of it.
#[derive(serde::Serialize)]
pub(crate) struct Study {
    pub(crate) patient: &'static str,
    pub(crate) study: &'static str,
    pub(crate) series: &'static str,
}

/// One operation with what it needs.
pub(crate) struct Task {
    pub(crate) operation: Operation,
    pub(crate) files: Vec<PathBuf>,
    pub(crate) destination: String,
}

/// What came of it: the answers, and the objects that came with them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) told: Vec<String>,
    pub(crate) objects: Vec<Vec<u8>>,
}

/// Storage classes and transfer syntaxes of what the loaded archives hold.
const CLASSES: [&str; 2] = ["1.2.840.10008.5.1.4.1.1.1", "1.2.840.10008.5.1.4.1.1.2"];
const SYNTAXES: [&str; 1] = ["1.2.840.10008.1.2.1"];

impl Operation {
    /// All of them.
    pub(crate) const ALL: [Self; 5] = [Self::Echo, Self::Store, Self::Find, Self::Get, Self::Move];

    /// As the standard writes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Echo => "C-ECHO",
            Self::Store => "C-STORE",
            Self::Find => "C-FIND",
            Self::Get => "C-GET",
            Self::Move => "C-MOVE",
        }
    }

    fn order(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::Store => "store",
            Self::Find => "find",
            Self::Get => "get",
            Self::Move => "move",
        }
    }
}

impl Task {
    /// An operation without files or destination.
    pub(crate) fn new(operation: Operation) -> Self {
        Self { operation, files: Vec::new(), destination: String::new() }
    }
}

impl Requestor {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Dcmtk, Self::Pynetdicom, Self::DcmjsDimse];

    /// As its makers write it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Dcmtk => "DCMTK",
            Self::Pynetdicom => "pynetdicom",
            Self::DcmjsDimse => "dcmjs-dimse",
        }
    }

    /// Does one task and collects what it was told.
    pub(crate) fn run(self, task: &Task, archive: &Archive, route: Route<'_>) -> Outcome {
        let into = TempDir::new().unwrap();
        let mut told = Vec::new();
        let commands = match self {
            Self::Dcmtk => dcmtk(task, archive, route, into.path()),
            Self::Pynetdicom | Self::DcmjsDimse => {
                vec![self.scripted(&order(task, archive, route, into.path()))]
            }
        };
        for mut command in commands {
            let output = run(&mut command);
            assert!(output.status.success(), "{command:?}:\n{}", words(&output));
            told.extend(self.answers(&words(&output)));
        }
        told.sort();
        let objects = self.objects(into.path());
        Outcome { told, objects }
    }

    fn scripted(self, order: &Value) -> Command {
        let mut command = if self == Self::Pynetdicom {
            let mut python = Command::new(python());
            python.arg(script("scu.py"));
            python
        } else {
            let mut node = Command::new("node");
            node.env("NODE_PATH", node_modules()).arg(script("scu.js"));
            node
        };
        command.arg(order.to_string());
        command
    }

    fn answers(self, printed: &str) -> Vec<String> {
        let is_answer = |line: &&str| match self {
            Self::Dcmtk => line.contains("Response"),
            Self::Pynetdicom | Self::DcmjsDimse => line.starts_with("{\""),
        };
        printed.lines().filter(is_answer).map(str::to_owned).collect()
    }

    /// dcmjs-dimse hands over data sets, the others make files of them.
    fn objects(self, directory: &Path) -> Vec<Vec<u8>> {
        if self != Self::DcmjsDimse {
            return objects_under(directory);
        }
        let files = files_under(directory);
        let mut objects: Vec<_> = files.iter().map(|path| std::fs::read(path).unwrap()).collect();
        objects.sort();
        objects
    }
}

fn order(task: &Task, archive: &Archive, route: Route<'_>, into: &Path) -> Value {
    let mut order = json!({
        "operation": task.operation.order(),
        "host": "127.0.0.1",
        "calling": "CT1",
        "files": task.files,
        "workers": archive.kind.writers(),
        "studies": STUDIES,
        "classes": CLASSES,
        "syntaxes": SYNTAXES,
        "destination": task.destination,
        "into": into,
    });
    match route {
        Route::Direct => {
            order["port"] = archive.address.port().into();
            order["called"] = TITLE.into();
        }
        Route::Gated(front, version) => {
            order["port"] = front.gate.address.port().into();
            order["called"] = PUBLIC_TITLE.into();
            order["tls"] = json!(front.certificates());
            order["name"] = GATE_NAME.into();
            order["version"] = version.number().into();
        }
    }
    order
}

/// One command for each thing to ask: these programs put one query or retrieval each.
fn dcmtk(task: &Task, archive: &Archive, route: Route<'_>, into: &Path) -> Vec<Command> {
    let call = |program: &str, options: &[&str]| dcmtk_call(program, options, archive, route);
    match task.operation {
        Operation::Echo => vec![call("echoscu", &[])],
        Operation::Store => {
            let mut command = call("storescu", &[]);
            command.args(&task.files);
            vec![command]
        }
        Operation::Find => STUDIES.iter().flat_map(|study| finds(study, into, &call)).collect(),
        Operation::Get => retrievals(&|key| {
            let into = into.to_string_lossy();
            call("getscu", &["-S", "+B", "-od", &into, "-k", "0008,0052=STUDY", "-k", key])
        }),
        Operation::Move => retrievals(&|key| {
            let to = task.destination.as_str();
            call("movescu", &["-S", "-aem", to, "-k", "0008,0052=STUDY", "-k", key])
        }),
    }
}

fn retrievals(make: &dyn Fn(&str) -> Command) -> Vec<Command> {
    STUDIES.iter().map(|it| make(&format!("0020,000d={}", it.study))).collect()
}

fn finds(study: &Study, into: &Path, call: &dyn Fn(&str, &[&str]) -> Command) -> Vec<Command> {
    let patient = format!("0010,0020={}", study.patient);
    let uid = format!("0020,000d={}", study.study);
    let series = format!("0020,000e={}", study.series);
    let levels: [&[&str]; 3] = [
        &["0008,0052=STUDY", &patient, "0020,000d", "0008,0020", "0010,0010"],
        &["0008,0052=SERIES", &uid, "0020,000e", "0008,0060"],
        &["0008,0052=IMAGE", &uid, &series, "0008,0018", "0020,0013"],
    ];
    let make = |keys: &[&str]| {
        // The program numbers its files anew each time.
        let into = TempDir::new_in(into).unwrap().keep();
        let into = into.to_string_lossy().into_owned();
        let keys = keys.iter().flat_map(|key| ["-k", key]);
        let options: Vec<_> = ["-S", "-X", "-od", &into].into_iter().chain(keys).collect();
        call("findscu", &options)
    };
    levels.into_iter().map(make).collect()
}

fn dcmtk_call(program: &str, options: &[&str], archive: &Archive, route: Route<'_>) -> Command {
    let (address, called, security) = match route {
        Route::Direct => (archive.address, TITLE, Vec::new()),
        Route::Gated(front, version) => {
            let (address, security) = dcmtk_security(program, front, version);
            (address, PUBLIC_TITLE, security)
        }
    };
    let mut command = Command::new(format!("/usr/bin/{program}"));
    command.args(["-v", "-aet", "CT1", "-aec", called]).args(security).args(options);
    command.args(["127.0.0.1", &address.port().to_string()]);
    command
}

/// Debian's `getscu` and `movescu` have no TLS: they go through stunnel.
fn dcmtk_security(program: &str, front: &Front, version: Version) -> (SocketAddr, Vec<OsString>) {
    if matches!(program, "getscu" | "movescu") {
        return (front.stunnel(version), Vec::new());
    }
    let profile = match version {
        Version::Tls12 => "+pz",
        Version::Tls13 => "+py",
    };
    let mut options = front.credentials.options();
    options.push(profile.into());
    (front.gate.address, options.into_iter().map(OsString::from).collect())
}
