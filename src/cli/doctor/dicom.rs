//! DICOM as a stranger without a certificate tries it: usual titles, a C-ECHO, and a query for a count.

use dicom_ul::pdu::{AssociationAC, PresentationContextResultReason};
use pacsgate_core::wire::reject::Reject;
use tokio::time::sleep;

use super::count::{self, Query};
use super::door::{Door, Silence, Stream};
use crate::cli::client::association::{self, CONTEXT, Failure, VERIFICATION};
use crate::cli::client::link::{Link, LinkError};

/// The calling title; whoever reads the PACS's log knows who it was.
pub(super) const CALLING: &str = "PACSGATE-DOCTOR";
/// Called titles that archives have from the box, after those that are given.
const USUAL: [&str; 6] = ["ANY-SCP", "ORTHANC", "PACS", "DCM4CHEE", "CONQUESTSRV1", "ARCHIVE"];
/// Attempts at one port.
const MOST_TITLES: usize = 10;
const STUDY_ROOT: (u8, &str) = (3, "1.2.840.10008.5.1.4.1.2.2.1");
const PATIENT_ROOT: (u8, &str) = (5, "1.2.840.10008.5.1.4.1.2.1.1");

/// What was met at a port.
#[derive(Debug)]
pub(super) enum Met {
    /// Nobody there speaks DICOM to us; whether TLS is the reason.
    Nothing(Silence),
    /// DICOM is spoken, and every title was refused.
    Refused(String),
    /// DICOM is spoken, and refused for now, twice.
    Busy(String),
    /// An association without a certificate.
    Accepted(Accepted),
}

/// Why a title brought no association.
enum Refusal {
    Silent(Silence),
    /// For now, by what the other side says.
    Busy(String),
    /// Another title may be answered otherwise.
    Title(String),
    /// No title is.
    Final(String),
}

/// An association that anybody gets.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) called: String,
    pub(super) echoed: bool,
    pub(super) query: Query,
}

/// The titles that are tried.
pub(super) fn titles(given: &[String]) -> Vec<String> {
    let mut titles: Vec<String> = Vec::new();
    for title in given.iter().map(String::as_str).chain(USUAL) {
        if !titles.iter().any(|known| known == title) {
            titles.push(title.to_owned());
        }
    }
    titles.truncate(MOST_TITLES.max(given.len()));
    titles
}

/// Tries one title after the other. A refusal for now protects nothing: the same is tried once more,
/// after a step's time.
pub(super) async fn interrogate(door: &Door, titles: &[String]) -> Met {
    let mut refused = None;
    let mut has_waited = false;
    for called in titles {
        let mut tried = attempt(door, called).await;
        if matches!(&tried, Err(Refusal::Busy(_))) && !has_waited {
            has_waited = true;
            sleep(door.patience).await;
            tried = attempt(door, called).await;
        }
        match tried {
            Ok(accepted) => return Met::Accepted(accepted),
            Err(Refusal::Silent(why)) => {
                return refused.map_or(Met::Nothing(why), Met::Refused);
            }
            Err(Refusal::Busy(words)) => return Met::Busy(words),
            Err(Refusal::Title(words)) => refused = Some(words),
            Err(Refusal::Final(words)) => return Met::Refused(words),
        }
    }
    refused.map_or(Met::Nothing(Silence::Other), Met::Refused)
}

async fn attempt(door: &Door, called: &str) -> Result<Accepted, Refusal> {
    let mut link = Link::new(door.open().await.map_err(Refusal::Silent)?, door.patience);
    let answer = opened(&mut link, called).await?;
    Ok(use_it(&mut link, &answer, called, door).await)
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        let words = failure.to_string();
        match failure {
            Failure::Link(error) => Self::Silent(of_link(&error)),
            Failure::Rejected(reject) if is_for_now(reject) => Self::Busy(words),
            Failure::Rejected(reject) if is_of_title(reject) => Self::Title(words),
            Failure::Rejected(_)
            | Failure::Aborted(_)
            | Failure::ContextRefused(_)
            | Failure::Status(_)
            | Failure::Unexpected => Self::Final(words),
        }
    }
}

/// Transient, or one of the reasons that pass: congestion, and a limit (PS3.8 table 9-21).
const fn is_for_now(reject: Reject) -> bool {
    matches!((reject.result(), reject.source()), (2, _) | (_, 3))
}

/// Whether another called title may be answered otherwise.
const fn is_of_title(reject: Reject) -> bool {
    matches!((reject.source(), reject.reason()), (1, 1 | 7))
}

async fn opened(link: &mut Link<Box<dyn Stream>>, called: &str) -> Result<AssociationAC, Failure> {
    let contexts = [(CONTEXT, VERIFICATION), STUDY_ROOT, PATIENT_ROOT];
    let request = association::request_of(CALLING, called, &contexts, Vec::new())?;
    association::open_any(link, &request).await
}

async fn use_it(
    link: &mut Link<Box<dyn Stream>>,
    answer: &AssociationAC,
    called: &str,
    door: &Door,
) -> Accepted {
    let is_accepted = |id: u8| {
        let mut contexts = answer.presentation_contexts.iter().filter(|it| it.id == id);
        contexts.any(|it| it.reason == PresentationContextResultReason::Acceptance)
    };
    let echoed = is_accepted(CONTEXT) && association::echo(link).await.is_ok();
    let model = [STUDY_ROOT, PATIENT_ROOT].into_iter().find(|(id, _)| is_accepted(*id));
    let query = match model {
        Some((id, sop_class)) => count::ask(link, id, sop_class, door.patience).await,
        None => Query::NotAccepted,
    };
    // In good order, for the log of the PACS; how it answers changes nothing.
    let _ = association::release(link).await;
    Accepted { called: called.to_owned(), echoed, query }
}

fn of_link(error: &LinkError) -> Silence {
    match error {
        LinkError::Tls(trouble) => trouble.into(),
        LinkError::TimedOut => Silence::TimedOut,
        LinkError::Closed => Silence::Closed,
        LinkError::WantsTls
        | LinkError::NotDicom
        | LinkError::TooLong(_)
        | LinkError::Malformed(_)
        | LinkError::Io(_) => Silence::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_given_titles_first_and_none_twice() {
        let titles = titles(&["ORTHANC".to_owned(), "X".to_owned()]);
        assert_eq!(
            titles,
            ["ORTHANC", "X", "ANY-SCP", "PACS", "DCM4CHEE", "CONQUESTSRV1", "ARCHIVE"]
        );
    }
}
