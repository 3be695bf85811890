//! What `suggest` says.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;
use toml::Value;

use crate::config::Settings;
use crate::drop_in;
use crate::suggest::gathered::{Gathered, Who};
use crate::suggest::judged::{self, Stranger};
use crate::suggest::known::Known;
use crate::suggest::{additions, table};

/// The document of `--json`; its fields are explained in the help.
#[derive(Serialize)]
pub(super) struct Report {
    first: String,
    last: String,
    associations: u64,
    pub(super) new: Vec<New>,
    changes: Vec<Change>,
    doubted: Vec<Doubted>,
    /// Associations of those for whom there was no room.
    more: u64,
    /// Associations of which nothing tells who it was.
    nameless: u64,
}

/// A peer that is not there yet.
#[derive(Serialize)]
pub(super) struct New {
    name: String,
    seen: Vec<String>,
    #[serde(rename = "table", serialize_with = "displayed")]
    pub(super) table: drop_in::Peer,
}

/// A key of a table that is there.
#[derive(Serialize)]
struct Change {
    peer: String,
    at: String,
    key: &'static str,
    add: Vec<Value>,
    whole: Vec<Value>,
}

/// Somebody, or something of a peer, that looks wrong.
#[derive(Serialize)]
struct Doubted {
    who: String,
    why: Vec<Why>,
    seen: Vec<String>,
}

#[derive(Serialize)]
struct Why {
    code: &'static str,
    text: String,
}

fn displayed<S: serde::Serializer>(peer: &drop_in::Peer, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(peer)
}

impl Report {
    pub(super) fn of(gathered: &Gathered, known: &Known<'_>, settings: &Settings) -> Self {
        let strangers = judged::strangers(gathered, known);
        let mut taken: Vec<_> = known.peers.iter().map(|peer| peer.name.to_string()).collect();
        let (suggested, wrong): (Vec<_>, Vec<_>) =
            strangers.iter().partition(|stranger| stranger.doubts.is_empty());
        let new = suggested.into_iter().map(|stranger| {
            let table = table::of(stranger, known, &mut taken);
            New { name: table.name.clone(), seen: table::seen(stranger.traffic), table }
        });
        let new = new.collect();
        let (additions, of_peers) = additions::of(gathered, known);
        let at = |peer: &str| settings.peers_at.get(peer).map(ToString::to_string);
        let changes = additions.into_iter().map(|it| Change {
            at: at(&it.peer).unwrap_or_default(),
            peer: it.peer.to_string(),
            key: it.key,
            add: it.new,
            whole: it.whole,
        });
        let of_peers = of_peers.into_iter().map(|it| Doubted {
            who: format!("peer.{}", it.peer),
            why: vec![Why { code: it.doubt.code(), text: it.doubt.to_string() }],
            seen: Vec::new(),
        });
        Self {
            first: gathered.first.clone(),
            last: gathered.last.clone(),
            associations: gathered.lines,
            new,
            changes: changes.collect(),
            doubted: wrong.into_iter().map(doubted).chain(of_peers).collect(),
            more: gathered.more,
            nameless: gathered.nameless,
        }
    }

    pub(super) fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, self)?;
        writeln!(out)
    }

    /// As a file that the gate could read: what is no table is a remark.
    pub(super) fn write(&self, into: Option<&Path>, out: &mut impl Write) -> io::Result<()> {
        match into {
            None => self.new.iter().try_for_each(|new| writeln!(out, "{}", new.table))?,
            Some(folder) => {
                let folder = folder.display();
                let mut files = self.new.iter().map(|new| &new.name);
                files.try_for_each(|name| writeln!(out, "# wrote {folder}/{name}.toml"))?;
            }
        }
        self.changes.iter().try_for_each(|change| change.write(out))?;
        self.doubted.iter().try_for_each(|doubted| doubted.write(out))?;
        self.write_end(out)
    }

    fn write_end(&self, out: &mut impl Write) -> io::Result<()> {
        let Self { associations, first, last, .. } = self;
        let (new, changes, doubted) = (self.new.len(), self.changes.len(), self.doubted.len());
        if *associations == 0 {
            writeln!(out, "# The audit has no association that was closed.")?;
        }
        writeln!(
            out,
            "# {associations} associations, from {first} to {last}: {new} new, {changes} to change, \
             {doubted} not suggested"
        )?;
        if self.more > 0 {
            writeln!(out, "# and {} associations of others, too many to tell apart", self.more)?;
        }
        if self.nameless > 0 {
            writeln!(
                out,
                "# and {} without an address and a title that can be one",
                self.nameless
            )?;
        }
        Ok(())
    }
}

fn doubted(stranger: &Stranger<'_>) -> Doubted {
    let who = match stranger.who {
        Who::Peer(name) => format!("peer.{name}"),
        Who::Certificate(recognition) => format!("certificate {recognition}"),
        Who::Address(address, title) => format!("{title} at {address}"),
    };
    let why = stranger.doubts.iter();
    let why = why.map(|doubt| Why { code: doubt.code(), text: doubt.to_string() });
    Doubted { who, why: why.collect(), seen: table::seen(stranger.traffic) }
}

impl Change {
    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let new = Value::Array(self.add.clone());
        let whole = Value::Array(self.whole.clone());
        writeln!(out, "# {}: [peer.{}] did what it may not; new is {new}", self.at, self.peer)?;
        writeln!(out, "# {} = {whole}\n", self.key)
    }
}

impl Doubted {
    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "# NOT SUGGESTED: {}", self.who)?;
        self.why.iter().try_for_each(|why| writeln!(out, "#   {}: {}", why.code, why.text))?;
        self.seen.iter().try_for_each(|seen| writeln!(out, "#   {seen}"))?;
        writeln!(out)
    }
}
