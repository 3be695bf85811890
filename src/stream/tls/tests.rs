//! Real clients against a [`Server`], over streams in memory. All certificates are made here.

mod again;
mod authorities;
mod chains;
mod client;
mod names;
mod negotiation;
mod optional;
mod paths;
mod pins;
mod pki;
mod resumption;
mod revocation;
mod settings;
mod stream;
mod targets;
mod usage;

use std::time::Duration;

use pacsgate_core::certificate::Ca;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};

use super::{
    ClientCa, ClientCertificate, Exempt, HandshakeFault, Identity, Pins, Server, Settings,
    SettingsError,
};
use client::{BOTH, Client, connect};
use pki::{Authority, Credentials};

/// The CA of the gate's own certificate, that of the clients, and the gate's settings.
struct Site {
    gate_ca: Authority,
    gate: Credentials,
    client_ca: Authority,
    client_certificate: ClientCertificate,
    crls: Vec<CertificateRevocationListDer<'static>>,
    crl_grace: Duration,
    pins: Pins,
    exempt: Exempt,
}

impl Site {
    fn new() -> Self {
        let gate_ca = Authority::root("Gate CA");
        let gate = gate_ca.server("gate.example");
        let client_ca = Authority::root("Client CA");
        Self {
            gate_ca,
            gate,
            client_ca,
            client_certificate: ClientCertificate::Required,
            crls: Vec::new(),
            crl_grace: Duration::ZERO,
            pins: Pins::default(),
            exempt: Exempt::default(),
        }
    }

    fn settings(&self, certificates: Vec<CertificateDer<'static>>) -> Settings {
        let is_there = !certificates.is_empty();
        let client_ca = is_there.then_some(ClientCa { name: Ca::Only, certificates });
        self.settings_of(client_ca.into_iter().collect())
    }

    fn settings_of(&self, client_ca: Vec<ClientCa>) -> Settings {
        Settings {
            identities: vec![self.gate.identity()],
            client_certificate: self.client_certificate,
            client_ca,
            crls: self.crls.clone(),
            crl_grace: self.crl_grace,
            pins: self.pins.clone(),
            exempt: self.exempt.clone(),
        }
    }

    fn server(&self) -> Server {
        Server::new(self.settings(vec![self.client_ca.certificate()])).unwrap()
    }

    /// A gate that trusts nobody but by pin.
    fn server_without_ca(&self) -> Server {
        Server::new(self.settings(Vec::new())).unwrap()
    }

    fn client(&self, credentials: &Credentials) -> Client {
        Client::new(&self.gate_ca).with(credentials)
    }
}

impl Credentials {
    fn identity(&self) -> Identity {
        Identity { chain: self.chain.clone(), key: self.key.clone_key() }
    }
}

/// Both TLS versions refuse the client for `fault` and tell it what the table says.
async fn assert_refused(server: &Server, client: &Client, fault: HandshakeFault) {
    for version in BOTH {
        let outcome = connect(server, &client.clone().version(version)).await;
        assert_eq!(outcome.gate.err(), Some(fault), "{version:?}");
        assert_eq!(
            outcome.client.err().as_deref(),
            Some(fault.answer().to_string().as_str()),
            "{version:?}"
        );
    }
}

async fn assert_accepted(server: &Server, client: &Client) {
    for version in BOTH {
        let outcome = connect(server, &client.clone().version(version)).await;
        assert_eq!(outcome.client, Ok(()), "{version:?}");
        outcome.gate.unwrap();
    }
}
