//! The PACS: accepts every association, discards what is stored and sends what is asked for.
//!
//! What it shall do stands in the UIDs that it is sent: the third component of a SOP instance
//! UID is the pause in milliseconds that it makes while it reads the data set; the components of
//! a study instance UID say how many images of which size a C-GET brings.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use crate::association::{self, CT_IMAGE, Context, STUDY_FIND, STUDY_GET, VERIFICATION};
use crate::message::{self, C_ECHO, C_FIND, C_GET, C_STORE, Command, OUT_OF_RESOURCES, SUCCESS};
use crate::options::Faults;
use crate::pdv::{self, CHUNK, Object, Received};

/// One thread for each of thousands of idle associations.
const STACK: usize = 128 * 1024;
/// How many studies the answer to each C-FIND has.
pub(crate) const STUDIES_FOUND: u64 = 10;

/// The faults that are asked for, and what came so far.
struct Tally {
    faults: Faults,
    associations: AtomicU64,
    stores: AtomicU64,
}

impl Tally {
    fn rejects(&self) -> bool {
        is_due(&self.associations, self.faults.reject_association)
    }

    fn status_of_store(&self) -> u16 {
        if is_due(&self.stores, self.faults.refuse_store) { OUT_OF_RESOURCES } else { SUCCESS }
    }
}

/// Counts one more: is it the one that is meant?
fn is_due(count: &AtomicU64, meant: Option<u64>) -> bool {
    Some(count.fetch_add(1, Ordering::Relaxed) + 1) == meant
}

/// Serves until killed.
pub(crate) fn run(faults: Faults) -> io::Result<()> {
    let tally = Arc::new(Tally { faults, associations: 0.into(), stores: 0.into() });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    writeln!(io::stderr(), "listening on {}", listener.local_addr()?)?;
    for socket in listener.incoming() {
        let socket = socket?;
        let tally = Arc::clone(&tally);
        thread::Builder::new().stack_size(STACK).spawn(move || {
            // A requestor that leaves early is no error of the sink; the requestor notices.
            let _ = serve(&socket, &tally);
        })?;
    }
    Ok(())
}

/// The SOP instance UID that makes the sink pause.
pub(crate) fn instance(pause: Duration) -> String {
    format!("2.999.{}", pause.as_millis())
}

/// The study instance UID that makes the sink send `count` times `object`.
pub(crate) fn study(count: u64, object: Object) -> String {
    format!("2.999.{count}.{}.{}", object.pixels, object.pdu)
}

/// The side that closes first runs out of ports under load; here it is the PACS, which has a
/// port for each connection that it accepts.
fn serve(socket: &TcpStream, tally: &Tally) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let mut reader = BufReader::with_capacity(CHUNK, socket);
    let mut writer = socket;
    reader.fill_buf()?;
    let acceptance = association::accept(&mut reader, SystemTime::now())?;
    if tally.rejects() {
        return writer.write_all(&association::rejection()?);
    }
    writer.write_all(&acceptance)?;
    loop {
        let command = match pdv::receive(&mut reader)? {
            Received::Command(set) => Command::parse(&set)?,
            Received::ReleaseRq => return pdv::write_release_rp(&mut writer),
            Received::ReleaseRp => return Err(io::Error::other("a release not asked for")),
        };
        match command.field {
            C_ECHO => reply(&mut writer, VERIFICATION, &command, SUCCESS)?,
            C_STORE => {
                let pause = Duration::from_millis(component(&command.instance, 2));
                pdv::discard_data_set(&mut reader, || thread::sleep(pause))?;
                reply(&mut writer, CT_IMAGE, &command, tally.status_of_store())?;
            }
            C_FIND => {
                pdv::receive_data_set(&mut reader)?;
                let found = |number| message::found(STUDY_FIND, &command, number);
                (1..=STUDIES_FOUND).try_for_each(|number| writer.write_all(&found(number)?))?;
                reply(&mut writer, STUDY_FIND, &command, SUCCESS)?;
            }
            C_GET => {
                let study = message::study(&pdv::receive_data_set(&mut reader)?)?;
                send_study(&mut reader, &mut writer, &study)?;
                reply(&mut writer, STUDY_GET, &command, SUCCESS)?;
            }
            field => return Err(io::Error::other(format!("command {field:04X}"))),
        }
    }
}

fn send_study(
    reader: &mut BufReader<&TcpStream>,
    writer: &mut impl Write,
    study: &str,
) -> io::Result<()> {
    let pdu = u32::try_from(component(study, 4)).map_err(io::Error::other)?;
    let object = Object { pixels: component(study, 3), pdu };
    let instance = instance(Duration::ZERO);
    for _ in 0..component(study, 2) {
        message::write_store(writer, CT_IMAGE, 7, &instance, object)?;
        match pdv::receive(reader)? {
            Received::Command(set) => Command::parse(&set)?.expect_success(C_STORE)?,
            Received::ReleaseRq | Received::ReleaseRp => {
                return Err(io::Error::other("no response to C-STORE"));
            }
        }
    }
    Ok(())
}

fn reply(
    writer: &mut impl Write,
    context: Context,
    request: &Command,
    status: u16,
) -> io::Result<()> {
    writer.write_all(&message::response(context, request.field, request, status)?)
}

/// A component of a UID, counted from 0; 0 where there is none.
fn component(uid: &str, index: usize) -> u64 {
    uid.split('.').nth(index).and_then(|number| number.parse().ok()).unwrap_or_default()
}
