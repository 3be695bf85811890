//! Texts of a file that become values.

use std::net::IpAddr;

use pacsgate_core::certificate::is_dns_name;
use pacsgate_core::wire::title::AeTitle;

use super::device::Host;
use super::found::Problem;
use super::plain::plain;

/// What separates several titles in one field.
const BETWEEN: [char; 3] = [',', ';', '|'];

pub(super) fn title(text: &str) -> Result<AeTitle, Problem> {
    AeTitle::parse(text.as_bytes()).map_err(|error| Problem::Title(plain(text), error))
}

/// The titles of a field; none where it is empty.
pub(super) fn titles(text: &str) -> Result<Vec<AeTitle>, Problem> {
    let mut titles = Vec::new();
    for text in text.split(BETWEEN).filter(|text| !text.trim().is_empty()) {
        let title = title(text)?;
        if !titles.contains(&title) {
            titles.push(title);
        }
    }
    Ok(titles)
}

/// An address or a name; `None` for nothing, and for what stands for any.
pub(super) fn host(text: &str) -> Result<Option<Host>, Problem> {
    let text = text.trim();
    if text.is_empty() || text == "*" {
        return Ok(None);
    }
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    if let Ok(address) = bare.parse::<IpAddr>() {
        let address = address.to_canonical();
        return Ok((!address.is_unspecified()).then_some(Host::Address(address)));
    }
    if text.parse::<crate::config::Address>().is_ok() {
        return Err(Problem::HostWithPort(plain(text)));
    }
    let is_number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    if is_dns_name(text) && !text.rsplit('.').next().is_some_and(is_number) {
        return Ok(Some(Host::Name(text.to_ascii_lowercase())));
    }
    Err(Problem::Host(plain(text)))
}

/// A port; `None` for nothing.
pub(super) fn port(text: &str) -> Result<Option<u16>, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let port = text.parse().ok().filter(|port| is_number && *port > 0);
    port.map(Some).ok_or_else(|| Problem::Port(plain(text)))
}
