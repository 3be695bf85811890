//! The page of reasons.

use pacsgate::reason::{Early, Reason};
use pacsgate::relay::reach::ReachFailure;
use pacsgate::relay::target::TargetFailure;
use pacsgate::relay::{Ending, Loss, Over};
use pacsgate::slots::SlotLimit;
use pacsgate::stream::proxy_protocol::ProxyFault;
use pacsgate::stream::tls::{HandshakeFault, OutgoingFault};
use pacsgate_core::direction::Direction;
use pacsgate_core::inspector::{Fault, Forbidden};
use pacsgate_core::policy::{AcFault, Denial};
use pacsgate_core::reason::{Answer, Explained, Sided};
use pacsgate_core::side::Side;
use pacsgate_core::wire::associate::AssociateError;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::made::table;

/// One row: the codes of both sides where either can cause it.
struct Row {
    codes: Vec<&'static str>,
    sentence: String,
    heard: String,
    advice: String,
}

pub(crate) fn reasons() -> String {
    let mut page = String::new();
    for (title, introduction, rows) in sections() {
        let hears =
            if introduction == FORBIDDEN { "its sender hears" } else { "the requestor hears" };
        write!(page, "\n## {title}\n\n{introduction}\n{}", section(&rows, hears)).unwrap();
    }
    page + "\n"
}

#[test]
fn every_reason_has_a_code_of_its_own() {
    let rows = sections().into_iter().flat_map(|(_, _, rows)| rows);
    let codes: Vec<_> = rows.flat_map(|row| row.codes).collect();
    let known: BTreeSet<_> = codes.iter().collect();
    assert_eq!(known.len(), codes.len());
    let is_code = |code: &&str| code.bytes().all(|it| it.is_ascii_lowercase() || it == b'-');
    assert!(codes.iter().all(is_code) && codes.len() > 140, "{codes:?}");
}

/// In the order in which a connection meets them.
fn sections() -> [(&'static str, &'static str, Vec<Row>); 10] {
    let of_request = AssociateError::ALL.iter().filter(|error| error.is_of_request());
    let of_request: Vec<_> = of_request.copied().collect();
    let lost = Loss::ALL.iter().flat_map(|loss| both(*loss)).map(|loss| row(Ending::from(loss)));
    let over = Over::ALL.iter().map(|over| row(Ending::from(*over)));
    let before = together(rows(SlotLimit::ALL), rows(ProxyFault::ALL));
    let before = together(before, rows(Early::ALL));
    [
        ("Before anything was asked", BEFORE, before),
        ("The TLS handshake", HANDSHAKE, rows(HandshakeFault::ALL)),
        ("The association request", REQUEST, rows(&of_request)),
        ("The policy", POLICY, rows(Denial::ALL)),
        ("TLS towards a target", OUTGOING, rows(OutgoingFault::ALL)),
        ("The PACS's answer", TARGET, together(rows(TargetFailure::ALL), rows(AcFault::ALL))),
        ("The peer's answer, on the way back", REACH, rows(ReachFailure::ALL)),
        ("The end of an association", ENDING, over.chain(lost).collect()),
        ("A side that breaks the rules", FAULT, Fault::ALL.iter().copied().map(fault).collect()),
        ("Forbidden requests", FORBIDDEN, Forbidden::all().map(forbidden).collect()),
    ]
}

fn together(mut first: Vec<Row>, second: Vec<Row>) -> Vec<Row> {
    first.extend(second);
    first
}

/// Items that share a text, in the order of their first.
pub(crate) fn blocks<T, K: PartialEq>(items: &[T], of: impl Fn(&T) -> K) -> Vec<(K, Vec<&T>)> {
    let mut blocks: Vec<(K, Vec<&T>)> = Vec::new();
    for item in items {
        let key = of(item);
        match blocks.iter_mut().find(|(known, _)| *known == key) {
            Some((_, block)) => block.push(item),
            None => blocks.push((key, vec![item])),
        }
    }
    blocks
}

/// What has an advice of its own is one table; each advice that many share stands above theirs.
fn section(rows: &[Row], hears: &str) -> String {
    let (single, shared): (Vec<_>, Vec<_>) =
        blocks(rows, |row| row.advice.clone()).into_iter().partition(|(_, rows)| rows.len() < 4);
    let mut made = String::new();
    if !single.is_empty() {
        let cells =
            |row: &&Row| [row.codes(), row.sentence.clone(), row.heard.clone(), row.advice.clone()];
        let rows: Vec<_> = single.iter().flat_map(|(_, rows)| rows.iter().map(cells)).collect();
        made += "\n";
        made += &table(["reason", "what happened", hears, "what to do"], &rows);
    }
    for (advice, rows) in shared {
        let cells = |row: &&Row| [row.codes(), row.sentence.clone(), row.heard.clone()];
        let rows: Vec<_> = rows.iter().map(cells).collect();
        let table = table(["reason", "what happened", hears], &rows);
        write!(made, "\n{advice}\n\n{table}").unwrap();
    }
    made
}

impl Row {
    fn codes(&self) -> String {
        let codes = self.codes.iter().map(|code| format!("`{code}`"));
        codes.collect::<Vec<_>>().join(", ")
    }
}

fn rows<R: Into<Reason> + Copy>(all: &[R]) -> Vec<Row> {
    all.iter().copied().map(row).collect()
}

fn row(reason: impl Into<Reason>) -> Row {
    let reason = reason.into();
    Row {
        codes: vec![reason.code()],
        sentence: reason.to_string(),
        heard: heard(reason.answer()),
        advice: reason.advice(Direction::Inward).unwrap_or("Nothing.").to_owned(),
    }
}

/// An example of a rejection is no rejection that the gate chooses.
fn heard(answer: Answer) -> String {
    if matches!(answer, Answer::Relayed(_)) {
        return "the PACS's own A-ASSOCIATE-RJ".into();
    }
    answer.to_string()
}

fn both<R: Copy>(what: R) -> [Sided<R>; 2] {
    [Side::Requestor, Side::Acceptor].map(|side| Sided { side, what })
}

/// Who broke the rule hears of it; a requestor whose PACS did hears the same of all of them.
fn fault(fault: Fault) -> Row {
    let both = both(fault);
    let [requestor, acceptor] = both.map(|fault| fault.advice().unwrap());
    let advice = if requestor == acceptor {
        requestor.to_owned()
    } else {
        format!("Of the requestor: {requestor}\n\nOf the acceptor: {acceptor}")
    };
    let [of_requestor, of_acceptor] = both.map(|fault| Ending::Fault(fault).answer());
    Row {
        codes: both.iter().map(Explained::code).collect(),
        sentence: fault.to_string(),
        heard: format!("{of_requestor}; {of_acceptor}"),
        advice,
    }
}

fn forbidden(why: Sided<Forbidden>) -> Row {
    let status = why.what.answer();
    Row {
        codes: vec![why.code()],
        sentence: why.to_string(),
        heard: status.map_or("nothing".into(), |status| format!("response {status:04x}")),
        advice: why.advice().unwrap().to_owned(),
    }
}

const BEFORE: &str = "\
Connections without a request. Those that come and leave without a byte, or with no more than a
balancer's header, are only counted.";
const HANDSHAKE: &str = "\
The `detail` of the audit's line has the TLS library's own words behind the sentence, in brackets;
`certificate` has what was shown.";
const REQUEST: &str = "\
The request breaks a rule of PS3.8 or PS3.7, so two systems could understand it differently. The PACS
is not dialled.";
const POLICY: &str = "\
The request is sound and not permitted. `trace` in the audit's line has every check and its result.";
const OUTGOING: &str = "\
The request is permitted, and the gate and the target, a PACS with [pacs.NAME.tls] or a peer with
[peer.NAME.reach.tls], have no TLS in common.";
const TARGET: &str = "\
The request is permitted, and the PACS did not open the association.";
const REACH: &str = "\
The PACS's request at an outward listener is permitted, and the peer did not open the association.";
const ENDING: &str = "\
The association was open; what was done is in its `closed` line.";
const FAULT: &str = "\
A PDU, a message, a command or a data set breaks the standard after a part of it may have passed, so
the association ends. A requestor that broke the rule hears the first A-ABORT, one whose PACS did the
second.";
const FORBIDDEN: &str = "\
A sound request that is not permitted does not reach the other side. Its data set is swallowed, and
the gate answers it between two messages: the association goes on. Sixteen of them, or 64 MiB of
their data sets, are answered; one more ends the association. C-CANCEL has no response.";
