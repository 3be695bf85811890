//! Devices of dcm4chee-arc 5, as its configuration exports them: one, a list of them, or a list of AEs.

use jsonc_parser::ast::Value;
use jsonc_parser::common::Ranged as _;
use pacsgate_core::services;

use super::device::Device;
use super::field;
use super::found::{Found, Problem};
use super::json::{self, Table};
use super::plain::plain;
use super::text::Text;

const CONNECTIONS: &str = "dicomNetworkConnection";

pub(super) fn read(text: &Text, found: &mut Found) {
    let Some(root) = json::parsed(text, found) else { return };
    let root = match root.as_object().and_then(|root| root.properties.first()) {
        Some(first) if first.name.as_str() == "aes" => &first.value,
        Some(_) | None => &root,
    };
    let one = std::slice::from_ref(root);
    let entries = if root.as_array().is_some() { json::list(root, text, found) } else { one };
    for entry in entries {
        if found.is_full() {
            return;
        }
        let Some(table) = Table::of(entry, text, found) else { continue };
        device(&table, text, found);
    }
}

fn device(table: &Table<'_, '_>, text: &Text, found: &mut Found) {
    let mut device = Device::at(table.place());
    if let Some((_, name)) = table.text("dicomDeviceName", found) {
        name.clone_into(&mut device.label);
    }
    if is_archive(table) {
        let name = plain(&device.label);
        found
            .finding(device.place, &format!("{name} is the archive itself, and no peer: left out"));
        return;
    }
    for (key, what) in [("dicomDescription", "It"), ("dicomManufacturer", "Its manufacturer")] {
        if let Some((_, told)) = table.text(key, found) {
            device.told.push(format!("{what} is {told}."));
        }
    }
    if table.flag("dicomInstalled", found) == Some(false) {
        device.told.push("The archive has it as not installed.".to_owned());
    }
    if table.value("dicomAETitle").is_some() {
        entity(&mut device, table, found);
    }
    for entity in table.list("dicomNetworkAE", found) {
        let Some(entity_table) = Table::of(entity, text, found) else { continue };
        self::entity(&mut device, &entity_table, found);
        capabilities(&mut device, &entity_table, text, found);
        references(table, &entity_table, text, found);
    }
    for connection in table.list(CONNECTIONS, found) {
        let Some(connection) = Table::of(connection, text, found) else { continue };
        self::connection(&mut device, &connection, found);
    }
    if device.titles.is_empty() && found.faults.is_empty() {
        found.fault(
            device.place,
            Problem::Missing("an AE (\"dicomNetworkAE\" with \"dicomAETitle\")"),
        );
    }
    found.device(device);
}

/// Whether it has what only the archive has.
fn is_archive(table: &Table<'_, '_>) -> bool {
    let more = table.value("dcmDevice").and_then(Value::as_object);
    more.is_some_and(|more| more.get("dcmArchiveDevice").is_some())
}

fn entity(device: &mut Device, entity: &Table<'_, '_>, found: &mut Found) {
    let Some((place, title)) = entity.text("dicomAETitle", found) else {
        found.fault(entity.place(), Problem::Missing("\"dicomAETitle\""));
        return;
    };
    let Some(title) = found.take(place, field::title(title)) else { return };
    if entity.flag("dicomAssociationInitiator", found) == Some(false) {
        device.told.push(format!("As {} it does not connect itself.", title.as_str()));
    }
    if !device.titles.contains(&title) {
        device.titles.push(title);
    }
}

/// What it does as SCU.
fn capabilities(device: &mut Device, entity: &Table<'_, '_>, text: &Text, found: &mut Found) {
    for capability in entity.list("dicomTransferCapability", found) {
        let Some(capability) = Table::of(capability, text, found) else { continue };
        let role = capability.text("dicomTransferRole", found);
        let class = capability.text("dicomSOPClass", found);
        let Some((_, class)) = class.filter(|_| role.is_some_and(|(_, role)| role == "SCU")) else {
            continue;
        };
        match class.parse().ok().and_then(|uid| services::name_of(&uid)) {
            Some(service) => device.may(service),
            None if device.told.len() < 20 => device.told.push(format!(
                "It uses {class}, which no service has: see sop_class in docs/services.md."
            )),
            None => {}
        }
    }
}

/// Its connections are there.
fn references(device: &Table<'_, '_>, entity: &Table<'_, '_>, text: &Text, found: &mut Found) {
    let count =
        device.value(CONNECTIONS).and_then(Value::as_array).map_or(0, |it| it.elements.len());
    for reference in entity.list("dicomNetworkConnectionReference", found) {
        let told = json::text_of(reference).unwrap_or_default();
        let index = told.strip_prefix("/dicomNetworkConnection/").and_then(|it| it.parse().ok());
        if index.is_none_or(|index: usize| index >= count) {
            found.fault(text.place(reference.start()), Problem::Reference(plain(told)));
        }
    }
}

/// The first one that listens says where the device is.
fn connection(device: &mut Device, connection: &Table<'_, '_>, found: &mut Found) {
    let Some((place, host)) = connection.text("dicomHostname", found) else { return };
    let Some(host) = found.take(place, field::host(host)) else { return };
    let port = connection.text("dicomPort", found);
    let port = port.and_then(|(place, port)| found.take(place, field::port(port)).flatten());
    let is_tls = connection.value("dicomTLSCipherSuite").is_some();
    if device.host.is_none() {
        (device.host, device.port) = (host, port);
    } else if let (Some(host), Some(port)) = (&host, port) {
        device.told.push(format!("It also listens on {}.", host.with_port(port)));
    }
    if is_tls {
        device.told.push("It has a connection with TLS.".to_owned());
    }
}
