//! The keys of issuers, fetched beside everything else: from the start or a reload on, and until a
//! reload that takes the issuer out.

use crate::reload::{edit, reload};
use crate::support::PATIENCE;
use crate::support::scenario::Scenario;
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Instant;

/// A server that takes connections and never says a word.
fn silent() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("https://{}/certs", listener.local_addr().unwrap());
    (listener, url)
}

fn issuer(url: &str) -> String {
    format!(
        "[issuer.login]\nissuer = \"https://login.example\"\naudience = [\"pacsgate\"]\n\
         algorithms = [\"RS256\"]\nkeys_url = \"{url}\"\nkeys_ca = \"client-ca.crt\"\n"
    )
}

fn connected(listener: &TcpListener) -> TcpStream {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Ok((stream, _)) = listener.accept() {
            stream.set_nonblocking(false).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            return stream;
        }
        assert!(Instant::now() < deadline, "nobody fetches keys");
        thread::yield_now();
    }
}

/// Reads a ClientHello, and then that the gate has gone: a read that waits too long is an error.
fn assert_is_given_up(mut stream: TcpStream) {
    stream.read_to_end(&mut Vec::new()).expect("the gate still waits for keys");
}

#[test]
fn keys_are_fetched_from_a_reload_on_until_another_one() {
    let scenario = Scenario::usual();
    let (listener, url) = silent();
    let table = issuer(&url);
    edit(&scenario.gate, "schema = 1\n", &format!("schema = 1\n{table}"));
    reload(&scenario.gate);
    let stream = connected(&listener);
    // A server that hangs is nothing to those who show no token.
    scenario.serves_a_good_peer();
    edit(&scenario.gate, &table, "");
    scenario.gate.signal("HUP");
    assert_is_given_up(stream);
    scenario.serves_a_good_peer();
    // It was given up for the reload, and not because it took too long.
    let log = scenario.gate.stop().stderr;
    assert!(!log.contains("cannot be read"), "{log}");
}

#[test]
fn a_reload_that_changes_something_else_goes_on_fetching() {
    let scenario = Scenario::usual();
    let (listener, url) = silent();
    edit(&scenario.gate, "schema = 1\n", &format!("schema = 1\n{}", issuer(&url)));
    reload(&scenario.gate);
    let mut stream = connected(&listener);
    edit(&scenario.gate, "\"CT1\"", "\"CT9\"");
    scenario.gate.signal("HUP");
    let mut read = 0;
    for _ in 0..2 {
        scenario.gate.wait_for_next(&mut read, |line| line["event"] == "reload");
    }
    let mut hello = [0; 5];
    stream.read_exact(&mut hello).unwrap();
    assert_eq!(hello[0], 0x16, "a TLS handshake");
    stream.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "nobody fetches a second time meanwhile");
}
