//! Whoever looks sees how a PACS is: on the page, in the terminal, in readiness.

use super::{ASKED, changed, nobody, served, told};
use crate::admin::at;
use crate::support::PATIENCE;
use crate::support::dcmtk::words;
use crate::support::http::Endpoint;
use crate::support::pacs::Pacs;
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::thread;
use std::time::{Duration, Instant};

fn until(admin: &Endpoint, is_so: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let ready = admin.json("/readyz");
        if is_so(&ready) {
            return ready;
        }
        assert!(Instant::now() < deadline, "{ready}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn asked(command: &str, socket: &PathBuf, more: &[&str]) -> Output {
    let mut asked = Command::new(env!("CARGO_BIN_EXE_pacsgate"));
    asked.arg(command).arg("--socket").arg(socket).args(more).output().unwrap()
}

#[test]
fn a_pacs_that_dies_shows_everywhere_and_one_that_comes_back_does() {
    let pacs = Pacs::good();
    let address = pacs.address;
    let gate = changed(&[address], &[ASKED], |it| at(it, r#"["./admin.sock"]"#));
    gate.wait_for_log("the admin endpoint is at ");
    let socket = gate.directory.path().join("admin.sock");
    let admin = Endpoint::Unix(socket.clone());
    told(&gate, address, "alive");
    assert_eq!(admin.get("/readyz").status, 200);
    pacs.stop();
    let ready = until(&admin, |ready| ready["ready"] == false);
    assert_eq!(admin.get("/readyz").status, 503);
    let target = &ready["targets"][0];
    assert_eq!(target["pacs"], "archive");
    assert!(target["in_use"].is_null(), "{ready}");
    let trouble = "no TCP connection: connection refused";
    assert_eq!(target["addresses"][0]["trouble"], trouble);
    let status = admin.json("/status.json");
    assert_eq!(status["verdict"]["state"], "act", "{}", status["verdict"]);
    let page = admin.get("/").body;
    assert!(page.contains(trouble), "{page}");
    let top = words(&asked("top", &socket, &["--once"]));
    assert!(top.contains("archive") && top.contains(trouble), "{top}");
    let said = asked("ready", &socket, &[]);
    assert_eq!(said.status.code(), Some(1), "{}", words(&said));
    assert!(asked("ready", &socket, &["--without-pacs"]).status.success());
    let _again = Pacs::good_at(address);
    until(&admin, |ready| ready["ready"] == true);
    assert!(asked("ready", &socket, &[]).status.success());
}

#[test]
fn a_gate_with_one_address_left_is_ready_and_says_which_is_away() {
    let (away, good) = (nobody(), Pacs::good());
    let gate = changed(&[away, good.address], &[ASKED], |it| at(it, r#"["127.0.0.1:0"]"#));
    let admin = Endpoint::of(&gate);
    told(&gate, away, "down");
    told(&gate, good.address, "alive");
    let ready = until(&admin, |ready| ready["targets"][0]["in_use"] == 1);
    assert_eq!(ready["ready"], true);
    assert_eq!(served(&gate, &mut 0), good.address.to_string());
    let status = admin.json("/status.json");
    let told = status["verdict"].to_string();
    assert!(status["verdict"]["state"] != "well" && told.contains(&away.to_string()), "{told}");
    let metrics = admin.get("/metrics").body;
    for (address, up) in [(away, 0), (good.address, 1)] {
        let sample = format!("pacsgate_target_up{{pacs=\"archive\",address=\"{address}\"}} {up}\n");
        assert!(metrics.contains(&sample), "{metrics}");
    }
}
