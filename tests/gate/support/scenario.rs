//! A PACS, the gate before it, and what must hold after each attack.

use super::PATIENCE;
use super::associate::{Associate, VERIFICATION};
use super::dimse::{Request, echo_rq};
use super::gate::Gate;
use super::pacs::Pacs;
use super::pdu::{COMMAND, LAST, Pdu, p_data, reject};
use super::requestor::{Caller, Received, Requestor};
use super::settings::Settings;
use super::site::site;
use serde_json::Value;
use std::net::SocketAddr;
use std::time::Instant;

/// A gate and its PACS.
pub(crate) struct Scenario {
    pub(crate) pacs: Pacs,
    pub(crate) gate: Gate,
}

impl Scenario {
    /// The usual gate before a good PACS.
    pub(crate) fn usual() -> Self {
        Self::with(|settings| settings)
    }

    /// A gate with other settings before a good PACS.
    pub(crate) fn with(change: impl FnOnce(Settings) -> Settings) -> Self {
        Self::before(Pacs::good(), change)
    }

    /// A gate before this PACS.
    pub(crate) fn before(pacs: Pacs, change: impl FnOnce(Settings) -> Settings) -> Self {
        let gate = change(Settings::new(pacs.address)).start();
        Self { pacs, gate }
    }

    /// A connection of the peer `ct1`.
    pub(crate) fn ct1(&self) -> Requestor {
        Caller::with(&site().ct1).call(self.gate.address).unwrap()
    }

    /// A connection of the peer `ct1` with an association for C-ECHO.
    pub(crate) fn associated(&self) -> Requestor {
        let mut requestor = self.ct1();
        requestor.associate(&Associate::echo("CT1", "PACS"));
        requestor
    }

    /// The well-behaved peer `mr1` gets its C-ECHO.
    pub(crate) fn serves_a_good_peer(&self) {
        serves_a_good_peer(self.gate.address);
    }

    /// Waits until a slot is free again.
    pub(crate) fn until_it_takes_a_connection(&self) {
        let deadline = Instant::now() + PATIENCE;
        while Caller::with(&site().mr1).call(self.gate.address).is_err() {
            assert!(Instant::now() < deadline, "no slot becomes free");
            std::thread::yield_now();
        }
    }

    /// The gate refused this once before the PACS heard of it.
    pub(crate) fn refused_once(self, event: &str, reason: &str) -> Value {
        self.refused(event, reason, 1)
    }

    /// The gate refused this so many times before the PACS heard of it.
    pub(crate) fn refused(self, event: &str, reason: &str, times: u64) -> Value {
        self.ended(event, reason, times, 0)
    }

    /// The gate said so, counted it, dialled only so often, and serves the next peer.
    pub(crate) fn ended(self, event: &str, reason: &str, times: u64, dialled: usize) -> Value {
        let line = self.gate.audited(event, reason);
        assert!(line["advice"].as_str().is_some_and(|advice| advice.len() > 10), "{line}");
        assert_eq!(self.pacs.connections(), dialled, "connections at the PACS");
        self.serves_a_good_peer();
        assert_eq!(self.pacs.connections(), dialled + 1, "connections at the PACS");
        let stopped = self.gate.stop();
        assert_eq!(stopped.code, Some(0));
        assert_eq!(stopped.counted(event, reason), times, "{reason} in {}", stopped.stdout);
        line
    }
}

/// The well-behaved peer `mr1` gets its C-ECHO of the gate there.
pub(crate) fn serves_a_good_peer(gate: SocketAddr) {
    let mut requestor = Caller::with(&site().mr1).call(gate).unwrap();
    requestor.associate(&Associate::echo("MR1", "PACS"));
    echo(&mut requestor, 1);
    requestor.release();
}

/// One C-ECHO over an open association.
pub(crate) fn echo(requestor: &mut Requestor, id: u16) {
    requestor.send(&p_data(1, COMMAND | LAST, &echo_rq(id)));
    assert_is_echo_response(&requestor.receive_pdu(), id);
}

/// The PDU is the successful response to the C-ECHO with this id.
pub(crate) fn assert_is_echo_response(pdu: &Pdu, id: u16) {
    let pdvs = pdu.pdvs();
    assert_eq!(pdvs.len(), 1);
    assert_eq!((pdvs[0].context, pdvs[0].control), (1, COMMAND | LAST));
    let expected = Request {
        sop_class: VERIFICATION.into(),
        command: 0x8030,
        id,
        has_data_set: false,
        status: Some(0),
    };
    assert_eq!(Request::parse(&pdvs[0].data), expected);
}

/// The requestor hears this rejection and then the end.
pub(crate) fn assert_rejected(requestor: &mut Requestor, codes: [u8; 3]) {
    let [result, source, reason] = codes;
    assert_eq!(requestor.receive_pdu().encode(), reject(result, source, reason));
    assert_eq!(requestor.receive(), Received::Closed);
}

/// The requestor hears this abort and then the end.
pub(crate) fn assert_aborted(requestor: &mut Requestor, source: u8, reason: u8) {
    assert_eq!(requestor.receive_pdu().encode(), super::pdu::abort(source, reason));
    assert_eq!(requestor.receive(), Received::Closed);
}
