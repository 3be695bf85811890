//! A-ASSOCIATE-RQ and A-ASSOCIATE-AC with every part open to damage.

use super::pdu::{ASSOCIATE_AC, ASSOCIATE_RQ, Pdu, pdu};

/// The DICOM application context.
pub(crate) const APPLICATION_CONTEXT: &str = "1.2.840.10008.3.1.1.1";
/// The Verification SOP class.
pub(crate) const VERIFICATION: &str = "1.2.840.10008.1.1";
/// CT Image Storage.
pub(crate) const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
/// MR Image Storage.
pub(crate) const MR: &str = "1.2.840.10008.5.1.4.1.1.4";
/// The study root, moved to a destination.
pub(crate) const STUDY_MOVE: &str = "1.2.840.10008.5.1.4.1.2.2.2";
/// The study root, retrieved on the same association.
pub(crate) const STUDY_GET: &str = "1.2.840.10008.5.1.4.1.2.2.3";
/// Storage commitment, push model.
pub(crate) const COMMITMENT: &str = "1.2.840.10008.1.20.1";
/// Study Root Query/Retrieve Information Model, FIND.
pub(crate) const STUDY_FIND: &str = "1.2.840.10008.5.1.4.1.2.2.1";
/// Implicit VR Little Endian.
pub(crate) const IMPLICIT: &str = "1.2.840.10008.1.2";
/// Explicit VR Little Endian.
pub(crate) const EXPLICIT: &str = "1.2.840.10008.1.2.1";
/// Deflated Explicit VR Little Endian, which the gate cannot walk.
pub(crate) const DEFLATED: &str = "1.2.840.10008.1.2.1.99";
/// The implementation class of the tests' requestor and PACS.
pub(crate) const IMPLEMENTATION: &str = "2.25.20080724";

/// A request or an acceptance, its parts in the order in which they are encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Associate {
    pub(crate) kind: u8,
    pub(crate) version: u16,
    pub(crate) called: [u8; 16],
    pub(crate) calling: [u8; 16],
    pub(crate) reserved: [u8; 32],
    pub(crate) application: Vec<Item>,
    pub(crate) contexts: Vec<Item>,
    pub(crate) user: Vec<Vec<Item>>,
    pub(crate) behind: Vec<u8>,
}

/// An item or a sub-item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) kind: u8,
    pub(crate) body: Vec<u8>,
    /// What its length field says instead of the truth.
    pub(crate) lie: Option<u16>,
}

impl Associate {
    /// A sound request without any context.
    pub(crate) fn request(calling: &str, called: &str) -> Self {
        Self {
            kind: ASSOCIATE_RQ,
            version: 1,
            called: title(called.as_bytes()),
            calling: title(calling.as_bytes()),
            reserved: [0; 32],
            application: vec![Item::uid(0x10, APPLICATION_CONTEXT)],
            contexts: Vec::new(),
            user: vec![vec![Item::maximum_length(16_384), Item::uid(0x52, IMPLEMENTATION)]],
            behind: Vec::new(),
        }
    }

    /// A sound request for C-ECHO with context 1.
    pub(crate) fn echo(calling: &str, called: &str) -> Self {
        Self::request(calling, called).context(1, VERIFICATION, &[IMPLICIT])
    }

    /// The answer of a PACS that accepts every context with its first transfer syntax.
    pub(crate) fn acceptance(&self) -> Self {
        let accept = |context: &Context| context.accepted(&context.transfer_syntaxes[0]);
        Self {
            kind: ASSOCIATE_AC,
            contexts: self.proposed().iter().map(accept).collect(),
            user: vec![vec![Item::maximum_length(16_384), Item::uid(0x52, IMPLEMENTATION)]],
            ..self.clone()
        }
    }

    /// Proposes one context more.
    pub(crate) fn context(mut self, id: u8, abstract_syntax: &str, transfer: &[&str]) -> Self {
        self.contexts.push(Item::proposal(id, abstract_syntax, transfer));
        self
    }

    /// Sets the maximum length that the sender announces.
    pub(crate) fn maximum(mut self, length: u32) -> Self {
        self.user[0][0] = Item::maximum_length(length);
        self
    }

    /// Adds a sub-item to the user information.
    pub(crate) fn with_user(mut self, item: Item) -> Self {
        self.user[0].push(item);
        self
    }

    /// The whole PDU.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut body = self.version.to_be_bytes().to_vec();
        body.extend([0, 0]);
        body.extend(self.called);
        body.extend(self.calling);
        body.extend(self.reserved);
        let user = self.user.iter().map(|items| Item::nest(0x50, items));
        for item in self.application.iter().chain(&self.contexts).cloned().chain(user) {
            body.extend(item.encode());
        }
        body.extend(&self.behind);
        pdu(self.kind, &body)
    }

    /// Takes a sound PDU apart.
    pub(crate) fn parse(pdu: &Pdu) -> Self {
        assert!(matches!(pdu.kind, ASSOCIATE_RQ | ASSOCIATE_AC), "{pdu:?}");
        let (fixed, items) = pdu.body.split_at(68);
        let of_kind = |kind: u8| {
            let chosen = parse_items(items).into_iter().filter(move |item| item.kind == kind);
            chosen.collect::<Vec<_>>()
        };
        let context = if pdu.kind == ASSOCIATE_RQ { 0x20 } else { 0x21 };
        let parsed = Self {
            kind: pdu.kind,
            version: u16::from_be_bytes([fixed[0], fixed[1]]),
            called: fixed[4..20].try_into().unwrap(),
            calling: fixed[20..36].try_into().unwrap(),
            reserved: fixed[36..].try_into().unwrap(),
            application: of_kind(0x10),
            contexts: of_kind(context),
            user: of_kind(0x50).iter().map(|item| parse_items(&item.body)).collect(),
            behind: Vec::new(),
        };
        assert_eq!(parsed.encode(), pdu.encode(), "items in another order or of an unknown type");
        parsed
    }

    /// The contexts of a request.
    pub(crate) fn proposed(&self) -> Vec<Context> {
        self.contexts.iter().map(Context::parse).collect()
    }

    /// The results of an answer: id, result and transfer syntax of each context.
    pub(crate) fn results(&self) -> Vec<(u8, u8, String)> {
        let result = |item: &Item| {
            let transfer = parse_items(&item.body[4..]).first().map_or(String::new(), Item::text);
            (item.body[0], item.body[2], transfer)
        };
        self.contexts.iter().map(result).collect()
    }

    /// The types of the user information's sub-items.
    pub(crate) fn user_kinds(&self) -> Vec<u8> {
        self.user[0].iter().map(|item| item.kind).collect()
    }

    /// The first sub-item of this type.
    pub(crate) fn user_item(&self, kind: u8) -> &Item {
        self.user[0].iter().find(|item| item.kind == kind).unwrap()
    }

    /// The maximum length announced.
    pub(crate) fn maximum_length(&self) -> u32 {
        u32::from_be_bytes(self.user_item(0x51).body.as_slice().try_into().unwrap())
    }
}

/// A proposed context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Context {
    pub(crate) id: u8,
    pub(crate) abstract_syntax: String,
    pub(crate) transfer_syntaxes: Vec<String>,
}

impl Context {
    fn parse(item: &Item) -> Self {
        let items = parse_items(&item.body[4..]);
        let texts = |kind: u8| items.iter().filter(move |item| item.kind == kind).map(Item::text);
        let abstract_syntax = texts(0x30).next().unwrap();
        Self { id: item.body[0], abstract_syntax, transfer_syntaxes: texts(0x40).collect() }
    }

    /// The result that accepts it with this transfer syntax.
    pub(crate) fn accepted(&self, transfer: &str) -> Item {
        Item::result(self.id, 0, Some(transfer))
    }
}

impl Item {
    /// An item with this body.
    pub(crate) fn new(kind: u8, body: &[u8]) -> Self {
        Self { kind, body: body.to_vec(), lie: None }
    }

    /// An item that holds a UID or another text.
    pub(crate) fn uid(kind: u8, uid: &str) -> Self {
        Self::new(kind, uid.as_bytes())
    }

    /// An item that holds items.
    pub(crate) fn nest(kind: u8, items: &[Self]) -> Self {
        Self::new(kind, &items.iter().flat_map(Self::encode).collect::<Vec<_>>())
    }

    /// Item 20.
    pub(crate) fn proposal(id: u8, abstract_syntax: &str, transfer: &[&str]) -> Self {
        let transfer = transfer.iter().map(|uid| Self::uid(0x40, uid));
        let items: Vec<_> =
            [Self::uid(0x30, abstract_syntax)].into_iter().chain(transfer).collect();
        Self::context(id, &items)
    }

    /// Item 20 with these sub-items.
    pub(crate) fn context(id: u8, items: &[Self]) -> Self {
        let inner = Self::nest(0x20, items);
        Self::new(0x20, &[&[id, 0, 0, 0], inner.body.as_slice()].concat())
    }

    /// Item 21.
    pub(crate) fn result(id: u8, result: u8, transfer: Option<&str>) -> Self {
        let transfer = transfer.map_or(Vec::new(), |uid| Self::uid(0x40, uid).encode());
        Self::new(0x21, &[&[id, 0, result, 0], transfer.as_slice()].concat())
    }

    /// Item 51.
    pub(crate) fn maximum_length(length: u32) -> Self {
        Self::new(0x51, &length.to_be_bytes())
    }

    /// Item 54.
    pub(crate) fn roles(sop_class: &str, scu: u8, scp: u8) -> Self {
        Self::new(0x54, &[prefixed(sop_class.as_bytes()).as_slice(), &[scu, scp]].concat())
    }

    /// Item 56.
    pub(crate) fn extended(sop_class: &str, information: &[u8]) -> Self {
        Self::new(0x56, &[prefixed(sop_class.as_bytes()).as_slice(), information].concat())
    }

    /// Item 58.
    pub(crate) fn identity(kind: u8, primary: &[u8], secondary: &[u8]) -> Self {
        Self::new(0x58, &[&[kind, 0], prefixed(primary).as_slice(), &prefixed(secondary)].concat())
    }

    /// The item with a length field that lies.
    pub(crate) fn lying(self, length: u16) -> Self {
        Self { lie: Some(length), ..self }
    }

    /// The item's bytes.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let length = self.lie.unwrap_or_else(|| self.body.len().try_into().unwrap());
        [&[self.kind, 0], length.to_be_bytes().as_slice(), &self.body].concat()
    }

    fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

/// A title field, padded with spaces.
pub(crate) fn title(text: &[u8]) -> [u8; 16] {
    let mut field = [b' '; 16];
    field[..text.len()].copy_from_slice(text);
    field
}

fn prefixed(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap();
    [length.to_be_bytes().as_slice(), bytes].concat()
}

/// The items in these bytes.
pub(crate) fn parse_items(mut rest: &[u8]) -> Vec<Item> {
    let mut items = Vec::new();
    while let [kind, _, high, low, tail @ ..] = rest {
        let (body, tail) = tail.split_at(u16::from_be_bytes([*high, *low]).into());
        items.push(Item::new(*kind, body));
        rest = tail;
    }
    assert!(rest.is_empty(), "bytes behind the last item");
    items
}
