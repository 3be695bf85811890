//! DIMSE messages: command sets (PS3.7 annex E) and the heads of data sets.

use std::io::{self, Write};

use crate::association::Context;
use crate::pdv::{self, Object};

/// C-STORE-RQ.
pub(crate) const C_STORE: u16 = 0x0001;
/// C-GET-RQ.
pub(crate) const C_GET: u16 = 0x0010;
/// C-FIND-RQ.
pub(crate) const C_FIND: u16 = 0x0020;
/// C-ECHO-RQ.
pub(crate) const C_ECHO: u16 = 0x0030;
const RESPONSE: u16 = 0x8000;
/// The status that means that all was done as asked (PS3.7 annex C); every other is a failure here.
pub(crate) const SUCCESS: u16 = 0x0000;
/// The status of an answer with more to come.
pub(crate) const PENDING: u16 = 0xFF00;
/// The status of a PACS without room (PS3.4 table B.2-1).
pub(crate) const OUT_OF_RESOURCES: u16 = 0xA700;

const NO_DATA_SET: u16 = 0x0101;
const DATA_SET: u16 = 0x0001;
const STUDY_INSTANCE_UID: (u16, u16) = (0x0020, 0x000D);

/// A command set, as far as it is looked at.
#[derive(Default)]
pub(crate) struct Command {
    pub(crate) field: u16,
    pub(crate) message_id: u16,
    /// Responses have it.
    status: Option<u16>,
    /// The affected SOP instance UID.
    pub(crate) instance: String,
}

impl Command {
    /// Reads what stands in a command's fragment.
    pub(crate) fn parse(set: &[u8]) -> io::Result<Self> {
        let mut command = Self::default();
        for ((_, element), value) in elements(set) {
            match element {
                0x0100 => command.field = number(value)?,
                0x0110 | 0x0120 => command.message_id = number(value)?,
                0x0900 => command.status = Some(number(value)?),
                0x1000 => command.instance = uid(value),
                _ => {}
            }
        }
        Ok(command)
    }

    /// Whether this is a response to a request with the command field `field`, with more to come.
    pub(crate) fn is_pending(&self, field: u16) -> bool {
        self.field == field | RESPONSE && self.status == Some(PENDING)
    }

    /// Makes sure that this is the successful response to a request with the command field `field`: what
    /// was refused has cost less, and is no figure.
    pub(crate) fn expect_success(&self, field: u16) -> io::Result<()> {
        if self.field == field | RESPONSE && self.status == Some(SUCCESS) {
            return Ok(());
        }
        let status = self.status.map_or("none".to_owned(), |status| format!("{status:04X}"));
        Err(io::Error::other(format!(
            "no success of command {field:04X}, but command {:04X} with status {status}",
            self.field
        )))
    }
}

/// C-ECHO-RQ.
pub(crate) fn echo(context: Context, message_id: u16) -> io::Result<Vec<u8>> {
    let numbers = [(0x0100, C_ECHO), (0x0110, message_id), (0x0800, NO_DATA_SET)];
    pdv::command(context, &command_set(context, &numbers, None)?)
}

/// C-GET-RQ with an identifier that asks for one study.
pub(crate) fn get(context: Context, message_id: u16, study: &str) -> io::Result<Vec<u8>> {
    let numbers = [(0x0100, C_GET), (0x0110, message_id), (0x0700, 0), (0x0800, DATA_SET)];
    let mut identifier = Vec::new();
    text(&mut identifier, (0x0008, 0x0052), "STUDY", b' ')?;
    text(&mut identifier, STUDY_INSTANCE_UID, study, 0)?;
    let command = pdv::command(context, &command_set(context, &numbers, None)?)?;
    Ok([command, pdv::data_set(context, &identifier)?].concat())
}

/// C-FIND-RQ with an identifier that asks for the studies of a day.
pub(crate) fn find(context: Context, message_id: u16) -> io::Result<Vec<u8>> {
    let numbers = [(0x0100, C_FIND), (0x0110, message_id), (0x0700, 0), (0x0800, DATA_SET)];
    let command = pdv::command(context, &command_set(context, &numbers, None)?)?;
    Ok([command, pdv::data_set(context, &identifier("", "", "")?)?].concat())
}

/// A pending response to C-FIND with the `number`th study that was found.
pub(crate) fn found(context: Context, request: &Command, number: u64) -> io::Result<Vec<u8>> {
    let numbers = [
        (0x0100, C_FIND | RESPONSE),
        (0x0120, request.message_id),
        (0x0800, DATA_SET),
        (0x0900, PENDING),
    ];
    let command = pdv::command(context, &command_set(context, &numbers, None)?)?;
    let (patient, study) = (format!("P{number}"), format!("2.999.2.{number}"));
    let identifier = identifier("Bench^Mark", &patient, &study)?;
    Ok([command, pdv::data_set(context, &identifier)?].concat())
}

fn identifier(name: &str, patient: &str, study: &str) -> io::Result<Vec<u8>> {
    let mut identifier = Vec::new();
    text(&mut identifier, (0x0008, 0x0020), "20260102", b' ')?;
    text(&mut identifier, (0x0008, 0x0052), "STUDY", b' ')?;
    text(&mut identifier, (0x0010, 0x0010), name, b' ')?;
    text(&mut identifier, (0x0010, 0x0020), patient, b' ')?;
    text(&mut identifier, STUDY_INSTANCE_UID, study, 0)?;
    Ok(identifier)
}

/// The study that the identifier of a C-GET asks for.
pub(crate) fn study(identifier: &[u8]) -> io::Result<String> {
    elements(identifier)
        .find(|&(tag, _)| tag == STUDY_INSTANCE_UID)
        .map(|(_, value)| uid(value))
        .ok_or_else(|| io::Error::other("an identifier without a study"))
}

/// Writes C-STORE-RQ and its data set.
pub(crate) fn write_store(
    out: &mut impl Write,
    context: Context,
    message_id: u16,
    instance: &str,
    object: Object,
) -> io::Result<()> {
    let numbers = [(0x0100, C_STORE), (0x0110, message_id), (0x0700, 0), (0x0800, DATA_SET)];
    out.write_all(&pdv::command(context, &command_set(context, &numbers, Some(instance))?)?)?;
    pdv::write_data_set(out, context, &image_head(context, instance, object.pixels)?, object)
}

/// The last response to a request with the command field `field`.
pub(crate) fn response(
    context: Context,
    field: u16,
    request: &Command,
    status: u16,
) -> io::Result<Vec<u8>> {
    let numbers = [
        (0x0100, field | RESPONSE),
        (0x0120, request.message_id),
        (0x0800, NO_DATA_SET),
        (0x0900, status),
    ];
    let instance = (!request.instance.is_empty()).then_some(request.instance.as_str());
    pdv::command(context, &command_set(context, &numbers, instance)?)
}

/// A command set with the context's SOP class, these numbers, and an affected SOP instance.
fn command_set(
    context: Context,
    numbers: &[(u16, u16)],
    instance: Option<&str>,
) -> io::Result<Vec<u8>> {
    let mut elements = Vec::new();
    text(&mut elements, (0x0000, 0x0002), context.sop_class, 0)?;
    for &(element, number) in numbers {
        value(&mut elements, (0x0000, element), &number.to_le_bytes())?;
    }
    if let Some(instance) = instance {
        text(&mut elements, (0x0000, 0x1000), instance, 0)?;
    }
    let mut set = Vec::new();
    let length = u32::try_from(elements.len()).map_err(io::Error::other)?;
    value(&mut set, (0x0000, 0x0000), &length.to_le_bytes())?;
    set.extend(elements);
    Ok(set)
}

/// An image up to where the value of its pixel data begins.
fn image_head(context: Context, instance: &str, pixels: u64) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    text(&mut head, (0x0008, 0x0016), context.sop_class, 0)?;
    text(&mut head, (0x0008, 0x0018), instance, 0)?;
    text(&mut head, (0x0008, 0x0020), "20260102", b' ')?;
    text(&mut head, (0x0008, 0x0060), "CT", b' ')?;
    text(&mut head, (0x0010, 0x0010), "Bench^Mark", b' ')?;
    text(&mut head, (0x0010, 0x0020), "P1", b' ')?;
    text(&mut head, STUDY_INSTANCE_UID, "2.999.2", 0)?;
    text(&mut head, (0x0020, 0x000E), "2.999.3", 0)?;
    for (element, number) in image_pixel(pixels)? {
        if element == 0x0010 {
            text(&mut head, (0x0028, 0x0004), "MONOCHROME2", b' ')?;
        }
        value(&mut head, (0x0028, element), &number.to_le_bytes())?;
    }
    tag(&mut head, (0x7FE0, 0x0010), u32::try_from(pixels).map_err(io::Error::other)?);
    Ok(head)
}

/// What says how pixel data of so many bytes is to be read, 16 bits a pixel (PS3.3 C.7.6.3).
fn image_pixel(bytes: u64) -> io::Result<[(u16, u16); 7]> {
    let pixels = bytes / 2;
    let columns = (pixels.isqrt()).next_power_of_two().max(1);
    let size = |length: u64| u16::try_from(length).map_err(io::Error::other);
    Ok([
        (0x0002, 1),
        (0x0010, size(pixels / columns)?),
        (0x0011, size(columns)?),
        (0x0100, 16),
        (0x0101, 12),
        (0x0102, 11),
        (0x0103, 0),
    ])
}

fn text(out: &mut Vec<u8>, at: (u16, u16), text: &str, padding: u8) -> io::Result<()> {
    let mut bytes = text.as_bytes().to_vec();
    if bytes.len() % 2 == 1 {
        bytes.push(padding);
    }
    value(out, at, &bytes)
}

fn value(out: &mut Vec<u8>, at: (u16, u16), value: &[u8]) -> io::Result<()> {
    tag(out, at, u32::try_from(value.len()).map_err(io::Error::other)?);
    out.extend(value);
    Ok(())
}

fn tag(out: &mut Vec<u8>, (group, element): (u16, u16), length: u32) {
    out.extend(group.to_le_bytes());
    out.extend(element.to_le_bytes());
    out.extend(length.to_le_bytes());
}

/// The elements of an Implicit VR Little Endian set without sequences.
fn elements(mut set: &[u8]) -> impl Iterator<Item = ((u16, u16), &[u8])> {
    std::iter::from_fn(move || {
        let (&[g, h, e, f, a, b, c, d], rest) = set.split_first_chunk()?;
        let length = usize::try_from(u32::from_le_bytes([a, b, c, d])).ok()?;
        let (value, rest) = rest.split_at_checked(length)?;
        set = rest;
        Some(((u16::from_le_bytes([g, h]), u16::from_le_bytes([e, f])), value))
    })
}

fn number(value: &[u8]) -> io::Result<u16> {
    value.try_into().map(u16::from_le_bytes).map_err(io::Error::other)
}

fn uid(value: &[u8]) -> String {
    String::from_utf8_lossy(value).trim_end_matches(['\0', ' ']).to_owned()
}
