//! The certificates of one hospital, made once for all tests.

use super::authority::{Algorithm, Authority, Identity, Profile, Usage};
use std::sync::OnceLock;

/// The name in the gate's certificate.
pub(crate) const GATE_NAME: &str = "gate.radiology.example";
/// The name in the certificate of the peer `ct1`.
pub(crate) const CT1_NAME: &str = "ct1.radiology.example";

/// Who takes part.
pub(crate) struct Site {
    pub(crate) root: Authority,
    pub(crate) intermediate: Authority,
    /// The gate's certificate.
    pub(crate) gate: Identity,
    /// The peer `ct1`: identified by its name under the root.
    pub(crate) ct1: Identity,
    /// The peer `mr1`: a device with a self-signed CA:TRUE certificate, pinned.
    pub(crate) mr1: Identity,
}

/// The one site of this test run.
pub(crate) fn site() -> &'static Site {
    static SITE: OnceLock<Site> = OnceLock::new();
    SITE.get_or_init(|| {
        let root = Authority::root("radiology root");
        Site {
            intermediate: root.intermediate("modality authority"),
            gate: root.issue(&gate_profile(Algorithm::Ecdsa)),
            ct1: root.issue(&Profile::client(CT1_NAME)),
            mr1: device("mr1.radiology.example").self_signed(),
            root,
        }
    })
}

/// The gate's RSA certificate; made where needed, since it takes a while.
pub(crate) fn gate_rsa() -> &'static Identity {
    static RSA: OnceLock<Identity> = OnceLock::new();
    RSA.get_or_init(|| site().root.issue(&gate_profile(Algorithm::Rsa)))
}

/// The certificate that a device makes for itself: an authority, without any purpose stated.
pub(crate) fn device(dns: &'static str) -> Profile {
    Profile { ca: true, usage: Usage::Unstated, ..Profile::client(dns) }
}

fn gate_profile(algorithm: Algorithm) -> Profile {
    Profile { usage: Usage::Server, algorithm, ..Profile::client(GATE_NAME) }
}
