//! The tables of the devices.

use std::collections::HashSet;

use pacsgate_core::wire::title::AeTitle;

use super::device::{Device, Host, Place};
use super::doubts::Known;
use super::plain::plain;
use crate::drop_in::{self, Key, Peer};

/// The table of a device.
#[derive(Debug)]
pub struct Table {
    /// Where the device stands in the file.
    pub place: Place,
    /// The table.
    pub peer: Peer,
    /// The keys that somebody has to fill in.
    pub gaps: Vec<&'static str>,
}

/// Writes a table for each device, with names that are free. `pacs` is what they may reach, if that is
/// known; `source` is what the file is called.
pub fn tables(devices: &[Device], known: &Known, pacs: Option<&str>, source: &str) -> Vec<Table> {
    let mut taken: HashSet<String> = known.peers.iter().cloned().collect();
    devices.iter().map(|device| table(device, &mut taken, pacs, source)).collect()
}

fn table(device: &Device, taken: &mut HashSet<String>, pacs: Option<&str>, source: &str) -> Table {
    let name = drop_in::free_name(device.called(), |name| !taken.contains(name));
    taken.insert(name.clone());
    let certificate = certificate(&name, device);
    let mut gaps = vec!["certificate"];
    let mut keys = vec![Key::gap("certificate", certificate)];
    keys.push(if device.titles.is_empty() {
        gaps.push("calling_ae");
        Key::gap("calling_ae", "the AE titles that the device claims")
    } else {
        Key::list("calling_ae", device.titles.iter().map(|title| title.as_str()))
    });
    if let Some(Host::Address(address)) = &device.host
        && !address.is_loopback()
    {
        keys.push(Key::list("from", [address]));
    }
    keys.push(if let Some(pacs) = pacs {
        Key::list("pacs", [pacs])
    } else {
        gaps.push("pacs");
        Key::gap("pacs", "the names of the [pacs] tables that it may reach")
    });
    keys.push(if device.services.is_empty() {
        gaps.push("services");
        Key::gap(
            "services",
            "what it may do there, such as [\"echo\", \"store\"]; see docs/services.md",
        )
    } else {
        Key::list("services", &device.services)
    });
    let remarks = remarks(device, source);
    Table { place: device.place, peer: Peer { name, remarks, keys, reach: Vec::new() }, gaps }
}

fn certificate(name: &str, device: &Device) -> String {
    // Somebody will paste the command into a shell.
    let is_harmless =
        |title: &&str| title.bytes().all(|it| it.is_ascii_alphanumeric() || b"_-. ".contains(&it));
    let title = device.titles.first().map(AeTitle::as_str).filter(is_harmless).unwrap_or("TITLE");
    let plain_way = match &device.host {
        Some(Host::Address(address)) if !address.is_loopback() => "\"none\"",
        Some(_) | None => "\"none\" and `from` with its address",
    };
    format!(
        "what the device shows. [{{ san_dns = \"{name}\" }}] for a certificate of \"pacsgate ca issue \
         {name} --title '{title}' --no-gate\"; [{{ cert_sha256 = \"...\" }}] for one of its own, which \
         \"pacsgate unknown\" shows when it was refused; {plain_way} for a device without TLS at a \
         plain listener."
    )
}

fn remarks(device: &Device, source: &str) -> Vec<String> {
    let label = if device.label.is_empty() { device.called() } else { &device.label };
    let mut remarks = vec![plain(&format!("{label}: line {} of {source}.", device.place.line))];
    match (&device.host, device.port) {
        (Some(host), Some(port)) => remarks.push(format!(
            "It listens on {}: where the PACS has to reach it, that is `address` of its `reach`.",
            host.with_port(port)
        )),
        (None, Some(port)) => remarks.push(format!("It listens on port {port}.")),
        (_, None) => {}
    }
    if let Some(Host::Name(name)) = &device.host {
        remarks.push(format!(
            "Its host is {name}: `from` takes addresses only, so add them if they do not change."
        ));
    }
    remarks.extend(device.told.iter().map(|told| plain(told)));
    remarks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_no_command_that_does_something_else() {
        let mut device = Device::at(Place::START);
        device.titles.push("';reboot;'".parse().unwrap());
        let tables = tables(&[device.clone(), device], &Known::default(), Some("archive"), "a");
        let text = tables[0].peer.to_string();
        assert!(text.contains("--title 'TITLE'"), "{text}");
        assert_eq!(tables[0].peer.name, "reboot");
        assert_eq!(tables[1].peer.name, "reboot-2");
        assert_eq!(tables[0].gaps, ["certificate", "services"]);
    }
}
