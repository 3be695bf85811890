//! What a device needs that is reached with TLS, and `storescp` as one.

use crate::matrix::archives::{free_address, until_it_listens};
use crate::matrix::supervised::Supervised;
use crate::support::authority::{Algorithm, Authority, Profile, Usage};
use crate::support::dcmtk::Credentials;
use crate::support::site::{CT1_NAME, site};
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::OnceLock;

/// The authority that has signed the gate's certificate towards devices, and no other.
pub(crate) fn of_the_gate() -> &'static Authority {
    static OF_THE_GATE: OnceLock<Authority> = OnceLock::new();
    OF_THE_GATE.get_or_init(|| Authority::root("authority of the gate"))
}

/// The certificate of `ct1` as a server, and the authority by which it knows the gate.
pub(crate) fn credentials() -> Credentials {
    let shown =
        Profile { usage: Usage::Server, algorithm: Algorithm::Rsa, ..Profile::client(CT1_NAME) };
    let credentials = Credentials::of(&site().root.issue(&shown));
    let authority = credentials.directory.path().join("gate-ca.crt");
    std::fs::write(authority, of_the_gate().pem()).unwrap();
    credentials
}

/// `storescp` at a port with TLS, which takes the gate's certificate and no other.
pub(crate) struct Device {
    pub(crate) address: SocketAddr,
    pub(crate) received: PathBuf,
    _server: Supervised,
}

impl Device {
    pub(crate) fn start() -> Self {
        let credentials = credentials();
        let received = credentials.directory.path().join("received");
        std::fs::create_dir(&received).unwrap();
        let address = free_address();
        let mut command: Vec<OsString> =
            ["/usr/bin/storescp", "+B", "+xa", "--unique-filenames", "-aet", "CT1"]
                .map(Into::into)
                .into();
        command.extend(credentials.options().into_iter().map(Into::into));
        command.extend(["-rc".into(), "-od".into(), received.clone().into()]);
        command.push(address.port().to_string().into());
        let server = Supervised::start(credentials.directory, &command);
        until_it_listens(address, &server);
        Self { address, received, _server: server }
    }
}
