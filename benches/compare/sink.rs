//! The PACS: accepts every association, discards what is stored and sends what is asked for.
//!
//! What it shall do stands in the UIDs that it is sent: the third component of a SOP instance
//! UID is the pause in milliseconds that it makes while it reads the data set; the components of
//! a study instance UID say how many images of which size a C-GET brings.

use std::io::{self, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use crate::association::{self, CT_IMAGE, Context, STUDY_GET, VERIFICATION};
use crate::message::{self, C_ECHO, C_GET, C_STORE, Command};
use crate::pdv::{self, CHUNK, Object, Received};

/// One thread for each of thousands of idle associations.
const STACK: usize = 128 * 1024;

/// Serves until killed.
pub(crate) fn run() -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    writeln!(io::stderr(), "listening on {}", listener.local_addr()?)?;
    for socket in listener.incoming() {
        let socket = socket?;
        thread::Builder::new().stack_size(STACK).spawn(move || {
            // A requestor that leaves early is no error of the sink; the requestor notices.
            let _ = serve(&socket);
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
fn serve(socket: &TcpStream) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let mut reader = BufReader::with_capacity(CHUNK, socket);
    let mut writer = socket;
    writer.write_all(&association::accept(&mut reader)?)?;
    loop {
        let command = match pdv::receive(&mut reader)? {
            Received::Command(set) => Command::parse(&set)?,
            Received::ReleaseRq => return pdv::write_release_rp(&mut writer),
            Received::ReleaseRp => return Err(io::Error::other("a release not asked for")),
        };
        match command.field {
            C_ECHO => reply(&mut writer, VERIFICATION, &command)?,
            C_STORE => {
                let pause = Duration::from_millis(component(&command.instance, 2));
                pdv::discard_data_set(&mut reader, || thread::sleep(pause))?;
                reply(&mut writer, CT_IMAGE, &command)?;
            }
            C_GET => {
                let study = message::study(&pdv::receive_data_set(&mut reader)?)?;
                send_study(&mut reader, &mut writer, &study)?;
                reply(&mut writer, STUDY_GET, &command)?;
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

fn reply(writer: &mut impl Write, context: Context, request: &Command) -> io::Result<()> {
    writer.write_all(&message::success(context, request.field, request)?)
}

/// A component of a UID, counted from 0; 0 where there is none.
fn component(uid: &str, index: usize) -> u64 {
    uid.split('.').nth(index).and_then(|number| number.parse().ok()).unwrap_or_default()
}
