//! CSV: a header line, and a line for each device.

use csv::{ReaderBuilder, StringRecord};

use super::device::Device;
use super::field;
use super::found::{Found, Problem};
use super::plain::plain;
use super::text::Text;
use super::words;

/// What parts fields, the likelier one first.
const DELIMITERS: [char; 3] = [';', ',', '\t'];

/// What a column says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Title,
    Host,
    Port,
    Services,
    Name,
    Other,
}

/// What columns are called: in lower case, letters and digits alone.
const COLUMNS: [(Column, &str, &[&str]); 5] = [
    (
        Column::Title,
        "AE title",
        &[
            "title",
            "titles",
            "aetitle",
            "aetitles",
            "aet",
            "ae",
            "callingaetitle",
            "callingaet",
            "callingae",
        ],
    ),
    (
        Column::Host,
        "host",
        &[
            "host",
            "hostname",
            "ip",
            "ipaddress",
            "address",
            "ipadress",
            "fqdn",
            "hostip",
            "dnsname",
        ],
    ),
    (Column::Port, "port", &["port", "tcpport", "dicomport", "portnumber"]),
    (
        Column::Services,
        "services",
        &[
            "services",
            "service",
            "does",
            "whatitdoes",
            "function",
            "functions",
            "role",
            "roles",
            "purpose",
            "use",
        ],
    ),
    (
        Column::Name,
        "name",
        &["name", "device", "devicename", "station", "stationname", "system", "modalityname"],
    ),
];

/// Whether the first line is a header with a title.
pub(super) fn is_header(text: &str) -> bool {
    let line = text.lines().find(|line| !line.trim().is_empty() && separator(line).is_none());
    let line = line.unwrap_or_default();
    let mut names = line.split(DELIMITERS).map(|name| column(name.trim_matches('"')));
    names.any(|name| name == Column::Title)
}

pub(super) fn read(text: &Text, found: &mut Found) {
    let mut first = text.lines();
    let named = first.next().and_then(|(_, line)| separator(line));
    let header =
        text.lines().find(|(_, line)| !line.trim().is_empty() && separator(line).is_none());
    let Some((start, header)) = header else { return };
    let delimiter = named.unwrap_or_else(|| likeliest(header));
    if let Some(at) = unclosed(text.as_str(), delimiter) {
        return found.fault(text.place(at), Problem::Unclosed);
    }
    let rows = text.as_str().get(start..).unwrap_or_default();
    let delimiter_byte = u8::try_from(delimiter).unwrap_or(b',');
    let mut builder = ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(delimiter_byte);
    let mut reader = builder.from_reader(rows.as_bytes());
    let mut columns = None;
    for row in reader.records() {
        // It was text when it was decoded, and everything else a flexible reader takes.
        let Ok(row) = row else { continue };
        let at = start + row.position().map_or(0, |it| usize::try_from(it.byte()).unwrap_or(0));
        let row = Row { text, row: &row, at, delimiter };
        match &columns {
            None => columns = row.header(found),
            Some(columns) if !found.is_full() => row.device(columns, found),
            Some(_) => {}
        }
        if columns.is_none() {
            return;
        }
    }
}

/// `sep=;`, by which spreadsheets are told what parts fields.
fn separator(line: &str) -> Option<char> {
    let rest = line.trim().strip_prefix("sep=")?;
    DELIMITERS.into_iter().find(|it| rest.starts_with(*it))
}

fn likeliest(header: &str) -> char {
    let count = |delimiter: &char| header.matches(*delimiter).count();
    DELIMITERS.into_iter().rev().max_by_key(count).unwrap_or(',')
}

fn column(name: &str) -> Column {
    let letters = name.chars().filter(|letter| letter.is_alphanumeric());
    let name: String = letters.collect::<String>().to_lowercase();
    let known = COLUMNS.iter().find(|(_, _, names)| names.contains(&name.as_str()));
    known.map_or(Column::Other, |(column, ..)| *column)
}

/// Where a field begins with a quote and does not end.
fn unclosed(text: &str, delimiter: char) -> Option<usize> {
    let mut open = None;
    let mut begins = true;
    for (at, letter) in text.char_indices() {
        match (open, letter) {
            (Some(_), '"') => open = None,
            (None, '"') if begins => open = Some(at),
            // A doubled quote inside a field closes and opens it.
            (None, '"') if text.get(..at).is_some_and(|before| before.ends_with('"')) => {
                open = Some(at);
            }
            _ => {}
        }
        begins = letter == delimiter || letter == '\n' || letter == '\r';
    }
    open
}

struct Row<'a> {
    text: &'a Text,
    row: &'a StringRecord,
    at: usize,
    delimiter: char,
}

impl Row<'_> {
    /// Where a field begins.
    fn place(&self, field: usize) -> super::device::Place {
        let rest = self.text.as_str().get(self.at..).unwrap_or_default();
        let blank = rest.len() - rest.trim_start_matches(['\r', '\n']).len();
        let (mut is_quoted, mut passed) = (false, 0);
        let letters = rest.char_indices().skip(blank);
        for (at, letter) in letters {
            if passed == field {
                return self.text.place(self.at + at);
            }
            is_quoted ^= letter == '"';
            passed += usize::from(letter == self.delimiter && !is_quoted);
        }
        self.text.place(self.at + blank)
    }

    /// What the columns say, with their names.
    fn header(&self, found: &mut Found) -> Option<Vec<(Column, String)>> {
        let columns: Vec<_> = self.row.iter().map(|name| (column(name), plain(name))).collect();
        for (which, what, _) in COLUMNS {
            let mut same = columns.iter().enumerate().filter(|(_, (it, _))| *it == which);
            if let Some((second, _)) = same.nth(1) {
                found.fault(self.place(second), Problem::Columns(what));
                return None;
            }
        }
        if !columns.iter().any(|(column, _)| *column == Column::Title) {
            found.fault(self.place(0), Problem::NoTitleColumn);
            return None;
        }
        Some(columns)
    }

    fn device(&self, columns: &[(Column, String)], found: &mut Found) {
        if self.row.iter().all(|field| field.trim().is_empty()) {
            return;
        }
        if self.row.len() > columns.len() {
            let (count, columns, delimiter) = (self.row.len(), columns.len(), self.delimiter);
            let problem = Problem::Fields { found: count, columns, delimiter };
            return found.fault(self.place(columns), problem);
        }
        let mut device = Device::at(self.place(0));
        let faults = found.faults.len();
        for (at, ((column, name), field)) in columns.iter().zip(self.row).enumerate() {
            if !field.trim().is_empty() {
                self.field(&mut device, at, (*column, name), field, found);
            }
        }
        if found.faults.len() == faults {
            found.device(device);
        }
    }

    fn field(
        &self,
        device: &mut Device,
        at: usize,
        (column, name): (Column, &str),
        text: &str,
        found: &mut Found,
    ) {
        let place = self.place(at);
        match column {
            Column::Title => {
                device.titles = found.take(place, field::titles(text)).unwrap_or_default();
            }
            Column::Host => device.host = found.take(place, field::host(text)).flatten(),
            Column::Port => device.port = found.take(place, field::port(text)).flatten(),
            Column::Name => text.trim().clone_into(&mut device.label),
            Column::Other => device.told.push(format!("{name}: {}", plain(text))),
            Column::Services => {
                let (services, is_clear) = words::services(text);
                device.services = services;
                device.told.push(format!("{name}: {}", plain(text)));
                if !is_clear {
                    let told =
                        format!("\"{}\" was not wholly understood: see services", plain(text));
                    found.finding(place, &told);
                }
            }
        }
    }
}
