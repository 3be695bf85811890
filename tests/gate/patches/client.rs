//! The one that is harmed is who retrieves: a hostile PACS, and a client before it.

use crate::matrix::front::{Front, PUBLIC_TITLE, Version};
use crate::matrix::installed::run;
use crate::support::associate::{Associate, CT, Item, STUDY_GET};
use crate::support::dcmtk::{settings, words};
use crate::support::dimse::{command, image, uid, us};
use crate::support::exchange::fragments;
use crate::support::pacs::{Accepted, Pacs};
use crate::support::pdu::{COMMAND, LAST, p_data};
use crate::support::settings::Settings;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

/// The row of the page.
pub(super) const LINE: &str = "| `getscu_path_in_a_returned_uid` | getscu `+B`, before a hostile PACS \
     | path in a UID (CVE-2026-50003) | C-STORE for a C-GET, whose SOP Instance UID is `../escaped` \
     | a file outside its directory | closed: `acceptor-malformed-command` |\n";
const ESCAPED: &str = "../escaped";

#[test]
#[ignore = "needs DCMTK: run tests/all"]
fn a_path_in_a_returned_uid_leads_getscu_out_of_its_directory() {
    let pacs = Pacs::playing(returns_a_path);
    let into = Into::new();
    let said = into.retrieve(pacs.address);
    assert!(into.escaped().exists(), "{said}");
}

#[test]
#[ignore = "needs DCMTK and stunnel: run tests/all"]
fn a_path_in_a_returned_uid_does_not_reach_getscu_through_the_gate() {
    let pacs = Pacs::first_playing(returns_a_path);
    let front = Front::with(settings(Settings::new(pacs.address)).services(r#"["echo", "get"]"#));
    let into = Into::new();
    let said = into.retrieve(front.stunnel(Version::Tls13));
    let closed = front.gate.audited("closed", "acceptor-malformed-command");
    assert!(!into.escaped().exists(), "{said}");
    assert_eq!(closed["peer"], "ct1", "{closed}");
}

/// Where a client writes to.
struct Into {
    directory: TempDir,
}

impl Into {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        std::fs::create_dir(directory.path().join("objects")).unwrap();
        Self { directory }
    }

    fn objects(&self) -> PathBuf {
        self.directory.path().join("objects")
    }

    fn escaped(&self) -> PathBuf {
        self.objects().join(ESCAPED)
    }

    /// What it says while it retrieves a study as it comes, bit for bit.
    fn retrieve(&self, from: SocketAddr) -> String {
        let mut getscu = Command::new("/usr/bin/getscu");
        getscu.args(["-v", "-to", "5", "-td", "5", "-aet", "CT1", "-aec", PUBLIC_TITLE]);
        getscu.args(["-S", "+B", "-k", "0008,0052=STUDY", "-k", "0020,000d=2.25.1", "-od"]);
        getscu.arg(self.objects()).args([from.ip().to_string(), from.port().to_string()]);
        words(&run(&mut getscu))
    }
}

fn returns_a_path(pacs: &mut Accepted) {
    let request = pacs.request();
    let acceptance = request.acceptance().with_user(Item::roles(CT, 0, 1));
    pacs.send(&acceptance.encode());
    pacs.message();
    let context = context_of(&request, CT);
    let store = command(&[
        uid(0x0002, CT),
        us(0x0100, 0x0001),
        us(0x0110, 7),
        us(0x0700, 0),
        us(0x0800, 1),
        uid(0x1000, ESCAPED),
    ]);
    pacs.send(&p_data(context, COMMAND | LAST, &store));
    pacs.send(&fragments(context, &image(1000), 16_000));
    pacs.message();
    let all_done = command(&[
        uid(0x0002, STUDY_GET),
        us(0x0100, 0x8010),
        us(0x0120, 1),
        us(0x0800, 0x0101),
        us(0x0900, 0),
    ]);
    pacs.send(&p_data(context_of(&request, STUDY_GET), COMMAND | LAST, &all_done));
    pacs.answer();
}

fn context_of(request: &Associate, class: &str) -> u8 {
    request.proposed().iter().find(|context| context.abstract_syntax == class).unwrap().id
}
