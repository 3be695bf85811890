//! Which user a peer has to show: tokens, passwords, and peers without a certificate.

mod canary;
mod passwords;
mod real;
mod strangers;
pub(crate) mod tokens;

use crate::support::associate::{Associate, Item};
use crate::support::configuration::Table;
use crate::support::gate::Gate;
use crate::support::pacs::Pacs;
use crate::support::pdu::{ASSOCIATE_AC, Pdu};
use crate::support::requestor::{Caller, Requestor};
use crate::support::scenario::{Scenario, assert_rejected, echo};
use crate::support::settings::Settings;
use crate::support::site::site;
use serde_json::Value;
use std::sync::OnceLock;

/// What says only that a user was not accepted.
const NOT_AUTHENTICATED: [u8; 3] = [1, 2, 1];
/// A password that is not easily taken for anything else.
const PASSWORD: &str = "Kanarienvogel-4711";

/// Item 58 of type 2, without the wish for an answer.
fn password(user: &str, password: &str) -> Item {
    Item::identity(2, user.as_bytes(), password.as_bytes())
}

/// Item 58 of type 5.
fn token(token: &str) -> Item {
    Item::identity(5, token.as_bytes(), b"")
}

/// The same with the wish for an answer.
fn asking(mut identity: Item) -> Item {
    identity.body[1] = 1;
    identity
}

/// A line for the file of passwords, made once: that takes time.
fn line(user: &str) -> String {
    static HASH: OnceLock<String> = OnceLock::new();
    let hash = HASH.get_or_init(|| hashed(PASSWORD));
    format!("{user}:{hash}\n")
}

/// As `pacsgate hash-password` does it.
fn hashed(password: &str) -> String {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let mut command = Command::new(env!("CARGO_BIN_EXE_pacsgate"));
    command.arg("hash-password").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    writeln!(child.stdin.take().unwrap(), "{password}").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// `ct1` has to show one of these users, of those in the file, all of whom have the same password.
pub(crate) fn with_passwords(mut settings: Settings, users: &[&str], file: &[&str]) -> Settings {
    let lines: String = file.iter().map(|user| line(user)).collect();
    settings.file("passwords", &lines);
    settings.more.push(("passwords", Table::from([("file", r#""passwords""#.into())])));
    settings.ct1.insert("user_identity", r#""password""#.into());
    settings.ct1.insert("users", format!("{users:?}"));
    settings
}

/// A request of `ct1` for C-ECHO with this user identity.
fn request(identity: Item) -> Associate {
    Associate::echo("CT1", "PACS").with_user(identity)
}

/// Another title's.
fn request_as(calling: &str, identity: Item) -> Associate {
    Associate::echo(calling, "PACS").with_user(identity)
}

/// The request is accepted: the types of the user information of the answer.
fn accepted(mut requestor: Requestor, request: &Associate) -> Vec<u8> {
    let answer = requestor.associate(request);
    assert_eq!(answer.kind, ASSOCIATE_AC);
    echo(&mut requestor, 1);
    requestor.release();
    answer.user_kinds()
}

/// A gate whose `ct1` has to show a user, and what came of one request.
fn refused(
    change: impl FnOnce(Settings) -> Settings,
    request: &Associate,
    reason: &str,
) -> (Scenario, Value) {
    let scenario = Scenario::with(change);
    let mut requestor = scenario.ct1();
    requestor.send(&request.encode());
    assert_rejected(&mut requestor, NOT_AUTHENTICATED);
    let line = scenario.gate.audited("refused", reason);
    assert!(line["advice"].as_str().is_some_and(|advice| advice.len() > 10), "{line}");
    assert_eq!(scenario.pacs.connections(), 0);
    (scenario, line)
}

/// One more request is refused for this.
fn refuses(gate: &Gate, caller: &Caller, request: &Associate, reason: &str) {
    let mut requestor = caller.call(gate.address).unwrap();
    requestor.send(&request.encode());
    assert_rejected(&mut requestor, NOT_AUTHENTICATED);
    gate.audited("refused", reason);
}

/// What the PACS was asked has no user identity.
fn assert_never_saw_an_identity(pacs: &Pacs) {
    let received = pacs.received();
    let request = Associate::parse(&Pdu::read(&mut &received[..]).unwrap());
    assert!(!request.user_kinds().contains(&0x58), "{request:?}");
    let secret = PASSWORD.as_bytes();
    assert!(!received.windows(secret.len()).any(|bytes| bytes == secret));
}

fn ct1() -> Caller {
    Caller::with(&site().ct1)
}
