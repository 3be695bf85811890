//! Web pages, as they are and as nobody should send them.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

use super::{Found, at, server};
use crate::support::pacs::Pacs;

/// A server that answers a GET with these bytes, over and over if that is said, and takes nothing else.
fn page(answer: impl Into<Vec<u8>>, is_endless: bool) -> SocketAddr {
    let answer = answer.into();
    server(move |mut socket| {
        let mut asked = [0; 4];
        if socket.read_exact(&mut asked).is_err() || &asked != b"GET " {
            return;
        }
        let _ = socket.read(&mut [0; 1024]);
        let mut sent = socket.write_all(&answer);
        while is_endless && sent.is_ok() {
            sent = socket.write_all(&answer);
        }
        // Whoever has only half of a page waits.
        let _ = socket.read_to_end(&mut Vec::new());
    })
}

fn found(answer: impl Into<Vec<u8>>) -> Found {
    at(page(answer, false))
}

/// Nothing that a terminal, a browser or a reader of lines would obey.
fn assert_harmless(found: &Found) {
    let report = found.report.to_string();
    let is_odd = |letter: char| letter.is_control() || "\u{202e}\u{2066}\u{feff}".contains(letter);
    assert!(!report.contains(is_odd), "{report:?}");
    for text in found.report["findings"].as_array().unwrap() {
        let shown = format!("{}{}", text["evidence"].as_str().unwrap_or_default(), text["title"]);
        assert!(!shown.contains(is_odd), "{shown:?}");
        assert!(shown.chars().count() < 1_000, "{shown}");
    }
}

#[test]
fn recognises_a_web_interface_and_goes_nowhere_else() {
    let elsewhere = Pacs::good();
    let target = elsewhere.address;
    for status in [301, 302, 303, 307, 308] {
        let found = found(format!(
            "HTTP/1.1 {status} Moved\r\nLocation: http://{target}/app/explorer.html\r\n\
             Refresh: 0; url=http://{target}/\r\nLink: <http://{target}/>; rel=preload\r\n\
             Alt-Svc: h2=\"{target}\"\r\nContent-Length: 0\r\n\r\n"
        ));
        assert_eq!(found.severity("web-open"), Some("critical"), "{found:?}");
        let seen = found.evidence("web-open");
        assert!(seen.starts_with(&format!("HTTP {status}, location \"http://{target}/")), "{seen}");
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[test]
fn an_answer_that_only_begins_as_http_is_a_web_page() {
    for answer in [
        "HTTP/1.1 200\u{1b}[31m OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nServer: \u{1b}]0;owned\u{7}\r\n\r\n",
        "HTTP/1.1 200 OK\r\nServer: a\rb\r\n\r\n",
        "HTTP/1.1 200 OK\r\nbad field : x\r\n\r\n",
        "HTTP/1.1 999999 what\r\n\r\n",
        "HTTP/1.7 200 OK\r\n\r\n",
        "HTTP/0.9 200 OK\r\n\r\n",
        "HTTP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n",
        // Half of a head, and then nothing.
        "HTTP/1.1 200 OK\r\nServer: slow",
        "HTTP/1.",
    ] {
        let found = found(answer);
        assert_eq!(found.severity("web"), Some("medium"), "{answer:?}: {found:?}");
        assert_eq!(found.code, Some(2), "{answer:?}");
        assert_harmless(&found);
    }
    for answer in ["HTTP/2.0 200 OK\r\n\r\n", "http/1.1 200 OK\r\n\r\n", "HTTP/1"] {
        let found = found(answer);
        assert!(found.severity("web").is_none(), "{answer:?}: {found:?}");
    }
}

#[test]
fn what_a_page_says_of_itself_is_escaped_and_short() {
    let long = "A".repeat(20_000);
    for answer in [
        // The control characters of ISO 8859-1 that terminals obey as they do ESC [.
        "HTTP/1.1 200 OK\r\nServer: \u{9b}31mred \u{90}\u{9d}0;x\r\n\r\n".to_owned(),
        "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"\u{202e}\u{2066}x\"\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\n\r\n<title>\u{1b}[31m\r\nCRITICAL  forged\u{85}\u{2028}\u{feff}</title>"
            .to_owned(),
        format!("HTTP/1.1 302 Found\r\nServer: {long}\r\nLocation: /{long}\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\n\r\n<title>{long}</title>"),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nx".to_owned(),
    ] {
        let found = found(answer.clone());
        let codes = found.codes();
        let is_web = ["web", "web-plain", "web-open"].iter().any(|code| codes.contains(code));
        assert!(is_web, "{answer:?}: {found:?}");
        assert_harmless(&found);
    }
    // Bytes that are no text.
    let found =
        found(&b"HTTP/1.1 200 OK\r\nServer: \x9b31m\xff\xfe\r\n\r\n<title>\x9b2J</title>"[..]);
    assert_eq!(found.severity("web"), Some("medium"), "{found:?}");
    assert_harmless(&found);
}

#[test]
fn an_endless_answer_comes_to_an_end() {
    for (first, rest) in [
        ("HTTP/1.1 200 OK\r\n", "X-More: \u{1b}[31m\r\n"),
        ("HTTP/1.1 200 OK\r\n", "X-More: x\r\n"),
        ("HTTP/1.1 200 OK\r\nServer: ", "AAAAAAAAAAAAAAAA"),
        ("", "HTTP/1.1 100 Continue\r\n\r\n"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", "extension"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X: y\r\n"),
        ("HTTP/1.1 200 OK\r\n\r\n<title>", "more"),
    ] {
        let address = server(move |mut socket| {
            let mut asked = [0; 4];
            if socket.read_exact(&mut asked).is_ok() && &asked == b"GET " {
                let _ = socket.write_all(first.as_bytes());
                while socket.write_all(rest.as_bytes()).is_ok() {}
            }
        });
        let found = at(address);
        assert_eq!(found.severity("web"), Some("medium"), "{first:?} {rest:?}: {found:?}");
        assert_harmless(&found);
    }
    // One that drips.
    let drips = server(|mut socket| {
        let mut asked = [0; 4];
        if socket.read_exact(&mut asked).is_ok() && &asked == b"GET " {
            let answer =
                b"HTTP/1.1 200 OK\r\nServer: x\r\n".iter().chain(b"X: y\r\n".iter().cycle());
            for byte in answer {
                if socket.write_all(&[*byte]).is_err() {
                    return;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    });
    assert_eq!(at(drips).severity("web"), Some("medium"));
}
