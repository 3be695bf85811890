//! What can be wrong in a configuration, in the words that the administrator reads.

use std::fmt;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use pacsgate_core::policy::PolicyError;
use pacsgate_core::wire::title::TitleError;
use pacsgate_core::wire::uid::UidError;

use super::error::Location;
use super::pem::PemFault;
use super::source::FileFault;
use super::units::UnitFault;
use super::validity::Validity;
use super::value::{AddressFault, DigestFault, DnsFault, NetworkFault, UriFault};
use crate::stream::tls::SettingsError;

/// Why a configuration does not load.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Mistake {
    /// The configuration file itself, or the drop-in directory.
    #[error("{0}")]
    File(FileFault),
    /// Not TOML: the parser's words.
    #[error("{0}")]
    Syntax(Box<str>),
    /// A key or a table that stands twice in one file.
    #[error("stands twice in this file")]
    Repeated,
    /// A table that stands in two files.
    #[error("stands already in {0}; a table stands in one file only")]
    Elsewhere(Location),
    /// A drop-in file with something that belongs to the main file.
    #[error("belongs in the main file; drop-in files hold listeners, PACS and peers")]
    MainFileOnly,
    /// The schema is missing or another one.
    #[error("this version reads schema 1; write `schema = 1` at the top of the main file")]
    Schema,

    /// A key that this version does not know.
    #[error("unknown key; {0}")]
    UnknownKey(Suggestion),
    /// A key that is described and not built yet.
    #[error("is not enforced by this version, so a configuration with it does not load; {0}")]
    NotEnforced(&'static str),
    /// A key that must be there.
    #[error("is missing; add it")]
    Missing,
    /// No table of this kind in any file.
    #[error("at least one is needed: nothing is permitted without it")]
    NoTable,
    /// A value of another type: values are never converted.
    #[error("must be {expected}, not {found}")]
    Type {
        /// What must stand here.
        expected: &'static str,
        /// What stands here.
        found: &'static str,
    },
    /// A list without an element: it would permit nothing.
    #[error("is empty; name at least one")]
    Empty,
    /// A text without a character but spaces.
    #[error("is blank")]
    Blank,
    /// A name with other characters.
    #[error("is no name; names are up to 64 of a-z, 0-9, `_` and `-`")]
    Name,
    /// Two keys, of which the second means nothing beside the first, or without it.
    #[error("{0}")]
    Combination(Combination),

    /// Not an AE title.
    #[error("{0} {1}; a title has 1 to 16 ASCII characters, none of them a control or `\\`")]
    Title(Quoted, TitleError),
    /// A title that would stand for all of them, if titles were patterns.
    #[error("{0} stands for no other title, since titles are compared whole; name each title")]
    AnyTitle(Quoted),
    /// Not a UID.
    #[error("{0} {1}")]
    Uid(Quoted, UidError),
    /// Not a network.
    #[error("{0} {1}")]
    Network(Quoted, NetworkFault),
    /// Not an address of a PACS.
    #[error("{0} {1}")]
    Address(Quoted, AddressFault),
    /// Not an address to listen on.
    #[error(
        "{0} is no address to listen on; write an IP address and a port, such as \"[::]:2762\""
    )]
    Bind(Quoted),
    /// An address to listen on that another one takes already.
    #[error("{address} cannot be had: {other} is listened on already at {first}; remove one")]
    BindTwice {
        /// The address.
        address: SocketAddr,
        /// The same, or the one that takes all with its port.
        other: SocketAddr,
        /// Where that stands.
        first: Location,
    },
    /// Not a DNS name.
    #[error("{0} {1}")]
    Dns(Quoted, DnsFault),
    /// Not a URI.
    #[error("{0} {1}")]
    Uri(Quoted, UriFault),
    /// Not a SHA-256 digest.
    #[error("{0} {1}")]
    Digest(Quoted, DigestFault),
    /// Not a duration or a size.
    #[error("{0} {1}")]
    Unit(Quoted, UnitFault),
    /// A number outside the range of its key.
    #[error("{number} is outside {} to {}", .range.start(), .range.end())]
    Range {
        /// What stands here.
        number: i64,
        /// What may.
        range: RangeInclusive<u32>,
    },
    /// A text that is none of the words allowed here.
    #[error("{0} is not known here; {1}")]
    Word(Quoted, Suggestion),
    /// A destination of the audit that is neither a stream nor a path.
    #[error("{0} is neither \"stdout\" nor \"stderr\" nor a path with a slash")]
    Audit(Quoted),

    /// A file that the configuration names.
    #[error("{}: {fault}", .file.display())]
    Named {
        /// The file.
        file: PathBuf,
        /// Why it cannot serve.
        fault: FileFault,
    },
    /// The content of a file that the configuration names.
    #[error("{}: {fault}", .file.display())]
    Pem {
        /// The file.
        file: PathBuf,
        /// Why it does not hold what it should.
        fault: PemFault,
    },
    /// What TLS itself refuses.
    #[error("{0}")]
    Tls(SettingsError),

    /// A PACS that no table describes.
    #[error("there is no [pacs.{0}]; {1}")]
    UnknownPacs(String, Suggestion),
    /// Neither a UID nor a keyword.
    #[error("{0} is neither a UID nor the keyword of a SOP class; {1}")]
    SopClass(Quoted, Suggestion),
    /// A certificate that would belong to two peers.
    #[error("belongs to peer.{peer} already, at {first}; a certificate has one peer")]
    SameMatcher {
        /// The first peer.
        peer: String,
        /// Where it lists it.
        first: Location,
    },
    /// A called title that would lead to two PACS.
    #[error("{title} leads to pacs.{pacs} already, at {first}; a called title has one PACS")]
    SameCalledTitle {
        /// The title.
        title: Quoted,
        /// The first PACS.
        pacs: String,
        /// Where it lists it.
        first: Location,
    },

    /// What the policy itself refuses.
    #[error("{0}")]
    Policy(PolicyError),

    /// A variable of the gate's prefix that overrides nothing.
    #[error("overrides nothing; {0}")]
    UnknownVariable(Suggestion),
    /// A variable for what only a file may say.
    #[error("peers, services and CAs are never taken from the environment")]
    NeverFromEnvironment,
    /// A variable that two keys answer to.
    #[error("stands for both {0} and {1}; rename one of the two tables")]
    AmbiguousVariable(String, String),
    /// A variable for a key that holds a list in the file.
    #[error("the file has a list here; a variable overrides single values only")]
    OverridesList,
}

/// Keys that do not go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Combination {
    /// A grace period without a CRL.
    #[error("has no effect without client_crl")]
    GraceWithoutCrl,
    /// `private_key` beside a list of certificates.
    #[error("stands with each certificate when `certificate` is a list")]
    KeyBesideList,
    /// A name that no listener can verify.
    #[error(
        "counts only for a certificate that a CA has issued, and no listener has a client_ca; \
         add one or pin the certificate with cert_sha256"
    )]
    NameWithoutCa,
    /// A matcher with no key or with several.
    #[error("must have exactly one of san_dns, san_uri, cert_sha256 and spki_sha256")]
    OneMatcher,
    /// Destinations without anything that moves there.
    #[error("is for C-MOVE, and no service of this peer has that; add `move` to services")]
    NothingToMove,
    /// A narrowing without anything to narrow.
    #[error("narrows store and get, and this peer has neither service")]
    NothingToNarrow,
    /// A narrowing to something outside the services.
    #[error("is in none of this peer's services")]
    OutsideServices,
}

impl From<Combination> for Mistake {
    fn from(combination: Combination) -> Self {
        Self::Combination(combination)
    }
}

/// What is legal and unwise.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Caution {
    /// A private key that every user of the machine may read.
    #[error("{} may be read by every user of this machine; run `chmod o-r` on it", .0.display())]
    KeyReadableByOthers(PathBuf),
    /// A certificate or a revocation list near the end of its time, or outside of it.
    #[error("{0}")]
    Validity(Validity),
    /// A CA without any list.
    #[error(
        "is missing, so a certificate that its CA has revoked is still accepted; name the \
         revocation lists of the CAs in client_ca"
    )]
    NoCrl,
    /// A CA without a list beside those that have one.
    #[error(
        "none is of {0}, so every certificate that this CA has issued is refused as crl-missing; \
         add its list"
    )]
    CaWithoutCrl(Quoted),
    /// Two titles that people take for one.
    #[error(
        "{title} and {other} of {table}, at {first}, differ in case only; case is significant, so \
         compare them with what is set at the device"
    )]
    TitleInOtherCase {
        /// The title.
        title: Quoted,
        /// The first one like it.
        other: Quoted,
        /// The table of the first one.
        table: String,
        /// Where the first one stands.
        first: Location,
    },
    /// A title that looks like a pattern.
    #[error(
        "{0} is compared whole, so its `*` or `?` stands for no other character; name each title \
         that is meant"
    )]
    TitleLikePattern(Quoted),
    /// A calling title of two peers.
    #[error(
        "{title} is a title of peer.{peer} as well, at {first}, and the PACS cannot tell them \
         apart; give each device a title of its own"
    )]
    SharedCallingTitle {
        /// The title.
        title: Quoted,
        /// The first peer with it.
        peer: String,
        /// Where that peer lists it.
        first: Location,
    },
    /// A peer whose unsound data sets pass.
    #[error(
        "lets data sets that break a rule through to the PACS; write \"refuse\", or leave it out, as \
         soon as the audit shows no `reported` line that matters"
    )]
    GuardReports,
    /// A PACS that nobody reaches.
    #[error("is named in the `pacs` of no peer, so nobody reaches it")]
    UnusedPacs,
}

/// What could have been meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Suggestion {
    /// The nearest valid word.
    Nearest(Box<str>),
    /// Nothing is near: all that is valid.
    OneOf(Vec<Box<str>>),
    /// Nothing is near, and there is too much to list: where it is listed.
    See(&'static str),
}

impl Suggestion {
    /// The candidate that is nearest to the wrong word, or else all of them.
    pub(super) fn new<S: AsRef<str>>(wrong: &str, candidates: impl IntoIterator<Item = S>) -> Self {
        let candidates: Vec<S> = candidates.into_iter().collect();
        let words = || candidates.iter().map(AsRef::as_ref);
        let wrong = wrong.to_lowercase();
        let similarity = |word: &str| strsim::jaro_winkler(&wrong, &word.to_lowercase());
        let scored = words().map(|word| (similarity(word), word));
        match scored.max_by(|(a, _), (b, _)| a.total_cmp(b)) {
            Some((score, word)) if score >= NEAR => Self::Nearest(word.into()),
            _ => Self::OneOf(words().map(Into::into).collect()),
        }
    }
}

/// The Jaro-Winkler similarity from which on a guess helps more than it misleads.
const NEAR: f64 = 0.8;

impl fmt::Display for Suggestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nearest(word) => write!(f, "did you mean `{word}`?"),
            Self::OneOf(words) if words.is_empty() => f.write_str("none is known"),
            Self::OneOf(words) => write!(f, "known are {}", words.join(", ")),
            Self::See(place) => write!(f, "see {place}"),
        }
    }
}

/// A text from the configuration, shown in quotes, escaped, and cut where it is long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quoted(pub(super) Box<str>);

impl From<&str> for Quoted {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: String = self.0.chars().take(MAX_QUOTED).collect();
        let rest = if shown.len() < self.0.len() { "..." } else { "" };
        write!(f, "\"{}{rest}\"", shown.escape_debug())
    }
}

/// Enough to recognise a digest or a path by.
const MAX_QUOTED: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_the_nearest_word_or_lists_all() {
        let words = ["calling_ae", "certificate", "from"];
        let told = |wrong: &str| Suggestion::new(wrong, words).to_string();
        assert_eq!(told("calling_title"), "did you mean `calling_ae`?");
        assert_eq!(told("form"), "did you mean `from`?");
        assert_eq!(told("xyz"), "known are calling_ae, certificate, from");
        assert_eq!(Suggestion::new("x", [""; 0]).to_string(), "none is known");
    }

    #[test]
    fn escapes_and_cuts_what_it_quotes() {
        assert_eq!(Quoted::from("a\n\u{1b}[2J\"").to_string(), r#""a\n\u{1b}[2J\"""#);
        assert_eq!(Quoted::from("a".repeat(300).as_str()).to_string().len(), 105);
    }
}
