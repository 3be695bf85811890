//! Why an association is refused, and what to do about it.

use crate::reason::Answer;
use crate::wire::reject::Reject;

const NO_REASON: Answer = Answer::Reject(Reject::NO_REASON);
const LOCAL_LIMIT: Answer = Answer::Reject(Reject::LOCAL_LIMIT);

crate::reasons! {
    /// Why the policy refuses an association: one reason, the first in the order of the checks. The
    /// requestor is told as little as the standard allows.
    pub enum Denial -> Answer {
        UnknownCertificate: "unknown-certificate",
            "the certificate belongs to no peer",
            "If the device may connect, add a name or digest of its certificate to `certificate` of \
             its [peer] table." => NO_REASON;
        SeveralPeers: "several-peers",
            "the certificate belongs to several peers",
            "Leave only one [peer] table whose `certificate` matches this certificate."
            => NO_REASON;
        WrongNetwork: "wrong-network",
            "the peer may not connect from this address",
            "If the device may connect from this address, add it to `from` of its [peer] table."
            => NO_REASON;
        CallingTitle: "calling-title",
            "the calling title is not bound to this certificate",
            "Correct the calling title on the device, or add it to `calling_ae` of its [peer] table."
            => Answer::Reject(Reject::CALLING_TITLE);
        CalledTitle: "called-title",
            "the called title is not that of a PACS that the peer may reach",
            "Correct the called title on the device, or add the title to `called_ae` of the [pacs] \
             table and the PACS to `pacs` of the [peer] table."
            => Answer::Reject(Reject::CALLED_TITLE);
        NoPermittedService: "no-permitted-service",
            "none of the proposed presentation contexts is permitted",
            "Look at `why` in `contexts`. For `not-permitted`: if the device may use the SOP class, add \
             its service, or the SOP class if it has none, to `services` of its [peer] table; for \
             `not-in-sop-classes`, add it to `sop_classes`. Otherwise configure the device: no key \
             permits its proposal." => NO_REASON;
        PeerLimit: "peer-limit",
            "the peer has as many associations as it may have",
            "If the device needs more associations at once, raise `associations` of its [peer] table; \
             otherwise look for ones that it leaves open." => LOCAL_LIMIT;
        PeerShare: "peer-share",
            "the peer has half of the associations that the PACS takes",
            "If the PACS takes more associations at once, raise `associations` of its [pacs] table: \
             one peer has at most half of them." => LOCAL_LIMIT;
        PacsLimit: "pacs-limit",
            "the PACS has as many associations as it takes",
            "If the PACS takes more associations at once, raise `associations` of its [pacs] table."
            => LOCAL_LIMIT;
    }
}
