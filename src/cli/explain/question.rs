//! What is asked: an association as its requestor would ask for it.

use std::fs::File;
use std::io::{self, Read};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::SystemTime;

use pacsgate_core::certificate::{Accepted, AcceptedBy, Ca, Certificate, Digest};
use pacsgate_core::identity::{Token, User};
use pacsgate_core::policy::{Denial, Identified, Verification};
use pacsgate_core::reason::Answer;
use pacsgate_core::services::{self, Service, SopClass};
use pacsgate_core::wire::associate::{
    AssociateRq, ContextId, Echo, MAX_ASSOCIATE_LENGTH, MAX_CONTEXTS, Notes, ProposedContext,
    ReceivedRq, USUAL_MAXIMUM_LENGTH, UserInformation, implementation_class, request_length,
};
use pacsgate_core::wire::pdu::Header;
use pacsgate_core::wire::reject::Reject;
use pacsgate_core::wire::title::AeTitle;
use pacsgate_core::wire::uid::Uid;
use rustls::pki_types::CertificateDer;

use super::super::trail::{self, Line, NoTrail, Shown, harmless};
use super::Explain;
use crate::config::{self, Settings};
use crate::host::{regular, words};
use crate::port::{Port, Proof, Unfit, Way};
use crate::reason::{Early, Reason};
use crate::site::Site;
use crate::stream::tls::HandshakeFault;
use crate::x509::{pem, validity};

/// What a file of arguments may have.
const MAX_FILE: usize = 1024 * 1024;
/// The event of a connection whose certificate was not accepted.
const HANDSHAKE_FAILED: &str = "failed";
const VERIFICATION: &str = "1.2.840.10008.1.1";
const IMPLICIT_LITTLE: &str = "1.2.840.10008.1.2";

/// An association as its requestor would ask for it.
pub(super) struct Question {
    /// The listener: named, the only one, or that of the audit's line.
    pub(super) listener: String,
    /// Its way.
    pub(super) way: Way,
    /// What the handshake would make of the certificate, where there is a handshake.
    pub(super) shown: Result<Proof, HandshakeFault>,
    pub(super) source: IpAddr,
    pub(super) request: Result<ReceivedRq, Reason>,
    /// The contexts are all that there could be, as nobody knows which they were.
    pub(super) is_guessed: bool,
    pub(super) identified: Identified,
    /// What the answer rests on besides what was asked.
    pub(super) assumed: Vec<&'static str>,
    /// What was decided then, where it was asked by an id.
    pub(super) then: Option<Then>,
}

/// What the audit says of an association.
pub(super) struct Then {
    pub(super) time: String,
    pub(super) event: String,
    pub(super) reason: Option<String>,
}

/// Why there is nothing to judge.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unasked {
    #[error("--listener: there is no such listener; known are {0}")]
    NoListener(String),
    #[error("there are several listeners; name one with --listener: {0}")]
    WhichListener(String),
    #[error(
        "listener {0} is plain, and nobody shows a certificate there: ask without one, or name another \
         listener"
    )]
    NoTls(String),
    #[error("--{0}: {1}: {2}")]
    File(&'static str, String, String),
    #[error(
        "no peer pins this digest, and the audit does not have it: only the certificate itself says whose \
         it is; name its file"
    )]
    UnknownDigest,
    #[error(
        "the handshake that the audit has of this certificate refused it as {0}: only the certificate \
         itself says whether it would now; name its file"
    )]
    NotAccepted(String),
    #[error("the audit has no association {0}")]
    NoId(String),
    #[error(
        "the audit's line of this association has no request: it ended as {0}; see docs/reasons.md"
    )]
    NoRequest(String),
    #[error(transparent)]
    NoTrail(#[from] NoTrail),
    #[error("--calling and --called are missing")]
    NoTitles,
}

impl Unasked {
    pub(super) const fn is_of_usage(&self) -> bool {
        matches!(
            self,
            Self::NoListener(_) | Self::WhichListener(_) | Self::NoTls(_) | Self::NoTitles
        )
    }
}

impl Question {
    pub(super) fn of(asked: &Explain, settings: &Settings) -> Result<Self, Unasked> {
        match &asked.id {
            Some(id) => Self::of_id(id, asked, settings),
            None => Self::of_arguments(asked, settings),
        }
    }

    fn of_arguments(asked: &Explain, settings: &Settings) -> Result<Self, Unasked> {
        let (listener, port) = listener(asked.listener.as_deref(), settings)?;
        let site = &settings.site;
        let shown = match &asked.certificate {
            None => chain(port, &[]),
            Some(_) if port.tls.is_none() => return Err(Unasked::NoTls(listener.to_string())),
            Some(text) => match config::sha256(text) {
                Ok(digest) => in_time(by_digest(digest, port, asked, settings)?),
                Err(_) => chain(port, &certificates(text)?),
            },
        };
        let request = match (&asked.request, asked.calling.zip(asked.called)) {
            (Some(path), _) => parse(&bytes(path, "request")?),
            (None, Some(titles)) => Ok(made(titles, &asked.sop_classes())),
            (None, None) => return Err(Unasked::NoTitles),
        };
        let (identified, assumed) = identified(asked, site, request.as_ref().ok())?;
        let source = asked.source.unwrap_or(IpAddr::from([0, 0, 0, 0]));
        let way = port.way();
        let question = Self {
            listener: listener.to_owned(),
            way,
            shown,
            source,
            request,
            is_guessed: false,
            identified,
            assumed,
            then: None,
        };
        let is_file = asked.certificate.as_ref().is_some_and(|it| config::sha256(it).is_err());
        let question = if is_file { question } else { question.with_names_of_audit() };
        Ok(question.with_many())
    }

    /// The last line of an association says most.
    fn of_id(id: &str, asked: &Explain, settings: &Settings) -> Result<Self, Unasked> {
        let mut found: Option<Line> = None;
        let audit = trail::open(asked.audit.as_deref(), &settings.log.audit)?;
        let read = trail::each(audit, |line: Line| {
            if line.id == id && found.as_ref().is_none_or(|_| line.event != "forbidden") {
                found = Some(line);
            }
        });
        read.map_err(|error| Unasked::File("audit", id.to_owned(), words(&error)))?;
        let line = found.ok_or_else(|| Unasked::NoId(harmless(id)))?;
        let ended = || Unasked::NoRequest(harmless(line.reason.as_deref().unwrap_or(&line.event)));
        let title = |text: &Option<String>| text.as_deref()?.parse::<AeTitle>().ok();
        let (calling, called) = title(&line.calling).zip(title(&line.called)).ok_or_else(ended)?;
        let source = line.source.parse::<SocketAddr>().map_err(|_| ended())?.ip();
        let (listener, port) = listener(Some(&line.listener), settings)?;
        let shown = match &line.certificate {
            None => chain(port, &[]),
            Some(_) if port.tls.is_none() => return Err(Unasked::NoTls(listener.to_string())),
            Some(shown) => {
                in_time(accepted(shown, port, &settings.site).ok_or(Unasked::UnknownDigest)?)
            }
        };
        let (is_named, is_shown) = (asked.names_classes(), asked.shows_user());
        let then = (!is_named).then(|| classes_then(&line)).flatten();
        let is_guessed = !is_named && then.is_none();
        let classes = match then {
            Some(classes) => classes,
            None if is_named => asked.sop_classes(),
            None => every_class(),
        };
        let (identified, mut assumed) = match is_shown {
            true => identified(asked, &settings.site, None)?,
            false => as_then(&line, &settings.site),
        };
        assumed.extend(is_guessed.then_some(GUESSED));
        let Line { time, event, reason, .. } = line;
        let then = Some(Then { time, event, reason });
        let request = Ok(made((calling, called), &classes));
        let way = port.way();
        let listener = listener.to_owned();
        let question =
            Self { listener, way, shown, source, request, is_guessed, identified, assumed, then };
        let question = question.with_names_of_audit();
        Ok(if is_guessed { question } else { question.with_many() })
    }

    /// Says so where the audit alone has the certificate.
    fn with_names_of_audit(mut self) -> Self {
        let by = self.shown.as_ref().ok().and_then(|shown| Some(&shown.certificate()?.by));
        self.assumed.extend(matches!(by, Some(AcceptedBy::Chain(_))).then_some(AS_THEN));
        self
    }

    /// Says so where there are more contexts than a request can have.
    fn with_many(mut self) -> Self {
        let proposed = self.request.as_ref().map_or(0, ReceivedRq::proposed);
        self.assumed.extend((proposed > MAX_CONTEXTS).then_some(MANY));
        self
    }
}

const GUESSED: &str = "the audit does not say which presentation contexts were asked for: every SOP \
                       class that is known is judged, and what would be permitted is listed; \
                       --service and --sop-class name others";
const MANY: &str = "a request has at most 128 presentation contexts: all of these take several \
                    associations";
const AS_THEN: &str = "a CA of the gate vouches for the certificate, and has not revoked it; the file of the \
                       certificate says whether that is so";
const RIGHT_PASSWORD: &str = "the password is taken for right";
const SUBJECT_ONLY: &str = "of the token, the audit has the subject and no other claim; --token names \
                            its file";
const REFUSED_USER: &str = "the user is refused as it was then; --token and --user name another";

fn listener<'a>(
    named: Option<&str>,
    settings: &'a Settings,
) -> Result<(&'a str, &'a Port), Unasked> {
    let mut ports: Vec<_> =
        settings.site.ports.iter().map(|(name, port)| (&**name, port)).collect();
    ports.sort_unstable_by_key(|(name, _)| *name);
    let all = || ports.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    match (named, ports.as_slice()) {
        (None, [only]) => Ok(*only),
        (None, _) => Err(Unasked::WhichListener(all())),
        (Some(named), _) => {
            let found = ports.iter().find(|(name, _)| *name == named);
            found.copied().ok_or_else(|| Unasked::NoListener(all()))
        }
    }
}

/// What the handshake would make of these certificates, the device's own first.
fn chain(port: &Port, certificates: &[CertificateDer<'static>]) -> Result<Proof, HandshakeFault> {
    port.judge_again(port.way(), certificates).map_err(|unfit| match unfit {
        Unfit::Certificate(fault) => fault,
        // It is judged by its own way.
        Unfit::Way(_) => HandshakeFault::Other,
    })
}

/// A certificate of which only the digest is known: it is pinned, or the audit has its names.
fn by_digest(
    digest: Digest,
    port: &Port,
    asked: &Explain,
    settings: &Settings,
) -> Result<Accepted, Unasked> {
    let pinned = Accepted { certificate: bare(digest, digest), by: AcceptedBy::Pin };
    if settings.site.policy.holder(port.direction, &pinned).is_some() {
        return Ok(pinned);
    }
    let mut found = None;
    let (wanted, audit) =
        (digest.to_string(), trail::open(asked.audit.as_deref(), &settings.log.audit));
    let Ok(audit) = audit else { return Err(Unasked::UnknownDigest) };
    let read = trail::each(audit, |line: Line| {
        let Line { event, reason, certificate, .. } = line;
        let shown = certificate.filter(|shown| shown.sha256 == wanted);
        found = shown.map(|shown| (shown, event, reason)).or(found.take());
    });
    read.map_err(|error| Unasked::File("audit", wanted.clone(), words(&error)))?;
    let (shown, event, reason) = found.ok_or(Unasked::UnknownDigest)?;
    // No CA of the gate vouches for the names in it: anybody can make such a certificate.
    if event == HANDSHAKE_FAILED {
        return Err(Unasked::NotAccepted(harmless(&reason.unwrap_or_default())));
    }
    accepted(&shown, port, &settings.site).ok_or(Unasked::UnknownDigest)
}

/// A certificate of which the audit has the end.
fn in_time(accepted: Accepted) -> Result<Proof, HandshakeFault> {
    let now = i64::try_from(validity::since_epoch(SystemTime::now())).unwrap_or(i64::MAX);
    let is_over = accepted.certificate.not_after < now;
    if is_over { Err(HandshakeFault::CertificateExpired) } else { Ok(Proof::Certificate(accepted)) }
}

/// The certificate of an audit line, as its handshake has accepted it.
fn accepted(shown: &Shown, port: &Port, site: &Site) -> Option<Accepted> {
    let digest = |text: &str| config::sha256(text).ok();
    let boxed = |texts: &[String]| texts.iter().map(|text| text.as_str().into()).collect();
    let sha256 = digest(&shown.sha256)?;
    let certificate = Certificate {
        dns: boxed(&shown.dns),
        uris: boxed(&shown.uris),
        common_name: shown.common_name.as_deref().map(Into::into),
        not_after: end(shown).unwrap_or(i64::MAX),
        ..bare(sha256, digest(&shown.spki_sha256).unwrap_or(sha256))
    };
    let pinned = Accepted { certificate, by: AcceptedBy::Pin };
    if site.policy.holder(port.direction, &pinned).is_some() {
        return Some(pinned);
    }
    let named = shown.ca.iter().map(|name| Ca::Named(name.as_str().into()));
    let cas: Vec<_> = named.collect();
    let by = AcceptedBy::Chain(if cas.is_empty() { vec![Ca::Only] } else { cas });
    Some(Accepted { by, ..pinned })
}

/// In seconds since the epoch.
fn end(shown: &Shown) -> Option<i64> {
    let end = humantime::parse_rfc3339(&shown.not_after).ok()?;
    i64::try_from(validity::since_epoch(end)).ok()
}

fn bare(sha256: Digest, spki_sha256: Digest) -> Certificate {
    let (dns, uris, common_name) = (Vec::new(), Vec::new(), None);
    Certificate { sha256, spki_sha256, dns, uris, common_name, not_before: 0, not_after: i64::MAX }
}

fn certificates(path: &str) -> Result<Vec<CertificateDer<'static>>, Unasked> {
    let content = bytes(Path::new(path), "certificate")?;
    if content.starts_with(b"\x30") {
        return Ok(vec![CertificateDer::from(content)]);
    }
    let read = pem::certificates(&content);
    read.map_err(|fault| Unasked::File("certificate", harmless(path), fault.to_string()))
}

fn bytes(path: &Path, option: &'static str) -> Result<Vec<u8>, Unasked> {
    read_from(path, option, regular(path))
}

/// A token may come out of a pipe, so that it is in no file at all.
fn secret(path: &Path) -> Result<zeroize::Zeroizing<Vec<u8>>, Unasked> {
    Ok(zeroize::Zeroizing::new(read_from(path, "token", File::open(path))?))
}

fn read_from(
    path: &Path,
    option: &'static str,
    file: io::Result<File>,
) -> Result<Vec<u8>, Unasked> {
    let fault = |why: String| Unasked::File(option, harmless(&path.to_string_lossy()), why);
    // A pipe or a device has no size to ask for. Room for all of it: a token is not copied by growth.
    let mut bytes = Vec::with_capacity(MAX_FILE + 1);
    let read = file.and_then(|file| file.take(MAX_FILE as u64 + 1).read_to_end(&mut bytes));
    read.map_err(|error| fault(words(&error)))?;
    if bytes.len() > MAX_FILE {
        return Err(fault("is larger than 1 MiB".to_owned()));
    }
    Ok(bytes)
}

/// A captured PDU, as bytes or in hexadecimal digits. One that is cut short ends as at the gate, which
/// waits for the rest.
fn parse(captured: &[u8]) -> Result<ReceivedRq, Reason> {
    let typed = hexadecimal(captured);
    let pdu = typed.as_deref().unwrap_or(captured);
    if pdu.is_empty() {
        return Err(Early::ClosedBeforeRequest.into());
    }
    let header = pdu.first_chunk::<{ Header::LEN }>().ok_or(Early::ClosedInRequest)?;
    let length = request_length(*header)?;
    let body = pdu.get(Header::LEN..Header::LEN + length).ok_or(Early::ClosedInRequest)?;
    Ok(ReceivedRq::parse(body)?)
}

fn hexadecimal(text: &[u8]) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .iter()
        .filter(|byte| !byte.is_ascii_whitespace() && **byte != b':')
        .map(|byte| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let digits = digits.filter(|digits| !digits.is_empty() && digits.len() % 2 == 0)?;
    let pairs = digits.chunks_exact(2).filter_map(|pair| match pair {
        [high, low] => Some(high << 4 | low),
        _ => None,
    });
    Some(pairs.take(MAX_ASSOCIATE_LENGTH as usize + Header::LEN + 1).collect())
}

/// A request between these titles for these SOP classes. The policy judges a context by its SOP class:
/// where there are more than ids, they begin anew, as in another request.
fn made((calling, called): (AeTitle, AeTitle), classes: &[Uid]) -> ReceivedRq {
    let ids = (1..=u8::MAX).filter_map(ContextId::new).cycle();
    let transfer_syntaxes: Vec<Uid> = IMPLICIT_LITTLE.parse().into_iter().collect();
    let context = |(id, class): (ContextId, &Uid)| ProposedContext {
        id,
        abstract_syntax: class.clone(),
        transfer_syntaxes: transfer_syntaxes.clone(),
    };
    let user = UserInformation {
        maximum_length: USUAL_MAXIMUM_LENGTH,
        implementation_class: implementation_class(),
        implementation_version: None,
        roles: Vec::new(),
        extended: Vec::new(),
    };
    let contexts = ids.zip(classes).map(context).collect();
    ReceivedRq {
        request: AssociateRq { called, calling, contexts, user },
        echo: Echo([0; 64]),
        unsound: Vec::new(),
        identity: None,
        notes: Notes::default(),
    }
}

impl Explain {
    const fn names_classes(&self) -> bool {
        !self.services.is_empty() || !self.sop_classes.is_empty()
    }

    const fn shows_user(&self) -> bool {
        self.token.is_some() || self.user.is_some()
    }

    /// Each once.
    fn sop_classes(&self) -> Vec<Uid> {
        let named = self.services.iter().flat_map(classes_of);
        let mut classes: Vec<Uid> = Vec::new();
        for class in named.chain(self.sop_classes.iter().cloned()) {
            if !classes.contains(&class) {
                classes.push(class);
            }
        }
        if classes.is_empty() {
            classes.extend(VERIFICATION.parse::<Uid>());
        }
        classes
    }
}

/// What the audit says that was asked for, if that is all of it.
fn classes_then(line: &Line) -> Option<Vec<Uid>> {
    let contexts = line.contexts.as_ref()?;
    let classes = contexts.removed.iter().map(|one| one.abstract_syntax.as_ref()?.parse().ok());
    let classes: Vec<Uid> = classes.collect::<Option<_>>()?;
    (!classes.is_empty() && classes.len() == contexts.asked).then_some(classes)
}

fn every_class() -> Vec<Uid> {
    let mut known: Vec<_> = SopClass::all().collect();
    known.sort_unstable_by_key(|class| class.keyword);
    known.iter().filter_map(|class| class.uid.parse().ok()).collect()
}

fn classes_of(service: &Service) -> Vec<Uid> {
    if let Service::Other { sop_class, .. } = service {
        return vec![sop_class.clone()];
    }
    let groups = services::table().filter(|group| group.service == *service);
    groups.flat_map(|group| group.sop_classes).filter_map(|class| class.uid.parse().ok()).collect()
}

/// The user of the arguments, or of a captured request as far as that can be verified without a secret,
/// and what is assumed of it.
fn identified(
    asked: &Explain,
    site: &Site,
    request: Option<&ReceivedRq>,
) -> Result<(Identified, Vec<&'static str>), Unasked> {
    let token = |token: &[u8]| site.issuers.verify(token, SystemTime::now()).map(User::Token);
    let verified = if let Some(path) = &asked.token {
        token(&secret(path)?)
    } else if let Some(name) = &asked.user {
        by_name(name, site)
    } else if let Some(shown) = request.and_then(|request| request.identity.as_ref()) {
        Verification::of_shown(Some(shown)).and_then(|verification| match verification {
            Verification::NotNeeded => Err(Denial::IdentityKind),
            Verification::Token => token(&shown.primary),
            Verification::Password => {
                let name = std::str::from_utf8(&shown.primary);
                name.map_err(|_| Denial::UserUnknown).and_then(|name| by_name(name, site))
            }
        })
    } else {
        return Ok((Identified::Nobody, Vec::new()));
    };
    Ok(outcome(verified))
}

fn outcome(verified: Result<User, Denial>) -> (Identified, Vec<&'static str>) {
    match verified {
        Ok(user) => {
            let assumed = matches!(user, User::Password(_)).then_some(RIGHT_PASSWORD);
            (Identified::User { user, wants_answer: false }, assumed.into_iter().collect())
        }
        Err(denial) => (Identified::Refused(denial), Vec::new()),
    }
}

fn by_name(name: &str, site: &Site) -> Result<User, Denial> {
    if site.passwords.has(name) {
        Ok(User::Password(name.into()))
    } else {
        Err(Denial::UserUnknown)
    }
}

/// Who it was then, without what a token said besides, or why it was nobody.
fn as_then(line: &Line, site: &Site) -> (Identified, Vec<&'static str>) {
    let Some(name) = line.user.as_deref() else {
        let refused = line.reason.as_deref().and_then(of_user);
        return refused.map_or_else(
            || (Identified::Nobody, Vec::new()),
            |denial| (Identified::Refused(denial), vec![REFUSED_USER]),
        );
    };
    let Some(issuer) = line.issuer.as_deref() else { return outcome(by_name(name, site)) };
    let token = Token {
        issuer: issuer.into(),
        subject: name.into(),
        expires: i64::MAX,
        bound_to: None,
        claims: [].into(),
    };
    let user = User::Token(token);
    (Identified::User { user, wants_answer: false }, vec![SUBJECT_ONLY])
}

/// The denial of a user that has this code.
fn of_user(code: &str) -> Option<Denial> {
    let is_of_user = |denial: &Denial| {
        denial.answer() == Answer::Reject(Reject::NOT_AUTHENTICATED)
            && *denial != Denial::NoCertificate
    };
    Denial::ALL.iter().copied().find(|denial| denial.code() == code && is_of_user(denial))
}
