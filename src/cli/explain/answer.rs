//! What the gate would make of it, for people and for programs.

use std::io::{self, Write};
use std::time::SystemTime;

use pacsgate_core::direction::Direction;
use pacsgate_core::policy::{
    After, Candidate, Everything, Facts, Finding, Occupancy, Permit, Refusal, Removed, Trace,
};
use pacsgate_core::services::SopClass;
use pacsgate_core::side::Side;
use pacsgate_core::wire::associate::ReceivedRq;
use pacsgate_core::wire::uid::Uid;
use serde::{Serialize, Serializer};

use super::super::text::paragraph;
use super::super::trail::harmless;
use super::question::{Question, Then};
use crate::audit::PeerText;
use crate::config::Settings;
use crate::port::Proof;
use crate::reason::Reason;

const INDENT: usize = 20;
/// More contexts are told together.
const MOST_CONTEXTS: usize = 16;
/// SOP classes that are named of those.
const NAMED: usize = 5;
/// What every answer leaves out.
const ALONE: &str =
    "by the configuration as it is in the files now, and as if nobody else were connected";

/// What is assumed where a PACS may send what was asked for, and no file says what was.
const ASKED: &str = "the PACS sends what was asked for: a C-MOVE has named the called title, or the peer has \
                     asked for a commitment";

/// The document of `--json`; its fields are explained in the help.
#[derive(Serialize)]
pub(super) struct Explanation {
    #[serde(serialize_with = "by_name")]
    direction: Direction,
    permitted: bool,
    peer: Option<String>,
    pacs: Option<String>,
    rule: Option<String>,
    reason: Option<&'static str>,
    detail: Option<String>,
    checks: Vec<Check>,
    contexts: Vec<Context>,
    nearest: Option<String>,
    advice: Option<String>,
    wire: Option<String>,
    /// Until when it passes all the same, as the listener only reports.
    passes_until: Option<String>,
    assumed: Vec<&'static str>,
    then: Option<Before>,
}

fn by_name<S: Serializer>(direction: &Direction, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(direction.name())
}

#[derive(Serialize)]
struct Check {
    good: bool,
    finding: String,
}

#[derive(Serialize)]
struct Context {
    id: u8,
    sop_class: Option<String>,
    operations: Vec<String>,
    removed: Option<&'static str>,
}

#[derive(Serialize)]
struct Before {
    time: String,
    event: String,
    reason: Option<String>,
}

impl Explanation {
    pub(super) fn of(question: &Question, settings: &Settings) -> Self {
        let mut explanation = match judge(question, settings) {
            Ok((permit, contexts)) => {
                let passes_until = passes_until(question, settings, Candidate::would_remove);
                Self { passes_until, ..Self::of_permit(&permit, contexts) }
            }
            Err(No::Policy(refusal)) => Self {
                passes_until: passes_until(question, settings, |_| &[()]),
                ..Self::of_refusal(&refusal)
            },
            Err(No::Before(check, reason)) => Self::before(check, reason),
        };
        let at =
            explanation.peer.as_deref().and_then(|peer| settings.site.tables.peers_at.get(peer));
        explanation.rule = at.map(|at| at.to_string());
        explanation.direction = question.way.direction;
        explanation.assumed.extend_from_slice(&question.assumed);
        if question.is_guessed {
            explanation.contexts.retain(|context| context.removed.is_none());
            // Of those that are permitted, nothing is removed.
            explanation.passes_until.take_if(|_| explanation.permitted);
        }
        explanation.then = question.then.as_ref().map(Before::of);
        explanation
    }

    pub(super) const fn is_permitted(&self) -> bool {
        self.permitted
    }

    fn of_permit(permit: &Permit, contexts: Vec<Context>) -> Self {
        Self {
            permitted: true,
            peer: Some(permit.peer().to_string()),
            pacs: Some(permit.pacs().to_string()),
            checks: checks(permit.trace()),
            contexts,
            assumed: awaits_request(permit).then_some(ASKED).into_iter().collect(),
            ..Self::nothing()
        }
    }

    fn of_refusal(refusal: &Refusal) -> Self {
        Self {
            peer: refusal.peer.as_ref().map(ToString::to_string),
            pacs: refusal.pacs.as_ref().map(ToString::to_string),
            reason: Some(refusal.denial.code()),
            detail: Some(refusal.denial.to_string()),
            checks: checks(&refusal.trace),
            contexts: refusal.removed.iter().map(Context::removed).collect(),
            nearest: refusal.nearest.as_ref().map(escaped),
            advice: refusal.advice().map(Into::into),
            wire: Some(refusal.answer().to_string()),
            ..Self::nothing()
        }
    }

    /// It ends before the policy is asked.
    fn before(check: &str, reason: Reason) -> Self {
        Self {
            reason: Some(reason.explained().code()),
            detail: Some(escaped(&reason)),
            checks: vec![Check { good: false, finding: format!("{check}: {}", escaped(&reason)) }],
            advice: reason.explained().advice().map(Into::into),
            wire: Some(reason.answer().to_string()),
            ..Self::nothing()
        }
    }

    const fn nothing() -> Self {
        Self {
            direction: Direction::Inward,
            permitted: false,
            peer: None,
            pacs: None,
            rule: None,
            reason: None,
            detail: None,
            checks: Vec::new(),
            contexts: Vec::new(),
            nearest: None,
            advice: None,
            wire: None,
            passes_until: None,
            assumed: Vec::new(),
            then: None,
        }
    }

    pub(super) fn write(&self, json: bool, out: &mut impl Write) -> io::Result<()> {
        if json {
            serde_json::to_writer(&mut *out, self)?;
            writeln!(out)?;
        } else {
            self.tell(out)?;
        }
        out.flush()
    }

    fn tell(&self, out: &mut impl Write) -> io::Result<()> {
        match (&self.reason, &self.detail) {
            (Some(reason), Some(detail)) => {
                let refused = self.passes_until.as_ref().map_or("refused", |_| "would be refused");
                writeln!(out, "{refused}: {reason}: {detail}")?;
            }
            _ => {
                let name = |name: &Option<String>| name.clone().unwrap_or_default();
                let (peer, pacs) = (name(&self.peer), name(&self.pacs));
                if self.is_outward() {
                    writeln!(out, "permitted: PACS {pacs} reaches peer {peer}")?;
                } else {
                    writeln!(out, "permitted: peer {peer} reaches PACS {pacs}")?;
                }
            }
        }
        for Check { good, finding } in &self.checks {
            paragraph(out, if *good { "  good" } else { "  NO" }, 8, finding);
        }
        for context in self.contexts_told() {
            paragraph(out, "  context", INDENT, context);
        }
        let passes = self.passes_until.as_ref();
        let passes =
            passes.map(|until| format!("{until}, as the listener only reports until then"));
        let label = if self.permitted { "removed from" } else { "passes until" };
        let hears = if self.is_outward() { "the PACS hears" } else { "the device hears" };
        let rows = [
            (label, passes),
            ("nearest miss", self.nearest.clone()),
            ("what to do", self.advice.clone()),
            (hears, self.wire.clone()),
            ("the peer's table", self.rule.clone()),
            ("decided then", self.then.as_ref().map(Before::told)),
            ("judged", Some(ALONE.to_owned())),
        ];
        for (label, text) in rows {
            if let Some(text) = text {
                paragraph(out, label, INDENT, text);
            }
        }
        self.assumed.iter().for_each(|text| paragraph(out, "assumed", INDENT, text));
        Ok(())
    }

    fn is_outward(&self) -> bool {
        self.direction == Direction::Outward
    }

    /// Each in a line, or many together by what becomes of them.
    fn contexts_told(&self) -> Vec<String> {
        if self.contexts.len() <= MOST_CONTEXTS {
            let told =
                |context: &Context| format!("{} {}", context.id, context.told(context.class()));
            return self.contexts.iter().map(told).collect();
        }
        let mut groups: Vec<Vec<&Context>> = Vec::new();
        for context in &self.contexts {
            match groups.iter_mut().find(|group| group.iter().all(|one| one.is_like(context))) {
                Some(group) => group.push(context),
                None => groups.push(vec![context]),
            }
        }
        let together = |group: &Vec<&Context>| {
            let first = group.first()?;
            let named: Vec<_> = group.iter().take(NAMED).map(|one| one.class()).collect();
            let more = group.len().saturating_sub(NAMED);
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            Some(first.told(&format!("{}{more}", named.join(", "))))
        };
        groups.iter().filter_map(together).collect()
    }
}

/// Why it is not permitted.
enum No {
    Policy(Box<Refusal>),
    Before(&'static str, Reason),
}

/// What the policy judges, as if everything had been asked for.
fn facts<'a>(question: &Question, proof: &'a Proof, request: &'a ReceivedRq) -> Facts<'a> {
    let (direction, source) = (question.way.direction, question.source);
    Facts { direction, shown: proof.shown(), source, request, awaits: &Everything }
}

fn judge(question: &Question, settings: &Settings) -> Result<(Permit, Vec<Context>), No> {
    let Question { way, shown, request, identified, .. } = question;
    let proof = shown.as_ref().map_err(|fault| No::Before("certificate", (*fault).into()))?;
    let request = request.as_ref().map_err(|reason| No::Before("request", *reason))?;
    let facts = facts(question, proof, request);
    let refused = |refusal| No::Policy(Box::new(refusal));
    let candidate = settings.site.policy.identify(&facts).map_err(refused)?;
    let contexts = contexts(&candidate, way.direction);
    let admitted = candidate.admit(Occupancy::default()).map_err(refused)?;
    let permit = admitted.permit(identified.clone()).map_err(refused)?;
    Ok((permit, contexts))
}

/// Until when what is refused, or `would_not` pass of what is permitted, passes all the same, where the
/// listener only reports.
fn passes_until<T>(
    question: &Question,
    settings: &Settings,
    would_not: impl Fn(&Candidate) -> &[T],
) -> Option<String> {
    let Question { listener, shown, source, request, .. } = question;
    let (proof, request) = (shown.as_ref().ok()?, request.as_ref().ok()?);
    let (site, now) = (&settings.site, SystemTime::now());
    let report_only = site.ports.get(listener.as_str())?.report_only.as_ref()?;
    if !report_only.covers(*source, now) {
        return None;
    }
    let facts = facts(question, proof, request);
    let candidate = site.policy.report(&facts).ok()?;
    (!would_not(&candidate).is_empty()).then(|| report_only.end())
}

fn checks(trace: &Trace) -> Vec<Check> {
    let check =
        |finding: Finding| Check { good: finding.denial().is_none(), finding: finding.to_string() };
    trace.iter().map(check).collect()
}

/// Whether nothing passes that nobody has asked for.
fn awaits_request(permit: &Permit) -> bool {
    permit.direction() == Direction::Outward && matches!(permit.after(), After::Request { .. })
}

fn contexts(candidate: &Candidate, direction: Direction) -> Vec<Context> {
    let by_acceptor = match direction {
        Direction::Inward => " by the PACS",
        Direction::Outward => " by the peer",
    };
    let asked = candidate.contexts().map(|(context, operations)| Context {
        id: context.id.value(),
        sop_class: Some(shown(&context.abstract_syntax)),
        operations: [Side::Requestor, Side::Acceptor]
            .into_iter()
            .flat_map(|side| {
                let by = if side == Side::Requestor { "" } else { by_acceptor };
                operations.iter(side).map(move |operation| format!("{}{by}", operation.name()))
            })
            .collect(),
        removed: None,
    });
    asked.chain(candidate.removed().iter().map(Context::removed)).collect()
}

/// A class as people know it.
fn shown(class: &Uid) -> String {
    SopClass::with_uid(class).map_or(class.as_str(), |known| known.keyword).to_owned()
}

/// Text that may hold what a peer has sent.
fn escaped(text: &(impl std::fmt::Display + ?Sized)) -> String {
    PeerText::from_display(text, PeerText::SENTENCE).to_string()
}

impl Context {
    fn removed(removed: &Removed) -> Self {
        Self {
            id: removed.id.value(),
            sop_class: removed.abstract_syntax.as_ref().map(shown),
            operations: Vec::new(),
            removed: Some(removed.why.code()),
        }
    }

    fn class(&self) -> &str {
        self.sop_class.as_deref().unwrap_or("no UID")
    }

    fn is_like(&self, other: &Self) -> bool {
        self.removed == other.removed && self.operations == other.operations
    }

    fn told(&self, classes: &str) -> String {
        match self.removed {
            Some(why) => format!("{classes}: removed, {why}"),
            None => format!("{classes}: {}", self.operations.join(", ")),
        }
    }
}

impl Before {
    fn of(then: &Then) -> Self {
        let Then { time, event, reason } = then;
        Self {
            time: harmless(time),
            event: harmless(event),
            reason: reason.as_deref().map(harmless),
        }
    }

    fn told(&self) -> String {
        let Self { time, event, reason } = self;
        let reason = reason.as_deref().map(|reason| format!(", {reason}")).unwrap_or_default();
        format!("{event}{reason}, at {time}")
    }
}
