//! What was measured, by table, row and proxy.

use super::peer::Peer;
use crate::report::{Figures, Table};

/// One measured value of one proxy.
pub(crate) struct Sample {
    table: &'static str,
    pub(crate) row: String,
    decimals: usize,
    pub(crate) value: f64,
}

impl Sample {
    pub(crate) fn new(
        table: &'static str,
        row: impl Into<String>,
        decimals: usize,
        value: f64,
    ) -> Self {
        Self { table, row: row.into(), decimals, value }
    }
}

/// The figures of one row, in the order of the proxies.
pub(crate) struct Row {
    table: &'static str,
    name: String,
    pub(crate) decimals: usize,
    pub(crate) figures: Vec<Figures>,
}

/// Everything that was measured.
pub(crate) struct Results {
    pub(crate) peers: Vec<Peer>,
    /// With the package that is missing.
    pub(crate) left_out: Vec<(Peer, &'static str)>,
    rows: Vec<Row>,
}

/// What the gate is compared with in the last columns.
const OTHERS: [Peer; 2] = [Peer::BestCopy, Peer::Haproxy];

impl Results {
    pub(crate) fn of(peers: Vec<Peer>, left_out: Vec<(Peer, &'static str)>) -> Self {
        Self { peers, left_out, rows: Vec::new() }
    }

    /// Adds a value of the proxy with this number.
    pub(crate) fn record(&mut self, proxy: usize, sample: Sample) {
        let Sample { table, row, decimals, value } = sample;
        let known = self.rows.iter().position(|known| known.table == table && known.name == row);
        let at = known.unwrap_or(self.rows.len());
        if known.is_none() {
            let figures = vec![Figures::default(); self.peers.len()];
            self.rows.push(Row { table, name: row, decimals, figures });
        }
        let figures = self.rows.get_mut(at).and_then(|row| row.figures.get_mut(proxy));
        if let Some(figures) = figures {
            figures.push(value);
        }
    }

    pub(crate) fn row(&self, table: &str, name: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.table == table && row.name == name)
    }

    /// All tables in Markdown, each below its title.
    pub(crate) fn tables(&self) -> String {
        let mut titles: Vec<_> = Vec::new();
        for row in &self.rows {
            if !titles.contains(&row.table) {
                titles.push(row.table);
            }
        }
        titles.into_iter().map(|title| format!("### {title}\n\n{}\n", self.table(title))).collect()
    }

    fn table(&self, title: &str) -> String {
        let compared: Vec<_> =
            OTHERS.into_iter().filter(|other| self.is_compared(*other)).collect();
        let names = self.peers.iter().map(|peer| peer.name().to_owned());
        let ratios = compared.iter().map(|other| format!("pacsgate / {}", other.name()));
        let columns: Vec<_> = [String::new()].into_iter().chain(names).chain(ratios).collect();
        let mut table = Table::new(&columns.iter().map(String::as_str).collect::<Vec<_>>());
        for row in self.rows.iter().filter(|row| row.table == title) {
            let figures = row.figures.iter().map(|figures| figures.show(row.decimals));
            let ratios = compared.iter().map(|other| self.ratio(row, *other));
            table.row([row.name.clone()].into_iter().chain(figures).chain(ratios));
        }
        table.render()
    }

    fn is_compared(&self, other: Peer) -> bool {
        self.peers.contains(&Peer::Pacsgate) && self.peers.contains(&other)
    }

    fn ratio(&self, row: &Row, other: Peer) -> String {
        let of = |wanted: Peer| {
            let place = self.peers.iter().position(|peer| *peer == wanted)?;
            row.figures.get(place)
        };
        match (of(Peer::Pacsgate), of(other)) {
            (Some(own), Some(other)) => own.ratio(other).show(2),
            _ => String::new(),
        }
    }
}
