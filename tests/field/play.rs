//! A conversation that is held twice: directly and through the gate.

use crate::message::{Assembler, Message, said};
use crate::patches::servers::{Kind, Server, TITLE};
use crate::recorder::Recorder;
use crate::support::associate::{Associate, parse_items};
use crate::support::gate::{Gate, Stopped};
use crate::support::line::Line;
use crate::support::pdu::{ABORT, ASSOCIATE_AC, ASSOCIATE_RJ, P_DATA, Pdu, RELEASE_RP, release_rq};
use crate::support::requestor::Caller;
use crate::support::settings::Settings;
use crate::support::site::site;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// All services that a peer can be given.
pub(crate) const EVERYTHING: &str = r#"["echo", "store", "key-object", "find", "move", "get",
    "worklist", "mpps", "storage-commitment", "print"]"#;
/// The servers that decide by trying what is form.
pub(crate) const SERVERS: [Kind; 4] = [Kind::Storescp, Kind::Dcmqrscp, Kind::Orthanc, Kind::Qrscp];
/// After this a PACS that is called directly counts as one that does not answer.
const DIRECT_PATIENCE: Duration = Duration::from_secs(5);

/// The status of an object that is not taken.
const OUT_OF_RESOURCES: u16 = 0xa700;

/// What a requestor says on one association.
pub(crate) struct Play {
    request: Vec<u8>,
    lines: Vec<(Words, usize)>,
    releases: bool,
    refuses: Option<&'static str>,
}

/// What is said, given the maximum length that the other side announced.
type Words = Box<dyn Fn(u32) -> Vec<u8>>;

/// What a requestor hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// The ids of the contexts that were accepted; results come in any order.
    Accepted(Vec<u8>),
    Rejected([u8; 3]),
    Message(Message),
    Aborted,
    Released,
    /// The connection ended without another word, or nothing came any more.
    Ended,
}

impl Heard {
    /// The message, if it is one.
    pub(crate) fn message(&self) -> Option<&Message> {
        if let Self::Message(message) = self { Some(message) } else { None }
    }
}

/// What a play comes to at both ends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// By the requestor.
    pub(crate) heard: Vec<Heard>,
    /// By the PACS.
    pub(crate) seen: Vec<Message>,
}

/// The two outcomes, and what the gate left behind.
pub(crate) struct Both {
    pub(crate) direct: Outcome,
    pub(crate) gated: Outcome,
    pub(crate) gate: Stopped,
}

impl Play {
    /// One that begins with this request.
    pub(crate) fn of(request: &Associate) -> Self {
        Self::begun(request.encode())
    }

    /// One that begins with these bytes.
    pub(crate) fn begun(request: Vec<u8>) -> Self {
        Self { request, lines: Vec::new(), releases: true, refuses: None }
    }

    /// Says this and waits for the final response to it.
    pub(crate) fn say(self, bytes: &[u8]) -> Self {
        self.say_for(1, bytes)
    }

    /// Says this and waits for so many final responses.
    pub(crate) fn say_for(self, responses: usize, bytes: &[u8]) -> Self {
        let bytes = bytes.to_vec();
        self.say_within(responses, move |_| bytes.clone())
    }

    /// Says what the maximum length of the other side makes of it.
    pub(crate) fn say_within(
        mut self,
        responses: usize,
        words: impl Fn(u32) -> Vec<u8> + 'static,
    ) -> Self {
        self.lines.push((Box::new(words), responses));
        self
    }

    /// Ends without a release of its own.
    pub(crate) fn without_release(mut self) -> Self {
        self.releases = false;
        self
    }

    /// Takes no object of this class that a C-GET brings.
    pub(crate) fn refusing(mut self, class: &'static str) -> Self {
        self.refuses = Some(class);
        self
    }

    /// Works with a PACS that is content with everything, directly and through the gate.
    pub(crate) fn passes(&self) -> Both {
        self.passes_at(&Recorder::good())
    }

    /// Works with this PACS, directly and through the gate.
    pub(crate) fn passes_at(&self, pacs: &Recorder) -> Both {
        self.passes_with(pacs, |settings| settings)
    }

    /// Works with this PACS, directly and through a gate with other settings.
    pub(crate) fn passes_with(
        &self,
        pacs: &Recorder,
        change: impl FnOnce(Settings) -> Settings,
    ) -> Both {
        let both = self.held(pacs, change);
        assert_eq!(both.direct.heard.last(), Some(&Heard::Released), "not even directly");
        assert_eq!(both.gated, both.direct, "audit:\n{}", both.gate.stdout);
        both
    }

    /// Is held with this PACS, directly and through the gate.
    pub(crate) fn held(&self, pacs: &Recorder, change: impl FnOnce(Settings) -> Settings) -> Both {
        let heard = self.directly(pacs.address());
        let direct = Outcome { heard, seen: pacs.seen() };
        let before = pacs.connections();
        let gate = before_pacs(pacs.address(), change);
        let heard = self.through(&gate);
        let dialled = pacs.connections() > before;
        let seen = if dialled { pacs.seen() } else { Vec::new() };
        Both { direct, gated: Outcome { heard, seen }, gate: gate.stop() }
    }

    /// Is refused by the gate before any PACS hears of it; the advice.
    pub(crate) fn is_refused(&self, reason: &str, heard: &[Heard]) -> String {
        let pacs = Recorder::good();
        let gate = before_pacs(pacs.address(), |settings| settings);
        assert_eq!(self.through(&gate), heard);
        let line = gate.wait_for_audit(|line| line["reason"] == reason);
        assert_eq!(pacs.connections(), 0);
        line["advice"].as_str().unwrap_or_default().to_owned()
    }

    /// Ends in an abort of the gate, and the PACS hears of no message.
    pub(crate) fn is_aborted(&self, reason: &str) {
        let Both { gated, gate, .. } = self.held(&Recorder::good(), |settings| settings);
        assert_eq!(gated.heard.last(), Some(&Heard::Aborted), "{}", gate.stdout);
        assert_eq!(gated.seen, []);
        let line = gate.audit.iter().find(|line| line["reason"] == reason);
        let line = line.unwrap_or_else(|| panic!("no {reason} in:\n{}", gate.stdout));
        assert!(line["advice"].as_str().is_some_and(|advice| advice.len() > 10), "{line}");
    }

    /// Comes to the same with each of these servers, directly and through the gate.
    pub(crate) fn passes_at_servers(&self, kinds: &[Kind]) {
        self.passes_at_servers_with(kinds, |settings| settings);
    }

    /// Comes to the same with each of these servers, directly and through a gate with other
    /// settings.
    pub(crate) fn passes_at_servers_with(
        &self,
        kinds: &[Kind],
        change: impl Fn(Settings) -> Settings,
    ) {
        for kind in kinds {
            let server = Server::start(*kind);
            let direct = self.directly(server.address);
            assert_eq!(direct.last(), Some(&Heard::Released), "{kind:?}: not even directly");
            let gate = before_pacs(server.address, &change);
            let gated = self.through(&gate);
            assert_eq!(gated, direct, "{kind:?}; audit:\n{}", gate.stop().stdout);
        }
    }

    /// What is heard at this address over plain TCP.
    pub(crate) fn directly(&self, address: SocketAddr) -> Vec<Heard> {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(DIRECT_PATIENCE)).unwrap();
        self.speak(&mut stream)
    }

    /// What `ct1` hears of this gate.
    pub(crate) fn through(&self, gate: &Gate) -> Vec<Heard> {
        self.speak(&mut Caller::with(&site().ct1).call(gate.address).unwrap())
    }

    /// Says its lines here.
    pub(crate) fn speak(&self, line: &mut impl Line) -> Vec<Heard> {
        // The other side may stop listening at any time.
        let _ = line.put(&self.request);
        let mut ear = Ear { refuses: self.refuses, ..Ear::default() };
        ear.listen(line, Ear::is_answered);
        for (words, responses) in &self.lines {
            if ear.has_ended() {
                break;
            }
            let wanted = ear.finals + responses;
            let _ = line.put(&words(ear.maximum));
            ear.listen(line, |ear| ear.finals >= wanted);
        }
        if self.releases && !ear.has_ended() {
            let _ = line.put(&release_rq());
            ear.listen(line, |_| false);
        }
        ear.heard
    }
}

/// What a requestor has heard so far.
#[derive(Default)]
struct Ear {
    heard: Vec<Heard>,
    /// The maximum length that the other side announced.
    maximum: u32,
    finals: usize,
    assembler: Assembler,
    refuses: Option<&'static str>,
}

impl Ear {
    /// Reads until it is enough or has ended; what the other side asks for is done.
    fn listen(&mut self, line: &mut impl Line, is_enough: impl Fn(&Self) -> bool) {
        while !is_enough(self) && !self.has_ended() {
            let Some(pdu) = line.next() else {
                self.heard.push(Heard::Ended);
                return;
            };
            for message in self.take(&pdu) {
                if message.is_request() {
                    let _ = line.put(&self.answer(&message));
                }
            }
        }
    }

    fn answer(&self, message: &Message) -> Vec<u8> {
        if self.refuses == Some(message.sop_class.as_str()) {
            return message.answer(OUT_OF_RESOURCES, &[], None);
        }
        message.success()
    }

    fn take(&mut self, pdu: &Pdu) -> Vec<Message> {
        let heard = match pdu.kind {
            ASSOCIATE_AC => self.acceptance(pdu),
            ASSOCIATE_RJ => Heard::Rejected([pdu.body[1], pdu.body[2], pdu.body[3]]),
            ABORT => Heard::Aborted,
            RELEASE_RP => Heard::Released,
            P_DATA => {
                let messages = self.assembler.take(pdu);
                self.finals += messages.iter().filter(|message| message.is_final()).count();
                self.heard.extend(messages.iter().cloned().map(Heard::Message));
                return messages;
            }
            kind => panic!("a PDU of type {kind}"),
        };
        self.heard.push(heard);
        Vec::new()
    }

    fn acceptance(&mut self, pdu: &Pdu) -> Heard {
        let items = parse_items(&pdu.body[68..]);
        let user = items.iter().filter(|item| item.kind == 0x50);
        let maximum = user.flat_map(|item| parse_items(&item.body)).find(|it| it.kind == 0x51);
        let maximum = maximum.map_or(0, |it| u32::from_be_bytes(it.body.try_into().unwrap()));
        self.maximum = if maximum == 0 { u32::MAX } else { maximum };
        let results = items.iter().filter(|item| item.kind == 0x21 && item.body[2] == 0);
        let mut accepted: Vec<_> = results.map(|item| item.body[0]).collect();
        accepted.sort_unstable();
        Heard::Accepted(accepted)
    }

    fn is_answered(&self) -> bool {
        !self.heard.is_empty()
    }

    fn has_ended(&self) -> bool {
        use Heard::{Aborted, Ended, Rejected, Released};
        matches!(self.heard.last(), Some(Aborted | Ended | Rejected(_) | Released))
    }
}

/// A gate that lets `ct1` do everything at this PACS, under its own title.
pub(crate) fn before_pacs(address: SocketAddr, change: impl FnOnce(Settings) -> Settings) -> Gate {
    let mut settings = Settings::new(address).services(&EVERYTHING.replace('\n', ""));
    settings.archive.insert("called_ae", format!("[{TITLE:?}]"));
    settings.archive.remove("ae_title");
    change(crate::support::dcmtk::settings(settings)).start()
}

/// One message on context 1 without a data set.
pub(crate) fn one(command: &[u8]) -> Vec<u8> {
    said(1, command, None)
}
