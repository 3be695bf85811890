//! The text of a configuration, table by table. The benchmarks are built with this file, too.

use std::collections::BTreeMap;
use std::fmt::{Debug, Display};

/// The keys of a table with their values in TOML, with their quotes.
pub(crate) type Table = BTreeMap<&'static str, String>;

/// A listener on a port of this machine that the system chooses.
pub(crate) fn listener() -> Table {
    Table::from([("bind", r#"["127.0.0.1:0"]"#.into())])
}

/// The files of a listener's TLS; paths and texts are written alike.
pub(crate) fn tls(certificate: impl Debug, key: impl Debug, client_ca: impl Debug) -> Table {
    Table::from([
        ("certificate", format!("{certificate:?}")),
        ("private_key", format!("{key:?}")),
        ("client_ca", format!("{client_ca:?}")),
    ])
}

/// A PACS, and the titles that lead to it.
pub(crate) fn pacs(address: impl Display, called: &[&str]) -> Table {
    Table::from([("address", format!("\"{address}\"")), ("called_ae", format!("{called:?}"))])
}

/// A peer of the PACS `archive`, recognised by any of these, such as `("san_dns", "ct1.example")`.
pub(crate) fn peer(matchers: &[(&str, &str)], calling: &[&str], services: &[&str]) -> Table {
    let matchers = matchers.iter().map(|(key, value)| format!("{{ {key} = {value:?} }}"));
    Table::from([
        ("certificate", format!("[{}]", matchers.collect::<Vec<_>>().join(", "))),
        ("calling_ae", format!("{calling:?}")),
        ("pacs", r#"["archive"]"#.into()),
        ("services", format!("{services:?}")),
    ])
}

/// A main file.
pub(crate) fn main_file(tables: &[(&str, &Table)]) -> String {
    let tables = tables.iter().map(|(name, table)| named(name, table));
    tables.fold("schema = 1\n".to_owned(), |text, table| text + &table)
}

/// A table with its name, as in a drop-in file; nothing if it has no keys.
pub(crate) fn named(name: impl Display, table: &Table) -> String {
    if table.is_empty() {
        return String::new();
    }
    let keys = table.iter().map(|(key, value)| format!("{key} = {value}\n"));
    keys.fold(format!("[{name}]\n"), |text, key| text + &key)
}
