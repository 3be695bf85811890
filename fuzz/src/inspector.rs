//! A whole association: one byte for the mode, one for what is tolerated, three for the cuts; the
//! rest is what the two sides send, in turn. See [`sent`] for its coding.

use std::collections::VecDeque;
use std::sync::Arc;

use allocation_counter::measure;
use pacsgate_core::direction::Direction;
use pacsgate_core::inspector::{Awaited, Context, Contexts, Grants, Maxima, Requests, Shared};
use pacsgate_core::inspector::{Fault, Guarding, Inspector, Mode, News, Out};
use pacsgate_core::services::{Operation, Operations};
use pacsgate_core::side::{PerSide, Side};
use pacsgate_core::transfer_syntax::TransferSyntax;
use pacsgate_core::wire::associate::ContextId;
use pacsgate_core::wire::title::AeTitle;

use crate::framing;
use crate::input::{Input, pieces};
use crate::limits;

/// The longest P-DATA-TF of either side.
const MAXIMUM: u32 = 4096;
/// The most that is sent in one run: well beyond what may be held.
const MOST: usize = 512 * 1024;
pub(crate) const INSTANCE: &str = "1.2.3.4";
pub(crate) const DESTINATION: &[u8] = b"ARCHIVE         ";

const CT_IMAGE: &str = "1.2.840.10008.5.1.4.1.1.2";
const FIND: &str = "1.2.840.10008.5.1.4.1.2.2.1";
const MOVE: &str = "1.2.840.10008.5.1.4.1.2.2.2";
const GET: &str = "1.2.840.10008.5.1.4.1.2.2.3";
const PERFORMED: &str = "1.2.840.10008.3.1.2.3.3";
const VERIFICATION: &str = "1.2.840.10008.1.1";
const IMPLICIT: &str = "1.2.840.10008.1.2";
const EXPLICIT: &str = "1.2.840.10008.1.2.1";
const BIG: &str = "1.2.840.10008.1.2.2";
const JPEG: &str = "1.2.840.10008.1.2.4.50";

use Operation::{CEcho, CFind, CGet, CMove, CStore, NCreate, NEventReport, NSet};

/// Abstract and transfer syntax, and what either side may ask for; the ids are 1, 3, 5...
pub(crate) const CONTEXTS: [(&str, &str, &[Operation], &[Operation]); 9] = [
    (CT_IMAGE, IMPLICIT, &[CStore], &[]),
    (CT_IMAGE, EXPLICIT, &[CStore], &[CStore]),
    (CT_IMAGE, BIG, &[CStore], &[]),
    (CT_IMAGE, JPEG, &[CStore], &[CStore]),
    (FIND, IMPLICIT, &[CFind], &[]),
    (MOVE, EXPLICIT, &[CMove], &[]),
    (GET, IMPLICIT, &[CGet], &[]),
    (PERFORMED, EXPLICIT, &[NCreate, NSet], &[NEventReport]),
    (VERIFICATION, IMPLICIT, &[CEcho], &[CEcho]),
];
const LAST_CONTEXT: u8 = 17;

/// However what the sides send is cut, verdict, output, ledger and news are the same; what goes to
/// either side is whole messages in the gate's framing; each request that passed would pass again; and
/// neither the output nor the memory outgrows its limits.
///
/// # Panics
///
/// If one of them does not hold.
pub fn holds(input: &[u8]) {
    let mut input = Input(input);
    let choice = input.byte();
    let mode = if choice & 1 == 0 { Mode::Refuse } else { Mode::Report };
    let direction = if choice & 2 == 0 { Direction::Inward } else { Direction::Outward };
    let guarding = Guarding { mode, tolerated: input.tolerated(), ..Guarding::default() };
    let mut cuts = input.cuts();
    let sent = sent(&mut input);

    let (mut whole, mut cut) = (Run::new(direction, guarding), Run::new(direction, guarding));
    for (side, bytes) in &sent {
        whole.feed(*side, [&bytes[..]].into_iter());
        cut.feed(*side, pieces(bytes, &mut cuts));
        whole.compare(&cut);
        if whole.verdict.is_err() {
            break;
        }
    }

    for to in [Side::Acceptor, Side::Requestor] {
        let is_at_boundary = whole.inspector.at_boundary(to);
        let read = framing::read(whole.out.towards(to), MAXIMUM, LAST_CONTEXT);
        let read = read.unwrap_or_else(|fault| panic!("to {to:?} goes {fault}"));
        assert_eq!(read.is_cut, !is_at_boundary, "to {to:?}");
        if to == Side::Acceptor {
            requests(&read.pdus).iter().for_each(|request| passes_again(direction, request));
        }
    }
    let ledgers = [whole, cut].map(|run| format!("{:?}", run.inspector.into_ledger()));
    assert_eq!(ledgers[0], ledgers[1]);
}

/// An inspector and all that it has given.
pub(crate) struct Run {
    pub(crate) inspector: Inspector,
    pub(crate) out: Out,
    pub(crate) news: Vec<News>,
    pub(crate) verdict: Result<(), Fault>,
    /// What it holds beyond what it held at first, in bytes.
    held: i64,
    /// What it has not taken yet: the relay feeds it when it is wanted.
    untaken: PerSide<VecDeque<u8>>,
}

impl Run {
    pub(crate) fn new(direction: Direction, guarding: Guarding) -> Self {
        let inspector = Inspector::new(contexts(direction, guarding)).sharing(beside(direction));
        Self {
            inspector,
            out: Out::default(),
            news: Vec::new(),
            verdict: Ok(()),
            held: 0,
            untaken: PerSide::default(),
        }
    }

    pub(crate) fn feed<'a>(&mut self, side: Side, pieces: impl Iterator<Item = &'a [u8]>) {
        for piece in pieces {
            self.untaken.get_mut(side).extend(piece);
            self.feed_what_is_wanted(side);
            if self.verdict.is_err() {
                return;
            }
        }
    }

    /// What has waited goes first, at the very byte by which it is wanted: the order of the two sides'
    /// bytes, and with it which of two faults is told, does not depend on the cut.
    fn feed_what_is_wanted(&mut self, side: Side) {
        while self.verdict.is_ok() {
            let waiting = self.untaken.get(side.other()).len();
            let size = if waiting > 0 { 1 } else { usize::MAX };
            if self.feed_untaken(side.other(), usize::MAX) + self.feed_untaken(side, size) == 0 {
                return;
            }
        }
    }

    /// Feeds at most so many bytes of what is untaken, and gives how many were taken.
    fn feed_untaken(&mut self, side: Side, size: usize) -> usize {
        if self.verdict.is_err() || !self.inspector.wants(side) {
            return 0;
        }
        let mut untaken = std::mem::take(self.untaken.get_mut(side));
        let size = size.min(untaken.len());
        let taken = self.feed_piece(side, &untaken.make_contiguous()[..size]);
        untaken.drain(..taken);
        *self.untaken.get_mut(side) = untaken;
        taken
    }

    /// What it takes, holds and gives is within the limits.
    fn feed_piece(&mut self, side: Side, piece: &[u8]) -> usize {
        let mut accepted = piece.len();
        let mut out = Out::default();
        let mut news = Vec::new();
        let taken = measure(|| {
            let fed = self.inspector.feed(side, piece, &mut out);
            self.verdict = fed.map(|taken| accepted = taken).map_err(|fault| fault.what);
            news = self.inspector.take_news();
        });
        let given = out.to_acceptor.len() + out.to_requestor.len();
        self.out.to_acceptor.append(&mut out.to_acceptor);
        self.out.to_requestor.append(&mut out.to_requestor);
        self.news.extend_from_slice(&news);
        // The output and the news are not the inspector's any more.
        let gone = measure(|| drop((out, news))).bytes_current;
        let peak = self.held + taken.bytes_max as i64;
        self.held += taken.bytes_current + gone;
        assert!(given <= limits::output(piece.len()), "gives {given} bytes for {}", piece.len());
        assert!(peak <= limits::feed(piece.len()) as i64, "takes {peak} for {}", piece.len());
        // The UIDs of the news that are kept here count, too.
        let told = 256 * self.news.len();
        assert!(self.held <= (limits::INSPECTOR + told) as i64, "holds {} bytes", self.held);
        accepted
    }

    pub(crate) fn compare(&self, cut: &Self) {
        assert_eq!(cut.verdict, self.verdict);
        assert_eq!(cut.news, self.news);
        assert!(cut.out.to_acceptor == self.out.to_acceptor, "the cut changes what the PACS gets");
        assert!(cut.out.to_requestor == self.out.to_requestor, "the cut changes the answers");
        assert_eq!(cut.inspector.phase(), self.inspector.phase());
        let ledgers = [cut, self].map(|run| format!("{:?}", run.inspector.ledger()));
        assert_eq!(ledgers[0], ledgers[1]);
        for side in [Side::Requestor, Side::Acceptor] {
            let state = |run: &Self| {
                let inspector = &run.inspector;
                let (wants, is_inside) = (inspector.wants(side), inspector.is_inside_pdu(side));
                let flags = [wants, inspector.at_boundary(side), is_inside];
                let numbers = [inspector.pdus(side), inspector.longest_waiting()];
                (flags, numbers, inspector.progress(side))
            };
            // What a fault leaves behind is not asked for.
            assert!(self.verdict.is_err() || state(cut) == state(self), "the cut changes {side:?}");
        }
    }
}

/// What peers ask for is heard of permitted moves only; what a PACS says of who has asked is judged.
#[derive(Debug)]
struct Others;

impl Requests for Others {
    fn moves(&self, to: &AeTitle) {
        assert_eq!(to.as_str(), std::str::from_utf8(DESTINATION).expect("a title").trim());
    }

    fn commits(&self) {}
}

impl Awaited for Others {
    fn object(&self, originator: Option<&AeTitle>) -> bool {
        originator.is_none()
    }

    fn report(&self) -> bool {
        false
    }
}

fn beside(direction: Direction) -> Shared {
    match direction {
        Direction::Inward => Shared { requests: Some(Arc::new(Others)), ..Shared::default() },
        Direction::Outward => Shared { awaited: Some(Arc::new(Others)), ..Shared::default() },
    }
}

fn contexts(direction: Direction, guarding: Guarding) -> Contexts {
    let accepted = CONTEXTS.iter().zip((1..).step_by(2)).map(|((class, syntax, up, down), id)| {
        let syntax = syntax.parse().expect("a UID");
        Context {
            id: ContextId::new(id).expect("odd"),
            abstract_syntax: class.parse().expect("a UID"),
            transfer_syntax: TransferSyntax::find(&syntax).expect("in the table"),
            operations: Operations::NONE.and_by_requestor(up).and_by_acceptor(down),
        }
    });
    let maxima = Maxima {
        to_acceptor: MAXIMUM,
        to_requestor: MAXIMUM,
        from_requestor: MAXIMUM,
        from_acceptor: MAXIMUM,
    };
    let move_to = [AeTitle::parse(DESTINATION).expect("a title")].into();
    Contexts::new(
        accepted.collect(),
        maxima,
        Grants {
            direction,
            move_to,
            titles: [].into(),
            guarding: PerSide { requestor: guarding, acceptor: guarding },
        },
    )
}

/// What the sides send: bit 0 of a byte says who, bits 1 and 2 how the bytes are told.
///
/// - 0: as they are, behind their length;
/// - 1: a fragment behind its context, control byte and length, in a P-DATA-TF of its own;
/// - 2: fragments of one repeated byte: context, control byte, the byte, the length by 16, how many;
/// - 3: a command set without fault: context, command field (high and low byte), message id, and
///   whether a data set follows or what the status is.
fn sent(input: &mut Input<'_>) -> Vec<(Side, Vec<u8>)> {
    let mut all = Vec::new();
    let mut room = MOST;
    while !input.0.is_empty() && room > 0 {
        let choice = input.byte();
        let side = if choice & 1 == 0 { Side::Requestor } else { Side::Acceptor };
        let bytes = match choice >> 1 & 3 {
            0 => input.bytes().to_vec(),
            1 => {
                let (context, control) = (input.byte(), input.byte());
                fragment(context, control, input.bytes())
            }
            2 => {
                let (context, control) = (input.byte(), input.byte());
                let content = vec![input.byte(); usize::from(input.byte()) * 16];
                fragment(context, control, &content).repeat(usize::from(input.byte() % 24) + 1)
            }
            _ => {
                let (context, field) = (input.byte(), [input.byte(), input.byte()]);
                let set = command(context, u16::from_be_bytes(field), input.byte(), input.byte());
                fragment(context, 3, &set)
            }
        };
        room = room.saturating_sub(bytes.len());
        all.push((side, bytes));
    }
    all
}

pub(crate) fn fragment(context: u8, control: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).expect("at most 65,535");
    let lengths = [length + 6, length + 2].map(u32::to_be_bytes);
    [&[4, 0], &lengths[0][..], &lengths[1], &[context, control], content].concat()
}

/// A request or a response with all the elements that any of them needs.
pub(crate) fn command(context: u8, field: u16, id: u8, last: u8) -> Vec<u8> {
    let class = CONTEXTS.get(usize::from(context / 2)).map_or(CT_IMAGE, |(class, ..)| class);
    let is_response = field & 0x8000 != 0;
    let data: u16 = if last & 1 == 1 { 1 } else { 0x0101 };
    let status: u16 = if last & 2 == 2 { 0xff00 } else { u16::from(last >> 2) };
    let uid = |value: &str| {
        let mut value = value.as_bytes().to_vec();
        value.resize(value.len().next_multiple_of(2), 0);
        value
    };
    let number = |value: u16| value.to_le_bytes().to_vec();
    let is_store = field & 0x7fff == 1;
    let is_normalized = field & 0x0100 != 0;
    let names_requested = is_normalized && !matches!(field & 0x7fff, 0x0100 | 0x0140);
    let class_element = if names_requested && !is_response { 0x0003 } else { 0x0002 };
    let instance_element = if names_requested && !is_response { 0x1001 } else { 0x1000 };
    let mut elements = vec![(class_element, uid(class)), (0x0100, number(field))];
    if is_response || field == 0x0fff {
        elements.push((0x0120, number(id.into())));
    } else {
        elements.push((0x0110, number(id.into())));
        if field == 0x0021 {
            elements.push((0x0600, DESTINATION.to_vec()));
        }
        if !is_normalized && field != 0x0030 {
            elements.push((0x0700, number(0)));
        }
    }
    elements.push((0x0800, number(data)));
    if is_response {
        elements.push((0x0900, number(status)));
    }
    if is_store || is_normalized {
        elements.push((instance_element, uid(INSTANCE)));
    }
    if field == 0x0100 {
        elements.push((0x1002, number(1)));
    }
    let mut body = Vec::new();
    for (element, value) in elements {
        let element: u16 = element;
        let length = u32::try_from(value.len()).expect("short").to_le_bytes();
        body.extend([&[0, 0], &element.to_le_bytes()[..], &length, &value].concat());
    }
    let length = u32::try_from(body.len()).expect("short").to_le_bytes();
    [&[0, 0, 0, 0, 4, 0, 0, 0], &length[..], &body].concat()
}

/// The messages among these PDUs that begin with a request.
fn requests(pdus: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = Vec::new();
    let mut previous = None;
    for pdu in pdus.iter().filter(|pdu| pdu[0] == 4) {
        let is_command = pdu[11] & 1 == 1;
        // A command begins a message unless the PDU before it was an earlier part of it.
        if is_command && previous != Some(1) {
            all.push(Vec::new());
        }
        previous = Some(pdu[11]);
        all.last_mut().expect("a message begins with its command").extend_from_slice(pdu);
    }
    all.retain(|message| {
        field(message).is_some_and(|field| field & 0x8000 == 0 && field != 0x0fff)
    });
    all
}

/// The command field of a message: elements of its first PDU.
fn field(message: &[u8]) -> Option<u16> {
    let mut rest = message.get(12..)?;
    loop {
        let (header, behind) = rest.split_first_chunk::<8>()?;
        let [0, 0, low, high, length @ ..] = *header else { return None };
        let (value, next) = behind.split_at_checked(u32::from_le_bytes(length) as usize)?;
        if [low, high] == [0, 1] {
            return Some(u16::from_le_bytes(value.try_into().ok()?));
        }
        rest = next;
    }
}

/// A request that passed is accepted as it is by a second gate.
fn passes_again(direction: Direction, request: &[u8]) {
    let guarding = Guarding { mode: Mode::Report, ..Guarding::default() };
    let mut second = Run::new(direction, guarding);
    second.feed(Side::Requestor, [request].into_iter());
    assert_eq!(second.verdict, Ok(()));
    assert!(second.out.to_acceptor == request, "a second gate changes what passed");
    assert!(second.out.to_requestor.is_empty(), "a second gate answers what passed");
}
