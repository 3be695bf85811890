//! What can be wrong in a configuration, in the words that the administrator reads.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use ipnet::IpNet;
use pacsgate_core::certificate::NameFault;
use pacsgate_core::identity::MAX_DEPTH;
use pacsgate_core::policy::OutOfRange;
use pacsgate_core::quoted::Quoted;
use pacsgate_core::wire::title::TitleError;
use pacsgate_core::wire::uid::UidError;

use super::finding::Location;
use super::lookalike::{self, LookAlike};
use super::suggestion::Suggestion;
use super::units::UnitFault;
use super::value::{Address, AddressFault, DigestFault, NetworkFault};
use crate::host::ports::ANY_PORT;
use crate::host::{Distrust, Obstacle, words};
use crate::identity::password;
use crate::identity::token::UrlFault;

/// Why a configuration does not load.
#[derive(Debug, thiserror::Error)]
pub(super) enum Mistake {
    /// Not TOML: the parser's words.
    #[error("{0}")]
    Syntax(Box<str>),
    /// A key or a table that stands twice in one file.
    #[error("appears twice in this file")]
    Repeated,
    /// A table that stands in two files.
    #[error("is already in {0}; a table may be in one file only")]
    Elsewhere(Location),
    /// A drop-in file with something that belongs to the main file.
    #[error(
        "belongs in the main file; drop-in files hold listeners, PACS, peers, issuers and collectors"
    )]
    MainFileOnly,
    /// No main file.
    #[error("no such file; correct the path, or have `pacsgate init` make one")]
    NoMainFile,
    /// The schema is missing or another one.
    #[error("this version reads schema 1; write `schema = 1` at the top of the main file")]
    Schema,

    /// A key that this version does not know.
    #[error("unknown key; {0}")]
    UnknownKey(Suggestion),
    /// The first key of a peer in another table, or in none.
    #[error("is a key of a [peer] table; write `[peer.NAME]` above it")]
    OfPeer,
    /// A key that says something of another kind of user, or of none.
    #[error("is for a peer with `user_identity = \"{0}\"`; write that, or take this out")]
    OfIdentity(&'static str),
    /// `certificate` is a text, and not the one that it may be.
    #[error(
        "{0} is neither a list of what the certificate is recognised by, such as [{{ san_dns = \
         \"ct1.example\" }}], nor \"none\""
    )]
    Certificate(Quoted),
    /// A peer without a certificate that no listener would let in.
    #[error(
        "says that it shows none, and every listener asks for one; write `client_certificate = \
         \"optional\"` in the [listener.NAME.tls] at which it connects"
    )]
    NobodyOptional,
    /// A listener without TLS, with a table of TLS.
    #[error("is of a listener with TLS, and this one has `plain = true`; take one of them out")]
    TlsOfPlain,
    /// A listener without TLS in every network.
    #[error(
        "{0} is in every network of this machine, and this listener has no TLS; write the gate's \
         address in the network in which {1}"
    )]
    PlainEverywhere(SocketAddr, &'static str),
    /// An outward listener that lets in clients without a certificate.
    #[error(
        "lets in clients that show no certificate, and only a PACS may come here; leave it out"
    )]
    OptionalOutward,
    /// A name that no certificate of a target can have.
    #[error(
        "{0} is no DNS name; write one that is in the certificate of the other end, or pin that by `cert_sha256`"
    )]
    OutgoingName(Quoted),
    /// TLS that would trust nobody.
    #[error(
        "trusts nobody; name the `ca` of the other end's certificate with its `name`, or pin it by `cert_sha256`"
    )]
    NothingTrusted,
    /// A CA that would vouch for any of its certificates.
    #[error(
        "is missing: a CA vouches for many systems; write the DNS name that is in the certificate of this one"
    )]
    CaWithoutTargetName,
    /// A name for which nobody vouches.
    #[error(
        "counts only in a certificate that a CA vouches for; name that by `ca`, or take it out"
    )]
    TargetNameWithoutCa,
    /// Two words about one way.
    #[error("speaks of TLS, and `plain = true` says that there is none; take one of them out")]
    TlsOfPlainReach,
    /// A device of which it is not said whether it speaks TLS.
    #[error(
        "does not say how the device is reached; add [peer.NAME.reach.tls], or `plain = true` if it speaks \
         no TLS"
    )]
    ReachTransport,
    /// A window where nothing is waited for.
    #[error("is for `after = \"request\"`; take it out")]
    WindowOfNothing,
    /// A listener at which nobody needs a certificate, and everybody has one.
    #[error(
        "lets in clients that show no certificate, and no peer has `certificate = \"none\"`; write \
         \"required\", or leave it out"
    )]
    OptionalForNobody,
    /// A name that no line of the file of passwords has.
    #[error("{0} {1}, so it cannot be in the file of passwords")]
    UserName(Quoted, password::NameFault),
    /// A place of a claim that is none.
    #[error(
        "{0} is no claim: a name is not empty, and one that begins with a slash is a JSON pointer \
         (RFC 6901) of at most {MAX_DEPTH} parts"
    )]
    ClaimPointer(Quoted),
    /// Tokens, and nobody who makes them.
    #[error("needs an issuer whose tokens are accepted; add an [issuer.NAME] table")]
    NoIssuer,
    /// Tokens, and several who make some.
    #[error("is missing, and there are several [issuer] tables; say whose tokens the peer shows")]
    WhichIssuer,
    /// The name of no issuer.
    #[error("there is no [issuer.{0}]; {1}")]
    UnknownIssuer(Box<str>, Suggestion),
    /// Passwords, and no file of them.
    #[error("needs the users with their passwords; add a [passwords] table with a `file`")]
    NoPasswords,
    /// A key that must be there.
    #[error("is missing; add it")]
    Missing,
    /// No table of this kind in any file.
    #[error("at least one is needed: nothing is permitted without it; {0}")]
    NoTable(&'static str),
    /// A value of another type: values are never converted.
    #[error("must be {expected}, not {found}")]
    Type {
        /// What must stand here.
        expected: &'static str,
        /// What stands here.
        found: &'static str,
    },
    /// A text without a character but spaces.
    #[error("is blank")]
    Blank,
    /// A character that is not what it looks like.
    #[error("{0} has {1}")]
    Disguised(Quoted, LookAlike),
    /// Several entries of a list in one string.
    #[error("{0} is one string; write each entry as a string of its own, {list}", list = Listed(.1))]
    Several(Quoted, Vec<Quoted>),
    /// A path of another system.
    #[error(
        "{0} is a Windows path, and the gate runs on Linux; write where the file is on this \
         machine, with slashes"
    )]
    WindowsPath(Quoted),
    /// A URL of a file on this machine.
    #[error("{0} is a URL; write the path alone, {1}")]
    FileUrl(Quoted, Quoted),
    /// A URL of something elsewhere.
    #[error("{0} is a URL, and the gate fetches no files; download it and write its path")]
    RemoteUrl(Quoted),
    /// The URL of keys in the place of their file.
    #[error("is a URL; write it as `keys_url`, with `keys_ca` beside it")]
    UrlAsKeys,
    /// Not a URL that keys are fetched from.
    #[error("{0} {1}")]
    KeysUrl(Quoted, UrlFault),
    /// Keys that are nowhere.
    #[error("is missing; name a file of keys here, or a URL in keys_url")]
    NoKeys,
    /// Keys from two places.
    #[error(
        "is there beside `keys`; the keys of an issuer come from one of the two, so remove one"
    )]
    KeysTwice,
    /// A key that only a URL needs.
    #[error("has no effect without keys_url")]
    WithoutUrl,
    /// Keys, and other algorithms.
    #[error(
        "has no key for any of these `algorithms`; correct them, or name the file of this issuer"
    )]
    NoFittingKey,
    /// Keys that are too old before they are fetched again.
    #[error(
        "is not longer than `refresh`, so that the keys would be too old before they are fetched again"
    )]
    StaleBeforeRefresh,
    /// An algorithm whose keys are secret.
    #[error(
        "{0} is symmetric, and whoever verifies by it could make tokens; let the issuer sign by another"
    )]
    Symmetric(Quoted),
    /// Two issuers that a token cannot tell apart.
    #[error(
        "is that of [issuer.{0}] as well, at {1}; a token says by it whose it is, so remove one"
    )]
    SameIssuer(String, Location),
    /// A certificate that is no CA's.
    #[error("holds a certificate that cannot serve as a CA: {0}")]
    NoCa(rustls::Error),
    /// The content of a file in the place of its path; it is not shown, as it may be secret.
    #[error("this is {0} itself; save it in a file and write its path here")]
    Content(&'static str),
    /// A path with a character that no path has on purpose.
    #[error(
        "{0} has a control character, as a backslash in double quotes makes it; write the path \
         with slashes"
    )]
    ControlInPath(Quoted),
    /// A name with other characters.
    #[error("is not a valid name; use up to 64 of a-z, 0-9, `_` and `-`")]
    Name,
    /// A grace period without a CRL.
    #[error("has no effect without {0}")]
    GraceWithoutCrl(&'static str),
    /// `private_key` beside a list of certificates.
    #[error("belongs next to each certificate when `certificate` is a list")]
    KeyBesideList,
    /// A name that no listener can verify.
    #[error(
        "counts only for a certificate that a CA has issued, and no listener has a client_ca; \
         add one or pin the certificate with cert_sha256"
    )]
    NameWithoutCa,
    /// A name for which each of several CAs could vouch.
    #[error(
        "must say which CA vouches for this name, as another one may have issued it to another \
         device; add {list}", list = Either(.0)
    )]
    NameOfAnyCa(Vec<String>),
    /// A CA that no listener has.
    #[error("no listener has a client_ca of the name {0}; {1}")]
    UnknownCa(Quoted, Suggestion),
    /// A CA by name, where the listeners have one without.
    #[error(
        "names the CA \"{ca}\", and the client_ca at {first} has no name; take `ca` out, or write \
         client_ca = {{ {ca} = \"FILE\" }} there"
    )]
    CaOfNoName {
        /// The name.
        ca: Arc<str>,
        /// The CA without a name.
        first: Location,
    },
    /// A CA without a name beside those with one.
    #[error(
        "has no name, and the CAs at {first} have: no peer can mean this one; write it as \
         {{ NAME = \"FILE\" }}, with the name that the peers have as `ca`"
    )]
    CaWithoutName {
        /// One with a name.
        first: Location,
    },
    /// A CA beside a pin.
    #[error("has no effect on a pin, which needs no CA; take it out")]
    CaOfPin,
    /// A matcher with no key or with several.
    #[error("must have exactly one of san_dns, san_uri, cert_sha256 and spki_sha256")]
    OneMatcher,

    /// More characters than a title has.
    #[error(
        "{0} has {1} characters, and a title has 16 at most; write what the device sends, maybe {2}"
    )]
    LongTitle(Quoted, usize, Quoted),
    /// Not an AE title.
    #[error("{0} {1}; a title has 1 to 16 ASCII characters, none of them a control or `\\`")]
    Title(Quoted, TitleError),
    /// A title that would stand for all of them, if titles were patterns.
    #[error("{0} matches no other title, because titles are compared as a whole; name each title")]
    AnyTitle(Quoted),
    /// Not a UID.
    #[error("{0} {1}")]
    Uid(Quoted, UidError),
    /// Not a network.
    #[error("{0} {1}")]
    Network(Quoted, NetworkFault),
    /// Everybody as a balancer.
    #[error(
        "{0} is every address, so that anybody could claim any source; name the balancers' own"
    )]
    AnyBalancer(IpNet),
    /// One of the two keys of report-only without the other.
    #[error(
        "is needed beside `{0}`: a listener that only reports does so for given networks and until a \
         given day"
    )]
    ReportOnlyOf(&'static str),
    /// Report-only where a PACS is the requestor.
    #[error("is for inward listeners: what a PACS does is never only reported; take it out")]
    ReportOnlyOutward,
    /// Not a day and no moment.
    #[error(
        "{0} is neither a day nor a moment in UTC; write \"2026-12-20\", from whose beginning the \
         listener enforces, or \"2026-12-20T06:00:00Z\""
    )]
    Moment(Quoted),
    /// A network of more than a site.
    #[error(
        "{0} is wider than a site, so that strangers would be let through; write the networks of the \
         devices, at most a /8 of IPv4 or a /32 of IPv6"
    )]
    WideReportOnly(IpNet),
    /// Not an address of a PACS.
    #[error("{0} {1}")]
    Address(Quoted, AddressFault),
    /// Several addresses of a PACS in one string.
    #[error("{0} is one string; write a list in the file, [{list}]", list = Listed(.1))]
    AddressesInOneString(Quoted, Vec<Quoted>),
    /// More addresses of a PACS than are asked.
    #[error("has {0} addresses; a PACS has {1} at most")]
    TooManyAddresses(usize, usize),
    /// How long an answer may take that nobody asks for.
    #[error("has no effect without `health`; add that, such as \"30s\", or take this out")]
    WithoutHealth,
    /// An answer that may come after the next question.
    #[error("is not shorter than `health`; write less, such as a third of it")]
    TimeoutBeyondHealth,
    /// Not an address from which something is dialled.
    #[error(
        "{0} is not an IP address of this machine; write one, without a port, such as \"10.10.0.4\""
    )]
    SourceAddress(Quoted),
    /// IPv4 is not dialled from IPv6.
    #[error(
        "{address}, at {first}, cannot be dialled from {source_address}: one is IPv4 and the other IPv6; write \
         an address of this machine of the same kind"
    )]
    SourceOfOtherKind {
        /// The address of this machine.
        source_address: IpAddr,
        /// What is dialled.
        address: Address,
        /// Where that stands.
        first: Location,
    },
    /// Not an address to listen on.
    #[error(
        "{0} is not an address to listen on; write an IP address and a port, such as \"[::]:2762\""
    )]
    Bind(Quoted),
    /// The same with a blank.
    #[error("{0} has a blank in it; write an IP address and a port, such as \"[::]:2762\"")]
    BlankInBind(Quoted),
    /// An address of the admin endpoint that is none.
    #[error(
        "{0} is neither an address of this machine nor the path of a socket; write \
         \"127.0.0.1:9120\", \"[::1]:9120\" or \"/run/pacsgate/admin.sock\""
    )]
    AdminAddress(Quoted),
    /// An address that others reach.
    #[error(
        "{0} can be reached from other machines, and whoever reaches it reads who is connected; write \
         \"127.0.0.1:{port}\" or a socket such as \"/run/pacsgate/admin.sock\" (docs/admin.md says how \
         others get at it)", port = .0.port()
    )]
    AdminElsewhere(SocketAddr),
    /// The same address again.
    #[error("is there already, at {0}; remove one of the two")]
    AdminTwice(Location),
    /// A socket in the place of the audit.
    #[error("{} is the file of `log.audit` too, at {at}; name another path", .path.display())]
    SocketIsAudit {
        /// The path.
        path: PathBuf,
        /// Where the audit's stands.
        at: Location,
    },
    /// Too many of them.
    #[error("has more than {0} addresses; one of loopback and one socket are enough")]
    AdminAddresses(usize),
    /// A path that the system takes for no socket.
    #[error(
        "is longer than the {0} bytes that a socket's path may have here; choose a shorter one"
    )]
    SocketPath(usize),
    /// An address to listen on that another one takes already.
    #[error("{address} is listened on already, at {first}; remove one of the two")]
    BindTwice {
        /// The address.
        address: SocketAddr,
        /// Where it stands before.
        first: Location,
    },
    /// An address and all addresses with one port: the system gives it to one of them only.
    #[error(
        "{address} cannot be listened on beside {other}, at {first}, which takes the same port; \
         keep the one that is meant"
    )]
    BindOverlaps {
        /// The address.
        address: SocketAddr,
        /// The same, or the one that takes all with its port.
        other: SocketAddr,
        /// Where that stands.
        first: Location,
    },
    /// An address of IPv4 beside `[::]`, which has the port there as well.
    #[error("{all} takes IPv4 as well; leave out {address} (the other one is at {at})")]
    BindTakenByIpv6 {
        /// The address of IPv4.
        address: SocketAddr,
        /// All addresses of both.
        all: SocketAddr,
        /// Where the other one of the two stands.
        at: Location,
    },
    /// Not a name by which a certificate is recognised.
    #[error("{0} {1}")]
    Matcher(Quoted, NameFault),
    /// Not a SHA-256 digest.
    #[error("{0} {1}")]
    Digest(Quoted, DigestFault),
    /// Not a duration or a size.
    #[error("{0} {1}")]
    Unit(Quoted, UnitFault),
    /// A number outside the range of its key.
    #[error("{0}")]
    Range(OutOfRange),
    /// A text that is none of the words allowed here, and what those are.
    #[error("{0} is not {1}; {2}")]
    Word(Quoted, &'static str, Suggestion),
    /// A destination of the audit that is neither a stream nor a path.
    #[error(
        "{0} is neither \"stdout\" nor \"stderr\" nor a path with a slash and the name of a file"
    )]
    Audit(Quoted),

    /// A collector of which it is not said whether it speaks TLS.
    #[error(
        "does not say how the collector is reached; add [syslog.NAME.tls], or `plain = true` if it \
         speaks no TLS"
    )]
    SyslogTransport,
    /// Patients in messages of the gate's own form.
    #[error(
        "is for `content = \"dicom\"`: the gate's own audit never has patients; take it out, or change \
         `content`"
    )]
    PhiOfJson,
    /// Patients that could be read on the way.
    #[error(
        "would send patients through the network in clear text; add [syslog.NAME.tls], or let the \
         collector be on this machine, by a loopback address"
    )]
    PhiInClearText,
    /// More collectors than the gate sends to.
    #[error("is one more than the {0} [syslog] tables that there may be; take some out")]
    ManyCollectors(usize),
    /// Two tables that would write to the same files.
    #[error("is the folder of {0} as well, at {1}; each collector needs its own")]
    SameSpool(String, Location),

    /// Neither a UID nor a keyword.
    #[error("{0} is neither a UID nor the keyword of a SOP class; {1}")]
    SopClass(Quoted, Suggestion),

    /// A variable of the gate's prefix that overrides nothing.
    #[error("overrides nothing; {0}")]
    UnknownVariable(Suggestion),
    /// A variable for what only a file may say.
    #[error(
        "peers, users, services, issuers and CAs, and whether a listener has TLS, are never taken from \
         the environment; set this in a file"
    )]
    NeverFromEnvironment,
    /// A variable for a key that always holds a list.
    #[error("is a list, and a variable overrides single values only; set it in a file")]
    ListFromEnvironment,
    /// A variable for the schema.
    #[error("says what the main file is written in; set it there")]
    SchemaFromEnvironment,
    /// A variable that two keys answer to.
    #[error("could mean both {0} and {1}; rename one of the two tables")]
    AmbiguousVariable(String, String),
    /// A variable for a key that holds a list in the file.
    #[error("the file has a list here; a variable overrides single values only")]
    OverridesList,
}

impl Mistake {
    /// A text with a character that is not what it looks like.
    pub(super) fn disguised(text: &str) -> Option<Self> {
        lookalike::first(text).map(|found| Self::Disguised(text.into(), found))
    }
}

/// Several side by side.
struct Listed<'a, T>(&'a [T]);

impl<T: fmt::Display> fmt::Display for Listed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(at, entry)| {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{entry}")
        })
    }
}

/// One of several.
struct Either<'a>(&'a [String]);

impl fmt::Display for Either<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" or "))
    }
}

/// What is legal and unwise.
#[derive(Debug, thiserror::Error)]
pub(super) enum Caution {
    /// One CA in the files of two.
    #[error(
        "{} has a certificate that is in the file of the CA \"{name}\" too, at {first}, so both vouch for \
         the same devices; let each file have its own",
        .path.display()
    )]
    SharedCa {
        /// The file.
        path: PathBuf,
        /// The other CA.
        name: String,
        /// Where that stands.
        first: Location,
    },
    /// What a certificate is made for, beside pins only.
    #[error("has no effect on pins, which hold whatever a certificate is made for; take it out")]
    UsageOfPins,
    /// A CA that no peer names.
    #[error("is the `ca` of no peer, so {0} vouches for nobody; take it out, or name it in a peer")]
    UnusedCa(Quoted),
    /// A socket whose name somebody else could take.
    #[error(
        "others than the gate's user may write to {}, so that one of them could take the name of the socket \
         and answer in the gate's place; name a socket in /run/pacsgate, which systemd makes for the gate \
         alone", .0.display()
    )]
    SocketAmongOthers(PathBuf),
    /// A port for which the service's user needs a capability.
    #[error("port {0} needs a capability that the gate's user does not have; {ANY_PORT}")]
    PrivilegedPort(u16),
    /// A name of a PACS that is not known, or not yet.
    #[error(
        "the name {0} cannot be resolved on this machine now; correct it, or have it entered in DNS or \
         in /etc/hosts"
    )]
    Unresolved(Box<str>),
    /// A target that may be the gate.
    #[error(
        "the system does not tell whether {address} is this gate itself ({}); see that it is not, as \
         listener.{listener} may listen there, at {first}", words(.error)
    )]
    PerhapsItself {
        /// The address.
        address: Address,
        /// The listener's name.
        listener: String,
        /// Where it stands.
        first: Location,
        /// The system's reason.
        error: io::Error,
    },
    /// A collector elsewhere, without TLS.
    #[error(
        "the audit crosses the network in clear text; add [syslog.NAME.tls] if the collector speaks TLS"
    )]
    SyslogInClearText,
    /// A private key, or a file of passwords, that every user of the machine may read.
    #[error("{} is readable by every user of this machine; run `chmod o-r` on it", .0.display())]
    KeyReadableByOthers(PathBuf),
    /// A CA without any list.
    #[error(
        "is missing, so a certificate that its CA has revoked is still accepted; name the \
         revocation lists of the CAs in client_ca"
    )]
    NoCrl,
    /// A CA without a list beside those that have one.
    #[error(
        "none of the lists is from {0}, so every certificate that this CA has issued is refused as crl-missing; \
         add that CA's list"
    )]
    CaWithoutCrl(Quoted),
    /// Two titles that people take for one.
    #[error(
        "{title} and {other} of {table}, at {first}, differ only in case; case is significant, so \
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
        "{0} is compared as a whole, so its `*` or `?` matches nothing else; name each title \
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
        "lets data sets that break a rule through; write \"refuse\", or leave it out, as \
         soon as the audit shows no `reported` line that matters"
    )]
    GuardReports,
    /// A user without a password.
    #[error(
        "{0} is not in the file of [passwords], so nobody can be this user; make a line for it with \
         `pacsgate hash-password --user`, or take it out"
    )]
    UserWithoutPassword(Quoted),
    /// Several addresses, and nobody asks whether they live.
    #[error(
        "has several addresses, and no `health` beside it: that one of them is away shows only when a device has \
         waited for it; add health = \"30s\""
    )]
    ListWithoutHealth,
    /// A way back to where everything is.
    #[error("has no effect on a PACS with one address; take it out, or list the others")]
    NothingToFailBackTo,
    /// A PACS that nobody reaches.
    #[error("is named in the `pacs` of no peer, so nobody reaches it")]
    UnusedPacs,
    /// A variable that nobody reads.
    #[error("is ignored; {0}")]
    IgnoredVariable(Suggestion),
    /// A text that is in a list already.
    #[error("{0} is in this list twice; remove one of the two")]
    ListedTwice(Quoted),
    /// A server's certificate that no name can be compared with.
    #[error(
        "{}: the certificate {subject} has no subject alternative name; devices that compare the \
         gate's name refuse it; issue a new one",
        .path.display()
    )]
    Nameless {
        /// The file.
        path: PathBuf,
        /// The certificate's subject.
        subject: Quoted,
    },
    /// A certificate that is shown to nobody.
    #[error(
        "{} is never shown, as {}, at {first}, comes first and has a key of the same kind; remove \
         one of the two", .path.display(), .other.display()
    )]
    NeverShown {
        /// The file.
        path: PathBuf,
        /// The file of the one that is shown.
        other: PathBuf,
        /// Where that is named.
        first: Location,
    },
    /// A certificate that a server may refuse.
    #[error(
        "{}: the certificate of {subject} is not made for clients (its extended key usage has no clientAuth), so \
         that the other end may refuse it",
        path.display()
    )]
    NotForClients {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        subject: Quoted,
    },
    /// A peer that anybody in a network can be.
    #[error(
        "is known by its address alone ({0}): whoever can take that address in its network is this peer, and \
         nothing that it sends is encrypted"
    )]
    KnownByAddress(String),
    /// A PACS that anybody in a network can be.
    #[error(
        "is all that the PACS is known by at a plain listener ({0}): whoever can take that address in its \
         network is this PACS to the devices with `reach`; keep that network apart, or let it come by TLS"
    )]
    PacsByAddress(String),
    /// A device at the address of a PACS.
    #[error(
        "is all that the PACS is known by at a plain listener, and {peer} has an address in {network}, at \
         {first}: it can come as this PACS; write the PACS's own address"
    )]
    PeerAtPacs {
        /// The network of the PACS.
        network: IpNet,
        /// The peer's table.
        peer: String,
        /// Where its address stands.
        first: Location,
    },
    /// A device with the certificate of a PACS.
    #[error(
        "is that of {peer} as well, at {first}, which can come as this PACS; give the PACS a certificate \
         of its own"
    )]
    CertificateOfPeer {
        /// The peer's table.
        peer: String,
        /// Where it has that.
        first: Location,
    },
    /// A device that takes whatever a PACS sends.
    #[error(
        "lets a PACS, and whoever has broken into it, send this device what nobody has asked for; write \
         \"request\", unless the PACS routes by rules of its own"
    )]
    AfterAnything,
    /// A device that a PACS commands.
    #[error(
        "lets a PACS, and whoever has broken into it, command this device ({0}); take out what it does not \
         need"
    )]
    CommandsDevice(String),
    /// A peer that no PACS can reach.
    #[error("no listener has `direction = \"outward\"`, so no PACS can reach it through the gate")]
    ReachByNobody,
    /// A PACS that cannot come.
    #[error("says how the PACS comes, and no listener has `direction = \"outward\"`")]
    NoOutwardListener,
    /// An outward listener that leads to nobody.
    #[error("no peer has `reach`, so this listener leads to nobody")]
    NobodyReached,
    /// An outward listener to which nobody comes.
    #[error("no [pacs] table has {0}, so nobody can come to this listener")]
    NoPacsComes(&'static str),
    /// A peer that is known by its address, and no listener that would let it in.
    #[error(
        "says that it is known by its address, and no listener has `plain = true`, so that it is let in \
         nowhere"
    )]
    NoPlainListener,
    /// A listener for devices without TLS, and none of them.
    #[error(
        "is for devices without TLS, and no peer is one, so that nobody is let in there; such a peer has \
         `certificate = \"none\"` and `from`"
    )]
    PlainForNobody,
    /// A listener that does not enforce.
    #[error(
        "REPORT-ONLY: what the policy refuses from {from} reaches the PACS until {until}, and has a \
         `would-refuse` line in the audit; `pacsgate suggest` makes peers of these lines"
    )]
    ReportsOnly {
        /// The networks.
        from: String,
        /// The end.
        until: String,
    },
    /// The same whose time is over.
    #[error(
        "has passed, so that the listener enforces; as soon as there is a peer, take both `report_only` keys \
         out"
    )]
    ReportOnlyIsOver,
    /// Something in `conf.d` that is no drop-in file by its name.
    #[error(
        "is not read, because its name does not end in `.toml`; give it that end, or `.disabled` \
         if it is to stay unread"
    )]
    PassedOver,
    /// A folder in `conf.d`.
    #[error("is a folder, and only files in conf.d itself are read; move its files there")]
    FolderPassedOver,
    /// A server's certificate whose signature nobody trusts.
    #[error(
        "{}: the certificate {subject} is signed with SHA-1 or MD5; devices that verify the gate refuse \
         it; have its CA sign a new one with SHA-256",
        .path.display()
    )]
    SignedWeakly {
        /// The file.
        path: PathBuf,
        /// The certificate's subject.
        subject: Quoted,
    },
    /// A server's certificate that says that it is none.
    #[error(
        "{}: the certificate {subject} is not made for servers (serverAuth is not in its extended key \
         usage); devices that verify the gate refuse it; issue a new one",
        .path.display()
    )]
    NotForServers {
        /// The file.
        path: PathBuf,
        /// The certificate's subject.
        subject: Quoted,
    },
    /// A device with the title of the PACS.
    #[error(
        "{title} is a title of {pacs}, at {first}; this key is for the titles that the device has \
         itself, so look up its own"
    )]
    TitleOfPacs {
        /// The title.
        title: Quoted,
        /// The table of the PACS.
        pacs: String,
        /// Where that has it.
        first: Location,
    },
    /// A title that looks like several.
    #[error(
        "{0} is one title with a comma in it; write each title as a string of its own, unless the \
         device is called that"
    )]
    TitleLikeList(Quoted),
    /// A network that everybody is in.
    #[error(
        "{0} is every address, so it says nothing; name the network of the device, or leave it out"
    )]
    AnyNetwork(IpNet),
    /// The address that means all addresses where one is listened on, and is nobody's.
    #[error("{0} is the address of no device; name the network of the device, or leave it out")]
    NoSource(IpNet),
    /// A network with more systems in it than balancers.
    #[error(
        "whoever has an address in {0} can claim any source; name the balancers' own addresses"
    )]
    WideBalancer(IpNet),
    /// A device that is taken for a balancer.
    #[error(
        "{network} is within proxy_protocol_from of {listener}, at {first}: devices there can claim any \
         source, and cannot connect without a header; name the balancers' own addresses there"
    )]
    PeerAmongBalancers {
        /// The peer's network.
        network: IpNet,
        /// The listener's table.
        listener: String,
        /// Where it has the balancers.
        first: Location,
    },
    /// More associations than a peer can get.
    #[error(
        "{wanted} is more than the {possible} that it can have: one peer gets half of the \
         associations of each PACS; raise `associations` of {pacs}, or lower this"
    )]
    BeyondShare {
        /// What the peer's table says.
        wanted: u32,
        /// The sum of its shares.
        possible: u32,
        /// The tables of its PACS.
        pacs: String,
    },
}

/// What loads, and then cannot work.
#[derive(Debug, thiserror::Error)]
pub(super) enum Outage {
    /// Report-only for longer than it may last.
    #[error(
        "is more than 31 days ahead by the clock of this machine, and until it is not, the listener \
         enforces; write an earlier day, or set the clock"
    )]
    ReportOnlyTooFar,
    /// A user whom systemd would not find.
    #[error(
        "there is no user {0} on this machine; make it with `useradd --system --no-create-home`, \
         or name another in a drop-in of the unit"
    )]
    NoUser(Quoted),
    /// A file or a folder that the service needs and may not have.
    #[error("{0}")]
    Obstacle(Obstacle),
    /// The audit's file, or a folder on the way to it, that somebody else could change.
    #[error("{0}")]
    NotOurs(Distrust),
    /// A folder in the place of the audit's file.
    #[error("{} is a folder; add the name of a file in it", .0.display())]
    AuditIsFolder(PathBuf),
    /// A folder that the unit closes, whatever its mode.
    #[error(
        "the unit does not let the gate write to {folder}; name a file in /var/log/pacsgate, or \
         add `ReadWritePaths={folder}` with `systemctl edit pacsgate`", folder = .0.display()
    )]
    AuditSealed(PathBuf),
    /// The audit's file is made, its folder is not.
    #[error(
        "there is no folder {}; run `install -d {owner}-m 750 {}`",
        .folder.display(), .folder.display()
    )]
    NoAuditFolder {
        /// The folder.
        folder: PathBuf,
        /// Arguments that give it to the service's user.
        owner: String,
    },
    /// The audit's file or folder as the one who checks meets it.
    #[error("{} cannot be written to: {}", .path.display(), words(.error))]
    AuditUnwritable {
        /// The file, or the folder in which it would be made.
        path: PathBuf,
        /// The system's reason.
        error: io::Error,
    },
    /// A folder for what a collector has not taken yet, which has something else.
    #[error("cannot use {}: {why}", .folder.display())]
    SpoolUnfit {
        /// The folder.
        folder: PathBuf,
        /// What it has, and what to do.
        why: String,
    },
    /// A folder for what a collector has not taken yet, which the unit closes.
    #[error(
        "the unit does not let the gate write to {folder}; name a folder in /var/lib/pacsgate, or add \
         `ReadWritePaths={folder}` with `systemctl edit pacsgate`", folder = .0.display()
    )]
    SpoolSealed(PathBuf),
    /// The folder of a socket, which the unit closes, whatever its mode.
    #[error(
        "the unit does not let the gate make a socket in {folder}; name one in /run/pacsgate, or add \
         `ReadWritePaths={folder}` with `systemctl edit pacsgate`", folder = .0.display()
    )]
    SocketSealed(PathBuf),
    /// A socket is made, its folder is not.
    #[error(
        "there is no folder {}; name a socket in /run/pacsgate, which systemd makes for the gate, or make \
         the folder", .0.display()
    )]
    NoSocketFolder(PathBuf),
    /// Something else than a socket, which would be left alone.
    #[error("there is a file {} that is no socket; choose another path, or take it away", .0.display())]
    NoSocket(PathBuf),
    /// An address of another machine.
    #[error(
        "{address} is not an address of this machine{}{}; correct it, or give it to an interface",
        if .own.is_empty() { "" } else { ", which has " }, Listed(.own)
    )]
    NotHere {
        /// The address.
        address: IpAddr,
        /// Those of the machine, if it tells them.
        own: Vec<IpAddr>,
    },
    /// An address on which nobody can listen.
    #[error("{address} cannot be listened on: {}", words(.error))]
    NoListening {
        /// The address.
        address: IpAddr,
        /// The system's reason.
        error: io::Error,
    },
    /// An address from which nothing can be dialled.
    #[error("{address} cannot be dialled from: {}", words(.error))]
    NoDialling {
        /// The address.
        address: IpAddr,
        /// The system's reason.
        error: io::Error,
    },
    /// A target that is the gate.
    #[error(
        "{address} is this gate itself: listener.{listener} listens there, at {first}; write the \
         address of the {whose}"
    )]
    OwnAddress {
        /// What it should be.
        whose: &'static str,
        /// The address.
        address: Address,
        /// The listener's name.
        listener: String,
        /// Where it stands.
        first: Location,
    },
}
