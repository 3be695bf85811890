//! The open associations, and the certificates of peers that end soon, told to the administrator of
//! this machine: `check --against-running` judges the former by a configuration before a reload does,
//! and passes on the latter.
//!
//! A socket in the folder that systemd makes for the service (`RuntimeDirectory=`) tells whoever may
//! connect, which is root and the gate's own user, and reads nothing. What it tells has no secret and
//! nothing of a patient, but everybody's titles and certificates.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt;
use tokio::net::{UnixListener, UnixStream};

use crate::basis::Written;
use crate::host::{sockets, words};
use crate::last_seen::LastSeen;
use crate::register::Register;
use crate::timers::{sleep, timeout};

/// Where the socket is when systemd runs the gate.
pub const SOCKET: &str = "/run/pacsgate/associations";
/// The variable in which systemd names the folder (systemd.exec(5)).
const FOLDER: &str = "RUNTIME_DIRECTORY";
/// How long who asks may take to read.
const PATIENCE: Duration = Duration::from_secs(10);
/// The pause after a connection that could not be accepted: there are no descriptors, most likely.
const BREATH: Duration = Duration::from_secs(1);

/// The first line; a line for each association follows, and then one for each certificate.
#[derive(Debug, Serialize, Deserialize)]
pub struct Heading {
    /// Of the lines; another one is not understood.
    pub schema: u32,
    /// How many lines follow.
    pub associations: usize,
    /// How many lines follow those: each an `Ending`.
    #[serde(default)]
    pub certificates: usize,
}

/// What [`Heading::schema`] is today.
pub const SCHEMA: u32 = 1;

/// Tells everybody who connects, one after the other, for as long as this is polled. Returns at once
/// where no folder is named.
pub async fn tell(register: Arc<Register>, last_seen: Arc<LastSeen>) {
    let Some(path) = path() else { return };
    match listen(&path) {
        Ok(socket) => answer(socket, &register, &last_seen).await,
        Err(error) => {
            let why = words(&error);
            tracing::warn!(
                "check --against-running cannot ask this gate: {}: {why}",
                path.display()
            );
        }
    }
}

fn path() -> Option<PathBuf> {
    let folders = std::env::var(FOLDER).ok()?;
    let first = folders.split(':').next().filter(|folder| !folder.is_empty())?;
    Some(Path::new(first).join(Path::new(SOCKET).file_name()?))
}

fn listen(path: &Path) -> io::Result<UnixListener> {
    let (socket, _name) = sockets::listen(path, 0o600)?;
    socket.set_nonblocking(true)?;
    UnixListener::from_std(socket)
}

async fn answer(socket: UnixListener, register: &Register, last_seen: &LastSeen) {
    loop {
        match socket.accept().await {
            Ok((stream, _)) => {
                // Who reads no more, or has gone, is told no more.
                let _ = timeout(PATIENCE, write(stream, register, last_seen)).await;
            }
            Err(_) => sleep(BREATH).await,
        }
    }
}

async fn write(
    mut stream: UnixStream,
    register: &Register,
    last_seen: &LastSeen,
) -> io::Result<()> {
    let (open, ending) = (register.now(), last_seen.ending(SystemTime::now()));
    let (associations, certificates) = (open.len(), ending.len());
    let heading = Heading { schema: SCHEMA, associations, certificates };
    stream.write_all(&line(&heading)?).await?;
    for basis in open {
        stream.write_all(&line(&Written::of(&basis))?).await?;
    }
    for certificate in ending {
        stream.write_all(&line(&certificate)?).await?;
    }
    stream.shutdown().await
}

fn line(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}
