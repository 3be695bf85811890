//! The demo's PACS: an SCP of C-ECHO and C-STORE that trusts whoever connects, as old ones do.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dicom_ul::pdu::{
    AssociationAC, AssociationRQ, PDataValue, PDataValueType, Pdu, PresentationContextProposed,
    PresentationContextResult, PresentationContextResultReason,
};
use pacsgate_core::wire::uid::Uid;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinSet, spawn_blocking};

use super::object;
use crate::cli::client::association::{Object, VERIFICATION, user_variables};
use crate::cli::client::command::{
    AFFECTED_INSTANCE, AFFECTED_SOP_CLASS, C_ECHO, C_STORE, COMMAND_FIELD, Command, MESSAGE_ID,
    MESSAGE_ID_RESPONDED_TO, RESPONSE, STATUS,
};
use crate::cli::client::link::{Heard, Link, LinkError};

/// Associations at a time.
const ASSOCIATIONS: usize = 8;
/// The longest command set and the longest data set; all of them together take 8 times that.
const COMMAND: usize = 64 * 1024;
const DATA_SET: usize = 64 * 1024 * 1024;
/// How long it waits for a PDU.
const PATIENCE: Duration = Duration::from_secs(60);
/// The root of the UIDs of all Storage SOP Classes.
const STORAGE: &str = "1.2.840.10008.5.1.4.1.1.";

const SUCCESS: u16 = 0x0000;
const OUT_OF_RESOURCES: u16 = 0xa700;
const CANNOT_UNDERSTAND: u16 = 0xc000;
const UNRECOGNIZED_OPERATION: u16 = 0x0211;

/// A running PACS; it ends when this is dropped.
pub(super) struct Pacs {
    address: SocketAddr,
    shared: Arc<Shared>,
    _accepting: JoinSet<()>,
}

struct Shared {
    folder: Option<PathBuf>,
    connections: AtomicU64,
    last: Mutex<Vec<u8>>,
}

impl Pacs {
    /// Listens on loopback. Objects go into `folder`; without one, only the last is kept.
    pub(super) async fn start(folder: Option<PathBuf>) -> io::Result<Self> {
        if let Some(folder) = &folder {
            std::fs::create_dir_all(folder).map_err(|error| {
                io::Error::new(
                    error.kind(),
                    format!("{}: {}", folder.display(), crate::host::words(&error)),
                )
            })?;
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shared = Shared { folder, connections: AtomicU64::new(0), last: Mutex::default() };
        let shared = Arc::new(shared);
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, _accepting: accepting })
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many TCP connections have come so far.
    pub(super) fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::Acquire)
    }

    /// The last data set that was stored.
    pub(super) fn last_data_set(&self) -> Vec<u8> {
        self.shared.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let places = Arc::new(Semaphore::new(ASSOCIATIONS));
    let mut serving = JoinSet::new();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else { return };
        shared.connections.fetch_add(1, Ordering::Release);
        let shared = Arc::clone(&shared);
        serving.spawn(async move {
            // Whatever ends an association early is the requestor's affair.
            let _ = serve(&shared, Link::new(stream, PATIENCE)).await;
            drop(place);
        });
        while serving.try_join_next().is_some() {}
    }
}

/// One association with what it has agreed on and what is under way.
struct Serving<'a> {
    shared: &'a Shared,
    link: Link<TcpStream>,
    accepted: Vec<PresentationContextResult>,
    command: Vec<u8>,
    under_way: Option<UnderWay>,
}

/// A command whose data set is still coming.
struct UnderWay {
    command: Command,
    data_set: Vec<u8>,
    too_long: bool,
}

async fn serve(shared: &Shared, mut link: Link<TcpStream>) -> Result<(), LinkError> {
    let Heard::Pdu(Pdu::AssociationRQ(request)) = link.receive().await? else { return Ok(()) };
    let answer = answer(request);
    let accepted = answer.presentation_contexts.clone();
    link.send(&Pdu::AssociationAC(answer)).await?;
    Serving { shared, link, accepted, command: Vec::new(), under_way: None }.run().await
}

fn answer(request: AssociationRQ) -> AssociationAC {
    AssociationAC {
        protocol_version: 1,
        calling_ae_title: request.calling_ae_title,
        called_ae_title: request.called_ae_title,
        application_context_name: request.application_context_name,
        presentation_contexts: request.presentation_contexts.into_iter().map(judge).collect(),
        user_variables: user_variables(),
    }
}

/// Everything that can be echoed or stored is accepted, in the first transfer syntax proposed.
fn judge(proposed: PresentationContextProposed) -> PresentationContextResult {
    let known =
        proposed.abstract_syntax == VERIFICATION || proposed.abstract_syntax.starts_with(STORAGE);
    let reason = if known {
        PresentationContextResultReason::Acceptance
    } else {
        PresentationContextResultReason::AbstractSyntaxNotSupported
    };
    let transfer_syntax = proposed.transfer_syntaxes.into_iter().next().unwrap_or_default();
    PresentationContextResult { id: proposed.id, reason, transfer_syntax }
}

impl Serving<'_> {
    async fn run(mut self) -> Result<(), LinkError> {
        loop {
            match self.link.receive().await? {
                Heard::Pdu(Pdu::PData { data }) => {
                    for value in data {
                        self.take(value).await?;
                    }
                }
                Heard::Pdu(Pdu::ReleaseRQ) => {
                    self.link.send(&Pdu::ReleaseRP).await?;
                    self.link.close().await;
                    return Ok(());
                }
                Heard::Pdu(_) | Heard::Rejected(_) | Heard::Aborted(_) => return Ok(()),
            }
        }
    }

    async fn take(&mut self, value: PDataValue) -> Result<(), LinkError> {
        match value.value_type {
            PDataValueType::Command => self.take_command(value).await,
            PDataValueType::Data => self.take_data(value).await,
        }
    }

    async fn take_command(&mut self, value: PDataValue) -> Result<(), LinkError> {
        self.command.extend(value.data);
        if self.command.len() > COMMAND {
            return Err(LinkError::NotDicom);
        }
        if !value.is_last {
            return Ok(());
        }
        let command = std::mem::take(&mut self.command);
        let command = Command::parse(&command).ok_or(LinkError::NotDicom)?;
        if command.has_data_set() {
            self.under_way = Some(UnderWay { command, data_set: Vec::new(), too_long: false });
            return Ok(());
        }
        let is_echo = command.number_of(COMMAND_FIELD) == Some(C_ECHO);
        let status = if is_echo { SUCCESS } else { UNRECOGNIZED_OPERATION };
        self.respond(value.presentation_context_id, &command, status).await
    }

    async fn take_data(&mut self, value: PDataValue) -> Result<(), LinkError> {
        let under_way = self.under_way.as_mut().ok_or(LinkError::NotDicom)?;
        // The rest of what is too long is read and not kept: the sender is told at its end.
        under_way.too_long |= under_way.data_set.len() + value.data.len() > DATA_SET;
        if !under_way.too_long {
            under_way.data_set.extend(value.data);
        }
        let context = value.presentation_context_id;
        match self.under_way.take_if(|_| value.is_last) {
            None => Ok(()),
            Some(UnderWay { command, data_set, too_long }) => {
                let status = match command.number_of(COMMAND_FIELD) {
                    Some(C_STORE) if too_long => OUT_OF_RESOURCES,
                    Some(C_STORE) => self.store(context, &command, data_set).await,
                    _ => UNRECOGNIZED_OPERATION,
                };
                self.respond(context, &command, status).await
            }
        }
    }

    async fn store(&self, context: u8, command: &Command, data_set: Vec<u8>) -> u16 {
        let uid = |element| Uid::parse(command.uid_of(element)?.as_bytes()).ok();
        let accepted = self.accepted.iter().find(|accepted| accepted.id == context);
        let (Some(accepted), Some(class), Some(instance)) =
            (accepted, uid(AFFECTED_SOP_CLASS), uid(AFFECTED_INSTANCE))
        else {
            return CANNOT_UNDERSTAND;
        };
        if let Some(folder) = &self.shared.folder {
            let (sop_class, name) = (class.as_str(), instance.as_str());
            let stored = Object { sop_class, instance: name, data_set: &data_set };
            let bytes = object::file(&stored, &accepted.transfer_syntax);
            // A UID has digits and dots only, so it stays inside of the folder.
            let path = folder.join(format!("{name}.dcm"));
            let written = spawn_blocking(move || std::fs::write(path, bytes)).await;
            if !matches!(written, Ok(Ok(()))) {
                return OUT_OF_RESOURCES;
            }
        }
        *self.shared.last.lock().unwrap_or_else(PoisonError::into_inner) = data_set;
        SUCCESS
    }

    async fn respond(&mut self, id: u8, to: &Command, status: u16) -> Result<(), LinkError> {
        let field = to.number_of(COMMAND_FIELD).unwrap_or_default() | RESPONSE;
        let mut response = Command::new(field)
            .number(MESSAGE_ID_RESPONDED_TO, to.number_of(MESSAGE_ID).unwrap_or_default())
            .number(STATUS, status);
        for element in [AFFECTED_SOP_CLASS, AFFECTED_INSTANCE] {
            if let Some(uid) = to.uid_of(element) {
                response = response.uid(element, uid);
            }
        }
        let value = PDataValue {
            presentation_context_id: id,
            value_type: PDataValueType::Command,
            is_last: true,
            data: response.encode(),
        };
        self.link.send(&Pdu::PData { data: vec![value] }).await
    }
}
