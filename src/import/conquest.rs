//! `acrnema.map` of Conquest: a title, a host, a port and a compression on each line.

use super::device::Device;
use super::field;
use super::found::{Found, Problem};
use super::plain::plain;
use super::text::Text;

pub(super) fn read(text: &Text, found: &mut Found) {
    let bare = match text.without_comments() {
        Ok(bare) => bare,
        Err(fault) => return found.faults.push(fault),
    };
    for (start, line) in bare.lines() {
        let line_is_empty = line.trim().is_empty() || line.trim_start().starts_with('#');
        if found.is_full() {
            return;
        }
        if !line_is_empty {
            entry(&bare, start, line, found);
        }
    }
}

fn entry(text: &Text, start: usize, line: &str, found: &mut Found) {
    let mut at = start;
    let mut words = Vec::new();
    for word in line.split(char::is_whitespace) {
        if !word.is_empty() {
            words.push((text.place(at), word));
        }
        at += word.len() + 1;
    }
    let [(place, title), (at_host, host), (at_port, port), rest @ ..] = words.as_slice() else {
        return found.fault(text.place(start), Problem::MapLine);
    };
    let host = found.take(*at_host, field::host(host));
    let port = found.take(*at_port, field::port(port));
    if title.contains('*') {
        let title = plain(title);
        let told = format!(
            "\"{title}\" stands for many titles and is left out: list its devices one by one"
        );
        return found.finding(*place, &told);
    }
    let Some(title) = found.take(*place, field::title(title)) else { return };
    let mut device = Device::at(*place);
    device.titles.push(title);
    (device.host, device.port) = (host.flatten(), port.flatten());
    if let Some((_, compression)) = rest.first() {
        device.told.push(format!("Conquest sends it compression {compression}."));
    }
    found.device(device);
}
