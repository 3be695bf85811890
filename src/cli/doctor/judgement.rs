//! What was met at a port, in words and severities.

use super::count::{MOST, Query};
use super::dicom::{self, Accepted, Met};
use super::door::Silence;
use super::finding::{Finding, Severity};
use super::ports::Other;
use super::scope::{Role, Target};
use super::transport::Seen;
use super::web::Page;

/// Statuses that say no to whoever asks (PS3.7 annex C): others may say it to this question alone.
const NOT_SUPPORTED: u16 = 0x0122;
const NOT_AUTHORIZED: u16 = 0x0124;

/// Of a port where something else than images is expected.
pub(super) fn of_other(target: &Target, other: &Other) -> Finding {
    let title = format!("{} is open", capital(other.name));
    Finding::new(other.severity, "port-open", target.at, title)
        .means(other.meaning)
        .cure("Let the firewall permit it from the machines that need it, and from no others.")
}

/// What listens where nothing was understood: what was tried, and how that ended.
pub(super) fn unknown(target: &Target, tried: &[(&str, &Silence)]) -> Finding {
    let shown = tried.iter().map(|(what, silence)| format!("{what}: {silence}"));
    let shown = shown.collect::<Vec<_>>().join("; ");
    let find_out =
        "find out what it is (`ss -ltnp` on that machine), and close it if nobody needs it.";
    if tried.iter().any(|(_, silence)| matches!(silence, Silence::TimedOut)) {
        let title = "An open port that did not answer in time, and was not judged";
        return Finding::new(Severity::Low, "port-silent", target.at, title)
            .means(
                "Something listens here. It may be slow or busy, or wait for something else: what \
                 strangers can do here is not known.",
            )
            .cure(format!("Try it again with a longer --timeout; {find_out}"))
            .shown(shown);
    }
    let title = "An open port, of which nothing is known";
    Finding::new(Severity::Low, "port-open", target.at, title)
        .means(
            "Something listens here that answered a stranger neither in DICOM nor in TLS or HTTP.",
        )
        .cure(capital(find_out))
        .shown(shown)
}

/// DICOM that may be open at any other moment.
pub(super) fn busy(place: &str, words: String) -> Finding {
    Finding::new(Severity::Low, "dicom-busy", place, "Too busy to be judged")
        .means("It refused for now, twice. That protects nothing: the next stranger may be let in.")
        .cure("Run this again when less goes on there.")
        .shown(words)
}

pub(super) fn certificate_optional(place: &str, words: String) -> Finding {
    Finding::new(Severity::Low, "certificate-optional", place, "TLS comes up without a certificate, and DICOM is refused")
        .means("Whoever has no certificate is judged by what it says of itself: its titles, or a password.")
        .cure("Demand client certificates where no device needs to do without.")
        .shown(words)
}

pub(super) fn versions(place: &str, seen: &Seen) -> Finding {
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

pub(super) fn of_dicom(target: &Target, met: Met) -> Vec<Finding> {
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
        Met::Busy(words) => findings.push(busy(&place, words)),
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

pub(super) fn of_accepted(place: &str, accepted: &Accepted) -> Vec<Finding> {
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
    vec![open, of_query(place, *query)]
}

fn of_query(place: &str, query: Query) -> Finding {
    let refused = || {
        Finding::new(Severity::Good, "query-refused", place, "The anonymous query was refused")
            .means("Whoever connects gets no list of patients by this way.")
    };
    let unproven = |code, title| {
        Finding::new(Severity::Low, code, place, title)
            .means(
                "It is not shown that strangers get no list of patients: an archive that answers \
                    slowly, or wants to be asked otherwise, looks the same.",
            )
            .cure("Try it again with a longer --timeout, or query it as a workstation does.")
    };
    match query {
        Query::Answered { count, more } => open_archive(place, count, more),
        Query::NotAccepted => refused().shown("no context for a query was accepted"),
        Query::Refused(status @ (NOT_SUPPORTED | NOT_AUTHORIZED)) => {
            refused().shown(format_args!("status {status:04X}H"))
        }
        Query::Refused(status) => unproven("query-failed", "The anonymous query failed")
            .shown(format_args!("status {status:04X}H")),
        Query::NoAnswer => unproven("query-unanswered", "The anonymous query was not answered"),
    }
}

fn open_archive(place: &str, count: u32, more: bool) -> Finding {
    let least = if more { "at least " } else { "" };
    let studies = if count == 1 { "study was" } else { "studies were" };
    Finding::new(Severity::Critical, "query-anonymous", place, "Anybody can query the archive")
        .means(
            "Whoever reaches this address gets the list of patients, and most often their images, \
             with free software. This is what journalists found.",
        )
        .cure("Close this port to all networks but the gate's today.")
        .shown(format_args!("{least}{count} {studies} counted (up to {MOST} are); none was read"))
}

pub(super) fn of_page(target: &Target, page: &Page, is_encrypted: bool) -> Finding {
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

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
