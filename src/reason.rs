//! Why a connection ended: one reason each, with its code, its sentence and what to do about it.

use std::fmt;
use std::io::ErrorKind;

use pacsgate_core::data_set::DataSetError;
use pacsgate_core::inspector::Fault;
use pacsgate_core::policy::{AcFault, Denial};
use pacsgate_core::side::Side;
use pacsgate_core::wire::associate::{Answer, AssociateError};
use pacsgate_core::wire::reject::{Abort, Reject};

use crate::live::Stop;
use crate::relay::farewell::last_word;
use crate::relay::target::TargetFailure;
use crate::relay::{Ending, Timer};
use crate::slots::SlotLimit;
use crate::stream::read_ahead::Opening;
use crate::stream::tls::HandshakeFault;

/// The one reason of an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No slot was free.
    Slots(SlotLimit),
    /// The connection was closed before a byte came: a load balancer or a monitor.
    ClosedBeforeTls,
    /// What came was not TLS.
    NotTls(Opening),
    /// The TLS handshake took too long.
    HandshakeTimeout,
    /// The TLS handshake failed.
    Handshake(HandshakeFault),
    /// The request took too long.
    RequestTimeout,
    /// The connection ended before the request was whole.
    ClosedBeforeRequest,
    /// The connection ended inside the request.
    ClosedInRequest,
    /// What came instead of the request broke the rules of TLS.
    BrokenTls,
    /// The request broke a rule.
    Request(AssociateError),
    /// The policy refused it.
    Denied(Denial),
    /// The request that the gate would send is too long for its own fields.
    RequestTooLong,
    /// The PACS did not open the association.
    Pacs(TargetFailure),
    /// The daemon stopped before the association was open.
    Stopped,
    /// An established association ended.
    Ended(Ending),
}

impl Reason {
    /// The stable code for the audit, the counters and the README.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Slots(SlotLimit::Connections) => "connection-limit",
            Self::Slots(SlotLimit::Handshakes) => "handshake-limit",
            Self::Slots(SlotLimit::PerSource) => "source-limit",
            Self::ClosedBeforeTls => "closed-before-tls",
            Self::NotTls(Opening::PlainDicom) => "plain-dicom",
            Self::NotTls(Opening::Http) => "http",
            Self::NotTls(Opening::Nothing | Opening::Tls | Opening::Unknown) => "not-tls",
            Self::HandshakeTimeout => "handshake-timeout",
            Self::Handshake(fault) => fault.code(),
            Self::RequestTimeout => "request-timeout",
            Self::ClosedBeforeRequest => "closed-before-request",
            Self::ClosedInRequest => "closed-in-request",
            Self::BrokenTls => "broken-tls-before-request",
            Self::Request(error) => error.code(),
            Self::Denied(denial) => denial.code(),
            Self::RequestTooLong => "request-too-long",
            Self::Pacs(failure) => pacs_code(failure),
            Self::Stopped => "stopped-before-association",
            Self::Ended(ending) => ending_code(ending),
        }
    }

    /// What the administrator does about it; `None` where all is as it should be.
    #[must_use]
    pub fn advice(self) -> Option<&'static str> {
        Some(match self {
            Self::Slots(SlotLimit::Connections) => {
                "Raise limits.connections if your peers really need so many connections."
            }
            Self::Slots(SlotLimit::Handshakes) => {
                "If these are your peers, raise limits.handshakes; else find who floods the port: \
                 an unfinished handshake gave way to a newer connection."
            }
            Self::Slots(SlotLimit::PerSource) => {
                "If many peers share this address, raise limits.per_source; else look at this host."
            }
            Self::ClosedBeforeTls => {
                "Nothing, if this is a monitor or a load balancer; else ask who scans the port."
            }
            Self::NotTls(Opening::PlainDicom) => {
                "Switch TLS on at this device: it speaks plain DICOM to the TLS port."
            }
            Self::NotTls(Opening::Http) => {
                "Nothing: a browser or a scanner came to the DICOM port."
            }
            Self::NotTls(Opening::Nothing | Opening::Tls | Opening::Unknown) => {
                "Find out what speaks to this port: it is neither TLS nor DICOM."
            }
            Self::HandshakeTimeout => {
                "Look at the network or the device: it connected and ended no TLS handshake in time."
            }
            Self::Handshake(fault) => fault.advice(),
            Self::RequestTimeout => {
                "Look at the network or the device: TLS was done and no whole request came in time."
            }
            Self::ClosedBeforeRequest => {
                "Look at the device's log: it closed the connection after TLS, before asking."
            }
            Self::ClosedInRequest => {
                "Look at the network and the device's log: the connection ended inside its request."
            }
            Self::BrokenTls => BROKEN_TLS,
            Self::Request(error) => request_advice(error),
            Self::Denied(denial) => denial.advice(),
            Self::RequestTooLong => {
                "Configure fewer presentation contexts or extended negotiations at the device."
            }
            Self::Pacs(failure) => pacs_advice(failure),
            Self::Stopped => return None,
            Self::Ended(ending) => return ending_advice(ending),
        })
    }

    /// What the requestor hears, as the README says it.
    #[must_use]
    pub fn wire(self) -> String {
        match self {
            Self::Slots(_) | Self::ClosedBeforeTls | Self::HandshakeTimeout => "close".into(),
            Self::RequestTimeout | Self::ClosedBeforeRequest => "close".into(),
            Self::ClosedInRequest => "close".into(),
            Self::BrokenTls | Self::Ended(Ending::BrokenTls) => "TLS alert".into(),
            Self::Stopped | Self::Pacs(TargetFailure::Abandoned) => "close".into(),
            Self::NotTls(_) => "TLS alert".into(),
            Self::Handshake(fault) => fault.wire().into(),
            Self::Request(error) => match error.answer() {
                Answer::Reject(reject) => reject.to_string(),
                Answer::Abort(abort) => abort.to_string(),
                Answer::Close => "close".into(),
            },
            Self::Denied(denial) => denial.reject().to_string(),
            Self::RequestTooLong => Reject::LOCAL_LIMIT.to_string(),
            Self::Pacs(TargetFailure::Rejected(_)) => "the PACS's own A-ASSOCIATE-RJ".into(),
            Self::Pacs(failure) => failure.reject().to_string(),
            Self::Ended(Ending::Aborted(Side::Acceptor)) => "the PACS's own A-ABORT".into(),
            Self::Ended(ending) => last_word(ending, Side::Requestor)
                .map_or_else(|| "close".into(), |abort| abort.to_string()),
        }
    }

    /// Every reason, one example each, in the order in which a connection meets them.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut all = vec![
            Self::Slots(SlotLimit::Connections),
            Self::Slots(SlotLimit::Handshakes),
            Self::Slots(SlotLimit::PerSource),
            Self::ClosedBeforeTls,
            Self::NotTls(Opening::PlainDicom),
            Self::NotTls(Opening::Http),
            Self::NotTls(Opening::Unknown),
            Self::HandshakeTimeout,
        ];
        all.extend(HandshakeFault::ALL.iter().copied().map(Self::Handshake));
        all.extend([Self::RequestTimeout, Self::ClosedBeforeRequest]);
        all.extend([Self::ClosedInRequest, Self::BrokenTls]);
        let of_request = AssociateError::ALL.iter().copied();
        all.extend(of_request.filter(|error| error.is_of_request()).map(Self::Request));
        all.extend(Denial::ALL.map(Self::Denied));
        all.push(Self::RequestTooLong);
        all.extend(
            [
                TargetFailure::Unreachable(ErrorKind::ConnectionRefused),
                TargetFailure::DialTimeout,
                TargetFailure::NoDescriptor,
                TargetFailure::Abandoned,
                TargetFailure::Silent,
                TargetFailure::Closed,
                TargetFailure::Rejected(Reject::NO_REASON),
                TargetFailure::Aborted(Abort::NO_REASON),
                TargetFailure::Malformed(AssociateError::NoMaximumLength),
            ]
            .map(Self::Pacs),
        );
        all.extend(AcFault::ALL.map(|fault| Self::Pacs(TargetFailure::Overreaching(fault))));
        all.push(Self::Stopped);
        all.extend(endings().map(Self::Ended));
        all
    }
}

/// Every end of an established association.
fn endings() -> impl Iterator<Item = Ending> {
    let sides = [Side::Requestor, Side::Acceptor];
    let timers = [
        Timer::Idle,
        Timer::Operation,
        Timer::Progress(Side::Requestor),
        Timer::Progress(Side::Acceptor),
        Timer::WriteStall(Side::Requestor),
        Timer::WriteStall(Side::Acceptor),
        Timer::Certificate,
        Timer::Lifetime,
    ];
    let faults = sides.map(|side| Fault::ALL.iter().map(move |fault| Ending::Fault(side, *fault)));
    [Ending::Released]
        .into_iter()
        .chain(sides.map(Ending::Aborted))
        .chain(sides.map(Ending::Closed))
        .chain(sides.map(Ending::ClosedInRelease))
        .chain([Ending::BrokenTls])
        .chain(timers.map(Ending::TimedOut))
        .chain([Ending::Stopped(Stop::Shutdown)])
        .chain(faults.into_iter().flatten())
}

const BROKEN_TLS: &str = "Look at the network between: what came is no sound TLS. If it happens \
                          often, somebody may be tampering with the connection.";

fn request_advice(error: AssociateError) -> &'static str {
    use AssociateError as E;
    if matches!(error, E::CalledTitle(_)) {
        return "Correct the called AE title at the device.";
    }
    if matches!(error, E::CallingTitle(_)) {
        return "Correct the device's own AE title.";
    }
    if matches!(error, E::AbortInsteadOfRequest) {
        return "Look at the device's log: it aborted before it asked.";
    }
    if matches!(error, E::MaximumLength(_)) {
        return "Set the device's maximum PDU length to 1024 or more; 16384 is usual.";
    }
    if matches!(error, E::ProtocolVersion | E::ForeignApplicationContext | E::UnknownPdu(_)) {
        return "Find out what speaks here: it is not a DICOM requestor of protocol version 1.";
    }
    if matches!(error, E::NoContext | E::NoTransferSyntax) {
        return "Configure at least one service with one transfer syntax at the device.";
    }
    "Find out what sends this: the request breaks the DICOM standard (PS3.8). If it is a device \
     of yours, show its vendor the detail."
}

/// What the administrator does about a data set that breaks this rule.
#[must_use]
pub const fn data_set_advice(error: DataSetError) -> &'static str {
    use DataSetError as E;
    match error {
        E::OddLength(_) | E::Order(_) | E::ReservedBytes(_) => {
            "Show the device's vendor the detail. If the device cannot be mended, name this \
             deviation in `tolerate` of its [peer] table: readers agree on what it means."
        }
        E::Missing(_)
        | E::IdentifierVr(_)
        | E::Identifier(_)
        | E::Mismatch(_)
        | E::UidCharacters(_) => {
            "Show the device's vendor the detail: the object does not say soundly what it is."
        }
        E::Path(_) | E::TooLong(_) => {
            "Look who entered this value: it could make a server write outside its directory. If \
             nobody did, the device may have been broken into."
        }
        E::CharacterSet(_) => {
            "Set a character set of the standard at the device; texts would be read in ways that \
             nobody checks. If nobody set this one, the device may have been broken into."
        }
        E::Depth
        | E::Elements
        | E::Cut
        | E::Overrun(_)
        | E::NotAnItem(_)
        | E::Misplaced(_)
        | E::DelimiterLength(_)
        | E::UnknownVr(_)
        | E::Mistakable(_)
        | E::UndefinedLength(_)
        | E::Encapsulated
        | E::Native
        | E::FragmentLength
        | E::OffsetTable
        | E::SequenceVr(_)
        | E::Duplicate(_)
        | E::Group(_)
        | E::Unsorted => {
            "Show the device's vendor the detail: such a data set can crash or mislead a PACS. If \
             the device is not faulty, it may have been broken into."
        }
    }
}

const fn pacs_code(failure: TargetFailure) -> &'static str {
    match failure {
        TargetFailure::Unreachable(_) => "acceptor-unreachable",
        TargetFailure::DialTimeout => "acceptor-dial-timeout",
        TargetFailure::NoDescriptor => "out-of-descriptors",
        TargetFailure::Abandoned => "closed-before-answer",
        TargetFailure::Silent => "acceptor-silent",
        TargetFailure::Closed => "acceptor-closed",
        TargetFailure::Rejected(_) => "acceptor-rejected",
        TargetFailure::Aborted(_) => "acceptor-aborted",
        TargetFailure::Malformed(_) => "acceptor-malformed-answer",
        TargetFailure::Overreaching(fault) => fault.code(),
    }
}

const fn pacs_advice(failure: TargetFailure) -> &'static str {
    match failure {
        TargetFailure::Unreachable(_) | TargetFailure::DialTimeout => {
            "Check that the PACS runs, that pacs.NAME.address is right (and its name resolves), and \
             the firewall between."
        }
        TargetFailure::Abandoned => {
            "Raise the association time-out of the device: it left before the PACS answered."
        }
        TargetFailure::NoDescriptor => {
            "Raise the limit of open files (LimitNOFILE in the unit): the gate had none left to \
             reach the PACS."
        }
        TargetFailure::Silent => {
            "Look at the PACS: it took the connection and did not answer within limits.answer."
        }
        TargetFailure::Closed | TargetFailure::Aborted(_) => {
            "Look at the PACS's log: it ended the connection instead of answering."
        }
        TargetFailure::Rejected(_) => {
            "Look at the PACS's log: it must know the calling title, its own called title \
             (pacs.NAME.ae_title) and the gate's address."
        }
        TargetFailure::Overreaching(fault) => fault.advice(),
        TargetFailure::Malformed(_) => {
            "Look at the PACS: its answer breaks the DICOM standard. Is it the server you think?"
        }
    }
}

const fn ending_code(ending: Ending) -> &'static str {
    match ending {
        Ending::Released => "released",
        Ending::Aborted(Side::Requestor) => "aborted-by-requestor",
        Ending::Aborted(Side::Acceptor) => "aborted-by-acceptor",
        Ending::Closed(Side::Requestor) => "closed-by-requestor",
        Ending::Closed(Side::Acceptor) => "closed-by-acceptor",
        Ending::BrokenTls => "broken-tls",
        Ending::ClosedInRelease(Side::Requestor) => "requestor-closed-in-release",
        Ending::ClosedInRelease(Side::Acceptor) => "acceptor-closed-in-release",
        Ending::Fault(side, fault) => fault.code(side),
        Ending::TimedOut(timer) => timer_code(timer),
        Ending::Stopped(Stop::Shutdown) => "shutdown",
    }
}

const fn timer_code(timer: Timer) -> &'static str {
    match timer {
        Timer::Idle => "idle-timeout",
        Timer::Operation => "operation-timeout",
        Timer::Progress(Side::Requestor) => "requestor-progress-timeout",
        Timer::Progress(Side::Acceptor) => "acceptor-progress-timeout",
        Timer::WriteStall(Side::Requestor) => "requestor-write-stall",
        Timer::WriteStall(Side::Acceptor) => "acceptor-write-stall",
        Timer::Certificate => "certificate-ended",
        Timer::Lifetime => "lifetime",
    }
}

const fn ending_advice(ending: Ending) -> Option<&'static str> {
    Some(match ending {
        Ending::Released | Ending::Stopped(Stop::Shutdown) => return None,
        Ending::Aborted(Side::Requestor) | Ending::Closed(Side::Requestor) => {
            "Look at the device's log if its user misses something."
        }
        Ending::Aborted(Side::Acceptor) | Ending::Closed(Side::Acceptor) => {
            "Look at the PACS's log if something is missing there."
        }
        Ending::BrokenTls => BROKEN_TLS,
        Ending::ClosedInRelease(Side::Requestor) => {
            "Nothing: the device closed its connection without waiting for the end of the release."
        }
        Ending::ClosedInRelease(Side::Acceptor) => {
            "Nothing: the PACS closed its connection without waiting for the end of the release."
        }
        Ending::Fault(_, Fault::ForbiddenRequests | Fault::SwallowedTooMuch) => {
            "Look at `forbidden` in the line: what was asked for there, and the advice of these \
             requests."
        }
        Ending::Fault(Side::Requestor, _) => {
            "Show the device's vendor the detail: what it sent breaks the DICOM standard. If the \
             device is not faulty, it may have been broken into."
        }
        Ending::Fault(Side::Acceptor, _) => {
            "Look at the PACS: what it sent breaks the DICOM standard. If it is not faulty, it may \
             have been broken into."
        }
        Ending::TimedOut(Timer::Idle) => {
            "Nothing, if the device keeps associations open; raise limits.idle if it needs them."
        }
        Ending::TimedOut(Timer::Operation) => {
            "Look at the PACS: it never ended an operation; raise limits.operation if it is slow."
        }
        Ending::TimedOut(Timer::Progress(_) | Timer::WriteStall(_)) => {
            "Look at the network and at the side that is named: it stood still inside a transfer."
        }
        Ending::TimedOut(Timer::Certificate) => "Renew the device's certificate: it has ended.",
        Ending::TimedOut(Timer::Lifetime) => {
            "Nothing, if the device asks anew; raise limits.lifetime if it needs longer."
        }
    })
}

/// What the code leaves open: the detail of the audit line. May hold peer text.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(error) => error.fmt(f),
            Self::Denied(denial) => denial.fmt(f),
            Self::Handshake(fault) => fault.fmt(f),
            Self::Pacs(TargetFailure::Unreachable(kind)) => kind.fmt(f),
            Self::Pacs(TargetFailure::Rejected(reject)) => reject.fmt(f),
            Self::Pacs(TargetFailure::Aborted(abort)) => abort.fmt(f),
            Self::Pacs(TargetFailure::Malformed(error)) => error.fmt(f),
            Self::Pacs(TargetFailure::Overreaching(fault)) => fault.fmt(f),
            Self::Ended(Ending::Fault(_, fault)) => fault.fmt(f),
            Self::Slots(_)
            | Self::ClosedBeforeTls
            | Self::NotTls(_)
            | Self::HandshakeTimeout
            | Self::RequestTimeout
            | Self::ClosedBeforeRequest
            | Self::ClosedInRequest
            | Self::BrokenTls
            | Self::RequestTooLong
            | Self::Pacs(
                TargetFailure::DialTimeout
                | TargetFailure::NoDescriptor
                | TargetFailure::Abandoned
                | TargetFailure::Silent
                | TargetFailure::Closed,
            )
            | Self::Stopped
            | Self::Ended(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fmt::Write;

    use pacsgate_core::data_set::{Deviation, PATH_ELEMENTS, PathElement};
    use pacsgate_core::inspector::Forbidden;

    use super::*;

    /// The table of forbidden requests in the README, made from the code.
    fn forbidden() -> String {
        let mut table =
            String::from("| reason | the response's status | what to do |\n|---|---|---|\n");
        for (side, why) in Forbidden::ALL {
            let status = why.status().map_or("none".into(), |status| format!("{status:04X}H"));
            let advice = why.advice(side);
            writeln!(table, "| `{}` | {status} | {advice} |", why.code(side)).unwrap();
        }
        table
    }

    #[test]
    fn the_readme_has_a_row_for_every_deviation_that_can_be_tolerated() {
        let mut table = String::from("| deviation | what it is |\n|---|---|\n");
        for deviation in Deviation::TOLERABLE {
            writeln!(table, "| `{}` | {} |", deviation.name(), deviation.sentence()).unwrap();
        }
        assert!(include_str!("../README.md").contains(&table), "{table}");
    }

    /// The table of the rules for data sets, made from the code.
    fn rules() -> String {
        let mut table = String::from("| rule | a data set that | what to do |\n|---|---|---|\n");
        for error in DataSetError::ALL {
            let words = error.to_string().replace("(0008,0018)", "an element");
            let words = words.replace("(fffe,e000)", "it").replace("(fffe,e00d)", "it");
            let advice = data_set_advice(error);
            writeln!(table, "| `{}` | {words} | {advice} |", error.code()).unwrap();
        }
        table
    }

    #[test]
    fn the_readme_has_a_row_for_every_rule_for_data_sets() {
        let readme = include_str!("../README.md");
        let table = rules();
        assert!(readme.contains(&table), "put this into the README:\n\n{table}");
    }

    #[test]
    fn the_readme_has_a_row_for_every_element_of_paths() {
        let mut table = String::from("| element | what it is | used for |\n|---|---|---|\n");
        for PathElement { tag, name, used } in PATH_ELEMENTS {
            writeln!(table, "| {tag} | {name} | {used} |").unwrap();
        }
        let readme = include_str!("../README.md");
        assert!(readme.contains(&table), "put this into the README:\n\n{table}");
    }

    #[test]
    fn the_readme_has_a_row_for_everything_that_is_forbidden() {
        let readme = include_str!("../README.md");
        let table = forbidden();
        assert!(readme.contains(&table), "put this into the README:\n\n{table}");
    }

    /// The table of the README, made from the code.
    fn table() -> String {
        let mut table =
            String::from("| reason | what the requestor hears | what to do |\n|---|---|---|\n");
        for reason in Reason::all() {
            let advice = reason.advice().unwrap_or("Nothing.");
            writeln!(table, "| `{}` | {} | {advice} |", reason.code(), reason.wire()).unwrap();
        }
        table
    }

    #[test]
    fn every_reason_has_a_code_of_its_own() {
        let all = Reason::all();
        let mut codes: BTreeSet<_> = all.iter().map(|reason| reason.code()).collect();
        assert_eq!(codes.len(), all.len());
        codes.extend(Forbidden::ALL.map(|(side, why)| why.code(side)));
        assert_eq!(codes.len(), all.len() + Forbidden::ALL.len());
    }

    #[test]
    fn the_readme_has_a_row_for_every_reason() {
        let readme = include_str!("../README.md");
        let table = table();
        assert!(readme.contains(&table), "put this into the README:\n\n{table}");
    }
}
