//! P-DATA-TF PDUs with one PDV each (PS3.8 section 9.3.5): as much as the benchmark speaks.

use std::io::{self, BufRead, Read, Write};

use crate::association::Context;

/// How many bytes are written or read at once: the load generator must not be the slow one.
pub(crate) const CHUNK: usize = 256 * 1024;

const P_DATA: u8 = 0x04;
const RELEASE_RQ: u8 = 0x05;
const RELEASE_RP: u8 = 0x06;
const COMMAND: u8 = 0b01;
const LAST: u8 = 0b10;
/// A PDV's length, context id and message control header.
const PDV_HEADER: u32 = 6;

/// A data set of which only the size matters.
#[derive(Clone, Copy)]
pub(crate) struct Object {
    /// Bytes of pixel data, even.
    pub(crate) pixels: u64,
    /// The length of its PDUs.
    pub(crate) pdu: u32,
}

/// What the other side sent, where a message may begin.
pub(crate) enum Received {
    /// A whole command set.
    Command(Vec<u8>),
    ReleaseRq,
    ReleaseRp,
}

/// The PDU of a whole command.
pub(crate) fn command(context: Context, set: &[u8]) -> io::Result<Vec<u8>> {
    pdu(context, COMMAND | LAST, set)
}

/// The PDU of a whole data set.
pub(crate) fn data_set(context: Context, set: &[u8]) -> io::Result<Vec<u8>> {
    pdu(context, LAST, set)
}

/// Writes `head` and filler behind it, as long as `object` says.
pub(crate) fn write_data_set(
    out: &mut impl Write,
    context: Context,
    head: &[u8],
    object: Object,
) -> io::Result<()> {
    let fragment = u64::from(object.pdu - PDV_HEADER);
    let filler: Vec<u8> = (0..=250).cycle().take(size(fragment)?).collect();
    let total = head.len() as u64 + object.pixels;
    let first: Vec<u8> =
        head.iter().chain(&filler).copied().take(size(fragment.min(total))?).collect();
    if total <= fragment {
        return out.write_all(&pdu(context, LAST, &first)?);
    }
    out.write_all(&pdu(context, 0, &first)?)?;

    let left = total - fragment;
    let whole = (left - 1) / fragment;
    write_equal(out, &pdu(context, 0, &filler)?, size(whole)?)?;
    let rest = size(left - whole * fragment)?;
    out.write_all(&pdu(context, LAST, filler.get(..rest).unwrap_or(&filler))?)
}

/// Writes A-RELEASE-RQ.
pub(crate) fn write_release_rq(out: &mut impl Write) -> io::Result<()> {
    out.write_all(&[RELEASE_RQ, 0, 0, 0, 0, 4, 0, 0, 0, 0])
}

/// Writes A-RELEASE-RP.
pub(crate) fn write_release_rp(out: &mut impl Write) -> io::Result<()> {
    out.write_all(&[RELEASE_RP, 0, 0, 0, 0, 4, 0, 0, 0, 0])
}

/// Reads a whole command or a release.
pub(crate) fn receive(stream: &mut impl BufRead) -> io::Result<Received> {
    let (kind, length) = header(stream)?;
    match kind {
        P_DATA => {}
        RELEASE_RQ => return take(stream, length).map(|_| Received::ReleaseRq),
        RELEASE_RP => return take(stream, length).map(|_| Received::ReleaseRp),
        kind => return Err(io::Error::other(format!("PDU of type {kind:02X}"))),
    }
    let pdv = pdv_header(stream, length)?;
    if pdv.control != COMMAND | LAST {
        return Err(io::Error::other("not a whole command"));
    }
    take(stream, pdv.fragment).map(Received::Command)
}

/// Reads a data set of one fragment.
pub(crate) fn receive_data_set(stream: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let pdv = data_header(stream)?;
    if pdv.control & LAST == 0 {
        return Err(io::Error::other("not a whole data set"));
    }
    take(stream, pdv.fragment)
}

/// Reads a data set and keeps nothing; `pause` is called once, in the middle of a PDU.
pub(crate) fn discard_data_set(stream: &mut impl BufRead, pause: impl FnOnce()) -> io::Result<()> {
    let mut pdv = data_header(stream)?;
    pause();
    loop {
        discard(stream, pdv.fragment)?;
        if pdv.control & LAST != 0 {
            return Ok(());
        }
        pdv = data_header(stream)?;
    }
}

fn pdu(context: Context, control: u8, fragment: &[u8]) -> io::Result<Vec<u8>> {
    let length = u32::try_from(fragment.len()).map_err(io::Error::other)?;
    let mut pdu = vec![P_DATA, 0];
    pdu.extend((length + PDV_HEADER).to_be_bytes());
    pdu.extend((length + 2).to_be_bytes());
    pdu.extend([context.id, control]);
    pdu.extend(fragment);
    Ok(pdu)
}

/// Writes `pdu` many times, in large pieces.
fn write_equal(out: &mut impl Write, pdu: &[u8], count: usize) -> io::Result<()> {
    let together = (CHUNK / pdu.len()).clamp(1, count.max(1));
    let block = pdu.repeat(together);
    for _ in 0..count / together {
        out.write_all(&block)?;
    }
    (0..count % together).try_for_each(|_| out.write_all(pdu))
}

struct PdvHeader {
    control: u8,
    fragment: u32,
}

fn data_header(stream: &mut impl BufRead) -> io::Result<PdvHeader> {
    let (kind, length) = header(stream)?;
    if kind != P_DATA {
        return Err(io::Error::other(format!("PDU of type {kind:02X} inside a message")));
    }
    let pdv = pdv_header(stream, length)?;
    if pdv.control & COMMAND == 0 {
        return Ok(pdv);
    }
    Err(io::Error::other("a command inside a data set"))
}

fn header(stream: &mut impl BufRead) -> io::Result<(u8, u32)> {
    let mut header = [0; 6];
    stream.read_exact(&mut header)?;
    let [kind, _, length @ ..] = header;
    Ok((kind, u32::from_be_bytes(length)))
}

fn pdv_header(stream: &mut impl BufRead, pdu: u32) -> io::Result<PdvHeader> {
    let mut header = [0; 6];
    stream.read_exact(&mut header)?;
    let [length @ .., _, control] = header;
    let length = u32::from_be_bytes(length);
    if length < 2 || length.checked_add(4) != Some(pdu) {
        return Err(io::Error::other("not one PDV a PDU"));
    }
    Ok(PdvHeader { control, fragment: length - 2 })
}

fn take(stream: &mut impl BufRead, length: u32) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = stream.take(length.into()).read_to_end(&mut bytes)?;
    if read == size(length.into())? { Ok(bytes) } else { Err(closed()) }
}

fn discard(stream: &mut impl BufRead, length: u32) -> io::Result<()> {
    let mut left = size(length.into())?;
    while left > 0 {
        let ready = stream.fill_buf()?.len().min(left);
        if ready == 0 {
            return Err(closed());
        }
        stream.consume(ready);
        left -= ready;
    }
    Ok(())
}

fn size(length: u64) -> io::Result<usize> {
    usize::try_from(length).map_err(io::Error::other)
}

fn closed() -> io::Error {
    io::ErrorKind::UnexpectedEof.into()
}
