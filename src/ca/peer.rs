//! A device's table for the gate.

use toml::Value;

use super::entry::Moment;
use super::state::{Device, Issuance};
use crate::drop_in::{Key, Peer};

/// The table of a device, with a remark for each certificate that counts.
pub(super) fn table(name: &str, device: &Device) -> String {
    let terms = &device.terms;
    let names: Vec<_> = terms.dns.iter().map(|dns| matcher(dns, terms.ca.as_deref())).collect();
    let pacs = match terms.pacs.as_slice() {
        [] => Key::gap("pacs", "the names of the PACS that it may reach, as in [pacs.NAME]"),
        names => Key::list("pacs", names),
    };
    let mut remarks = vec!["Made by `pacsgate ca`. What it lets in:".to_owned()];
    remarks.extend(device.standing().map(remark));
    if device.standing().next().is_none() {
        remarks
            .push("- nothing any more: all are revoked, and this file can be removed".to_owned());
    }
    let keys = vec![
        Key::new("certificate", names),
        Key::list("calling_ae", &terms.titles),
        pacs,
        Key::list("services", &terms.services),
    ];
    let peer = Peer { name: name.to_owned(), remarks, keys, ..Peer::default() };
    peer.to_string()
}

/// How the gate recognises a certificate.
fn matcher(dns: &str, ca: Option<&str>) -> Value {
    let keys = [("san_dns", Some(dns)), ("ca", ca)];
    let keys = keys.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.into())));
    Value::Table(keys.collect())
}

fn remark(issued: &Issuance) -> String {
    let certificate = &issued.certificate;
    format!("- certificate {}, until {}", certificate.serial, day(certificate.not_after))
}

/// Without the time of the day.
fn day(moment: Moment) -> String {
    let text = moment.to_string();
    text.split_once('T').map_or(text.as_str(), |(day, _)| day).to_owned()
}
