//! Reads what goes out without a word of the gate's own reader: PS3.8 section 9.3 alone.

use crate::build::{COMMAND, LAST, ROWS};

/// What one side was sent.
#[derive(Debug, Default)]
pub(crate) struct Read {
    /// The commands, each as one set.
    pub(crate) commands: Vec<Vec<u8>>,
    /// The last PDU lacks a part of its fragment.
    pub(crate) is_cut: bool,
    /// The last message lacks something.
    pub(crate) is_inside_message: bool,
}

/// The message that is being read.
enum Message {
    None,
    Command(u8, Vec<u8>),
    DataSet(u8),
}

/// Reads whole PDUs of one PDV each, for a receiver who takes P-DATA-TF of this length. Only the
/// last may be cut, and only in a fragment of a data set.
pub(crate) fn read(mut out: &[u8], longest: u32) -> Result<Read, String> {
    let mut read = Read::default();
    let mut message = Message::None;
    while !out.is_empty() {
        let header: &[u8; 6] = out.first_chunk().ok_or("a part of a PDU's header")?;
        let [kind, reserved, length @ ..] = *header;
        let length = u32::from_be_bytes(length);
        let end = 6 + length as usize;
        let is_cut = end > out.len();
        let pdu = &out[..end.min(out.len())];
        match kind {
            4 if reserved == 0 => {
                (length <= longest).then_some(()).ok_or("longer than the receiver takes")?;
                message = data(message, pdu, length, is_cut, &mut read)?;
            }
            5..=7 if length == 4 && !is_cut => {
                let is_between = matches!(message, Message::None);
                (is_between || kind == 7).then_some(()).ok_or("a release inside a message")?;
            }
            _ => return Err(format!("a PDU of type {kind}, {length} bytes")),
        }
        read.is_cut = is_cut;
        out = &out[pdu.len()..];
    }
    read.is_inside_message = !matches!(message, Message::None);
    Ok(read)
}

/// A P-DATA-TF with one PDV, as the next of a message.
fn data(
    message: Message,
    pdu: &[u8],
    length: u32,
    is_cut: bool,
    read: &mut Read,
) -> Result<Message, String> {
    let header: &[u8; 12] = pdu.first_chunk().ok_or("a part of a PDV's header")?;
    let [.., a, b, c, d, context, control] = *header;
    if u32::from_be_bytes([a, b, c, d]).checked_add(4) != Some(length) {
        return Err("not one PDV".into());
    }
    if ROWS.iter().all(|row| row.0 != context) || control > COMMAND | LAST {
        return Err(format!("context {context}, control {control}"));
    }
    let (is_command, is_last) = (control & COMMAND != 0, control & LAST != 0);
    if length % 2 == 1 || (length == 6 && !is_last) || (is_cut && is_command) {
        return Err(format!("a fragment of {} bytes", pdu.len() - 12));
    }
    Ok(match message {
        Message::None if is_command => command(context, pdu[12..].to_vec(), is_last, read),
        Message::Command(of, mut set) if is_command && of == context => {
            set.extend(&pdu[12..]);
            command(context, set, is_last, read)
        }
        Message::DataSet(of) if !is_command && of == context => {
            if is_last && !is_cut {
                Message::None
            } else {
                message
            }
        }
        Message::None | Message::Command(..) | Message::DataSet(_) => {
            return Err("a fragment that does not belong here".into());
        }
    })
}

fn command(context: u8, set: Vec<u8>, is_last: bool, read: &mut Read) -> Message {
    if !is_last {
        return Message::Command(context, set);
    }
    // (0000,0800), two bytes, 0101: no data set follows.
    let none = [0, 0, 0, 8, 2, 0, 0, 0, 1, 1];
    let has_data_set = !set.windows(none.len()).any(|part| part == none);
    read.commands.push(set);
    if has_data_set { Message::DataSet(context) } else { Message::None }
}
