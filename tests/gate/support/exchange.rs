//! Associations with data to store and to find.

use super::associate::{Associate, CT, EXPLICIT, STUDY_FIND};
use super::dimse::{Request, find_rq, identifier};
use super::pacs::Pacs;
use super::pdu::{COMMAND, DATA, LAST, Pdu, p_data};
use super::requestor::Requestor;
use super::scenario::Scenario;
use super::settings::Settings;

/// What one P-DATA-TF of the gate's cap can carry beside its PDV header.
pub(crate) const CAP: usize = 1024 * 1024 - 6;

/// Context 1 is Verification, 3 is CT in Explicit VR, 5 is a query in Explicit VR.
pub(crate) fn request(maximum: u32) -> Associate {
    Associate::echo("CT1", "PACS")
        .context(3, CT, &[EXPLICIT])
        .context(5, STUDY_FIND, &[EXPLICIT])
        .maximum(maximum)
}

/// Lets `ct1` query, too.
pub(crate) fn with_find(settings: Settings) -> Settings {
    settings.services(r#"["echo", "store", "find"]"#)
}

/// A PACS that announces no maximum.
pub(crate) fn storing_scenario() -> Scenario {
    let pacs = Pacs::playing(|pacs| {
        let request = pacs.request();
        pacs.send(&request.acceptance().maximum(0).encode());
        pacs.answer();
    });
    Scenario::before(pacs, with_find)
}

/// An association of `ct1` with these contexts; the requestor announces this maximum.
pub(crate) fn open(scenario: &Scenario, maximum: u32) -> Requestor {
    let mut requestor = scenario.ct1();
    requestor.associate(&request(maximum));
    requestor
}

/// Sends a C-FIND-RQ with message id 9.
pub(crate) fn ask(requestor: &mut Requestor) {
    requestor.send(&p_data(5, COMMAND | LAST, &find_rq(9)));
    requestor.send(&p_data(5, LAST, &identifier()));
}

/// The PDU is the successful response to the C-STORE with id 1.
pub(crate) fn assert_is_store_response(pdu: &Pdu) {
    let response = Request::parse(&pdu.pdvs()[0].data);
    assert_eq!((response.command, response.id, response.status), (0x8001, 1, Some(0)));
}

/// A data set as P-DATA-TF with one PDV each.
pub(crate) fn fragments(context: u8, set: &[u8], size: usize) -> Vec<u8> {
    let count = set.len().div_ceil(size);
    let parts = set.chunks(size).enumerate();
    let control = |number| if number + 1 == count { LAST } else { DATA };
    parts.flat_map(|(number, part)| p_data(context, control(number), part)).collect()
}
