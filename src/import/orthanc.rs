//! `DicomModalities` of Orthanc, in its configuration or alone.

use jsonc_parser::ast::Value;
use jsonc_parser::common::Ranged as _;

use super::device::{Device, Place};
use super::field;
use super::found::{Found, Problem};
use super::json::{self, Table};
use super::text::Text;

/// What Orthanc lets a modality do, unless it says otherwise.
const ALLOWED: [(&str, &str); 7] = [
    ("AllowEcho", "echo"),
    ("AllowStore", "store"),
    ("AllowFind", "find"),
    ("AllowFindWorklist", "worklist"),
    ("AllowMove", "move"),
    ("AllowGet", "get"),
    ("AllowStorageCommitment", "storage-commitment"),
];
const TITLE: &str = "the AE title, a text";

pub(super) fn read(text: &Text, found: &mut Found) {
    let Some(root) = json::parsed(text, found) else { return };
    let Some(table) = Table::of(&root, text, found) else { return };
    let modalities = match table.value("DicomModalities") {
        Some(value) => Table::of(value, text, found),
        None if is_configuration(&table) => None,
        None => Some(table),
    };
    for property in modalities.iter().flat_map(Table::properties) {
        if found.is_full() {
            return;
        }
        let device = modality(property.name.as_str(), &property.value, text, found);
        device.into_iter().for_each(|device| found.device(device));
    }
}

/// Whether it has keys that are no modalities.
fn is_configuration(table: &Table<'_, '_>) -> bool {
    let is_modality = |value: &Value<'_>| value.as_object().is_some() || value.as_array().is_some();
    table.properties().iter().any(|it| !is_modality(&it.value))
}

fn modality(name: &str, value: &Value<'_>, text: &Text, found: &mut Found) -> Option<Device> {
    let mut device = Device::at(text.place(value.start()));
    name.clone_into(&mut device.label);
    if value.as_array().is_some() {
        short(&mut device, value, text, found)?;
    } else {
        long(&mut device, &Table::of(value, text, found)?, found)?;
    }
    Some(device)
}

/// `["CT1", "10.1.2.3", 104, "Generic"]`.
fn short(device: &mut Device, value: &Value<'_>, text: &Text, found: &mut Found) -> Option<()> {
    let entries = json::list(value, text, found);
    let mut field = |at: usize, what| {
        let entry = entries.get(at);
        let place = text.place(entry.map_or_else(|| value.start(), |entry| entry.start()));
        let read = entry.ok_or(Problem::Missing(what));
        let read = read.and_then(|entry| json::text_of(entry).ok_or(Problem::Expected(what)));
        Some((place, found.take(place, read)?))
    };
    let (title, host, port) = (field(0, TITLE), field(1, "the host, a text"), field(2, "the port"));
    fill(device, [title?, host?, port?], found)?;
    if let Some(manufacturer) = entries.get(3).and_then(json::text_of) {
        device.told.push(format!("Orthanc treats it as {manufacturer}."));
    }
    device.told.push("Orthanc allows it everything.".to_owned());
    Some(())
}

/// The form with keys.
fn long(device: &mut Device, table: &Table<'_, '_>, found: &mut Found) -> Option<()> {
    let mut field = |key, what| {
        let field = table.text(key, found);
        if table.value(key).is_none() {
            found.fault(table.place(), Problem::Missing(what));
        }
        field
    };
    let (title, host, port) =
        (field("AET", "\"AET\""), field("Host", "\"Host\""), field("Port", "\"Port\""));
    fill(device, [title?, host?, port?], found)?;
    let mut unsaid = Vec::new();
    for (key, service) in ALLOWED {
        match table.flag(key, found) {
            Some(true) => device.may(service),
            Some(false) => {}
            None if table.value(key).is_none() => unsaid.push(service),
            None => {}
        }
    }
    if !unsaid.is_empty() {
        let told = format!("Orthanc does not forbid it {}, and so allows it.", unsaid.join(", "));
        device.told.push(told);
    }
    if let Some(tls) = table.flag("UseDicomTls", found) {
        let told = if tls { "Orthanc calls it with TLS." } else { "Orthanc calls it without TLS." };
        device.told.push(told.to_owned());
    }
    if let Some((_, manufacturer)) = table.text("Manufacturer", found) {
        device.told.push(format!("Orthanc treats it as {manufacturer}."));
    }
    Some(())
}

/// Title, host and port.
fn fill(device: &mut Device, fields: [(Place, &str); 3], found: &mut Found) -> Option<()> {
    let [(at_title, title), (at_host, host), (at_port, port)] = fields;
    let title = found.take(at_title, field::title(title));
    let host = found.take(at_host, field::host(host));
    let port = found.take(at_port, field::port(port));
    device.titles.push(title?);
    (device.host, device.port) = (host?, port?);
    Some(())
}
