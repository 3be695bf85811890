//! What the commands of the CA are asked.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Args, Subcommand, ValueEnum};

use crate::ca::{Founding, KeyType, Reason, Signer};

/// Where `init` and `ca init` keep a CA.
const CA: &str = "/etc/pacsgate-ca";
/// Where the gate's own certificate is.
const TLS: &str = "/etc/pacsgate/tls";

/// The arguments of `ca`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct CaArguments {
    /// What to do
    #[command(subcommand)]
    pub action: Action,
}

/// What a CA does.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Action {
    /// Make the CA: its key, its certificate, and an empty revocation list
    Init(Init),
    /// Issue a device its key and its certificate, and write its table for the gate
    Issue(Issue),
    /// Issue a certificate for a device that has made its key itself
    ///
    /// Only the key is taken from the request, once it is shown that the sender has it. Names and titles
    /// are those given here.
    Sign(Sign),
    /// Issue a device another certificate; the one before counts on, until `retire`
    Renew(Renew),
    /// Revoke every certificate of a device but the newest
    Retire(Retire),
    /// Revoke a device, or one certificate by its serial number
    Revoke(Revoke),
    /// Make a fresh revocation list
    Crl(Crl),
    /// List devices and certificates, with the days that are left
    List(List),
    /// Issue the gate its own certificate
    Server(Server),
}

/// Which CA.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// The folder of the CA
    #[arg(long, value_name = "DIR", default_value = CA)]
    pub ca: PathBuf,
    /// Read the passphrase from the first line of this file; `-` is the standard input. Left out, it is
    /// asked for
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

/// Which gate takes what is done.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct ForGate {
    /// The main configuration file of the gate on this machine, which is given the device's table and the
    /// revocation list. Left out: /etc/pacsgate/pacsgate.toml, if it is there
    #[arg(long, value_name = "FILE", conflicts_with = "no_gate")]
    pub gate: Option<PathBuf>,
    /// Change nothing outside the CA's folder
    #[arg(long)]
    pub no_gate: bool,
    /// The systemd unit to reload. Left out: pacsgate.service, for the configuration above
    #[arg(long, value_name = "UNIT", conflicts_with = "no_gate")]
    pub unit: Option<String>,
}

/// Which CA, and which gate takes what it does.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct At {
    #[command(flatten)]
    pub(super) folder: Folder,
    #[command(flatten)]
    pub(super) gate: ForGate,
}

/// What a device is and may.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct ForDevice {
    /// An AE title that the device claims; may be given several times
    #[arg(long = "title", value_name = "AE", required = true)]
    pub titles: Vec<String>,
    /// A DNS name by which the gate recognises the certificate; may be given several times. It need not be
    /// in the DNS. Left out: the device's name, in the first domain of the CA if it is kept to some
    #[arg(long = "dns", value_name = "NAME")]
    pub dns: Vec<String>,
    /// A service that the device may use; may be given several times
    #[arg(long = "service", value_name = "NAME", default_values = ["echo", "store"])]
    pub services: Vec<String>,
    /// A PACS that it may reach; may be given several times. Left out: the only one of the gate
    #[arg(long = "pacs", value_name = "NAME")]
    pub pacs: Vec<String>,
    /// The gate connects to the device over TLS as well: the certificate is one for servers, too
    #[arg(long)]
    pub also_server: bool,
    /// How long the certificate counts
    #[arg(long, value_name = "DAYS", default_value_t = Signer::DAYS, value_parser = days())]
    pub days: u32,
}

/// The arguments of `ca init`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Init {
    #[command(flatten)]
    pub(super) folder: Folder,
    /// Leave the CA's key without a passphrase
    #[arg(long, conflicts_with = "passphrase_file")]
    pub no_passphrase: bool,
    /// What the CA is called
    #[arg(long, value_name = "NAME", default_value = "Imaging CA")]
    pub name: String,
    /// Whose it is
    #[arg(long, value_name = "NAME")]
    pub organization: Option<String>,
    /// A domain that the CA is kept to; may be given several times. Every name that it issues is then
    /// within one of them, and others believe it nothing else
    #[arg(long, value_name = "DOMAIN")]
    pub permit_dns: Vec<String>,
    /// The kind of key
    #[arg(long, value_name = "KIND", default_value = "rsa")]
    pub key: KeyType,
    /// How long the CA lasts
    #[arg(long, value_name = "DAYS", default_value_t = Founding::DAYS, value_parser = decades())]
    pub days: u32,
}

/// The arguments of `ca issue`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// What the device is called: the name of its table in the configuration
    #[arg(value_name = "NAME")]
    pub name: String,
    #[command(flatten)]
    pub(super) device: ForDevice,
    #[command(flatten)]
    pub(super) key: Key,
    #[command(flatten)]
    pub(super) at: At,
}

/// Of which kind.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The kind of key: every device understands RSA
    #[arg(long, value_name = "KIND", default_value = "rsa")]
    pub key: KeyType,
}

/// The arguments of `ca sign`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Sign {
    /// The device's certificate request, PEM or DER
    #[arg(value_name = "CSR")]
    pub csr: PathBuf,
    /// What the device is called: the name of its table in the configuration
    #[arg(long, value_name = "NAME")]
    pub name: String,
    #[command(flatten)]
    pub(super) device: ForDevice,
    #[command(flatten)]
    pub(super) at: At,
}

/// The arguments of `ca renew`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Renew {
    /// The device
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The request of a device that has made its key itself
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    pub csr: Option<PathBuf>,
    /// The kind of the new key. Left out: that of the last
    #[arg(long, value_name = "KIND")]
    pub key: Option<KeyType>,
    /// How long the certificate counts
    #[arg(long, value_name = "DAYS", default_value_t = Signer::DAYS, value_parser = days())]
    pub days: u32,
    #[command(flatten)]
    pub(super) at: At,
}

/// The arguments of `ca retire`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Retire {
    /// The device
    #[arg(value_name = "NAME")]
    pub name: String,
    #[command(flatten)]
    pub(super) list: ListDays,
    #[command(flatten)]
    pub(super) at: At,
}

/// The arguments of `ca revoke`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Revoke {
    /// A device, or the serial number of one certificate
    #[arg(value_name = "NAME|SERIAL")]
    pub what: String,
    /// Why
    #[arg(long, value_name = "REASON", default_value = "unspecified")]
    pub reason: Reason,
    #[command(flatten)]
    pub(super) list: ListDays,
    #[command(flatten)]
    pub(super) at: At,
}

/// The arguments of `ca crl`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Crl {
    /// How long the list counts: once it has ended, the gate lets in no device of this CA
    #[arg(long, value_name = "DAYS", default_value_t = Signer::LIST_DAYS, value_parser = days())]
    pub days: u32,
    #[command(flatten)]
    pub(super) at: At,
}

/// How long.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct ListDays {
    /// How long the revocation list counts: once it has ended, the gate lets in no device of this CA
    #[arg(long, value_name = "DAYS", default_value_t = Signer::LIST_DAYS, value_parser = days())]
    pub list_days: u32,
}

/// The arguments of `ca list`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// The folder of the CA
    #[arg(long, value_name = "DIR", default_value = CA)]
    pub ca: PathBuf,
    /// Write one JSON object for programs instead of lines for people
    #[arg(long)]
    pub json: bool,
}

/// The arguments of `ca server`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// A DNS name by which devices connect to the gate; may be given several times
    #[arg(long = "dns", value_name = "NAME", required = true)]
    pub dns: Vec<String>,
    /// An address by which they do; may be given several times
    #[arg(long = "ip", value_name = "ADDRESS")]
    pub ip: Vec<IpAddr>,
    #[command(flatten)]
    pub(super) key: Key,
    /// How long the certificate counts
    #[arg(long, value_name = "DAYS", default_value_t = Signer::DAYS, value_parser = server_days())]
    pub days: u32,
    /// The folder for both files
    #[arg(long, value_name = "DIR", default_value = TLS)]
    pub write: PathBuf,
    /// What the files are called, before .pem and .key. Left out: gateway for RSA, gateway-ecdsa for ECDSA
    #[arg(long, value_name = "NAME")]
    pub file: Option<String>,
    /// Write over the files that are there
    #[arg(long)]
    pub replace: bool,
    #[command(flatten)]
    pub(super) at: At,
}

fn days() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=3_650)
}

/// Clients of servers refuse longer ones.
fn server_days() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=825)
}

fn decades() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=10_950)
}

impl ValueEnum for KeyType {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Rsa, Self::Ecdsa]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let found = Self::ALL.into_iter().find(|(_, kind)| kind == self);
        found.map(|(name, _)| PossibleValue::new(name))
    }
}

impl ValueEnum for Reason {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            Self::Unspecified,
            Self::KeyCompromise,
            Self::AffiliationChanged,
            Self::Superseded,
            Self::CessationOfOperation,
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let found = Self::ALL.into_iter().find(|(_, reason)| reason == self);
        found.map(|(name, _)| PossibleValue::new(name))
    }
}
