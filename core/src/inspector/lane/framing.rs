//! P-DATA-TF and its PDVs (PS3.8 section 9.3.5), as they are read and as they are written.

use crate::inspector::fault::Fault;
use crate::inspector::outlet::Outlet;
use crate::wire::associate::ContextId;
use crate::wire::pdu::{Header, PduType};

/// PDV length, context id and control byte.
pub(super) const PDV_HEADER: usize = 6;
/// What the PDV length counts besides the fragment: context id and control byte.
const PDV_OVERHEAD: u32 = 2;
/// What the PDU length counts besides the fragment: the PDV header.
pub(super) const PDU_OVERHEAD: u32 = 6;
const COMMAND: u8 = 0b01;
const LAST: u8 = 0b10;

/// What a PDV carries.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fragment {
    /// How many of its bytes are still to come.
    pub(super) left: u32,
    pub(super) is_command: bool,
    pub(super) is_last: bool,
}

/// The header of a PDV.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pdv {
    pub(super) context: u8,
    pub(super) fragment: Fragment,
    /// How much of the PDU follows behind its fragment.
    pub(super) behind: u32,
}

impl Pdv {
    /// Reads a header of which so much of the PDU is left, itself included.
    pub(super) fn parse(
        [a, b, c, d, context, control]: [u8; PDV_HEADER],
        pdu_left: u32,
    ) -> Result<Self, Fault> {
        let length = u32::from_be_bytes([a, b, c, d]);
        let left = length.checked_sub(PDV_OVERHEAD).ok_or(Fault::PdvLength)?;
        let room = pdu_left.checked_sub(PDU_OVERHEAD).ok_or(Fault::PdvLength)?;
        let behind = room.checked_sub(left).ok_or(Fault::PdvLength)?;
        if behind != 0 && behind < PDU_OVERHEAD {
            return Err(Fault::PdvLength);
        }
        let is_command = control & COMMAND != 0;
        let fragment = Fragment { left, is_command, is_last: control & LAST != 0 };
        Ok(Self { context, fragment, behind })
    }
}

/// Writes a command set for the receiver of this direction, in PDUs of its own.
pub(super) fn write_command(receivable: u32, context: ContextId, set: &[u8], out: &mut dyn Outlet) {
    // Even, as fragments must be. The parser lets no maximum through that has no room for a fragment.
    let room = receivable.saturating_sub(PDU_OVERHEAD).max(2) & !1;
    let mut pieces = set.chunks(room as usize).peekable();
    while let Some(piece) = pieces.next() {
        let last = if pieces.peek().is_none() { LAST } else { 0 };
        push_header(out, context, COMMAND | last, length(piece.len()));
        out.push(piece);
    }
}

/// Writes the header of a data set's fragment.
pub(super) fn push_data_header(out: &mut dyn Outlet, context: ContextId, fragment: Fragment) {
    push_header(out, context, if fragment.is_last { LAST } else { 0 }, fragment.left);
}

/// The gate's own framing: a P-DATA-TF with one PDV, reserved bits zero.
fn push_header(out: &mut dyn Outlet, context: ContextId, control: u8, fragment: u32) {
    let header = Header { kind: PduType::Data, length: fragment + PDU_OVERHEAD };
    let [kind, reserved, a, b, c, d] = header.encode();
    let [e, f, g, h] = (fragment + PDV_OVERHEAD).to_be_bytes();
    out.push(&[kind, reserved, a, b, c, d, e, f, g, h, context.value(), control]);
}

/// A length that a `u32` on the wire bounds.
pub(super) fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
