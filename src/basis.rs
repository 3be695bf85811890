//! What an association rests on, and whether it still does when other rules come into force.

mod written;

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use pacsgate_core::certificate::Digest;
use pacsgate_core::identity::{self, User};
use pacsgate_core::inspector::{Caps, Contexts, Enforcement};
use pacsgate_core::policy::{After, Candidate, Everything, Facts, Identified, Refusal};
use pacsgate_core::reason::Explained;
use pacsgate_core::services::Operation;
use pacsgate_core::side::Side;
use pacsgate_core::wire::associate::ReceivedRq;
use rustls::pki_types::CertificateDer;

pub use written::{NoBasis, Written};

use crate::port::{Unfit, Way};
use crate::reason::Early;
use crate::site::Site;
use crate::stream::tls::{self, HandshakeFault};

/// Who asked for an association, by what, and for what.
pub struct Basis {
    /// The listener's name.
    pub listener: Arc<str>,
    /// The way by which the requestor came.
    pub way: Way,
    /// The requestor's address.
    pub source: IpAddr,
    /// The balancer that has named it, if one has.
    pub balancer: Option<IpAddr>,
    /// The certificates that the requestor has shown, its own first.
    pub chain: Vec<CertificateDer<'static>>,
    /// The end of the first one's validity, if it has shown any, in seconds since the epoch.
    pub not_after: Option<i64>,
    /// Who uses it, where its peer has to show that.
    pub user: Option<User>,
    /// What that was verified by.
    pub stamp: Option<Digest>,
    /// When that ends, in seconds since the epoch.
    pub user_ends: Option<i64>,
    /// What it has asked for.
    pub request: ReceivedRq,
    /// The peer that it was taken for.
    pub peer: Arc<str>,
    /// Whether that has a table; somebody who passes because refusals are only reported has none.
    pub is_known: bool,
    /// The PACS that it was let through to.
    pub pacs: Arc<str>,
    /// No context was accepted: nothing can be asked on it, whatever is permitted.
    pub is_empty: bool,
}

/// What binds an association.
#[derive(Debug)]
pub struct Terms {
    /// What may pass.
    pub contexts: Contexts,
    /// How many objects.
    pub caps: Caps,
    /// When the peer may be sent objects and reports; of use outward.
    pub after: After,
}

impl Terms {
    /// Whether a peer may ask for what the PACS then sends by itself.
    pub fn asks(&self) -> bool {
        let mut operations = self.contexts.iter().map(|context| context.operations);
        let asking = [Operation::CMove, Operation::NAction];
        self.contexts.enforcement() != Enforcement::Enforced
            || operations.any(|it| asking.iter().any(|asking| it.allows(Side::Requestor, *asking)))
    }
}

/// Why an association would not be opened any more.
#[derive(Debug)]
pub enum Withdrawal {
    /// The port at which it came is none any more.
    Listener,
    /// That is of another kind now.
    Way(Way),
    /// The balancer that named its source is believed no more.
    Balancer,
    /// Its certificate would be refused.
    Certificate(HandshakeFault),
    /// The policy would refuse it.
    Refused(Box<Refusal>),
    /// What was shown is another peer's.
    OtherPeer(Arc<str>),
    /// The called title leads to another PACS.
    OtherPacs(Arc<str>),
}

/// The most that an association keeps for the next reload, in bytes: its contexts, each with the
/// transfer syntax that was chosen, and the chain.
pub const KEPT: usize = tls::MAX_CHAIN_BYTES + 128 * 2 * 128 + identity::KEPT;

impl Basis {
    /// Forgets what an association does not have: a request may be long, and lives as long as this.
    pub fn forget_all_but(&mut self, opened: &Contexts) {
        self.is_empty = opened.is_empty();
        let ReceivedRq { request, unsound, identity, .. } = &mut self.request;
        (*unsound, *identity) = (Vec::new(), None);
        (request.user.roles, request.user.extended) = (Vec::new(), Vec::new());
        if self.is_empty {
            // There is no request without one: whoever reads this one elsewhere would refuse it.
            request.contexts.truncate(1);
        } else {
            request.contexts.retain(|context| opened.get(context.id).is_some());
        }
        for context in &mut request.contexts {
            if let Some(opened) = opened.get(context.id) {
                let chosen = opened.transfer_syntax.uid();
                context.transfer_syntaxes.retain(|uid| uid.as_str() == chosen);
            }
            context.transfer_syntaxes.truncate(1);
            context.transfer_syntaxes.shrink_to_fit();
        }
        request.contexts.shrink_to_fit();
    }

    /// What binds it from now on.
    ///
    /// # Errors
    ///
    /// Why the association would not be opened now.
    pub fn under(&self, site: &Site, opened: &Contexts) -> Result<Terms, Withdrawal> {
        Ok(match self.judge(site)? {
            Some(candidate) => Terms {
                contexts: candidate.rules_for(opened),
                caps: candidate.caps(),
                after: candidate.after(),
            },
            None => {
                let (contexts, caps) = (opened.clone(), Caps::default());
                Terms { contexts, caps, after: After::Anything }
            }
        })
    }

    /// Whether it would be opened now; nothing where nothing can be asked on it.
    ///
    /// # Errors
    ///
    /// Why not.
    pub fn judge(&self, site: &Site) -> Result<Option<Candidate>, Withdrawal> {
        let port = site.ports.get(&self.listener).ok_or(Withdrawal::Listener)?;
        if self.balancer.is_some_and(|balancer| !site.is_balancer(&self.listener, balancer)) {
            return Err(Withdrawal::Balancer);
        }
        let proof = port.judge_again(self.way, &self.chain)?;
        if self.is_empty {
            return Ok(None);
        }
        let facts = Facts {
            direction: self.way.direction,
            shown: proof.shown(),
            source: self.source,
            request: &self.request,
            awaits: &Everything,
        };
        let reports_only = port.reports_only(self.source, SystemTime::now());
        let candidate = match reports_only {
            true => site.policy.report(&facts),
            false => site.policy.identify(&facts),
        };
        let candidate = candidate.and_then(|it| it.of_user(self.identified(site)));
        let candidate = candidate.map_err(|refusal| Withdrawal::Refused(Box::new(refusal)))?;
        // Whoever was nobody may have become a peer.
        if self.is_known && *candidate.peer() != self.peer {
            return Err(Withdrawal::OtherPeer(Arc::clone(candidate.peer())));
        }
        if *candidate.pacs() != self.pacs {
            return Err(Withdrawal::OtherPacs(Arc::clone(candidate.pacs())));
        }
        Ok(Some(candidate))
    }

    /// What was verified holds for as long as there is who has vouched for it.
    fn identified(&self, site: &Site) -> Identified {
        match &self.user {
            None => Identified::Nobody,
            Some(user) => match site.stands_for(user, self.stamp) {
                Ok(()) => Identified::User { user: user.clone(), wants_answer: false },
                Err(denial) => Identified::Refused(denial),
            },
        }
    }
}

impl From<Unfit> for Withdrawal {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Way(way) => Self::Way(way),
            Unfit::Certificate(fault) => Self::Certificate(fault),
        }
    }
}

impl Withdrawal {
    /// What the administrator does about it, where the reason is one that has an advice.
    pub fn advice(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Certificate(fault) => fault.advice().map(Cow::Borrowed),
            Self::Refused(refusal) => refusal.advice(),
            Self::Balancer => Early::BalancerGone.advice().map(Cow::Borrowed),
            Self::Way(_) => Early::ListenerChanged.advice().map(Cow::Borrowed),
            Self::Listener | Self::OtherPeer(_) | Self::OtherPacs(_) => None,
        }
    }
}

impl fmt::Display for Withdrawal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listener => f.write_str("its listener is gone"),
            Self::Way(way) => write!(f, "its listener is {way} now"),
            Self::Balancer => f.write_str("the balancer that named its source is believed no more"),
            Self::Certificate(fault) => fault.fmt(f),
            Self::Refused(refusal) => refusal.denial.fmt(f),
            Self::OtherPeer(peer) => write!(f, "it would be taken for peer {peer} now"),
            Self::OtherPacs(pacs) => write!(f, "its called title leads to PACS {pacs} now"),
        }
    }
}
