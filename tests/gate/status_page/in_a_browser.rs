//! The page in headless Chromium, driven over WebDriver: no error, no horizontal scrolling, and what
//! happens comes onto it by itself.

use super::{refusal, refused, status_with, watched};
use crate::admin::watched_with;
use crate::report_only::until;
use crate::support::PATIENCE;
use crate::support::associate::{Associate, CT, EXPLICIT};
use crate::support::authority::Profile;
use crate::support::browser::Browser;
use crate::support::configuration::{pacs, peer};
use crate::support::dimse::{image, store_rq};
use crate::support::http::Endpoint;
use crate::support::pdu::{COMMAND, LAST, p_data};
use crate::support::requestor::{Caller, Requestor};
use crate::support::scenario::Scenario;
use crate::support::site::site;
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

/// A phone, a tablet, a screen.
const WIDTHS: [u32; 3] = [360, 768, 1280];

fn address(admin: &Endpoint) -> String {
    let Endpoint::Tcp(address) = admin else { unreachable!() };
    format!("http://{address}/")
}

/// More devices than the map has room for, with their titles.
const DEVICES: [(&str, &str, &str); 15] = [
    ("peer.us1", "us1.radiology.example", "US1"),
    ("peer.us2", "us2.radiology.example", "US2"),
    ("peer.us3", "us3.radiology.example", "US3"),
    ("peer.xa1", "xa1.radiology.example", "XA1"),
    ("peer.mg1", "mg1.radiology.example", "MG1"),
    ("peer.nm1", "nm1.radiology.example", "NM1"),
    ("peer.pt1", "pt1.radiology.example", "PT1"),
    ("peer.cr1", "cr1.radiology.example", "CR1"),
    ("peer.cr2", "cr2.radiology.example", "CR2"),
    ("peer.dx1", "dx1.radiology.example", "DX1"),
    ("peer.dx2", "dx2.radiology.example", "DX2"),
    ("peer.ct2", "ct2.radiology.example", "CT2"),
    ("peer.mr2", "mr2.radiology.example", "MR2"),
    ("peer.teleradiology-of-the-clinic", "tele.radiology.example", "TELE"),
    ("peer.es1", "es1.radiology.example", "ES1"),
];

/// What a day has of everything.
fn busy() -> (Scenario, Endpoint) {
    let (scenario, admin) = watched_with(|mut settings| {
        settings.listener.insert("report_only_until", until(Duration::from_secs(3600)));
        settings.listener.insert("report_only_from", r#"["127.0.7.0/24"]"#.into());
        let address = settings.archive["address"].trim_matches('"').to_owned();
        settings.more.push(("pacs.mammography", pacs(address, &["MAMMO"])));
        for (table, name, title) in DEVICES {
            let mut table_of = peer(&[("san_dns", name)], &[title], &["store"]);
            table_of.insert("pacs", r#"["archive", "mammography"]"#.into());
            settings.more.push((table, table_of));
        }
        settings
    });
    for (count, (_, name, title)) in (1..).zip(DEVICES) {
        let device = site().root.issue(&Profile::client(name));
        let pacs = if count % 3 == 0 { "MAMMO" } else { "PACS" };
        store(Caller::with(&device).call(scenario.gate.address).unwrap(), title, pacs, count);
    }
    store(scenario.ct1(), "CT1", "PACS", 40);
    let unlisted = site().root.issue(&Profile::client("new.radiology.example"));
    let unlisted = Caller::with(&unlisted).call_from([127, 0, 7, 1], scenario.gate.address);
    store(unlisted.unwrap(), "NEW", "PACS", 1);
    for _ in 0..4 {
        refused(&scenario, &site().ct1, &Associate::echo("CT9", "PACS"));
    }
    refused(&scenario, &site().mr1, &Associate::echo("MR1", "OLD_PACS"));
    refused(
        &scenario,
        &Profile::client("xa3.radiology.example").self_signed(),
        &Associate::echo("X", "Y"),
    );
    // Whoever asks for a page of the web here.
    let mut browser = TcpStream::connect(scenario.gate.address).unwrap();
    browser.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let _ = browser.read_to_end(&mut Vec::new());
    status_with(&admin, |status| {
        let reasons = ["calling-title", "called-title", "unknown-issuer", "http"];
        reasons.iter().all(|reason| refusal(status, reason).is_some())
            && refusal(status, "calling-title").unwrap()["count"] == 4
    });
    (scenario, admin)
}

/// So many images.
fn store(mut requestor: Requestor, calling: &str, called: &str, count: u16) {
    requestor.associate(&Associate::request(calling, called).context(1, CT, &[EXPLICIT]));
    for id in 1..=count {
        requestor.send(&p_data(1, COMMAND | LAST, &store_rq(id)));
        requestor.send(&p_data(1, LAST, &image(10_000)));
        requestor.receive_pdu();
    }
    requestor.release();
}

fn until_it_shows(browser: &Browser, text: &str) {
    let deadline = Instant::now() + PATIENCE;
    while !browser.text().contains(text) {
        assert!(Instant::now() < deadline, "no {text} in {}", browser.text());
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
#[ignore = "needs Chromium: run tests/all"]
fn loads_without_an_error_and_scrolls_to_no_side_at_any_width_in_light_and_dark() {
    let (scenario, admin) = busy();
    let mut requestor = scenario.associated();
    let browser = Browser::start();
    browser.open(&address(&admin));
    until_it_shows(&browser, "ct1 (CT9 to PACS) is refused, 4 times so far");
    for scheme in ["light", "dark"] {
        for width in WIDTHS {
            browser.resize(width, scheme);
            let page = browser.script("return document.documentElement.scrollWidth;");
            assert!(page.as_u64().unwrap() <= u64::from(width), "{page} at {width}");
            browser.picture(&format!("status-{width}-{scheme}"));
        }
    }
    assert_eq!(browser.complaints(), [""; 0]);
    requestor.release();
}

#[test]
#[ignore = "needs Chromium: run tests/all"]
fn shows_by_itself_what_happens_and_leaves_open_what_is_open() {
    let (scenario, admin) = busy();
    let browser = Browser::start();
    browser.open(&address(&admin));
    until_it_shows(&browser, "refused 4 times");
    // What the reader has closed stays that, wherever it goes.
    browser.script("window.known = document.querySelectorAll('.refusal')[1]; known.open = false;");
    refused(&scenario, &site().ct1, &Associate::echo("CT9", "PACS"));
    until_it_shows(&browser, "refused 5 times");
    let kept = browser.script("return [known.isConnected, known.open, known.id];");
    let id = browser.script("return document.querySelectorAll('.refusal')[0].id;");
    assert_eq!(kept, json!([true, false, id]));
    assert!(
        browser.title().contains("ct1 (CT9 to PACS) is refused, 5 times so far"),
        "{}",
        browser.title()
    );
    assert_eq!(browser.complaints(), [""; 0]);
    scenario.gate.stop();
    until_it_shows(&browser, "No answer from pacsgate since ");
}

#[test]
#[ignore = "needs Chromium: run tests/all"]
fn is_whole_without_javascript_and_copies_with_it() {
    let (_scenario, admin) = busy();
    let browser = Browser::start();
    browser.without_scripts();
    browser.open(&address(&admin));
    until_it_shows(&browser, "calling_ae = [\"CT1\", \"CT1_QR\", \"CT9\"]");
    assert!(!browser.text().contains("Copy"));
    drop(browser);
    let browser = Browser::start();
    browser.open(&address(&admin));
    until_it_shows(&browser, "Copy");
    browser.click("button[data-copy]");
    until_it_shows(&browser, "Copied");
}

#[test]
#[ignore = "needs Chromium: run tests/all"]
fn what_a_peer_says_runs_nothing() {
    let (scenario, admin) = watched();
    for title in ["<img src=/icon>", "<svg onload=a()>", "\"'><script>"] {
        refused(&scenario, &site().ct1, &Associate::echo(title, "PACS"));
        refused(
            &scenario,
            &Profile::client("<script>evil()</script>").self_signed(),
            &Associate::echo(title, "A"),
        );
    }
    status_with(&admin, |status| status["refusals"].as_array().unwrap().len() >= 2);
    let browser = Browser::start();
    browser.open(&address(&admin));
    until_it_shows(&browser, "<script>evil()</script>");
    let made = browser.script("return document.querySelectorAll('main img, main script').length;");
    assert_eq!(made, json!(0));
    assert_eq!(browser.complaints(), [""; 0]);
}
