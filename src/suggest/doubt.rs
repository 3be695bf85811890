//! What looks wrong, and is not suggested before somebody has looked at it.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use pacsgate_core::wire::title::AeTitle;

use super::amounts::Amounts;

/// More calling titles than these from one address or with one certificate are a scan, or somebody who
/// forwards for many.
pub const TITLES: usize = 8;
/// More called titles than these that no PACS has are a scan: a device is mistyped once.
const CALLED: u64 = 4;
/// So many of four associations under a title make its address the owner of the title.
pub const OWNER: u64 = 3;
/// Of so many.
pub const OF: u64 = 4;
/// More queries than these that name no patient, no day and nothing else ask for the whole archive.
pub const OPEN_QUERIES: u64 = 2;
/// More C-MOVE and C-GET requests a day are a copy of the archive: a person reads some hundred studies.
const RETRIEVALS: u64 = 1_000;
/// More objects moved a day; the largest studies have some ten thousand.
pub const MOVED: u64 = 200_000;
/// More PDUs a day in answer to queries; a list of studies has some hundred.
const ANSWERS: u64 = 100_000;
/// More malformed requests from one address are no slip of the network.
const MALFORMED: u64 = 2;

/// Why somebody is not suggested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// A peer of the configuration has this title.
    TitleOfPeer(AeTitle, Arc<str>),
    /// A PACS has this title.
    TitleOfPacs(AeTitle, Arc<str>),
    /// Mostly somebody with a certificate has this title.
    TitleOfCertificate(AeTitle),
    /// Mostly another address has this title.
    TitleOfAddress(AeTitle, IpAddr),
    /// So many others have this title, and none of all mostly.
    TitleOfMany(AeTitle, usize),
    /// So many came that nobody can be said to have a title alone.
    OwnersUnknown,
    /// Too many calling titles.
    Titles,
    /// So many of something of which there may be less.
    TooMany(Many, u64),
    /// So many operations of which the audit does not name the kind.
    Unnamed(u64),
    /// Nothing but data sets that break these rules.
    Unsound(Vec<String>),
    /// It was refused for this reason, and nothing else.
    Refused(String),
    /// C-MOVE to titles that nobody here has, and to no other.
    Destinations(Vec<AeTitle>),
    /// None of the PACS that it reached is there any more.
    PacsGone(Vec<String>),
    /// Nothing was done, or nothing that a service permits.
    Nothing,
}

/// What is too much for a device, on its busiest day.
pub fn of_amounts(amounts: &Amounts) -> impl Iterator<Item = Doubt> {
    let (day, open) = (amounts.busiest(), amounts.open_queries);
    let doubts = [
        Many::OpenQueries.doubt(open),
        Many::Retrievals.doubt(day.retrievals),
        Many::Moved.doubt(day.moved),
        Many::Answers.doubt(day.answers),
    ];
    doubts.into_iter().flatten()
}

impl Doubt {
    /// A stable word for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TitleOfPeer(..) => "title-of-peer",
            Self::TitleOfPacs(..) => "title-of-pacs",
            Self::TitleOfCertificate(_) => "title-of-certificate",
            Self::TitleOfAddress(..) => "title-of-address",
            Self::TitleOfMany(..) => "title-of-many",
            Self::OwnersUnknown => "owners-unknown",
            Self::Titles => "titles",
            Self::TooMany(what, _) => what.row().0,
            Self::Unnamed(_) => "operations-unnamed",
            Self::Unsound(_) => "unsound",
            Self::Refused(_) => "only-refused",
            Self::Destinations(_) => "destinations",
            Self::PacsGone(_) => "pacs-gone",
            Self::Nothing => "nothing-done",
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TitleOfPeer(title, peer) => write!(
                f,
                "calls itself {title}, which is a title of [peer.{peer}]; if it is that device, add its \
                 address or certificate there"
            ),
            Self::TitleOfPacs(title, pacs) => {
                write!(f, "calls itself {title}, which is a title of [pacs.{pacs}]")
            }
            Self::TitleOfCertificate(title) => write!(
                f,
                "calls itself {title}, which is mostly somebody's who shows a certificate for it"
            ),
            Self::TitleOfAddress(title, owner) => {
                write!(f, "calls itself {title}, which is mostly the device at {owner}")
            }
            Self::TitleOfMany(title, 1) => write!(
                f,
                "calls itself {title} as somebody else does: if these are one device, give it one address \
                 or a certificate; if two, each a title of its own"
            ),
            Self::TitleOfMany(title, others) => write!(
                f,
                "calls itself {title} as {others} others do: if these are one device, give it one address \
                 or a certificate; if several, each a title of its own"
            ),
            Self::OwnersUnknown => f.write_str(
                "so many addresses and titles were seen that it is not known whose its title is: give fewer \
                 files, or narrow report_only_from to the networks of the devices",
            ),
            Self::TooMany(what, count) => {
                let (_, words, most, so) = what.row();
                write!(f, "{count} {words}, more than {most}: {so}")
            }
            Self::Titles
            | Self::Unnamed(_)
            | Self::Unsound(_)
            | Self::Refused(_)
            | Self::Destinations(_)
            | Self::PacsGone(_)
            | Self::Nothing => self.of_deeds(f),
        }
    }
}

/// Of what there may be too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Many {
    /// Called titles that no PACS has.
    Called,
    /// Queries that restrict nothing.
    OpenQueries,
    /// Retrievals on one day.
    Retrievals,
    /// Objects moved on one day.
    Moved,
    /// Answers on one day.
    Answers,
    /// Malformed requests.
    Malformed,
}

impl Many {
    /// Where there are more than there may be.
    pub fn doubt(self, count: u64) -> Option<Doubt> {
        let (.., most, _) = self.row();
        (count > most).then_some(Doubt::TooMany(self, count))
    }

    /// A word for programs, what it is, how many there may be, and what it means that there are more.
    const fn row(self) -> (&'static str, &'static str, u64, &'static str) {
        match self {
            Self::Called => (
                "called-titles",
                "titles that no PACS has were called",
                CALLED,
                "it tries titles out",
            ),
            Self::OpenQueries => (
                "open-queries",
                "queries restricted nothing",
                OPEN_QUERIES,
                "they list the archive",
            ),
            Self::Retrievals => {
                ("retrievals", "retrievals on one day", RETRIEVALS, "it copies the archive")
            }
            Self::Moved => ("moved", "objects moved on one day", MOVED, "it copies the archive"),
            Self::Answers => {
                ("answers", "PDUs in answer to queries on one day", ANSWERS, "it lists the archive")
            }
            Self::Malformed => (
                "malformed",
                "malformed requests came from this address",
                MALFORMED,
                "no device sends these day by day",
            ),
        }
    }
}

impl Doubt {
    /// What was done, not who it says that it is.
    fn of_deeds(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Titles => write!(
                f,
                "claims more than {TITLES} titles: a scan, or several devices behind one address or with \
                 one certificate; give each a certificate of its own"
            ),
            Self::Unnamed(count) => write!(
                f,
                "did {count} operations more in one association than the audit names the kinds of: its \
                 table is to be written by hand"
            ),
            Self::Unsound(rules) => write!(
                f,
                "sent nothing but data sets that did not pass: {}; see docs/data-sets.md",
                rules.join(", ")
            ),
            Self::Refused(reason) => {
                write!(f, "was only refused, at last for {reason}; docs/reasons.md says what to do")
            }
            Self::Destinations(titles) => {
                let titles: Vec<_> = titles.iter().map(AeTitle::as_str).collect();
                write!(f, "has objects moved to {}, which nobody here is called", titles.join(", "))
            }
            Self::PacsGone(names) => write!(
                f,
                "was only at what the configuration does not have any more: [pacs.{}]",
                names.join("], [pacs.")
            ),
            Self::Nothing => write!(f, "did nothing that a service permits"),
            Self::TitleOfPeer(..)
            | Self::TitleOfPacs(..)
            | Self::TitleOfCertificate(_)
            | Self::TitleOfAddress(..)
            | Self::TitleOfMany(..)
            | Self::OwnersUnknown
            | Self::TooMany(..) => Ok(()),
        }
    }
}
