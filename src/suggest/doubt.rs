//! What looks wrong, and is not suggested before somebody has looked at it.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use pacsgate_core::wire::title::AeTitle;

/// More calling titles than these from one address or with one certificate are a scan, or somebody who
/// forwards for many.
pub const TITLES: usize = 8;
/// More called titles than these that no PACS has are a scan: a device is mistyped once.
pub const CALLED: usize = 4;
/// So many of four associations under a title make its address the owner of the title.
pub const OWNER: u64 = 3;
/// Of so many.
pub const OF: u64 = 4;
/// More queries than these that name no patient, no day and nothing else ask for the whole archive.
pub const OPEN_QUERIES: u64 = 2;
/// More C-MOVE and C-GET requests a day are a copy of the archive: a person reads some hundred studies.
pub const RETRIEVALS: u64 = 1_000;
/// More objects moved a day; the largest studies have some ten thousand.
pub const MOVED: u64 = 200_000;
/// More PDUs a day in answer to queries; a list of studies has some hundred.
pub const ANSWERS: u64 = 100_000;
/// More malformed requests from one address are no slip of the network.
pub const MALFORMED: u64 = 2;

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
    /// So many called titles that nobody has.
    Called(usize),
    /// So many queries that restrict nothing.
    OpenQueries(u64),
    /// So many retrievals a day.
    Retrievals(u64),
    /// So many objects moved a day.
    Moved(u64),
    /// So many answers a day.
    Answers(u64),
    /// So many malformed requests.
    Malformed(u64),
    /// C-MOVE to titles that nobody here has, and to no other.
    Destinations(Vec<AeTitle>),
    /// None of the PACS that it reached is there any more.
    PacsGone(Vec<String>),
    /// Nothing was done, or nothing that a service permits.
    Nothing,
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
            Self::Called(_) => "called-titles",
            Self::OpenQueries(_) => "open-queries",
            Self::Retrievals(_) => "retrievals",
            Self::Moved(_) => "moved",
            Self::Answers(_) => "answers",
            Self::Malformed(_) => "malformed",
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
                "so many addresses and titles were seen that it is not known whose its title is: read a \
                 shorter time with --since, or narrow report_only_from to the networks of the devices",
            ),
            Self::Titles
            | Self::Called(_)
            | Self::OpenQueries(_)
            | Self::Retrievals(_)
            | Self::Moved(_)
            | Self::Answers(_)
            | Self::Malformed(_)
            | Self::Destinations(_)
            | Self::PacsGone(_)
            | Self::Nothing => self.of_deeds(f),
        }
    }
}

impl Doubt {
    /// What was done, not who it says that it is.
    fn of_deeds(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TitleOfPeer(..)
            | Self::TitleOfPacs(..)
            | Self::TitleOfCertificate(_)
            | Self::TitleOfAddress(..)
            | Self::TitleOfMany(..)
            | Self::OwnersUnknown => Ok(()),
            Self::Titles => write!(
                f,
                "claims more than {TITLES} titles: a scan, or several devices behind one address or with \
                 one certificate; give each a certificate of its own"
            ),
            Self::Called(count) => write!(
                f,
                "{count} titles that no PACS has were called, more than {CALLED}: it tries titles out"
            ),
            Self::OpenQueries(count) => write!(
                f,
                "{count} queries restricted nothing, more than {OPEN_QUERIES}: they list the archive"
            ),
            Self::Retrievals(count) => {
                write!(
                    f,
                    "{count} retrievals on one day, more than {RETRIEVALS}: it copies the archive"
                )
            }
            Self::Moved(count) => {
                write!(
                    f,
                    "{count} objects moved on one day, more than {MOVED}: it copies the archive"
                )
            }
            Self::Answers(count) => {
                write!(
                    f,
                    "{count} PDUs in answer to queries on one day, more than {ANSWERS}: it lists the archive"
                )
            }
            Self::Malformed(count) => {
                write!(
                    f,
                    "{count} malformed requests came from this address, more than {MALFORMED}"
                )
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
        }
    }
}
