//! The gate between an archive and a device that it reaches with TLS.

use super::device::of_the_gate;
use crate::matrix::archives::free_address;
use crate::support::authority::Profile;
use crate::support::dcmtk::settings;
use crate::support::settings::Settings;
use crate::support::site::{CT1_NAME, site};
use crate::way_back::table;
use std::net::{Ipv4Addr, SocketAddr};

/// An address for an outward listener, which an archive has to know before the gate has started.
pub(crate) fn outward() -> SocketAddr {
    (Ipv4Addr::new(127, 0, 0, 4), free_address().port()).into()
}

/// An archive on this machine comes to this address, and reaches a device there with what this
/// service lets through. `ct1` may ask for what the archive then sends.
pub(crate) fn reaching(
    archive: SocketAddr,
    outward: SocketAddr,
    device: SocketAddr,
    service: &str,
) -> Settings {
    let services = r#"["echo", "store", "move", "storage-commitment"]"#;
    let mut settings = settings(Settings::new(archive)).services(services);
    settings.archive.insert("from", r#"["127.0.0.1"]"#.into());
    let mut inside = table(&[("plain", "true"), ("direction", r#""outward""#)]);
    inside.insert("bind", format!("[\"{outward}\"]"));
    settings.more.push(("listener.inside", inside));
    let mut reach = table(&[]);
    reach.insert("services", format!("[{service:?}]"));
    reach.insert("address", format!("\"{device}\""));
    settings.more.push(("peer.ct1.reach", reach));
    let shown = of_the_gate().issue(&Profile::client("gateway.radiology.example"));
    let mut tls = table(&[]);
    for (key, name, content) in [
        ("ca", "devices.crt", site().root.pem()),
        ("certificate", "shown.crt", shown.chain_pem()),
        ("private_key", "shown.key", shown.key_pem()),
    ] {
        tls.insert(key, format!("{:?}", settings.file(name, &content)));
    }
    tls.insert("name", format!("{CT1_NAME:?}"));
    settings.more.push(("peer.ct1.reach.tls", tls));
    settings
}
