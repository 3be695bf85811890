//! What `suggest` says.

use std::collections::{BTreeMap, HashSet};
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::Path;

use serde::Serialize;
use toml::Value;

use crate::cli::text::counted;
use crate::config::Settings;
use crate::drop_in;
use crate::suggest::doubt::Doubt;
use crate::suggest::gathered::{Gathered, Who};
use crate::suggest::judged::{self, Owners, Stranger};
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
    /// Lines without a time, or of a time to come.
    odd: u64,
    /// Lines of something else.
    foreign: u64,
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
        let owners = Owners::of(&gathered.claims);
        let strangers = judged::strangers(gathered, known, &owners);
        let mut taken: HashSet<_> = known.peers.iter().map(|peer| peer.name.to_string()).collect();
        let (mut suggested, wrong): (Vec<&Stranger<'_>>, Vec<_>) =
            strangers.iter().partition(|stranger| stranger.doubts.is_empty());
        // Whoever comes most gets the name that both would have.
        suggested.sort_by_key(|it| std::cmp::Reverse(it.traffic.associations));
        let new = suggested.into_iter().map(|stranger| {
            let table = table::of(stranger, known, &owners, &mut taken);
            New { name: table.name.clone(), seen: table::seen(stranger.traffic), table }
        });
        let mut new: Vec<_> = new.collect();
        new.sort_by(|one, other| one.name.cmp(&other.name));
        let (additions, of_peers) = additions::of(gathered, known, &owners);
        let at = |peer: &str| settings.site.tables.peers_at.get(peer).map(ToString::to_string);
        let changes = additions.into_iter().map(|it| Change {
            at: at(&it.peer).unwrap_or_default(),
            peer: it.peer.to_string(),
            key: it.key,
            add: it.new,
            whole: it.whole,
        });
        let of_peers = of_peers.into_iter().map(|it| Doubted {
            who: format!("peer.{}", it.peer),
            why: whys(std::slice::from_ref(&it.doubt)),
            seen: Vec::new(),
        });
        Self {
            first: gathered.first.clone(),
            last: gathered.last.clone(),
            associations: gathered.lines,
            new,
            changes: changes.collect(),
            doubted: doubted(&wrong, gathered).into_iter().chain(of_peers).collect(),
            more: gathered.more,
            nameless: gathered.nameless,
            odd: gathered.odd,
            foreign: gathered.foreign,
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
        if *associations == 0 {
            writeln!(out, "# The audit has no association of this time that was closed.")?;
        } else {
            let (new, changes, doubted) = (self.new.len(), self.changes.len(), self.doubted.len());
            let read = times(*associations, "association");
            writeln!(
                out,
                "# {read}, from {first} to {last}: {new} new, {changes} to change, {doubted} not suggested"
            )?;
        }
        let others = [
            (self.more, "of others, too many to tell apart"),
            (self.nameless, "without an address and a title that can be one"),
        ];
        for (count, what) in others.into_iter().filter(|(count, _)| *count > 0) {
            writeln!(out, "# and {} {what}", times(count, "association"))?;
        }
        let left_out = [
            (self.odd, "without a time, or of a time to come"),
            (self.foreign, "of something else than the audit"),
        ];
        for (count, what) in left_out.into_iter().filter(|(count, _)| *count > 0) {
            writeln!(out, "# left out: {} {what}", times(count, "line"))?;
        }
        Ok(())
    }
}

/// Those that are not suggested: whoever tries titles out is one, however many they were.
fn doubted(wrong: &[&Stranger<'_>], gathered: &Gathered) -> Vec<Doubted> {
    let mut scans: BTreeMap<IpAddr, Vec<&Stranger<'_>>> = BTreeMap::new();
    let mut others = Vec::new();
    for stranger in wrong {
        match stranger.who {
            Who::Address(address, _) if stranger.doubts.contains(&Doubt::Titles) => {
                scans.entry(address).or_default().push(stranger);
            }
            Who::Address(address, title) => {
                others.push(one(format!("{title} at {address}"), stranger));
            }
            Who::Certificate(ref recognition) => {
                others.push(one(format!("certificate {recognition}"), stranger));
            }
        }
    }
    let scans = scans.into_iter().map(|(address, titles)| scan(address, &titles, gathered));
    others.into_iter().chain(scans).chain(refused(gathered)).collect()
}

/// Those that never had an association.
fn refused(gathered: &Gathered) -> impl Iterator<Item = Doubted> {
    let was_let_in = |address, title| {
        gathered.addresses.get(address).is_some_and(|titles| titles.contains_key(title))
    };
    let refused = gathered.refused.iter();
    let refused = refused.filter(move |((address, title), _)| !was_let_in(address, title));
    refused.map(|((address, title), (count, reason))| Doubted {
        who: format!("{title} at {address}"),
        why: whys(&[Doubt::Refused(reason.clone())]),
        seen: vec![format!(
            "Refused {}.",
            if *count == 1 { "once".to_owned() } else { format!("{count} times") }
        )],
    })
}

fn one(who: String, stranger: &Stranger<'_>) -> Doubted {
    Doubted { who, why: whys(&stranger.doubts), seen: table::seen(stranger.traffic) }
}

fn scan(address: IpAddr, titles: &[&Stranger<'_>], gathered: &Gathered) -> Doubted {
    let mut doubts: Vec<Doubt> = Vec::new();
    for doubt in titles.iter().flat_map(|stranger| &stranger.doubts) {
        if !doubts.contains(doubt) {
            doubts.push(doubt.clone());
        }
    }
    let claimed = titles.iter().flat_map(|stranger| stranger.traffic.titles.iter());
    let claimed = claimed.map(|(title, count)| format!("{title} ({count})"));
    let mut seen = vec![format!("Claimed {}.", claimed.collect::<Vec<_>>().join(", "))];
    let further = gathered.claims.titles_from(address).saturating_sub(titles.len());
    if further > 0 {
        seen.push(format!("And {further} other titles."));
    }
    Doubted { who: address.to_string(), why: whys(&doubts), seen }
}

fn whys(doubts: &[Doubt]) -> Vec<Why> {
    doubts.iter().map(|doubt| Why { code: doubt.code(), text: doubt.to_string() }).collect()
}

fn times(count: u64, noun: &str) -> String {
    counted(usize::try_from(count).unwrap_or(usize::MAX), noun)
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
