//! A part of the screen: a title, and rows of which some may be left out.

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

use crate::cli::trail::harmless;

/// The most columns of a cell, but for the last of its row.
const CELL: usize = 28;
/// Between two cells.
const GAP: usize = 2;
/// What is kept of a section, unless it says otherwise.
const LEAST: usize = 2;

/// A part of the screen.
pub(super) struct Section {
    title: String,
    rows: Vec<Row>,
    /// How many more there are than rows.
    more: u64,
    /// How many are kept as long as there is room for any.
    least: usize,
}

/// One row.
pub(super) struct Row {
    cells: Vec<String>,
    style: Style,
}

impl Row {
    pub(super) fn new<const N: usize>(cells: [String; N]) -> Self {
        Self { cells: cells.map(|cell| harmless(&cell)).to_vec(), style: Style::new() }
    }

    /// A row with glyphs of this program's own behind its cells.
    pub(super) fn drawn(mut self, drawing: String) -> Self {
        self.cells.push(drawing);
        self
    }

    pub(super) fn styled(mut self, style: Style) -> Self {
        self.style = style;
        self
    }
}

impl Section {
    pub(super) fn new(title: impl Into<String>, rows: Vec<Row>, more: u64) -> Self {
        Self { title: harmless(&title.into()), rows, more, least: LEAST }
    }

    /// It is of little use with fewer rows than this.
    pub(super) fn at_least(self, least: usize) -> Self {
        Self { least, ..self }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    const fn wish(&self) -> usize {
        1 + self.rows.len() + if self.more > 0 { 1 } else { 0 }
    }

    fn lines(&self, width: usize, height: usize) -> Vec<Line<'static>> {
        let title = Style::new().add_modifier(Modifier::BOLD).fg(Color::Cyan);
        let mut lines = vec![line(cut(&self.title, width), title)];
        let room = height.saturating_sub(1);
        let is_whole = self.wish() <= height;
        let shown = if is_whole { self.rows.len() } else { room.saturating_sub(1) };
        let widths = widths(&self.rows);
        let rows = self.rows.iter().take(shown);
        lines.extend(rows.map(|row| line(cut(&joined(&row.cells, &widths), width), row.style)));
        let left_out = self.rows.len().saturating_sub(shown) as u64 + self.more;
        if left_out > 0 && room > 0 {
            lines.push(line(cut(&format!("  and {left_out} more"), width), faint()));
        }
        lines
    }
}

/// As many of the sections, and as much of each, as there is room for; the first matter most.
pub(super) fn fit(sections: &[Section], width: usize, height: usize) -> Vec<Line<'static>> {
    let mut left = height;
    let mut heights: Vec<usize> = Vec::new();
    for section in sections {
        let given = match section.wish().min(1 + section.least) {
            least if left >= least => least,
            // Two lines are a title and a word.
            _ if left > LEAST => left,
            _ => 0,
        };
        left -= given;
        heights.push(given);
    }
    for (given, section) in heights.iter_mut().zip(sections).filter(|(given, _)| **given > 0) {
        let more = (section.wish() - *given).min(left);
        left -= more;
        *given += more;
    }
    let all = heights.into_iter().zip(sections).filter(|(height, _)| *height > 0);
    all.flat_map(|(height, section)| section.lines(width, height)).collect()
}

fn widths(rows: &[Row]) -> Vec<usize> {
    let columns = rows.iter().map(|row| row.cells.len()).max().unwrap_or_default();
    let widest = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.cells.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default().min(CELL)
    };
    (0..columns).map(widest).collect()
}

fn joined(cells: &[String], widths: &[usize]) -> String {
    let mut text = String::new();
    for (number, (cell, width)) in cells.iter().zip(widths).enumerate() {
        let is_last = number + 1 == cells.len();
        let cell = if is_last { cell.clone() } else { cut(cell, *width) };
        text.push_str(&" ".repeat(GAP));
        text.push_str(&format!("{cell:width$}"));
    }
    text.trim_end().to_owned()
}

/// At most so many columns; what is shown has one for each character.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept = text.chars().take(width.saturating_sub(2));
    kept.chain("..".chars().take(width)).collect()
}

/// Broken at spaces into lines of so many columns, the first of which may have fewer.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let word = cut(word, width);
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() {
            line.push_str(&word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(&word);
        } else {
            lines.push(word);
        }
    }
    lines.retain(|line| !line.is_empty());
    lines
}

pub(super) fn line(text: String, style: Style) -> Line<'static> {
    Line::from(Span::styled(text, style))
}

pub(super) fn faint() -> Style {
    Style::new().add_modifier(Modifier::DIM)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(title: &str, rows: usize) -> Section {
        let rows = (0..rows).map(|row| Row::new([format!("{title}{row}"), "x".into()])).collect();
        Section::new(title, rows, 0)
    }

    fn fitted(sections: &[Section], height: usize) -> Vec<String> {
        fit(sections, 40, height).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn gives_what_matters_most_its_room_and_says_what_is_left_out() {
        let sections = [section("a", 5), section("b", 1), section("c", 3)];
        assert_eq!(fitted(&sections, 100).len(), 6 + 2 + 4);
        let little = fitted(&sections, 6);
        assert_eq!(little, ["a", "  a0  x", "  a1  x", "  and 3 more", "b", "  b0  x"]);
        assert_eq!(fitted(&sections, 3), ["a", "  a0  x", "  and 4 more"]);
        assert_eq!(fitted(&sections, 0), Vec::<String>::new());
    }

    #[test]
    fn stays_within_its_columns() {
        assert_eq!(["abc", "abcd"].map(|text| cut(text, 3)), ["abc", "a.."]);
        assert_eq!((cut("abc", 1), cut("abc", 0)), (".".to_owned(), String::new()));
        assert_eq!(wrapped("one two  three", 7), ["one two", "three"]);
        assert_eq!(wrapped("muchtoolong x", 6), ["much..", "x"]);
        let long = Section::new("t", vec![Row::new(["a".repeat(90), "b".repeat(90)])], 0);
        assert!(fitted(&[long], 9).iter().all(|line| line.chars().count() <= 40));
    }

    #[test]
    fn shows_nothing_that_a_terminal_obeys() {
        let hostile = Section::new("t\u{1b}[2J", vec![Row::new(["\u{9b}2J\u{202e}\n".into()])], 0);
        let shown = fitted(&[hostile], 9).concat();
        assert!(shown.chars().all(|letter| matches!(letter, ' '..='~')), "{shown}");
    }
}
