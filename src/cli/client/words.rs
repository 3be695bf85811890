//! What an association's failure means, in words.

use std::fmt;

use pacsgate_core::wire::reject::{Abort, Reject};

use super::association::Failure;

/// A rejection and its meaning (PS3.8 table 9-21).
pub(in crate::cli) struct RejectInWords(pub(in crate::cli) Reject);

/// An abort and its meaning (PS3.8 table 9-26).
pub(in crate::cli) struct AbortInWords(pub(in crate::cli) Abort);

impl fmt::Display for RejectInWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reject = self.0;
        let result = match reject.result() {
            1 => "permanently",
            2 => "for the moment",
            _ => "with an undefined result",
        };
        let meaning = match (reject.source(), reject.reason()) {
            (1, 1) => "no reason given",
            (1, 2) => "application context name not supported",
            (1, 3) => {
                "calling AE title not recognized: it is not bound to this certificate or address"
            }
            (1, 7) => {
                "called AE title not recognized: nobody there has it, or it is not open to you"
            }
            (2, 1) => "no reason given by the provider (ACSE); a failed user identity says this",
            (2, 2) => "protocol version not supported",
            (3, 1) => {
                "temporary congestion; if a gate says this, it has found no PACS behind it that takes the \
                 association"
            }
            (3, 2) => "local limit exceeded: too many associations at once",
            _ => "a reason that the standard does not define",
        };
        write!(f, "{reject}, rejected {result}: {meaning}")
    }
}

impl fmt::Display for AbortInWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let abort = self.0;
        let meaning = match (abort.source(), abort.reason()) {
            (0, _) => "by the other application; a gate does so when it cannot read a request",
            (2, 0) => "by the provider, reason not specified",
            (2, 1) => "by the provider, PDU not recognized",
            (2, 2) => "by the provider, PDU not expected",
            (2, 4) => "by the provider, PDU parameter not recognized",
            (2, 5) => "by the provider, PDU parameter not expected",
            (2, 6) => "by the provider, invalid PDU parameter value",
            _ => "for a reason that the standard does not define",
        };
        write!(f, "{abort}, aborted {meaning}")
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(reject) => RejectInWords(*reject).fmt(f),
            Self::Aborted(abort) => AbortInWords(*abort).fmt(f),
            Self::ContextRefused(reason) => {
                write!(f, "the association was accepted, but this service was refused: {reason}")
            }
            Self::Status(status) => {
                write!(f, "status {status:04X}H instead of 0000H (success)")
            }
            Self::Unexpected => f.write_str("the answer does not answer what was asked"),
            Self::Link(error) => error.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_a_rejection_means() {
        let words = RejectInWords(Reject::CALLING_TITLE).to_string();
        assert!(words.starts_with("A-ASSOCIATE-RJ 1/1/3, rejected permanently: calling AE title"));
        let congestion = RejectInWords(Reject::CONGESTION).to_string();
        assert!(
            congestion.contains("no PACS behind it that takes the association"),
            "{congestion}"
        );
        let odd = Reject::parse([0, 9, 9, 9]);
        assert!(RejectInWords(odd).to_string().contains("does not define"));
    }

    #[test]
    fn says_what_an_abort_means() {
        let words = AbortInWords(Abort::INVALID_PARAMETER).to_string();
        assert_eq!(words, "A-ABORT 2/6, aborted by the provider, invalid PDU parameter value");
    }
}
