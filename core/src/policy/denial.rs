//! Why an association is refused, and what to do about it.

use crate::reason::Answer;
use crate::wire::reject::Reject;

const NO_REASON: Answer = Answer::Reject(Reject::NO_REASON);
const LOCAL_LIMIT: Answer = Answer::Reject(Reject::LOCAL_LIMIT);
pub(super) const NOT_AUTHENTICATED: Answer = Answer::Reject(Reject::NOT_AUTHENTICATED);

crate::reasons! {
    /// Why the policy refuses an association: one reason, the first in the order of the checks. The
    /// requestor is told as little as the standard allows.
    pub enum Denial -> Answer {
        UnknownCertificate: "unknown-certificate",
            "the certificate belongs to no peer",
            "If the device may connect, add a name or digest of its certificate to `certificate` of \
             its [peer] table; where the CAs have names, a name counts with the `ca` that has issued \
             it." => NO_REASON;
        NoCertificate: "no-certificate",
            "the client showed no certificate, and the calling title is that of no peer without one",
            "If the device has a certificate, turn on client authentication in its TLS settings. If it \
             has none, it needs a [peer] table of its own with `certificate = \"none\"`, its calling \
             title and a `user_identity`." => NOT_AUTHENTICATED;
        UnknownAddress: "unknown-address",
            "no peer without TLS has this address",
            "If the device may connect without TLS, it needs a [peer] table with `certificate = \"none\"`, its \
             address in `from` and its calling title; if it has a certificate, let it connect to a listener \
             with TLS." => NO_REASON;
        SeveralPeers: "several-peers",
            "the certificate belongs to several peers",
            "Leave only one [peer] table whose `certificate` matches this certificate."
            => NO_REASON;
        WrongNetwork: "wrong-network",
            "the peer may not connect from this address",
            "If the device may connect from this address, add it to `from` of its [peer] table."
            => NO_REASON;
        CallingTitle: "calling-title",
            "the calling title is not bound to this certificate or address",
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
        UnknownPacs: "unknown-pacs",
            "what came to an outward listener is no PACS by its address or certificate",
            "If it is the PACS, add its address to `from` of its [pacs] table, or its certificate to \
             `certificate`; if not, find out what it is: nothing but the PACS may come to this port."
            => NO_REASON;
        SeveralPacs: "several-pacs",
            "the certificate belongs to several PACS",
            "Leave only one [pacs] table whose `certificate` matches this certificate."
            => NO_REASON;
        PacsNetwork: "pacs-network",
            "the PACS may not connect from this address",
            "If the PACS may connect from this address, add it to `from` of its [pacs] table."
            => NO_REASON;
        PacsTitle: "pacs-title",
            "the calling title is not one of the PACS's",
            "If it is the PACS's own, add it to `calling_ae` of its [pacs] table; if it is a peer's, the PACS \
             may have been broken into." => Answer::Reject(Reject::CALLING_TITLE);
        PeerTitle: "peer-title",
            "the called title is not that of a peer that the PACS may reach",
            "Correct the title of the device in the PACS's own list. If the PACS may reach it, its [peer] \
             table needs the title in `calling_ae`, the PACS in `pacs`, and a [peer.NAME.reach]."
            => Answer::Reject(Reject::CALLED_TITLE);
        NothingReceived: "nothing-received",
            "the peer may receive none of the proposed presentation contexts",
            "If the device may receive them, add the service, or `{ sop_class, operations }`, to `services` \
             of its [peer.NAME.reach] table; see `why` in `contexts`." => NO_REASON;
        NothingRequested: "nothing-requested",
            "nobody has asked the PACS to send this to the peer",
            "Retrieve again through the gate: objects may come for `window` after the last response to a \
             C-MOVE, reports for 14 days after the device has asked. If the PACS sends by rules of its own, \
             write `after = \"any\"` in the [peer.NAME.reach] table. Otherwise the PACS may have been broken \
             into." => NO_REASON;
        ReachLimit: "reach-limit",
            "the peer has as many associations from PACS as it takes",
            "If the device takes more associations at once, raise `associations` of its [peer.NAME.reach] \
             table." => LOCAL_LIMIT;
        PacsOwnLimit: "pacs-own-limit",
            "the PACS has as many associations of its own as it may have",
            "If the PACS needs more associations of its own at once, raise `associations` of its [pacs] \
             table." => LOCAL_LIMIT;
        IdentityMissing: "identity-missing",
            "the peer has to show a user identity, and the request has none",
            "Configure the device to send what `user_identity` of its [peer] table asks for."
            => NOT_AUTHENTICATED;
        IdentityKind: "identity-kind",
            "the request has a user identity of another kind than the peer has to show",
            "Configure the device to send what `user_identity` of its [peer] table asks for: a token, or \
             a user name with a password. A user name alone proves nothing." => NOT_AUTHENTICATED;
        TokenTooLong: "token-too-long",
            "the token is longer than 16 KiB",
            "Let the issuer put less into the token: besides what RFC 7519 names, the gate looks at `ae_claim` \
             and `claims` of the [peer] table only."
            => NOT_AUTHENTICATED;
        TokenMalformed: "token-malformed",
            "the token is not a signed JSON Web Token in compact form",
            "Look at what the device sends as its token: it has to be `header.payload.signature`, signed and \
             not encrypted (RFC 7515)." => NOT_AUTHENTICATED;
        TokenHeader: "token-header",
            "the header of the token has a member that brings its own key or changes how it is read",
            "Let the issuer make tokens without `crit`, `b64`, `jku`, `x5u`, `x5c` and `jwk` in their \
             header."
            => NOT_AUTHENTICATED;
        TokenType: "token-type",
            "the token is not an access token",
            "Let the device send the access token that it gets from the issuer: `typ` in its header has to be \
             JWT or at+jwt, or to be left out (RFC 8725 section 3.11)." => NOT_AUTHENTICATED;
        TokenIssuer: "token-issuer",
            "the token is not from the issuer of this peer",
            "Compare `iss` of the token with `issuer` of the [issuer] table that the peer names: they \
             have to be equal, to the last slash." => NOT_AUTHENTICATED;
        TokenAlgorithm: "token-algorithm",
            "the token is signed by an algorithm that its issuer does not use",
            "If the issuer signs by this algorithm, add it to `algorithms` of its [issuer] table."
            => NOT_AUTHENTICATED;
        TokenKey: "token-key",
            "the issuer has no key for this token",
            "Compare `kid` in the header of the token with the keys of the issuer: a token without `kid` \
             is accepted only where there is one key. If the issuer has new keys, look why the gate does \
             not have them yet." => NOT_AUTHENTICATED;
        TokenKeysStale: "token-keys-stale",
            "the keys of the issuer could not be read for longer than max_stale",
            "Look in the log why `keys` or `keys_url` of the [issuer] table cannot be read: until they can \
             be, none of its tokens is accepted." => NOT_AUTHENTICATED;
        TokenSignature: "token-signature",
            "the signature of the token is wrong",
            "Find out where the token comes from: it was changed, or signed by another key than the \
             issuer's of that `kid`." => NOT_AUTHENTICATED;
        TokenClaims: "token-claims",
            "a claim of the token is missing or of another type than RFC 7519 says, or there are too many",
            "Let the issuer put `exp`, `iss`, `aud` and `sub` into the token, in the types of RFC 7519; with \
             others there may be 256 claims, in objects four deep."
            => NOT_AUTHENTICATED;
        TokenExpired: "token-expired",
            "the token has expired",
            "Let the device fetch a new token before `exp` of the old one, or set the clock of the gate."
            => NOT_AUTHENTICATED;
        TokenNotYetValid: "token-not-yet-valid",
            "the token is not valid yet",
            "Compare the clocks of the gate and of the issuer: `nbf` of the token is in the future." => NOT_AUTHENTICATED;
        TokenAudience: "token-audience",
            "the token is for somebody else",
            "Let the device ask the issuer for a token for this gate, or add the audience of the token to \
             `audience` of the [issuer] table." => NOT_AUTHENTICATED;
        TokenBinding: "token-binding",
            "the token is bound to something else than the certificate of the requestor",
            "Let the device fetch its token with the certificate that it shows the gate: `x5t#S256` in the \
             token has to be that one's (RFC 8705), and other bindings are not understood." => NOT_AUTHENTICATED;
        TokenSubject: "token-subject",
            "the subject of the token is not one of the peer's",
            "If the user may use this device, add the subject of the token to `subjects` of its [peer] \
             table." => NOT_AUTHENTICATED;
        TokenTitle: "token-title",
            "the token does not name the calling title",
            "Let the issuer put the calling title of the device into the claim that `ae_claim` of its \
             [peer] table names." => NOT_AUTHENTICATED;
        TokenClaim: "token-claim",
            "a claim of the token is not what the peer has to have",
            "Compare the token with `claims` of the [peer] table: each has to be equal, or to be in the \
             list that the token has." => NOT_AUTHENTICATED;
        UserUnknown: "user-unknown",
            "there is no user of this name",
            "If the user may connect, make a line for the file of passwords by `pacsgate hash-password`, \
             and reload." => NOT_AUTHENTICATED;
        UserNotListed: "user-not-listed",
            "the user is not one of the peer's",
            "If the user may use this device, add the name to `users` of its [peer] table."
            => NOT_AUTHENTICATED;
        PasswordWrong: "password-wrong",
            "the password is wrong",
            "Correct the password on the device, or make a new line for the file of passwords by `pacsgate \
             hash-password` and reload. If nobody has mistyped it, somebody is guessing."
            => NOT_AUTHENTICATED;
        PasswordAttempts: "password-attempts",
            "too many wrong passwords came with this certificate and calling title, or from this address",
            "Look for `password-wrong` before it: correct the password on the device, and wait a while. If \
             nobody has mistyped it, somebody is guessing." => NOT_AUTHENTICATED;
        PasswordBusy: "password-busy",
            "the password could not be verified in time: too many were being verified",
            "Let the device try again. If it happens often, look for `password-wrong` and `password-attempts`: \
             somebody sends a lot of passwords."
            => NOT_AUTHENTICATED;
    }
}
