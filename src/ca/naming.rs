//! What may stand in a certificate, and what a device may be called.

use pacsgate_core::certificate::{self, is_dns_name};
use pacsgate_core::wire::title::{AeTitle, TitleError};

/// Of one device.
const MOST_TITLES: usize = 64;
const MOST_NAMES: usize = 32;
/// RFC 5280, upper bounds of appendix A.1.
const LONGEST_COMMON_NAME: usize = 64;

/// Why something cannot be the name of anything here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// The name of a device is the name of its table and of its folder.
    #[error(
        "the device's name {0:?} must have 1 to 63 characters of a-z, 0-9, _ and -, the first a letter or a digit"
    )]
    Device(String),
    /// No AE title.
    #[error("the title {0:?} {1}")]
    Title(String, TitleError),
    /// No DNS name.
    #[error("the DNS name {0:?} {1}")]
    Dns(String, certificate::NameFault),
    /// Nothing to recognise it by.
    #[error("the certificate needs at least one DNS name")]
    NoDns,
    /// A device without a title can claim none.
    #[error("give the device's AE title with --title")]
    NoTitle,
    /// More than any device has.
    #[error("has more than {0} {1}")]
    TooMany(usize, &'static str),
    /// Two devices would be one.
    #[error(
        "the DNS name {0:?} was given to {1}, and what has been issued to it would be recognised as this device"
    )]
    Taken(String, String),
    /// The CA may not.
    #[error("the CA may issue only within {1}, and {0:?} is not")]
    NotPermitted(String, String),
    /// Nothing that the gate knows.
    #[error("{0:?} is no service; {1}")]
    Service(String, String),
    /// Not the name of a table.
    #[error("{0:?} cannot be the name of a PACS: a table's name has a-z, 0-9, _ and - only")]
    Table(String),
    /// No common name.
    #[error(
        "the CA's name must have 1 to {LONGEST_COMMON_NAME} characters, none of them a control character"
    )]
    CommonName,
}

/// The name of a device: that of its table, and of its folder.
pub(super) fn device(name: &str) -> Result<(), NameFault> {
    let is_usual = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let first = name.bytes().next().is_some_and(is_usual);
    let all = name.bytes().all(|byte| is_usual(byte) || b"_-".contains(&byte));
    let sound = first && all && name.len() <= 63;
    if sound { Ok(()) } else { Err(NameFault::Device(name.to_owned())) }
}

/// The name of any table.
pub(super) fn table(name: &str) -> Result<(), NameFault> {
    let is_usual =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
    let sound = !name.is_empty() && name.bytes().all(is_usual);
    if sound { Ok(()) } else { Err(NameFault::Table(name.to_owned())) }
}

pub(super) fn titles(titles: &[String]) -> Result<Vec<String>, NameFault> {
    match titles.len() {
        0 => return Err(NameFault::NoTitle),
        more if more > MOST_TITLES => return Err(NameFault::TooMany(MOST_TITLES, "titles")),
        _ => {}
    }
    let title = |text: &String| {
        let title: Result<AeTitle, _> = text.parse();
        title
            .map(|title| title.as_str().to_owned())
            .map_err(|fault| NameFault::Title(text.clone(), fault))
    };
    titles.iter().map(title).collect()
}

/// DNS names in lower case, within those that the CA is permitted.
pub(super) fn dns(names: &[String], permitted: &[String]) -> Result<Vec<String>, NameFault> {
    match names.len() {
        0 => return Err(NameFault::NoDns),
        more if more > MOST_NAMES => return Err(NameFault::TooMany(MOST_NAMES, "DNS names")),
        _ => {}
    }
    let name = |text: &String| {
        let found = certificate::Matcher::san_dns(text);
        found.map_err(|fault| NameFault::Dns(text.clone(), fault))?;
        let name = text.to_ascii_lowercase();
        if permitted.is_empty() || permitted.iter().any(|domain| is_within(&name, domain)) {
            return Ok(name);
        }
        Err(NameFault::NotPermitted(name, permitted.join(", ")))
    };
    names.iter().map(name).collect()
}

/// The domains that a CA is to be kept to.
pub(super) fn domains(names: &[String]) -> Result<Vec<String>, NameFault> {
    if names.is_empty() { Ok(Vec::new()) } else { dns(names, &[]) }
}

/// RFC 5280 section 4.2.1.10: the domain itself, and whatever has labels before it.
fn is_within(name: &str, domain: &str) -> bool {
    let rest = name.strip_suffix(domain);
    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// What a device is recognised by if nobody says it: its own name, in the CA's first domain.
pub(super) fn usual_dns(device: &str, permitted: &[String]) -> Option<String> {
    let name = match permitted.first() {
        Some(domain) => format!("{device}.{domain}"),
        None => device.to_owned(),
    };
    is_dns_name(&name).then_some(name)
}

pub(super) fn common_name(name: &str) -> Result<(), NameFault> {
    let length = name.chars().count();
    let sound = (1..=LONGEST_COMMON_NAME).contains(&length) && !name.contains(char::is_control);
    if sound && name.trim() == name { Ok(()) } else { Err(NameFault::CommonName) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn takes_names_that_serve_as_a_table_and_a_folder() {
        for name in ["ct1", "1", "ct-room_4", &"a".repeat(63)] {
            assert_eq!(device(name), Ok(()), "{name}");
        }
        for name in ["", "CT1", "..", "a/b", "-a", "_a", ".a", "a b", "a\n", &"a".repeat(64)] {
            assert_eq!(device(name), Err(NameFault::Device(name.to_owned())));
        }
    }

    #[test]
    fn keeps_names_within_the_domains_of_the_ca() {
        let permitted = owned(&["radiology.example", "gate.example"]);
        for name in ["radiology.example", "CT1.Radiology.Example", "a.b.gate.example"] {
            assert_eq!(dns(&owned(&[name]), &permitted), Ok(vec![name.to_ascii_lowercase()]));
        }
        for name in ["ct1", "xradiology.example", "radiology.example.org"] {
            let fault = dns(&owned(&[name]), &permitted).unwrap_err();
            assert!(matches!(fault, NameFault::NotPermitted(..)), "{name}");
        }
        assert_eq!(usual_dns("ct1", &permitted).as_deref(), Some("ct1.radiology.example"));
        assert_eq!(usual_dns("ct1", &[]).as_deref(), Some("ct1"));
        assert_eq!(usual_dns("ct1-", &[]), None);
    }

    #[test]
    fn refuses_what_is_no_title() {
        assert_eq!(titles(&owned(&[" CT1 "])), Ok(owned(&["CT1"])));
        assert_eq!(titles(&[]), Err(NameFault::NoTitle));
        for text in ["", "A\\B", "A\nB", "ABCDEFGHIJKLMNOPQ", "\u{e4}"] {
            assert!(matches!(titles(&owned(&[text])), Err(NameFault::Title(..))), "{text:?}");
        }
    }

    #[test]
    fn refuses_what_is_no_name_of_a_ca() {
        assert_eq!(common_name("Imaging CA of Example Hospital"), Ok(()));
        for name in ["", " a", "a\nb", &"a".repeat(65)] {
            assert_eq!(common_name(name), Err(NameFault::CommonName));
        }
    }
}
