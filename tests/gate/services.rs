//! Every service with real peers, permitted and forbidden.
//!
//! Each test looks at what the requestor was told, at what the PACS saw, and at the audit: what
//! was done and what was forbidden, with its reason and advice, and the counters at the stop.
//! `docs/peers.md` lists what is tried, from the table here.

mod by_sop_class;
mod commitment;
pub(crate) mod conversation;
mod others;
mod outcome;
mod print;
mod procedure_step;
mod query;
mod retrieval;
pub(crate) mod scripted;
mod unasked;
mod unified_step;
mod worklist;

/// One service with what is tried of it.
pub(crate) struct Tried {
    pub(crate) service: &'static str,
    pub(crate) requestors: &'static str,
    pub(crate) pacs: &'static str,
    pub(crate) permitted: &'static str,
    pub(crate) forbidden: &'static str,
}

/// What the tests of this folder try.
pub(crate) const TRIED: [Tried; 17] = [
    Tried {
        service: "find",
        requestors: "findscu, pynetdicom",
        pacs: "dcmqrscp, pynetdicom",
        permitted: "patient and study root; C-CANCEL",
        forbidden: "C-FIND of a peer without the service",
    },
    Tried {
        service: "move",
        requestors: "movescu, pynetdicom",
        pacs: "dcmqrscp, Orthanc",
        permitted: "to a title of `move_to`; without it, to a title of the peer's own; and back through \
                    an outward listener to a storescp with TLS, to the byte as without the gate",
        forbidden: "to another title that the PACS knows",
    },
    Tried {
        service: "get",
        requestors: "getscu, pynetdicom",
        pacs: "dcmqrscp",
        permitted: "without `store`",
        forbidden: "C-STORE by the requestor on the same contexts",
    },
    Tried {
        service: "get",
        requestors: "pynetdicom",
        pacs: "pynetdicom",
        permitted: "objects of a private SOP class that is given for C-GET",
        forbidden: "objects of one that is not",
    },
    Tried {
        service: "worklist",
        requestors: "findscu, pynetdicom",
        pacs: "wlmscpfs",
        permitted: "C-FIND",
        forbidden: "C-FIND of a peer with `find` only",
    },
    Tried {
        service: "mpps",
        requestors: "pynetdicom",
        pacs: "pynetdicom",
        permitted: "N-CREATE, N-SET; N-GET and N-EVENT-REPORT on the contexts for these",
        forbidden: "N-GET and N-DELETE on the context of the step",
    },
    Tried {
        service: "storage-commitment",
        requestors: "pynetdicom",
        pacs: "Orthanc, pynetdicom",
        permitted: "N-ACTION; N-EVENT-REPORT on the same association and, through an outward listener, \
                    on another, with and without role selection; also by way of a gate at the edge",
        forbidden: "N-GET",
    },
    Tried {
        service: "storage-commitment-scp",
        requestors: "pynetdicom",
        pacs: "pynetdicom",
        permitted: "N-EVENT-REPORT by the requestor, with and without role selection; N-ACTION by the \
                    PACS",
        forbidden: "N-ACTION by the requestor; both for a peer with `storage-commitment` only",
    },
    Tried {
        service: "print",
        requestors: "pynetdicom",
        pacs: "pynetdicom",
        permitted: "a whole job, and an event of the printer, on the context of the meta SOP class",
        forbidden: "N-DELETE of the printer, N-CREATE of what is no member",
    },
    Tried {
        service: "ups",
        requestors: "pynetdicom",
        pacs: "pynetdicom",
        permitted: "a step from its order to its end, and an event to its subscriber",
        forbidden: "N-DELETE, N-EVENT-REPORT by the requestor, a subscription for another title",
    },
    Tried {
        service: "relevant-patient",
        requestors: "pynetdicom",
        pacs: "pynetdicom",
        permitted: "C-FIND",
        forbidden: "N-GET",
    },
    Tried {
        service: "instance-availability",
        requestors: "pynetdicom",
        pacs: "pynetdicom",
        permitted: "N-CREATE",
        forbidden: "N-SET",
    },
    Tried {
        service: "substance-administration",
        requestors: "pynetdicom",
        pacs: "pynetdicom",
        permitted: "C-FIND, N-ACTION",
        forbidden: "N-GET",
    },
    Tried {
        service: "event-logging, media-creation",
        requestors: "pynetdicom",
        pacs: "pynetdicom",
        permitted: "N-ACTION; N-CREATE, N-ACTION and N-GET",
        forbidden: "N-DELETE",
    },
    Tried {
        service: "rt-verification",
        requestors: "pynetdicom",
        pacs: "pynetdicom",
        permitted: "N-CREATE, N-SET, N-ACTION, N-GET, N-DELETE",
        forbidden: "N-EVENT-REPORT by the requestor",
    },
    Tried {
        service: "{ sop_class, operations }",
        requestors: "pynetdicom",
        pacs: "pynetdicom",
        permitted: "every normalized operation and query of every SOP class without a name",
        forbidden: "another operation, in either role",
    },
    Tried {
        service: "get, storage-commitment",
        requestors: "pynetdicom",
        pacs: "pynetdicom",
        permitted: "C-ECHO meanwhile",
        forbidden: "by the PACS: C-STORE without C-GET, N-EVENT-REPORT on other contexts",
    },
];
