//! `pacsgate import`: lists of devices as other programs keep them, real and broken.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::PATIENCE;

/// A sample of each format, and the devices in it.
const SAMPLES: [(&str, &str, &[&str]); 5] = [
    ("devices.csv", "csv", &["ct1", "ws1", "us1", "printer", "mr1", "ct1-2"]),
    ("orthanc.json", "orthanc", &["ct1", "mr1", "ws1", "storescp"]),
    ("dcmqrscp.cfg", "dcmqrscp", &["ct1", "ws1", "ws2", "mr1"]),
    ("device.json", "dcm4chee", &["ct1", "storescp"]),
    ("acrnema.map", "conquest", &["conquestsrv1", "ct1", "ws1", "mobile"]),
];

/// What is told of the broken sample of each format.
const BROKEN: [(&str, &[&str]); 5] = [
    (
        "devices.csv",
        &[
            ":3:12: the AE title \"ULTRASOUND_ROOM_17\" is longer than 16 characters; correct it",
            ":3:31: \"192.0.2.300\" is neither",
            ":3:43: \"70000\" is no port; write",
        ],
    ),
    ("orthanc.json", &[":4:12: the port is missing", ":5:80: true or false is expected here"]),
    (
        "dcmqrscp.cfg",
        &[
            ":8:10: \"RX\" is no access; write R, W or RW",
            ":9:28: \"ws1\" is not in the HostTable above; add it",
        ],
    ),
    ("device.json", &[":5:66: \"/dicomNetworkConnection/1\" is no connection of this device"]),
    ("acrnema.map", &[":2:1: a line has title, host, port and compression"]),
];

const MAIN: &str = r#"schema = 1
[listener.front]
bind = ["127.0.0.1:0"]
plain = true
[pacs.archive]
address = "192.0.2.5:104"
called_ae = ["PACS"]
"#;

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/gate/import").join(name)
}

fn import(arguments: &[&Path]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pacsgate"));
    command.arg("import").args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

fn device<'a>(report: &'a Value, name: &str) -> &'a Value {
    let mut devices = report["devices"].as_array().unwrap().iter();
    devices.find(|it| it["name"] == name).unwrap_or_else(|| panic!("{name}: {report}"))
}

#[test]
fn reads_each_format_without_being_told_which() {
    for (file, format, names) in SAMPLES {
        let output = import(&[&sample(file), Path::new("--json")]);
        assert!(output.status.success(), "{file}: {}", told(&output));
        let report = json(&output);
        assert_eq!(report["format"], format);
        let devices = report["devices"].as_array().unwrap();
        let found: Vec<_> = devices.iter().map(|it| it["name"].as_str().unwrap()).collect();
        assert_eq!(found, names, "{file}");
        assert!(
            devices.iter().all(|it| it["gaps"].as_array().unwrap().contains(&"certificate".into()))
        );
    }
}

#[test]
fn fills_in_what_is_known() {
    let report = |file| json(&import(&[&sample(file), Path::new("--json")]));
    let csv = report("devices.csv");
    let ct = device(&csv, "ct1");
    assert_eq!(ct["titles"], serde_json::json!(["CT1", "CT1_QR"]));
    assert_eq!(
        ct["services"],
        serde_json::json!(["store", "worklist", "mpps", "storage-commitment"])
    );
    assert!(ct["toml"].as_str().unwrap().contains("# Room: Room 4; ground floor\n"), "{ct}");
    assert!(device(&csv, "mr1")["gaps"].as_array().unwrap().contains(&"services".into()));
    let orthanc = report("orthanc.json");
    assert_eq!(device(&orthanc, "ws1")["services"], serde_json::json!(["echo", "find", "move"]));
    assert!(device(&orthanc, "ct1")["gaps"].as_array().unwrap().contains(&"services".into()));
    let dcmqrscp = report("dcmqrscp.cfg");
    assert_eq!(
        device(&dcmqrscp, "ws2")["services"],
        serde_json::json!(["echo", "find", "move", "get"])
    );
    assert!(device(&dcmqrscp, "ws2")["toml"].as_str().unwrap().contains("Acme Imaging"));
    let dcm4chee = report("device.json");
    assert_eq!(
        device(&dcm4chee, "ct1")["services"],
        serde_json::json!(["echo", "store", "worklist"])
    );
    assert_eq!(device(&report("acrnema.map"), "ws1")["host"], "ws1.radiology.example");
}

#[test]
fn points_at_what_looks_wrong() {
    let cases = [
        ("devices.csv", "ct1 and CT1 in line 2 differ only in case"),
        ("devices.csv", "\"no query\" was not wholly understood"),
        ("orthanc.json", "STORESCP is a title with which programs are delivered"),
        ("orthanc.json", "STORESCP is on the machine of the list itself"),
        ("dcmqrscp.cfg", "OPEN is open to ANY device (W)"),
        ("device.json", "dcm4chee-arc is the archive itself"),
        ("acrnema.map", "\"V*\" stands for many titles and is left out"),
    ];
    for (file, expected) in cases {
        let output = import(&[&sample(file)]);
        assert!(told(&output).contains(expected), "{file}: {}", told(&output));
    }
}

#[test]
fn names_place_and_cure_of_a_mistake_and_writes_nothing() {
    for (file, expected) in BROKEN {
        let folder = TempDir::new().unwrap();
        let path = sample("broken").join(file);
        let output = import(&[&path, Path::new("--write"), folder.path()]);
        assert_eq!(output.status.code(), Some(1), "{file}");
        for expected in expected {
            let expected = format!("{}{expected}", path.display());
            assert!(told(&output).contains(&expected), "{expected}\n{}", told(&output));
        }
        assert!(output.stdout.is_empty());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{file}");
    }
}

#[test]
fn writes_a_file_for_each_device_and_none_over_another() {
    let folder = TempDir::new().unwrap();
    let write = [&*sample("dcmqrscp.cfg"), Path::new("--write"), folder.path()];
    fs::write(folder.path().join("ws2.toml"), "mine").unwrap();
    let output = import(&write);
    assert_eq!(output.status.code(), Some(1));
    assert!(told(&output).contains("ws2.toml is there already"), "{}", told(&output));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    fs::remove_file(folder.path().join("ws2.toml")).unwrap();
    assert!(import(&write).status.success());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4);
}

#[test]
fn what_it_writes_loads_when_the_gaps_are_filled() {
    for (file, _, names) in SAMPLES {
        let site = TempDir::new().unwrap();
        let main = site.path().join("pacsgate.toml");
        let drop_ins = site.path().join("conf.d");
        fs::create_dir(&drop_ins).unwrap();
        fs::write(&main, MAIN).unwrap();
        let pacs = [Path::new("--pacs"), Path::new("archive")];
        let write = [&*sample(file), Path::new("--write"), &drop_ins];
        let output = import(&[&write[..], &pacs].concat());
        assert!(output.status.success(), "{}", told(&output));
        let check = || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_pacsgate"));
            command.arg("check").arg(&main).output().unwrap()
        };
        assert_eq!(check().status.code(), Some(78), "{file}: a gap does not load");
        for (number, name) in names.iter().enumerate() {
            let path = drop_ins.join(format!("{name}.toml"));
            let text = fs::read_to_string(&path).unwrap();
            let address = format!("from = [\"198.51.100.{}\"]\n", number + 1);
            let from = if text.contains("from = [") { "" } else { &address };
            let filled = text
                .replace("certificate = []\n", &format!("certificate = \"none\"\n{from}"))
                .replace("calling_ae = []", &format!("calling_ae = [\"FILLED{number}\"]"))
                .replace("services = []", "services = [\"echo\"]");
            fs::write(&path, filled).unwrap();
        }
        let checked = check();
        let words = String::from_utf8_lossy(&checked.stdout).into_owned();
        assert!(checked.status.success(), "{file}: {words}");
        assert!(words.contains(&format!("{} peers", names.len())), "{words}");
        let again = import(&[&*sample(file), Path::new("--config"), &main]);
        assert!(told(&again).contains("is a title of peer"), "{file}: {}", told(&again));
    }
}

#[test]
fn asks_what_it_cannot_tell_and_refuses_what_is_no_text() {
    let folder = TempDir::new().unwrap();
    let cases: [(&[u8], &str); 4] = [
        (b"once upon a time", ":1:1: it does not show what kind of file this is"),
        (b"title\nR\xf6\n", ":2:2: a byte that is not UTF-8"),
        (b"{\"DicomModalities\": {", ":1:21: not JSON: "),
        (b"title,host\nCT1,\"192.0.2.1\n", ":2:5: the field that begins here"),
    ];
    let path = folder.path().join("list");
    for (bytes, expected) in cases {
        fs::write(&path, bytes).unwrap();
        let output = import(&[&path]);
        assert_eq!(output.status.code(), Some(1));
        assert!(told(&output).contains(expected), "{}", told(&output));
    }
    assert_eq!(import(&[&path, Path::new("--format"), Path::new("excel")]).status.code(), Some(64));
    assert_eq!(import(&[&folder.path().join("none")]).status.code(), Some(1));
}

#[test]
fn waits_for_no_pipe_and_takes_what_is_piped_in() {
    let folder = TempDir::new().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [&*pipe, folder.path(), Path::new("/dev/zero")] {
        let output = import(&[path]);
        assert_eq!(output.status.code(), Some(1));
        assert!(told(&output).ends_with(": is not a regular file\n"), "{}", told(&output));
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_pacsgate"));
    let list = fs::File::open(sample("devices.csv")).unwrap();
    let output = command.args(["import", "-", "--json"]).stdin(list).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    assert_eq!(json(&output)["devices"].as_array().unwrap().len(), 6);
}

#[test]
#[ignore = "needs DCMTK: run tests/all"]
fn dcmqrscp_takes_the_sample() {
    let (folder, port) = (TempDir::new().unwrap(), free_port());
    let number = PathBuf::from(port.to_string());
    let sample = sample("dcmqrscp.cfg");
    listens("/usr/bin/dcmqrscp", &["-c".as_ref(), &*sample, &*number], &folder, port);
}

#[test]
#[ignore = "needs Orthanc: run tests/all"]
fn orthanc_takes_the_sample() {
    let (folder, port) = (TempDir::new().unwrap(), free_port());
    let text = fs::read_to_string(sample("orthanc.json")).unwrap();
    let path = folder.path().join("orthanc.json");
    fs::write(&path, text.replace("\"DicomPort\" : 0", &format!("\"DicomPort\" : {port}")))
        .unwrap();
    listens("/usr/sbin/Orthanc", &[&*path], &folder, port);
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Starts a program, which ends instead where its configuration is wrong.
fn listens(program: &str, arguments: &[&Path], folder: &TempDir, port: u16) {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder.path());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let end = Instant::now() + PATIENCE;
    let mut is_open = false;
    while !is_open && child.try_wait().unwrap().is_none() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(20));
        is_open = TcpStream::connect(("127.0.0.1", port)).is_ok();
    }
    let ended = child.try_wait().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(is_open && ended.is_none(), "{program}: {ended:?}");
}
