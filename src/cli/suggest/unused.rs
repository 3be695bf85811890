//! What `suggest --unused` says.

use std::io::{self, Write};
use std::time::SystemTime;

use serde::Serialize;
use toml::Value;

use crate::config::Settings;
use crate::suggest::gathered::Gathered;
use crate::suggest::known::Known;
use crate::suggest::unused;
use crate::x509::validity;

/// The document of `--unused --json`; its fields are explained in the help.
#[derive(Serialize)]
pub(super) struct Unused {
    first: String,
    last: String,
    /// From when on it was asked for.
    since: String,
    /// Whether the audit begins later than that.
    is_short: bool,
    unused: Vec<Right>,
}

#[derive(Serialize)]
struct Right {
    peer: String,
    at: String,
    key: Option<&'static str>,
    values: Vec<Value>,
}

impl Unused {
    pub(super) fn of(
        gathered: &Gathered,
        since: SystemTime,
        known: &Known<'_>,
        settings: &Settings,
    ) -> Self {
        let at = |peer: &str| settings.site.tables.peers_at.get(peer).map(ToString::to_string);
        let unused = unused::of(gathered, known).into_iter().map(|it| Right {
            at: at(&it.peer).unwrap_or_default(),
            peer: it.peer.to_string(),
            key: it.key,
            values: it.values,
        });
        let is_short = !gathered.reaches_back;
        let since = validity::date(validity::since_epoch(since)).to_string();
        let (first, last) = (gathered.first.clone(), gathered.last.clone());
        Self { first, last, since, is_short, unused: unused.collect() }
    }

    pub(super) fn write(&self, json: bool, out: &mut impl Write) -> io::Result<()> {
        if json {
            serde_json::to_writer(&mut *out, self)?;
            return writeln!(out);
        }
        for Right { peer, at, key, values } in &self.unused {
            match key {
                None => writeln!(out, "{at}: [peer.{peer}] was not there")?,
                Some(key) => {
                    let values = Value::Array(values.clone());
                    writeln!(out, "{at}: [peer.{peer}] {key}: not used: {values}")?;
                }
            }
        }
        if self.is_short {
            let first = if self.first.is_empty() { "no line" } else { &self.first };
            writeln!(
                out,
                "the audit does not reach back to {}: it begins with {first}; what was used before that is \
                 not known",
                self.since
            )?;
        }
        writeln!(out, "{} from {} on", self.unused.len(), self.since)
    }
}
