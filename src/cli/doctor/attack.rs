//! One port after the other, as a stranger tries them, a few at once.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::certificate;
use super::count::{MOST, Query};
use super::dicom::{self, Accepted, Met, Silence};
use super::door::Door;
use super::finding::{Finding, Severity};
use super::ports::Expected;
use super::scope::{Role, Scope, Target};
use super::transport::{self, Seen};
use super::web::{self, Page};
use crate::cli::client::dial::{self, Shown};

/// Connections at once.
const AT_ONCE: usize = 16;
/// A port is given up after as many steps.
const STEPS: u32 = 60;

/// What was met at the ports.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) findings: Vec<Finding>,
    /// How many attempts were answered by nobody, by how.
    pub(super) closed: usize,
    pub(super) unreached: BTreeMap<SocketAddr, String>,
    pub(super) open: usize,
}

/// What is tried, and how.
#[derive(Clone, Debug)]
pub(super) struct Manner {
    pub(super) titles: Vec<String>,
    pub(super) patience: Duration,
    pub(super) is_at_gate: bool,
}

enum Port {
    Open(Vec<Finding>),
    Closed,
    /// It could not be tried.
    Unreached(String),
}

/// Tries all of them.
pub(super) async fn all(scope: &Scope, manner: &Manner) -> Outcome {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut tried = JoinSet::new();
    for target in scope.targets() {
        let (target, manner, turns) = (target.clone(), manner.clone(), Arc::clone(&turns));
        tried.spawn(async move {
            let _turn = turns.acquire().await;
            let at = target.at;
            let port = one(&target, &manner).await;
            (at, port)
        });
    }
    let mut outcome = Outcome::default();
    while let Some(done) = tried.join_next().await {
        // A task that is gone has found nothing.
        let Ok((at, port)) = done else { continue };
        match port {
            Port::Open(findings) => {
                outcome.open += 1;
                outcome.findings.extend(findings);
            }
            Port::Closed => outcome.closed += 1,
            Port::Unreached(why) => {
                outcome.unreached.insert(at, why);
            }
        }
    }
    outcome
}

async fn one(target: &Target, manner: &Manner) -> Port {
    match dial::connect(target.at, manner.patience).await {
        Ok(_socket) => {}
        Err(error) => {
            return match error.shows() {
                Shown::Closed => Port::Closed,
                Shown::NoRoute | Shown::Nothing => Port::Unreached(error.to_string()),
            };
        }
    }
    let examined = timeout(manner.patience * STEPS, examine(target, manner)).await;
    let findings = examined.unwrap_or_else(|_elapsed| vec![unknown(target)]);
    let is_inside = manner.is_at_gate && target.is_configured;
    let softened = |finding: Finding| match target.role {
        Role::Pacs | Role::Other if is_inside => finding.seen_from_the_gate(),
        Role::Pacs | Role::Other | Role::Listener { .. } => finding,
    };
    Port::Open(findings.into_iter().map(softened).collect())
}

async fn examine(target: &Target, manner: &Manner) -> Vec<Finding> {
    let door = Door::plain(target.at, manner.patience);
    if let Expected::Other(other) = target.expected {
        return vec![
            Finding::new(
                other.severity,
                "port-open",
                target.at,
                format!("{} is open", capital(other.name)),
            )
            .means(other.meaning)
            .cure("Let the firewall permit it from the machines that need it, and from no others."),
        ];
    }
    let is_web = target.expected == Expected::Web;
    if let Some(page) = if is_web { web::get(&door).await } else { None } {
        return vec![of_page(target, &page, false)];
    }
    match dicom::interrogate(&door, &manner.titles).await {
        Met::Nothing(_) => {}
        met @ (Met::Refused(_) | Met::Accepted(_)) => return of_dicom(target, met),
    }
    if let Some(seen) = transport::look(target.at, &target.host, manner.patience).await {
        return over_tls(target, manner, seen).await;
    }
    match web::get(&door).await {
        Some(page) => vec![of_page(target, &page, false)],
        None => vec![unknown(target)],
    }
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn unknown(target: &Target) -> Finding {
    Finding::new(Severity::Low, "port-open", target.at, "An open port, of which nothing is known")
        .means("Something listens here that speaks neither DICOM, TLS nor HTTP to strangers.")
        .cure("Find out what it is (`ss -ltnp` on that machine), and close it if nobody needs it.")
}

async fn over_tls(target: &Target, manner: &Manner, seen: Seen) -> Vec<Finding> {
    let place = target.at.to_string();
    let mut findings = Vec::new();
    findings.push(versions(&place, &seen));
    if let Some(der) = &seen.certificate {
        findings.extend(certificate::judge(der, &place, &seen.name));
    }
    if seen.version.is_none() && seen.certificate.is_none() {
        return findings;
    }
    let tls = Some((Arc::clone(&seen.config), seen.name.clone()));
    let door = Door { tls, ..Door::plain(target.at, manner.patience) };
    match dicom::interrogate(&door, &manner.titles).await {
        Met::Nothing(Silence::Certificate(words)) if seen.asks => findings.push(
            Finding::new(
                Severity::Good,
                "certificate-demanded",
                &place,
                "Nobody gets in without a certificate",
            )
            .means("A stranger is turned away before a byte of DICOM.")
            .shown(words),
        ),
        Met::Nothing(_) => {
            let page = web::get(&door).await;
            findings.extend(page.map(|page| of_page(target, &page, true)));
        }
        Met::Refused(words) => findings.push(certificate_optional(&place, words)),
        Met::Accepted(accepted) => {
            findings.push(
                Finding::new(Severity::High, "certificate-not-demanded", &place, "DICOM over TLS takes anybody")
                    .means("The way is encrypted, but whoever comes is let in: the certificate of a device is not asked for.")
                    .cure("Demand client certificates, or put a gate in front."),
            );
            findings.extend(of_accepted(&place, &accepted));
        }
    }
    findings
}

fn certificate_optional(place: &str, words: String) -> Finding {
    Finding::new(Severity::Low, "certificate-optional", place, "TLS comes up without a certificate, and DICOM is refused")
        .means("Whoever has no certificate is judged by what it says of itself: its titles, or a password.")
        .cure("Demand client certificates where no device needs to do without.")
        .shown(words)
}

fn versions(place: &str, seen: &Seen) -> Finding {
    if seen.old.is_empty() {
        let shown = seen.version.unwrap_or("no version that this side speaks");
        return Finding::new(
            Severity::Good,
            "tls",
            place,
            "TLS is spoken, and no old version of it",
        )
        .means("What passes here cannot be read on the way.")
        .shown(shown);
    }
    let severity = if seen.version.is_some() { Severity::Medium } else { Severity::High };
    Finding::new(severity, "tls-old", place, "Old versions of TLS are spoken")
        .means("They have known attacks, and have been forbidden since 2021 (RFC 8996).")
        .cure("Switch them off, or put a gate in front: it speaks TLS 1.2 and 1.3.")
        .shown(format_args!(
            "accepted: {}; the best is {}",
            seen.old.join(", "),
            seen.version.unwrap_or("none of TLS 1.2 and 1.3")
        ))
}

fn of_dicom(target: &Target, met: Met) -> Vec<Finding> {
    let place = target.at.to_string();
    let is_listener = matches!(target.role, Role::Listener { .. });
    let severity = if is_listener { Severity::Medium } else { Severity::High };
    let cure = if is_listener {
        "Keep this listener for the devices that cannot do TLS, in a network of their own, and let the \
         firewall permit those alone."
    } else {
        "Put the gate in front, and let the firewall permit this port from the gate alone."
    };
    let plain = Finding::new(severity, "dicom-plain", &place, "DICOM is spoken without TLS")
        .means("Images, names and queries can be read and changed by whoever is on the way.")
        .cure(cure);
    let mut findings = vec![plain];
    match met {
        Met::Nothing(_) => {}
        Met::Refused(words) => findings.push(
            Finding::new(
                Severity::Low,
                "dicom-refused",
                &place,
                "DICOM answers strangers, and refuses them",
            )
            .means("Only titles and addresses, which anybody can guess or take, are in the way.")
            .cure("Rely on a certificate or on a firewall, not on titles.")
            .shown(words),
        ),
        Met::Accepted(accepted) => findings.extend(of_accepted(&place, &accepted)),
    }
    findings
}

fn of_accepted(place: &str, accepted: &Accepted) -> Vec<Finding> {
    let Accepted { called, echoed, query } = accepted;
    let echo = if *echoed { ", and C-ECHO succeeds" } else { "" };
    let open = Finding::new(
        Severity::High,
        "dicom-anonymous",
        place,
        "An association is accepted from anybody",
    )
    .means("Any software can connect, store false images, or try what else there is.")
    .cure("Put the gate in front, and let the firewall permit this port from the gate alone.")
    .shown(format_args!(
        "{} may call \"{}\"{echo}",
        dicom::CALLING,
        crate::audit::PeerText::from_display(called, 64)
    ));
    let mut findings = vec![open];
    match query {
        Query::Answered { count, more } => {
            let least = if *more { "at least " } else { "" };
            let studies = if *count == 1 { "study was" } else { "studies were" };
            let shown =
                format!("{least}{count} {studies} counted (up to {MOST} are); none was read");
            findings.push(
                Finding::new(Severity::Critical, "query-anonymous", place, "Anybody can query the archive")
                    .means(
                        "Whoever reaches this address gets the list of patients, and most often their images, \
                         with free software. This is what journalists found.",
                    )
                    .cure("Close this port to all networks but the gate's today.")
                    .shown(shown),
            );
        }
        Query::Refused(status) => findings.push(
            Finding::new(Severity::Good, "query-refused", place, "The anonymous query was refused")
                .means("Whoever connects gets no list of patients by this way.")
                .shown(format_args!("status {status:04X}H")),
        ),
        Query::NotAccepted | Query::NoAnswer => {}
    }
    findings
}

fn of_page(target: &Target, page: &Page, is_encrypted: bool) -> Finding {
    let place = target.at;
    let imaging = page.product.map(|name| format!("The web interface of {name}"));
    let what = imaging.clone().unwrap_or_else(|| "A web page".to_owned());
    let found = if page.asks_for_password && is_encrypted {
        Finding::new(Severity::Low, "web-password", place, format!("{what} asks for a password"))
            .means("It is as good as its passwords, and as its newest update.")
    } else if page.asks_for_password {
        Finding::new(
            Severity::Medium,
            "web-plain",
            place,
            format!("{what} asks for a password without TLS"),
        )
        .means("The password, and all that is shown, can be read by whoever is on the way.")
    } else if imaging.is_some() {
        Finding::new(Severity::Critical, "web-open", place, format!("{what} is open"))
            .means("Any browser shows what it has: most often names and images of patients. A page that asks for \
                    a password later looks the same from outside: look at it.")
    } else {
        Finding::new(Severity::Medium, "web", place, format!("{what} is open"))
            .means("It may be the interface of a device, with its maker's password.")
    };
    found
        .cure("Let the firewall permit it from the machines that need it, and from no others.")
        .shown(&page.evidence)
}
