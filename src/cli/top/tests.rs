//! What is shown, by the sizes of terminals.

use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::live::draw;
use super::screen::Screen;
use super::status::Status;

/// A gate with a device whose title is not its own, and another that nobody knows.
const STATUS: &str = r#"{
    "schema": 1, "time": "2026-11-29T11:10:00Z", "since": "2026-11-26T11:00:00Z", "version": "0.1.0",
    "configuration": "1b65443323a7c7351489683619cb39d49864b390740a635feaf07ed5576fcd32",
    "verdict": {"state": "act", "sentence": "ct2 is refused: its calling title is not bound to it.",
        "what_to_do": "Correct the title on the device, or paste what stands below.",
        "more": ["1 certificate ends within a month."]},
    "refusals": [
        {"number": 7, "who": "ct2", "known": true, "count": 3, "last": "2026-11-29T11:05:00Z", "reason": "calling-title",
         "line": {"calling": "CT-2", "called": "PACS", "pdus": 1}, "detail": "the calling title CT-2 is not bound to ct2",
         "nearest": "it may claim CT2", "advice": "Correct the calling title on the device.",
         "paste": {"to": "in [peer.ct2], instead of its calling_ae",
                   "text": "calling_ae = [\"CT2\", \"CT-2\"]\n"}},
        {"number": 6, "who": "us1\u001b[2J", "count": 1, "last": "2026-11-29T10:10:00Z",
         "line": {"certificate": {"sha256": "00"}},
         "reason": "certificate-unknown", "detail": "the certificate belongs to nobody"}],
    "open": [{"peer": "ct1", "pacs": "archive", "direction": "inward", "source": "10.1.2.3",
        "since": "2026-11-29T11:08:30Z", "bytes": 12340000, "objects": 24}],
    "open_more": 0,
    "day": {"associations": [0, 1, 4, 8], "objects": [0, 2, 3, 1000], "refused": [0, 0, 0, 3],
        "failed": [0, 0, 0, 1], "would_refuse": [0, 0, 0, 0]},
    "targets": [{"pacs": "archive", "is_asked": true, "in_use": 1, "addresses": [
        {"address": "10.10.0.5:104", "state": "down", "since": "2026-11-29T11:00:00Z",
         "trouble": "the connection was refused"},
        {"address": "10.10.0.6:104", "state": "alive", "round_trip_ms": 3}]}],
    "ends": [{"table": "listener.front.tls", "what": "certificate", "days": 12},
        {"table": "peer.ct1", "what": "certificate", "days": 300}],
    "report_only": [],
    "reloads": [{"time": "2026-11-29T09:00:00Z", "reason": "refused",
        "configuration": "1b65443323a7c7351489683619cb39d49864b390740a635feaf07ed5576fcd32",
        "detail": "pacsgate.toml:8:1: listener.front.bind: is missing"}]
}"#;

fn screen() -> Screen {
    let status: Status = serde_json::from_str(STATUS).unwrap();
    assert!(status.is_known());
    Screen::new(status)
}

fn shown(screen: &Screen, width: u16, height: u16) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, screen)).unwrap();
    let buffer = terminal.backend().buffer();
    let line = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
    (0..height).map(line).map(|line| line.trim_end().to_owned()).collect()
}

#[test]
fn shows_what_matters_on_a_usual_terminal() {
    let expected = [
        "pacsgate 0.1.0, up 3 days, 1 open, configuration 1b65443323a7, 11:10:00Z",
        "ACT: ct2 is refused: its calling title is not bound to it.",
        "Correct the title on the device, or paste what stands below.",
        "1 certificate ends within a month.",
        "PACS",
        "  archive  10.10.0.5:104  down           10 min ago: the connection was refused",
        "  archive  10.10.0.6:104  alive, in use  3 ms",
        "Refused lately",
        "  > ct2  calling-title  3 times  5 min ago  CT-2 to PACS",
        "Unknown devices, refused lately",
        "    us1\\x1b[2J  certificate-unknown  once  60 min ago",
        "Why ct2 was refused",
        "  the calling title CT-2 is not bound to ct2",
        "  it may claim CT2",
        "  Correct the calling title on the device.",
        "  Paste in [peer.ct2], instead of its calling_ae:",
        "    calling_ae = [\"CT2\", \"CT-2\"]",
        "1 open association",
        "  ct1 -> archive  90 s  24 objects  12.3 MB  10.1.2.3",
        "The last 24 hours",
        "  associations  13      \u{2581}\u{2584}\u{2588}",
        "  objects       1,005   \u{2581}\u{2581}\u{2588}",
        "  refused       4         \u{2588}",
        "q quits, up and down choose a refusal",
    ];
    assert_eq!(shown(&screen(), 80, 24), expected);
}

#[test]
fn shows_the_verdict_and_the_pacs_on_a_small_one() {
    let expected = [
        "pacsgate 0.1.0, up 3 days, 1 open, con..",
        "ACT: ct2 is refused: its calling title",
        "is not bound to it.",
        "Correct the title on the device, or",
        "PACS",
        "  archive  10.10.0.5:104  down        ..",
        "  archive  10.10.0.6:104  alive, in us..",
        "Refused lately",
        "  > ct2  calling-title  3 times  5 min..",
        "q quits, up and down choose a refusal",
    ];
    assert_eq!(shown(&screen(), 40, 10), expected);
}

#[test]
fn explains_the_refusal_that_is_chosen_and_stays_with_it() {
    let mut screen = screen();
    screen.step(true);
    let found = shown(&screen, 80, 30).join("\n");
    assert!(found.contains("  > us1\\x1b[2J"), "{found}");
    assert!(
        found.contains(
            "Why the unknown us1\\x1b[2J was refused\n  the certificate belongs to nobody"
        )
    );
    // It is the last one; another one comes before it.
    screen.step(true);
    let again: Status = serde_json::from_str(&STATUS.replace(
        r#""refusals": ["#,
        r#""refusals": [{"number": 9, "who": "mr1", "known": true, "reason": "limit", "detail": "too many"},"#,
    ))
    .unwrap();
    screen.status = again;
    assert!(shown(&screen, 80, 30).join("\n").contains("Why the unknown us1\\x1b[2J was refused"));
    screen.step(false);
    screen.step(false);
    screen.step(false);
    assert!(shown(&screen, 80, 30).join("\n").contains("Why mr1 was refused"));
}

#[test]
fn strangers_that_come_later_hide_no_device_that_is_known() {
    let stranger = |number: u32| {
        let line = if number < 20 { r#"{"calling": "ct2"}"# } else { "{}" };
        format!(r#"{{"number": {number}, "who": "ct2", "detail": "why", "line": {line}}},"#)
    };
    let strangers = (10..30).map(stranger).collect::<String>();
    let text = STATUS.replace(r#""refusals": ["#, &format!(r#""refusals": [{strangers}"#));
    let mut screen = Screen::new(serde_json::from_str(&text).unwrap());
    let found = shown(&screen, 80, 40);
    let at = |start: &str| found.iter().position(|line| line.starts_with(start)).unwrap();
    assert_eq!(found[at("Refused lately") + 1].split_whitespace().next(), Some(">"), "{found:#?}");
    assert!(found[at("Refused lately") + 1].contains("calling-title"), "{found:#?}");
    assert!(at("Refused lately") < at("Unknown devices, refused lately"), "{found:#?}");
    assert!(at("Why ct2 was refused") < at("Refused without a certificate or a title"));
    screen.step(true);
    assert!(shown(&screen, 80, 40).join("\n").contains("Why the unknown ct2 was refused"));
}

#[test]
fn says_that_the_gate_does_not_answer_and_since_when() {
    let mut screen = screen();
    screen.trouble = Some("nobody answers at /run/pacsgate/admin.sock\u{1b}[0m".into());
    let found = shown(&screen, 80, 24);
    assert_eq!(found[1], "NO ANSWER: nobody answers at /run/pacsgate/admin.sock\\x1b[0m");
    assert_eq!(found[2], "What follows is what it said last.");
    assert!(found[0].ends_with("11:10:00Z"));
}

#[test]
fn fits_every_terminal_and_obeys_nobody() {
    let hostile = STATUS
        .replace("ct2", "\\u001b]0;x\\u0007\\u009b\\u202e\u{e9}\\n")
        .replace("archive", "\u{1f600}");
    let screens = [
        screen(),
        Screen::new(serde_json::from_str(&hostile).unwrap()),
        Screen::new(serde_json::from_str(r#"{"schema": 1}"#).unwrap()),
    ];
    for screen in &screens {
        for (width, height) in
            (1..=90).flat_map(|width| [1, 2, 3, 7, 8, 24, 60].map(|it| (width, it)))
        {
            let found = shown(screen, width, height).concat();
            let is_ours = |letter| matches!(letter, ' '..='~' | '\u{2581}'..='\u{2588}');
            assert!(found.chars().all(is_ours), "{width} x {height}: {found:?}");
        }
    }
}

#[test]
fn understands_its_own_version_only() {
    let status: Status = serde_json::from_str(r#"{"schema": 2}"#).unwrap();
    assert!(!status.is_known());
    let newer: Status = serde_json::from_str(r#"{"schema": 1, "weather": {"rain": []}}"#).unwrap();
    assert!(newer.is_known());
}
