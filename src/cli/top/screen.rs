//! All that is shown, line by line, in as much room as there is.

use std::time::SystemTime;

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;

use super::section::{Row, Section, cut, faint, fit, line, wrapped};
use super::status::{Address, Day, End, Group, Open, Refusal, Reload, Status, Target, moment};
use crate::admin::view::words;
use crate::cli::trail::harmless;

/// Certificates and lists that end later are not shown.
const SOON: i64 = 60;
/// Reloads that are shown.
const RELOADS: usize = 3;
/// Columns of a chart at the most.
const CHART: usize = 60;
/// What stands before it and behind it.
const BESIDE_CHART: usize = 30;
/// From so many lines on there is one for the keys.
const ROOMY: usize = 8;
/// Lines of the explanation of a refusal that are worth more than what follows.
const EXPLAINED: usize = 8;
/// A part of the screen that what is to be done may take.
const PART: usize = 3;

/// What is known, and where somebody looks.
pub(super) struct Screen {
    pub(super) status: Status,
    /// Why that is not what is now.
    pub(super) trouble: Option<String>,
    /// The number of the refusal that is explained; where it is none of them, that of the verdict.
    pub(super) chosen: Option<u64>,
}

impl Screen {
    pub(super) const fn new(status: Status) -> Self {
        Self { status, trouble: None, chosen: None }
    }

    /// Looks at the next refusal, or at the one before.
    pub(super) fn step(&mut self, forward: bool) {
        let ordered = self.ordered();
        let at = self.place();
        let at = if forward { at + 1 } else { at.saturating_sub(1) };
        let at = at.min(ordered.len().saturating_sub(1));
        self.chosen = ordered.get(at).map(|refusal| refusal.number);
    }

    /// In the order in which they are shown: who is known before who is not.
    fn ordered(&self) -> Vec<&Refusal> {
        let mut ordered: Vec<_> = self.status.refusals.iter().collect();
        ordered.sort_by_key(|refusal| refusal.group());
        ordered
    }

    fn place(&self) -> usize {
        let ordered = self.ordered();
        let place = |of: Option<u64>| ordered.iter().position(|it| Some(it.number) == of);
        place(self.chosen).or_else(|| place(self.status.verdict.refusal)).unwrap_or_default()
    }

    /// The lines for so many columns and lines; there may be fewer.
    pub(super) fn lines(&self, width: usize, height: usize, keys: bool) -> Vec<Line<'static>> {
        let mut lines = vec![line(cut(&self.head(), width), faint())];
        lines.extend(self.verdict(width).into_iter().take((height / PART).max(1)));
        lines.truncate(height);
        let with_keys = keys && height >= ROOMY;
        let room = height.saturating_sub(lines.len() + usize::from(with_keys));
        lines.extend(fit(&self.sections(width), width, room));
        if with_keys {
            lines.resize(height - 1, Line::default());
            let told = "q quits, up and down choose a refusal";
            lines.push(line(cut(told, width), faint()));
        }
        lines
    }

    fn head(&self) -> String {
        let Status { version, time, since, configuration, open, open_more, .. } = &self.status;
        let up = match (moment(since), moment(time)) {
            (Some(since), Some(now)) => age(since, now),
            _ => String::new(),
        };
        let open = words::number(open.len() as u64 + open_more);
        let clock = time.split_once('T').map_or("", |(_date, clock)| clock);
        harmless(&format!(
            "pacsgate {version}, up {up}, {open} open, configuration {configuration:.12}, {clock}"
        ))
    }

    fn verdict(&self, width: usize) -> Vec<Line<'static>> {
        let verdict = &self.status.verdict;
        let (word, color) = match &*verdict.state {
            _ if self.trouble.is_some() => ("NO ANSWER", Color::Red),
            "well" => ("WELL", Color::Green),
            "look" => ("LOOK", Color::Yellow),
            _ => ("ACT", Color::Red),
        };
        let bold = Style::new().fg(color).add_modifier(Modifier::BOLD);
        let told = |text: &str, style: Style| {
            let lines = wrapped(&harmless(text), width).into_iter();
            lines.map(move |text| line(text, style)).collect::<Vec<_>>()
        };
        if let Some(trouble) = &self.trouble {
            let since = "What follows is what it said last.";
            return [told(&format!("{word}: {trouble}"), bold), told(since, faint())].concat();
        }
        let first = told(&format!("{word}: {}", verdict.sentence), bold);
        let more = verdict.more.iter().flat_map(|more| told(more, Style::new().fg(color)));
        let what_to_do = told(&verdict.what_to_do, Style::new());
        first.into_iter().chain(what_to_do).chain(more).collect()
    }

    fn sections(&self, width: usize) -> Vec<Section> {
        let status = &self.status;
        let now = status.now().unwrap_or(SystemTime::UNIX_EPOCH);
        let [known, unknown, noise] = Group::ALL.map(|group| self.refusals(group, now));
        let all = [
            targets(&status.targets, now),
            known,
            unknown,
            self.explained(width),
            noise,
            open(&status.open, status.open_more, now),
            day(&status.day, width),
            ends(&status.ends),
            self.report_only(),
            reloads(&status.reloads, now),
        ];
        all.into_iter().filter(|section| !section.is_empty()).collect()
    }

    fn refusals(&self, group: Group, now: SystemTime) -> Section {
        let ordered = self.ordered();
        let chosen = ordered.get(self.place()).map(|refusal| refusal.number);
        let of_group: Vec<_> = ordered.into_iter().filter(|it| it.group() == group).collect();
        let at = of_group.iter().position(|it| Some(it.number) == chosen);
        let row = |refusal: &&Refusal| {
            let is_chosen = Some(refusal.number) == chosen;
            let mark = if is_chosen { ">" } else { " " };
            let Refusal { who, reason, count, last, line, .. } = refusal;
            let who = format!("{mark} {}", harmless(who));
            let (times, ago) = (words::times(*count), ago(last, now));
            let titles = line.calling.iter().zip(&line.called);
            let titles = titles.map(|(calling, called)| format!("{calling} to {called}")).collect();
            let row = Row::new([who, reason.clone(), times, ago, titles]);
            row.styled(if is_chosen { Style::new().bold() } else { Style::new() })
        };
        // The chosen one is among those for which there is room.
        let from = at.unwrap_or_default().saturating_sub(1);
        Section::new(group.title(), of_group.iter().skip(from).map(row).collect(), 0)
    }

    fn explained(&self, width: usize) -> Section {
        let ordered = self.ordered();
        let Some(refusal) = ordered.get(self.place()) else {
            return Section::new("", Vec::new(), 0);
        };
        let table = refusal.table_at.as_ref().map(|at| format!("Its table is at {at}."));
        let sentences = [
            Some(&refusal.detail),
            refusal.nearest.as_ref(),
            refusal.advice.as_ref(),
            table.as_ref(),
        ];
        let sentences = sentences.into_iter().flatten();
        let lines = sentences.flat_map(|text| wrapped(&harmless(text), width.saturating_sub(2)));
        let mut rows: Vec<_> = lines.map(|text| Row::new([text])).collect();
        if let Some(paste) = &refusal.paste {
            let to = format!("Paste {}:", paste.to);
            let to = wrapped(&harmless(&to), width.saturating_sub(2));
            rows.extend(to.into_iter().map(|text| Row::new([text])));
            let text = paste.text.lines();
            rows.extend(text.map(|text| Row::new([format!("  {text}")])));
            let effect = harmless(paste.effect.as_deref().unwrap_or_default());
            let effect = wrapped(&effect, width.saturating_sub(2));
            rows.extend(effect.into_iter().map(|text| Row::new([text])));
        }
        let whom = if refusal.known { "" } else { "the unknown " };
        let title = format!("Why {whom}{} was refused", refusal.who);
        Section::new(title, rows, 0).at_least(EXPLAINED)
    }

    fn report_only(&self) -> Section {
        let rows = self.status.report_only.iter();
        let rows = rows.map(|it| Row::new([it.listener.clone(), format!("until {}", it.until)]));
        Section::new("Listeners that only report", rows.collect(), 0)
    }
}

fn targets(targets: &[Target], now: SystemTime) -> Section {
    let rows = targets.iter().flat_map(|target| {
        target
            .addresses
            .iter()
            .enumerate()
            .map(move |(at, address)| target_row(target, at, address, now))
    });
    Section::new("PACS", rows.collect(), 0)
}

fn target_row(target: &Target, at: usize, address: &Address, now: SystemTime) -> Row {
    let is_down = address.state == "down";
    let state = match &*address.state {
        "unknown" if !target.is_asked => "not asked",
        state => state,
    };
    let used = if target.in_use == Some(at) && target.is_asked { ", in use" } else { "" };
    let missed = address.last_missed.as_ref().map(|then| format!("last tried {}", ago(then, now)));
    let since = address.since.as_ref().filter(|_| is_down).map(|since| ago(since, now));
    let since = missed.or(since);
    let took = address.round_trip_ms.filter(|_| !is_down).map(|took| format!("{took} ms"));
    let told = [since, took, address.trouble.clone()].into_iter().flatten().collect::<Vec<_>>();
    let cells =
        [target.pacs.clone(), address.address.clone(), format!("{state}{used}"), told.join(": ")];
    Row::new(cells).styled(if is_down { Style::new().fg(Color::Red) } else { Style::new() })
}

fn open(open: &[Open], more: u64, now: SystemTime) -> Section {
    let row = |it: &Open| {
        let arrow = if it.direction == "outward" { "<-" } else { "->" };
        let since = moment(&it.since).map_or_else(String::new, |since| age(since, now));
        let (objects, bytes) = (words::counted(it.objects, "object"), words::bytes(it.bytes));
        let who = format!("{} {arrow} {}", it.peer, it.pacs);
        Row::new([who, since, objects, bytes, it.source.clone()])
    };
    let count = words::counted(open.len() as u64 + more, "open association");
    Section::new(count, open.iter().map(row).collect(), more)
}

fn day(day: &Day, width: usize) -> Section {
    let columns = width.saturating_sub(BESIDE_CHART).min(CHART);
    let turned_away = |(refused, failed): (&u64, &u64)| refused.saturating_add(*failed);
    let refused: Vec<u64> = day.refused.iter().zip(&day.failed).map(turned_away).collect();
    let all = [
        ("associations", &day.associations),
        ("objects", &day.objects),
        ("refused", &refused),
        ("would be refused", &day.would_refuse),
    ];
    let rows = all.into_iter().filter_map(|(name, steps)| {
        let sum = steps.iter().fold(0_u64, |sum, step| sum.saturating_add(*step));
        let is_shown = !steps.is_empty() && (name != "would be refused" || sum > 0);
        let row = || Row::new([name.to_owned(), words::number(sum)]).drawn(chart(steps, columns));
        is_shown.then(row)
    });
    Section::new("The last 24 hours", rows.collect(), 0)
}

/// A bar for each part of the time; the highest is as high as a line.
fn chart(steps: &[u64], columns: usize) -> String {
    const BARS: [char; 8] = [
        '\u{2581}', '\u{2582}', '\u{2583}', '\u{2584}', '\u{2585}', '\u{2586}', '\u{2587}',
        '\u{2588}',
    ];
    if columns == 0 {
        return String::new();
    }
    let each = steps.len().div_ceil(columns).max(1);
    let sums =
        steps.chunks(each).map(|part| part.iter().fold(0_u64, |sum, it| sum.saturating_add(*it)));
    let sums: Vec<_> = sums.collect();
    let highest = sums.iter().copied().max().unwrap_or_default().max(1);
    let bar = |sum: u64| match sum {
        0 => ' ',
        sum => {
            let height = u128::from(sum) * 7 / u128::from(highest);
            usize::try_from(height).ok().and_then(|height| BARS.get(height)).copied().unwrap_or(' ')
        }
    };
    sums.into_iter().map(bar).collect()
}

fn ends(ends: &[End]) -> Section {
    let soon = ends.iter().filter(|end| end.days < SOON);
    let row = |end: &End| {
        let left = match end.days {
            ..0 => "has ended".to_owned(),
            0 => "ends today".to_owned(),
            1 => "ends tomorrow".to_owned(),
            days => format!("ends in {days} days"),
        };
        let color = if end.days < 7 { Color::Red } else { Color::Yellow };
        Row::new([end.table.clone(), end.what.clone(), left]).styled(Style::new().fg(color))
    };
    Section::new("What ends soon", soon.map(row).collect(), 0)
}

fn reloads(reloads: &[Reload], now: SystemTime) -> Section {
    let row = |reload: &Reload| {
        let detail = reload.detail.clone().unwrap_or_default();
        let digest = format!("{:.12}", reload.configuration);
        Row::new([ago(&reload.time, now), reload.reason.clone(), digest, detail])
    };
    let more = reloads.len().saturating_sub(RELOADS) as u64;
    Section::new("Reloads", reloads.iter().take(RELOADS).map(row).collect(), more)
}

fn ago(then: &str, now: SystemTime) -> String {
    moment(then).map_or_else(String::new, |then| words::ago(then, now))
}

fn age(since: SystemTime, now: SystemTime) -> String {
    words::length(now.duration_since(since).unwrap_or_default())
}
