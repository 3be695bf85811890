//! What is asked: an association as its requestor would ask for it.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use pacsgate_core::certificate::{Accepted, AcceptedBy, Ca, Certificate, Digest};
use pacsgate_core::identity::{Token, User};
use pacsgate_core::policy::{Denial, Identified, Verification};
use pacsgate_core::services::{self, Service};
use pacsgate_core::wire::associate::{
    AssociateError, AssociateRq, ContextId, MAX_ASSOCIATE_LENGTH, MAX_CONTEXTS, ProposedContext,
    ReceivedRq, USUAL_MAXIMUM_LENGTH, UserInformation, implementation_class, request_length,
};
use pacsgate_core::wire::pdu::Header;
use pacsgate_core::wire::title::AeTitle;
use pacsgate_core::wire::uid::Uid;
use rustls::pki_types::CertificateDer;

use super::super::trail::{self, Line, NoTrail, Shown, harmless};
use super::Explain;
use crate::config::{self, Settings};
use crate::host::words;
use crate::site::Site;
use crate::stream::tls::HandshakeFault;
use crate::x509::pem;

/// What a file of arguments may have.
const MAX_FILE: u64 = 1024 * 1024;
const VERIFICATION: &str = "1.2.840.10008.1.1";
const IMPLICIT_LITTLE: &str = "1.2.840.10008.1.2";

/// An association as its requestor would ask for it.
pub(super) struct Question {
    /// What the handshake would make of the certificate; `None` where none is shown and may be.
    pub(super) shown: Result<Option<Accepted>, HandshakeFault>,
    pub(super) source: IpAddr,
    pub(super) request: Result<ReceivedRq, AssociateError>,
    pub(super) identified: Identified,
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
    #[error("--{0}: {1}: {2}")]
    File(&'static str, String, String),
    #[error(
        "no peer pins this digest, and the audit does not have it: only the certificate itself says whose \
         it is; name its file"
    )]
    UnknownDigest,
    #[error("the audit has no association {0}")]
    NoId(String),
    #[error(
        "the audit's line of this association has no request: it ended as {0}; see docs/reasons.md"
    )]
    NoRequest(String),
    #[error(transparent)]
    NoTrail(#[from] NoTrail),
    #[error("the request that would be judged cannot be made: fewer services, please")]
    TooLong,
}

impl Unasked {
    pub(super) const fn is_of_usage(&self) -> bool {
        matches!(self, Self::NoListener(_) | Self::WhichListener(_) | Self::TooLong)
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
        let listener = listener(asked.listener.as_deref(), settings)?;
        let site = &settings.site;
        let shown = match &asked.certificate {
            None => chain(&listener, &[], site),
            Some(text) => match config::sha256(text) {
                Ok(digest) => Ok(Some(by_digest(digest, asked, settings)?)),
                Err(_) => chain(&listener, &certificates(text)?, site),
            },
        };
        let request = match &asked.request {
            Some(path) => parse(&bytes(path, "request")?),
            None => made(asked)?,
        };
        let identified = identified(asked, site, request.as_ref().ok())?;
        let source = asked.source.unwrap_or(IpAddr::from([0, 0, 0, 0]));
        Ok(Self { shown, source, request, identified, then: None })
    }

    /// The last line of an association says most.
    fn of_id(id: &str, asked: &Explain, settings: &Settings) -> Result<Self, Unasked> {
        let mut found: Option<Line> = None;
        let audit = trail::open(asked.audit.as_deref(), &settings.log.audit)?;
        let read = trail::each(audit, |line| {
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
        let listener = listener(Some(&line.listener), settings)?;
        let shown = match &line.certificate {
            None => chain(&listener, &[], &settings.site),
            Some(shown) => Ok(accepted(shown, &settings.site)),
        };
        let asked = Explain { calling: Some(calling), called: Some(called), ..asked.clone() };
        let identified = as_then(&line, &settings.site);
        let Line { time, event, reason, .. } = line;
        let then = Some(Then { time, event, reason });
        Ok(Self { shown, source, request: made(&asked)?, identified, then })
    }
}

fn listener(named: Option<&str>, settings: &Settings) -> Result<Arc<str>, Unasked> {
    let mut names: Vec<_> = settings.site.tls.keys().cloned().collect();
    names.sort_unstable();
    let all = || names.iter().map(|name| &**name).collect::<Vec<_>>().join(", ");
    match (named, names.as_slice()) {
        (None, [only]) => Ok(Arc::clone(only)),
        (None, _) => Err(Unasked::WhichListener(all())),
        (Some(named), _) => {
            let found = names.iter().find(|name| ***name == *named);
            found.cloned().ok_or_else(|| Unasked::NoListener(all()))
        }
    }
}

/// What the handshake would make of these certificates, the device's own first.
fn chain(
    listener: &str,
    certificates: &[CertificateDer<'static>],
    site: &Site,
) -> Result<Option<Accepted>, HandshakeFault> {
    let tls = site.tls.get(listener).ok_or(HandshakeFault::Other)?;
    tls.judge_again(certificates)
}

/// A certificate of which only the digest is known: it is pinned, or the audit has its names.
fn by_digest(digest: Digest, asked: &Explain, settings: &Settings) -> Result<Accepted, Unasked> {
    let pinned = Accepted { certificate: bare(digest, digest), by: AcceptedBy::Pin };
    if settings.site.policy.holder(&pinned).is_some() {
        return Ok(pinned);
    }
    let mut found = None;
    let (wanted, audit) =
        (digest.to_string(), trail::open(asked.audit.as_deref(), &settings.log.audit));
    let Ok(audit) = audit else { return Err(Unasked::UnknownDigest) };
    let read = trail::each(audit, |line| {
        found = line.certificate.filter(|shown| shown.sha256 == wanted).or(found.take());
    });
    read.map_err(|error| Unasked::File("audit", wanted.clone(), words(&error)))?;
    found.and_then(|shown| accepted(&shown, &settings.site)).ok_or(Unasked::UnknownDigest)
}

/// The certificate of an audit line, as its handshake has accepted it.
fn accepted(shown: &Shown, site: &Site) -> Option<Accepted> {
    let digest = |text: &str| config::sha256(text).ok();
    let boxed = |texts: &[String]| texts.iter().map(|text| text.as_str().into()).collect();
    let sha256 = digest(&shown.sha256)?;
    let certificate = Certificate {
        dns: boxed(&shown.dns),
        uris: boxed(&shown.uris),
        common_name: shown.common_name.as_deref().map(Into::into),
        ..bare(sha256, digest(&shown.spki_sha256).unwrap_or(sha256))
    };
    let pinned = Accepted { certificate, by: AcceptedBy::Pin };
    if site.policy.holder(&pinned).is_some() {
        return Some(pinned);
    }
    let named = shown.ca.iter().map(|name| Ca::Named(name.as_str().into()));
    let cas: Vec<_> = named.collect();
    let by = AcceptedBy::Chain(if cas.is_empty() { vec![Ca::Only] } else { cas });
    Some(Accepted { by, ..pinned })
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
    let fault = |why: String| Unasked::File(option, harmless(&path.to_string_lossy()), why);
    let is_large = fs::metadata(path).is_ok_and(|file| file.len() > MAX_FILE);
    if is_large {
        return Err(fault("is larger than 1 MiB".to_owned()));
    }
    fs::read(path).map_err(|error| fault(words(&error)))
}

/// A captured PDU, as bytes or in hexadecimal digits.
fn parse(captured: &[u8]) -> Result<ReceivedRq, AssociateError> {
    let typed = hexadecimal(captured);
    let pdu = typed.as_deref().unwrap_or(captured);
    let header = pdu.first_chunk::<{ Header::LEN }>().ok_or(AssociateError::CutItemHeader)?;
    let length = request_length(*header)?;
    let body = pdu.get(Header::LEN..Header::LEN + length);
    ReceivedRq::parse(body.ok_or(AssociateError::CutItemHeader)?)
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

/// The request that the arguments describe.
fn made(asked: &Explain) -> Result<Result<ReceivedRq, AssociateError>, Unasked> {
    let (Some(called), Some(calling)) = (asked.called, asked.calling) else {
        return Err(Unasked::TooLong);
    };
    let user = UserInformation {
        maximum_length: USUAL_MAXIMUM_LENGTH,
        implementation_class: implementation_class(),
        implementation_version: None,
        roles: Vec::new(),
        extended: Vec::new(),
    };
    let request = AssociateRq { called, calling, contexts: contexts(asked), user };
    let pdu = request.encode().map_err(|_| Unasked::TooLong)?;
    Ok(ReceivedRq::parse(pdu.get(Header::LEN..).unwrap_or_default()))
}

fn contexts(asked: &Explain) -> Vec<ProposedContext> {
    let mut classes: Vec<Uid> = asked.services.iter().flat_map(classes_of).collect();
    classes.extend(asked.sop_classes.iter().cloned());
    if classes.is_empty() {
        classes.extend(VERIFICATION.parse::<Uid>());
    }
    let ids = (1..=u8::MAX).filter_map(ContextId::new);
    let transfer_syntaxes: Vec<Uid> = IMPLICIT_LITTLE.parse().into_iter().collect();
    let context = |(id, abstract_syntax)| ProposedContext {
        id,
        abstract_syntax,
        transfer_syntaxes: transfer_syntaxes.clone(),
    };
    ids.zip(classes).take(MAX_CONTEXTS).map(context).collect()
}

fn classes_of(service: &Service) -> Vec<Uid> {
    if let Service::Other { sop_class, .. } = service {
        return vec![sop_class.clone()];
    }
    let groups = services::table().filter(|group| group.service == *service);
    groups.flat_map(|group| group.sop_classes).filter_map(|class| class.uid.parse().ok()).collect()
}

/// The user of the arguments, or of a captured request as far as that can be verified without a secret.
fn identified(
    asked: &Explain,
    site: &Site,
    request: Option<&ReceivedRq>,
) -> Result<Identified, Unasked> {
    let verified = if let Some(path) = &asked.token {
        let token = zeroize::Zeroizing::new(bytes(path, "token")?);
        Some(site.issuers.verify(&token, SystemTime::now()).map(User::Token))
    } else if let Some(name) = &asked.user {
        Some(by_name(name, site))
    } else {
        request.and_then(|request| request.identity.as_ref()).map(|shown| {
            match Verification::of_shown(Some(shown))? {
                Verification::NotNeeded => Err(Denial::IdentityKind),
                Verification::Token => {
                    site.issuers.verify(&shown.primary, SystemTime::now()).map(User::Token)
                }
                Verification::Password => {
                    let name = std::str::from_utf8(&shown.primary);
                    name.map_err(|_| Denial::UserUnknown).and_then(|name| by_name(name, site))
                }
            }
        })
    };
    Ok(match verified {
        None => Identified::Nobody,
        Some(Ok(user)) => Identified::User { user, wants_answer: false },
        Some(Err(denial)) => Identified::Refused(denial),
    })
}

fn by_name(name: &str, site: &Site) -> Result<User, Denial> {
    if site.passwords.has(name) {
        Ok(User::Password(name.into()))
    } else {
        Err(Denial::UserUnknown)
    }
}

/// Who it was then, without what a token said besides.
fn as_then(line: &Line, site: &Site) -> Identified {
    let Some(name) = line.user.as_deref() else { return Identified::Nobody };
    let user = match line.issuer.as_deref() {
        Some(issuer) => Ok(User::Token(Token {
            issuer: issuer.into(),
            subject: name.into(),
            expires: i64::MAX,
            bound_to: None,
            claims: [].into(),
        })),
        None => by_name(name, site),
    };
    match user {
        Ok(user) => Identified::User { user, wants_answer: false },
        Err(denial) => Identified::Refused(denial),
    }
}
