//! A PACS that writes down what it is told.

use crate::message::{Assembler, Message};
use crate::support::associate::{
    APPLICATION_CONTEXT, Associate, IMPLEMENTATION, IMPLICIT, Item, parse_items,
};
use crate::support::pacs::{Accepted, Pacs};
use crate::support::pdu::{ASSOCIATE_AC, P_DATA, Pdu, RELEASE_RQ, reject, release_rp};
use std::net::SocketAddr;

/// A PACS that accepts all that is proposed and answers each request with success, or otherwise.
pub(crate) struct Recorder(Pacs);

/// A request, read without any judgement of its form.
#[derive(Clone)]
pub(crate) struct Proposal {
    /// Ids with the transfer syntaxes that are proposed.
    pub(crate) contexts: Vec<(u8, Vec<String>)>,
    /// The maximum length that the requestor announced.
    pub(crate) maximum: Option<u32>,
    titles: [[u8; 16]; 2],
}

impl Recorder {
    /// One that is content with everything.
    pub(crate) fn good() -> Self {
        Self::new(Proposal::accepted, |_, message| usual(message))
    }

    /// One that answers each message so.
    pub(crate) fn answering(answer: impl Fn(&Message) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::new(Proposal::accepted, move |_, message| answer(message))
    }

    /// One that accepts so.
    pub(crate) fn accepting(
        accept: impl Fn(&Proposal) -> Associate + Send + Sync + 'static,
    ) -> Self {
        Self::new(accept, |_, message| usual(message))
    }

    /// One that rejects each request with these codes.
    pub(crate) fn rejecting([result, source, reason]: [u8; 3]) -> Self {
        Self(Pacs::playing(move |connection| {
            let _ = connection.receive();
            connection.send(&reject(result, source, reason));
        }))
    }

    /// One that accepts so, and answers each message of such a requestor so.
    pub(crate) fn new(
        accept: impl Fn(&Proposal) -> Associate + Send + Sync + 'static,
        answer: impl Fn(&Proposal, &Message) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        Self(Pacs::playing(move |connection| serve(connection, &accept, &answer)))
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.0.address
    }

    /// How many connections there were.
    pub(crate) fn connections(&self) -> usize {
        self.0.connections()
    }

    /// The messages of the next connection that ends.
    pub(crate) fn seen(&self) -> Vec<Message> {
        let bytes = self.0.received();
        let (mut bytes, mut assembler) = (bytes.as_slice(), Assembler::default());
        let pdus = std::iter::from_fn(|| Pdu::read(&mut bytes).ok());
        pdus.filter(|pdu| pdu.kind == P_DATA).flat_map(|pdu| assembler.take(&pdu)).collect()
    }
}

impl Proposal {
    fn read(request: &Pdu) -> Self {
        let items = parse_items(&request.body[68..]);
        let of_kind = |items: &[Item], kind| -> Vec<Item> {
            items.iter().filter(|item| item.kind == kind).cloned().collect()
        };
        let contexts = of_kind(&items, 0x20).into_iter().map(|item| {
            let syntaxes = of_kind(&parse_items(&item.body[4..]), 0x40);
            let text = |item: &Item| String::from_utf8_lossy(&item.body).into_owned();
            (item.body[0], syntaxes.iter().map(text).collect())
        });
        let user = of_kind(&items, 0x50).pop();
        let user = user.map_or(Vec::new(), |item| parse_items(&item.body));
        let maximum = of_kind(&user, 0x51).pop();
        let maximum = maximum.map(|item| u32::from_be_bytes(item.body.try_into().unwrap()));
        let title = |from: usize| request.body[from..from + 16].try_into().unwrap();
        Self { contexts: contexts.collect(), maximum, titles: [title(4), title(20)] }
    }

    /// The answer that accepts all of it, in Implicit VR where that is proposed.
    pub(crate) fn accepted(&self) -> Associate {
        let result = |(id, syntaxes): &(u8, Vec<String>)| {
            let implicit = syntaxes.iter().find(|it| it.trim_end_matches(['\0', ' ']) == IMPLICIT);
            Item::result(*id, 0, Some(implicit.unwrap_or(&syntaxes[0])))
        };
        Associate {
            kind: ASSOCIATE_AC,
            version: 1,
            called: self.titles[0],
            calling: self.titles[1],
            reserved: [0; 32],
            application: vec![Item::uid(0x10, APPLICATION_CONTEXT)],
            contexts: self.contexts.iter().map(result).collect(),
            user: vec![vec![Item::maximum_length(16_384), Item::uid(0x52, IMPLEMENTATION)]],
            behind: Vec::new(),
        }
    }
}

/// What a PACS without any peculiarity says to a message.
pub(crate) fn usual(message: &Message) -> Vec<u8> {
    if message.is_request() { message.success() } else { Vec::new() }
}

fn serve(
    connection: &mut Accepted,
    accept: &dyn Fn(&Proposal) -> Associate,
    answer: &dyn Fn(&Proposal, &Message) -> Vec<u8>,
) {
    let Ok(request) = connection.receive() else { return };
    let proposal = Proposal::read(&request);
    connection.send(&accept(&proposal).encode());
    let mut assembler = Assembler::default();
    while let Ok(pdu) = connection.receive() {
        match pdu.kind {
            P_DATA => {
                for message in assembler.take(&pdu) {
                    connection.send(&answer(&proposal, &message));
                }
            }
            RELEASE_RQ => return connection.send(&release_rp()),
            _ => return,
        }
    }
}
