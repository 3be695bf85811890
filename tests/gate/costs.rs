//! What docs/costs.md says follows from the constants of the code.

use pacsgate::audit;
use pacsgate::basis::KEPT;
use pacsgate::config::Limits;
use pacsgate::net;
use pacsgate::relay::PILE;
use pacsgate::stream::pool::{self, BUFFER, READ, SLACK};
use pacsgate::stream::tls::OUTBOX;
use pacsgate_core::inspector::{HEAD, MAX_COMMAND};
use pacsgate_core::wire::associate::MAX_ASSOCIATE_LENGTH;

const PAGE: &str = include_str!("../../docs/costs.md");

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
/// A vector doubles when it grows, so that half of it may be empty.
const GROWN: usize = 2;
/// What rustls holds of a connection: its state, the keys and the chain that was shown.
const TLS_STATE: usize = 28 * KIB;
/// What TLS holds beside that: what is to be sent, and what was deciphered and not taken.
const TLS_BUFFERS: usize = OUTBOX + GROWN * READ;
/// A record of the audit: titles, names, contexts and operations, each of which is capped.
const RECORD: usize = 16 * KIB;
/// The program, the configuration, the tables of sources.
const FIXED: usize = 16 * MIB;
/// The buffers that a thread keeps for reuse, an output buffer up to twice its usual size.
const CORE: usize = pool::KEPT * (BUFFER + 2 * BUFFER) + MIB;

const HANDSHAKING: usize = 2 * READ + TLS_STATE;
const REQUESTING: usize = GROWN * MAX_ASSOCIATE_LENGTH as usize + BUFFER + TLS_STATE + TLS_BUFFERS;

/// One association, where both sides do their worst.
fn associated() -> usize {
    let waiting = (PILE + BUFFER + SLACK) + (BUFFER + BUFFER + SLACK);
    let held = 2 * (HEAD + MAX_COMMAND);
    let early = 2 * BUFFER;
    2 * (READ + TLS_STATE + TLS_BUFFERS) + early + GROWN * (waiting + held) + KEPT
}

/// The most memory that the gate may need with the limits as they are by default and one PACS.
pub(crate) fn most_memory(cores: usize) -> usize {
    let limits = Limits::default();
    let records = (audit::CAPACITY + audit::TAKEN) * RECORD;
    let waiting = HANDSHAKING * limits.handshakes as usize + REQUESTING * limits.requests as usize;
    let associations = limits.pacs_associations.min(limits.connections) as usize;
    FIXED + CORE * cores + records + waiting + associated() * associations
}

#[test]
fn the_page_says_what_follows_from_the_constants() {
    let kib = |bytes: usize| grouped(bytes.div_ceil(KIB)) + " KiB";
    let mib = |bytes: usize| format!("{} MiB", bytes.div_ceil(MIB));
    let limits = Limits::default();
    let of_pacs = associated() * limits.pacs_associations as usize;
    let expected = [
        format!("| a connection before TLS is up | {} |", kib(HANDSHAKING)),
        format!("| a connection after TLS, up to its request | {} |", kib(REQUESTING)),
        format!("| an association | {} |", kib(associated())),
        format!("| the gate without any | {}, and {} a core |", mib(FIXED), mib(CORE)),
        format!("records that wait | {} |", mib((audit::CAPACITY + audit::TAKEN) * RECORD)),
        format!("{} + {} x cores", mib(FIXED), mib(CORE)),
        format!("+ {} x limits.handshakes", kib(HANDSHAKING)),
        format!("+ {} x limits.requests", kib(REQUESTING)),
        format!("+ {} x associations", kib(associated())),
        format!("that is {}; each PACS more adds {}.", mib(most_memory(2)), mib(of_pacs)),
        format!("descriptors: {} by default", net::descriptors(limits.connections)),
    ];
    let page = PAGE.split_whitespace().collect::<Vec<_>>().join(" ");
    let missing: Vec<_> = expected.iter().filter(|part| !page.contains(part.as_str())).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

/// With a comma before the last three digits.
fn grouped(number: usize) -> String {
    match (number / 1000, number % 1000) {
        (0, rest) => rest.to_string(),
        (thousands, rest) => format!("{thousands},{rest:03}"),
    }
}
