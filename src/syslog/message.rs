//! What a message is made of (RFC 5424), and its frame (RFC 5425 section 4.3, RFC 6587 section 3.4.1).

use std::fmt::Write as _;
use std::time::SystemTime;

use crate::journal::Priority;
use crate::version;

/// Security and authorization messages (RFC 5424 table 1).
const FACILITY: u8 = 10;
/// A number that belongs to nobody (RFC 5612): the project has none of its own.
const ELEMENT: &str = "pacsgate@32473";
/// The last of the numbers that messages have (RFC 5424 section 7.3.1); behind it comes 1 again.
pub(super) const LAST_NUMBER: u64 = 2_147_483_647;
/// The longest name of a host (RFC 5424 section 6).
const MAX_HOST: usize = 255;

/// One message.
#[derive(Clone, Debug)]
pub struct Message {
    /// When it happened.
    pub time: SystemTime,
    /// How much it matters.
    pub priority: Priority,
    /// What kind of message it is: MSGID.
    pub id: &'static str,
    /// What of it is structured data; nothing leaves the element out.
    pub data: Vec<(&'static str, String)>,
    /// What it says.
    pub text: Text,
}

/// What a message says.
#[derive(Clone, Debug)]
pub enum Text {
    /// ASCII alone, which needs no mark.
    Ascii(Vec<u8>),
    /// Any Unicode, which begins with the mark of UTF-8.
    Unicode(String),
}

/// What all messages of this process begin with.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    host: String,
    process: u32,
}

impl Origin {
    /// Of this process on this machine.
    pub(super) fn own() -> Self {
        let uname = rustix::system::uname();
        Self { host: host(&uname.nodename().to_string_lossy()), process: std::process::id() }
    }
}

/// The name of this machine as messages have it.
pub fn host_name() -> String {
    Origin::own().host
}

/// A name of printable ASCII, or the mark of none.
fn host(name: &str) -> String {
    let is_fit = (1..=MAX_HOST).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_graphic());
    if is_fit { name.to_owned() } else { "-".to_owned() }
}

impl Message {
    /// The message with its length before it, as both TCP and TLS carry it. `sequence` counts from 1.
    pub(super) fn frame(&self, origin: &Origin, sequence: u64) -> Vec<u8> {
        let message = self.encode(origin, sequence);
        let mut frame = message.len().to_string().into_bytes();
        frame.push(b' ');
        frame.extend_from_slice(&message);
        frame
    }

    fn encode(&self, origin: &Origin, sequence: u64) -> Vec<u8> {
        let priority = FACILITY * 8 + self.priority as u8;
        let Origin { host, process } = origin;
        // humantime panics on a time before the epoch, which a clock that was never set may show.
        let time = humantime::format_rfc3339_millis(self.time.max(SystemTime::UNIX_EPOCH));
        let number = sequence.saturating_sub(1) % LAST_NUMBER + 1;
        let mut header = format!(
            "<{priority}>1 {time} {host} pacsgate {process} {id} [meta sequenceId=\"{number}\"]\
             [origin software=\"pacsgate\" swVersion=\"{version}\"]",
            id = self.id,
            version = version::VERSION,
        );
        if !self.data.is_empty() {
            let _ = write!(header, "[{ELEMENT}");
            for (name, value) in &self.data {
                let _ = write!(header, " {name}=\"{}\"", escaped(value));
            }
            header.push(']');
        }
        header.push(' ');
        let mut message = header.into_bytes();
        match &self.text {
            Text::Ascii(text) => message.extend_from_slice(text),
            Text::Unicode(text) => {
                message.extend_from_slice("\u{feff}".as_bytes());
                message.extend_from_slice(text.as_bytes());
            }
        }
        message
    }
}

/// The value of a parameter (RFC 5424 section 6.3.3). Control characters, which the grammar allows and
/// no collector wants, become question marks.
fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for letter in value.chars() {
        match letter {
            '"' | '\\' | ']' => out.extend(['\\', letter]),
            _ if letter.is_control() => out.push('?'),
            _ => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn message(data: Vec<(&'static str, String)>, text: Text) -> Message {
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_007);
        Message { time, priority: Priority::Notice, id: "refused", data, text }
    }

    fn encoded(message: &Message, sequence: u64) -> String {
        let origin = Origin { host: "gate.example".to_owned(), process: 42 };
        String::from_utf8(message.frame(&origin, sequence)).unwrap()
    }

    #[test]
    fn has_its_length_before_it_and_every_field_in_its_place() {
        let data = vec![("calling", r#"a"]\b"#.to_owned())];
        let frame = encoded(&message(data, Text::Ascii(b"{}".to_vec())), 7);
        let (length, rest) = frame.split_once(' ').unwrap();
        assert_eq!(length.parse(), Ok(rest.len()));
        let version = env!("CARGO_PKG_VERSION");
        let expected = format!(
            "<85>1 2023-11-14T22:13:20.007Z gate.example pacsgate 42 refused [meta sequenceId=\"7\"]\
             [origin software=\"pacsgate\" swVersion=\"{version}\"][pacsgate@32473 calling=\"\
             a\\\"\\]\\\\b\"] {{}}"
        );
        assert_eq!(rest, expected);
    }

    #[test]
    fn marks_unicode_and_leaves_out_an_empty_element() {
        let frame = encoded(&message(Vec::new(), Text::Unicode("<é/>".to_owned())), 1);
        assert!(frame.ends_with("] \u{feff}<é/>") && !frame.contains(ELEMENT), "{frame}");
    }

    #[test]
    fn counts_from_one_again_behind_the_last_number() {
        let numbered = |sequence| encoded(&message(Vec::new(), Text::Ascii(Vec::new())), sequence);
        assert!(numbered(LAST_NUMBER).contains("sequenceId=\"2147483647\""));
        assert!(numbered(LAST_NUMBER + 1).contains("sequenceId=\"1\""));
    }

    #[test]
    fn takes_no_host_name_that_the_grammar_has_not() {
        assert_eq!(host("gate-1.example"), "gate-1.example");
        for name in ["", "a b", "gäte", &"a".repeat(256)] {
            assert_eq!(host(name), "-");
        }
    }
}
