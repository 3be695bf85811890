//! Which addresses of a PACS live, and which of them is used.
//!
//! Where the configuration says `health`, each address is asked by a task of its own, with a C-ECHO;
//! otherwise what associations meet is all that is known. Several addresses are an order of preference:
//! two archives without one database would get half a study each from a gate that spreads load.
//!
//! - `standing`: what is known of one address, a pure state machine; `shown`: what others hear of it;
//! - `question` and `echo`: how it is asked.

mod echo;
mod question;
mod shown;
mod standing;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::audit::{Audit, HealthChange};
use crate::config::{Address, Target};
use crate::rarely::Rarely;
use crate::site::Site;
use crate::timers::{sleep, sleep_until};
use question::{Heard, Question};
pub use shown::{AddressStanding, TargetStanding};
use standing::{Change, Standing};
pub use standing::{Moment, State};

/// How soon an address that has failed once is asked again, at the latest.
const SOON: Duration = Duration::from_secs(1);
/// The part of the interval that this may be.
const PART: u32 = 4;

/// What is known of every PACS.
pub struct Health {
    audit: Audit,
    /// Told where [`Health::troubles`] may have changed.
    status_changed: Arc<Notify>,
    watched: Mutex<HashMap<Arc<str>, Watched>>,
    hindered: Mutex<Rarely>,
}

/// One PACS.
struct Watched {
    is_asked: bool,
    fail_back: Duration,
    members: Vec<Member>,
    /// Those who ask; they end when this is dropped.
    _asking: JoinSet<()>,
}

/// One of its addresses.
struct Member {
    address: Address,
    standing: Standing,
    /// Has it asked now.
    wake: Arc<Notify>,
}

/// The addresses of a target that are to be tried, by their places in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// One after the other; none where none is alive.
    pub places: Vec<usize>,
}

impl Health {
    /// Nothing is known.
    pub fn new(audit: Audit, status_changed: Arc<Notify>) -> Arc<Self> {
        let (watched, hindered) = (Mutex::default(), Mutex::default());
        Arc::new(Self { audit, status_changed, watched, hindered })
    }

    /// Watches the PACS of a site and no others. What is known of an address that stays is kept. To be
    /// called inside a runtime.
    pub fn watch(self: &Arc<Self>, site: &Site) {
        let now = Moment::now();
        let mut watched = self.lock();
        let mut before = std::mem::take(&mut *watched);
        for (pacs, target) in &site.targets {
            let known = before.remove(pacs);
            let keepalive = site.limits.keepalive;
            watched.insert(Arc::clone(pacs), self.watched(pacs, target, known, keepalive, now));
        }
    }

    fn watched(
        self: &Arc<Self>,
        pacs: &Arc<str>,
        target: &Target,
        known: Option<Watched>,
        keepalive: Duration,
        now: Moment,
    ) -> Watched {
        let is_asked = target.health.is_some();
        let mut known = known.filter(|known| known.is_asked == is_asked);
        let mut asking = JoinSet::new();
        let member = |address: &Address| {
            let known = known.as_mut().and_then(|known| known.take(address));
            let standing = known.unwrap_or_else(|| Standing::new(now));
            let wake = Arc::<Notify>::default();
            if let Some(question) = Question::new(target, address, keepalive) {
                let (health, pacs) = (Arc::downgrade(self), Arc::clone(pacs));
                asking.spawn(ask(health, pacs, address.clone(), question, Arc::clone(&wake)));
            }
            Member { address: address.clone(), standing, wake }
        };
        let members = target.addresses.iter().map(member).collect();
        Watched { is_asked, fail_back: target.fail_back, members, _asking: asking }
    }

    /// The addresses to try, by what is known of them now: from an address of the peer's own, if it has
    /// such a `source`.
    pub fn order(
        &self,
        pacs: &str,
        target: &Target,
        source: Option<IpAddr>,
        now: Instant,
    ) -> Order {
        let watched = self.lock();
        let of_target = watched.get(pacs);
        let rank = |address: &Address| match of_target.and_then(|it| Some((it, it.find(address)?)))
        {
            Some((it, member)) => it.rank(member, source, now),
            // Another configuration has come into force meanwhile.
            None => Some(standing::Rank::Preferred),
        };
        let ranked = target.addresses.iter().map(rank).enumerate();
        Order { places: in_order(ranked) }
    }

    /// An address was connected for an association, perhaps from a peer's own address.
    pub fn reached(&self, pacs: &Arc<str>, address: &Address, source: Option<IpAddr>) {
        self.change(pacs, address, |is_asked, standing, now| match source {
            _ if is_asked => None,
            Some(source) => {
                standing.reached_from(source);
                None
            }
            None => standing.reached(now),
        });
    }

    /// An address could not be connected for an association, for a reason in a sentence: if it is asked
    /// how it is, it is asked now. From a peer's own address, that is so for those who have it: a firewall
    /// may let all others through.
    pub fn missed(
        &self,
        pacs: &Arc<str>,
        address: &Address,
        source: Option<IpAddr>,
        why: &dyn fmt::Display,
    ) {
        self.doubt(pacs, address);
        self.change(pacs, address, |is_asked, standing, now| match source {
            _ if is_asked => None,
            Some(source) => {
                standing.missed_from(source, now);
                None
            }
            None => standing.missed(why.to_string(), now),
        });
    }

    /// An address behaves as if it were not alive: if it is asked how it is, it is asked now.
    pub fn doubt(&self, pacs: &str, address: &Address) {
        let watched = self.lock();
        if let Some(member) = watched.get(pacs).and_then(|watched| watched.find(address)) {
            member.wake.notify_one();
        }
    }

    /// How every PACS is, in the order of their names.
    pub fn snapshot(&self) -> Vec<TargetStanding> {
        let watched = self.lock();
        let now = Instant::now();
        let mut all: Vec<_> = watched.iter().map(|(pacs, it)| it.snapshot(pacs, now)).collect();
        all.sort_by(|one, other| one.pacs.cmp(&other.pacs));
        all
    }

    /// The PACS that are asked and have no address that is alive, in words.
    pub fn troubles(&self) -> Vec<String> {
        let down = self.snapshot().into_iter().filter(|it| it.is_asked && it.in_use.is_none());
        down.map(|it| format!("pacs.{}: NO ADDRESS IS ALIVE", it.pacs)).collect()
    }

    fn heard(&self, pacs: &Arc<str>, address: &Address, heard: Heard) {
        match heard {
            Heard::Alive(round_trip, oddity) => self.change(pacs, address, |_, standing, now| {
                standing.answered(round_trip, oddity.map(|it| it.to_string()), now)
            }),
            Heard::Nothing(silence) => self.change(pacs, address, |_, standing, now| {
                standing.is_own_fault = silence.is_own_fault();
                standing.failed(silence.to_string(), now)
            }),
            Heard::Unasked(hindrance) => {
                let mut hindered = self.hindered.lock().unwrap_or_else(PoisonError::into_inner);
                if hindered.say(Instant::now()).is_some() {
                    tracing::error!("{hindrance}");
                }
            }
        }
    }

    /// Changes a standing, and tells of it if it is worth a line.
    fn change(
        &self,
        pacs: &Arc<str>,
        address: &Address,
        change: impl FnOnce(bool, &mut Standing, Moment) -> Option<Change>,
    ) {
        let mut watched = self.lock();
        let Some(watched) = watched.get_mut(pacs) else { return };
        let is_asked = watched.is_asked;
        // Of a PACS with one address that is not asked, the lines of the associations say all.
        let is_told = is_asked || watched.members.len() > 1;
        let Some(member) = watched.members.iter_mut().find(|it| it.address == *address) else {
            return;
        };
        let standing = &mut member.standing;
        if let Some(change) = change(is_asked, standing, Moment::now()).filter(|_| is_told) {
            self.tell(pacs, address, change, standing.trouble.as_deref());
        }
    }

    fn tell(&self, pacs: &Arc<str>, address: &Address, change: Change, trouble: Option<&str>) {
        let table = format_args!("pacs.{pacs}");
        match (change, trouble) {
            (Change::Alive, None) => tracing::info!("{table}: {address} is alive"),
            (Change::Alive | Change::Trouble, trouble) => {
                tracing::warn!("{table}: {address}: {}", trouble.unwrap_or_default());
            }
            (Change::Down, trouble) => {
                tracing::warn!("{table}: {address} is down: {}", trouble.unwrap_or_default());
            }
        }
        let address = address.to_string();
        match change {
            Change::Alive => self.audit.health(HealthChange::alive(pacs, &address, trouble)),
            Change::Down => self.audit.health(HealthChange::down(pacs, &address, trouble)),
            Change::Trouble => return,
        }
        self.status_changed.notify_one();
    }

    /// Whether an address has failed once and is to be asked again soon.
    fn is_in_doubt(&self, pacs: &str, address: &Address) -> bool {
        let watched = self.lock();
        let member = watched.get(pacs).and_then(|watched| watched.find(address));
        member.is_some_and(|member| member.standing.is_in_doubt())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Watched>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watched {
    fn find(&self, address: &Address) -> Option<&Member> {
        self.members.iter().find(|member| member.address == *address)
    }

    /// What is known of an address, which it is watched under no more.
    fn take(&mut self, address: &Address) -> Option<Standing> {
        let at = self.members.iter().position(|member| member.address == *address)?;
        Some(self.members.swap_remove(at).standing)
    }

    fn rank(
        &self,
        member: &Member,
        source: Option<IpAddr>,
        now: Instant,
    ) -> Option<standing::Rank> {
        let Self { is_asked, fail_back, .. } = *self;
        let standing = &member.standing;
        if is_asked {
            standing.rank(fail_back, now).or_else(|| standing.last_resort(source))
        } else {
            Some(standing.rank_unasked(source, fail_back, now))
        }
    }

    fn snapshot(&self, pacs: &Arc<str>, now: Instant) -> TargetStanding {
        let ranked = self.members.iter().map(|member| self.rank(member, None, now)).enumerate();
        TargetStanding {
            pacs: Arc::clone(pacs),
            is_asked: self.is_asked,
            in_use: in_order(ranked).first().copied(),
            addresses: self.members.iter().map(Member::snapshot).collect(),
        }
    }
}

impl Member {
    fn snapshot(&self) -> AddressStanding {
        let standing = self.standing.clone();
        AddressStanding {
            address: self.address.to_string(),
            state: standing.state,
            since: standing.since.time,
            last_asked: standing.last_asked,
            last_missed: standing.missed.map(|missed| missed.time),
            round_trip: standing.round_trip,
            trouble: standing.trouble,
        }
    }
}

/// Those with a rank, the willing ones first, and of equal ones in the order of preference.
fn in_order(ranked: impl Iterator<Item = (usize, Option<standing::Rank>)>) -> Vec<usize> {
    let mut ranked: Vec<_> = ranked.filter_map(|(place, rank)| Some((rank?, place))).collect();
    ranked.sort_unstable();
    ranked.into_iter().map(|(_, place)| place).collect()
}

/// How soon an address that may be down is asked again.
fn soon(every: Duration) -> Duration {
    SOON.min(every / PART)
}

/// Asks an address again and again, as long as it is watched.
async fn ask(
    health: Weak<Health>,
    pacs: Arc<str>,
    address: Address,
    mut question: Question,
    wake: Arc<Notify>,
) {
    let every = question.every();
    loop {
        // From the beginning of one question to that of the next.
        let next = tokio::time::Instant::now() + every;
        let heard = Box::pin(question.ask()).await;
        let Some(health) = health.upgrade() else { return };
        health.heard(&pacs, &address, heard);
        let is_in_doubt = health.is_in_doubt(&pacs, &address);
        drop(health);
        if is_in_doubt {
            // Whoever is in doubt as well learns it then.
            sleep(soon(every)).await;
            continue;
        }
        let woken = async {
            // However many associations fail there.
            sleep(soon(every)).await;
            wake.notified().await;
        };
        tokio::select! {
            () = sleep_until(next) => {}
            () = woken => {}
        }
    }
}
