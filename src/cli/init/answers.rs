//! What `init` has to know, given or asked for.

use std::io::{self, IsTerminal, Write};
use std::net::IpAddr;

use pacsgate_core::wire::title::AeTitle;

use super::arguments::dns_name;
use super::configuration::Pacs;
use super::fault::Fault;
use crate::cli::typed::{Entry, EntryFault};
use crate::config::Address;
use crate::host;

/// How often somebody is asked the same.
const TRIES: usize = 3;
/// More addresses than a certificate should show.
const MOST_ADDRESSES: usize = 16;

/// Which of it has to be known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Needed {
    pub(super) pacs: bool,
    pub(super) name: bool,
}

/// What is known.
#[derive(Clone, Debug)]
pub(super) struct Answers {
    pub(super) pacs: Option<Pacs>,
    pub(super) names: Vec<String>,
    pub(super) ips: Vec<IpAddr>,
}

impl Answers {
    /// Asks for what was not given, and is needed.
    pub(super) fn complete(
        mut self,
        needed: Needed,
        address: Option<Address>,
        title: Option<AeTitle>,
    ) -> Result<Self, Fault> {
        if needed.pacs {
            let address = ADDRESS.or_asked(address, None, |text| {
                text.parse::<Address>().map_err(|fault| fault.to_string())
            })?;
            let title = TITLE.or_asked(title, None, |text| {
                text.parse::<AeTitle>().map_err(|fault| fault.to_string())
            })?;
            self.pacs = Some(Pacs { address, title: title.as_str().to_owned() });
        }
        if needed.name && self.names.is_empty() {
            let name = NAME.or_asked(None, own_name().as_deref(), dns_name)?;
            self.names.push(name);
        }
        Ok(self)
    }
}

struct Question {
    text: &'static str,
    option: &'static str,
}

const ADDRESS: Question = Question {
    text: "Address and port of the PACS, such as 10.10.0.5:104",
    option: "--pacs HOST:PORT",
};
const TITLE: Question = Question { text: "AE title of the PACS", option: "--title AE" };
const NAME: Question = Question {
    text: "Name by which devices connect to the gate, such as gate.hospital.example",
    option: "--name NAME",
};

impl Question {
    fn or_asked<T>(
        &self,
        given: Option<T>,
        usual: Option<&str>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, Fault> {
        if let Some(given) = given {
            return Ok(given);
        }
        if !io::stdin().is_terminal() {
            return Err(Fault::Unasked(self.option));
        }
        let proposed = usual.map(|usual| format!(" [{usual}]")).unwrap_or_default();
        for _ in 0..TRIES {
            tell(format_args!("{}{proposed}: ", self.text));
            let answer = match Entry::read(io::stdin(), "answer") {
                Ok(entry) => String::from_utf8_lossy(entry.bytes()).trim().to_owned(),
                Err(EntryFault::Empty(_)) => usual.unwrap_or_default().to_owned(),
                Err(fault @ (EntryFault::Long(_) | EntryFault::Control(_))) => {
                    tell(format_args!("{fault}\n"));
                    continue;
                }
                Err(other) => return Err(other.into()),
            };
            match read(&answer) {
                Ok(answer) => return Ok(answer),
                Err(fault) => tell(format_args!("it {fault}\n")),
            }
        }
        Err(Fault::Unanswered(self.option))
    }
}

/// A closed standard error leaves nobody to ask.
fn tell(text: std::fmt::Arguments<'_>) {
    let _ = io::stderr().write_fmt(text);
}

/// What this machine calls itself, if others can.
fn own_name() -> Option<String> {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    dns_name(&name).ok().filter(|name| name.contains('.'))
}

/// The addresses of this machine by which a device may connect.
pub(super) fn own_addresses() -> Vec<IpAddr> {
    let reachable = |address: &IpAddr| match address {
        IpAddr::V4(four) => !four.is_loopback() && !four.is_link_local(),
        IpAddr::V6(six) => !six.is_loopback() && !six.is_unicast_link_local(),
    };
    host::addresses().into_iter().filter(reachable).take(MOST_ADDRESSES).collect()
}
