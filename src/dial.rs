//! TCP to a name or an address, from an address of this machine if one is given.
//!
//! A name may have addresses of IPv6 and IPv4 of which one kind is dead. They are tried one after the
//! other, each a moment after the one before, without waiting for its end (RFC 8305): the first
//! connection counts, and the other attempts are given up.

mod names;

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::LazyLock;
use std::time::Duration;

use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::IpBindAddressNoPort;
use rustix::io::Errno;
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::task::JoinSet;

use names::{Names, Recalled};

use crate::config::Address;
use crate::net;
use crate::timers::{sleep, timeout};

/// As the system's resolver is one for all.
static NAMES: LazyLock<Names> = LazyLock::new(Names::default);

/// How many addresses of a name are tried.
const ADDRESSES: usize = 8;
/// How long a name is looked up beside the associations that use it.
const LOOK_UP: Duration = Duration::from_secs(30);
/// The head start that an address has (RFC 8305 section 8), where there is time for it.
const HEAD_START: Duration = Duration::from_millis(250);

/// Why there is no connection.
#[derive(Debug)]
pub enum Undialled {
    /// Nothing came back in time.
    TimedOut,
    /// The process, or the system, has no file descriptor left.
    NoDescriptor,
    /// What is in the way.
    Failed(Obstacle),
}

/// What is in the way of a connection, as a part of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Obstacle {
    /// The resolver does not know the name, or does not answer.
    #[error("its name does not resolve")]
    Unresolved,
    /// This machine dials nothing from there, or not to there, whoever listens.
    #[error("this machine cannot dial it from source_address {0}: {1}")]
    Source(IpAddr, ErrorKind),
    /// The system's reason.
    #[error("{0}")]
    System(ErrorKind),
}

/// Connects within the patience, the resolver's answer included.
///
/// # Errors
///
/// Why there is no connection; of several addresses, what the last one that failed said.
pub async fn connect(
    address: &Address,
    source: Option<IpAddr>,
    patience: Duration,
) -> Result<TcpStream, Undialled> {
    let dialled = timeout(patience, connect_named(address, source, patience)).await;
    dialled.unwrap_or_else(|_elapsed| {
        // Its addresses may be another's by now.
        NAMES.forget(address);
        Err(Undialled::TimedOut)
    })
}

/// By the addresses that the name had lately, if any of them takes the connection.
async fn connect_named(
    address: &Address,
    source: Option<IpAddr>,
    patience: Duration,
) -> Result<TcpStream, Undialled> {
    let look_up = async || resolve(address).await.map_err(|error| Undialled::unresolved(&error));
    let Some(Recalled { addresses, is_due }) = NAMES.recall(address) else {
        return connect_any(look_up().await?, source, patience).await;
    };
    if is_due {
        let address = address.clone();
        tokio::spawn(async move { timeout(LOOK_UP, resolve(&address)).await });
    }
    let dialled = connect_any(addresses.clone(), source, patience).await;
    if !matches!(dialled, Err(Undialled::Failed(Obstacle::System(_)))) {
        return dialled;
    }
    let Ok(found) = look_up().await else { return dialled };
    let has_moved = found.iter().any(|at| !addresses.contains(at));
    if has_moved { connect_any(found, source, patience).await } else { dialled }
}

impl Undialled {
    /// By what the resolver says.
    pub fn unresolved(error: &io::Error) -> Self {
        Self::or_no_descriptor(error, Obstacle::Unresolved)
    }

    fn or_no_descriptor(error: &io::Error, obstacle: Obstacle) -> Self {
        let is_out = net::is_out_of_descriptors(error);
        if is_out { Self::NoDescriptor } else { Self::Failed(obstacle) }
    }

    fn system(error: &io::Error) -> Self {
        Self::or_no_descriptor(error, Obstacle::System(error.kind()))
    }

    fn source(source: IpAddr, error: &io::Error) -> Self {
        Self::or_no_descriptor(error, Obstacle::Source(source, error.kind()))
    }
}

/// The addresses of a name, or the one that it is. The caller sets the deadline: behind it, a name that
/// is still looked up takes a thread until the resolver gives up.
///
/// # Errors
///
/// The resolver's, as it is.
pub async fn resolve(address: &Address) -> io::Result<Vec<SocketAddr>> {
    if let Ok(ip) = address.host.parse() {
        return Ok(vec![SocketAddr::new(ip, address.port)]);
    }
    let found: Vec<_> = lookup_host((&*address.host, address.port)).await?.collect();
    NAMES.learn(address, &found);
    Ok(found)
}

/// Connects to the first of these that answers, each of which has its share of the patience. The caller
/// sets the deadline.
///
/// # Errors
///
/// What the last one that failed said.
pub async fn connect_any(
    found: Vec<SocketAddr>,
    source: Option<IpAddr>,
    patience: Duration,
) -> Result<TcpStream, Undialled> {
    first_of(in_turn(found, source), source, patience).await
}

/// Those that can be dialled from there, IPv6 and IPv4 in turn, beginning with the kind of the first.
fn in_turn(found: Vec<SocketAddr>, source: Option<IpAddr>) -> Vec<SocketAddr> {
    let fits = |at: &SocketAddr| {
        source.is_none_or(|source| source.is_ipv4() == at.ip().to_canonical().is_ipv4())
    };
    let all: Vec<_> = found.into_iter().filter(fits).collect();
    let is_first_ipv4 = all.first().is_some_and(SocketAddr::is_ipv4);
    let (first, other): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|at| at.is_ipv4() == is_first_ipv4);
    let (mut first, mut other) = (first.into_iter(), other.into_iter());
    let mut turns = Vec::new();
    while turns.len() < ADDRESSES {
        let before = turns.len();
        turns.extend(first.next());
        turns.extend(other.next());
        if turns.len() == before {
            break;
        }
    }
    turns.truncate(ADDRESSES);
    turns
}

async fn first_of(
    addresses: Vec<SocketAddr>,
    source: Option<IpAddr>,
    patience: Duration,
) -> Result<TcpStream, Undialled> {
    if let [address] = *addresses {
        return one(address, source).await;
    }
    let shares = u32::try_from(addresses.len()).unwrap_or(u32::MAX).saturating_add(1);
    let head_start = HEAD_START.min(patience / shares);
    let mut attempts = JoinSet::new();
    let mut last = Undialled::Failed(Obstacle::System(ErrorKind::AddrNotAvailable));
    let mut waiting = addresses.into_iter().peekable();
    loop {
        match waiting.next() {
            Some(address) => {
                attempts.spawn(one(address, source));
            }
            None if attempts.is_empty() => return Err(last),
            None => {}
        }
        tokio::select! {
            Some(ended) = attempts.join_next() => match ended.unwrap_or_else(|it| Err(Undialled::system(&it.into()))) {
                Ok(stream) => return Ok(stream),
                Err(Undialled::NoDescriptor) => return Err(Undialled::NoDescriptor),
                Err(undialled) => last = undialled,
            },
            () = sleep(head_start), if waiting.peek().is_some() => {}
        }
    }
}

async fn one(address: SocketAddr, source: Option<IpAddr>) -> Result<TcpStream, Undialled> {
    let Some(source) = source else {
        return TcpStream::connect(address).await.map_err(|error| Undialled::system(&error));
    };
    let address = net::canonical(address);
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
    let socket = socket.map_err(|error| Undialled::system(&error))?;
    // The port is then chosen with the destination, so that one address has enough of them for several
    // targets (ip(7)). A system that does not have this chooses it now.
    if let Err(error) = setsockopt(&socket, IpBindAddressNoPort, &true) {
        tracing::debug!(%error, "a socket took no option");
    }
    let of_source = |error| Undialled::source(source, &error);
    socket.bind(SocketAddr::new(source, 0)).map_err(of_source)?;
    socket.connect(address).await.map_err(|error| {
        let is_own = is_own_fault(&error) || !leads_to(source, address);
        if is_own { of_source(error) } else { Undialled::system(&error) }
    })
}

/// What only this machine says: it has no port left for the source or does not have it any more, or a
/// rule of its own forbids the connection.
fn is_own_fault(error: &io::Error) -> bool {
    let errno = Errno::from_io_error(error);
    matches!(errno, Some(Errno::ADDRNOTAVAIL | Errno::PERM))
}

/// Whether this machine has a way from there to there. What a router says otherwise comes with the same
/// errors. Nothing is sent: for UDP, to connect is to look the way up.
fn leads_to(source: IpAddr, address: SocketAddr) -> bool {
    match UdpSocket::bind((source, 0)).and_then(|socket| socket.connect(address)) {
        Ok(()) => true,
        // Nothing is known then.
        Err(error) => net::is_out_of_descriptors(&error),
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv6Addr, TcpStream as StdStream};

    use socket2::{Domain, Socket, Type};
    use tokio::net::TcpListener;

    use super::*;

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn takes_both_kinds_in_turn() {
        let found = ["[2001:db8::1]:1", "[2001:db8::2]:1", "192.0.2.1:1", "192.0.2.2:1"].map(at);
        let expected = ["[2001:db8::1]:1", "192.0.2.1:1", "[2001:db8::2]:1", "192.0.2.2:1"].map(at);
        assert_eq!(in_turn(found.to_vec(), None), expected);
        let from_ipv4 = in_turn(found.to_vec(), Some("192.0.2.9".parse().unwrap()));
        assert_eq!(from_ipv4, ["192.0.2.1:1", "192.0.2.2:1"].map(at));
        let many: Vec<_> = (1..=20).map(|port| at(&format!("192.0.2.1:{port}"))).collect();
        assert_eq!(in_turn(many.clone(), None), many[..ADDRESSES]);
    }

    #[tokio::test]
    async fn one_kind_that_is_dead_does_not_keep_the_other_from_being_tried() {
        let alive = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let alive = alive.local_addr().unwrap();
        // Nothing listens there, and of the network 2001:db8::/32 there is no way.
        for dead in
            [SocketAddr::new(Ipv6Addr::LOCALHOST.into(), alive.port()), at("[2001:db8::1]:1")]
        {
            for order in [[dead, alive], [alive, dead]] {
                let stream = first_of(order.to_vec(), None, Duration::from_secs(5)).await.unwrap();
                assert_eq!(stream.peer_addr().unwrap(), alive);
            }
        }
    }

    /// A listener that has no room for one more connection: whoever tries waits.
    fn full() -> (Socket, [StdStream; 2], SocketAddr) {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&at("127.0.0.1:0").into()).unwrap();
        socket.listen(0).unwrap();
        let address = socket.local_addr().unwrap().as_socket().unwrap();
        let first = StdStream::connect(address).unwrap();
        // Depending on the kernel, one or two wait to be accepted.
        let second = StdStream::connect_timeout(&address, Duration::from_millis(200));
        let second = second.unwrap_or_else(|_| first.try_clone().unwrap());
        (socket, [first, second], address)
    }

    #[tokio::test]
    async fn one_that_does_not_answer_does_not_keep_the_other_from_being_tried() {
        let (_socket, _waiting, silent) = full();
        let alive = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let alive = alive.local_addr().unwrap();
        let stream = first_of(vec![silent, alive], None, Duration::from_secs(5)).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), alive);
        let address = silent.to_string().parse().unwrap();
        let dialled = connect(&address, None, Duration::from_millis(100)).await;
        assert!(matches!(dialled, Err(Undialled::TimedOut)), "{dialled:?}");
    }

    #[tokio::test]
    async fn dials_from_the_address_that_is_given() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string().parse().unwrap();
        let source = "127.0.0.77".parse().unwrap();
        let dialled = connect(&address, Some(source), Duration::from_secs(5)).await.unwrap();
        assert_eq!(dialled.local_addr().unwrap().ip(), source);
        let (_, from) = listener.accept().await.unwrap();
        assert_eq!(from.ip(), source);
    }

    #[tokio::test]
    async fn says_that_the_machine_does_not_have_the_address() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string().parse().unwrap();
        let source = "192.0.2.1".parse().unwrap();
        let dialled = connect(&address, Some(source), Duration::from_secs(5)).await;
        let Err(Undialled::Failed(error)) = dialled else { panic!("{dialled:?}") };
        assert_eq!(error, Obstacle::Source(source, ErrorKind::AddrNotAvailable));
        let said = error.to_string();
        assert!(said.contains("this machine cannot dial it from source_address 192.0.2.1"));
    }

    #[tokio::test]
    async fn a_way_that_this_machine_does_not_have_from_there_is_its_own_fault() {
        // From loopback nothing leads to another machine.
        let address = "192.0.2.1:104".parse().unwrap();
        let source = "127.0.0.1".parse().unwrap();
        let dialled = connect(&address, Some(source), Duration::from_secs(5)).await;
        let Err(Undialled::Failed(Obstacle::Source(of, _))) = dialled else {
            panic!("{dialled:?}")
        };
        assert_eq!(of, source);
        // Nobody listens there, and that is not this machine's fault.
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let closed = closed.to_string().parse().unwrap();
        let dialled = connect(&closed, Some(source), Duration::from_secs(5)).await;
        let Err(Undialled::Failed(obstacle)) = dialled else { panic!("{dialled:?}") };
        assert_eq!(obstacle, Obstacle::System(ErrorKind::ConnectionRefused));
    }

    /// Somebody who listens, and where nobody does.
    async fn alive_and_dead() -> (TcpListener, SocketAddr, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let alive = listener.local_addr().unwrap();
        (listener, alive, SocketAddr::new([127, 0, 0, 99].into(), alive.port()))
    }

    #[tokio::test]
    async fn does_not_wait_for_the_resolver_where_the_addresses_are_known() {
        let (_listener, alive, _) = alive_and_dead().await;
        let address = format!("nobody.invalid:{}", alive.port()).parse().unwrap();
        NAMES.learn(&address, &[alive]);
        let stream = connect(&address, None, Duration::from_secs(5)).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), alive);
    }

    #[tokio::test]
    async fn looks_a_name_up_anew_where_nobody_listens_any_more() {
        let (_listener, alive, dead) = alive_and_dead().await;
        let address = format!("localhost:{}", alive.port()).parse().unwrap();
        NAMES.learn(&address, &[dead]);
        let stream = connect(&address, None, Duration::from_secs(60)).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), alive);
        let known = NAMES.recall(&address).unwrap();
        assert!(known.addresses.contains(&alive) && !known.addresses.contains(&dead), "{known:?}");
    }

    #[tokio::test]
    async fn says_of_a_name_that_has_not_moved_what_is_in_the_way() {
        let (listener, alive, _) = alive_and_dead().await;
        drop(listener);
        let address = format!("localhost:{}", alive.port()).parse().unwrap();
        for _ in 0..2 {
            let dialled = connect(&address, None, Duration::from_secs(60)).await;
            let Err(Undialled::Failed(obstacle)) = dialled else { panic!("{dialled:?}") };
            assert_eq!(obstacle, Obstacle::System(ErrorKind::ConnectionRefused));
        }
    }

    #[tokio::test]
    async fn forgets_what_has_taken_no_connection_in_time() {
        let (_socket, _waiting, silent) = full();
        let address = format!("silent.invalid:{}", silent.port()).parse().unwrap();
        NAMES.learn(&address, &[silent]);
        let dialled = connect(&address, None, Duration::from_millis(100)).await;
        assert!(matches!(dialled, Err(Undialled::TimedOut)), "{dialled:?}");
        assert_eq!(NAMES.recall(&address), None);
    }

    #[tokio::test]
    async fn says_that_a_name_does_not_resolve() {
        let address = "nobody.invalid:104".parse().unwrap();
        let dialled = connect(&address, None, Duration::from_secs(60)).await;
        let Err(Undialled::Failed(obstacle)) = dialled else { panic!("{dialled:?}") };
        assert_eq!(obstacle, Obstacle::Unresolved);
        assert_eq!(obstacle.to_string(), "its name does not resolve");
    }
}
