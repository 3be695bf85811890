//! What the gate is put between: a PACS, and devices that send to it.

use crate::machine::{Machine, Said};
use crate::support::authority::Profile;
use crate::support::configuration::{Table, main_file, named, pacs, peer, tls};
use crate::support::site::{CT1_NAME, gate_rsa, site};
use std::fs;
use std::process::{Child, Stdio};

/// Where the PACS stores.
const ARCHIVE: &str = "/srv/archive";
/// How many pauses of a second the PACS makes in an object depends on its length.
const SLOWLY: &str = "--sleep-during 1";
/// The port of the gate.
pub(crate) const PORT: u16 = 2762;

/// Starts the PACS, and puts the configuration and the certificates of the gate in their places.
pub(crate) fn prepare(machine: &Machine) {
    start_pacs(machine, "");
    let write = |name: &str, text: &str| {
        fs::write(machine.path(&format!("/etc/pacsgate/{name}")), text).unwrap();
    };
    write("tls/gateway.pem", &gate_rsa().chain_pem());
    write("tls/gateway.key", &gate_rsa().key_pem());
    write("tls/client-ca.pem", &site().root.pem());
    write("pacsgate.toml", &configuration(PORT));
    write("conf.d/ct1.toml", &device("ct1", CT1_NAME, "CT1"));
    // As the manual says.
    machine.done(&["chown", "-R", "root:pacsgate", "/etc/pacsgate"]);
    machine.done(&["chmod", "-R", "u=rwX,g=rX,o=", "/etc/pacsgate"]);

    let credentials = |name: &str, text: &str| {
        fs::write(machine.path(&format!("/root/{name}")), text).unwrap();
    };
    let ct2 = site().root.issue(&Profile::client("ct2.radiology.example"));
    for (name, identity) in [("ct1", &site().ct1), ("ct2", &ct2)] {
        credentials(&format!("{name}.pem"), &identity.chain_pem());
        credentials(&format!("{name}.key"), &identity.key_pem());
    }
    credentials("ca.pem", &site().root.pem());
    make_object(machine);
}

/// The same, with the gate running.
pub(crate) fn serving() -> Machine {
    let machine = Machine::installed();
    prepare(&machine);
    machine.done(&["systemctl", "enable", "--now", "pacsgate"]);
    assert_stores(&machine);
    machine
}

/// The main file of a gate that listens on this port.
pub(crate) fn configuration(port: u16) -> String {
    let files = ["gateway.pem", "gateway.key", "client-ca.pem"];
    let [certificate, key, authority] = files.map(|name| format!("/etc/pacsgate/tls/{name}"));
    main_file(&[
        ("listener.front", &Table::from([("bind", format!("[\"[::]:{port}\"]"))])),
        ("listener.front.tls", &tls(certificate, key, authority)),
        ("pacs.archive", &pacs("127.0.0.1:11112", &["PACS"])),
    ])
}

/// The file of a device.
pub(crate) fn device(name: &str, dns: &str, title: &str) -> String {
    named(format!("peer.{name}"), &peer(&[("san_dns", dns)], &[title], &["echo", "store"]))
}

/// From now on the PACS takes seconds for an object.
pub(crate) fn slow_down_pacs(machine: &Machine) {
    start_pacs(machine, SLOWLY);
}

/// Sends the object as CT1.
pub(crate) fn send(machine: &Machine) -> Said {
    send_as(machine, "ct1", "CT1", PORT)
}

/// Sends it as this device to this port.
pub(crate) fn send_as(machine: &Machine, name: &str, title: &str, port: u16) -> Said {
    let output = start_to_send(machine, name, title, port).wait_with_output().unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    Said { code: output.status.code(), text }
}

/// Sends it and does not wait.
pub(crate) fn start_to_send(machine: &Machine, name: &str, title: &str, port: u16) -> Child {
    let (key, certificate) = (format!("/root/{name}.key"), format!("/root/{name}.pem"));
    let port = port.to_string();
    let mut command = machine.command(&["storescu", "-v", "-aet", title, "-aec", "PACS"]);
    command.args(["+tls", &key, &certificate, "+cf", "/root/ca.pem"]);
    command.args(["127.0.0.1", &port, "/root/object.dcm"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Asserts that an object of CT1 reaches the PACS.
pub(crate) fn assert_stores(machine: &Machine) {
    let said = send(machine);
    assert_eq!(said.code, Some(0), "{}\n{}", said.text, machine.journal());
    assert_eq!(take_stored(machine), 1);
}

/// How many objects the PACS has got since this was asked last.
pub(crate) fn take_stored(machine: &Machine) -> usize {
    let files = machine.path(ARCHIVE).read_dir().unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| fs::remove_file(path).unwrap()).count()
}

/// Starts the PACS, or another in its place.
pub(crate) fn start_pacs(machine: &Machine, option: &str) {
    fs::create_dir_all(machine.path(ARCHIVE)).unwrap();
    let unit = format!(
        "[Service]\n\
         ExecStart=/usr/bin/storescp --fork {option} -aet PACS -od {ARCHIVE} 11112\n"
    );
    fs::write(machine.path("/etc/systemd/system/pacs.service"), unit).unwrap();
    machine.done(&["systemctl", "daemon-reload"]);
    machine.done(&["systemctl", "restart", "pacs"]);
    machine.wait_for("PACS", || {
        let said = machine.run(&["echoscu", "-aec", "PACS", "127.0.0.1", "11112"]);
        (said.code == Some(0)).then_some(())
    });
}

/// An image of 64 KiB, in /root/object.dcm.
pub(crate) fn make_object(machine: &Machine) {
    fs::write(machine.path("/root/pixels.raw"), vec![0x2a; 0x1_0000]).unwrap();
    let dump = "(0008,0016) UI =CTImageStorage\n\
         (0008,0018) UI [2.25.77.1]\n\
         (0008,0060) CS [CT]\n\
         (0010,0010) PN [Doe^Jane]\n\
         (0010,0020) LO [4711]\n\
         (0020,000d) UI [2.25.79]\n\
         (0020,000e) UI [2.25.80]\n\
         (0028,0002) US 1\n\
         (0028,0004) CS [MONOCHROME2]\n\
         (0028,0010) US 128\n\
         (0028,0011) US 256\n\
         (0028,0100) US 16\n\
         (0028,0101) US 16\n\
         (0028,0102) US 15\n\
         (0028,0103) US 0\n\
         (7fe0,0010) OW =/root/pixels.raw\n";
    fs::write(machine.path("/root/object.dump"), dump).unwrap();
    machine.done(&["dump2dcm", "+te", "/root/object.dump", "/root/object.dcm"]);
}
