//! Reads what goes out without a word of the gate's own reader: PS3.8 section 9.3 alone. The fuzz
//! target of the inspector takes this file in.

const COMMAND: u8 = 1;
const LAST: u8 = 2;

/// What one side was sent.
#[derive(Debug, Default)]
pub(crate) struct Read<'a> {
    /// Its whole PDUs, and perhaps a last that is cut.
    pub(crate) pdus: Vec<&'a [u8]>,
    /// The last PDU lacks a part of its fragment.
    pub(crate) is_cut: bool,
}

/// The message that is being read.
enum Message {
    None,
    Command(u8, Vec<u8>),
    DataSet(u8),
}

/// Reads whole messages in whole PDUs of one PDV each, for a receiver who takes P-DATA-TF of this
/// length on contexts up to this one. Only the last may be cut, and only in a fragment of a data set.
pub(crate) fn read(mut out: &[u8], longest: u32, contexts: u8) -> Result<Read<'_>, String> {
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
                message = data(message, pdu, length, contexts)?;
                let is_command = pdu[11] & COMMAND != 0;
                (!is_cut || !is_command).then_some(()).ok_or("a part of a command")?;
            }
            5..=7 if length == 4 && !is_cut => {
                let is_between = matches!(message, Message::None);
                (is_between || kind == 7).then_some(()).ok_or("a release inside a message")?;
            }
            _ => return Err(format!("a PDU of type {kind}, {length} bytes")),
        }
        read.is_cut = is_cut;
        read.pdus.push(pdu);
        out = &out[pdu.len()..];
    }
    Ok(read)
}

/// A P-DATA-TF with one PDV, as the next of a message.
fn data(message: Message, pdu: &[u8], length: u32, contexts: u8) -> Result<Message, String> {
    let (header, fragment) = pdu.split_first_chunk::<12>().ok_or("a part of a PDV's header")?;
    let [.., a, b, c, d, context, control] = *header;
    if u32::from_be_bytes([a, b, c, d]).checked_add(4) != Some(length) {
        return Err("not one PDV".into());
    }
    if context % 2 == 0 || context > contexts || control > COMMAND | LAST {
        return Err(format!("context {context}, control {control}"));
    }
    let (is_command, is_last) = (control & COMMAND != 0, control & LAST != 0);
    // A data set of odd length is seen at its end, and passes in a report.
    if (length % 2 == 1 || length == 6) && !is_last {
        return Err(format!("a fragment of {} bytes", length - 6));
    }
    Ok(match message {
        Message::None if is_command => command(context, fragment.to_vec(), is_last),
        Message::Command(of, mut set) if is_command && of == context => {
            set.extend_from_slice(fragment);
            command(context, set, is_last)
        }
        Message::DataSet(of) if !is_command && of == context => {
            if is_last {
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

fn command(context: u8, set: Vec<u8>, is_last: bool) -> Message {
    if !is_last {
        return Message::Command(context, set);
    }
    // (0000,0800), two bytes, 0101: no data set follows.
    let none = [0, 0, 0, 8, 2, 0, 0, 0, 1, 1];
    let has_data_set = !set.windows(none.len()).any(|part| part == none);
    if has_data_set { Message::DataSet(context) } else { Message::None }
}
