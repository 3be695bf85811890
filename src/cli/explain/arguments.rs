//! The arguments of `explain`.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;
use pacsgate_core::services::{Service, SopClass};
use pacsgate_core::wire::title::AeTitle;
use pacsgate_core::wire::uid::Uid;

use super::super::files::CONFIG;

/// The arguments of `explain`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Explain {
    /// The id of an association in the audit, instead of all that follows
    #[arg(value_name = "ID", conflicts_with_all = ["certificate", "calling", "called", "request"])]
    pub id: Option<String>,
    /// The main configuration file; conf.d next to it is read too
    #[arg(short, long, value_name = "FILE", default_value = CONFIG)]
    pub config: PathBuf,
    /// The certificate that the device shows, in a file, its chain behind it; or its SHA-256 digest.
    /// Left out: it shows none
    #[arg(long, value_name = "FILE|SHA256")]
    pub certificate: Option<String>,
    /// Its calling title
    #[arg(long, value_name = "TITLE", required_unless_present_any = ["id", "request"])]
    pub calling: Option<AeTitle>,
    /// The called title
    #[arg(long, value_name = "TITLE", required_unless_present_any = ["id", "request"])]
    pub called: Option<AeTitle>,
    /// The address from which it comes
    #[arg(long, value_name = "IP", required_unless_present = "id")]
    pub source: Option<IpAddr>,
    /// A service that it asks for, as in `services` of a peer; C-ECHO if nothing is named
    #[arg(long = "service", value_name = "NAME", value_parser = service)]
    pub services: Vec<Service>,
    /// A SOP class that it asks for, by keyword or UID
    #[arg(long = "sop-class", value_name = "CLASS", value_parser = sop_class)]
    pub sop_classes: Vec<Uid>,
    /// A file with the token that its user shows
    #[arg(long, value_name = "FILE", conflicts_with = "user")]
    pub token: Option<PathBuf>,
    /// The name that its user shows; the password is taken for right
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// A captured A-ASSOCIATE-RQ with its header: bytes, or hexadecimal digits
    #[arg(long, value_name = "FILE", conflicts_with_all = ["calling", "called", "services", "sop_classes"])]
    pub request: Option<PathBuf>,
    /// The listener at which it connects; needed where there are several
    #[arg(long, value_name = "NAME")]
    pub listener: Option<String>,
    /// The audit in which an id or a digest is looked up; `-` is the standard input. Left out: the file
    /// of the configuration, or what is piped in
    #[arg(long, value_name = "FILE")]
    pub audit: Option<PathBuf>,
    /// Write one JSON object for programs instead of lines for people
    #[arg(long)]
    pub json: bool,
}

fn service(text: &str) -> Result<Service, String> {
    text.parse().map_err(|_| {
        let known: Vec<_> = Service::NAMED.iter().filter_map(Service::name).collect();
        format!("known are {}", known.join(", "))
    })
}

fn sop_class(text: &str) -> Result<Uid, String> {
    SopClass::uid_of(text).map_err(|_| "is neither a UID nor the keyword of a SOP class".to_owned())
}
