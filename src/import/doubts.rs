//! What is worth a look when the devices are compared.

use std::collections::HashMap;

use pacsgate_core::wire::title::AeTitle;

use super::device::{Device, Host};
use super::found::Found;

/// Titles with which programs are delivered: many devices have them, and scanners try them first.
const DELIVERED: [&str; 26] = [
    "AE_TITLE",
    "AETITLE",
    "ANY-SCP",
    "ANYSCP",
    "ARCHIVE",
    "CONQUESTSRV1",
    "DCM4CHEE",
    "DCMQRSCP",
    "DCMRECV",
    "DCMSEND",
    "DICOM",
    "ECHOSCU",
    "EFILM",
    "FINDSCU",
    "GETSCU",
    "HOROS",
    "MOVESCU",
    "ORTHANC",
    "OSIRIX",
    "PACS",
    "PYNETDICOM",
    "SERVER",
    "STORESCP",
    "STORESCU",
    "TEST",
    "WEASIS",
];

/// What a configuration has already.
#[derive(Debug, Default)]
pub struct Known {
    /// The names of its peers.
    pub peers: Vec<String>,
    /// Their calling titles, each with the name of a peer.
    pub titles: HashMap<AeTitle, String>,
}

/// Leaves out what is there twice, and says what looks wrong.
pub(super) fn raise(found: &mut Found, known: &Known) {
    let mut devices: Vec<Device> = Vec::new();
    let mut seen = HashMap::new();
    for device in std::mem::take(&mut found.devices) {
        let key = (device.titles.clone(), device.host.clone(), device.port);
        let first = seen.get(&key).copied().filter(|_| !device.titles.is_empty());
        if let Some(line) = first {
            let called = device.called();
            let told =
                format!("{called} is left out: line {line} has the same title, host and port");
            found.finding(device.place, &told);
        } else {
            seen.insert(key, device.place.line);
            devices.push(device);
        }
    }
    titles(&devices, known, found);
    hosts(&devices, found);
    found.devices = devices;
}

fn titles(devices: &[Device], known: &Known, found: &mut Found) {
    let mut lines: HashMap<String, (AeTitle, usize)> = HashMap::new();
    let all = devices.iter().flat_map(|it| it.titles.iter().map(move |title| (it.place, *title)));
    for (place, title) in all {
        let shown = title.as_str();
        let upper = shown.to_ascii_uppercase();
        if DELIVERED.contains(&upper.as_str()) {
            let told = format!(
                "{shown} is a title with which programs are delivered: give the device one of \
                    its own"
            );
            found.finding(place, &told);
        }
        if let Some(peer) = known.titles.get(&title) {
            found.finding(place, &format!("{shown} is a title of peer {peer} already"));
        }
        match lines.get(&upper) {
            None => {
                lines.insert(upper, (title, place.line));
            }
            Some((same, line)) if *same == title => {
                let told = format!(
                    "{shown} is the title of another device, too, in line {line}: the PACS \
                        cannot tell them apart; give one of them another title"
                );
                found.finding(place, &told);
            }
            Some((other, line)) => {
                let other = other.as_str();
                let told = format!(
                    "{shown} and {other} in line {line} differ only in case, and are two titles: \
                        write it as the device does"
                );
                found.finding(place, &told);
            }
        }
    }
}

fn hosts(devices: &[Device], found: &mut Found) {
    let mut lines: HashMap<&Host, &Device> = HashMap::new();
    for device in devices {
        let Some(host) = &device.host else { continue };
        if host.is_loopback() {
            let told = format!(
                "{} is on the machine of the list itself: if it is the PACS, it is no peer; \
                    remove its table",
                device.called()
            );
            found.finding(device.place, &told);
            continue;
        }
        if let Some(first) = lines.get(host) {
            let (one, other, line) = (first.called(), device.called(), first.place.line);
            let told = format!(
                "{host} has {one} (line {line}) and {other}: if it is one device, write both \
                    titles into one table, for a certificate belongs to one peer"
            );
            found.finding(device.place, &told);
        } else {
            lines.insert(host, device);
        }
    }
}
