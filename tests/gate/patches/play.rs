//! Plays a row, directly and through the gate.

use super::harm::Harm;
use super::rows::{CAPPED, Row};
use super::servers::{Server, TITLE};
use crate::support::associate::Associate;
use crate::support::authority::Profile;
use crate::support::dimse::Request;
use crate::support::gate::Gate;
use crate::support::line::Line;
use crate::support::pdu::{ASSOCIATE_AC, COMMAND, P_DATA, Pdu};
use crate::support::requestor::Caller;
use crate::support::scenario::echo;
use crate::support::settings::Settings;
use crate::support::site::{CT1_NAME, site};
use std::net::TcpStream;
use std::time::Duration;

/// The gate's remark on a context with too many transfer syntaxes.
const OVERFLOW: &str = "beyond the 50";

/// How often a certificate is refused without delay.
const UNSLOWED: usize = 5;

/// What is sent.
pub(super) struct Attack {
    /// The request, or what stands for it.
    pub(super) request: Vec<u8>,
    /// What follows the acceptance.
    pub(super) behind: Vec<u8>,
    /// How often all of it is done, each time on a connection of its own.
    pub(super) rounds: usize,
}

/// The row harms the server that it is sent to.
pub(super) fn directly(row: &Row) {
    let mut server = Server::start(row.server);
    let before = server.usage();
    let attack = (row.attack)(TITLE);
    let mut heard = Vec::new();
    let mut open = None;
    for _ in 0..attack.rounds {
        drop(open.take());
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        heard.extend(speak(&mut stream, &attack, row.harm));
        open = Some(stream);
    }
    server.show();
    let harmed = row.harm.shows(&mut server, before, &heard);
    drop(open);
    assert!(harmed, "{} ({}) does no harm:\n{}", row.does, row.class, server.log());
}

/// The row does no harm to the server behind the gate, and the gate says why.
pub(super) fn through_the_gate(row: &Row) {
    let mut server = Server::start(row.server);
    let gate = before(&server);
    good_peer_is_served(&gate);
    let usage = server.usage();
    let attack = (row.attack)("PACS");
    let mut heard = Vec::new();
    let mut open = None;
    let mut caller = Caller::with(&site().ct1);
    for round in 1..=attack.rounds {
        drop(open.take());
        let mut requestor = caller.call(gate.address).unwrap();
        // The gate answers later and later who is refused with one certificate again and again.
        if round % UNSLOWED == 0 {
            caller = Caller::with(&site().root.issue(&Profile::client(CT1_NAME)));
        }
        heard.extend(speak(&mut requestor, &attack, row.harm));
        open = Some(requestor);
    }
    // An association that is permitted, and goes on, may hold a server that serves one at a time.
    let (event, reason) = row.stopped;
    if row.harm != Harm::Blocks || event == "unsound" {
        drop(open.take());
    }
    good_peer_is_served(&gate);
    server.show();
    row.harm.assert_none(&mut server, usage, &heard);
    if row.stopped == CAPPED {
        gate.wait_for_audit(|line| line.to_string().contains(OVERFLOW));
    } else {
        let line = gate.audited(event, reason);
        let told = line["wire"].as_str().unwrap_or_default();
        let answered = matches!(told, "response c000" | "response a900");
        assert_eq!(answered, event == "unsound", "{line}");
    }
    drop(open);
}

fn before(server: &Server) -> Gate {
    let services = r#"["echo", "store", "find", "move", "get", "worklist"]"#;
    let mut settings = Settings::new(server.address).services(services).limit("request", "500ms");
    settings.ct1.insert("move_to", r#"["CT"]"#.into());
    settings.start()
}

fn good_peer_is_served(gate: &Gate) {
    let mut requestor = Caller::with(&site().mr1).call(gate.address).unwrap();
    requestor.associate(&Associate::echo("MR1", "PACS"));
    echo(&mut requestor, 1);
    requestor.release();
}

/// Plays one round; returns what was heard.
fn speak(line: &mut impl Line, attack: &Attack, harm: Harm) -> Vec<u8> {
    // The other side may stop listening at any time: that is what this is for.
    let _ = line.put(&attack.request);
    let mut heard = Vec::new();
    if harm == Harm::Blocks && attack.behind.is_empty() {
        return heard;
    }
    let accepted = line.next().is_some_and(|answer| answer.kind == ASSOCIATE_AC);
    if !accepted || attack.behind.is_empty() || line.put(&attack.behind).is_err() {
        return heard;
    }
    while let Some(pdu) = line.next() {
        heard.extend(&pdu.body);
        if pdu.kind != P_DATA || is_final(&pdu) {
            break;
        }
    }
    heard
}

/// A response after which no other comes.
fn is_final(pdu: &Pdu) -> bool {
    let commands = pdu.pdvs().into_iter().filter(|pdv| pdv.control & COMMAND != 0);
    commands.map(|pdv| Request::parse(&pdv.data)).any(|it| it.status != Some(0xff00))
}
