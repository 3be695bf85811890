//! What `init` is given.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;
use pacsgate_core::certificate::Matcher;
use pacsgate_core::wire::title::AeTitle;

use crate::config::Address;

/// Where the gate's files are.
pub(super) const DIR: &str = "/etc/pacsgate";
/// Where the CA is, which only root may enter: not below the gate's folder, whose files the gate reads.
pub(super) const CA: &str = "/etc/pacsgate-ca";

/// The arguments of `init`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Init {
    /// The PACS's address and DICOM port, such as 10.10.0.5:104. Left out: asked for
    #[arg(long, value_name = "HOST:PORT")]
    pub(super) pacs: Option<Address>,
    /// The PACS's AE title, by which devices call it. Left out: asked for
    #[arg(long, value_name = "AE")]
    pub(super) title: Option<AeTitle>,
    /// A name of the gate, by which devices connect to it; may be given several times. Left out: asked
    /// for
    #[arg(long = "name", value_name = "NAME", value_parser = dns_name)]
    pub(super) names: Vec<String>,
    /// An address of the gate, for devices that connect by it and compare it with the certificate; may be
    /// given several times. Left out: those of this machine
    #[arg(long = "ip", value_name = "ADDRESS", value_parser = reachable)]
    pub(super) ips: Vec<IpAddr>,
    /// The port for devices with TLS
    #[arg(long, value_name = "PORT", default_value_t = 2762, value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) port: u16,
    /// The folder of the gate's files
    #[arg(long, value_name = "DIR", default_value = DIR)]
    pub(super) dir: PathBuf,
    /// The folder of the CA, which is made if there is none
    #[arg(long, value_name = "DIR", default_value = CA)]
    pub(super) ca: PathBuf,
    /// Read the passphrase of the CA's key from the first line of this file; `-` is the standard input.
    /// Left out: asked for
    #[arg(long, value_name = "FILE", conflicts_with = "no_passphrase")]
    pub(super) passphrase_file: Option<PathBuf>,
    /// Leave a new CA's key without a passphrase
    #[arg(long)]
    pub(super) no_passphrase: bool,
    /// Make no CA, as it is on another machine: the certificates (PEM) by which devices are known
    #[arg(long, value_name = "FILE", conflicts_with_all = ["ca", "passphrase_file", "no_passphrase"])]
    pub(super) client_ca: Option<PathBuf>,
    /// The revocation list of that CA
    #[arg(long, value_name = "FILE", requires = "client_ca")]
    pub(super) client_crl: Option<PathBuf>,
}

/// A name that a certificate can have.
pub(super) fn dns_name(text: &str) -> Result<String, String> {
    if text.parse::<IpAddr>().is_ok() {
        return Err(NO_NAME.to_owned());
    }
    let name = Matcher::san_dns(text).map(|_| text.to_ascii_lowercase());
    name.map_err(|fault| fault.to_string())
}

const NO_NAME: &str = "is an IP address: give a name here; the addresses of this machine go into the \
    certificates by themselves, and --ip names others";

/// An address that a device can have been given: not the one of `bind`.
fn reachable(text: &str) -> Result<IpAddr, String> {
    let address: IpAddr = text.parse().map_err(|_| "is no IP address".to_owned())?;
    if address.is_unspecified() || address.is_multicast() {
        return Err("is no address of one machine; write that by which devices connect".to_owned());
    }
    Ok(address)
}
