//! The page in headless Chromium, driven over WebDriver: no error, no horizontal scrolling, and what
//! happens comes onto it by itself.

use super::{refused, status_with, watched};
use crate::report_only::until;
use crate::support::PATIENCE;
use crate::support::associate::{Associate, CT, EXPLICIT};
use crate::support::authority::Profile;
use crate::support::browser::Browser;
use crate::support::dimse::{image, store_rq};
use crate::support::http::Endpoint;
use crate::support::pdu::{COMMAND, LAST, p_data};
use crate::support::scenario::Scenario;
use crate::support::site::site;
use serde_json::json;
use std::thread;
use std::time::{Duration, Instant};

/// A phone, a tablet, a screen.
const WIDTHS: [u32; 3] = [360, 768, 1280];

fn address(admin: &Endpoint) -> String {
    let Endpoint::Tcp(address) = admin else { unreachable!() };
    format!("http://{address}/")
}

/// What a day has of everything.
fn busy() -> (Scenario, Endpoint) {
    let (scenario, admin) = crate::admin::watched_with(|mut settings| {
        settings.listener.insert("report_only_until", until(Duration::from_secs(3600)));
        settings.listener.insert("report_only_from", r#"["127.0.7.0/24"]"#.into());
        settings
    });
    for count in 1..=5 {
        let mut requestor = scenario.ct1();
        requestor.associate(&Associate::request("CT1", "PACS").context(1, CT, &[EXPLICIT]));
        for id in 1..=count {
            requestor.send(&p_data(1, COMMAND | LAST, &store_rq(id)));
            requestor.send(&p_data(1, LAST, &image(10_000)));
            requestor.receive_pdu();
        }
        requestor.release();
        scenario.serves_a_good_peer();
    }
    for _ in 0..4 {
        refused(&scenario, &site().ct1, &Associate::echo("CT9", "PACS"));
    }
    refused(&scenario, &site().mr1, &Associate::echo("MR1", "OLD_PACS"));
    refused(
        &scenario,
        &Profile::client("xa3.radiology.example").self_signed(),
        &Associate::echo("X", "Y"),
    );
    (scenario, admin)
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
    status_with(&admin, |status| status["refusals"].as_array().unwrap().len() == 3);
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
    status_with(&admin, |status| status["refusals"].as_array().unwrap().len() == 3);
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
    status_with(&admin, |status| status["refusals"].as_array().unwrap().len() == 3);
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
        let title = &title[..title.len().min(16)];
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
