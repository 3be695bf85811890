//! The lines of the audit as messages, with what one looks for as structured data.

use std::time::SystemTime;

use super::told::Told;
use crate::audit::line::{self, Lost};
use crate::audit::record::Record;
use crate::journal::Priority;
use crate::syslog::{Message, Text};

pub(super) fn message(
    time: SystemTime,
    priority: Priority,
    told: Told<'_>,
    line: &[u8],
) -> Message {
    let (id, data) = match told {
        Told::Started => ("started", Vec::new()),
        Told::Counters => ("counters", Vec::new()),
        Told::Reload(reload) => (reload.event.code(), vec![("reason", reload.reason.to_owned())]),
        Told::Pacs(change) => (change.event.code(), vec![("reason", change.reason.to_owned())]),
        Told::Record(record) => (record.event.code(), of_record(record)),
        Told::Summed(summed) => {
            let named = [("peer", &summed.peer), ("pacs", &summed.pacs)];
            let named = named.into_iter().filter_map(|(key, name)| Some((key, name.clone()?)));
            ("summed", named.map(|(key, name)| (key, name.to_string())).collect())
        }
    };
    Message { time, priority, id, data, text: Text::Ascii(line.to_vec()) }
}

fn of_record(record: &Record) -> Vec<(&'static str, String)> {
    let own = |name: &Option<std::sync::Arc<str>>| name.as_ref().map(ToString::to_string);
    let all = [
        ("id", Some(record.id.to_string())),
        ("listener", Some(record.listener.to_string())),
        ("source", Some(record.source.ip().to_canonical().to_string())),
        ("calling", record.calling.as_ref().map(ToString::to_string)),
        ("called", record.called.as_ref().map(ToString::to_string)),
        ("peer", own(&record.peer)),
        ("pacs", own(&record.pacs)),
        ("user", record.user.as_ref().map(|user| user.name.to_string())),
        ("reason", record.reason.map(str::to_owned)),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// That so many messages were lost on the way to a collector.
pub(super) fn lost(count: u64) -> Message {
    let time = SystemTime::now();
    let mut text = Vec::new();
    // Two numbers and a word: nothing of it can fail.
    let _ = line::append(&mut text, None, time, &Lost::new(count));
    let text = Text::Ascii(text.trim_ascii_end().to_vec());
    Message { time, priority: Priority::Warning, id: "lost", data: Vec::new(), text }
}
