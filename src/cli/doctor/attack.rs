//! One port after the other, as a stranger tries them, a few at once.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::certificate;
use super::dicom::{self, Met};
use super::door::{Door, Silence};
use super::finding::{Finding, Severity};
use super::judgement;
use super::ports::Expected;
use super::scope::{Role, Scope, Target};
use super::transport::{self, Seen};
use super::web;
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
    let findings = examined.unwrap_or_else(|_elapsed| {
        vec![judgement::unknown(target, &[("All of it", &Silence::TimedOut)])]
    });
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
        return vec![judgement::of_other(target, other)];
    }
    let is_web = target.expected == Expected::Web;
    if is_web && let Ok(page) = web::get(&door).await {
        return vec![judgement::of_page(target, &page, false)];
    }
    let dicom = match dicom::interrogate(&door, &manner.titles).await {
        Met::Nothing(silence) => silence,
        met @ (Met::Refused(_) | Met::Busy(_) | Met::Accepted(_)) => {
            return judgement::of_dicom(target, met);
        }
    };
    let tls = match transport::look(target.at, &target.host, manner.patience).await {
        Ok(seen) => return over_tls(target, manner, seen).await,
        Err(silence) => silence,
    };
    match web::get(&door).await {
        Ok(page) => vec![judgement::of_page(target, &page, false)],
        Err(web) => {
            vec![judgement::unknown(target, &[("DICOM", &dicom), ("TLS", &tls), ("HTTP", &web)])]
        }
    }
}

async fn over_tls(target: &Target, manner: &Manner, seen: Seen) -> Vec<Finding> {
    let place = target.at.to_string();
    let mut findings = Vec::new();
    findings.push(judgement::versions(&place, &seen));
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
        Met::Nothing(dicom) => findings.push(match web::get(&door).await {
            Ok(page) => judgement::of_page(target, &page, true),
            Err(web) => {
                judgement::unknown(target, &[("DICOM over TLS", &dicom), ("HTTP over TLS", &web)])
            }
        }),
        Met::Refused(words) => findings.push(judgement::certificate_optional(&place, words)),
        Met::Busy(words) => findings.push(judgement::busy(&place, words)),
        Met::Accepted(accepted) => {
            findings.push(
                Finding::new(Severity::High, "certificate-not-demanded", &place, "DICOM over TLS takes anybody")
                    .means("The way is encrypted, but whoever comes is let in: the certificate of a device is not asked for.")
                    .cure("Demand client certificates, or put a gate in front."),
            );
            findings.extend(judgement::of_accepted(&place, &accepted));
        }
    }
    findings
}
