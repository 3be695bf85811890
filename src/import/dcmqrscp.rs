//! `dcmqrscp.cfg` of DCMTK: the HostTable has the devices, the AETable what they may do.

use std::collections::{BTreeSet, HashMap};

use super::device::Device;
use super::field;
use super::found::{Found, Problem};
use super::plain::plain;
use super::text::Text;

/// Of all groups together: a group has groups.
const MOST_MEMBERS: usize = 100_000;
const TABLES: [&str; 3] = ["HostTable", "VendorTable", "AETable"];
const PARAMETERS: [&str; 13] = [
    "NetworkTCPPort",
    "MaxPDUSize",
    "MaxAssociations",
    "UserName",
    "GroupName",
    "NetworkType",
    "SpecificCharacterSet",
    "ApplicationTitle",
    "ApplicationContext",
    "ImplementationClass",
    "ImplementationVersion",
    "Display",
    "DisplayPort",
];

/// Whether a table of it begins on this line.
pub(super) fn begins_table(line: &str) -> bool {
    let mut words = line.split_whitespace();
    words.next().is_some_and(|word| TABLES.contains(&word)) && words.next() == Some("BEGIN")
}

/// A word of a line, with the byte at which it begins.
type Word<'a> = (usize, &'a str);

pub(super) fn read(text: &Text, found: &mut Found) {
    let mut reader =
        Reader { text, found, devices: Vec::new(), symbols: HashMap::new(), members: 0 };
    let mut table: Option<(&'static str, usize)> = None;
    for (start, line) in text.lines() {
        if reader.found.is_full() {
            return;
        }
        let words = words(start, line);
        let Some((at, first)) = words.first().copied().filter(|(_, word)| !word.starts_with('#'))
        else {
            continue;
        };
        let second = words.get(1).map(|(_, word)| *word);
        let named = TABLES.into_iter().find(|name| *name == first);
        table = match (table, named, second) {
            (None, Some(name), Some("BEGIN")) => Some((name, at)),
            (Some((open, _)), Some(name), Some("END")) if name == open => None,
            (Some((open, begun)), None, _) => {
                reader.line(open, &words);
                Some((open, begun))
            }
            (Some((open, begun)), Some(_), _) => {
                reader.found.fault(text.place(begun), Problem::NoEnd(open));
                return;
            }
            (None, None, _) if PARAMETERS.contains(&first) => None,
            (None, _, _) => {
                reader.found.fault(text.place(at), Problem::Parameter(plain(first)));
                None
            }
        };
    }
    if let Some((open, begun)) = table {
        reader.found.fault(text.place(begun), Problem::NoEnd(open));
    }
    let devices = reader.devices;
    devices.into_iter().for_each(|device| found.device(device));
}

/// The words of a line: gaps are blanks, `=` and commas, and what is in quotes or parentheses is one word
/// with its parentheses.
fn words(start: usize, line: &str) -> Vec<Word<'_>> {
    let is_gap = |letter: char| letter.is_whitespace() || "=,".contains(letter);
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(rest) = line.get(at..).filter(|rest| !rest.is_empty()) {
        let blank = rest.len() - rest.trim_start_matches(is_gap).len();
        if blank > 0 {
            at += blank;
            continue;
        }
        let end = match rest.chars().next() {
            Some('(') => rest.find(')').map(|end| end + 1),
            Some(quote @ ('"' | '\'')) => {
                rest.get(1..).and_then(|rest| rest.find(quote)).map(|end| end + 2)
            }
            Some(_) | None => rest.find(is_gap),
        };
        let word = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        words.push((start + at, word));
        at += word.len();
    }
    words
}

struct Reader<'a> {
    text: &'a Text,
    found: &'a mut Found,
    devices: Vec<Device>,
    symbols: HashMap<String, BTreeSet<usize>>,
    members: usize,
}

impl Reader<'_> {
    fn line(&mut self, table: &str, words: &[Word<'_>]) {
        let Some(((at, name), rest)) = words.split_first() else { return };
        match table {
            "HostTable" => {
                let Some(members) = self.members(*at, rest) else { return };
                self.members += members.len();
                if self.members > MOST_MEMBERS {
                    return self.found.fault(self.text.place(*at), Problem::Members(MOST_MEMBERS));
                }
                if let [one] = Vec::from_iter(&members).as_slice() {
                    let device = self.devices.get_mut(**one).filter(|it| it.label.is_empty());
                    device.into_iter().for_each(|device| (*name).clone_into(&mut device.label));
                }
                self.symbols.insert((*name).to_owned(), members);
            }
            "VendorTable" => {
                let Some(members) = self.members(*at, rest) else { return };
                let vendor = name.trim_matches(['"', '\'']);
                self.each(&members, |device| device.told.push(format!("It is of {vendor}.")));
            }
            _ => self.area(*at, name, rest),
        }
    }

    fn each(&mut self, members: &BTreeSet<usize>, mut change: impl FnMut(&mut Device)) {
        for at in members {
            self.devices.get_mut(*at).into_iter().for_each(&mut change);
        }
    }

    /// A storage area: title, folder, access, quota, peers.
    fn area(&mut self, at: usize, title: &str, words: &[Word<'_>]) {
        let place = self.text.place(at);
        let [_, (at_access, access), _, peers @ ..] = words else {
            return self.found.fault(place, Problem::Missing("the access, the quota or the peers"));
        };
        let services: &[&'static str] = match *access {
            "R" => &["echo", "find", "move", "get"],
            "W" => &["echo", "store"],
            "RW" => &["echo", "store", "find", "move", "get"],
            _ => {
                let problem = Problem::Access(plain(access));
                return self.found.fault(self.text.place(*at_access), problem);
            }
        };
        if let [(at, "ANY"), ..] = peers {
            let told = format!("{title} is open to ANY device ({access}): no peer stands for that");
            return self.found.finding(self.text.place(*at), &told);
        }
        let Some(members) = self.members(at, peers) else { return };
        self.each(&members, |device| services.iter().for_each(|service| device.may(service)));
    }

    /// The devices of a list of triples and names.
    fn members(&mut self, at: usize, words: &[Word<'_>]) -> Option<BTreeSet<usize>> {
        let mut members = BTreeSet::new();
        for (at, word) in words {
            if word.starts_with('(') {
                members.insert(self.triple(*at, word)?);
            } else if let Some(known) = self.symbols.get(*word) {
                members.extend(known);
            } else {
                self.found.fault(self.text.place(*at), Problem::Symbol(plain(word)));
                return None;
            }
        }
        if members.is_empty() {
            let problem = Problem::Missing("a device, such as \"(CT1, ct1.example, 104)\",");
            self.found.fault(self.text.place(at), problem);
            return None;
        }
        Some(members)
    }

    /// `(CT1, host, 104)`: where it is among the devices.
    fn triple(&mut self, at: usize, word: &str) -> Option<usize> {
        let place = self.text.place(at);
        let inside = word.strip_prefix('(').and_then(|word| word.strip_suffix(')'));
        let parts: Vec<_> = inside.unwrap_or_default().split(',').map(str::trim).collect();
        let [title, host, port] = parts.as_slice() else {
            self.found.fault(place, Problem::Expected("\"(title, host, port)\""));
            return None;
        };
        let title = self.found.take(place, field::title(title));
        let host = self.found.take(place, field::host(host));
        let port = self.found.take(place, field::port(port));
        let (title, host, port) = (title?, host?, port?);
        let is_it = |it: &Device| it.titles == [title] && it.host == host && it.port == port;
        if let Some(known) = self.devices.iter().position(is_it) {
            return Some(known);
        }
        self.devices.push(Device { titles: vec![title], host, port, ..Device::at(place) });
        Some(self.devices.len() - 1)
    }
}
