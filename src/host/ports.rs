//! Ports: which of them are for privileged users only, and what helps where one cannot be had.

use std::fs;
use std::io;

macro_rules! any_port {
    () => {
        "use 2762, or let systemd open the port for the gate: its pacsgate.socket says how"
    };
}
/// What lets the service listen on any port. A socket needs no capability of the gate.
pub const ANY_PORT: &str = any_port!();
/// The number of `CAP_NET_BIND_SERVICE` (capabilities(7)).
const NET_BIND_SERVICE: u32 = 10;

/// Whether only the privileged may listen on a port (ip(7)).
pub fn is_privileged(port: u16) -> bool {
    let first_free = setting("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap_or(1024);
    port != 0 && u32::from(port) < first_free
}

/// Whether `[::]` takes the port on IPv4 as well (ipv6(7)).
pub fn ipv6_takes_ipv4() -> bool {
    setting("/proc/sys/net/ipv6/bindv6only") != Some(1)
}

fn setting(path: &str) -> Option<u32> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// Whether this very process may listen on privileged ports.
pub fn may_take_any() -> bool {
    is_capable(&fs::read_to_string("/proc/self/status").unwrap_or_default())
}

/// The same by the text of `/proc/self/status` (proc(5)).
fn is_capable(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> NET_BIND_SERVICE & 1 == 1)
}

/// What to do about an address that the system does not give; empty where nobody knows.
pub fn cure(error: &io::Error) -> &'static str {
    let known = [
        (io::ErrorKind::AddrInUse, "; another program has this port: `ss -ltnp` shows which"),
        (io::ErrorKind::PermissionDenied, concat!("; this port needs a capability: ", any_port!())),
        (io::ErrorKind::AddrNotAvailable, "; no interface of this machine has this address"),
    ];
    known.iter().find(|(kind, _)| *kind == error.kind()).map_or("", |(_, cure)| cure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_effective_capabilities() {
        assert!(is_capable("Name:\tx\nCapPrm:\t0\nCapEff:\t000001ffffffffff\n"));
        assert!(is_capable("CapEff:\t0000000000000400\n"));
        assert!(!is_capable("CapEff:\t0000000000000800\nCapBnd:\t000001ffffffffff\n"));
        assert!(!is_capable(""));
    }

    #[test]
    fn port_0_is_nobodys() {
        assert!(!is_privileged(0) && !is_privileged(u16::MAX));
    }
}
