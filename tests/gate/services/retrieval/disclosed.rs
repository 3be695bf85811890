//! What a C-GET brings, as a collector of messages about patients hears of it.

use super::{STUDY, getscu};
use crate::dicom_audit::validate;
use crate::matrix::archives::{Archive, Kind};
use crate::matrix::front::Front;
use crate::support::collector::Collector;
use crate::support::dcmtk::settings;
use crate::support::settings::Settings;
use crate::syslog::plain;
use std::net::TcpListener;
use tempfile::TempDir;

#[test]
#[ignore = "needs DCMTK, stunnel and xmllint: run tests/all"]
fn what_getscu_gets_is_told_as_a_transfer_from_the_pacs_to_the_device() {
    let archive = Archive::loaded(Kind::Dcmqrscp);
    let (spool, into) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let collector = Collector::plain(TcpListener::bind("127.0.0.1:0").unwrap());
    let mut settings = settings(Settings::new(archive.address)).services(r#"["get"]"#);
    let mut table = plain(collector.address, "dicom", spool.path());
    table.insert("phi", "true".to_owned());
    settings.more.push(("syslog.phi", table));
    let front = Front::with(settings);
    let objects = getscu(&front, into.path());
    front.gate.audited("closed", "released");
    front.gate.stop();
    let messages = collector.stop();
    let transfers: Vec<_> = ["110102", "110104"]
        .into_iter()
        .map(|code| {
            let code = format!("<EventID csd-code=\"{code}\"");
            let mut told = messages.iter().filter(|it| it.text.contains(&code));
            let (message, more) = (told.next().unwrap(), told.count());
            assert_eq!(more, 0, "{messages:#?}");
            message.text.clone()
        })
        .collect();
    for transfer in &transfers {
        assert!(transfer.contains(&format!("ParticipantObjectID=\"{STUDY}\"")), "{transfer}");
        // The PACS sends, which is code 110153 of both, and the device receives.
        let (_, behind) = transfer.split_once("UserName=\"archive\"").unwrap();
        let (_, role) = behind.split_once("csd-code=\"11015").unwrap();
        assert!(role.starts_with("3\""), "{transfer}");
    }
    let count = format!("NumberOfInstances=\"{objects}\"");
    assert!(transfers[1].contains(&count), "{count}: {}", transfers[1]);
    validate(&messages, into.path());
}
