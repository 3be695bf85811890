//! What is not well, in the order of its weight.

use std::cmp::Reverse;
use std::time::{Duration, SystemTime};

use super::ends::End;
use super::refusal::Refusal;
use super::reloads::Reload;
use super::report_only::ReportOnly;
use super::targets::{Address, Target};
use super::verdict::{self, Concern, State, Verdict};
use crate::admin::view::words;

/// What is judged: all of it as it is shown, so that time and place have no part in it.
pub(super) struct Facts<'a> {
    /// Who does not answer, if the gate has hung.
    pub(super) stuck: Option<String>,
    pub(super) is_draining: bool,
    /// What ports wait for.
    pub(super) short: Option<&'a str>,
    /// Of which CAs everybody is refused.
    pub(super) silenced: Option<String>,
    /// Audit lines.
    pub(super) lost: u64,
    /// Peers of the configuration.
    pub(super) peers: usize,
    /// Associations.
    pub(super) open: usize,
    pub(super) refusals: &'a [Refusal],
    pub(super) targets: &'a [Target],
    pub(super) ends: &'a [End],
    pub(super) report_only: &'a [ReportOnly],
    pub(super) reloads: &'a [Reload],
    pub(super) now: SystemTime,
}

/// How long somebody who was refused is a concern.
const LATELY: Duration = Duration::from_secs(15 * 60);
/// Without a refusal for so long, a peer that gets in is no concern: before, it may be one that tries two
/// titles in turn.
const QUIET: Duration = Duration::from_secs(2 * 60);
/// From so many times on, it does not end by itself.
const AGAIN: u64 = 3;
/// So many days before its end, something is urgent, and so many, it is to be looked at.
const URGENT: i64 = 7;
const SOON: i64 = 30;
/// How many of one kind are told.
const OF_A_KIND: usize = 3;

/// Whether all is well, and if not, what is most urgent.
pub(super) fn verdict(facts: &Facts<'_>) -> Verdict {
    let gate = stuck(facts).into_iter().chain(draining(facts));
    let targets = facts.targets.iter().flat_map(|it| target(it, facts.now));
    let ends: Vec<_> = facts.ends.iter().filter_map(ending).take(OF_A_KIND).collect();
    let (urgent, soon): (Vec<_>, _) = ends.into_iter().partition(|it| it.state == State::Act);
    let itself = reload(facts).into_iter().chain(lost(facts)).chain(short(facts));
    let concerns = gate.chain(targets).chain(silenced(facts)).chain(urgent).chain(itself);
    let concerns = concerns.chain(refused(facts)).chain(soon).chain(reporting(facts));
    verdict::of(concerns.collect(), &well(facts))
}

fn well(facts: &Facts<'_>) -> String {
    let Facts { peers, open, .. } = facts;
    let noun = if *peers == 1 { "peer" } else { "peers" };
    let are = if *open == 1 { "association is" } else { "associations are" };
    format!("All is well: {peers} {noun} may connect, {open} {are} open.")
}

fn stuck(facts: &Facts<'_>) -> Option<Concern> {
    let trouble = facts.stuck.as_deref()?;
    let cure = "Look at the log and at the load of the machine; restart pacsgate if it stays so.";
    Some(Concern::new(State::Act, sentence(trouble), cure))
}

fn draining(facts: &Facts<'_>) -> Option<Concern> {
    let told = "The gate is stopping: what is open may end, and nothing new begins.";
    facts
        .is_draining
        .then(|| Concern::new(State::Look, told, "Start it again if nobody has stopped it."))
}

/// What does not answer there, and what does and is not as it should be.
fn target(target: &Target, now: SystemTime) -> Vec<Concern> {
    let odd = target.addresses.iter().filter(|it| !it.is_down() && it.trouble.is_some());
    silent(target, now).into_iter().chain(odd.map(|it| odd_address(target, it))).collect()
}

/// Where it is not asked, only associations show how it is, and a miss says less with time.
fn silent(target: &Target, now: SystemTime) -> Option<Concern> {
    let is_told = |it: &&Address| {
        let ago = it.last_missed.map(|then| now.duration_since(then).unwrap_or_default());
        it.is_down() && (target.is_asked || ago.is_some_and(|ago| ago <= LATELY))
    };
    let down = target.addresses.iter().find(is_told)?;
    let why = down.trouble.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
    let does_not = match down.last_missed.filter(|_| !target.is_asked) {
        Some(then) => format!("did not answer at the last attempt, {}", words::ago(then, now)),
        None => "does not answer".to_owned(),
    };
    if target.is_down() {
        let told = format!("PACS {} {does_not}{why}", target.pacs);
        let cure =
            format!("See that the PACS runs and that this machine reaches {}.", down.address);
        return Some(Concern::new(State::Act, sentence(&told), cure));
    }
    let told = format!("{} of PACS {} {does_not}{why}", down.address, target.pacs);
    let cure = "Associations go to its next address; mend this one.";
    Some(Concern::new(State::Look, sentence(&told), cure))
}

fn odd_address(target: &Target, odd: &Address) -> Concern {
    let why = odd.trouble.as_deref().unwrap_or_default();
    let told = format!("{} of PACS {}: {why}", odd.address, target.pacs);
    let cure =
        "Correct the titles here or at the PACS: it lets nobody in, or does not know the gate.";
    Concern::new(State::Look, sentence(&told), cure)
}

fn silenced(facts: &Facts<'_>) -> Option<Concern> {
    let told = facts.silenced.as_deref()?;
    let cure = "Put a current revocation list there and reload.";
    Some(Concern::new(State::Act, sentence(told), cure))
}

fn ending(end: &End) -> Option<Concern> {
    let End { table, what, days, .. } = end;
    let when = match days {
        ..0 => "has ended".to_owned(),
        0 => "ends within a day".to_owned(),
        1 => "ends in a day".to_owned(),
        2..=SOON => format!("ends in {days} days"),
        _ => return None,
    };
    let told = format!("[{table}]: the {what} {when}");
    let state = if *days <= URGENT { State::Act } else { State::Look };
    Some(Concern::new(state, sentence(&told), "Renew it, put it in place and reload."))
}

fn reload(facts: &Facts<'_>) -> Option<Concern> {
    let last = facts.reloads.first().filter(|last| !last.said.is_applied())?;
    let why = last.said.detail.as_deref().unwrap_or_default();
    let told = format!("The last reload was refused, the configuration before it goes on: {why}");
    let cure = "Correct it until `pacsgate check` finds nothing, and reload.";
    Some(Concern::new(State::Act, sentence(&told), cure))
}

fn lost(facts: &Facts<'_>) -> Option<Concern> {
    let lost = facts.lost;
    let lines = if lost == 1 { "line was" } else { "lines were" };
    let told = format!("{lost} audit {lines} lost in the last day.");
    let cure =
        "Look whether the disk of the audit is full, or its reader too slow; the log says why.";
    (lost > 0).then(|| Concern::new(State::Act, told, cure))
}

fn short(facts: &Facts<'_>) -> Option<Concern> {
    let told = facts.short?;
    Some(Concern::new(State::Act, sentence(told), "The log says what to do."))
}

fn reporting(facts: &Facts<'_>) -> Option<Concern> {
    let on = facts.report_only.iter();
    let on: Vec<_> = on.map(|it| format!("{} until {}", it.listener, it.until)).collect();
    let told = format!("Refusals are only reported at listener {}.", on.join(", "));
    let cure = "Let in below whom you know before then: `pacsgate suggest` writes the tables.";
    (!on.is_empty()).then(|| Concern::new(State::Look, told, cure))
}

/// Whether it may still be so: it was lately, nobody has changed the configuration since, and the same
/// has not been let in.
fn is_open(refusal: &Refusal, facts: &Facts<'_>) -> bool {
    let is_late = facts.now.duration_since(refusal.last).is_ok_and(|ago| ago > LATELY);
    let mut reloads = facts.reloads.iter();
    let is_changed = reloads.any(|it| it.said.is_applied() && it.time >= refusal.last);
    let reported = refusal.event == "would-refuse" || refusal.is_noise;
    !is_late && !is_changed && !reported && !has_got_in(refusal, facts)
}

fn has_got_in(refusal: &Refusal, facts: &Facts<'_>) -> bool {
    let is_quiet = facts.now.duration_since(refusal.last).is_ok_and(|ago| ago > QUIET);
    is_quiet && refusal.event == "refused" && refusal.permitted > Some(refusal.last)
}

/// The most urgent ones, who is known before who is not, and how many more there are.
fn refused(facts: &Facts<'_>) -> Vec<Concern> {
    let open = facts.refusals.iter().filter(|it| is_open(it, facts));
    let mut open: Vec<_> = open.map(|it| (it, refused_again(it))).collect();
    open.sort_by_key(|(it, concern)| Reverse((concern.state, it.known, !it.stranger, it.count)));
    let mut concerns: Vec<_> = open.into_iter().map(|(_, concern)| concern).collect();
    let rest = concerns.split_off(concerns.len().min(OF_A_KIND));
    concerns.extend(more(&rest));
    concerns
}

fn more(rest: &[Concern]) -> Option<Concern> {
    let first = rest.first()?;
    let told = format!("And {} more under \"Refused lately\".", rest.len());
    Some(Concern::new(first.state, told, "See below."))
}

fn refused_again(refusal: &Refusal) -> Concern {
    let Refusal { count, detail, .. } = refusal;
    let titles = refusal.titles.as_ref().map(|titles| format!(" ({titles})")).unwrap_or_default();
    let who = format!("{}{titles}", refusal.subject);
    let times = if *count == 1 { String::new() } else { format!(", {count} times so far") };
    let told = match refusal.event.as_str() {
        "forbidden" => format!("{who}: a request was forbidden{times}: {detail}"),
        "unsound" => format!("{who}: a data set was not let through{times}: {detail}"),
        _ => format!("{who} is refused{times}: {detail}"),
    };
    let is_stuck = *count >= AGAIN && !refusal.stranger && refusal.event != "unsound";
    let state = if is_stuck { State::Act } else { State::Look };
    let cure = refusal.advice.as_deref().unwrap_or("See below.");
    Concern { refusal: Some(refusal.number), ..Concern::new(state, sentence(&told), cure) }
}

/// Ends with a full stop.
fn sentence(text: &str) -> String {
    let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{text}{end}")
}

#[cfg(test)]
mod tests;
