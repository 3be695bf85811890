//! An anonymous C-FIND that asks for nothing but a count. The identifier has the level and the number
//! of images of a study, which says nothing of a patient; what comes back is counted and discarded
//! unread.

use std::time::Duration;

use dicom_ul::pdu::{PDataValue, PDataValueType, Pdu};
use tokio::time::timeout;

use super::door::Stream;
use crate::cli::client::command::{
    AFFECTED_SOP_CLASS, COMMAND_FIELD, Command, MESSAGE_ID, MESSAGE_ID_RESPONDED_TO, PRIORITY,
    RESPONSE, STATUS,
};
use crate::cli::client::link::{Heard, Link};

/// More is not counted: the query is cancelled, so that a large archive is not kept busy.
pub(super) const MOST: u32 = 100;
/// PDUs that are read of all answers, and again after the cancel.
const PDUS: usize = 1_000;
/// Bytes of one command.
const LONGEST_COMMAND: usize = 16 * 1024;
/// A query may take some steps' time.
const STEPS: u32 = 3;

const C_FIND: u16 = 0x0020;
const C_CANCEL: u16 = 0x0fff;
const MESSAGE: u16 = 2;
const LOW: u16 = 2;
const PENDING: [u16; 2] = [0xff00, 0xff01];
/// (0008,0052) `STUDY ` and an empty (0020,1208), in Implicit VR Little Endian.
const IDENTIFIER: &[u8] = b"\x08\0\x52\0\x06\0\0\0STUDY \x20\0\x08\x12\0\0\0\0";

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Query {
    /// No context for it.
    NotAccepted,
    /// The status that is no success.
    Refused(u16),
    /// So many answers, and whether there would have been more.
    Answered { count: u32, more: bool },
    /// No answer that belongs to it.
    NoAnswer,
}

/// Asks on an accepted context.
pub(super) async fn ask(
    link: &mut Link<Box<dyn Stream>>,
    context: u8,
    sop_class: &str,
    patience: Duration,
) -> Query {
    let mut count = 0;
    let asked = timeout(patience * STEPS, find(link, context, sop_class, &mut count)).await;
    match asked {
        Ok(Some(query)) => query,
        Ok(None) | Err(_) if count > 0 => Query::Answered { count, more: true },
        Ok(None) | Err(_) => Query::NoAnswer,
    }
}

async fn find(
    link: &mut Link<Box<dyn Stream>>,
    context: u8,
    sop_class: &str,
    count: &mut u32,
) -> Option<Query> {
    let command = Command::new(C_FIND)
        .number(MESSAGE_ID, MESSAGE)
        .number(PRIORITY, LOW)
        .uid(AFFECTED_SOP_CLASS, sop_class)
        .with_data_set();
    link.send(&message(context, PDataValueType::Command, command.encode())).await.ok()?;
    link.send(&message(context, PDataValueType::Data, IDENTIFIER.to_vec())).await.ok()?;
    let status = until(link, count, MOST).await?;
    if PENDING.contains(&status) {
        let cancel = Command::new(C_CANCEL).number(MESSAGE_ID_RESPONDED_TO, MESSAGE);
        link.send(&message(context, PDataValueType::Command, cancel.encode())).await.ok()?;
        // In good order, for the PACS; how it ends changes nothing.
        let _ = until(link, &mut 0, u32::MAX).await;
        return Some(Query::Answered { count: *count, more: true });
    }
    Some(match (status, *count) {
        (0, count) => Query::Answered { count, more: false },
        (status, 0) => Query::Refused(status),
        (_, count) => Query::Answered { count, more: true },
    })
}

/// Reads to the last answer, or to the one at which it is enough, and says the status of that.
async fn until(link: &mut Link<Box<dyn Stream>>, count: &mut u32, most: u32) -> Option<u16> {
    let mut command = Vec::new();
    for _ in 0..PDUS {
        let Heard::Pdu(Pdu::PData { data }) = link.receive().await.ok()? else { return None };
        for value in data {
            // What is no command is patient data, or could be.
            if value.value_type != PDataValueType::Command {
                continue;
            }
            command.extend(value.data);
            if command.len() > LONGEST_COMMAND {
                return None;
            }
            if !value.is_last {
                continue;
            }
            let status = status(&std::mem::take(&mut command))?;
            if !PENDING.contains(&status) {
                return Some(status);
            }
            *count = count.saturating_add(1);
            if *count >= most {
                return Some(status);
            }
        }
    }
    None
}

fn status(command: &[u8]) -> Option<u16> {
    let answer = Command::parse(command)?;
    let is_ours = answer.number_of(COMMAND_FIELD) == Some(C_FIND | RESPONSE)
        && answer.number_of(MESSAGE_ID_RESPONDED_TO) == Some(MESSAGE);
    answer.number_of(STATUS).filter(|_| is_ours)
}

fn message(presentation_context_id: u8, value_type: PDataValueType, data: Vec<u8>) -> Pdu {
    Pdu::PData {
        data: vec![PDataValue { presentation_context_id, value_type, is_last: true, data }],
    }
}
